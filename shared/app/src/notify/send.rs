//! One message on one channel, once.

use std::time::Duration;

use aws_sdk_sns::types::MessageAttributeValue;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use preheat_core::alert::{Channel, Message, Target, message, sample};
use preheat_core::change::Change;
use preheat_core::endpoint::Endpoint;
use preheat_core::id::Address;
use preheat_mail::compose::{Draft, compose};
use preheat_mail::{Account, Auth, Deadlines, Dial, smtp};
use preheat_platforms::Next;
use preheat_platforms::alert::{ChannelError, slack, telegram, webhook};
use preheat_store::{Secret, StoredChannel, Vault};
use serde_json::json;

use super::Outside;
use crate::describe;
use crate::redact::without_addresses;

/// Most characters of a text message: two parts' worth.
const SMS_CHARS_MAX: usize = 300;
/// Time for one e-mail, its session whole.
const MAIL_WITHIN: Duration = Duration::from_secs(30);

/// Why a channel did not take a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SendFailure {
    /// In words, without secrets.
    pub reason: String,
    /// What to do now.
    pub next: Next,
    /// Whether nobody is there any more who wants to be told.
    pub gone: bool,
}

impl SendFailure {
    fn new(reason: &(impl ToString + ?Sized), next: Next) -> Self {
        Self { reason: without_addresses(&reason.to_string()), next, gone: false }
    }
}

impl From<ChannelError> for SendFailure {
    fn from(error: ChannelError) -> Self {
        Self::new(&error, error.next())
    }
}

/// Sends a message about nothing on a channel, past all rules: whether it arrives is what is asked.
///
/// # Errors
/// It was not taken, or the channel's secret does not open.
pub async fn test(
    vault: &Vault,
    dial: &dyn Dial,
    outside: &Outside,
    stored: &StoredChannel,
    now: Timestamp,
) -> Result<(), SendFailure> {
    let channel = &stored.channel;
    let secret = match &stored.sealed {
        Some(sealed) => vault.open_channel(&channel.owner, &channel.id, sealed).await.map(Some),
        None => Ok(None),
    };
    let secret = secret.map_err(|error| SendFailure::new(&error, Next::Operator))?;
    let change = sample(channel.owner.tenant(), now);
    Sending { dial, outside, channel, secret: secret.as_ref(), now }.send(&[&change], &[&change.id]).await
}

/// A channel that is about to be told something.
pub(super) struct Sending<'a> {
    pub(super) dial: &'a dyn Dial,
    pub(super) outside: &'a Outside,
    pub(super) channel: &'a Channel,
    pub(super) secret: Option<&'a Secret>,
    pub(super) now: Timestamp,
}

impl Sending<'_> {
    /// Sends one message of these changes.
    pub(super) async fn send(&self, changes: &[&Change], ids: &[&str]) -> Result<(), SendFailure> {
        let (http, words) = (&self.outside.http, message(changes, ids));
        match &self.channel.target {
            Target::Slack => Ok(slack::send(http, self.secret()?, &words.text).await?),
            Target::Telegram { chat } => {
                Ok(telegram::send(http, &self.outside.telegram, self.secret()?, chat, &words.text).await?)
            }
            Target::Sms { phone } => sms(self.outside, phone, &words).await,
            Target::Email { to, from, smtp, user } => {
                self.email(&Route { to, from, smtp, user }, self.secret()?, &words).await
            }
            Target::Webhook { url } => {
                let secrets: Vec<&str> = self.secret()?.split_whitespace().collect();
                for (change, id) in changes.iter().zip(ids) {
                    // The envelope that Standard Webhooks recommends; the data is the bus's own schema.
                    let body = json!({ "type": change.kind, "timestamp": change.at, "data": change }).to_string();
                    let message = webhook::Message { id, timestamp_s: self.now.as_second(), body: &body };
                    let sent = webhook::send(http, url, &secrets, &message).await;
                    sent.map_err(|error| SendFailure { gone: error.is_gone(), ..SendFailure::from(error) })?;
                }
                Ok(())
            }
        }
    }

    fn secret(&self) -> Result<&str, SendFailure> {
        let missing = || SendFailure::new("the channel has no secret: remove it and add it again", Next::Operator);
        self.secret.map(Secret::expose).ok_or_else(missing)
    }

    /// By SMTP through any account of the owner's, over the app's own door: no second service to set up, and the same bytes
    /// locally as deployed.
    async fn email(&self, route: &Route<'_>, password: &str, words: &Message) -> Result<(), SendFailure> {
        let mail = compose(&Draft {
            from: route.from,
            from_name: "Preheat",
            to: route.to,
            subject: &words.title,
            body: &words.text,
            message_id: &format!("{}@{}", words.id, route.from.domain()),
            token: &words.id,
            in_reply_to: None,
            references: &[],
            date: &self.now.to_zoned(TimeZone::UTC),
        })
        .map_err(|error| SendFailure::new(&error, Next::Drop))?;
        let account = Account { endpoint: route.smtp, user: route.user, credential: Auth::Password(password) };
        let sending = smtp::send(self.dial, &account, route.from, route.to, &mail, &Deadlines::SMTP);
        let sent = tokio::time::timeout(MAIL_WITHIN, sending).await;
        let sent = sent.map_err(|_| SendFailure::new("the mail server did not answer in time", Next::Later(None)))?;
        sent.map(drop).map_err(|error| {
            let next = match error.next() {
                preheat_mail::Next::Pause | preheat_mail::Next::Drop => Next::Operator,
                preheat_mail::Next::Retry | preheat_mail::Next::Replan | preheat_mail::Next::Reconcile => {
                    Next::Later(None)
                }
            };
            SendFailure::new(&error, next)
        })
    }
}

struct Route<'a> {
    to: &'a Address,
    from: &'a Address,
    smtp: &'a Endpoint,
    user: &'a str,
}

async fn sms(outside: &Outside, phone: &str, words: &Message) -> Result<(), SendFailure> {
    let text: String = format!("Preheat {}", words.title).chars().take(SMS_CHARS_MAX).collect();
    let kind = MessageAttributeValue::builder().data_type("String").string_value("Transactional").build();
    let kind = kind.map_err(|error| SendFailure::new(&error, Next::Drop))?;
    let call = outside.sns.publish().phone_number(phone).message(text);
    let sent = call.message_attributes("AWS.SNS.SMS.SMSType", kind).send().await;
    sent.map(drop).map_err(|error| {
        let refused = error
            .as_service_error()
            .is_some_and(|error| error.is_invalid_parameter_exception() || error.is_authorization_error_exception());
        SendFailure::new(&describe(&error), if refused { Next::Operator } else { Next::Later(None) })
    })
}
