//! SNS on the wire (a form in, XML out): `Publish` to a phone number. What was sent is kept, for those who look.

use std::sync::{Mutex, PoisonError};

use crate::wire::Answer;

/// A text message that was sent to a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The number, in the form that was given.
    pub phone: String,
    /// What it says.
    pub message: String,
}

/// The embedded SNS.
#[derive(Default)]
pub(crate) struct Sns {
    texts: Mutex<Vec<Text>>,
}

impl Sns {
    /// The texts so far.
    pub(crate) fn texts(&self) -> Vec<Text> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers one call.
    pub(crate) fn call(&self, operation: &str, body: &[u8]) -> Answer {
        if operation != "Publish" {
            return error(400, "InvalidAction", operation);
        }
        let form = std::str::from_utf8(body).unwrap_or_default();
        let field = |name: &str| {
            let pair = form.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name));
            pair.map(|(_, value)| decoded(value))
        };
        let (Some(phone), Some(message)) = (field("PhoneNumber"), field("Message")) else {
            return error(400, "InvalidParameter", "PhoneNumber and Message are needed");
        };
        // E.164.
        if !phone.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit())) {
            return error(400, "InvalidParameter", "PhoneNumber is not E.164");
        }
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.push(Text { phone, message });
        let id = texts.len();
        let xml = format!(
            "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>{id}</MessageId>\
             </PublishResult><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></PublishResponse>"
        );
        Answer::ok(xml.into_bytes())
    }
}

/// An error in SNS's form.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Answer {
    let xml = format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>0</RequestId></ErrorResponse>"
    );
    Answer { status, ..Answer::ok(xml.into_bytes()) }
}

/// Percent-decoding, with `+` for a blank.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16)).unwrap_or(0);
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
