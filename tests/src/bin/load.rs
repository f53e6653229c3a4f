//! `cargo xtask load`: the webhook function under load on the local stack, and killed in the middle of it.
//!
//! The stack runs in a process of its own, its ledger in a file. Requests are sent at their time whatever became of those
//! before, and each is measured from when it was to be sent (so a stall is not hidden by the requests it holds back). What is
//! not acknowledged is sent again, as providers do. At the end, the ledger is opened and counted: stored must equal
//! acknowledged, always.
//!
//! `--check` judges the latency, too. A machine that is busy with something else delays everything, so beside the events run
//! requests that do nothing: same server, same client, a path that leads nowhere. Judged is what the 99th percentile of the
//! events has over that of the others, in the best of three windows.

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
///   cargo xtask load --rate 500 --seconds 9 --check
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
    /// Fail, too, if the latency is over its budget.
    #[arg(long, conflicts_with = "kill")]
    check: bool,
    /// Be the stack: on the ledger in this directory. The program calls itself so.
    #[arg(long, hide = true)]
    serve: Option<PathBuf>,
}

const HOOK: &str = "loadaaaaaaaaaaaaaaaaaaaaaa";
const PAIR: &str = "preheat:load";
/// Connections of the client: one a request under way, as many as the function has concurrency.
const CONNECTIONS: usize = 32;
/// Budget of the 99th percentile, in milliseconds (budgets.md).
const P99_MAX_MS: f64 = 50.0;
/// Windows that the run is judged by.
const WINDOWS: usize = 3;
/// Requests a second that do nothing, and their connections.
const IDLE_RATE: u32 = 100;
const IDLE_CONNECTIONS: usize = 8;
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
    let idle_total = u64::from(IDLE_RATE) * u64::from(arguments.seconds);
    let idlers: Vec<_> =
        (0..IDLE_CONNECTIONS).map(|lane| tokio::spawn(idler(lane, idle_total, start, Arc::clone(&seen)))).collect();
    if arguments.kill {
        sleep_until(start + Duration::from_secs(u64::from(arguments.seconds)) / 2).await;
        server.kill()?;
        server = Server::start(directory.path())?;
        seen.port.store(u64::from(server.port), Ordering::Relaxed);
    }
    let (mut events, mut idle) = (Vec::new(), Vec::new());
    for client in clients {
        events.extend(client.await??);
    }
    for idler in idlers {
        idle.extend(idler.await?);
    }
    server.kill()?;
    let over_ms = report(arguments, &seen, &events, &idle);
    let (_aws, store, _vault) = ledger(directory.path())?;
    let tenant: TenantId = "load".parse()?;
    let today = clock()().to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = today.saturating_sub(jiff::Span::new().days(1))..=today;
    let stored = store.counters(&Subject::Tenant(tenant), days).await?.get(Count::Delivered);
    let acknowledged = seen.acknowledged.load(Ordering::Relaxed);
    println!("stored {stored}, acknowledged {acknowledged}, sent {}", total + 1);
    ensure!(stored == acknowledged && acknowledged == total + 1, "stored must equal acknowledged");
    ensure!(!arguments.check || over_ms <= P99_MAX_MS, "{over_ms:.1} ms at p99, the budget is {P99_MAX_MS} ms");
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

/// A request that was answered at the first try.
#[derive(Clone, Copy)]
struct Timed {
    /// When it was to be sent, since the start.
    due: Duration,
    /// From then to its answer, in milliseconds.
    took_ms: f64,
}

impl Timed {
    fn since(start: Instant, due: Instant) -> Self {
        Self { due: due - start, took_ms: due.elapsed().as_secs_f64() * 1000.0 }
    }
}

/// Sends every [`CONNECTIONS`]-th request at its time, each until it is acknowledged.
async fn client(lane: usize, total: u64, gap: Duration, start: Instant, seen: Arc<Seen>) -> Result<Vec<Timed>> {
    let mut timed = Vec::new();
    let mut connection = None;
    let mut n = lane as u64;
    while n < total {
        let due = start + gap.mul_f64(n as f64);
        sleep_until(due).await;
        if post(&mut connection, &seen, n).await? {
            timed.push(Timed::since(start, due));
        }
        n += CONNECTIONS as u64;
    }
    Ok(timed)
}

/// Asks for nothing, at a rate of its own. What is not answered, as while the server is killed, says nothing.
async fn idler(lane: usize, total: u64, start: Instant, seen: Arc<Seen>) -> Vec<Timed> {
    let gap = Duration::from_secs(1) / IDLE_RATE;
    let (mut timed, mut connection) = (Vec::new(), None);
    for n in (lane as u64..total).step_by(IDLE_CONNECTIONS) {
        let due = start + gap.mul_f64(n as f64);
        sleep_until(due).await;
        match attempt(&mut connection, &seen, "/hooks/nobody/nothing", "").await {
            Some(_) => timed.push(Timed::since(start, due)),
            None => connection = None,
        }
    }
    timed
}

/// Posts event `n` until it is acknowledged. Whether it was at the first try.
async fn post(connection: &mut Option<SendRequest<Full<Bytes>>>, seen: &Seen, n: u64) -> Result<bool> {
    let body = serde_json::json!({
        "event": "delivered", "email": format!("r{n}@there.example"), "message-id": format!("<{n}@example.com>"),
        "ts_epoch": clock()().as_millisecond(),
    });
    let (path, end) = (format!("/hooks/brevo/{HOOK}"), Instant::now() + PATIENCE);
    let mut first = true;
    loop {
        if attempt(connection, seen, &path, &body.to_string()).await == Some(200) {
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
async fn attempt(
    connection: &mut Option<SendRequest<Full<Bytes>>>,
    seen: &Seen,
    path: &str,
    body: &str,
) -> Option<u16> {
    if connection.is_none() {
        let port = u16::try_from(seen.port.load(Ordering::Relaxed)).ok()?;
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        stream.set_nodelay(true).ok()?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(driver);
        *connection = Some(sender);
    }
    let sender = connection.as_mut()?;
    let request = http::Request::post(path)
        .header("host", "127.0.0.1")
        .header("authorization", format!("Basic {}", STANDARD.encode(PAIR)))
        .body(Full::new(Bytes::from(body.to_owned())))
        .ok()?;
    let answer = tokio::time::timeout(Duration::from_secs(10), sender.send_request(request)).await.ok()?.ok()?;
    let status = answer.status().as_u16();
    answer.into_body().collect().await.ok()?;
    Some(status)
}

/// Prints what was measured. By how much the p99 of events is over that of requests that do nothing, in the best window.
fn report(arguments: &Arguments, seen: &Seen, events: &[Timed], idle: &[Timed]) -> f64 {
    println!(
        "{} requests a second for {} s{}: p50 {:.1} ms, p99 {:.1} ms (budget {P99_MAX_MS} ms), slowest {:.0} ms; {} sent again",
        arguments.rate,
        arguments.seconds,
        if arguments.kill { ", killed in the middle" } else { "" },
        quantile(events, 0.5),
        quantile(events, 0.99),
        quantile(events, 1.0),
        seen.repeated.load(Ordering::Relaxed),
    );
    let window = Duration::from_secs(u64::from(arguments.seconds)) / u32::try_from(WINDOWS).unwrap_or(1);
    let mut best = f64::INFINITY;
    for nth in 0..WINDOWS {
        let from = window.mul_f64(nth as f64);
        let within = |timed: &[Timed]| -> Vec<Timed> {
            timed.iter().filter(|one| one.due >= from && one.due < from + window).copied().collect()
        };
        let (p99, nothing) = (quantile(&within(events), 0.99), quantile(&within(idle), 0.99));
        println!("  window {}: p99 {p99:.1} ms, of requests that do nothing {nothing:.1} ms", nth + 1);
        // Where nothing was answered there is no number, and no window to be judged by.
        best = best.min(p99 - nothing);
    }
    if arguments.check {
        println!("  judged: {best:.1} ms, the difference in the best of {WINDOWS} windows");
    }
    best
}

/// The latency that this share of the requests did not exceed; no number if there are none.
fn quantile(timed: &[Timed], share: f64) -> f64 {
    let mut sorted: Vec<f64> = timed.iter().map(|one| one.took_ms).collect();
    sorted.sort_by(f64::total_cmp);
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}
