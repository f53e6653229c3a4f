//! A Function URL on loopback: HTTP in, the event that Lambda would make of it to the webhook function's own code, its answer
//! out. As many requests at once as the function has reserved concurrency; the next one is told 429, as Lambda does.

use std::convert::Infallible;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use preheat_app::hooks::Gate;
use preheat_lambda::hooks::handle;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Requests at once. As infra/template.yaml reserves it.
pub const AT_ONCE: usize = 50;
/// Connections at once: what a stranger can make the process hold.
const CONNECTIONS_MAX: usize = 1_000;
/// Lambda's own limit of a request, in bytes (6 MB). The gate's is lower.
const BODY_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Serves `gate` until its future is dropped.
///
/// # Errors
/// The listener broke.
pub async fn listen(listener: TcpListener, gate: Gate) -> std::io::Result<()> {
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // Dropped with the future, and every connection with it: a kill of the function's process.
    let mut serving = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        while serving.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&connections).try_acquire_owned() else { continue };
        let (gate, at_once) = (gate.clone(), Arc::clone(&at_once));
        serving.spawn(async move {
            serve(stream, gate, at_once).await;
            drop(place);
        });
    }
}

async fn serve(stream: TcpStream, gate: Gate, at_once: Arc<Semaphore>) {
    // Without it an answer waits for the client's delayed acknowledgement.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| {
        let (gate, at_once) = (gate.clone(), Arc::clone(&at_once));
        async move {
            let Ok(_turn) = at_once.try_acquire() else { return Ok::<_, Infallible>(status(429)) };
            Ok(answer(&gate, request).await)
        }
    });
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    // What breaks a connection is its client's business.
    drop(connection.await);
}

async fn answer(gate: &Gate, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else { return status(413) };
    let headers: serde_json::Map<String, Value> = head
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), json!(value.to_str().ok()?))))
        .collect();
    let event = json!({
        "version": "2.0",
        "rawPath": head.uri.path(),
        "rawQueryString": head.uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": { "http": { "method": head.method.as_str(), "path": head.uri.path() } },
        "body": STANDARD.encode(body.to_bytes()),
        "isBase64Encoded": true,
    });
    match handle(gate, &event).await {
        Ok(answer) => response(&answer),
        Err(_) => status(502),
    }
}

fn response(answer: &Value) -> Response<Full<Bytes>> {
    let code = answer["statusCode"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(502);
    let mut response = status(code);
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        let name = http::HeaderName::from_bytes(name.as_bytes());
        let value = http::HeaderValue::from_str(value.as_str().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn status(code: u16) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    response
}
