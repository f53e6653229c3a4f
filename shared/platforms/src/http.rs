//! The one HTTP door (reliability.md, "Addresses"): tenants name webhook URLs, so every request is treated as theirs.
//!
//! https on port 443 only; the name is resolved once, every address it has is checked, and the connection goes to one of
//! those very addresses, with the name as SNI and in the certificate; redirects are answers, never followed; everything has a
//! deadline and a size. No proxy is used and no connection is kept: a frozen function's sockets are dead ones.
//!
//! [`Http::local`] lifts the rules on scheme, port and address; only the local stack and tests may use it.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use preheat_core::address::refusal;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use crate::Next;
use crate::url::{Place, place};

/// Time for the look-up of a name.
const RESOLVE_MAX: Duration = Duration::from_secs(5);
/// Time for one TCP connection; a name with several addresses has several tries.
const CONNECT_MAX: Duration = Duration::from_secs(4);
/// How many addresses of a name are tried.
const TRIES_MAX: usize = 3;
/// Most bytes of an answer's body.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Most bytes of an answer's head.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Pauses before the second and third try of [`Http::send_patiently`], before jitter.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(1_500)];

/// The door. Cheap to clone.
#[derive(Clone)]
pub struct Http {
    tls: Arc<TlsConnector>,
    local: bool,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Http(local: {})", self.local)
    }
}

/// Why there is no door: the extra roots hold no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the extra root certificates cannot be used: {0}")]
pub struct RootsError(String);

/// A request. Its URL, headers and body may be secret: none of them is ever shown.
pub struct Request<'a> {
    /// Where to, in full.
    pub url: &'a str,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// What is posted; absent: a GET.
    pub body: Option<Vec<u8>>,
    /// Time for all of it.
    pub within: Duration,
}

impl<'a> Request<'a> {
    /// A POST of JSON.
    #[must_use]
    pub fn json(url: &'a str, body: &serde_json::Value, within: Duration) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { url, headers, body: Some(body.to_string().into_bytes()), within }
    }

    /// With one header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// What came back, whatever its status.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Response {
    /// Whether it is a 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How long the server asks us to wait: `Retry-After` in seconds (RFC 9110 §10.2.3; some send fractions). Its other form, a
    /// date, would need a clock and is not used by any API we speak to.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds: f64 = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        // At most a day: a longer wait is a mistake.
        Duration::try_from_secs_f64(seconds.clamp(0.0, 86_400.0)).ok()
    }
}

/// Why there is no answer. Names the host, never the rest of the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Not a URL that may be asked.
    #[error("the URL is refused: {reason}; use https://host/path")]
    Url {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The name leads to an address that nobody may have us connect to.
    #[error("`{host}` leads to {address}, which is {class}: not allowed")]
    Forbidden {
        /// The name.
        host: String,
        /// Where it leads.
        address: String,
        /// What kind of address that is.
        class: &'static str,
    },
    /// The name has no address.
    #[error("`{host}` does not resolve: {reason}")]
    Unresolved {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// No connection, or it broke.
    #[error("`{host}` cannot be reached: {reason}")]
    Unreachable {
        /// The name.
        host: String,
        /// What went wrong.
        reason: String,
    },
    /// It took too long. The request may have arrived.
    #[error("`{host}` did not answer within {seconds} s")]
    TimedOut {
        /// The name.
        host: String,
        /// How long we waited.
        seconds: u64,
    },
    /// The answer is larger than any honest one.
    #[error("the answer of `{host}` is larger than {BODY_BYTES_MAX} bytes")]
    TooLarge {
        /// The name.
        host: String,
    },
}

impl HttpError {
    /// What to do now.
    #[must_use]
    pub fn next(&self) -> Next {
        match self {
            Self::Url { .. } | Self::Forbidden { .. } => Next::Operator,
            Self::TooLarge { .. } => Next::Drop,
            Self::Unresolved { .. } | Self::Unreachable { .. } | Self::TimedOut { .. } => Next::Later(None),
        }
    }
}

impl Http {
    /// The door of the deployed stack: all rules hold.
    ///
    /// # Errors
    /// Never, but for a broken TLS library.
    pub fn public() -> Result<Self, RootsError> {
        Self::new(false, &[])
    }

    /// The door of the local stack: plain http, any port and any address pass. `extra_roots_pem` are trusted besides the
    /// Web PKI's (empty for none).
    ///
    /// # Errors
    /// `extra_roots_pem` holds no usable certificate although it is not empty.
    pub fn local(extra_roots_pem: &[u8]) -> Result<Self, RootsError> {
        Self::new(true, extra_roots_pem)
    }

    fn new(local: bool, extra_roots_pem: &[u8]) -> Result<Self, RootsError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(extra_roots_pem) {
            let certificate = certificate.map_err(|error| RootsError(error.to_string()))?;
            roots.add(certificate).map_err(|error| RootsError(error.to_string()))?;
        }
        if roots.len() == before && !extra_roots_pem.is_empty() {
            return Err(RootsError("no certificate in PEM form is in it".to_owned()));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| RootsError(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: Arc::new(TlsConnector::from(Arc::new(config))), local })
    }

    /// Whether a URL may be asked at all, as far as it can be said without looking its host up.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn check(&self, url: &str) -> Result<(), HttpError> {
        let place = place(url, self.local)?;
        match place.host.parse::<IpAddr>().ok().and_then(refusal) {
            Some(class) if !self.local => {
                Err(HttpError::Forbidden { address: place.host.clone(), host: place.host, class })
            }
            _ => Ok(()),
        }
    }

    /// Asks once.
    ///
    /// # Errors
    /// There is no answer. Any status is an answer.
    pub async fn send(&self, request: &Request<'_>) -> Result<Response, HttpError> {
        let place = place(request.url, self.local)?;
        let end = Instant::now() + request.within;
        let late = || HttpError::TimedOut { host: place.host.clone(), seconds: request.within.as_secs() };
        timeout_at(end, self.exchange(&place, request)).await.unwrap_or_else(|_| Err(late()))
    }

    /// Asks up to three times, with a pause in between, while the host cannot be reached or answers 500, 502 or 503
    /// (platforms.md). Only for requests that may be repeated. A time-out is not repeated here: its time is gone.
    ///
    /// # Errors
    /// As [`Http::send`].
    pub async fn send_patiently(&self, request: &Request<'_>) -> Result<Response, HttpError> {
        for (attempt, pause) in (1..).zip(PAUSES) {
            match self.send(request).await {
                Ok(response) if !matches!(response.status, 500 | 502 | 503) || response.retry_after().is_some() => {
                    return Ok(response);
                }
                Err(error) if !matches!(error, HttpError::Unreachable { .. } | HttpError::Unresolved { .. }) => {
                    return Err(error);
                }
                Ok(_) | Err(_) => tokio::time::sleep(jittered(pause, request.url, attempt)).await,
            }
        }
        self.send(request).await
    }

    async fn exchange(&self, place: &Place, request: &Request<'_>) -> Result<Response, HttpError> {
        let addresses = self.resolve(place).await?;
        let stream = connect(place, &addresses).await?;
        if !place.tls {
            return speak(stream, place, request).await;
        }
        let unreachable = |reason: String| HttpError::Unreachable { host: place.host.clone(), reason };
        let name = ServerName::try_from(place.host.clone())
            .map_err(|_| HttpError::Url { reason: "its host is neither a name nor an address" })?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| unreachable(format!("TLS: {error}")))?;
        speak(stream, place, request).await
    }

    /// The addresses a name leads to that may be connected to.
    async fn resolve(&self, place: &Place) -> Result<Vec<IpAddr>, HttpError> {
        let host = &place.host;
        let unresolved = |reason: String| HttpError::Unresolved { host: host.clone(), reason };
        let found: Vec<IpAddr> = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => match timeout(RESOLVE_MAX, tokio::net::lookup_host((host.as_str(), place.port))).await {
                Err(_) => return Err(unresolved("no answer in time".to_owned())),
                Ok(Err(error)) => return Err(unresolved(error.to_string())),
                Ok(Ok(addresses)) => addresses.map(|address| address.ip()).collect(),
            },
        };
        let Some(&first) = found.first() else { return Err(unresolved("it has no address".to_owned())) };
        if self.local {
            return Ok(found);
        }
        let mut allowed: Vec<IpAddr> = found.into_iter().filter(|&address| refusal(address).is_none()).collect();
        // Functions may have no IPv6, and a name with many such addresses would use up all the tries.
        allowed.sort_by_key(IpAddr::is_ipv6);
        if allowed.is_empty() {
            let class = refusal(first).unwrap_or("special");
            return Err(HttpError::Forbidden { host: host.clone(), address: first.to_string(), class });
        }
        Ok(allowed)
    }
}

async fn connect(place: &Place, addresses: &[IpAddr]) -> Result<TcpStream, HttpError> {
    let mut reason = String::new();
    for &address in addresses.iter().take(TRIES_MAX) {
        match timeout(CONNECT_MAX, TcpStream::connect(SocketAddr::new(address, place.port))).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => reason = error.to_string(),
            Err(_) => reason = io::ErrorKind::TimedOut.to_string(),
        }
    }
    Err(HttpError::Unreachable { host: place.host.clone(), reason })
}

/// One request and its answer on a connection of their own. Dropping the future drops the connection.
async fn speak<S>(stream: S, place: &Place, request: &Request<'_>) -> Result<Response, HttpError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let broken = |error: hyper::Error| HttpError::Unreachable { host: place.host.clone(), reason: error.to_string() };
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(HEAD_BYTES_MAX).handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let message = message(place, request)?;
    let mut work = pin!(async {
        let response = sender.send_request(message).await.map_err(broken)?;
        let (head, body) = response.into_parts();
        let body = read(body, place).await?;
        Ok(Response { status: head.status.as_u16(), headers: head.headers, body })
    });
    let mut connection = pin!(connection);
    let mut open = true;
    // Both on this task: nothing is left behind when it is dropped.
    poll_fn(|context| {
        if open && connection.as_mut().poll(context).is_ready() {
            open = false;
        }
        work.as_mut().poll(context)
    })
    .await
}

fn message(place: &Place, request: &Request<'_>) -> Result<http::Request<Full<Bytes>>, HttpError> {
    let wrong = |reason| HttpError::Url { reason };
    let usual = if place.tls { 443 } else { 80 };
    let bracketed = if place.host.contains(':') { format!("[{}]", place.host) } else { place.host.clone() };
    let host = if place.port == usual { bracketed } else { format!("{bracketed}:{}", place.port) };
    let method = if request.body.is_some() { http::Method::POST } else { http::Method::GET };
    let mut message = http::Request::builder()
        .method(method)
        .uri(&place.path)
        .header(HOST, host)
        .header(USER_AGENT, concat!("preheat/", env!("CARGO_PKG_VERSION")));
    for (name, value) in &request.headers {
        let mut value = HeaderValue::from_str(value).map_err(|_| wrong("a header holds a control character"))?;
        value.set_sensitive(*name != CONTENT_TYPE.as_str());
        message = message.header(HeaderName::from_static(name), value);
    }
    let body = Full::new(Bytes::from(request.body.clone().unwrap_or_default()));
    message.body(body).map_err(|_| wrong("its path is none"))
}

async fn read(mut body: Incoming, place: &Place) -> Result<Vec<u8>, HttpError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let broken =
            |error: hyper::Error| HttpError::Unreachable { host: place.host.clone(), reason: error.to_string() };
        if let Ok(data) = frame.map_err(broken)?.into_data() {
            if bytes.len() + data.len() > BODY_BYTES_MAX {
                return Err(HttpError::TooLarge { host: place.host.clone() });
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// Between a half and the whole of the pause, by what is asked and how often: many who fail at once do not return at once.
fn jittered(pause: Duration, url: &str, attempt: u32) -> Duration {
    // FNV-1a spreads, it guards nothing.
    let bytes = url.bytes().chain(attempt.to_le_bytes());
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    pause / 2 + pause.mul_f64(f64::from((hash >> 48) as u16) / 131_072.0)
}
