//! `preheat hooks test`: plays the provider towards an endpoint, and says what came back.
//!
//! Where the provider signs with a private key of its own, a key is made up, the endpoint is given its public half for some
//! minutes, and loses it again at the end.

mod ses;

use std::time::Duration;

use anyhow::Context;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use preheat_app::hooks::ABSENT_KEPT;
use preheat_core::event::Reporter;
use preheat_intake::sample::{Happening, Posted, Scene, Sender, Signer};
use preheat_platforms::http::{Http, Request, Response};
use preheat_store::{Hook, HookSecret, Secret, SecretKind, Store, StoreError};
use serde::Serialize;

use super::Whose;
use crate::Out;
use crate::ledger::{self, Directory, Ledger};
use crate::outcome::{BadInput, Negative, Outcome};

/// How long a made-up key is taken at most, should this program be killed before it takes it back.
const KEY_LIVES: SignedDuration = SignedDuration::from_mins(10);
/// How often it is taken back over what others change meanwhile.
const TRIES_MAX: u32 = 5;
/// How long the endpoint may take.
const ANSWER_MAX: Duration = Duration::from_secs(15);
/// To whom the sample's mail went: nobody (RFC 2606).
const RECIPIENT: &str = "preheat-test@example.com";

/// Arguments of `preheat hooks test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: preheat hooks test postmark --tenant acme --data ./data --url http://127.0.0.1:8025

Posts one delivery of a mail that nobody sent, signed as the provider would. It is counted once, as uncorrelated.

SNS signs with AWS's own key, so nobody else can post for it: for SES the sample is handed to the endpoint as a direct
subscription of the function would, past the URL. The way over HTTPS shows itself with a mail to bounce@simulator.amazonses.com.")]
pub(crate) struct Args {
    /// Which provider to play
    provider: Reporter,
    #[command(flatten)]
    whose: Whose,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What came back.
#[derive(Debug, Serialize)]
struct Answered {
    provider: Reporter,
    status: u16,
    meaning: &'static str,
}

/// Runs the command.
pub(crate) async fn run(args: &Args, out: Out<'_>) -> Outcome {
    let provider = args.provider;
    let ledger = args.whose.ledger.open(Directory::Exists).await?;
    let Some(seen) = args.whose.seen(&ledger.store, provider).await? else {
        return Err(args.whose.absent(provider));
    };
    if provider == Reporter::Ses {
        return say(args, &ses::hand_over(&ledger, &seen.hook).await?, out);
    }
    let url = super::url_of(&seen.hook, &args.whose.base());
    let (signer, made_up) = signer(provider)?;
    let answer = match made_up {
        None => post(&url, &sample(&ledger, &seen.hook, None, &signer).await?).await,
        Some(key) => {
            let given = with_key(&ledger, seen.hook.clone(), &key).await?;
            ledger.store.replace_hook(&seen, &given).await?;
            let answer = post_until_read(&ledger, &url, &given, &key, &signer).await;
            take_back(&ledger.store, &seen.hook.id, &given).await?;
            answer
        }
    };
    let status = answer?.status;
    say(args, &Answered { provider, status, meaning: meaning(status) }, out)
}

fn say(args: &Args, answered: &Answered, out: Out<'_>) -> Outcome {
    if args.json {
        crate::json(out, answered)?;
    } else {
        writeln!(out, "{}: {} ({})", answered.provider, answered.status, answered.meaning)?;
    }
    if answered.status / 100 == 2 { Ok(()) } else { Err(Negative.into()) }
}

/// Posts a sample under a key that the endpoint was given a moment ago. A process that has read the endpoint just before reads
/// it again for an unknown key, but not at once: it is asked a second time then.
async fn post_until_read(
    ledger: &Ledger,
    url: &str,
    given: &Hook,
    key: &Secret,
    signer: &Signer,
) -> anyhow::Result<Response> {
    let first = post(url, &sample(ledger, given, Some(key), signer).await?).await?;
    if first.status != 401 {
        return Ok(first);
    }
    let wait = ABSENT_KEPT + SignedDuration::from_secs(1);
    eprintln!(
        "preheat: the endpoint was in use a moment ago and does not know the test's key yet; once more in {wait:#}"
    );
    tokio::time::sleep(wait.unsigned_abs()).await;
    post(url, &sample(ledger, given, Some(key), signer).await?).await
}

/// Takes the made-up key out of the endpoint as it stands by now: what was rotated meanwhile stays.
async fn take_back(store: &Store, id: &str, given: &Hook) -> Outcome {
    let Some(key) = given.secrets.last() else { return Ok(()) };
    for _ in 0..TRIES_MAX {
        let Some(seen) = store.hook_seen(id).await? else { return Ok(()) };
        let mut hook = seen.hook.clone();
        hook.secrets.retain(|secret| secret.sealed != key.sealed);
        match store.replace_hook(&seen, &hook).await {
            Err(StoreError::Contended(_)) => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(anyhow::anyhow!("the endpoint kept changing; the test's key is taken for some minutes still"))
}

/// What the provider signs with; and the public half of a key that was made up.
fn signer(provider: Reporter) -> anyhow::Result<(Signer, Option<Secret>)> {
    let public = |der: &[u8]| Some(Secret::new(STANDARD.encode(der)));
    Ok(match provider {
        Reporter::Sendgrid => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).context("a key")?;
            let der: PublicKeyX509Der<'_> = pair.public_key().as_der().context("its public half")?;
            let public = public(der.as_ref());
            (Signer::Ecdsa(pair), public)
        }
        Reporter::Postal => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).context("a key")?;
            let der: PublicKeyX509Der<'_> = pair.public_key().as_der().context("its public half")?;
            let public = public(der.as_ref());
            (Signer::Rsa { pair, certificate_url: String::new() }, public)
        }
        _ => (Signer::Shared, None),
    })
}

/// The endpoint with one key more, for some minutes. The provider's own keys stay as they are.
async fn with_key(ledger: &Ledger, mut hook: Hook, key: &Secret) -> anyhow::Result<Hook> {
    let version = hook.secrets.iter().map(|old| old.sealed.version).max().unwrap_or(0).saturating_add(1);
    let sealed = ledger.vault()?.seal_hook(&hook.tenant, &hook.id, version, key).await?;
    let until = Some(now() + KEY_LIVES);
    hook.secrets.push(HookSecret { kind: SecretKind::Key, sealed, until });
    Ok(hook)
}

async fn sample(ledger: &Ledger, hook: &Hook, made_up: Option<&Secret>, signer: &Signer) -> anyhow::Result<Posted> {
    let mut secrets = Vec::new();
    for HookSecret { kind, sealed, .. } in hook.live_secrets(now()) {
        let secret = ledger.vault()?.open_hook(&hook.tenant, &hook.id, sealed).await?;
        match kind {
            SecretKind::Key if made_up.is_some() => {}
            SecretKind::Key => secrets.push(preheat_intake::Secret::key(secret.expose())),
            SecretKind::Basic => secrets.push(preheat_intake::Secret::basic(secret.expose())),
            SecretKind::Bearer => secrets.push(preheat_intake::Secret::bearer(secret.expose())),
            SecretKind::Header(name) => secrets.push(preheat_intake::Secret::header(name.clone(), secret.expose())),
        }
    }
    let mut endpoint = preheat_intake::Endpoint::new(hook.provider, hook.id.clone(), secrets);
    endpoint.url = hook.url.clone();
    let id = format!("preheat-test-{}", now().as_millisecond());
    let message_id = format!("{id}@example.com");
    let happening = Happening::Delivered;
    let scene = Scene { happening, recipient: RECIPIENT, message_id: &message_id, id: &id, at: now() };
    let sender = Sender::with_key(&endpoint, signer);
    let keyless = || {
        BadInput::error(format!("the endpoint has no key yet: `preheat hooks rotate {} --key-env NAME`", hook.provider))
    };
    sender.post(&[scene], now()).ok_or_else(keyless)
}

async fn post(url: &str, posted: &Posted) -> anyhow::Result<Response> {
    // The local stack has no certificate, and lies at an address that nobody else may be sent to.
    let http = if url.starts_with("http://") { Http::local(&[])? } else { Http::public()? };
    let mut request = Request { url, headers: Vec::new(), body: Some(posted.body.clone()), within: ANSWER_MAX };
    for (name, value) in &posted.headers {
        // The names are the providers' and few; the door takes static ones only.
        request.headers.push((name.to_lowercase().leak(), value.clone()));
    }
    Ok(http.send(&request).await?)
}

fn meaning(status: u16) -> &'static str {
    match status {
        200..=299 => "stored",
        401 => "refused: the signature or secret does not match",
        404 => "there is no such endpoint at this URL",
        413 => "refused: too large",
        429 => "too many at once, or not stored: the provider comes again",
        500..=599 => "not stored: the provider comes again",
        _ => "refused",
    }
}

fn now() -> Timestamp {
    ledger::clock()()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::LedgerArgs;

    #[tokio::test]
    async fn what_is_rotated_during_a_test_stays_and_the_tests_key_goes() {
        let directory = tempfile::tempdir().unwrap();
        let args = LedgerArgs { data: Some(directory.path().join("data")), table: None, kms_key: None };
        let ledger = args.open(Directory::MayBeNew).await.unwrap();
        let mut hook = super::super::fresh(Reporter::Sendgrid, "acme".parse().unwrap()).unwrap();
        let (vault, week) = (ledger.vault().unwrap(), SignedDuration::from_hours(7 * 24));
        let secret = |text: &str| Secret::new(text.to_owned());
        hook.add_secret(vault, SecretKind::Key, &secret("old"), now(), week).await.unwrap();
        ledger.store.put_hook(&hook).await.unwrap();
        for rotated in [false, true] {
            let seen = ledger.store.hook_seen(&hook.id).await.unwrap().unwrap();
            let given = with_key(&ledger, seen.hook.clone(), &secret("made up")).await.unwrap();
            ledger.store.replace_hook(&seen, &given).await.unwrap();
            if rotated {
                let seen = ledger.store.hook_seen(&hook.id).await.unwrap().unwrap();
                let mut new = seen.hook.clone();
                new.add_secret(vault, SecretKind::Key, &secret("new"), now(), week).await.unwrap();
                ledger.store.replace_hook(&seen, &new).await.unwrap();
            }
            take_back(&ledger.store, &hook.id, &given).await.unwrap();
            let stands = ledger.store.hook(&hook.id).await.unwrap().unwrap();
            let mut live = Vec::new();
            for one in stands.live_secrets(now()) {
                live.push(vault.open_hook(&hook.tenant, &hook.id, &one.sealed).await.unwrap().expose().to_owned());
            }
            assert_eq!(live, if rotated { &["old", "new"][..] } else { &["old"] });
        }
    }
}
