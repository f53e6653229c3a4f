//! Builds the [`App`] of a function, in the runtime's init phase.

use std::sync::Arc;
use std::time::Duration;

use aws_config::environment::credentials::EnvironmentVariableCredentialsProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use preheat_app::notify::Outside;
use preheat_app::{App, Bus, Profiles, Queues, Scripts, Writer};
use preheat_mail::NetDial;
use preheat_platforms::Http;
use preheat_platforms::http::RootsError;
use preheat_store::{Store, Vault};

use crate::settings::variable;
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
    /// A setting of the language model.
    #[error("{0}")]
    Model(String),
}

/// The app of a deployed function.
///
/// # Errors
/// A setting is missing or wrong.
pub fn app(settings: &Settings) -> Result<App, StartError> {
    let aws = aws();
    let clock = clock::system();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&aws), &settings.table);
    let kms = aws_sdk_kms::Client::new(&aws);
    let sqs = aws_sdk_sqs::Client::new(&aws);
    let bus = settings.bus.as_ref().map(|name| Bus::new(aws_sdk_eventbridge::Client::new(&aws), name));
    let mut queues = Queues::new(sqs, &settings.sends_url, &settings.visits_url);
    if let Some(url) = &settings.alerts_url {
        queues = queues.with_alerts(url);
    }
    let roots = extra_roots(settings)?;
    let dial = NetDial::new(settings.allow_local_mail, &roots).map_err(|error| StartError::Roots(error.to_string()))?;
    Ok(App {
        vault: Vault::new(&kms, store.clone(), &settings.kms_key, clock.clone()),
        queues,
        store,
        bus,
        dial: Arc::new(dial),
        clock,
        limits: settings.limits.clone(),
        profiles: Profiles::default(),
        scripts: Scripts::default(),
        // Only a function that makes the stock knows the model: it sets this itself.
        writer: None,
    })
}

/// What leads outside, for the functions that tell or ask somebody. Apart from [`app`], so that no other function carries it.
///
/// # Errors
/// The file of `PREHEAT_EXTRA_ROOTS`.
pub fn outside(settings: &Settings) -> Result<Outside, StartError> {
    Ok(Outside::new(door(settings)?, aws_sdk_sns::Client::new(&aws())))
}

/// The language model of the environment ([`Writer::read`]), for the function that makes the stock; none: the library alone.
///
/// # Errors
/// One of its settings, or the file of `PREHEAT_EXTRA_ROOTS`.
pub fn writer(settings: &Settings) -> Result<Option<Writer>, StartError> {
    Writer::read(door(settings)?, variable).map_err(StartError::Model)
}

/// The way to HTTPS services.
fn door(settings: &Settings) -> Result<Http, StartError> {
    let broken = |error: RootsError| StartError::Roots(error.to_string());
    if settings.allow_local_mail {
        Http::local(&extra_roots(settings)?).map_err(broken)
    } else {
        Http::public().map_err(broken)
    }
}

/// What Lambda gives a function: region and credentials in its environment. The SDK's default chain would also look for
/// profiles, roles and metadata services, which are not there: half a megabyte of every function.
fn aws() -> SdkConfig {
    let timeouts = TimeoutConfig::builder().operation_timeout(OPERATION_MAX).build();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .timeout_config(timeouts);
    config.set_region(variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).map(Region::new));
    config.set_endpoint_url(variable("AWS_ENDPOINT_URL"));
    config.build()
}

fn extra_roots(settings: &Settings) -> Result<Vec<u8>, StartError> {
    match &settings.extra_roots {
        Some(path) => std::fs::read(path).map_err(|error| StartError::Roots(format!("{path}: {error}"))),
        None => Ok(Vec::new()),
    }
}
