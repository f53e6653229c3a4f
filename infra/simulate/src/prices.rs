//! What AWS takes, in US dollars: us-east-1, on demand, without the free tier, as known in November 2026.
//!
//! Source: the public price pages of DynamoDB (on-demand capacity, standard table class), SQS (standard queues) and Lambda
//! (arm64, first tier). The only place that knows a price; only numbers.

/// When these prices were noted down, for whoever reads a figure made from them.
pub const AS_OF: &str = "us-east-1, 2026-11";

/// A DynamoDB write request unit (0.625 dollars a million).
pub const DYNAMODB_WRITE_UNIT: f64 = 0.625e-6;
/// A DynamoDB read request unit (0.125 dollars a million).
pub const DYNAMODB_READ_UNIT: f64 = 0.125e-6;
/// A call to an SQS standard queue (0.40 dollars a million; up to 64 kB each).
pub const SQS_CALL: f64 = 0.40e-6;
/// A gigabyte-second of Lambda on arm64.
pub const LAMBDA_GB_S: f64 = 0.000_013_333_4;
/// An invocation of Lambda (0.20 dollars a million).
pub const LAMBDA_REQUEST: f64 = 0.20e-6;
