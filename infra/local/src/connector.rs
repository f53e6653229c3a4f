//! The connector under the SDK: takes an HTTP request, asks the service that it names, and gives the answer.
//!
//! Every call has two points at which it can be dropped: before it is applied, and after that but before its answer
//! arrives. So a test that kills a future at each await point finds both.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::aws::Stack;
use crate::counts::OperationCounts;
use crate::faults::{Fault, Verdict};
use crate::wire::{Answer, Service, target};

/// The way into the stack.
#[derive(Clone)]
pub(crate) struct Connector {
    stack: Arc<Stack>,
    shared: Option<SharedHttpConnector>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connector")
    }
}

impl Connector {
    /// A connector to the given stack.
    pub(crate) fn new(stack: Arc<Stack>) -> Self {
        let inner = Self { stack: Arc::clone(&stack), shared: None };
        Self { stack, shared: Some(SharedHttpConnector::new(inner)) }
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.shared.clone().unwrap_or_else(|| SharedHttpConnector::new(self.clone()))
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(answer(Arc::clone(&self.stack), request))
    }
}

async fn answer(stack: Arc<Stack>, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let Some((service, operation)) = target(&request) else {
        return Err(ConnectorError::user("the request names no operation of an embedded service".into()));
    };
    let Some(body) = request.body().bytes() else {
        return Err(ConnectorError::user("a streamed request body".into()));
    };
    let verdict = stack.faults.decide(operation);
    match verdict.latency {
        Some(latency) => tokio::time::sleep(latency).await,
        None => tokio::task::yield_now().await,
    }
    let answer = apply(&stack, service, operation, body, verdict);
    record(&stack, operation, body.len(), answer.as_ref());
    tokio::task::yield_now().await;
    let answer = answer.ok_or_else(|| reset("the connection could not be made"))?;
    if verdict.fault == Some(Fault::LoseAnswer) {
        return Err(reset("the connection was reset before the answer"));
    }
    Ok(answer.into_response())
}

/// What the service makes of it; `None` if the request never arrives.
fn apply(stack: &Stack, service: Service, operation: &str, body: &[u8], verdict: Verdict) -> Option<Answer> {
    match verdict.fault {
        Some(Fault::FailBefore) => None,
        Some(Fault::Throttle) => Some(service.throttle()),
        Some(Fault::Deny) => Some(Answer::error(400, "AccessDeniedException", "not authorised (injected)")),
        Some(Fault::PartialBatch) => Some(stack.call_in_part(service, operation, body)),
        Some(Fault::LoseAnswer | Fault::Latency(_)) | None => Some(stack.call(service, operation, body)),
    }
}

fn record(stack: &Stack, operation: &str, request_bytes: usize, answer: Option<&Answer>) {
    let call = OperationCounts {
        calls: 1,
        failures: u64::from(answer.is_none_or(|answer| answer.status >= 400)),
        write_units: answer.map_or(0.0, |answer| answer.write_units),
        read_units: answer.map_or(0.0, |answer| answer.read_units),
        request_bytes: request_bytes as u64,
        response_bytes: answer.map_or(0, |answer| answer.body.len() as u64),
    };
    stack.record(operation, &call);
}

fn reset(text: &str) -> ConnectorError {
    ConnectorError::io(Box::new(std::io::Error::new(std::io::ErrorKind::ConnectionReset, text)))
}
