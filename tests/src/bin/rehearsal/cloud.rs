//! The cloud of the rehearsal: an emulator on loopback (MiniStack: it runs the functions' binaries natively, polls the
//! queues for them and fires the schedule), and the real template deployed onto it by the real deployer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::place::{self, Place};

/// Name of the stack.
const STACK: &str = "rehearsal";
/// The emulator's only region.
const REGION: &str = "us-east-1";
/// Length of a tick: the shortest there is.
pub(crate) const TICK_S: u32 = 60;

/// The emulator and the stack on it.
pub(crate) struct Cloud {
    port: u16,
    outputs: BTreeMap<String, String>,
    tools: PathBuf,
    home: PathBuf,
}

impl Cloud {
    /// Starts the emulator.
    ///
    /// # Errors
    /// It does not come up.
    pub(crate) async fn start(place: &mut Place, tools: &Path) -> Result<Self> {
        let port = place::free_port()?;
        let home = place.directory("emulator")?;
        let mut command = Command::new(tools.join("emulator/bin/ministack"));
        command.env_clear().envs([
            ("BIND_HOST", "127.0.0.1"),
            ("MINISTACK_HOST", "127.0.0.1"),
            ("GATEWAY_PORT", &port.to_string()),
            // Handed to the functions, so that they call back to it.
            ("AWS_ENDPOINT_URL", &endpoint(port)),
            // Listeners of services we do not use, which bind every interface.
            ("IOT_MTLS_ENABLED", "0"),
            ("SFTP_ENABLED", "0"),
        ]);
        command.envs(identity()).env("HOME", &home).env("TMPDIR", &home).current_dir(&home);
        place.start("emulator", &mut command)?;
        let cloud = Self { port, outputs: BTreeMap::new(), tools: tools.to_owned(), home: home.clone() };
        place::until("the emulator", Duration::from_secs(60), Duration::from_millis(300), async || {
            ensure!(place.dead().is_empty(), "the emulator ended at once; see emulator.log");
            Ok(cloud.http("GET", "/_ministack/health", None).await.ok())
        })
        .await?;
        Ok(cloud)
    }

    /// Deploys `infra/template.yaml` as it is. Only parameters differ from a deployment to AWS.
    ///
    /// # Errors
    /// The deployer fails; the error carries what it said.
    pub(crate) fn deploy(&mut self, authority: &Path) -> Result<()> {
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let parameters = [
            format!("Architecture={architecture}"),
            "Tick='cron(* * * * ? *)'".to_owned(),
            format!("TickSeconds={TICK_S}"),
            "Patience=short".to_owned(),
            "KeepData=Delete".to_owned(),
            "AllowLocalMail=on".to_owned(),
            format!("ExtraRoots={}", authority.display()),
        ];
        let mut deploy = self.sam(&["deploy", "--template", "infra/template.yaml", "--stack-name", STACK]);
        deploy.args(["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]);
        deploy.args(["--no-confirm-changeset", "--no-progressbar", "--parameter-overrides"]).args(parameters);
        place::run(&mut deploy)?;
        let listed = place::run(&mut self.sam(&["list", "stack-outputs", "--stack-name", STACK, "--output", "json"]))?;
        let listed: Vec<Value> = serde_json::from_str(&listed).context("the outputs of the stack do not parse")?;
        for output in listed {
            let text = |key: &str| output[key].as_str().unwrap_or_default().to_owned();
            self.outputs.insert(text("OutputKey"), text("OutputValue"));
        }
        Ok(())
    }

    fn sam(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.tools.join("deployer/bin/sam"));
        command.env_clear().envs(identity()).env("AWS_ENDPOINT_URL", endpoint(self.port));
        command.env("SAM_CLI_TELEMETRY", "0").env("HOME", &self.home).env("LC_ALL", "C.UTF-8");
        command.args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        command
    }

    /// An output of the stack.
    ///
    /// # Errors
    /// There is none of that name.
    pub(crate) fn output(&self, name: &str) -> Result<&str> {
        self.outputs.get(name).map(String::as_str).with_context(|| format!("the stack has no output `{name}`"))
    }

    /// The ledger.
    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .credentials_provider(credentials())
            .endpoint_url(endpoint(self.port));
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// The queues.
    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .credentials_provider(credentials())
            .endpoint_url(endpoint(self.port));
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// The keys.
    pub(crate) fn kms(&self) -> aws_sdk_kms::Client {
        let config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .credentials_provider(credentials())
            .endpoint_url(endpoint(self.port));
        aws_sdk_kms::Client::from_conf(config.build())
    }

    /// Stops or starts the delivery of a queue to the function of this output, as an operator would.
    ///
    /// # Errors
    /// The function has no event source, or the emulator refuses.
    pub(crate) async fn deliver(&self, function: &str, on: bool) -> Result<()> {
        let name = self.output(function)?;
        let path = "/2015-03-31/event-source-mappings/";
        let found = self.http("GET", &format!("{path}?FunctionName={name}"), None).await?;
        let mappings: Value = serde_json::from_str(&found)?;
        let id = mappings["EventSourceMappings"][0]["UUID"].as_str().context("the function has no event source")?;
        self.http("PUT", &format!("{path}{id}"), Some(&json!({ "Enabled": on }))).await?;
        Ok(())
    }

    /// Invokes a function and returns its answer.
    ///
    /// # Errors
    /// The emulator refuses, or the function fails.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Result<Value> {
        let name = self.output(function)?;
        let answer = self.http("POST", &format!("/2015-03-31/functions/{name}/invocations"), Some(event)).await?;
        let answer: Value = serde_json::from_str(&answer).with_context(|| format!("{function} answers {answer}"))?;
        ensure!(answer.get("errorMessage").is_none(), "{function}: {answer}");
        Ok(answer)
    }

    /// The processes of a function: children of the emulator that were started under its name.
    pub(crate) fn processes(&self, function: &str) -> Vec<u32> {
        let Ok(name) = self.output(function) else { return Vec::new() };
        let runs = |id: &u32| place::environment_of(*id, "AWS_LAMBDA_FUNCTION_NAME").as_deref() == Some(name);
        place::processes_of(&self.home).into_iter().map(|(id, _)| id).filter(runs).collect()
    }

    /// What the emulator has logged so far, the functions' own output included.
    pub(crate) fn log(&self) -> String {
        let path = self.home.with_file_name("emulator.log");
        std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// The few calls that no client of ours covers. One request a connection; loopback needs no signature.
    async fn http(&self, method: &str, path: &str, body: Option<&Value>) -> Result<String> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        );
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        ensure!(status.starts_with('2'), "{method} {path}: {head} {body}");
        // Not chunked: the emulator knows the length of what it says.
        Ok(body.to_owned())
    }
}

fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// The emulator believes anybody.
fn identity() -> [(&'static str, &'static str); 3] {
    [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_DEFAULT_REGION", REGION)]
}

fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "rehearsal")
}
