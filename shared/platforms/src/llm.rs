//! The language model: any OpenAI-compatible `POST {base}/chat/completions`, in JSON mode (platforms.md).
//!
//! One question, one answer, and what it cost. A limit that the API announced is kept here: until it is over, nothing is asked.
//! May not decide what to do without an answer, nor count a budget; its caller has the built-in library and the day's sum.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::redact::clean;
use crate::{Http, HttpError, Next, Request, Response};

/// Groq's API.
pub const GROQ: &str = "https://api.groq.com/openai/v1";
/// Time for one question.
pub const WITHIN: Duration = Duration::from_secs(20);
/// How long to wait after a 429 that does not say.
const WAIT: Duration = Duration::from_secs(60);
/// Most tokens of an answer: some twenty conversation plans.
const TOKENS_MAX: u32 = 8_000;

/// A language model behind its API.
pub struct Llm {
    http: Http,
    url: String,
    model: String,
    key: Zeroizing<String>,
    within: Duration,
    not_before: Mutex<Option<Instant>>,
}

impl fmt::Debug for Llm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Llm").field("model", &self.model).field("key", &"…").finish_non_exhaustive()
    }
}

/// What a question cost, in tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Usage {
    /// Of the question.
    #[serde(default)]
    pub prompt_tokens: u64,
    /// Of the answer.
    #[serde(default)]
    pub completion_tokens: u64,
    /// Of both.
    #[serde(default)]
    pub total_tokens: u64,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// A JSON object, as text. Whether it is what was asked for, the caller must check.
    pub text: String,
    /// What it cost. Where the API does not say, an estimate of a token for each three bytes, which is too many rather than
    /// too few.
    pub usage: Usage,
}

/// Why there is no answer. Never carries the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LlmError {
    /// The key is refused.
    #[error("the API refuses the key ({status}): {said}")]
    Key {
        /// 401 or 403.
        status: u16,
        /// What it said.
        said: String,
    },
    /// Too many questions or tokens; ask again after this time. Until then nothing is sent.
    #[error("the API asks for a pause of {} s", .wait.as_secs())]
    Limited {
        /// How long.
        wait: Duration,
    },
    /// The question is refused as such: another model, a smaller question.
    #[error("the API refuses the question ({status}): {said}")]
    Refused {
        /// The status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// It is down, slow or out of reach.
    #[error("the API does not answer: {0}")]
    Unavailable(String),
    /// It answered, and not with a JSON object: ask for fewer, or another model. The tokens are spent.
    #[error("the answer cannot be used: {reason}")]
    Malformed {
        /// What is wrong.
        reason: String,
        /// What it cost.
        usage: Usage,
    },
}

impl LlmError {
    /// What to do now. In every case the built-in library stands in.
    #[must_use]
    pub fn next(&self) -> Next {
        match self {
            Self::Key { .. } => Next::Operator,
            Self::Limited { wait } => Next::Later(Some(*wait)),
            Self::Refused { .. } | Self::Malformed { .. } => Next::Drop,
            Self::Unavailable(_) => Next::Later(None),
        }
    }

    /// What it cost all the same. `None`: nobody can say; a question whose answer was lost may be billed.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        match self {
            Self::Malformed { usage, .. } => Some(*usage),
            Self::Key { .. } | Self::Limited { .. } | Self::Refused { .. } => Some(Usage::default()),
            Self::Unavailable(_) => None,
        }
    }
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
}

impl Llm {
    /// A model at an API: `base` is what stands before `/chat/completions` (such as [`GROQ`]).
    #[must_use]
    pub fn new(http: Http, base: &str, model: &str, key: Zeroizing<String>) -> Self {
        let url = format!("{}/chat/completions", base.trim_end_matches('/'));
        Self { http, url, model: model.to_owned(), key, within: WITHIN, not_before: Mutex::new(None) }
    }

    /// The same with another time-out.
    #[must_use]
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// Asks one question, in JSON mode: `system` must say the word JSON, or some APIs refuse it.
    ///
    /// # Errors
    /// There is no answer, or none that is a JSON object.
    pub async fn chat(&self, system: &str, user: &str) -> Result<Answer, LlmError> {
        if let Some(wait) = self.pause() {
            return Err(LlmError::Limited { wait });
        }
        let question = json!({
            "model": self.model,
            "messages": [{ "role": "system", "content": system }, { "role": "user", "content": user }],
            "response_format": { "type": "json_object" },
            "max_tokens": TOKENS_MAX,
        });
        let request = Request::json(&self.url, &question, self.within)
            .header("authorization", format!("Bearer {}", self.key.as_str()));
        let response = self.http.send_patiently(&request).await.map_err(|error| unavailable(&error))?;
        self.read(&response, system.len() + user.len())
    }

    fn read(&self, response: &Response, asked_bytes: usize) -> Result<Answer, LlmError> {
        let said = || clean(&response.body, &[&self.key]);
        match response.status {
            200..=299 => answer(&response.body, asked_bytes),
            status @ (401 | 403) => Err(LlmError::Key { status, said: said() }),
            429 => {
                let wait = response.retry_after().unwrap_or(WAIT);
                *self.not_before.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + wait);
                Err(LlmError::Limited { wait })
            }
            408 | 500.. => Err(LlmError::Unavailable(format!("{} {}", response.status, said()))),
            // Groq says so when the model's answer was no JSON.
            400 if String::from_utf8_lossy(&response.body).contains("json_validate_failed") => {
                Err(LlmError::Malformed {
                    reason: "the model's answer was no JSON".to_owned(),
                    usage: Usage::default(),
                })
            }
            status => Err(LlmError::Refused { status, said: said() }),
        }
    }

    /// How long nothing may be asked yet.
    fn pause(&self) -> Option<Duration> {
        let not_before = *self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        not_before?.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

fn unavailable(error: &HttpError) -> LlmError {
    LlmError::Unavailable(error.to_string())
}

fn answer(body: &[u8], asked_bytes: usize) -> Result<Answer, LlmError> {
    let completion: Completion = serde_json::from_slice(body).map_err(|error| LlmError::Malformed {
        reason: format!("not a completion: {error}"),
        usage: estimate(asked_bytes, body.len()),
    })?;
    let choice = completion.choices.into_iter().next();
    let (text, cut) = match choice {
        None => (String::new(), false),
        Some(choice) => (choice.message.content.unwrap_or_default(), choice.finish_reason.as_deref() == Some("length")),
    };
    let usage = completion.usage.filter(|usage| usage.total_tokens > 0);
    let usage = usage.unwrap_or_else(|| estimate(asked_bytes, text.len()));
    let malformed = |reason: &str| Err(LlmError::Malformed { reason: reason.to_owned(), usage });
    if cut {
        return malformed("it was cut off at its longest");
    }
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(_)) => Ok(Answer { text, usage }),
        Ok(_) => malformed("it is JSON, but not an object"),
        Err(error) => malformed(&format!("it is no JSON: {error}")),
    }
}

fn estimate(asked_bytes: usize, said_bytes: usize) -> Usage {
    let tokens = |bytes: usize| (bytes as u64).div_ceil(3);
    let (prompt_tokens, completion_tokens) = (tokens(asked_bytes), tokens(said_bytes));
    Usage { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
}
