//! Slack, by an incoming webhook: its URL is its secret.
//!
//! Source: Slack API, *Sending messages using incoming webhooks*: 200 `ok`; 400 `invalid_payload`; 403
//! `action_prohibited`; 404 `channel_not_found`, `no_service`; 410 `channel_is_archived`; 429 with `Retry-After`.

use serde_json::json;

use super::{ChannelError, WITHIN, taken};
use crate::{Http, Request};

/// Most characters of a message: beyond some 40,000 Slack cuts by itself; nobody reads that much.
const CHARS_MAX: usize = 4_000;

/// Says something in the channel that the URL belongs to.
///
/// # Errors
/// Slack did not take it.
pub async fn send(http: &Http, url: &str, text: &str) -> Result<(), ChannelError> {
    let cut: String = text.chars().take(CHARS_MAX).collect();
    // The three characters that have a meaning in Slack's text; what is quoted cannot mention anybody or make a link.
    let escaped = cut.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let body = json!({ "text": escaped, "unfurl_links": false, "unfurl_media": false });
    let response = http.send(&Request::json(url, &body, WITHIN)).await?;
    taken(&response, &[403, 404, 410], &[url])
}
