use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const OPENING: &str = "Ich war am Sonntag zum ersten Mal seit Monaten wieder im Wald, und es hat mir sehr gut getan. Gehst du auch gern \
                       spazieren, oder ist das nichts für dich? Ich suche noch einen schönen Weg für das nächste Wochenende.";

/// A good answer for two German plans, as a model gives it.
fn good() -> Value {
    let replies = |turn: usize| {
        json!([
            format!(
                "Ich gehe auch gern in den Wald, am liebsten früh am Morgen, und zwar zum {turn}. Mal in dieser Woche."
            ),
            format!("Ja, das ist auch etwas für mich, und ich kenne einen Weg, den wir {turn} Mal gegangen sind.")
        ])
    };
    let plan = |topic: &str, extra: &str| {
        let mut turns = vec![json!([OPENING, format!("{OPENING} {extra}")])];
        turns.extend((1..TURNS).map(replies));
        json!({"topic": topic, "subjects": ["Am Sonntag im Wald", "Spazieren gehen"], "turns": turns})
    };
    let second = {
        let mut plan = plan("Wege", "Was meinst du?");
        plan["turns"][0] = json!([
            "Ich suche einen Weg am Wasser, den man auch mit dem Rad fahren kann, und du kennst dich doch gut aus."
        ]);
        plan
    };
    json!({"plans": [plan("Wald", "Sag mir gern, was du meinst."), second]})
}

fn read_it(answer: &Value) -> Taken {
    read(&answer.to_string(), Language::De, 5)
}

/// The good answer with one text of the first plan replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut answer = good();
    *answer.pointer_mut(pointer).unwrap() = value;
    answer
}

#[test]
fn a_good_answer_is_taken_whole() {
    let taken = read_it(&good());
    assert_eq!((taken.plans.len(), taken.dropped.as_slice()), (2, [].as_slice()));
    assert_eq!((taken.plans[0].topic.as_str(), taken.plans[0].turns.len()), ("Wald", TURNS));
    // No more than was asked for.
    assert_eq!(read(&good().to_string(), Language::De, 1).plans.len(), 1);
}

/// Every hostile or wrong text costs its own plan and no other.
#[test]
fn a_bad_plan_is_dropped_and_counted_and_its_neighbour_stays() {
    let cases = [
        ("/plans/0/turns/1/0", json!(format!("{OPENING}\r\nBcc: somebody else")), "header"),
        ("/plans/0/turns/1/0", json!(format!("{OPENING}\nBcc: jemand anders")), "header"),
        ("/plans/0/subjects/0", json!("Wald\r\nBcc: x"), "header"),
        ("/plans/0/subjects/0", json!("Wald\u{202e}"), "header"),
        ("/plans/0/turns/2/1", json!(format!("{OPENING} Sieh dir das an: https://evil.example/x")), "link"),
        ("/plans/0/turns/2/1", json!(format!("{OPENING} Mehr auf wald-und-wege.example")), "link"),
        ("/plans/0/turns/0/0", json!(format!("{OPENING} Als Sprachmodell darf ich das nicht sagen.")), "leak"),
        ("/plans/0/turns/0/0", json!(format!("{OPENING} Hier ist das JSON, das du wolltest.")), "leak"),
        (
            "/plans/0/turns/3/0",
            json!("Sure, I would like to go with you to the forest and see what it is like at this time of the year."),
            "language",
        ),
        ("/plans/0/turns/3/0", json!(format!("{OPENING} Die Rechnung kommt später.")), "claim"),
        ("/plans/0/turns/3/0", json!(format!("{OPENING} Der Plan ist im Anhang.")), "attachment"),
        ("/plans/0/turns/3/0", json!(format!("{OPENING} Bis bald, [Name].")), "placeholder"),
        ("/plans/0/turns/3/0", json!(format!("{OPENING} {{name}}")), "placeholder"),
        ("/plans/0/turns/3/0", json!("Ja, gern."), "length"),
        ("/plans/0/turns/3/0", json!(OPENING.repeat(8)), "length"),
        ("/plans/0/turns/0/0", json!(format!("Hallo Anna,\n\n{OPENING}")), "salutation"),
        ("/plans/0/turns/0/0", json!(format!("{OPENING}\n\nViele Grüße\nTom")), "salutation"),
        ("/plans/0/turns/0/1", json!(OPENING), "twice"),
        ("/plans/0/turns/4", json!([]), "shape"),
        ("/plans/0/turns", json!([[OPENING]]), "shape"),
        ("/plans/0/topic", json!(""), "shape"),
        ("/plans/0/topic", json!(7), "malformed"),
        ("/plans/0/turns/4", json!("not a list"), "malformed"),
        ("/plans/0", json!("I cannot help with that."), "malformed"),
        ("/plans/0", json!(null), "malformed"),
    ];
    for (pointer, value, kind) in cases {
        let shown = value.to_string();
        let taken = read_it(&with(pointer, value));
        assert_eq!(taken.counts(), [(kind, 1)].into(), "{pointer} = {shown}: {:?}", taken.dropped);
        assert_eq!(taken.plans.len(), 1, "{pointer} = {shown}: its neighbour");
        assert_eq!(taken.plans[0].topic, "Wege");
    }
}

#[test]
fn what_is_not_the_json_asked_for_gives_nothing() {
    let good = good().to_string();
    let truncated = &good[..good.len() / 2];
    let fenced = format!("```json\n{good}\n```");
    let chatty = format!("Here you are: {good}");
    let huge = format!("{{\"plans\":[\"{}\"]}}", "x".repeat(ANSWER_BYTES_MAX));
    for answer in
        ["", "no", "[]", "{}", r#"{"plans":7}"#, r#"{"plans":[],"note":1}"#, truncated, &fenced, &chatty, &huge]
    {
        let taken = read(answer, Language::De, 5);
        assert_eq!(
            (taken.plans.len(), taken.counts()),
            (0, [("malformed", 1)].into()),
            "{}",
            &answer[..answer.len().min(60)]
        );
    }
}

#[test]
fn french_texts_are_set_with_unbreakable_blanks() {
    let reply = "Je suis d'accord avec toi, et c'est une bonne idée pour la semaine. Tu viens avec nous ?";
    let turns: Vec<Value> =
        (0..TURNS).map(|turn| json!([format!("{reply} C'est la {turn}e fois que je le dis !")])).collect();
    let answer = json!({"plans": [{"topic": "idée", "subjects": ["Une idée ?"], "turns": turns}]});
    let taken = read(&answer.to_string(), Language::Fr, 1);
    assert_eq!(taken.dropped, []);
    let text = &taken.plans[0].turns[0][0];
    assert!(text.contains("nous\u{a0}?") && text.ends_with("\u{a0}!"), "{text}");
}

proptest! {
    /// Whatever a stranger sends: nothing panics, and what is taken passes the lint as a mail.
    #[test]
    fn any_answer_is_read(text in "\\PC{0,200}", pointer in 0..9_usize, hostile in "[\\PC\r\n\0]{0,300}") {
        let _ = read(&text, Language::De, 5);
        let pointers = ["/plans/0/topic", "/plans/0/subjects/0", "/plans/0/turns/0/0", "/plans/0/turns/1/0", "/plans/0/turns/2/1",
                        "/plans/0/turns/3/0", "/plans/0/turns/4/1", "/plans/0/turns/5/0", "/plans/1/turns/0/0"];
        let taken = read_it(&with(pointers[pointer], json!(hostile)));
        prop_assert_eq!(taken.plans.len() + taken.dropped.len(), 2);
        for plan in taken.plans {
            for body in plan.turns.into_iter().flatten() {
                prop_assert_eq!(lint(&Text { subject: plan.subjects[0].clone(), body }, Language::De), Ok(()));
            }
        }
    }
}
