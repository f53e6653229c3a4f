//! KMS: data keys and small secrets under one master key that never leaves here.
//!
//! AES-256-GCM; the key's name and the encryption context are associated data, so a ciphertext opens only under the
//! context that it was made with. Every key name is a key of its own, derived from the master key. The master key
//! lives in a file of mode 0600 (`preheat up`), is given by the caller, or follows from the seed (simulation).

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Mutex;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::LocalError;
use crate::faults::stream_for;
use crate::wire::Answer;

/// A ciphertext's first byte.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;
const KEY_BYTES: usize = 32;
/// The most that `Encrypt` takes. Fixed by KMS.
const PLAINTEXT_MAX_BYTES: usize = 4096;

/// A master key: 32 secret bytes.
pub type MasterKey = Zeroizing<[u8; KEY_BYTES]>;

/// Where random bytes come from.
enum Chance {
    System,
    Seeded(Box<Mutex<ChaCha8Rng>>),
}

/// The embedded KMS.
pub(crate) struct Kms {
    master: MasterKey,
    chance: Chance,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    key_id: Option<String>,
    #[serde(default)]
    encryption_context: BTreeMap<String, String>,
    plaintext: Option<String>,
    ciphertext_blob: Option<String>,
    key_spec: Option<String>,
    number_of_bytes: Option<usize>,
}

struct Refusal(u16, &'static str, String);

fn refuse<T>(code: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(400, code, message.into()))
}

impl Kms {
    /// A KMS whose key and nonces follow from the seed. Only for simulation: whoever knows the seed reads everything.
    pub(crate) fn seeded(seed: u64) -> Self {
        let mut stream = stream_for(seed, "kms");
        let mut master = Zeroizing::new([0; KEY_BYTES]);
        stream.fill_bytes(master.as_mut());
        Self { master, chance: Chance::Seeded(Box::new(Mutex::new(stream))) }
    }

    /// A KMS on this master key.
    pub(crate) fn with_master(master: MasterKey) -> Self {
        Self { master, chance: Chance::System }
    }

    /// The master key in a file, made at the first use.
    pub(crate) fn key_file(path: &Path) -> Result<MasterKey, LocalError> {
        match std::fs::read(path) {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                let mode = std::fs::metadata(path).map_err(LocalError::file(path))?.permissions().mode();
                if mode & 0o077 != 0 {
                    return Err(LocalError::KeyFile { path: path.to_path_buf(), why: "others may read it; chmod 600" });
                }
                let key = <[u8; KEY_BYTES]>::try_from(bytes.as_slice());
                key.map(Zeroizing::new)
                    .map_err(|_| LocalError::KeyFile { path: path.to_path_buf(), why: "it is not 32 bytes long" })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => new_key_file(path),
            Err(error) => Err(LocalError::file(path)(error)),
        }
    }

    /// Answers one call.
    pub(crate) fn call(&self, operation: &str, body: &[u8]) -> Answer {
        let answer = match serde_json::from_slice::<Request>(body) {
            Err(error) => refuse("ValidationException", error.to_string()),
            Ok(request) => match operation {
                "GenerateDataKey" => self.generate_data_key(&request),
                "Encrypt" => self.encrypt(&request),
                "Decrypt" => self.decrypt(&request),
                other => refuse("UnsupportedOperationException", other),
            },
        };
        match answer {
            Ok(value) => Answer::ok(value.to_string().into_bytes()),
            Err(Refusal(status, code, message)) => Answer::error(status, code, &message),
        }
    }

    fn generate_data_key(&self, request: &Request) -> Result<Value, Refusal> {
        let bytes = match (request.key_spec.as_deref(), request.number_of_bytes) {
            (Some("AES_256"), None) => 32,
            (Some("AES_128"), None) => 16,
            (None, Some(bytes @ 1..=1024)) => bytes,
            _ => return refuse("ValidationException", "either KeySpec or NumberOfBytes (1 to 1024)"),
        };
        let mut key = Zeroizing::new(vec![0; bytes]);
        self.fill(&mut key)?;
        let name = key_name(request)?;
        let sealed = self.seal(name, &request.encryption_context, &key)?;
        Ok(json!({
            "KeyId": name, "Plaintext": STANDARD.encode(key.as_slice()), "CiphertextBlob": STANDARD.encode(sealed),
        }))
    }

    fn encrypt(&self, request: &Request) -> Result<Value, Refusal> {
        let plaintext = Zeroizing::new(decode(request.plaintext.as_deref())?);
        if !(1..=PLAINTEXT_MAX_BYTES).contains(&plaintext.len()) {
            return refuse("ValidationException", "a plaintext has 1 to 4096 bytes");
        }
        let name = key_name(request)?;
        let sealed = self.seal(name, &request.encryption_context, &plaintext)?;
        Ok(json!({
            "KeyId": name, "CiphertextBlob": STANDARD.encode(sealed), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }))
    }

    fn decrypt(&self, request: &Request) -> Result<Value, Refusal> {
        let blob = decode(request.ciphertext_blob.as_deref())?;
        let Some((name, nonce, sealed)) = split(&blob) else {
            return refuse("InvalidCiphertextException", "this is no ciphertext of this KMS");
        };
        if request.key_id.as_deref().is_some_and(|wanted| wanted != name) {
            return refuse("IncorrectKeyException", "the ciphertext was made under another key");
        }
        let associated = associated_data(name, &request.encryption_context);
        let payload = Payload { msg: sealed, aad: &associated };
        match self.cipher(name).decrypt(nonce.into(), payload) {
            Ok(plaintext) => {
                let plaintext = Zeroizing::new(plaintext);
                Ok(json!({
                    "KeyId": name, "Plaintext": STANDARD.encode(plaintext.as_slice()),
                    "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
                }))
            }
            Err(_) => refuse("InvalidCiphertextException", "changed, or made with another encryption context"),
        }
    }

    fn seal(&self, name: &str, context: &BTreeMap<String, String>, plaintext: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut nonce = [0; NONCE_BYTES];
        self.fill(&mut nonce)?;
        let associated = associated_data(name, context);
        let payload = Payload { msg: plaintext, aad: &associated };
        let Ok(sealed) = self.cipher(name).encrypt(&nonce.into(), payload) else {
            return refuse("KMSInternalException", "encryption failed");
        };
        let Ok(name_bytes) = u8::try_from(name.len()) else {
            return refuse("ValidationException", "a key id has at most 255 bytes");
        };
        let mut blob = vec![VERSION, name_bytes];
        blob.extend_from_slice(name.as_bytes());
        blob.extend_from_slice(&nonce);
        blob.extend_from_slice(&sealed);
        Ok(blob)
    }

    fn cipher(&self, name: &str) -> Aes256Gcm {
        let key = Sha256::new()
            .chain_update(b"preheat local kms")
            .chain_update(self.master.as_slice())
            .chain_update(name)
            .finalize();
        Aes256Gcm::new(&key)
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), Refusal> {
        match &self.chance {
            Chance::System => {
                getrandom::fill(bytes).map_err(|error| Refusal(500, "KMSInternalException", error.to_string()))
            }
            Chance::Seeded(stream) => {
                stream.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(bytes);
                Ok(())
            }
        }
    }
}

/// Writes a new key beside its place and moves it there whole: a kill leaves either no key or this one.
fn new_key_file(path: &Path) -> Result<MasterKey, LocalError> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(key.as_mut()).map_err(|error| LocalError::file(path)(std::io::Error::other(error.to_string())))?;
    let draft = path.with_extension("new");
    let write = || {
        // A draft that a kill left behind was never used.
        match std::fs::remove_file(&draft) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(key.as_slice())?;
        file.sync_all()?;
        std::fs::rename(&draft, path)
    };
    write().map_err(LocalError::file(path))?;
    Ok(key)
}

fn key_name(request: &Request) -> Result<&str, Refusal> {
    match request.key_id.as_deref() {
        Some(name) if !name.is_empty() => Ok(name),
        _ => refuse("ValidationException", "KeyId is missing"),
    }
}

fn decode(text: Option<&str>) -> Result<Vec<u8>, Refusal> {
    match text.map(|text| STANDARD.decode(text)) {
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(_)) | None => refuse("ValidationException", "a blob is missing or is not base64"),
    }
}

/// Key name, nonce and sealed bytes of a ciphertext.
fn split(blob: &[u8]) -> Option<(&str, &[u8; NONCE_BYTES], &[u8])> {
    let (&[VERSION, name_bytes], rest) = blob.split_first_chunk::<2>()? else { return None };
    let (name, rest) = rest.split_at_checked(usize::from(name_bytes))?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
    Some((std::str::from_utf8(name).ok()?, nonce, sealed))
}

/// The key's name and the context, in a form that no other pair has.
fn associated_data(name: &str, context: &BTreeMap<String, String>) -> Vec<u8> {
    let mut data = Vec::new();
    let pairs = context.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    for part in std::iter::once(name).chain(pairs) {
        data.extend_from_slice(&(part.len() as u64).to_be_bytes());
        data.extend_from_slice(part.as_bytes());
    }
    data
}
