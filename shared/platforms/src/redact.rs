//! What servers say, made fit for logs and errors.

/// Most characters kept.
const CHARS_MAX: usize = 300;

/// One line of what a server said, without the secrets.
pub(crate) fn clean(said: &[u8], secrets: &[&str]) -> String {
    let mut text = String::from_utf8_lossy(said).into_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "<secret>");
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARS_MAX).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn secrets_and_line_breaks_go() {
        assert_eq!(clean(b"bad key\r\nsk-1 \xff", &["sk-1", ""]), "bad key  <secret> \u{fffd}");
        assert_eq!(clean(&[b'x'; 1_000], &[]).len(), 300);
    }
}
