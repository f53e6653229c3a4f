//! The language model that writes conversation plans: warmup's own, with its own key, model and budget, apart from anything
//! that writes campaigns.

use std::sync::Arc;

use preheat_platforms::llm::GROQ;
use preheat_platforms::{Http, Llm};

/// Tokens that the model may cost in a day, unless configured otherwise. Ours: some 60 plans.
pub const TOKENS_PER_DAY: u64 = 60_000;
/// The model, unless configured otherwise.
pub const MODEL: &str = "llama-3.3-70b-versatile";

/// A model that writes plans.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The model behind its API.
    pub llm: Arc<Llm>,
    /// Tokens a day, all languages.
    pub tokens_per_day: u64,
}

impl Writer {
    /// The model as the settings name it; `None`: no key is set, and the library does without.
    ///
    /// | setting | meaning | default |
    /// |---|---|---|
    /// | `PREHEAT_LLM_KEY` | the API's key | none: the library alone |
    /// | `PREHEAT_LLM_URL` | what stands before `/chat/completions` | Groq's |
    /// | `PREHEAT_LLM_MODEL` | the model's name | [`MODEL`] |
    /// | `PREHEAT_LLM_TOKENS_PER_DAY` | budget a day | [`TOKENS_PER_DAY`] |
    ///
    /// # Errors
    /// What is wrong with a setting. Never holds the key.
    pub fn read(http: Http, lookup: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let setting = |name: &str| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let Some(key) = setting("PREHEAT_LLM_KEY") else { return Ok(None) };
        if key.chars().any(|c| !c.is_ascii_graphic()) {
            return Err("PREHEAT_LLM_KEY holds characters that no key has".to_owned());
        }
        let tokens_per_day = match setting("PREHEAT_LLM_TOKENS_PER_DAY") {
            None => TOKENS_PER_DAY,
            Some(text) => text
                .parse()
                .map_err(|_| format!("PREHEAT_LLM_TOKENS_PER_DAY is `{text}`, which is not a whole number"))?,
        };
        let url = setting("PREHEAT_LLM_URL").unwrap_or_else(|| GROQ.to_owned());
        let model = setting("PREHEAT_LLM_MODEL").unwrap_or_else(|| MODEL.to_owned());
        Ok(Some(Self { llm: Arc::new(Llm::new(http, &url, &model, key.into())), tokens_per_day }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<Writer>, String> {
        let http = Http::local(&[]).map_err(|error| error.to_string())?;
        Writer::read(http, |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn without_a_key_there_is_no_model() {
        for pairs in [&[][..], &[("PREHEAT_LLM_KEY", " ")], &[("PREHEAT_LLM_MODEL", "x")]] {
            assert!(matches!(read(pairs), Ok(None)), "{pairs:?}");
        }
    }

    #[test]
    fn a_key_is_enough_and_is_never_shown() {
        let key = ("PREHEAT_LLM_KEY", "gsk_TEST_KEY_not_a_real_one");
        let writer = read(&[key]).unwrap().unwrap();
        assert_eq!(writer.tokens_per_day, TOKENS_PER_DAY);
        assert!(format!("{writer:?}").contains(MODEL) && !format!("{writer:?}").contains("gsk"), "{writer:?}");
        let set = [key, ("PREHEAT_LLM_TOKENS_PER_DAY", "5000"), ("PREHEAT_LLM_MODEL", "another")];
        let writer = read(&set).unwrap().unwrap();
        assert!(writer.tokens_per_day == 5_000 && format!("{writer:?}").contains("another"));
        assert!(read(&[key, ("PREHEAT_LLM_TOKENS_PER_DAY", "many")]).unwrap_err().contains("`many`"));
        let broken = read(&[("PREHEAT_LLM_KEY", "gsk_TEST\r\nX: y")]).unwrap_err();
        assert!(!broken.contains("gsk"), "{broken}");
    }
}
