//! Reading and writing the attributes of an item, so that a row of another version, or a damaged one, is an error with a
//! reason and never a panic.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

/// An item as the SDK holds it. Its order is never looked at.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Why a row cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) String);

impl<T: std::error::Error> From<T> for Unreadable {
    fn from(error: T) -> Self {
        Self(error.to_string())
    }
}

/// A text attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
#[expect(clippy::needless_pass_by_value, reason = "numbers are copied")]
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A set of numbers. DynamoDB holds no empty one: leave the attribute out.
pub(crate) fn number_set(values: impl IntoIterator<Item = impl ToString>) -> AttributeValue {
    AttributeValue::Ns(values.into_iter().map(|value| value.to_string()).collect())
}

/// An instant, in milliseconds since 1970.
pub(crate) fn instant(at: Timestamp) -> AttributeValue {
    number(at.as_millisecond())
}

/// The texts of a list in one attribute: a list of DynamoDB costs more bytes and more time. Core's texts of rows hold no comma.
pub(crate) fn joined<T: ToString>(entries: &[T]) -> String {
    let texts: Vec<String> = entries.iter().map(ToString::to_string).collect();
    texts.join(",")
}

/// The entries of [`joined`].
pub(crate) fn split<T: FromStr>(text: &str) -> Result<Vec<T>, Unreadable>
where
    T::Err: std::error::Error,
{
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split(',').map(|entry| Ok(entry.parse()?)).collect()
}

/// Takes attributes out of an item.
pub(crate) struct Fields(pub(crate) Item);

impl Fields {
    /// A text that may be absent.
    pub(crate) fn text_or_none(&mut self, name: &str) -> Result<Option<String>, Unreadable> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text)),
            Some(_) => Err(Unreadable(format!("`{name}` is not a text"))),
        }
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, Unreadable> {
        self.text_or_none(name)?.ok_or_else(|| Unreadable(format!("`{name}` is missing")))
    }

    /// A number that may be absent.
    pub(crate) fn number_or_none<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, Unreadable> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(AttributeValue::N(digits)) => match digits.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(Unreadable(format!("`{name}` is {digits}, which is out of range"))),
            },
            Some(_) => Err(Unreadable(format!("`{name}` is not a number"))),
        }
    }

    /// A number.
    pub(crate) fn number<T: FromStr>(&mut self, name: &str) -> Result<T, Unreadable> {
        self.number_or_none(name)?.ok_or_else(|| Unreadable(format!("`{name}` is missing")))
    }

    /// A set of numbers; absent is empty.
    pub(crate) fn numbers<T: FromStr, M: Default + FromIterator<T>>(&mut self, name: &str) -> Result<M, Unreadable> {
        let wrong = |digits: &String| Unreadable(format!("`{name}` holds {digits}, which is out of range"));
        match self.0.remove(name) {
            None => Ok(M::default()),
            Some(AttributeValue::Ns(all)) => {
                all.iter().map(|digits| digits.parse().map_err(|_| wrong(digits))).collect()
            }
            Some(_) => Err(Unreadable(format!("`{name}` is not a set of numbers"))),
        }
    }

    /// An instant that may be absent.
    pub(crate) fn instant_or_none(&mut self, name: &str) -> Result<Option<Timestamp>, Unreadable> {
        match self.number_or_none(name)? {
            None => Ok(None),
            Some(ms) => Ok(Some(Timestamp::from_millisecond(ms)?)),
        }
    }

    /// A map, each entry read by `read`; absent is empty.
    pub(crate) fn map<K, V, M: Default + FromIterator<(K, V)>>(
        &mut self,
        name: &str,
        read: impl Fn(String, AttributeValue) -> Result<(K, V), Unreadable>,
    ) -> Result<M, Unreadable> {
        match self.0.remove(name) {
            None => Ok(M::default()),
            Some(AttributeValue::M(entries)) => entries.into_iter().map(|(key, value)| read(key, value)).collect(),
            Some(_) => Err(Unreadable(format!("`{name}` is not a map"))),
        }
    }
}

/// How large DynamoDB counts an item, in bytes (developer guide, *DynamoDB item sizes and formats*). Write units are
/// whole kilobytes of this.
#[cfg(test)]
pub(crate) fn item_size(item: &Item) -> usize {
    fn size(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            // Two digits a byte, and one more; one for a sign.
            AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
            AttributeValue::Ns(all) => all.iter().map(|digits| digits.len().div_ceil(2) + 1).sum(),
            AttributeValue::B(bytes) => bytes.as_ref().len(),
            AttributeValue::M(entries) => {
                3 + entries.iter().map(|(name, value)| name.len() + size(value) + 1).sum::<usize>()
            }
            other => panic!("no row holds {other:?}"),
        }
    }
    item.iter().map(|(name, value)| name.len() + size(value)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_named() {
        let mut fields = Fields(Item::from([("q".to_owned(), text("many")), ("u".to_owned(), number(-1))]));
        assert_eq!(fields.number::<u32>("q"), Err(Unreadable("`q` is not a number".to_owned())));
        assert_eq!(fields.number::<u32>("u"), Err(Unreadable("`u` is -1, which is out of range".to_owned())));
        assert_eq!(fields.text("c"), Err(Unreadable("`c` is missing".to_owned())));
    }
}
