//! A URL, taken apart and checked before anything is looked up.

use http::Uri;

use crate::http::HttpError;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) path: String,
}

/// Longest URL, in bytes.
const URL_BYTES_MAX: usize = 2_048;

/// Takes a URL apart. `local` lifts the rules on scheme and port.
pub(crate) fn place(url: &str, local: bool) -> Result<Place, HttpError> {
    let wrong = |reason: &'static str| HttpError::Url { reason };
    if url.len() > URL_BYTES_MAX {
        return Err(wrong("it is longer than 2,048 bytes"));
    }
    let uri: Uri = url.parse().map_err(|_| wrong("it is no URL"))?;
    let tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") if local => false,
        _ => return Err(wrong("it does not begin with https://")),
    };
    let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
    if authority.as_str().contains('@') {
        return Err(wrong("it holds a user name"));
    }
    let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
    if authority.port().is_some() && authority.port_u16().is_none() {
        return Err(wrong("its port is none"));
    }
    if port != 443 && !local {
        return Err(wrong("its port is not 443"));
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() {
        return Err(wrong("it names no host"));
    }
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
    Ok(Place { host, port, tls, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_on_443_without_a_user_passes() {
        let good = place("https://hooks.example.com/a/b?c=d", false).unwrap();
        assert_eq!((good.host.as_str(), good.port, good.tls), ("hooks.example.com", 443, true));
        assert_eq!(good.path, "/a/b?c=d");
        assert_eq!(place("https://hooks.example.com:443", false).unwrap().path, "/");
        assert_eq!(place("https://[2001:4860:4860::8888]/x", false).unwrap().host, "2001:4860:4860::8888");
        for bad in [
            "http://hooks.example.com/",
            "ftp://hooks.example.com/",
            "//hooks.example.com/",
            "/path",
            "hooks.example.com",
            "https://hooks.example.com:8443/",
            "https://user:pass@hooks.example.com/",
            "https://hooks.example.com@127.0.0.1/",
            "https://",
            "https://exa mple.com/",
            "https://hooks.example.com/\r\nX: y",
            "",
        ] {
            assert!(matches!(place(bad, false), Err(HttpError::Url { .. })), "{bad}");
        }
    }

    #[test]
    fn the_local_stack_may_use_any_port_in_clear() {
        let local = place("http://127.0.0.1:8080/x", true).unwrap();
        assert_eq!((local.port, local.tls), (8080, false));
    }
}
