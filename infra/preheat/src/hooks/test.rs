//! `preheat hooks test`: plays the provider towards an endpoint, and says what came back.
//!
//! Where the provider signs with a private key of its own, a key is made up, the endpoint is given its public half for some
//! minutes, and loses it again at the end.

use std::time::Duration;

use anyhow::Context;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use preheat_core::event::Reporter;
use preheat_intake::sample::{Happening, Posted, Scene, Sender, Signer};
use preheat_platforms::http::{Http, Request, Response};
use preheat_store::{Hook, HookSecret, Secret, SecretKind};
use serde::Serialize;

use super::Whose;
use crate::Out;
use crate::ledger::{self, Directory, Ledger};
use crate::outcome::{BadInput, Negative, Outcome};

/// How long a made-up key is taken at most, should this program be killed before it takes it back.
const KEY_LIVES: SignedDuration = SignedDuration::from_mins(10);
/// How long the endpoint may take.
const ANSWER_MAX: Duration = Duration::from_secs(15);
/// To whom the sample's mail went: nobody (RFC 2606).
const RECIPIENT: &str = "preheat-test@example.com";

/// Arguments of `preheat hooks test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: preheat hooks test postmark --tenant acme --data ./data --url http://127.0.0.1:8025

Posts one delivery of a mail that nobody sent, signed as the provider would. It is counted once, as uncorrelated.")]
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
    if provider == Reporter::Ses {
        return Err(BadInput::error(
            "SNS signs with AWS's own key: send a mail to bounce@simulator.amazonses.com through SES instead",
        ));
    }
    let ledger = args.whose.ledger.open(Directory::Exists).await?;
    let Some(hook) = ledger.store.hook_of(&args.whose.tenant, provider).await? else {
        let reason = format!("{} has no endpoint of {provider}: `preheat hooks add` makes one", args.whose.tenant);
        return Err(BadInput::error(reason));
    };
    let url = format!("{}/hooks/{provider}/{}", args.whose.base(), hook.id);
    let (signer, made_up) = signer(provider)?;
    let posted = match &made_up {
        None => sample(&ledger, &hook, None, signer).await?,
        Some(key) => {
            let given = with_key(&ledger, hook.clone(), key).await?;
            ledger.store.put_hook(&given).await?;
            sample(&ledger, &given, Some(key), signer).await?
        }
    };
    let answer = post(&url, &posted).await;
    if made_up.is_some() {
        ledger.store.put_hook(&hook).await?;
    }
    let answer = answer?;
    let answered = Answered { provider, status: answer.status, meaning: meaning(answer.status) };
    if args.json {
        crate::json(out, &answered)?;
    } else {
        writeln!(out, "{provider}: {} ({})", answered.status, answered.meaning)?;
    }
    if answer.is_success() { Ok(()) } else { Err(Negative.into()) }
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

async fn sample(ledger: &Ledger, hook: &Hook, made_up: Option<&Secret>, signer: Signer) -> anyhow::Result<Posted> {
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
    let sender = Sender::with_key(&endpoint, &signer);
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
