//! The staged diagnosis behind `preheat mailbox check`: how far a mailbox's two servers let us, and what to do where they
//! do not. Sends nothing and changes nothing in the mailbox.

use std::fmt;
use std::time::Duration;

use preheat_core::endpoint::Security;
use tokio::time::Instant;

use crate::dial::{Dial, DialError, DialStage};
use crate::imap::{Folders, ImapError, ImapStage, Visit};
use crate::limits::Deadlines;
use crate::smtp::{SendError, Stage, check_login};
use crate::{Account, Auth};

/// Which of the two servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Submission.
    Smtp,
    /// Access.
    Imap,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Smtp => "SMTP",
            Self::Imap => "IMAP",
        })
    }
}

/// One step of the diagnosis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckStage {
    /// The port and address rules, and the look-up of the name.
    Dns,
    /// The TCP connection.
    Tcp,
    /// TLS, implicit or by STARTTLS, and the certificate.
    Tls,
    /// The login.
    Auth,
    /// What the server offers.
    Capabilities,
    /// Which folders there are (IMAP).
    Folders,
}

impl fmt::Display for CheckStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Auth => "AUTH",
            Self::Capabilities => "capabilities",
            Self::Folders => "folders",
        })
    }
}

/// What came of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckStep {
    /// Which server.
    pub side: Side,
    /// Which step.
    pub stage: CheckStage,
    /// It succeeded.
    pub ok: bool,
    /// How long it took; zero for what an earlier step had brought along.
    pub elapsed: Duration,
    /// What was found, or what went wrong.
    pub detail: String,
    /// What to do about a failure, or about something that will hurt later.
    pub advice: Option<String>,
}

/// The whole diagnosis: the steps that were reached, in order, SMTP first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnosis {
    /// The steps.
    pub steps: Vec<CheckStep>,
}

impl Diagnosis {
    /// Both sides went through to their last step.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.ok)
    }
}

/// Examines both sides of a mailbox. `hello` is the name to greet the SMTP server with: the address's domain.
pub async fn check(dial: &dyn Dial, smtp: &Account<'_>, imap: &Account<'_>, hello: &str) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    check_smtp(dial, smtp, hello, &mut diagnosis.steps).await;
    check_imap(dial, imap, &mut diagnosis.steps).await;
    diagnosis
}

async fn check_smtp(dial: &dyn Dial, account: &Account<'_>, hello: &str, steps: &mut Vec<CheckStep>) {
    let side = Side::Smtp;
    if !reach(dial, account, side, steps).await {
        return;
    }
    let start = Instant::now();
    let step =
        |stage, ok, detail: String, advice| CheckStep { side, stage, ok, elapsed: start.elapsed(), detail, advice };
    match check_login(dial, account, hello, &Deadlines::SMTP).await {
        Ok(offers) => {
            steps.push(step(CheckStage::Auth, true, logged_in(account), None));
            let detail = offers.join(", ");
            let stage = CheckStage::Capabilities;
            steps.push(CheckStep { side, stage, ok: true, elapsed: Duration::ZERO, detail, advice: None });
        }
        Err(error) => {
            let stage = match &error {
                SendError::Unreachable { stage: Stage::Connect, .. } => CheckStage::Tcp,
                SendError::Unreachable { stage: Stage::StartTls, .. } => CheckStage::Tls,
                SendError::Unreachable { .. } => CheckStage::Capabilities,
                _ => CheckStage::Auth,
            };
            let detail = error.to_string();
            let advice = advice(side, stage, &detail, account);
            steps.push(step(stage, false, detail, Some(advice)));
        }
    }
}

async fn check_imap(dial: &dyn Dial, account: &Account<'_>, steps: &mut Vec<CheckStep>) {
    let side = Side::Imap;
    if !reach(dial, account, side, steps).await {
        return;
    }
    let start = Instant::now();
    let fail = |stage, error: &ImapError| {
        let detail = error.to_string();
        let advice = Some(advice(side, stage, &detail, account));
        CheckStep { side, stage, ok: false, elapsed: start.elapsed(), detail, advice }
    };
    let mut visit = match Visit::open(dial, account, &Deadlines::IMAP).await {
        Ok(visit) => visit,
        Err(error) => {
            let stage = match &error {
                ImapError::Unreachable { stage: ImapStage::Connect, .. } => CheckStage::Tcp,
                ImapError::Unreachable { stage: ImapStage::StartTls, .. } => CheckStage::Tls,
                ImapError::Unreachable { .. } => CheckStage::Capabilities,
                _ => CheckStage::Auth,
            };
            steps.push(fail(stage, &error));
            return;
        }
    };
    let elapsed = start.elapsed();
    let detail = logged_in(account);
    steps.push(CheckStep { side, stage: CheckStage::Auth, ok: true, elapsed, detail, advice: None });
    let (detail, advice) = describe_capabilities(&visit);
    let elapsed = Duration::ZERO;
    steps.push(CheckStep { side, stage: CheckStage::Capabilities, ok: true, elapsed, detail, advice });

    let start_folders = Instant::now();
    match visit.folders().await {
        Ok(folders) => {
            let (detail, advice) = describe_folders(&folders);
            let elapsed = start_folders.elapsed();
            steps.push(CheckStep { side, stage: CheckStage::Folders, ok: true, elapsed, detail, advice });
            visit.logout().await;
        }
        Err(error) => steps.push(fail(CheckStage::Folders, &error)),
    }
}

fn logged_in(account: &Account<'_>) -> String {
    match account.endpoint.security {
        Security::Implicit => "logged in".to_owned(),
        Security::StartTls => {
            format!("logged in after STARTTLS; the certificate is valid for {}", account.endpoint.host)
        }
    }
}

/// DNS, TCP and implicit TLS, on a connection of their own. `false`: it ended here.
async fn reach(dial: &dyn Dial, account: &Account<'_>, side: Side, steps: &mut Vec<CheckStep>) -> bool {
    let start = Instant::now();
    let mut done = Vec::new();
    let limit = Deadlines::SMTP.connect;
    let result = tokio::time::timeout(limit, dial.probe(account.endpoint, &mut done)).await;
    let known: Duration = done.iter().map(|step| step.elapsed).sum();
    steps.extend(done.into_iter().map(|step| CheckStep {
        side,
        stage: stage_of(step.stage),
        ok: true,
        elapsed: step.elapsed,
        detail: step.detail,
        advice: None,
    }));
    let error = match result {
        Ok(Ok(_)) => return true,
        Ok(Err(error)) => error,
        Err(_) => DialError::TimedOut { host: account.endpoint.host.clone(), stage: DialStage::Tcp },
    };
    let stage = stage_of(error.stage());
    let detail = error.to_string();
    let advice = Some(advice(side, stage, &detail, account));
    steps.push(CheckStep { side, stage, ok: false, elapsed: start.elapsed().saturating_sub(known), detail, advice });
    false
}

fn stage_of(stage: DialStage) -> CheckStage {
    match stage {
        DialStage::Dns => CheckStage::Dns,
        DialStage::Tcp => CheckStage::Tcp,
        DialStage::Tls => CheckStage::Tls,
    }
}

fn describe_capabilities(visit: &Visit) -> (String, Option<String>) {
    let wanted = ["MOVE", "UIDPLUS", "SPECIAL-USE", "LITERAL+", "X-GM-EXT-1"];
    let (has, lacks): (Vec<&str>, Vec<&str>) = wanted.iter().partition(|name| visit.capabilities().has(name));
    let advice = (lacks.contains(&"MOVE") && lacks.contains(&"UIDPLUS")).then(|| {
        "without MOVE and UIDPLUS a filed mail may stay marked as deleted in its old folder until the owner expunges it"
            .to_owned()
    });
    (if has.is_empty() { "IMAP4rev1 only".to_owned() } else { has.join(", ") }, advice)
}

fn describe_folders(folders: &Folders) -> (String, Option<String>) {
    let name = |folder: &Option<crate::imap::Folder>| folder.as_ref().map_or("none", |f| f.name.as_str()).to_owned();
    let detail = format!(
        "inbox {}, junk {}, sent {}, filed {}, {} others",
        folders.inbox.name,
        name(&folders.junk),
        name(&folders.sent),
        folders.preheat.as_ref().map_or("not made yet", |folder| folder.name.as_str()),
        folders.others.len()
    );
    let advice = folders.junk.is_none().then(|| {
        "no Junk folder was found: if the provider has one, make it visible over IMAP, or mail in it counts as missing"
            .to_owned()
    });
    (detail, advice)
}

/// What providers say, and what helps. The first that fits wins.
const REMEDIES: [(&str, &str); 14] = [
    (
        "5.7.139",
        "Microsoft has SMTP AUTH switched off for this mailbox or tenant: in the Microsoft 365 admin centre open the user, \
         Mail, Manage email apps, tick Authenticated SMTP; security defaults must be off, or use OAuth",
    ),
    ("5.7.30", "Microsoft accepts no password here any more: use OAuth (scope https://outlook.office.com/SMTP.Send)"),
    (
        "5.7.9",
        "Gmail wants an app password: switch 2-step verification on, then make one at myaccount.google.com/apppasswords",
    ),
    (
        "5.7.8",
        "user name or password is wrong; Gmail and Yahoo accept an app password only, never the account's own password",
    ),
    ("5.7.14", "Gmail wants a login in the browser first: log in there once, then try again"),
    ("APPLICATION-SPECIFIC", "make an app password for this account and use it instead of its own password"),
    ("WEBLOGINREQUIRED", "log in to the account in a browser once, then try again"),
    ("IMAP ACCESS IS DISABLED", "switch IMAP on in the mailbox's settings"),
    ("NOT ENABLED FOR IMAP", "switch IMAP on in the mailbox's settings"),
    ("LOGINDISABLED", "this server takes no password: use OAuth"),
    ("BASIC AUTH", "this server takes no password: use OAuth"),
    ("DOES NOT ALLOW A LOGIN WITH A PASSWORD", "this server takes no password: use OAuth"),
    ("TOO MANY", "the provider counts too many sessions or logins: wait some minutes"),
    ("[UNAVAILABLE]", "the provider's login service is down: try again later"),
];

fn advice(side: Side, stage: CheckStage, detail: &str, account: &Account<'_>) -> String {
    let said = detail.to_ascii_uppercase();
    if stage >= CheckStage::Auth
        && let Some((_, remedy)) = REMEDIES.iter().find(|(sign, _)| said.contains(sign))
    {
        return (*remedy).to_owned();
    }
    let port = account.endpoint.port;
    match (stage, side) {
        (CheckStage::Dns, _) if said.contains("NOT ALLOWED") => {
            "name the provider's public mail server, not an address of an internal network".to_owned()
        }
        (CheckStage::Dns, _) if said.contains("MAIL PORT") => "use one of the ports named above".to_owned(),
        (CheckStage::Dns, _) => "check the spelling of the host name, and that it has an A or AAAA record".to_owned(),
        (CheckStage::Tcp, _) => {
            format!("check host and port ({port}), and that no firewall blocks outgoing connections to it")
        }
        (CheckStage::Tls, _) if said.contains("EXPIRED") => "the server's owner must renew its certificate".to_owned(),
        (CheckStage::Tls, _) if said.contains("ANOTHER NAME") => {
            "use the host name that the certificate is made out to; ask the provider for it".to_owned()
        }
        (CheckStage::Tls, _) if said.contains("ISSUER") => {
            "use a server with a public certificate, or give Preheat the private authority's root certificate"
                .to_owned()
        }
        (CheckStage::Tls, Side::Smtp) => "use port 465 with implicit TLS, or 587 with STARTTLS".to_owned(),
        (CheckStage::Tls, Side::Imap) => "use port 993 with implicit TLS, or 143 with STARTTLS".to_owned(),
        (CheckStage::Auth, Side::Smtp) => match account.credential {
            Auth::Password(_) => {
                "check user name and password; many providers want an app password for SMTP".to_owned()
            }
            Auth::XOauth2(_) => "renew the token; its scope must be https://mail.google.com/ (Gmail) or \
                 https://outlook.office.com/SMTP.Send (Microsoft)"
                .to_owned(),
        },
        (CheckStage::Auth, Side::Imap) => match account.credential {
            Auth::Password(_) => {
                "check user name and password; many providers want an app password for IMAP".to_owned()
            }
            Auth::XOauth2(_) => "renew the token; its scope must be https://mail.google.com/ (Gmail) or \
                 https://outlook.office.com/IMAP.AccessAsUser.All (Microsoft)"
                .to_owned(),
        },
        (CheckStage::Capabilities | CheckStage::Folders, _) => {
            "the server did not answer as it should: try again later, and ask the provider if it stays so".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Endpoint;

    #[test]
    fn what_providers_say_leads_to_what_helps() {
        let endpoint = Endpoint { host: "smtp.example.com".to_owned(), port: 587, security: Security::StartTls };
        let account = Account { endpoint: &endpoint, user: "a", credential: Auth::Password("p") };
        let token = Account { credential: Auth::XOauth2("t"), ..account };
        let at = |side, detail, account| advice(side, CheckStage::Auth, detail, account);
        for (detail, helps) in [
            ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled", "Authenticated SMTP"),
            ("550 5.7.30 Basic authentication is not supported for Client Submission.", "SMTP.Send"),
            ("534 5.7.9 Application-specific password required", "apppasswords"),
            ("535 5.7.8 Username and Password not accepted.", "app password"),
            ("NO [WEBLOGINREQUIRED] Web login required", "browser"),
            ("something else", "check user name and password"),
        ] {
            assert!(at(Side::Smtp, detail, &account).contains(helps), "{detail}");
        }
        assert!(at(Side::Imap, "AUTHENTICATE failed.", &token).contains("IMAP.AccessAsUser.All"));
        assert!(at(Side::Smtp, "535 no", &token).contains("https://mail.google.com/"));
        // A code in a certificate's or resolver's words is no login trouble.
        assert!(advice(Side::Smtp, CheckStage::Tls, "it has expired 5.7.8", &account).contains("renew"));
    }
}
