//! A private place for everything that the rehearsal starts: one directory, free ports, process groups, and an
//! undertaker that ends them all even when the rehearsal itself is killed.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// Reads process groups, one a line, and the word `keep`. At the end of its input, which comes at the latest when the
/// rehearsal dies, it kills every group and removes the directory.
const UNDERTAKER: &str = r#"
groups=""; keep=""
while read -r line; do
  if [ "$line" = keep ]; then keep=1; else groups="$groups $line"; fi
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
sleep 0.3
[ -n "$keep" ] || rm -rf -- "$1"
"#;

/// The place.
pub(crate) struct Place {
    folder: PathBuf,
    undertaker: Child,
    orders: Option<ChildStdin>,
    groups: Vec<(String, Child)>,
}

impl Place {
    /// A new, empty one. `keep`: its directory outlives it, for whoever wants to read the logs.
    ///
    /// # Errors
    /// The directory or the undertaker cannot be made.
    pub(crate) fn new(keep: bool) -> Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("preheat-rehearsal-").tempdir().context("making a directory")?.keep();
        // Postfix and Dovecot run parts of themselves as other users, who must get through.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        let mut undertaker = Command::new("sh")
            .args(["-c", UNDERTAKER, "undertaker"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .context("starting the undertaker")?;
        let mut orders = undertaker.stdin.take().context("the undertaker's input")?;
        if keep {
            writeln!(orders, "keep")?;
        }
        Ok(Self { folder, undertaker, orders: Some(orders), groups: Vec::new() })
    }

    /// Its directory.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A new directory in it.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn directory(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(path)
    }

    /// Starts a program in a process group of its own, its output in `{name}.log`, with nothing in its environment
    /// but what `command` names and the search path.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) fn start(&mut self, name: &str, command: &mut Command) -> Result<()> {
        let log = fs::File::create(self.folder.join(format!("{name}.log")))?;
        command.env("PATH", SEARCH).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
        let child = command.spawn().with_context(|| format!("starting {name}"))?;
        let group = child.id();
        if let Some(orders) = &mut self.orders {
            writeln!(orders, "{group}").context("telling the undertaker")?;
        }
        self.groups.push((name.to_owned(), child));
        Ok(())
    }

    /// Which of the started programs have ended by themselves.
    pub(crate) fn dead(&mut self) -> Vec<String> {
        let ended = |(name, child): &mut (String, Child)| matches!(child.try_wait(), Ok(Some(_))).then(|| name.clone());
        self.groups.iter_mut().filter_map(ended).collect()
    }

    /// Ends everything: politely, then by the undertaker. Returns the processes that are still there and have to do
    /// with this place: there must be none.
    ///
    /// # Errors
    /// The undertaker does not end.
    pub(crate) async fn clear(mut self) -> Result<Vec<String>> {
        for (_, child) in &self.groups {
            signal("TERM", &format!("-{}", child.id()));
        }
        for _ in 0..50 {
            let ended = self.groups.iter_mut().all(|(_, child)| matches!(child.try_wait(), Ok(Some(_))));
            if ended {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        drop(self.orders.take());
        for (_, child) in &mut self.groups {
            child.wait().context("waiting for a process to end")?;
        }
        self.undertaker.wait().context("waiting for the undertaker")?;
        Ok(processes_of(&self.folder).into_iter().map(|(id, line)| format!("{id} {line}")).collect())
    }
}

impl Drop for Place {
    /// On an error or a panic: the undertaker does it all, and is waited for so that nothing is left when we end.
    fn drop(&mut self) {
        drop(self.orders.take());
        self.undertaker.wait().ok();
        for (_, child) in &mut self.groups {
            child.wait().ok();
        }
    }
}

/// Where programs are looked for; `sbin` for Postfix and Dovecot.
const SEARCH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs a program to its end, with nothing in its environment but the search path and what `command` names.
///
/// # Errors
/// It cannot be started or fails; the error carries what it said.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.env("PATH", SEARCH).stdin(Stdio::null()).output().with_context(|| format!("starting {name}"))?;
    let said = || String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{name} ended with {}: {}", output.status, said().trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Sends a signal. `whom` is a process id, or a group with `-` before it.
pub(crate) fn signal(name: &str, whom: &str) {
    Command::new("sh").args(["-c", "kill -s \"$1\" -- \"$2\" 2>/dev/null", "kill", name, whom]).status().ok();
}

/// A TCP port on loopback that nobody listens on.
///
/// # Errors
/// There is none.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port")?;
    Ok(listener.local_addr()?.port())
}

/// Processes whose command, working directory or environment names `folder`: id and command.
pub(crate) fn processes_of(folder: &Path) -> Vec<(u32, String)> {
    let needle = folder.to_string_lossy().into_owned();
    let own = std::process::id();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let text = |file: &str| {
            let bytes = fs::read(entry.path().join(file)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).replace('\0', " ")
        };
        let directory = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        let (line, environment) = (text("cmdline"), text("environ"));
        let ours = line.contains(&needle) || environment.contains(&needle) || directory.starts_with(folder);
        if ours && id != own && !line.is_empty() {
            found.push((id, line));
        }
    }
    found
}

/// The value of a variable in the environment that a process was started with.
pub(crate) fn environment_of(process: u32, variable: &str) -> Option<String> {
    let bytes = fs::read(format!("/proc/{process}/environ")).ok()?;
    let prefix = format!("{variable}=");
    let mut pairs = bytes.split(|&byte| byte == 0).map(String::from_utf8_lossy);
    pairs.find_map(|pair| pair.strip_prefix(&prefix).map(str::to_owned))
}

/// Waits until `check` holds, asking every `every`.
///
/// # Errors
/// It does not hold within `most`; or the check itself fails.
pub(crate) async fn until<T>(
    what: &str,
    most: Duration,
    every: Duration,
    mut check: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = tokio::time::Instant::now();
    loop {
        if let Some(value) = check().await? {
            return Ok(value);
        }
        if start.elapsed() > most {
            bail!("{what}: not within {} s", most.as_secs());
        }
        tokio::time::sleep(every).await;
    }
}
