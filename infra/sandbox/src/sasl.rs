//! SASL as both servers speak it: PLAIN, LOGIN, XOAUTH2. Decodes what a client sent; decides nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::account::Account;

/// What a client claims to be.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) user: String,
    /// Password or token.
    pub(crate) secret: String,
}

/// Decodes base64 text, `=` being the empty answer (RFC 4954).
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if text == b"=" { Some(Vec::new()) } else { STANDARD.decode(text).ok() }
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// PLAIN (RFC 4616): authorisation NUL user NUL password. Acting for somebody else is refused.
pub(crate) fn plain(bytes: &[u8]) -> Option<Claim> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut parts = text.split('\0');
    let (Some(acting_for), Some(user), Some(secret), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let same = acting_for.is_empty() || acting_for == user;
    same.then(|| Claim { user: user.to_owned(), secret: secret.to_owned() })
}

/// XOAUTH2: `user=…^Aauth=Bearer …^A^A`.
pub(crate) fn xoauth2(bytes: &[u8]) -> Option<Claim> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix("\u{1}\u{1}")?;
    let (user, auth) = text.split_once('\u{1}')?;
    let user = user.strip_prefix("user=")?;
    let secret = auth.strip_prefix("auth=Bearer ")?;
    Some(Claim { user: user.to_owned(), secret: secret.to_owned() })
}

/// What a provider says to a bad token before it refuses (Google's form).
pub(crate) const BAD_TOKEN: &str = r#"{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}"#;

impl Account {
    /// Whether the claim opens this account now.
    pub(crate) fn admits(&self, claim: &Claim, provider: usize) -> bool {
        self.provider == provider && !self.refused && !self.disabled && self.password == claim.secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read() {
        let claim = plain(b"\0a@b\0secret").unwrap();
        assert_eq!((claim.user.as_str(), claim.secret.as_str()), ("a@b", "secret"));
        assert!(plain(b"other\0a@b\0secret").is_none());
        assert!(plain(b"a@b\0secret").is_none());
        let claim = xoauth2(b"user=a@b\x01auth=Bearer tok\x01\x01").unwrap();
        assert_eq!((claim.user.as_str(), claim.secret.as_str()), ("a@b", "tok"));
        assert!(xoauth2(b"user=a@b\x01auth=Bearer tok\x01").is_none());
    }
}
