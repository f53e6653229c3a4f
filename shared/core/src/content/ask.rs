//! What a language model is asked for. The answer is read by [`answer`](super::answer), which trusts nothing of it.

use super::{Language, TURNS};

/// Plans asked for in one request, at most: so that an answer comes within its time, and a bad one costs little.
pub const BATCH_MAX: u16 = 3;
/// Tokens that are set aside for a request before it is made: the longest answer the client allows, and the question.
pub const REQUEST_TOKENS_MAX: u64 = 9_000;

/// The standing instruction.
pub const SYSTEM: &str = "You write short e-mail conversations between two colleagues of different companies who know each other. \
You answer with one JSON object and nothing else.";

/// The request for `plans` conversations in a language. `avoid` names topics that are in stock already.
#[must_use]
pub fn request(language: Language, plans: u16, avoid: &[&str]) -> String {
    let name = language.name();
    let address = match language {
        Language::En => "",
        Language::De => " The colleagues say \"du\".",
        Language::Fr => " The colleagues say \"tu\".",
        Language::Es => " The colleagues say \"tú\".",
    };
    let avoid = if avoid.is_empty() { String::new() } else { format!(" Topics other than: {}.", avoid.join("; ")) };
    format!(
        "Write {plans} conversations in {name}.{address}{avoid}\n\
         Each has a topic from everyday working life or free time, 2 wordings of a subject line (at most 60 characters), and \
         {TURNS} turns: the opening and {} replies, alternating between the two. The opening comes in 3 different wordings of 40 \
         to 90 words, each reply in 2 wordings of 15 to 50 words. Any wording must fit any wording of the other turns, and every \
         reply may be the last.\n\
         Plain, natural prose as a native speaker writes it. No greeting, no signature, no names of people or companies, nothing \
         to fill in. No links, addresses, attachments or files. Nothing about money, prices, health, medicine, law or politics. \
         Nothing that depends on who is a man or a woman.\n\
         The form: {{\"plans\":[{{\"topic\":\"...\",\"subjects\":[\"...\",\"...\"],\"turns\":[[\"...\",\"...\",\"...\"],[\"...\",\
         \"...\"],...]}}]}}",
        TURNS - 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_says_language_number_form_and_what_to_avoid() {
        let text = request(Language::Fr, 5, &["jardin", "voyage"]);
        for part in [
            "5 conversations in French",
            "\"tu\"",
            "Topics other than: jardin; voyage.",
            "6 turns",
            "5 replies",
            "{\"plans\":[{\"topic\"",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!request(Language::En, 1, &[]).contains("Topics other than"));
    }
}
