//! Variable envelope return paths: a sender that gives every mail a return address of its own writes the recipient into it
//! (`bounces+ada=example.net@warm.example`), and a notification that names nobody else is addressed to it.

use super::letter::Letter;
use super::words;

/// Where the envelope's recipient of a found mail stands, the surest first.
const HEADERS: [&str; 5] = ["x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "to"];

/// Whom the address that this notification was sent to names.
pub(super) fn recipient(letter: &Letter) -> Option<String> {
    let addresses = HEADERS.iter().filter_map(|name| letter.header(name)).flat_map(raw_addresses);
    addresses.filter_map(named_by).next()
}

/// The addresses of a header. `=` is a part of them here, unlike in running text.
fn raw_addresses(value: &str) -> impl Iterator<Item = &str> {
    value.split(|c: char| c.is_whitespace() || "<>()\"',;".contains(c)).filter(|word| word.contains('@'))
}

/// `ada@example.net` of `bounces+ada=example.net@warm.example`. Without a `+`, one `-` parts the names (qmail's way); of
/// several nobody could say which.
fn named_by(return_path: &str) -> Option<String> {
    let (local, _) = return_path.rsplit_once('@')?;
    let (before, domain) = local.rsplit_once('=')?;
    let name = match before.split_once('+') {
        Some((_, name)) => name,
        None => before.split_once('-').filter(|(_, name)| !name.contains('-'))?.1,
    };
    domain.contains('.').then(|| words::address(&format!("{name}@{domain}")))?
}

#[cfg(test)]
mod tests {
    use super::named_by;

    #[test]
    fn a_return_path_names_whom_it_was_made_for() {
        let cases = [
            ("bounces+ada=example.net@warm.example", Some("ada@example.net")),
            ("b+ada+news=Example.net@warm.example", Some("ada+news@example.net")),
            ("owner-ada=example.net@lists.example", Some("ada@example.net")),
            ("owner-list-ada=example.net@lists.example", None),
            ("ada@example.net", None),
            ("bounces+ada@example.net", None),
            ("bounces+=example.net@warm.example", None),
            ("bounces+ada=localhost@warm.example", None),
            ("prvs=1234abcd@warm.example", None),
        ];
        for (return_path, expected) in cases {
            assert_eq!(named_by(return_path).as_deref(), expected, "{return_path}");
        }
    }
}
