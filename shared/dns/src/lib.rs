//! Asking the DNS what core wants to know of a domain: [`Dns::look_up`] asks whatever [`judge`] misses until it misses nothing.
//!
//! A crate of its own, so that only those functions link a resolver that check domains: `sender` and `replier` link
//! `shared/mail`, and need none. May not judge anything: that is `preheat_core::domain`. No answer is not a bad answer: time-outs,
//! SERVFAIL, REFUSED and answers that do not read come back as [`Answer::Failed`].

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use futures::{StreamExt, stream};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use preheat_core::domain::{Answer, Known, Question, ROUNDS_MAX, RecordKind, Report, Subject, judge};

/// How long a server is waited for, each time. Ours.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How often it is asked.
const ATTEMPTS: usize = 2;
/// Questions that are asked at once.
const PARALLEL: usize = 16;
/// Questions of one domain at most: what somebody writes into his SPF record must not keep us busy for ever. Ours.
const QUESTIONS_MAX: usize = 400;

/// The resolver could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("no resolver: {0}")]
pub struct SetupError(String);

/// A resolver. It keeps answers as long as they say: one a process.
pub struct Dns {
    resolver: TokioResolver,
}

impl Dns {
    /// The system's name servers (`/etc/resolv.conf`).
    ///
    /// # Errors
    /// There are none, or the file does not read.
    pub fn system() -> Result<Self, SetupError> {
        let builder = TokioResolver::builder_tokio().map_err(|error| SetupError(error.to_string()))?;
        Self::of(builder, TIMEOUT)
    }

    /// These name servers, by UDP, and by TCP where an answer is long.
    ///
    /// # Errors
    /// As for [`Dns::system`].
    pub fn servers(servers: &[SocketAddr], timeout: Duration) -> Result<Self, SetupError> {
        let server = |address: &SocketAddr| {
            let (mut udp, mut tcp) = (ConnectionConfig::udp(), ConnectionConfig::tcp());
            (udp.port, tcp.port) = (address.port(), address.port());
            NameServerConfig::new(address.ip(), true, vec![udp, tcp])
        };
        let config = ResolverConfig::from_parts(None, Vec::new(), servers.iter().map(server).collect());
        Self::of(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()), timeout)
    }

    fn of(
        mut builder: hickory_resolver::ResolverBuilder<TokioRuntimeProvider>,
        timeout: Duration,
    ) -> Result<Self, SetupError> {
        let options: &mut ResolverOpts = builder.options_mut();
        options.timeout = timeout;
        options.attempts = ATTEMPTS;
        // What this machine calls somebody says nothing of what the world does.
        options.use_hosts_file = ResolveHosts::Never;
        let resolver = builder.build().map_err(|error| SetupError(error.to_string()))?;
        Ok(Self { resolver })
    }

    /// Looks a domain up and judges it.
    pub async fn look_up(&self, subject: &Subject) -> Report {
        let mut known = Known::new();
        for _ in 0..ROUNDS_MAX {
            let judged = judge(subject, &known);
            if judged.missing.is_empty() {
                return judged.report;
            }
            let room = QUESTIONS_MAX.saturating_sub(known.len());
            let asked: Vec<Question> = judged.missing.iter().take(room).cloned().collect();
            let answers: Vec<(Question, Answer)> = stream::iter(asked)
                .map(async |question| (question.clone(), self.ask(&question).await))
                .buffer_unordered(PARALLEL)
                .collect()
                .await;
            known.extend(answers);
            give_up(&mut known, judged.missing);
        }
        // A chain without an end: what is still open stays unknown.
        judge(subject, &known).report
    }

    /// Asks one question.
    pub async fn ask(&self, question: &Question) -> Answer {
        let kind = match question.kind {
            RecordKind::Txt => RecordType::TXT,
            RecordKind::Mx => RecordType::MX,
            RecordKind::A => RecordType::A,
            RecordKind::Aaaa => RecordType::AAAA,
            RecordKind::Ptr => RecordType::PTR,
        };
        // A name that cannot be one is one that is not there.
        let Ok(name) = Name::from_ascii(format!("{}.", question.name)) else { return Answer::NoSuchName };
        match self.resolver.lookup(name, kind).await {
            Ok(found) => {
                let records: Vec<String> =
                    found.answers().iter().filter_map(|record| text(&record.data, question.kind)).collect();
                if records.is_empty() { Answer::Nothing } else { Answer::Records(records) }
            }
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
                ResponseCode::NXDomain => Answer::NoSuchName,
                ResponseCode::NoError => Answer::Nothing,
                code => Answer::Failed(format!("the name server says {code}")),
            },
            Err(NetError::Dns(DnsError::ResponseCode(code))) => Answer::Failed(format!("the name server says {code}")),
            Err(NetError::Timeout) => Answer::Failed("the name server did not answer in time".to_owned()),
            Err(error) => Answer::Failed(error.to_string()),
        }
    }
}

/// What there was no room for is not known.
fn give_up(known: &mut Known, missing: BTreeSet<Question>) {
    for question in missing {
        known.entry(question).or_insert_with(|| Answer::Failed("too many look-ups for one domain".to_owned()));
    }
}

/// A record of the wanted kind as [`RecordKind`] says; others, such as the CNAMEs that led to it, are left out.
fn text(data: &RData, kind: RecordKind) -> Option<String> {
    let name = |name: &Name| {
        let text = name.to_ascii().to_ascii_lowercase();
        if text == "." { text } else { text.trim_end_matches('.').to_owned() }
    };
    match (data, kind) {
        (RData::TXT(txt), RecordKind::Txt) => {
            let bytes: Vec<u8> = txt.txt_data.iter().flat_map(|part| part.iter().copied()).collect();
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        (RData::MX(mx), RecordKind::Mx) => Some(format!("{} {}", mx.preference, name(&mx.exchange))),
        (RData::A(address), RecordKind::A) => Some(address.0.to_string()),
        (RData::AAAA(address), RecordKind::Aaaa) => Some(address.0.to_string()),
        (RData::PTR(to), RecordKind::Ptr) => Some(name(&to.0)),
        _ => None,
    }
}
