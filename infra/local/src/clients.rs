//! The SDK's clients, set up so that nothing in them is left to chance.
//!
//! Retries are the standard ones from a token bucket of their own: the SDK's default bucket is process-wide, so two
//! simulations in one process would influence each other. The SDK draws the wait before a retry from a generator that
//! nobody can seed; with time-outs off, that wait is the only thing that it ever sleeps for, so the sleep handed to it
//! waits a fixed time instead. It is tokio's, so paused time works. Requests are not signed: nobody here could check a
//! signature, and leaving it out makes a call a fifth cheaper.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedHttpClient, StalledStreamProtectionConfig};
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use preheat_core::clock::Clock;

/// Attempts of a call in all, the first included.
const ATTEMPTS: u32 = 4;
/// Wait before each retry, whatever the SDK drew (50 ms on average for the first, doubling from there).
const RETRY_PAUSE: Duration = Duration::from_millis(100);

struct ClockTime(Clock);

impl std::fmt::Debug for ClockTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClockTime")
    }
}

impl TimeSource for ClockTime {
    fn now(&self) -> SystemTime {
        SystemTime::from((self.0)())
    }
}

/// The pause between two attempts, on tokio's clock.
#[derive(Debug)]
struct FixedPause;

impl AsyncSleep for FixedPause {
    fn sleep(&self, _drawn: Duration) -> Sleep {
        Sleep::new(tokio::time::sleep(RETRY_PAUSE))
    }
}

/// What all clients of a stack have in common.
pub(crate) struct ClientParts {
    pub(crate) http: SharedHttpClient,
    clock: Clock,
}

impl ClientParts {
    /// Parts on a connector and a clock.
    pub(crate) fn new(http: SharedHttpClient, clock: Clock) -> Self {
        Self { http, clock }
    }
}

macro_rules! client {
    ($sdk:ident, $parts:expr) => {{
        let parts: &ClientParts = $parts;
        let config = $sdk::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("local"))
            .endpoint_url("http://aws.local")
            .allow_no_auth()
            .auth_scheme_preference([AuthSchemeId::from("noAuth")])
            .http_client(parts.http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .retry_partition(RetryPartition::custom(stringify!($sdk)).build())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .disable_clock_skew_correction(true)
            .sleep_impl(SharedAsyncSleep::new(FixedPause))
            .time_source(SharedTimeSource::new(ClockTime(parts.clock.clone())))
            .build();
        $sdk::Client::from_conf(config)
    }};
}

/// A DynamoDB client.
pub(crate) fn dynamodb(parts: &ClientParts) -> aws_sdk_dynamodb::Client {
    client!(aws_sdk_dynamodb, parts)
}

/// An SQS client.
pub(crate) fn sqs(parts: &ClientParts) -> aws_sdk_sqs::Client {
    client!(aws_sdk_sqs, parts)
}

/// A KMS client.
pub(crate) fn kms(parts: &ClientParts) -> aws_sdk_kms::Client {
    client!(aws_sdk_kms, parts)
}

/// An EventBridge client.
pub(crate) fn eventbridge(parts: &ClientParts) -> aws_sdk_eventbridge::Client {
    client!(aws_sdk_eventbridge, parts)
}

/// An SNS client.
pub(crate) fn sns(parts: &ClientParts) -> aws_sdk_sns::Client {
    client!(aws_sdk_sns, parts)
}
