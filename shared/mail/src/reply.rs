//! What a server said, made fit to be stored, logged and shown: one line, bounded, no control characters, no secret,
//! no address.

/// No secret to hide: nothing was said that is one.
pub(crate) const NONE: &[&str] = &[];

/// Longest text kept of a server's answer, in characters.
const TEXT_MAX: usize = 240;

/// Cleans a server's words. Every occurrence of one of `secrets` becomes `***`, and so does the local part of every
/// address.
#[must_use]
pub fn clean<S: AsRef<str>>(text: &str, secrets: &[S]) -> String {
    let mut text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    for secret in secrets.iter().map(AsRef::as_ref).filter(|secret| secret.len() >= 4) {
        text = text.replace(secret, "***");
    }
    let words: Vec<String> = text.split_whitespace().map(mask_address).collect();
    words.join(" ").chars().take(TEXT_MAX).collect()
}

/// `<bob@example.com>:` becomes `<***@example.com>:`.
fn mask_address(word: &str) -> String {
    let Some((local, domain)) = word.rsplit_once('@') else { return word.to_owned() };
    let opening: String = local.chars().take_while(|c| "<(\"'[".contains(*c)).collect();
    format!("{opening}***@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_one_bounded_line_without_secrets_or_addresses() {
        let said = "5.1.1 <bob@example.com>:\r\nuser\tunknown; you sent hunter22 \u{7}";
        assert_eq!(clean(said, &["hunter22"]), "5.1.1 <***@example.com>: user unknown; you sent ***");
        assert_eq!(clean(&"x".repeat(1000), NONE).len(), TEXT_MAX);
        assert_eq!(clean("BAD LOGIN \"anna\" \"hunter22\"", &["hunter22".to_owned()]), "BAD LOGIN \"anna\" \"***\"");
        // An empty or tiny secret would erase the text.
        assert_eq!(clean("all of it", &["", "a"]), "all of it");
    }
}
