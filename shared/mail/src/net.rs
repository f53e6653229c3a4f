//! [`NetDial`]: real connections. TCP and TLS (rustls with aws-lc), behind the address rules.
//!
//! The name is resolved once, every address it has is checked, and the connection goes to that very address: a name
//! that changes between check and use gains nothing. TLS 1.2 at least; the certificate is verified for the name.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use preheat_core::address::refusal;
use preheat_core::endpoint::{Endpoint, Security};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use crate::dial::{Dial, DialError, DialStage, DialStep, Stream};

/// The only ports a mailbox may name: submission and IMAP, implicit TLS and STARTTLS.
pub const MAIL_PORTS: [u16; 4] = [465, 587, 993, 143];

/// Time for the look-up of a name.
const RESOLVE_MAX: Duration = Duration::from_secs(5);
/// Time for one TCP connection; a name with several addresses has several tries.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How many addresses of a name are tried.
const TRIES_MAX: usize = 3;
/// Time for a TLS handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// Why no [`NetDial`] could be made.
#[derive(Debug, thiserror::Error)]
#[error("the extra root certificates cannot be used: {0}")]
pub struct RootsError(String);

/// Connections over the real network.
pub struct NetDial {
    tls: TlsConnector,
    allow_local: bool,
}

impl NetDial {
    /// A door to the network. Roots are the Web PKI's, plus the PEM certificates in `extra_roots_pem` (empty for
    /// none) for private authorities. `allow_local` lifts the rules on addresses and ports: only the local stack may.
    ///
    /// # Errors
    /// `extra_roots_pem` holds no usable certificate although it is not empty.
    pub fn new(allow_local: bool, extra_roots_pem: &[u8]) -> Result<Self, RootsError> {
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
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), allow_local })
    }

    /// The addresses a name leads to that may be connected to, in the resolver's order.
    async fn resolve(&self, endpoint: &Endpoint) -> Result<Vec<IpAddr>, DialError> {
        let host = &endpoint.host;
        if !self.allow_local && !MAIL_PORTS.contains(&endpoint.port) {
            return Err(DialError::Port { port: endpoint.port });
        }
        server_name(host)?;
        let unresolved = |reason: String| DialError::Unresolved { host: host.clone(), reason };
        let found: Vec<IpAddr> =
            match timeout(RESOLVE_MAX, tokio::net::lookup_host((host.as_str(), endpoint.port))).await {
                Err(_) => return Err(DialError::TimedOut { host: host.clone(), stage: DialStage::Dns }),
                Ok(Err(error)) => return Err(unresolved(error.to_string())),
                Ok(Ok(addresses)) => addresses.map(|address| address.ip()).collect(),
            };
        let Some(&first) = found.first() else { return Err(unresolved("it has no address".to_owned())) };
        if self.allow_local {
            return Ok(found);
        }
        let mut allowed: Vec<IpAddr> = found.into_iter().filter(|&address| refusal(address).is_none()).collect();
        // Many functions have no IPv6, and a name with four IPv6 addresses would use up all the tries.
        allowed.sort_by_key(IpAddr::is_ipv6);
        if allowed.is_empty() {
            let class = refusal(first).unwrap_or("special");
            return Err(DialError::Forbidden { host: host.clone(), address: first.to_string(), class });
        }
        Ok(allowed)
    }

    async fn connect(&self, endpoint: &Endpoint, addresses: &[IpAddr]) -> Result<(TcpStream, IpAddr), DialError> {
        let host = &endpoint.host;
        let mut last = DialError::TimedOut { host: host.clone(), stage: DialStage::Tcp };
        for &address in addresses.iter().take(TRIES_MAX) {
            match timeout(CONNECT_MAX, TcpStream::connect(SocketAddr::new(address, endpoint.port))).await {
                Ok(Ok(stream)) => {
                    // Commands are small and each waits for its answer: coalescing would only delay them.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "TCP_NODELAY is not available");
                    }
                    return Ok((stream, address));
                }
                Ok(Err(error)) => last = DialError::Refused { host: host.clone(), reason: error.to_string() },
                Err(_) => last = DialError::TimedOut { host: host.clone(), stage: DialStage::Tcp },
            }
        }
        Err(last)
    }

    async fn handshake<S: Stream + 'static>(&self, stream: S, host: &str) -> Result<Box<dyn Stream>, DialError> {
        let name = server_name(host)?;
        match timeout(HANDSHAKE_MAX, self.tls.connect(name, stream)).await {
            Err(_) => Err(DialError::TimedOut { host: host.to_owned(), stage: DialStage::Tls }),
            Ok(Err(error)) => Err(tls_error(host, &error)),
            Ok(Ok(stream)) => Ok(Box::new(stream)),
        }
    }

    async fn open(&self, endpoint: &Endpoint, steps: &mut Vec<DialStep>) -> Result<Box<dyn Stream>, DialError> {
        let start = Instant::now();
        let addresses = self.resolve(endpoint).await?;
        let listed: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
        steps.push(DialStep { stage: DialStage::Dns, elapsed: start.elapsed(), detail: listed.join(", ") });

        let start = Instant::now();
        let (stream, address) = self.connect(endpoint, &addresses).await?;
        let detail = format!("connected to {}", SocketAddr::new(address, endpoint.port));
        steps.push(DialStep { stage: DialStage::Tcp, elapsed: start.elapsed(), detail });

        match endpoint.security {
            Security::StartTls => Ok(Box::new(stream)),
            Security::Implicit => {
                let start = Instant::now();
                let stream = self.handshake(stream, &endpoint.host).await?;
                let detail = format!("the certificate is valid for {}", endpoint.host);
                steps.push(DialStep { stage: DialStage::Tls, elapsed: start.elapsed(), detail });
                Ok(stream)
            }
        }
    }
}

impl Dial for NetDial {
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<Box<dyn Stream>, DialError>> {
        Box::pin(async move { self.open(endpoint, &mut Vec::new()).await })
    }

    fn upgrade<'a>(
        &'a self,
        stream: Box<dyn Stream>,
        host: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Stream>, DialError>> {
        Box::pin(self.handshake(stream, host))
    }

    fn probe<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        steps: &'a mut Vec<DialStep>,
    ) -> BoxFuture<'a, Result<Box<dyn Stream>, DialError>> {
        Box::pin(self.open(endpoint, steps))
    }
}

fn server_name(host: &str) -> Result<ServerName<'static>, DialError> {
    ServerName::try_from(host.to_owned()).map_err(|_| DialError::Name { host: host.to_owned() })
}

/// Tells a refused certificate from other TLS trouble, in words that an operator can act on.
fn tls_error(host: &str, error: &io::Error) -> DialError {
    use rustls::CertificateError as Bad;
    let host = host.to_owned();
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(bad)) = inner else {
        let reason = if error.kind() == io::ErrorKind::UnexpectedEof {
            "the server closed the connection during the handshake".to_owned()
        } else {
            inner.map_or_else(|| error.to_string(), ToString::to_string)
        };
        return DialError::Tls { host, reason };
    };
    let reason = match bad {
        Bad::Expired | Bad::ExpiredContext { .. } => "it has expired".to_owned(),
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => "it is not valid yet".to_owned(),
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => "it is for another name".to_owned(),
        Bad::UnknownIssuer => "its issuer is not known (self-signed, or a private authority)".to_owned(),
        other => other.to_string(),
    };
    DialError::Certificate { host, reason }
}
