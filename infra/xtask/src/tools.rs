//! Tools that the checks need and Rust does not bring: installed on first use, into `target` wherever that is possible.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::run;

/// The dependency checker.
const CARGO_DENY: &str = "0.20.2";

/// The emulator, and what it needs to understand the template. One environment: its pins and the deployer's differ.
const EMULATOR: [&str; 3] = ["ministack==1.5.33", "aws-sam-translator==1.115.0", "cryptography==50.0.2"];

/// The deployer; it brings cfn-lint.
const DEPLOYER: [&str; 1] = ["aws-sam-cli==1.170.0"];

/// Mail servers, and openssl for their certificates.
const PACKAGES: [&str; 5] = ["postfix", "dovecot-imapd", "dovecot-lmtpd", "dovecot-sieve", "openssl"];

/// The path of `cargo-deny`, built if it is not there yet (2 minutes on 2 cores; it need not be fast).
///
/// # Errors
/// It cannot be built.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    let root = run::root().join("target/tools");
    let binary = root.join("bin/cargo-deny");
    let wanted = format!("cargo-deny {CARGO_DENY}");
    let there = run::output(&mut run::program(&binary, &["--version"]));
    if there.is_ok_and(|version| version.trim() == wanted) {
        return Ok(binary);
    }
    let mut command = run::cargo(&["install", "--quiet", "--locked", "--force", "cargo-deny", "--version", CARGO_DENY]);
    command.arg("--root").arg(&root);
    command.env("CARGO_TARGET_DIR", root.join("build"));
    for (setting, value) in [("OPT_LEVEL", "1"), ("LTO", "off"), ("CODEGEN_UNITS", "16"), ("DEBUG", "0")] {
        command.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
    }
    run::succeed(&mut command)?;
    // What it was built from is half a gigabyte, and not needed again.
    fs::remove_dir_all(root.join("build")).ok();
    Ok(binary)
}

/// Why the rehearsal cannot be run on this machine, if it cannot.
pub(crate) fn missing_for_rehearsal() -> Option<String> {
    let id = run::output(&mut run::program("id", &["-u"])).unwrap_or_default();
    if id.trim() != "0" {
        return Some("Postfix wants to be started by root".to_owned());
    }
    let apt = run::output(&mut run::program("apt-get", &["--version"])).is_ok();
    if !apt && !mail_servers_are_there() {
        return Some("neither Postfix and Dovecot nor apt-get to install them are here".to_owned());
    }
    None
}

fn mail_servers_are_there() -> bool {
    ["/usr/sbin/postfix", "/usr/sbin/dovecot", "/usr/lib/dovecot/lmtp", "/usr/bin/sievec", "/usr/bin/openssl"]
        .iter()
        .all(|path| Path::new(path).exists())
}

/// Installs the mail servers unless they are there. None of them is started: the rehearsal runs its own instances.
///
/// # Errors
/// apt-get fails.
pub(crate) fn mail_servers() -> Result<()> {
    if mail_servers_are_there() {
        return Ok(());
    }
    let _quiet = NoServices::forbid()?;
    apt(&PACKAGES)?;
    if !mail_servers_are_there() {
        bail!("the packages are installed, but not where Debian puts them");
    }
    Ok(())
}

fn apt(packages: &[&str]) -> Result<()> {
    run::succeed(&mut run::program("apt-get", &["-qq", "update"]))?;
    let mut install = run::program("apt-get", &["-qq", "-y", "--no-install-recommends", "install"]);
    run::succeed(install.args(packages).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// While it lives, installing a package starts no service: Debian asks this file first. One that is there already is
/// left alone.
struct NoServices(Option<PathBuf>);

impl NoServices {
    fn forbid() -> Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = PathBuf::from("/usr/sbin/policy-rc.d");
        if path.exists() {
            return Ok(Self(None));
        }
        fs::write(&path, "#!/bin/sh\nexit 101\n").context("writing policy-rc.d")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).context("opening policy-rc.d")?;
        Ok(Self(Some(path)))
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            fs::remove_file(path).ok();
        }
    }
}

/// The two Python environments, created under `folder` unless they are there: `emulator` and `deployer`.
///
/// # Errors
/// Python is not there, or a package cannot be installed.
pub(crate) fn python(folder: &Path) -> Result<()> {
    for (name, packages) in [("emulator", &EMULATOR[..]), ("deployer", &DEPLOYER[..])] {
        let environment = folder.join(name);
        // Written last: an environment that was cut short is made anew.
        let stamp = environment.join("installed");
        let wanted = packages.join("\n");
        if fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
            continue;
        }
        fs::create_dir_all(folder)?;
        let create = || run::succeed(run::program("python3", &["-m", "venv", "--clear"]).arg(&environment));
        if create().is_err() {
            // Debian keeps this part of Python apart.
            apt(&["python3-venv"])?;
            create()?;
        }
        let mut install = run::program(environment.join("bin/pip"), &["install", "--quiet"]);
        run::succeed(install.args(packages))?;
        fs::write(&stamp, wanted)?;
    }
    Ok(())
}
