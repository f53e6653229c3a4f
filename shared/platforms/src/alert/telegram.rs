//! Telegram, by a bot: the token stands in the URL's path, which no error shows.
//!
//! Source: Telegram Bot API, *sendMessage*, *Making requests*, *ResponseParameters* (`retry_after`).

use std::time::Duration;

use serde_json::{Value, json};

use super::{ChannelError, WITHIN, taken};
use crate::{Http, Request};

/// Where bots are served.
pub const BASE: &str = "https://api.telegram.org";
/// Most characters of a message. Fixed by Telegram.
const CHARS_MAX: usize = 4_096;

/// Says something in a chat.
///
/// # Errors
/// Telegram did not take it.
pub async fn send(http: &Http, base: &str, token: &str, chat: &str, text: &str) -> Result<(), ChannelError> {
    let plain =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":_-@".contains(&b));
    if !plain(token) || !plain(chat) {
        return Err(ChannelError::Settings("a bot token is digits, `:` and letters; a chat is a number or @name"));
    }
    let cut: String = text.chars().take(CHARS_MAX).collect();
    // No parse mode: what is quoted is text, never markup.
    let body = json!({ "chat_id": chat, "text": cut, "link_preview_options": { "is_disabled": true } });
    let url = format!("{base}/bot{token}/sendMessage");
    let response = http.send(&Request::json(&url, &body, WITHIN)).await?;
    if response.status == 429 {
        let said: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let wait = said.pointer("/parameters/retry_after").and_then(Value::as_u64).map(Duration::from_secs);
        return Err(ChannelError::Limited { wait: wait.or_else(|| response.retry_after()) });
    }
    // 400: there is no such chat. 401, 404: the token. 403: the bot was thrown out.
    taken(&response, &[400, 401, 403, 404], &[token])
}
