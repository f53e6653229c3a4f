//! The rehearsal: the release binaries, deployed by the real template onto an emulated cloud on loopback, warm mailboxes
//! on a real Postfix and Dovecot. It starts everything, watches, checks, and takes everything down again.
//!
//! May not: reach beyond loopback; leave a process or a directory behind, however it ends; believe Preheat where the
//! mail servers can be asked.

#![expect(clippy::print_stdout, reason = "its table is its product")]

mod cloud;
mod evidence;
mod fleet;
mod mail_host;
mod place;
mod story;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::cloud::Cloud;
use crate::fleet::Fleet;
use crate::mail_host::MailHost;
use crate::place::Place;
use crate::story::Story;
use crate::table::Table;

#[derive(Parser)]
#[command(about = "Deploys the stack onto an emulator and watches it warm mailboxes on real mail servers")]
struct Arguments {
    /// Where `cargo xtask rehearsal` put the emulator and the deployer.
    #[arg(long)]
    tools: PathBuf,
    /// Keep logs, mailboxes and configuration afterwards.
    #[arg(long)]
    keep: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut table = Table::new(&story::CHECKS);
    if let Err(error) = rehearse(&Arguments::parse(), &mut table).await {
        println!("FAIL  the rehearsal broke off: {error:#}");
    }
    table.print();
    if table.is_green() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn rehearse(arguments: &Arguments, table: &mut Table) -> Result<()> {
    let tools = std::fs::canonicalize(&arguments.tools).context("--tools")?;
    let mut place = Place::new(arguments.keep)?;
    println!("      in {}", place.folder().display());
    let played = play(&mut place, &tools, table).await;
    if played.is_err() || !table.is_green_so_far() {
        tail(&place);
    }
    let left = place.clear().await?;
    table.set(story::CLEAN, left.is_empty(), if left.is_empty() { "none".to_owned() } else { left.join("; ") });
    played
}

async fn play(place: &mut Place, tools: &std::path::Path, table: &mut Table) -> Result<()> {
    let host = MailHost::start(place, &fleet::addresses(), fleet::PASSWORD).await?;
    println!("      Postfix and Dovecot are up");
    let mut cloud = Cloud::start(place, tools).await?;
    println!("      the emulator is up");
    cloud.deploy(&host.authority)?;
    let fleet = Fleet::import(&cloud, &host).await?;
    let seen = format!("table {}, {} mailboxes imported", cloud.output("LedgerTable")?, fleet.len());
    table.set(story::DEPLOYED, true, seen);
    Story { cloud: &cloud, host: &host, fleet: &fleet, table }.play().await
}

/// The ends of the logs, for whoever looks into a failure.
fn tail(place: &Place) {
    for name in ["emulator.log", "mail-host/postfix.log", "mail-host/dovecot.log"] {
        let bytes = std::fs::read(place.folder().join(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        println!("--- {name}");
        for line in &lines[lines.len().saturating_sub(60)..] {
            println!("{line}");
        }
    }
}
