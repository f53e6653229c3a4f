use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// Openings that a test may hold in memory at once; longer lists are only counted and sampled.
const ENUMERABLE: u64 = 400_000;

/// What stands behind a subject that is too short to be told as a language by itself.
fn tail(language: Language) -> &'static str {
    match language {
        Language::En => "It was good to see you, and I am looking forward to it.",
        Language::De => "Es war schön, dich zu sehen, und ich freue mich schon auf das nächste Mal.",
        Language::Fr => "C'était bien de te voir, et je suis là si tu as besoin de moi dans la semaine.",
        Language::Es => "Me gustó mucho verte, y ya sabes que aquí estoy para lo que te haga falta.",
    }
}

#[test]
fn there_are_at_least_twelve_topics_with_full_threads() {
    for language in Language::ALL {
        let book = language.book();
        let topics: BTreeSet<&str> = book.stories.iter().map(|story| story.topic).collect();
        assert!(topics.len() >= 12, "{language:?} has {} topics", topics.len());
        for story in book.stories {
            let template = |text| Template::parse(text, book.rules);
            assert!(template(story.subject).count() >= 4, "{}: subject variants", story.topic);
            assert!(story.openings(book) >= 1_000, "{}: {} openings", story.topic, story.openings(book));
            for reply in story.replies {
                assert!(template(reply).count() >= 8, "{}: {reply}", story.topic);
            }
        }
    }
}

#[test]
fn every_slot_row_fits_its_names() {
    for slot in Language::ALL.iter().flat_map(|l| l.book().stories).flat_map(|story| story.slots) {
        for row in slot.rows {
            assert_eq!(row.split('/').count(), slot.names.split('/').count(), "{row}");
        }
        let distinct: BTreeSet<&&str> = slot.rows.iter().collect();
        assert_eq!(distinct.len(), slot.rows.len(), "{:?} holds a row twice", slot.rows);
    }
}

/// The count by construction is what an enumeration finds: no two ways through a template spell the same opening.
#[test]
fn the_count_of_openings_is_exact() {
    for language in Language::ALL {
        let book = language.book();
        let (mut counted, mut enumerated) = (0u64, 0);
        for story in book.stories {
            counted += story.openings(book);
            let template = Template::parse(story.opening, book.rules);
            if template.count() <= ENUMERABLE {
                let bindings = story.bind(&mut Stream::Slots.open(0));
                let distinct: BTreeSet<u64> = template.all(&bindings).iter().map(|text| fingerprint(text)).collect();
                assert_eq!(template.count(), distinct.len() as u64, "{language} {}", story.topic);
                enumerated += 1;
            }
        }
        assert!(counted >= 5_000, "{language}: {counted} openings");
        assert!(enumerated >= 4, "{language}: only {enumerated} stories could be enumerated");
    }
}

fn fingerprint(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn sampling_finds_at_least_5000_distinct_openings() {
    for language in Language::ALL {
        let openings: BTreeSet<String> = (0..6_000).map(|seed| conversation(seed, language).turns[0].clone()).collect();
        assert!(openings.len() >= 5_900, "{language}: {} distinct openings in 6,000", openings.len());
    }
}

/// A tenant's day: 100 mailboxes, 30 openings each.
#[test]
fn no_opening_is_shared_by_more_than_two_threads_of_a_day() {
    for (day, language) in (0..3u64).flat_map(|day| Language::ALL.map(|language| (day, language))) {
        let mut uses: BTreeMap<String, u32> = BTreeMap::new();
        for thread in 0..3_000 {
            let text = conversation(day * 1_000_003 + thread, language).turns[0].clone();
            *uses.entry(text).or_default() += 1;
        }
        assert!(uses.values().all(|&count| count <= 2), "{:?}", uses.iter().max_by_key(|(_, count)| **count));
        assert!(uses.len() >= 2_970, "{} distinct openings in 3,000", uses.len());
    }
}

/// Every alternative of every template with every row of every slot, not only what chance meets.
#[test]
fn every_alternative_of_every_template_passes_the_lint() {
    for language in Language::ALL {
        let book = language.book();
        for story in book.stories {
            let rows = story.slots.iter().map(|slot| slot.rows.len()).max().unwrap_or(1);
            for row in 0..rows {
                let mut bindings = Bindings::default();
                for slot in story.slots {
                    let row = slot.rows[row % slot.rows.len()];
                    slot.names.split('/').zip(row.split('/')).for_each(|(name, value)| bindings.set(name, value));
                }
                for text in [story.subject, story.opening].into_iter().chain(story.replies) {
                    for body in Template::parse(text, book.rules).cover(&bindings) {
                        let body = book.set(&format!("{body}\n\n{}", tail(language)));
                        let checked = lint(&Text { subject: "A word".to_owned(), body: body.clone() }, language);
                        assert_eq!(checked, Ok(()), "{language} {}: {body}", story.topic);
                    }
                }
            }
        }
    }
}

/// Marks of a template that was put together wrongly: doubled or missing stops and spaces.
#[test]
fn punctuation_is_right() {
    for (seed, language) in (0..4_000).flat_map(|seed| Language::ALL.map(|language| (seed, language))) {
        let talk = conversation(seed, language);
        for text in talk.turns.iter().chain([&talk.subject]) {
            for wrong in [
                "  ", " .", " ,", "..", ",,", ",.", ".,", "?.", "!.", "?,", "!,", ".?", " ?", " !", " :", "??",
                " a a ", "the the ",
            ] {
                assert!(!text.contains(wrong), "{language} {}: `{wrong}` in: {text}", talk.topic);
            }
            let ends_well = text.ends_with(['.', '!', '?']) || *text == talk.subject;
            assert!(ends_well && text.chars().next().is_some_and(|c| !c.is_lowercase()), "{}: {text}", talk.topic);
            let letters: Vec<char> = text.chars().filter(|c| !"¿¡".contains(*c)).collect();
            let lower_after_stop =
                letters.windows(3).any(|w| ".?!".contains(w[0]) && w[1] == ' ' && w[2].is_lowercase());
            assert!(!lower_after_stop, "{language} {}: {text}", talk.topic);
        }
    }
}

/// Signs that a language is set with: Spanish opens what it closes, French keeps a blank before its double marks.
#[test]
fn each_language_is_set_as_it_is_written() {
    for seed in 0..3_000 {
        for text in conversation(seed, Language::Es).turns {
            for (open, close) in [('¿', '?'), ('¡', '!')] {
                let count = |mark| text.chars().filter(|&c| c == mark).count();
                assert_eq!(count(open), count(close), "{text}");
            }
        }
        for text in conversation(seed, Language::Fr).turns {
            let letters: Vec<char> = text.chars().collect();
            let bare = letters.windows(2).any(|w| "?!:;".contains(w[1]) && w[0] != '\u{a0}');
            assert!(!bare, "{text}");
            let elision = [
                "de a", "de e", "de i", "de o", "de u", "de é", "que a", "que e", "que i", "que o", "que u", "le a",
                "le e",
            ];
            let missed = elision.iter().find(|pair| {
                text.to_lowercase().split(['\n', ' ']).collect::<Vec<_>>().windows(2).any(|w| {
                    let (word, vowel) = pair.split_once(' ').unwrap();
                    w[0] == word && w[1].starts_with(vowel)
                })
            });
            assert_eq!(missed, None, "{text}");
        }
        for text in conversation(seed, Language::Es).turns {
            let words: Vec<String> = text.to_lowercase().split_whitespace().map(ToOwned::to_owned).collect();
            let clash = words.windows(2).find(|w| {
                w[0] == "y" && (w[1].starts_with('i') || w[1].starts_with("hi"))
                    || w[0] == "a" && w[1] == "el"
                    || w[0] == "de" && w[1] == "el"
                    || w[0] == "o" && w[1].starts_with('o')
            });
            assert_eq!(clash, None, "{text}");
        }
    }
}

#[test]
fn subjects_fit_and_replies_carry_re() {
    for (seed, language) in (0..2_000).flat_map(|seed| Language::ALL.map(|language| (seed, language))) {
        let talk = conversation(seed, language);
        assert!(talk.subject.chars().count() <= 80, "{}", talk.subject);
        assert_eq!(render(&talk, 0, "A", "B").subject, talk.subject);
        for turn in 1..6 {
            assert_eq!(render(&talk, turn, "A", "B").subject, format!("Re: {}", talk.subject));
        }
    }
}

/// [`Book::signs`] reads the list of sign-offs as it stands.
#[test]
fn every_signature_is_known_as_one() {
    for language in Language::ALL {
        let book = language.book();
        for sign_off in Template::parse(book.sign_off, book.rules).all(&Bindings::default()) {
            assert!(book.signs(&sign_off) && !sign_off.contains(['{', '|']), "{language}: {sign_off}");
        }
        assert!(!book.signs(tail(language)));
    }
}

#[test]
fn greeting_and_signature_follow_the_speaker() {
    for (turn, language) in (0..6u8).flat_map(|turn| Language::ALL.map(|language| (turn, language))) {
        let talk = conversation(5, language);
        let (from, to) = if turn % 2 == 0 { ("Ada Marsh", "Tom O'Neil") } else { ("Tom O'Neil", "Ada Marsh") };
        let body = render(&talk, turn, from, to).body;
        let first = body.lines().next().unwrap();
        let last = body.lines().last().unwrap();
        let first_name = |name: &str| name.split(' ').next().unwrap().to_owned();
        assert!(first.contains(&first_name(to)), "{body}");
        assert_eq!(last, if turn == 0 { from.to_owned() } else { first_name(from) });
        assert!(body.contains(&talk.turns[usize::from(turn)]));
    }
}

#[test]
fn a_name_that_is_none_is_left_out() {
    let talk = conversation(5, Language::En);
    for name in ["", "  ", "x\r\nBcc: y@z.example", "http://x", "<b>", "{name}", "Cash Loan", "4711", &"x".repeat(41)] {
        let text = render(&talk, 0, name, name);
        assert_eq!(lint(&text, Language::En), Ok(()), "{name:?}: {}", text.body);
        assert!(name.trim().is_empty() || !text.body.contains(name.trim()), "{name:?}: {}", text.body);
    }
}

#[test]
fn turns_past_the_last_repeat_the_last() {
    let talk = conversation(9, Language::En);
    assert_eq!(talk.turns.len(), TURNS);
    assert!(render(&talk, 200, "Ada", "Tom").body.contains(&talk.turns[5]));
}

/// What a running thread says must not change between two versions of the program without somebody noticing.
#[test]
fn a_known_seed_gives_a_known_text() {
    let text = render(&conversation(1, Language::En), 1, "Tom O'Neil", "Ada Marsh");
    assert_eq!(text.subject, "Re: Lunch at the Korean place near the bridge?");
    assert_eq!(
        text.body,
        "Hi again Ada,\n\nI was about to ask you the same! Thursday works, and I have no meeting after it. I have never been \
         there. Should we book, or is there always a table?\n\nBest wishes,\nTom\n"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn everything_the_grammar_says_passes_the_lint(
        seed: u64, language in prop::sample::select(Language::ALL.to_vec()), from in 0usize..7, to in 0usize..7,
    ) {
        let names = ["Ada Marsh", "Tom O'Neil", "José Núñez", "Zoë", "", "Jean-Luc de la Tour", "Ng"];
        let talk = conversation(seed, language);
        for turn in 0..6 {
            let text = render(&talk, turn, names[from], names[to]);
            prop_assert_eq!(lint(&text, language), Ok(()), "{}", text.body);
        }
    }

    #[test]
    fn the_same_seed_says_the_same(seed: u64, language in prop::sample::select(Language::ALL.to_vec())) {
        prop_assert_eq!(conversation(seed, language), conversation(seed, language));
    }
}
