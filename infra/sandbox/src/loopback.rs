//! A provider on TCP loopback behind TLS, for people who want to look at a world with a mail program of their own.
//!
//! Nothing deterministic runs over this: TLS takes its randomness, and the clock its time, from the system.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::fault::Steps;
use crate::provider::Protocol;
use crate::world::{ProviderId, World};

/// A provider that listens on loopback. It stops when this is dropped; open connections end by themselves.
#[derive(Debug)]
pub struct Loopback {
    /// Where submission listens: TLS from the first byte.
    pub smtp: SocketAddr,
    /// Where IMAP listens: TLS from the first byte.
    pub imap: SocketAddr,
    /// The certificate to trust, as PEM: valid for `localhost`, `127.0.0.1` and the provider's host names.
    pub certificate_pem: String,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Loopback {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl World {
    /// Serves a provider on two free ports of 127.0.0.1, with a certificate made for the occasion.
    ///
    /// # Errors
    /// A port cannot be opened, or no certificate can be made.
    pub async fn listen(&self, provider: ProviderId) -> io::Result<Loopback> {
        let (smtp_host, imap_host) = self.hosts(provider);
        let names = vec![smtp_host, imap_host, "localhost".to_owned(), "127.0.0.1".to_owned()];
        let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key))
            .map_err(io::Error::other)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (smtp, smtp_task) = self.accept(provider, Protocol::Smtp, acceptor.clone()).await?;
        let (imap, imap_task) = self.accept(provider, Protocol::Imap, acceptor).await?;
        Ok(Loopback { smtp, imap, certificate_pem: cert.pem(), tasks: vec![smtp_task, imap_task] })
    }

    async fn accept(
        &self,
        provider: ProviderId,
        protocol: Protocol,
        acceptor: TlsAcceptor,
    ) -> io::Result<(SocketAddr, JoinHandle<()>)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let world = self.clone();
        let task = tokio::spawn(async move {
            // One client that fails to connect is no reason to stop listening to the others.
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let (world, acceptor) = (world.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor.accept(stream).await {
                        Ok(stream) => world.serve(provider, protocol, Box::new(stream), Steps::default()).await,
                        Err(error) => tracing::debug!(%error, "no TLS with a client"),
                    }
                });
            }
        });
        Ok((address, task))
    }
}
