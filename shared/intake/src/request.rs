//! What came in: method, headers, raw bytes.

/// The headers of a request. Names are looked up whatever their case: HTTP API v2 and function URLs lower them, REST v1
/// leaves them as sent.
#[derive(Debug, Clone, Default)]
pub struct Headers<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Headers<'a> {
    /// The value of the first header of this name, trimmed.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// A request as it came in. The body is the raw bytes: decoded from base64 where the transport says so, never parsed and
/// written again, as signatures cover the exact bytes.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// `POST`, `HEAD`, …
    pub method: &'a str,
    /// Its headers.
    pub headers: Headers<'a>,
    /// Its raw body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// A POST.
    #[must_use]
    pub fn post(headers: Headers<'a>, body: &'a [u8]) -> Self {
        Self { method: "POST", headers, body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_found_whatever_its_case() {
        let headers: Headers<'_> = [("Svix-Id", " msg_1 "), ("svix-id", "msg_2")].into_iter().collect();
        assert_eq!(headers.get("SVIX-ID"), Some("msg_1"));
        assert_eq!(headers.get("webhook-id"), None);
    }
}
