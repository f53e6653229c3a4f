//! Builds the [`App`] of a function: one SDK configuration for all clients, in the runtime's init phase.

use std::sync::Arc;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::timeout::TimeoutConfig;
use preheat_app::{App, Profiles, Queues};
use preheat_core::limits::Limits;
use preheat_mail::NetDial;
use preheat_store::{Store, Vault};

use crate::{Settings, clock};

/// One operation of the SDK, its retries included. Far below the functions' time-outs.
const OPERATION_MAX: Duration = Duration::from_secs(10);

/// Why a function could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Settings(#[from] crate::settings::SettingsError),
    /// The file of `PREHEAT_EXTRA_ROOTS`.
    #[error("PREHEAT_EXTRA_ROOTS: {0}")]
    Roots(String),
}

/// The app of a deployed function.
///
/// # Errors
/// A setting is missing or wrong.
pub async fn app(settings: &Settings) -> Result<App, StartError> {
    let timeouts = TimeoutConfig::builder().operation_timeout(OPERATION_MAX).build();
    let aws = aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(timeouts).load().await;
    let clock = clock::system();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&aws), &settings.table);
    let kms = aws_sdk_kms::Client::new(&aws);
    let sqs = aws_sdk_sqs::Client::new(&aws);
    let roots = match &settings.extra_roots {
        Some(path) => std::fs::read(path).map_err(|error| StartError::Roots(format!("{path}: {error}")))?,
        None => Vec::new(),
    };
    let dial = NetDial::new(settings.allow_local_mail, &roots).map_err(|error| StartError::Roots(error.to_string()))?;
    Ok(App {
        vault: Vault::new(&kms, store.clone(), &settings.kms_key, clock.clone()),
        queues: Queues::new(sqs, &settings.sends_url, &settings.visits_url),
        store,
        dial: Arc::new(dial),
        clock,
        limits: Limits { tick_s: settings.tick_s, hold_s: settings.hold_s, ..Limits::default() },
        profiles: Profiles::default(),
    })
}
