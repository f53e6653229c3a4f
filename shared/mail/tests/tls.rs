//! Real sockets and real TLS on loopback: what a certificate must be before a word is said, and which addresses are never
//! connected to.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may: its helpers are part of it")]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use preheat_mail::check::{CheckStage, Side, check};
use preheat_mail::dial::DialStage;
use preheat_mail::imap::{ImapError, Visit};
use preheat_mail::smtp::{SendError, Stage, send};
use preheat_mail::{Account, Auth, Deadlines, Dial, DialError, Endpoint, NetDial, Next, Security};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use support::{Log, line, say};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A private authority and what it can issue.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Good,
    Expired,
    NotYet,
    OtherName,
    SelfSigned,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "An authority");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    fn dial(&self) -> NetDial {
        NetDial::new(true, self.issuer.pem().as_bytes()).unwrap()
    }

    fn acceptor(&self, kind: Kind) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let name = if kind == Kind::OtherName { "mail.example.net" } else { "localhost" };
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = match kind {
            Kind::Expired => (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1)),
            Kind::NotYet => (date_time_ymd(2090, 1, 1), date_time_ymd(2091, 1, 1)),
            _ => (date_time_ymd(2020, 1, 1), date_time_ymd(2090, 1, 1)),
        };
        let certificate = match kind {
            Kind::SelfSigned => params.self_signed(&key).unwrap(),
            _ => params.signed_by(&key, &self.issuer).unwrap(),
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A server on loopback; `starttls` is what it says before TLS, line by line, and an empty one is implicit TLS.
async fn serve(acceptor: TlsAcceptor, clear: Vec<&'static str>, protocol: &'static str, log: Log) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let (acceptor, clear, log) = (acceptor.clone(), clear.clone(), log.clone());
            tokio::spawn(async move {
                for (k, answer) in clear.into_iter().enumerate() {
                    if k > 0 {
                        let Some(said) = line(&mut tcp).await else { return };
                        log.push(format!("clear: {said}"));
                    }
                    say(&mut tcp, answer).await;
                }
                let Ok(mut tls) = acceptor.accept(tcp).await else { return };
                speak(&mut tls, protocol, &log).await;
            });
        }
    });
    address
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, protocol: &str, log: &Log) {
    if protocol == "SMTP" {
        say(stream, "220 hi\r\n").await;
    } else if protocol == "IMAP" {
        say(stream, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n").await;
    }
    let mut in_message = false;
    while let Some(said) = line(stream).await {
        log.push(said.clone());
        let tag = said.split(' ').next().unwrap_or_default();
        let answer = match tag {
            "." => "250 queued\r\n".to_owned(),
            _ if in_message => continue,
            "EHLO" => "250-x\r\n250 AUTH PLAIN\r\n".to_owned(),
            "DATA" => "354 go\r\n".to_owned(),
            "AUTH" => "235 ok\r\n".to_owned(),
            "MAIL" | "RCPT" | "QUIT" => "250 ok\r\n".to_owned(),
            _ if said.ends_with("CAPABILITY") => format!("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK\r\n"),
            _ if said.contains("LIST") => {
                format!("* LIST () \"/\" INBOX\r\n* LIST (\\Junk) \"/\" Junk\r\n{tag} OK\r\n")
            }
            _ => format!("{tag} OK [CAPABILITY IMAP4rev1 MOVE] done\r\n"),
        };
        in_message = tag == "DATA";
        say(stream, &answer).await;
    }
}

const SMTP_CLEAR: [&str; 3] = ["220 hi\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n"];
const IMAP_CLEAR: [&str; 2] = ["* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n", "P1 OK go\r\n"];

fn endpoint(address: SocketAddr, security: Security) -> Endpoint {
    Endpoint { host: "localhost".to_owned(), port: address.port(), security }
}

fn account(endpoint: &Endpoint) -> Account<'_> {
    Account { endpoint, user: "anna@example.com", credential: Auth::Password("pw-that-is-secret") }
}

async fn try_smtp(dial: &NetDial, endpoint: &Endpoint) -> Result<(), SendError> {
    let (from, to) = ("anna@example.com".parse().unwrap(), "bob@example.org".parse().unwrap());
    send(dial, &account(endpoint), &from, &to, b"Subject: x\r\n\r\nhi\r\n", &Deadlines::SMTP).await.map(|_| ())
}

#[tokio::test]
async fn a_good_certificate_carries_both_protocols_both_ways() {
    let authority = Authority::new();
    let dial = authority.dial();
    for (security, smtp, imap) in
        [(Security::Implicit, vec![], vec![]), (Security::StartTls, SMTP_CLEAR.to_vec(), IMAP_CLEAR.to_vec())]
    {
        let log = Log::default();
        // After STARTTLS a server does not greet again; the client speaks first.
        let greets = security == Security::Implicit;
        let protocol = |name| if greets { name } else { "" };
        let at = serve(authority.acceptor(Kind::Good), smtp, protocol("SMTP"), log.clone()).await;
        try_smtp(&dial, &endpoint(at, security)).await.unwrap();
        assert!(log.saw("RCPT TO:<bob@example.org>"));
        let at = serve(authority.acceptor(Kind::Good), imap, protocol("IMAP"), log.clone()).await;
        let endpoint = endpoint(at, security);
        let mut visit = Visit::open(&dial, &account(&endpoint), &Deadlines::IMAP).await.unwrap();
        assert!(visit.capabilities().has("MOVE"));
        assert_eq!(visit.folders().await.unwrap().junk.unwrap().raw, "Junk");
        assert!(!log.saw("clear: AUTH") && !log.saw("clear: P2"), "{:?}", log.lines());
    }
}

#[tokio::test]
async fn a_bad_certificate_is_refused_before_anything_secret_is_said() {
    let authority = Authority::new();
    let dial = authority.dial();
    for (kind, words) in [
        (Kind::Expired, "expired"),
        (Kind::NotYet, "not valid yet"),
        (Kind::OtherName, "another name"),
        (Kind::SelfSigned, "issuer"),
    ] {
        for (security, smtp, imap) in
            [(Security::Implicit, vec![], vec![]), (Security::StartTls, SMTP_CLEAR.to_vec(), IMAP_CLEAR.to_vec())]
        {
            let log = Log::default();
            let at = serve(authority.acceptor(kind), smtp, "SMTP", log.clone()).await;
            let error = try_smtp(&dial, &endpoint(at, security)).await.unwrap_err();
            let SendError::Unreachable { stage, reason, next } = &error else { panic!("{kind:?}: {error:?}") };
            assert!(reason.contains(words), "{kind:?}: {reason}");
            assert_eq!(*next, Next::Replan);
            assert_eq!(*stage, if security == Security::Implicit { Stage::Connect } else { Stage::StartTls });

            let at = serve(authority.acceptor(kind), imap, "IMAP", log.clone()).await;
            let endpoint = endpoint(at, security);
            let error = Visit::open(&dial, &account(&endpoint), &Deadlines::IMAP).await.unwrap_err();
            assert!(matches!(error, ImapError::Unreachable { .. }), "{error:?}");
            assert!(error.to_string().contains(words), "{error}");
            assert!(!log.saw("AUTH"), "{kind:?}: {:?}", log.lines());
            assert!(log.lines().iter().all(|said| said.starts_with("clear: ")), "{:?}", log.lines());
        }
    }
    // Without the private root even the good one is a stranger's.
    let log = Log::default();
    let at = serve(authority.acceptor(Kind::Good), vec![], "SMTP", log.clone()).await;
    let error = try_smtp(&NetDial::new(true, b"").unwrap(), &endpoint(at, Security::Implicit)).await.unwrap_err();
    assert!(error.to_string().contains("issuer"), "{error}");
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_named_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            say(&mut tcp, "220 plain SMTP here\r\n").await;
        }
    });
    let error = Authority::new().dial().dial(&endpoint(at, Security::Implicit)).await.unwrap_err();
    assert!(matches!(error, DialError::Tls { .. }), "{error:?}");
    assert_eq!(error.stage(), DialStage::Tls);
}

#[tokio::test]
async fn only_public_addresses_and_mail_ports_are_connected_to() {
    let dial = NetDial::new(false, b"").unwrap();
    let try_dial = async |host: &str, port: u16| {
        dial.dial(&Endpoint { host: host.to_owned(), port, security: Security::Implicit }).await.unwrap_err()
    };
    for host in ["localhost", "127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "::1", "::ffff:127.0.0.1"] {
        let error = try_dial(host, 993).await;
        assert!(matches!(error, DialError::Forbidden { .. }), "{host}: {error:?}");
        assert_eq!(error.next(), Next::Pause);
    }
    for port in [0, 22, 25, 80, 443, 994, 6379] {
        assert_eq!(try_dial("mail.example.com", port).await, DialError::Port { port });
    }
    for host in ["", "a b", "mail.example.com\r\n", "http://x", "[::1]"] {
        let error = try_dial(host, 993).await;
        assert!(matches!(error, DialError::Name { .. }), "{host:?}: {error:?}");
    }
}

#[tokio::test]
async fn extra_roots_must_be_certificates() {
    assert!(NetDial::new(true, b"not a certificate").is_err());
    assert!(NetDial::new(true, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").is_err());
    assert!(NetDial::new(false, b"").is_ok());
}

#[tokio::test]
async fn the_diagnosis_names_each_stage_and_what_to_do() {
    let authority = Authority::new();
    let dial = authority.dial();
    let log = Log::default();
    let smtp_at = serve(authority.acceptor(Kind::Good), vec![], "SMTP", log.clone()).await;
    let imap_at = serve(authority.acceptor(Kind::Good), vec![], "IMAP", log.clone()).await;
    let (smtp, imap) = (endpoint(smtp_at, Security::Implicit), endpoint(imap_at, Security::Implicit));
    let diagnosis = check(&dial, &account(&smtp), &account(&imap), "example.com").await;
    assert!(diagnosis.passed(), "{diagnosis:?}");
    use CheckStage::{Auth as Login, Capabilities, Dns, Folders, Tcp, Tls};
    let stages: Vec<_> = diagnosis.steps.iter().map(|step| (step.side, step.stage)).collect();
    let both = |side, stages: &[CheckStage]| stages.iter().map(|&stage| (side, stage)).collect::<Vec<_>>();
    let expected = [
        both(Side::Smtp, &[Dns, Tcp, Tls, Login, Capabilities]),
        both(Side::Imap, &[Dns, Tcp, Tls, Login, Capabilities, Folders]),
    ];
    assert_eq!(stages, expected.concat());
    assert!(!log.saw("MAIL FROM") && !log.saw("CREATE"), "a diagnosis changes nothing");

    // A bad certificate on one side, nobody listening on the other.
    let smtp_at = serve(authority.acceptor(Kind::Expired), vec![], "SMTP", log.clone()).await;
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let (smtp, imap) = (endpoint(smtp_at, Security::Implicit), endpoint(nobody, Security::Implicit));
    let diagnosis = check(&dial, &account(&smtp), &account(&imap), "example.com").await;
    let failed: Vec<_> = diagnosis.steps.iter().filter(|step| !step.ok).collect();
    assert_eq!(failed.iter().map(|s| (s.side, s.stage)).collect::<Vec<_>>(), [(Side::Smtp, Tls), (Side::Imap, Tcp)]);
    assert!(failed[0].advice.as_deref().unwrap().contains("renew"), "{failed:?}");
    assert!(failed[1].advice.as_deref().unwrap().contains("firewall"), "{failed:?}");
    assert!(!format!("{diagnosis:?}").contains("secret"));
}
