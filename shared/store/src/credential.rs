//! Credentials in clear and sealed. In clear they show nothing of themselves and are wiped when dropped.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A secret text. `Debug` shows nothing of it; its memory is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text over as a secret.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the one call that hands it to a server. Not for logs, errors or messages.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How a mailbox logs in, in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A password or app password: PLAIN or LOGIN.
    Password(Secret),
    /// An OAuth 2 access token: XOAUTH2.
    OAuth2 {
        /// The bearer token.
        access_token: Secret,
    },
}

impl Credential {
    /// The plaintext that is sealed: one byte of kind, then the secret.
    pub(crate) fn to_plaintext(&self) -> Zeroizing<Vec<u8>> {
        let (kind, secret) = match self {
            Self::Password(password) => (b'P', password),
            Self::OAuth2 { access_token } => (b'O', access_token),
        };
        // Reserved at once: growing would leave copies of the secret behind.
        let mut plaintext = Zeroizing::new(Vec::with_capacity(1 + secret.expose().len()));
        plaintext.push(kind);
        plaintext.extend_from_slice(secret.expose().as_bytes());
        plaintext
    }

    /// The credential of a [`Credential::to_plaintext`]; `None`: it is none.
    pub(crate) fn from_plaintext(plaintext: &[u8]) -> Option<Self> {
        let (&kind, secret) = plaintext.split_first()?;
        let secret = Secret::new(std::str::from_utf8(secret).ok()?.to_owned());
        match kind {
            b'P' => Some(Self::Password(secret)),
            b'O' => Some(Self::OAuth2 { access_token: secret }),
            _ => None,
        }
    }
}

/// A credential, encrypted: it opens only for the tenant, mailbox and version that it was sealed for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Which credential of the mailbox this is, from 1; grows with every change.
    pub version: u32,
    /// Nonce, ciphertext and tag, in base64.
    pub text: String,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed(version {})", self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown() {
        let credential = Credential::OAuth2 { access_token: Secret::new("hunter2".to_owned()) };
        let sealed = Sealed { version: 3, text: "aHVudGVyMg".to_owned() };
        let shown = format!("{credential:?} {sealed:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVyMg"), "{shown}");
    }

    #[test]
    fn plaintext_reads_back_and_rejects_what_it_is_not() {
        for credential in [
            Credential::Password(Secret::new("pässwort".to_owned())),
            Credential::OAuth2 { access_token: Secret::new(String::new()) },
        ] {
            assert_eq!(Credential::from_plaintext(&credential.to_plaintext()), Some(credential));
        }
        assert_eq!(Credential::from_plaintext(b""), None);
        assert_eq!(Credential::from_plaintext(b"Xsecret"), None);
        assert_eq!(Credential::from_plaintext(b"P\xff"), None);
    }
}
