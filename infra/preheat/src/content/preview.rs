//! `preheat content preview`: a conversation as it would be sent, names included. Sends nothing, reads nothing.

use preheat_core::content::{Language, Text, conversation, lint, render};
use serde::Serialize;

use crate::Out;
use crate::outcome::{Negative, Outcome};

const EXAMPLES: &str = "\
Examples:
  preheat content preview
  preheat content preview --language fr --seed 12 --turns
  preheat content preview --language es --from 'Ana Ruiz' --to 'Marta Gil' --json

The same language and seed give the same conversation; in the system a thread's number stands in the seed's place.";

/// Arguments of `preheat content preview`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// en, de, fr or es
    #[arg(long, default_value = "en", value_parser = super::language)]
    language: Language,
    /// Which conversation
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The replies as well, not only the opening
    #[arg(long)]
    turns: bool,
    /// Who writes the opening
    #[arg(long, default_value = "Anna Berg", value_name = "NAME")]
    from: String,
    /// Who gets it
    #[arg(long, default_value = "Tom Miller", value_name = "NAME")]
    to: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Preview<'a> {
    language: Language,
    seed: u64,
    topic: &'a str,
    mails: Vec<Mail>,
}

#[derive(Debug, Serialize)]
struct Mail {
    turn: u8,
    from: String,
    to: String,
    subject: String,
    body: String,
    /// Why it would not be sent; the library's never is refused.
    refused: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Args, out: Out<'_>) -> Outcome {
    let talk = conversation(args.seed, args.language);
    let turns = if args.turns { u8::try_from(talk.turns.len()).unwrap_or(u8::MAX) } else { 1 };
    let mails = (0..turns).map(|turn| {
        let (from, to) = if turn % 2 == 0 { (&args.from, &args.to) } else { (&args.to, &args.from) };
        let Text { subject, body } = render(&talk, turn, from, to);
        let text = Text { subject, body };
        let refused = lint(&text, args.language).err().map(|error| error.to_string());
        Mail { turn, from: from.clone(), to: to.clone(), subject: text.subject, body: text.body, refused }
    });
    let preview = Preview { language: args.language, seed: args.seed, topic: &talk.topic, mails: mails.collect() };
    if args.json {
        crate::json(out, &preview)?;
    } else {
        for mail in &preview.mails {
            writeln!(out, "From:    {}\nTo:      {}\nSubject: {}\n\n{}", mail.from, mail.to, mail.subject, mail.body)?;
        }
    }
    let refused: Vec<&String> = preview.mails.iter().filter_map(|mail| mail.refused.as_ref()).collect();
    for reason in &refused {
        eprintln!("preheat: a mail would be refused: {reason}");
    }
    if refused.is_empty() { Ok(()) } else { Err(Negative.into()) }
}
