//! `preheat dlq`: queue messages that were given up: what they say, why they were given up, and back into their queues.

use std::collections::BTreeMap;

use anyhow::Context;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use preheat_core::alert::AlertOrder;
use preheat_core::message::{SendBatch, VisitOrder};
use serde::Serialize;

use crate::ledger::{self, DEAD, Directory};
use crate::outcome::{BadInput, Outcome};
use crate::{Out, environment};

const EXAMPLES: &str = "\
Examples:
  preheat dlq show --data ./data
  preheat dlq redrive --queue sends
Without --data they work on the deployed stack whose queues PREHEAT_SENDS_URL, PREHEAT_VISITS_URL and
PREHEAT_ALERTS_URL name.";

const SHOW_EXAMPLES: &str = "\
Examples:
  preheat dlq show --data ./data
  preheat dlq show --queue visits --sends-url https://sqs.eu-central-1.amazonaws.com/123456789012/preheat-visits --json";

const REDRIVE_EXAMPLES: &str = "\
Example:
  preheat dlq redrive --queue sends --data ./data

Redriving is safe: an order is claimed before it is executed, one whose time is over is dropped, and a channel is told
nothing twice.
Stop `preheat up` before you redrive in its directory.";

/// Commands of `preheat dlq`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Command {
    /// Show the messages and why they were given up
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
    /// Put the messages back into their queues
    #[command(after_help = REDRIVE_EXAMPLES)]
    Redrive(RedriveArgs),
}

/// Which dead letters.
#[derive(Debug, clap::Args)]
pub(crate) struct QueueArgs {
    /// Only those of one queue
    #[arg(long)]
    queue: Option<Queue>,
    /// The directory of an embedded stack
    #[arg(long, value_name = "DIR")]
    data: Option<std::path::PathBuf>,
    /// URL of the deployed queue of sends (PREHEAT_SENDS_URL)
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    sends_url: Option<String>,
    /// URL of the deployed queue of visits (PREHEAT_VISITS_URL)
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    visits_url: Option<String>,
    /// URL of the deployed queue of changes to be told (PREHEAT_ALERTS_URL)
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    alerts_url: Option<String>,
}

/// Arguments of `preheat dlq show`.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    queues: QueueArgs,
    /// Most messages shown of each queue
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    max: u32,
    /// Print JSON, with the messages' bodies
    #[arg(long)]
    json: bool,
}

/// Arguments of `preheat dlq redrive`.
#[derive(Debug, clap::Args)]
pub(crate) struct RedriveArgs {
    #[command(flatten)]
    queues: QueueArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A queue that has dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Queue {
    /// What is to be sent
    Sends,
    /// Which mailboxes are to be visited
    Visits,
    /// Which changes are to be told
    Alerts,
}

impl Queue {
    /// Its name in an embedded stack.
    fn name(self) -> &'static str {
        match self {
            Self::Sends => "sends",
            Self::Visits => "visits",
            Self::Alerts => "alerts",
        }
    }
    /// Name of its dead letters in an embedded stack; also how the template names the deployed ones.
    fn dead(self) -> String {
        format!("{}{DEAD}", self.name())
    }
}

/// A message that was given up.
#[derive(Debug, Serialize)]
struct Letter {
    queue: Queue,
    id: String,
    sent_at: Option<String>,
    /// Why the consumer gave it up; `None`: it failed again and again.
    reason: Option<String>,
    /// What it says, in short.
    says: String,
    body: String,
}

/// Runs one of the commands.
pub(crate) async fn run(command: &Command, out: Out<'_>) -> Outcome {
    match command {
        Command::Show(args) => Box::pin(show(args, out)).await,
        Command::Redrive(args) => Box::pin(redrive(args, out)).await,
    }
}

impl QueueArgs {
    fn chosen(&self) -> Vec<Queue> {
        let all = || vec![Queue::Sends, Queue::Visits, Queue::Alerts];
        self.queue.map_or_else(all, |queue| vec![queue])
    }

    /// URL of a deployed queue.
    fn url(&self, queue: Queue) -> anyhow::Result<String> {
        let (given, variable, option) = match queue {
            Queue::Sends => (&self.sends_url, "PREHEAT_SENDS_URL", "--sends-url"),
            Queue::Visits => (&self.visits_url, "PREHEAT_VISITS_URL", "--visits-url"),
            Queue::Alerts => (&self.alerts_url, "PREHEAT_ALERTS_URL", "--alerts-url"),
        };
        let missing = || BadInput::error(format!("which stack? Give --data DIR, or {option} URL (or set {variable})"));
        given.clone().or_else(|| environment(variable)).ok_or_else(missing)
    }
}

async fn show(args: &ShowArgs, out: Out<'_>) -> Outcome {
    let max = usize::try_from(args.max).unwrap_or(usize::MAX);
    let mut letters = Vec::new();
    if let Some(data) = &args.queues.data {
        let aws = ledger::embedded(data, Directory::Exists)?;
        for queue in args.queues.chosen() {
            let lying = aws.queues().lying(&queue.dead());
            letters.extend(lying.into_iter().take(max).map(|message| Letter {
                queue,
                id: message.message_id,
                sent_at: Some(message.sent_at.to_string()),
                reason: message.attributes.get("reason").cloned(),
                says: says(queue, &message.body),
                body: message.body,
            }));
        }
    } else {
        let mut urls = Vec::new();
        for queue in args.queues.chosen() {
            urls.push((queue, args.queues.url(queue)?));
        }
        let client = aws_sdk_sqs::Client::new(&ledger::deployed().await);
        for (queue, url) in urls {
            letters.extend(deployed(&client, queue, &url, max).await?);
        }
    }
    if args.json { crate::json(out, &letters) } else { text(&letters, out) }
}

fn text(letters: &[Letter], out: Out<'_>) -> Outcome {
    for letter in letters {
        let reason = letter.reason.as_deref().unwrap_or("it failed again and again");
        let sent_at = letter.sent_at.as_deref().unwrap_or("-");
        writeln!(out, "{}  {sent_at}  {}", letter.queue.name(), letter.id)?;
        writeln!(out, "  why:  {}", reason.escape_debug())?;
        writeln!(out, "  says: {}", letter.says.escape_debug())?;
    }
    match letters.len() {
        0 => writeln!(out, "No dead letters.")?,
        count => writeln!(out, "\n{count} dead letter{}.", if count == 1 { "" } else { "s" })?,
    }
    Ok(())
}

/// What a message says, without the addresses in it.
fn says(queue: Queue, body: &str) -> String {
    let parsed = match queue {
        Queue::Sends => SendBatch::parse(body).map(|batch| {
            let slots: Vec<String> = batch.orders.iter().map(|order| order.slot.to_string()).collect();
            format!("{} sends {}", batch.mailbox, slots.join(", "))
        }),
        Queue::Visits => {
            VisitOrder::parse(body).map(|order| format!("visit {} of {} on {}", order.visit, order.mailbox, order.date))
        }
        Queue::Alerts => AlertOrder::parse(body).map(|order| {
            let to = order.only.map_or_else(|| "every channel".to_owned(), |channel| channel.to_string());
            format!("tell {to} of {} of {}", order.change.kind, order.change.subject.id)
        }),
    };
    parsed.unwrap_or_else(|error| error.to_string())
}

/// Looks into a deployed queue: receives its messages and lets them go at once.
async fn deployed(client: &aws_sdk_sqs::Client, queue: Queue, url: &str, max: usize) -> anyhow::Result<Vec<Letter>> {
    let dead = format!("{url}{DEAD}");
    let mut letters: BTreeMap<String, Letter> = BTreeMap::new();
    let mut receipts = Vec::new();
    while letters.len() < max {
        let answer = client
            .receive_message()
            .queue_url(&dead)
            .max_number_of_messages(10)
            // Long enough to see each message once.
            .visibility_timeout(60)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .send()
            .await
            .with_context(|| dead.clone())?;
        let messages = answer.messages.unwrap_or_default();
        if messages.is_empty() {
            break;
        }
        for message in messages {
            receipts.extend(message.receipt_handle);
            let body = message.body.unwrap_or_default();
            let sent_ms = message
                .attributes
                .as_ref()
                .and_then(|attributes| attributes.get(&MessageSystemAttributeName::SentTimestamp))
                .and_then(|text| text.parse().ok());
            let reason = message.message_attributes.as_ref().and_then(|attributes| attributes.get("reason"));
            let id = message.message_id.unwrap_or_default();
            letters.insert(
                id.clone(),
                Letter {
                    queue,
                    id,
                    sent_at: sent_ms
                        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
                        .map(|at: jiff::Timestamp| at.to_string()),
                    reason: reason.and_then(|value| value.string_value.clone()),
                    says: says(queue, &body),
                    body,
                },
            );
        }
    }
    for receipt in receipts {
        // One that cannot be let go now comes back by itself.
        let _ = client
            .change_message_visibility()
            .queue_url(&dead)
            .receipt_handle(receipt)
            .visibility_timeout(0)
            .send()
            .await;
    }
    Ok(letters.into_values().take(max).collect())
}

async fn redrive(args: &RedriveArgs, out: Out<'_>) -> Outcome {
    let mut moved: BTreeMap<&'static str, usize> = BTreeMap::new();
    if let Some(data) = &args.queues.data {
        let aws = ledger::embedded(data, Directory::Exists)?;
        for queue in args.queues.chosen() {
            moved.insert(queue.name(), aws.queues().redrive(&queue.dead()).context("redriving")?);
        }
    } else {
        let mut urls = Vec::new();
        for queue in args.queues.chosen() {
            urls.push((queue, args.queues.url(queue)?));
        }
        let client = aws_sdk_sqs::Client::new(&ledger::deployed().await);
        for (queue, url) in urls {
            moved.insert(queue.name(), move_back(&client, &url).await?);
        }
    }
    if args.json {
        return crate::json(out, &moved);
    }
    for (queue, count) in moved {
        writeln!(out, "{queue}: {count} message{} put back", if count == 1 { "" } else { "s" })?;
    }
    Ok(())
}

/// Has SQS move a deployed queue's dead letters back. It goes on after this returns.
async fn move_back(client: &aws_sdk_sqs::Client, url: &str) -> anyhow::Result<usize> {
    let arn = async |url: String| -> anyhow::Result<(String, usize)> {
        let answer = client
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueAttributeName::QueueArn)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
            .send()
            .await
            .with_context(|| url.clone())?;
        let attributes = answer.attributes.unwrap_or_default();
        let arn = attributes.get(&QueueAttributeName::QueueArn).cloned().with_context(|| format!("{url}: no ARN"))?;
        let count = attributes.get(&QueueAttributeName::ApproximateNumberOfMessages).and_then(|text| text.parse().ok());
        Ok((arn, count.unwrap_or(0)))
    };
    let (home, _) = arn(url.to_owned()).await?;
    let (dead, count) = arn(format!("{url}{DEAD}")).await?;
    if count > 0 {
        // The destination is named because SQS does not know it of messages that a consumer put there itself.
        client.start_message_move_task().source_arn(dead).destination_arn(home).send().await.context("moving")?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_told_in_short_and_a_broken_one_by_what_is_wrong() {
        let visit = r#"{"v":1,"tenant":"t","mailbox":"mb-1a","date":"2026-03-02","visit":3,"last_of_day":false,
            "not_after":"2026-03-02T12:00:00Z","search":[]}"#;
        assert_eq!(says(Queue::Visits, visit), "visit 3 of mb-1a on 2026-03-02");
        assert!(says(Queue::Sends, "{}").contains("does not parse"));
        assert!(says(Queue::Sends, r#"{"v":99}"#).contains("version 99"));
    }
}
