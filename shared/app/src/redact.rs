//! What servers say may name people. Before it is logged or kept, addresses are taken out of it.

/// The text with every `local@domain` replaced by `<address>`, and at most 300 characters of it.
#[must_use]
pub fn without_addresses(text: &str) -> String {
    let in_address = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.@".contains(c);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let start = rest[..at].char_indices().rev().take_while(|(_, c)| in_address(*c)).last().map_or(at, |(i, _)| i);
        let end = rest[at..].find(|c| !in_address(c)).map_or(rest.len(), |length| at + length);
        clean.push_str(&rest[..start]);
        clean.push_str("<address>");
        rest = &rest[end..];
    }
    clean.push_str(rest);
    if let Some((cut, _)) = clean.char_indices().nth(300) {
        clean.truncate(cut);
        clean.push('…');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::without_addresses;

    #[test]
    fn addresses_go_and_the_rest_stays() {
        let said = "550 5.1.1 <bob.o'neil+x@mail.example.com>: no such user, ask admin@example.org.";
        assert_eq!(without_addresses(said), "550 5.1.1 <<address>>: no such user, ask <address>");
        assert_eq!(without_addresses("421 4.7.0 try later"), "421 4.7.0 try later");
        assert_eq!(without_addresses("@"), "<address>");
        assert_eq!(without_addresses("für jörg@müller.de"), "für jö<address>üller.de");
    }

    #[test]
    fn a_flood_is_cut() {
        assert_eq!(without_addresses(&"x".repeat(10_000)).chars().count(), 301);
    }
}
