//! `cargo xtask load`: the webhook function under load on the local stack, and killed in the middle of it.
//!
//! The stack runs in a process of its own, its ledger in a file. Requests are sent at their time whatever became of those
//! before, and each is measured from when it was to be sent (so a stall is not hidden by the requests it holds back). What is
//! not acknowledged is sent again, as providers do. At the end, the ledger is opened and counted: stored must equal
//! acknowledged. Fails only on that; timings are printed beside their budget.

#![expect(clippy::print_stdout, reason = "its output is its product")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use preheat_app::events::Desk;
use preheat_app::hooks::{Fetch, Gate};
use preheat_core::clock::Clock;
use preheat_core::counters::{Count, Subject};
use preheat_core::event::Reporter;
use preheat_core::id::TenantId;
use preheat_local::Aws;
use preheat_stack::listen::listen;
use preheat_store::{Hook, Secret, SecretKind, Store, Vault};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, sleep_until};

/// Posts deliverability events to the local stack, kills it in the middle, and counts.
///
/// Examples:
///   cargo xtask load
///   cargo xtask load --rate 500 --seconds 20 --kill
#[derive(Parser)]
#[command(name = "load", verbatim_doc_comment)]
struct Arguments {
    /// Requests a second.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// For how long.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Kill the stack in the middle, and start it again.
    #[arg(long)]
    kill: bool,
    /// Be the stack: on the ledger in this directory. The program calls itself so.
    #[arg(long, hide = true)]
    serve: Option<PathBuf>,
}

const HOOK: &str = "loadaaaaaaaaaaaaaaaaaaaaaa";
const PAIR: &str = "preheat:load";
/// Connections of the client: one a request under way, as many as the function has concurrency.
const CONNECTIONS: usize = 32;
/// How long after the last request its acknowledgement is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match &arguments.serve {
        Some(directory) => runtime.block_on(serve(directory)),
        None => runtime.block_on(Box::pin(run(&arguments))),
    }
}

fn clock() -> Clock {
    #[expect(clippy::disallowed_methods, reason = "a load is of wall time")]
    Arc::new(Timestamp::now)
}

fn ledger(directory: &Path) -> Result<(Aws, Store, Vault)> {
    let aws = Aws::file(directory, clock())?;
    let store = Store::new(aws.dynamodb(), "ledger");
    let vault = Vault::new(&aws.kms(), store.clone(), "alias/preheat", clock());
    Ok((aws, store, vault))
}

/// The stack: the webhook function's own code behind a Function URL on loopback. Says its port on standard output.
async fn serve(directory: &Path) -> Result<()> {
    let (_aws, store, vault) = ledger(directory)?;
    let fetch: Fetch = Arc::new(|url| Box::pin(async move { Err(url) }));
    let gate = Gate::new(Desk::new(store, vault), clock(), fetch);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("port {}", listener.local_addr()?.port());
    listen(listener, gate).await?;
    Ok(())
}

/// The stack's process, killed when it is dropped.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(directory: &Path) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("--serve")
            .arg(directory)
            .stdout(Stdio::piped())
            .spawn()
            .context("the stack's process")?;
        let mut output = std::io::BufReader::new(process.stdout.take().context("its output")?);
        let mut line = String::new();
        // Metrics follow on the same pipe: they are read away.
        std::io::BufRead::read_line(&mut output, &mut line)?;
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        let port = line.trim().strip_prefix("port ").context("its port")?.parse()?;
        Ok(Self { process, port })
    }

    /// SIGKILL: nothing is flushed, nothing is answered.
    fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.kill());
    }
}

/// What the client saw.
#[derive(Default)]
struct Seen {
    acknowledged: AtomicU64,
    repeated: AtomicU64,
    port: AtomicU64,
}

async fn run(arguments: &Arguments) -> Result<()> {
    let directory = tempfile::tempdir()?;
    {
        let (_aws, store, vault) = ledger(directory.path())?;
        store.create_table().await?;
        vault.secrets().await?;
        prepare(&store, &vault).await?;
    }
    let mut server = Server::start(directory.path())?;
    let seen = Arc::new(Seen::default());
    seen.port.store(u64::from(server.port), Ordering::Relaxed);
    let total = u64::from(arguments.rate) * u64::from(arguments.seconds);
    let gap = Duration::from_secs(1) / arguments.rate.max(1);
    // The first request of a process opens the endpoint: not a part of the measurement.
    post(&mut None, &seen, total).await?;
    let start = Instant::now() + Duration::from_millis(200);
    let clients: Vec<_> =
        (0..CONNECTIONS).map(|lane| tokio::spawn(client(lane, total, gap, start, Arc::clone(&seen)))).collect();
    if arguments.kill {
        sleep_until(start + Duration::from_secs(u64::from(arguments.seconds)) / 2).await;
        server.kill()?;
        server = Server::start(directory.path())?;
        seen.port.store(u64::from(server.port), Ordering::Relaxed);
    }
    let mut latencies = Vec::new();
    for client in clients {
        latencies.extend(client.await??);
    }
    server.kill()?;
    report(arguments, &seen, &mut latencies);
    let (_aws, store, _vault) = ledger(directory.path())?;
    let tenant: TenantId = "load".parse()?;
    let today = clock()().to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = today.saturating_sub(jiff::Span::new().days(1))..=today;
    let stored = store.counters(&Subject::Tenant(tenant), days).await?.get(Count::Delivered);
    let acknowledged = seen.acknowledged.load(Ordering::Relaxed);
    println!("stored {stored}, acknowledged {acknowledged}, sent {}", total + 1);
    ensure!(stored == acknowledged && acknowledged == total + 1, "stored must equal acknowledged");
    Ok(())
}

async fn prepare(store: &Store, vault: &Vault) -> Result<()> {
    let now = clock()();
    let mut hook = Hook {
        id: HOOK.to_owned(),
        tenant: "load".parse()?,
        provider: Reporter::Brevo,
        secrets: Vec::new(),
        sources: Vec::new(),
        refuse_sns_v1: false,
        url: None,
        require_sha256: false,
        made_at: now,
        until: None,
        former: None,
    };
    let pair = Secret::new(PAIR.to_owned());
    hook.add_secret(vault, SecretKind::Basic, &pair, now, SignedDuration::ZERO).await?;
    store.put_hook(&hook).await?;
    Ok(())
}

/// Sends every [`CONNECTIONS`]-th request at its time, each until it is acknowledged. Milliseconds from its time, of those that
/// were acknowledged at the first try.
async fn client(lane: usize, total: u64, gap: Duration, start: Instant, seen: Arc<Seen>) -> Result<Vec<f64>> {
    let mut latencies = Vec::new();
    let mut connection = None;
    let mut n = lane as u64;
    while n < total {
        let due = start + gap.mul_f64(n as f64);
        sleep_until(due).await;
        if post(&mut connection, &seen, n).await? {
            latencies.push(due.elapsed().as_secs_f64() * 1000.0);
        }
        n += CONNECTIONS as u64;
    }
    Ok(latencies)
}

/// Posts event `n` until it is acknowledged. Whether it was at the first try.
async fn post(connection: &mut Option<SendRequest<Full<Bytes>>>, seen: &Seen, n: u64) -> Result<bool> {
    let body = serde_json::json!({
        "event": "delivered", "email": format!("r{n}@there.example"), "message-id": format!("<{n}@example.com>"),
        "ts_epoch": clock()().as_millisecond(),
    });
    let end = Instant::now() + PATIENCE;
    let mut first = true;
    loop {
        if attempt(connection, seen, &body.to_string()).await == Some(200) {
            seen.acknowledged.fetch_add(1, Ordering::Relaxed);
            return Ok(first);
        }
        ensure!(Instant::now() < end, "request {n} is not acknowledged within {PATIENCE:?}");
        (first, *connection) = (false, None);
        seen.repeated.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(100)).await;
    }
}

/// The status of one attempt; `None`: there was no answer.
async fn attempt(connection: &mut Option<SendRequest<Full<Bytes>>>, seen: &Seen, body: &str) -> Option<u16> {
    if connection.is_none() {
        let port = u16::try_from(seen.port.load(Ordering::Relaxed)).ok()?;
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        stream.set_nodelay(true).ok()?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(driver);
        *connection = Some(sender);
    }
    let sender = connection.as_mut()?;
    let request = http::Request::post(format!("/hooks/brevo/{HOOK}"))
        .header("host", "127.0.0.1")
        .header("authorization", format!("Basic {}", STANDARD.encode(PAIR)))
        .body(Full::new(Bytes::from(body.to_owned())))
        .ok()?;
    let answer = tokio::time::timeout(Duration::from_secs(10), sender.send_request(request)).await.ok()?.ok()?;
    let status = answer.status().as_u16();
    answer.into_body().collect().await.ok()?;
    Some(status)
}

fn report(arguments: &Arguments, seen: &Seen, latencies: &mut [f64]) {
    latencies.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let index = (latencies.len() as f64 * share) as usize;
        latencies.get(index.min(latencies.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    };
    println!(
        "{} requests a second for {} s{}: p50 {:.1} ms, p99 {:.1} ms (budget 50 ms), slowest {:.0} ms; {} sent again",
        arguments.rate,
        arguments.seconds,
        if arguments.kill { ", killed in the middle" } else { "" },
        at(0.5),
        at(0.99),
        at(1.0),
        seen.repeated.load(Ordering::Relaxed),
    );
}
