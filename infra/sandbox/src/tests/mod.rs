//! The servers driven by real clients, lettre and async-imap, over the in-memory network on virtual time.

mod faults;
mod gmail;
mod imap;
mod smtp;
mod visit;

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use preheat_core::clock::Clock;
use preheat_core::endpoint::{Endpoint, Security};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{Kind, Network, ProviderId, World};
use preheat_mail::{Dial, Stream};

const ANNA: &str = "anna@alpha.test";
const BERT: &str = "bert@beta.test";

/// Virtual time from a Monday morning on.
fn clock() -> Clock {
    let start = tokio::time::Instant::now();
    let monday: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
    std::sync::Arc::new(move || monday + SignedDuration::try_from(start.elapsed()).unwrap())
}

/// Anna at a provider of one kind, Bert at a provider of another.
struct Sandbox {
    world: World,
    network: Network,
    alpha: ProviderId,
    beta: ProviderId,
}

fn sandbox(alpha: Kind, beta: Kind) -> Sandbox {
    let world = World::new(clock(), 7);
    let alpha = world.add_provider(alpha, "smtp.alpha.test", "imap.alpha.test").unwrap();
    let beta = world.add_provider(beta, "smtp.beta.test", "imap.beta.test").unwrap();
    world.add_account(ANNA, "secret", alpha).unwrap();
    world.add_account(BERT, "secret", beta).unwrap();
    Sandbox { network: Network::new(world.clone(), 1), world, alpha, beta }
}

fn endpoint(host: &str, port: u16) -> Endpoint {
    Endpoint { host: host.to_owned(), port, security: Security::Implicit }
}

/// The wrapper that lettre asks for.
#[derive(Debug)]
struct Lettre(Box<dyn Stream>);

impl AsyncTokioStream for Lettre {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(([127, 0, 0, 1], 465).into())
    }
}
impl AsyncRead for Lettre {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(cx, buf)
    }
}
impl AsyncWrite for Lettre {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(cx)
    }
}

type SmtpResult<T> = Result<T, lettre::transport::smtp::Error>;
type Session = async_imap::Session<Box<dyn Stream>>;

impl Sandbox {
    /// A submission connection of `user`, logged in.
    async fn smtp(&self, user: &str, mechanism: Mechanism) -> SmtpResult<AsyncSmtpConnection> {
        let host = format!("smtp.{}", user.split_once('@').unwrap().1);
        let stream = self.network.dial(&endpoint(&host, 465)).await.unwrap();
        let hello = ClientId::Domain("client.test".to_owned());
        let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(Lettre(stream)), &hello).await?;
        connection.auth(&[mechanism], &Credentials::new(user.to_owned(), "secret".to_owned())).await?;
        Ok(connection)
    }

    /// Sends a mail with this Message-ID (and the same token); the server's answer.
    async fn send(&self, from: &str, to: &str, id: &str) -> SmtpResult<String> {
        let mut connection = self.smtp(from, Mechanism::Plain).await?;
        let envelope = Envelope::new(Some(from.parse().unwrap()), vec![to.parse().unwrap()]).unwrap();
        let response = connection.send(&envelope, &mail(from, to, id)).await?;
        connection.quit().await.ok();
        Ok(response.first_line().unwrap_or_default().to_owned())
    }

    /// An IMAP session of `user`.
    async fn imap(&self, user: &str) -> Session {
        let host = format!("imap.{}", user.split_once('@').unwrap().1);
        let stream = self.network.dial(&endpoint(&host, 993)).await.unwrap();
        let mut client = async_imap::Client::new(stream);
        client.read_response().await.unwrap();
        client.login(user, "secret").await.map_err(|(error, _)| error).unwrap()
    }

    /// What the ledger says of a Message-ID: how many times it was taken over.
    fn taken(&self, id: &str) -> usize {
        self.world.ledger().iter().filter(|entry| entry.message_id == id && entry.is_taken()).count()
    }

    /// Puts a mail from Anna into a folder of Bert's.
    fn plant(&self, role: crate::Role, id: &str) {
        self.world.plant(BERT, role, Some(ANNA), &mail(ANNA, BERT, id)).unwrap();
    }
}

fn mail(from: &str, to: &str, id: &str) -> Vec<u8> {
    let token = id.trim_matches(['<', '>']);
    format!(
        "From: <{from}>\r\nTo: <{to}>\r\nSubject: Thursday\r\nMessage-ID: {id}\r\nX-Entity-Ref-ID: {token}\r\n\
         Date: Mon, 02 Mar 2026 08:00:00 +0000\r\n\r\nShall we meet?\r\n.hidden dot\r\n"
    )
    .into_bytes()
}

/// All of a stream of answers.
async fn all<T>(stream: impl futures::Stream<Item = async_imap::error::Result<T>>) -> Vec<T> {
    stream.try_collect().await.unwrap()
}

async fn uids(session: &mut Session, query: &str) -> BTreeSet<u32> {
    session.uid_search(query).await.unwrap().into_iter().collect()
}
