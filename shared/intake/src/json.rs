//! JSON, read with bounds: hostile bytes cost a bounded amount of memory.
//!
//! A batch is read element by element, so that only one of them lies in memory as a tree. serde_json itself bounds the
//! nesting (128).

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::VALUES_MAX;
use crate::outcome::Reason;

/// Reads a body that is an array of elements, or one element, and hands each on with its position.
///
/// # Errors
/// It is not JSON, or neither array nor object, or beyond the bounds. What was handed on before is then to be thrown away.
pub(crate) fn each(body: &[u8], take: &mut dyn FnMut(usize, Value) -> Result<(), Reason>) -> Result<(), Reason> {
    let mut stopped = None;
    let elements = Elements { take, stopped: &mut stopped };
    let mut json = serde_json::Deserializer::from_slice(without_mark(body));
    let read = elements.deserialize(&mut json).and_then(|()| json.end());
    match (stopped, read) {
        (Some(reason), _) => Err(reason),
        (None, Err(error)) => Err(Reason::Syntax(error.to_string())),
        (None, Ok(())) => Ok(()),
    }
}

/// Reads one value.
///
/// # Errors
/// It is not JSON, or beyond the bounds.
pub(crate) fn one(body: &[u8]) -> Result<Value, Reason> {
    let values_left = Cell::new(VALUES_MAX);
    let mut json = serde_json::Deserializer::from_slice(without_mark(body));
    let value = Bounded(&values_left).deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    value.map_err(|error| Reason::Syntax(error.to_string()))
}

/// Some senders' libraries begin with a byte order mark.
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

struct Elements<'a> {
    take: &'a mut dyn FnMut(usize, Value) -> Result<(), Reason>,
    stopped: &'a mut Option<Reason>,
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Elements<'_> {
    fn hand_on<E: serde::de::Error>(&mut self, position: usize, value: Value) -> Result<(), E> {
        (self.take)(position, value).map_err(|reason| {
            let error = E::custom(&reason);
            *self.stopped = Some(reason);
            error
        })
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event or an array of events")
    }
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        let mut position = 0;
        loop {
            let values_left = Cell::new(VALUES_MAX);
            let Some(value) = elements.next_element_seed(Bounded(&values_left))? else { return Ok(()) };
            self.hand_on(position, value)?;
            position += 1;
        }
    }
    fn visit_map<A: MapAccess<'de>>(mut self, entries: A) -> Result<(), A::Error> {
        let values_left = Cell::new(VALUES_MAX);
        let value = Bounded(&values_left).visit_map(entries)?;
        self.hand_on(0, value)
    }
}

/// A value of at most so many values.
struct Bounded<'a>(&'a Cell<u32>);

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.get().checked_sub(1).ok_or_else(|| D::Error::custom("too many values"))?;
        self.0.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = elements.next_element_seed(Bounded(self.0))? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Bounded(self.0))?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn all(body: &[u8]) -> Result<Vec<Value>, Reason> {
        let mut found = Vec::new();
        each(body, &mut |_, value| {
            found.push(value);
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn a_batch_and_a_single_one_are_read_alike() {
        assert_eq!(all(br#"[{"a":1},{"a":-2.5}]"#), Ok(vec![json!({"a":1}), json!({"a":-2.5})]));
        assert_eq!(all(b"\xef\xbb\xbf{\"a\":null}\r\n"), Ok(vec![json!({"a":null})]));
        assert_eq!(all(b"[]"), Ok(vec![]));
    }

    #[test]
    fn what_is_no_batch_is_no_batch() {
        for body in ["", "17", "\"text\"", "[1", "{\"a\":}", "[] []"] {
            assert!(matches!(all(body.as_bytes()), Err(Reason::Syntax(_))), "{body}");
        }
    }

    #[test]
    fn an_element_beyond_the_bound_ends_it() {
        let many = format!("[[{}0]]", "[],".repeat(VALUES_MAX as usize));
        assert!(matches!(all(many.as_bytes()), Err(Reason::Syntax(_))));
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(matches!(all(deep.as_bytes()), Err(Reason::Syntax(_))));
    }

    #[test]
    fn the_taker_may_stop() {
        let body = b"[1,2,3]";
        let stopped = each(body, &mut |position, _| if position == 1 { Err(Reason::TooMany) } else { Ok(()) });
        assert_eq!(stopped, Err(Reason::TooMany));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_as_serde_json_reads_them(text in "[\\[\\]{}:,\"a0\\-. ]{0,40}") {
            let theirs = serde_json::from_str::<Value>(&text).ok();
            prop_assert_eq!(one(text.as_bytes()).ok(), theirs);
        }
    }
}
