//! Form data, as Mandrill and old Mailgun post it.

use crate::outcome::Reason;

/// The most fields of a form.
const FIELDS_MAX: usize = 1_000;

/// A decoded form, in the order of the body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// It has too many fields, or no field at all.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Reason> {
        let mut fields = Vec::new();
        for (name, value) in form_urlencoded::parse(body.trim_ascii_end()) {
            if fields.len() == FIELDS_MAX {
                return Err(Reason::TooMany);
            }
            fields.push((name.into_owned(), value.into_owned()));
        }
        if fields.is_empty() { Err(Reason::Syntax("no form field".to_owned())) } else { Ok(Self(fields)) }
    }

    /// The first value under any of these names that is not blank.
    pub(crate) fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            self.iter().find(|(other, value)| other == name && !value.trim().is_empty()).map(|(_, value)| value)
        })
    }

    /// Every value under a name that is not blank.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(other, value)| *other == name && !value.trim().is_empty()).map(|(_, value)| value)
    }

    /// Every field.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The first value under a name that is not blank, of a form that nobody vouches for yet: nothing else of it is kept.
pub(crate) fn field(body: &[u8], name: &str) -> Option<String> {
    let mut fields = form_urlencoded::parse(body.trim_ascii_end()).take(FIELDS_MAX);
    fields.find(|(other, value)| other == name && !value.trim().is_empty()).map(|(_, value)| value.into_owned())
}

/// Whether a body is a form rather than JSON: senders' content types are not to be relied on.
pub(crate) fn is_form(body: &[u8]) -> bool {
    !matches!(body.trim_ascii_start().first(), None | Some(b'{' | b'[' | 0xef))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded_in_order() {
        let form = Form::read(b"a=1+2&b=%3Cx%3E&a=3&c=\r\n").unwrap();
        assert_eq!(form.iter().collect::<Vec<_>>(), [("a", "1 2"), ("b", "<x>"), ("a", "3"), ("c", "")]);
        assert_eq!(form.get(&["c", "b"]), Some("<x>"));
        assert_eq!(field(b"b=&a=1&b=+2&b=3", "b").as_deref(), Some(" 2"));
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1 2", "3"]);
        assert!(Form::read(b"").is_err());
        assert!(Form::read("a=1&".repeat(2000).as_bytes()).is_err());
    }

    #[test]
    fn json_is_told_from_a_form() {
        assert!(
            is_form(b"mandrill_events=%5B%5D") && !is_form(b" [{}]") && !is_form(b"") && !is_form(b"\xef\xbb\xbf{}")
        );
    }
}
