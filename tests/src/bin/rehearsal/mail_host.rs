//! A mail provider from Debian's packages: Postfix takes submissions (AUTH over TLS), hands them to Dovecot over LMTP,
//! Dovecot files them by a Sieve rule and serves them over IMAP. All in a private directory, on loopback, on free ports.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::place::{self, Place};

/// Domains that the host serves.
pub(crate) const DOMAINS: [&str; 3] = ["one.example", "two.example", "three.example"];

/// The Sieve rule: what comes from `three.example` to `one.example` goes to Junk. Deterministic, so that the rehearsal
/// knows what must be rescued.
const JUNK_RULE: &str = r#"require ["fileinto", "mailbox"];
if allof (address :domain "from" "three.example", address :domain "to" "one.example") {
  fileinto :create "Junk";
  stop;
}
"#;

/// The running servers.
pub(crate) struct MailHost {
    folder: PathBuf,
    /// Submission with STARTTLS.
    pub(crate) submission: u16,
    /// Submission with TLS from the first byte.
    pub(crate) submissions: u16,
    /// IMAP with STARTTLS.
    pub(crate) imap: u16,
    /// IMAP with TLS from the first byte.
    pub(crate) imaps: u16,
    /// The authority that signed the servers' certificate, PEM.
    pub(crate) authority: PathBuf,
}

impl MailHost {
    /// Starts both servers with these users, who all have this password.
    ///
    /// # Errors
    /// A server does not come up; the error says what its log holds.
    pub(crate) async fn start(place: &mut Place, users: &[String], password: &str) -> Result<Self> {
        let folder = place.directory("mail-host")?;
        let authority = certificates(&place.directory("mail-host/tls")?)?;
        let host = Self {
            folder,
            submission: place::free_port()?,
            submissions: place::free_port()?,
            imap: place::free_port()?,
            imaps: place::free_port()?,
            authority,
        };
        host.configure_dovecot(place, users, password)?;
        host.configure_postfix(place, users)?;
        place.start("dovecot", Command::new("dovecot").env_clear().arg("-F").arg("-c").arg(host.dovecot_conf()))?;
        let etc = host.folder.join("postfix/etc");
        // Makes the queue's directories.
        place::run(Command::new("postfix").env_clear().arg("-c").arg(&etc).arg("check"))?;
        // `-d`: it stays in its process group, so that it can be ended with all it starts.
        place
            .start("postfix", Command::new("/usr/lib/postfix/sbin/master").env_clear().arg("-c").arg(&etc).arg("-d"))?;
        for port in [host.submission, host.submissions, host.imap, host.imaps] {
            let up = place::until("a mail server", Duration::from_secs(30), Duration::from_millis(100), async || {
                let dead = place.dead();
                ensure!(dead.is_empty(), "ended at once: {dead:?}: {}", host.logs());
                Ok(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok())
            });
            up.await.with_context(|| host.logs())?;
        }
        Ok(host)
    }

    fn dovecot_conf(&self) -> PathBuf {
        self.folder.join("dovecot/dovecot.conf")
    }

    fn logs(&self) -> String {
        format!("{}\n{}", self.postfix_log(), self.dovecot_log())
    }

    /// What Postfix has logged so far.
    pub(crate) fn postfix_log(&self) -> String {
        fs::read_to_string(self.folder.join("postfix.log")).unwrap_or_default()
    }

    /// What Dovecot has logged so far.
    pub(crate) fn dovecot_log(&self) -> String {
        fs::read_to_string(self.folder.join("dovecot.log")).unwrap_or_default()
    }

    /// Where the mailboxes lie.
    pub(crate) fn boxes(&self) -> PathBuf {
        self.folder.join("boxes")
    }

    fn configure_dovecot(&self, place: &Place, users: &[String], password: &str) -> Result<()> {
        let folder = place.directory("mail-host/dovecot")?;
        let boxes = place.directory("mail-host/boxes")?;
        place::run(Command::new("chown").arg("nobody:nogroup").arg(&boxes))?;
        fs::write(folder.join("junk.sieve"), JUNK_RULE)?;
        let mut accounts = String::new();
        for user in users {
            writeln!(accounts, "{user}:{{PLAIN}}{password}")?;
        }
        fs::write(folder.join("users"), accounts)?;
        fs::write(self.dovecot_conf(), self.dovecot_settings())?;
        place::run(
            Command::new("sievec").env_clear().arg("-c").arg(self.dovecot_conf()).arg(folder.join("junk.sieve")),
        )?;
        Ok(())
    }

    fn dovecot_settings(&self) -> String {
        let (at, imap, imaps) = (self.folder.display(), self.imap, self.imaps);
        format!(
            r#"base_dir = {at}/dovecot/run
state_dir = {at}/dovecot/state
log_path = {at}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = required
ssl_cert = <{at}/tls/server.pem
ssl_key = <{at}/tls/server.key
disable_plaintext_auth = yes
auth_mechanisms = plain login
mail_location = maildir:{at}/boxes/%d/%n
mail_max_userip_connections = 50
first_valid_uid = 1
# Who moved, flagged or expunged which mail stands in the log: that is what the rehearsal checks.
mail_plugins = notify mail_log
plugin {{
  mail_log_events = save copy expunge flag_change
  mail_log_fields = box msgid flags
  sieve_before = {at}/dovecot/junk.sieve
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {at}/dovecot/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={at}/boxes/%d/%n
}}
namespace inbox {{
  inbox = yes
  mailbox Junk {{
    auto = create
    special_use = \Junk
  }}
  mailbox Sent {{
    auto = create
    special_use = \Sent
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0600
    user = postfix
  }}
}}
service auth {{
  unix_listener auth-postfix {{
    mode = 0600
    user = postfix
  }}
}}
protocol lmtp {{
  mail_plugins = $mail_plugins sieve
}}
"#
        )
    }

    fn configure_postfix(&self, place: &Place, users: &[String]) -> Result<()> {
        let etc = place.directory("mail-host/postfix/etc")?;
        place.directory("mail-host/postfix/queue")?;
        let data = place.directory("mail-host/postfix/data")?;
        place::run(Command::new("chown").arg("postfix").arg(&data))?;
        let mut map = String::new();
        for user in users {
            writeln!(map, "{user} {user}")?;
        }
        fs::write(etc.join("mailboxes"), map)?;
        fs::write(etc.join("main.cf"), self.postfix_settings())?;
        fs::write(etc.join("master.cf"), self.postfix_services())?;
        Ok(())
    }

    /// `sleep 1`: after the final dot Postfix takes a second to answer. In that second a killed sender cannot know what
    /// became of its mail, which is what the rehearsal wants to see survived.
    fn postfix_settings(&self) -> String {
        let (at, domains) = (self.folder.display(), DOMAINS.join(" "));
        format!(
            "compatibility_level = 3.6
config_directory = {at}/postfix/etc
queue_directory = {at}/postfix/queue
data_directory = {at}/postfix/data
maillog_file = {at}/postfix.log
maillog_file_prefixes = {at}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.rehearsal.example
mydestination =
local_transport = error:there are no local users
alias_maps =
biff = no
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = texthash:{at}/postfix/etc/mailboxes
virtual_transport = lmtp:unix:{at}/dovecot/run/lmtp
smtpd_tls_cert_file = {at}/tls/server.pem
smtpd_tls_key_file = {at}/tls/server.key
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {at}/dovecot/run/auth-postfix
smtpd_sender_login_maps = texthash:{at}/postfix/etc/mailboxes
smtpd_sender_restrictions = reject_sender_login_mismatch
smtpd_client_restrictions = permit_sasl_authenticated, reject
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = reject_unlisted_recipient
smtpd_end_of_data_restrictions = sleep 1
"
        )
    }

    /// Only what submission and LMTP need: no port 25, no local delivery, nothing that leaves this machine.
    fn postfix_services(&self) -> String {
        format!(
            "127.0.0.1:{} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt
127.0.0.1:{} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
error     unix - - n - - error
retry     unix - - n - - error
lmtp      unix - - n - - lmtp
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
",
            self.submission, self.submissions
        )
    }
}

/// An authority that lives a week, and a certificate of it for loopback. Returns the authority's path.
fn certificates(folder: &Path) -> Result<PathBuf> {
    let openssl = |arguments: &str| {
        let words = arguments.split(' ').filter(|word| !word.is_empty());
        place::run(Command::new("openssl").env_clear().current_dir(folder).args(words))
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!(
        "req -x509 {key} -days 7 -keyout authority.key -out authority.pem -subj /CN=rehearsal \
         -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign"
    ))?;
    openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost"))?;
    let extensions =
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n";
    fs::write(folder.join("extensions"), extensions)?;
    openssl(
        "x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 7 -out server.pem -extfile extensions",
    )?;
    Ok(folder.join("authority.pem"))
}
