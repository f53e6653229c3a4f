//! A small name server on loopback, UDP and TCP on one port, that can be made to misbehave for a name.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use hickory_resolver::proto::op::{Message, MessageType, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, CNAME, MX, PTR, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;

/// What happens to a question for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reaction {
    NoSuchName,
    Empty,
    ServFail,
    Refused,
    Silence,
    Garbage,
}

#[derive(Default)]
pub(crate) struct Server {
    records: BTreeMap<String, Vec<RData>>,
    reactions: BTreeMap<String, Reaction>,
}

/// Stops the server when the test is over.
pub(crate) struct Running(Vec<JoinHandle<()>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

fn name(text: &str) -> Name {
    Name::from_ascii(format!("{}.", text.trim_end_matches('.'))).unwrap()
}

impl Server {
    fn with(mut self, at: &str, data: RData) -> Self {
        self.records.entry(at.to_owned()).or_default().push(data);
        self
    }
    pub(crate) fn txt(self, at: &str, records: &[&[&str]]) -> Self {
        let txt = |parts: &&[&str]| RData::TXT(TXT::new(parts.iter().map(|&part| part.to_owned()).collect()));
        records.iter().map(txt).fold(self, |server, data| server.with(at, data))
    }
    pub(crate) fn a(mut self, at: &str, address: &str) -> Self {
        self.records.remove(at);
        self.with(at, RData::A(A(address.parse().unwrap())))
    }
    pub(crate) fn cname(self, at: &str, to: &str) -> Self {
        self.with(at, RData::CNAME(CNAME(name(to))))
    }
    pub(crate) fn mx(self, at: &str, preference: u16, host: &str) -> Self {
        self.with(at, RData::MX(MX::new(preference, name(host))))
    }
    pub(crate) fn ptr(self, at: &str, to: &str) -> Self {
        self.with(at, RData::PTR(PTR(name(to))))
    }
    pub(crate) fn reacting(mut self, at: &str, reaction: Reaction) -> Self {
        self.reactions.insert(at.to_owned(), reaction);
        self
    }

    /// Serves on a free port of loopback.
    pub(crate) async fn start(self) -> (SocketAddr, Running) {
        let zone = Arc::new(self);
        // The port is TCP's choice; UDP may find it in use by somebody else's test.
        let (tcp, udp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                break (tcp, udp);
            }
        };
        let address = udp.local_addr().unwrap();
        let by_udp = tokio::spawn({
            let zone = Arc::clone(&zone);
            async move {
                let mut buffer = [0; 4096];
                while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
                    if let Some(answer) = zone.answer(&buffer[..length], true) {
                        let _ = udp.send_to(&answer, from).await;
                    }
                }
            }
        });
        let by_tcp = tokio::spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                let zone = Arc::clone(&zone);
                tokio::spawn(async move {
                    while let Ok(length) = stream.read_u16().await {
                        let mut question = vec![0; usize::from(length)];
                        if stream.read_exact(&mut question).await.is_err() {
                            return;
                        }
                        let Some(answer) = zone.answer(&question, false) else { return };
                        let _ = stream.write_u16(u16::try_from(answer.len()).unwrap()).await;
                        let _ = stream.write_all(&answer).await;
                    }
                });
            }
        });
        (address, Running(vec![by_udp, by_tcp]))
    }

    fn answer(&self, question: &[u8], udp: bool) -> Option<Vec<u8>> {
        let asked = Message::from_vec(question).ok()?;
        let query = asked.queries.first()?.clone();
        let at = query.name().to_ascii().to_ascii_lowercase();
        let at = at.trim_end_matches('.').to_owned();
        let mut answer = Message::new(asked.metadata.id, MessageType::Response, asked.metadata.op_code);
        answer.metadata.recursion_desired = true;
        answer.metadata.recursion_available = true;
        answer.add_query(query.clone());
        match self.reactions.get(&at) {
            Some(Reaction::Silence) => return None,
            Some(Reaction::Garbage) => {
                return Some([&question[..2], b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"].concat());
            }
            Some(Reaction::ServFail) => answer.metadata.response_code = ResponseCode::ServFail,
            Some(Reaction::Refused) => answer.metadata.response_code = ResponseCode::Refused,
            Some(Reaction::NoSuchName) => answer.metadata.response_code = ResponseCode::NXDomain,
            Some(Reaction::Empty) => {}
            None => self.fill(&mut answer, &at, query.query_type()),
        }
        let bytes = answer.to_vec().unwrap();
        if udp && bytes.len() > 1_232 {
            answer.answers.clear();
            answer.metadata.truncation = true;
            return Some(answer.to_vec().unwrap());
        }
        Some(bytes)
    }

    fn fill(&self, answer: &mut Message, at: &str, kind: RecordType) {
        let Some(records) = self.records.get(at) else {
            answer.metadata.response_code = ResponseCode::NXDomain;
            return;
        };
        for data in records {
            if let RData::CNAME(to) = data {
                answer.add_answer(Record::from_rdata(name(at), 60, data.clone()));
                let to = to.0.to_ascii();
                self.fill(answer, to.trim_end_matches('.'), kind);
            } else if data.record_type() == kind {
                answer.add_answer(Record::from_rdata(name(at), 60, data.clone()));
            }
        }
    }
}
