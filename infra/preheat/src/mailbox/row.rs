//! A row of the file as a mailbox to import: which columns there are, what each defaults to, what does not fit.

use std::collections::BTreeMap;

use jiff::civil::Time;
use preheat_core::endpoint::{Endpoint, Security};
use preheat_core::id::{Address, PoolId, TenantId};
use preheat_core::mailbox::{Days, Mode, Provider, Role, Schedule};
use preheat_core::ramp::{PRESET_DEFAULT, PRESETS, Per, Preset, Ramp, RampFor};
use preheat_store::{NewMailbox, Secret};

use super::sheet::{Cells, Fault, Sheet};
use super::value::{self, Value};
use crate::near;
use crate::plan::parse_provider;

/// Every column a file may have.
pub(crate) const COLUMNS: [&str; 24] = [
    "address",
    "name",
    "smtp_host",
    "smtp_port",
    "smtp_security",
    "imap_host",
    "imap_port",
    "imap_security",
    "user",
    "password",
    "password_env",
    "zone",
    "window",
    "days",
    "ramp",
    "provider",
    "organisation",
    "pool",
    "tenant",
    "cap",
    "reply_rate",
    "role",
    "mode",
    "language",
];

/// Columns a file must have.
pub(crate) const REQUIRED: [&str; 1] = ["address"];

/// Share of received mail that is replied to unless the file says otherwise (domain.md §6).
const REPLY_RATE_DEFAULT: f64 = 0.30;

/// Longest display name, in characters.
const NAME_MAX: usize = 100;

/// A mailbox as a good row describes it.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) line: usize,
    pub(crate) new: NewMailbox,
    pub(crate) password: Secret,
    /// What is unwise about it, and imported all the same.
    pub(crate) warnings: Vec<String>,
}

/// Everything a file held.
#[derive(Debug)]
pub(crate) struct Candidates {
    /// Good rows in the order of the file.
    pub(crate) good: Vec<Candidate>,
    /// Faults in the order of the file.
    pub(crate) faults: Vec<Fault>,
}

/// Reads every row of a sheet. `environment` answers what `password_env` names.
pub(crate) fn candidates(sheet: Sheet, environment: &dyn Fn(&str) -> Option<String>) -> Candidates {
    let Sheet { rows, mut faults } = sheet;
    let mut seen: BTreeMap<Address, usize> = BTreeMap::new();
    let mut good = Vec::new();
    for cells in &rows {
        let mut row = Row { cells, faults: &mut faults, is_good: true };
        let candidate = row.candidate(environment);
        // A duplicate is a fault of the later row, whether the earlier one is good or not.
        if let Ok(address) = value::address(cells.get("address")) {
            if let Some(first) = seen.get(&address) {
                let reason = format!("{address} stands in line {first} already");
                row.fault("address", reason);
            } else {
                seen.insert(address, cells.line);
            }
        }
        if row.is_good {
            good.extend(candidate);
        }
    }
    faults.sort_by_key(|fault| fault.line);
    Candidates { good, faults }
}

struct Row<'a> {
    cells: &'a Cells,
    faults: &'a mut Vec<Fault>,
    is_good: bool,
}

impl Row<'_> {
    fn fault(&mut self, column: &str, reason: String) {
        self.is_good = false;
        self.faults.push(Fault { line: self.cells.line, column: Some(column.to_owned()), reason });
    }

    /// A cell read by `read`; `None` where it is empty or at fault, and a fault is noted.
    fn cell<T>(&mut self, column: &'static str, read: impl FnOnce(&str) -> Value<T>) -> Option<T> {
        let text = self.cells.get(column);
        if text.is_empty() {
            return None;
        }
        read(text).map_err(|reason| self.fault(column, reason)).ok()
    }

    /// `None` when anything of the row is at fault; then at least one fault was noted.
    fn candidate(&mut self, environment: &dyn Fn(&str) -> Option<String>) -> Option<Candidate> {
        let address = self.cell("address", value::address);
        if self.cells.get("address").is_empty() {
            self.fault("address", "it is empty".to_owned());
        }
        let provider = self.cell("provider", |text| {
            parse_provider(text).map_err(|expected| format!("{} is no provider: {expected}", value::shown(text)))
        });
        let provider = provider.or_else(|| Some(value::provider_of(address.as_ref()?, self.cells.get("smtp_host"))));
        let preset = provider.and_then(value::servers);
        let (smtp_preset, imap_preset) = preset.map_or((None, None), |(smtp, imap)| (Some(smtp), Some(imap)));
        let smtp = self.endpoint(["smtp_host", "smtp_port", "smtp_security"], smtp_preset, 465);
        let imap = self.endpoint(["imap_host", "imap_port", "imap_security"], imap_preset, 993);
        let user = self.cell("user", no_control);
        let password = self.password(environment);
        let schedule = self.schedule();
        let ramp = self.ramp(provider);
        let tenant = self.cell("tenant", |text| text.parse::<TenantId>().map_err(|error| error.to_string()));
        let pool = self.cell("pool", |text| text.parse::<PoolId>().map_err(|error| error.to_string()));
        let cap_per_day = self.cell("cap", value::cap);
        let reply_rate = self.cell("reply_rate", value::reply_rate);
        let role = self.cell("role", value::role);
        let mode = self.cell("mode", value::mode);
        let language = self.cell("language", value::language);
        let organisation = self.cell("organisation", no_control);
        let name = self.cell("name", display_name);
        let address = address?;
        let tenant = tenant.or_else(|| "default".parse().ok())?;
        let (ramp, warnings) = ramp?;
        let password = password?;
        let new = NewMailbox {
            display_name: name.unwrap_or_default(),
            smtp: smtp?,
            imap: imap?,
            user: user.unwrap_or_else(|| address.to_string()),
            schedule: schedule?,
            ramp,
            provider: provider?,
            organisation: organisation.map_or_else(|| value::organisation_of(&address), |text| text.to_lowercase()),
            // One closed pool a tenant, named like the tenant.
            pool: pool.or_else(|| tenant.as_str().parse().ok())?,
            tenant,
            cap_per_day,
            reply_rate: reply_rate.unwrap_or(REPLY_RATE_DEFAULT),
            role: role.unwrap_or(Role::Sender),
            mode: mode.unwrap_or(Mode::Exchange),
            language: language.unwrap_or_default(),
            address,
        };
        Some(Candidate { line: self.cells.line, new, password, warnings })
    }

    fn endpoint(
        &mut self,
        [host_column, port_column, security_column]: [&'static str; 3],
        preset: Option<Endpoint>,
        port_default: u16,
    ) -> Option<Endpoint> {
        let is_empty = |column| self.cells.get(column).is_empty();
        let (no_host, no_port, no_security) = (is_empty(host_column), is_empty(port_column), is_empty(security_column));
        let host = self.cell(host_column, value::host);
        let port = self.cell(port_column, value::port);
        let security = self.cell(security_column, value::security);
        if no_host && preset.is_none() {
            let reason = "it is needed: only gmail, microsoft, yahoo and zoho have a preset";
            self.fault(host_column, reason.to_owned());
        }
        // A host of one's own takes nothing from the preset.
        let preset = preset.filter(|preset| no_host || host.as_deref() == Some(preset.host.as_str()));
        let host = host.or_else(|| preset.as_ref().filter(|_| no_host).map(|preset| preset.host.clone()));
        let port = match (port, &preset) {
            (Some(port), _) => port,
            (None, _) if !no_port => return None,
            (None, Some(preset)) => preset.port,
            (None, None) => port_default,
        };
        let security = match (security, port) {
            (Some(security), _) => security,
            (None, _) if !no_security => return None,
            (None, 465 | 993) => Security::Implicit,
            (None, 587 | 143) => Security::StartTls,
            (None, _) => {
                let reason = format!("it is needed: port {port} does not tell between `implicit` and `starttls`");
                self.fault(security_column, reason);
                return None;
            }
        };
        Some(Endpoint { host: host?, port, security })
    }

    fn password(&mut self, environment: &dyn Fn(&str) -> Option<String>) -> Option<Secret> {
        let (given, variable) = (self.cells.raw("password"), self.cells.get("password_env"));
        let text = match (given.is_empty(), variable.is_empty()) {
            (true, true) => Err("it is empty, and there is no `password_env` either".to_owned()),
            (false, false) => Err("give either `password` or `password_env`, not both".to_owned()),
            (false, true) => Ok(given.to_owned()),
            (true, false) => match value::variable(variable) {
                Ok(name) => match environment(name) {
                    Some(text) if !text.is_empty() => Ok(text),
                    Some(_) | None => {
                        self.fault("password_env", format!("the environment variable {name} is not set"));
                        return None;
                    }
                },
                Err(reason) => {
                    self.fault("password_env", reason);
                    return None;
                }
            },
        };
        match text {
            // Never shown: only what is wrong with it.
            Ok(text) if text.chars().any(|c| matches!(c, '\r' | '\n' | '\0')) => {
                self.fault("password", "it holds a line break".to_owned());
                None
            }
            Ok(text) => Some(Secret::new(text)),
            Err(reason) => {
                self.fault("password", reason);
                None
            }
        }
    }

    fn schedule(&mut self) -> Option<Schedule> {
        let is_good = |row: &Self, column| row.cells.get(column).is_empty();
        let zone = self.cell("zone", value::zone);
        let window = self.cell("window", value::window);
        let days = self.cell("days", value::days);
        let zone = zone.or_else(|| is_good(self, "zone").then(|| "UTC".to_owned()));
        let default = (Time::constant(9, 0, 0, 0), Time::constant(17, 0, 0, 0));
        let (start, end) = window.or_else(|| is_good(self, "window").then_some(default))?;
        let days = days.or_else(|| is_good(self, "days").then_some(Days::WORKING))?;
        Schedule::new(&zone?, start, end, days).map_err(|error| self.fault("window", error.to_string())).ok()
    }

    fn ramp(&mut self, provider: Option<Provider>) -> Option<(Ramp, Vec<String>)> {
        let text = match self.cells.get("ramp") {
            "" => PRESET_DEFAULT,
            text => text,
        };
        if Preset::named(text).is_some_and(|preset| preset.per == Per::Hour) {
            self.fault("ramp", format!("`{text}` counts sends an hour: it is for sending IPs, not for mailboxes"));
            return None;
        }
        let purpose = RampFor::Mailbox { provider: provider.unwrap_or(Provider::Other) };
        let read = text.parse::<Ramp>().and_then(|ramp| ramp.check(purpose).map(|warnings| (ramp, warnings)));
        match read {
            Ok((ramp, warnings)) => Some((ramp, warnings.iter().map(ToString::to_string).collect())),
            Err(error) => {
                let meant = if text.contains(':') { String::new() } else { near::did_you_mean(text, PRESETS) };
                self.fault("ramp", format!("{}{meant}", error.to_string().escape_debug()));
                None
            }
        }
    }
}

fn no_control(text: &str) -> Value<String> {
    if text.chars().any(char::is_control) {
        Err(format!("{} holds a line break or control character", value::shown(text)))
    } else {
        Ok(text.to_owned())
    }
}

fn display_name(text: &str) -> Value<String> {
    let name = no_control(text)?;
    if name.chars().count() > NAME_MAX {
        return Err(format!("it is longer than {NAME_MAX} characters"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use preheat_core::content::Language;

    use super::*;
    use crate::mailbox::sheet;

    fn read(csv: &str) -> Candidates {
        let environment = |name: &str| (name == "SECRET").then(|| "from outside".to_owned());
        candidates(sheet::read(csv.as_bytes(), &COLUMNS, &REQUIRED), &environment)
    }

    fn faults(csv: &str) -> Vec<String> {
        read(csv).faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_row_of_address_and_password_is_enough_at_a_known_provider() {
        let read = read("address,password\nAnn@Gmail.com, pass word \n");
        assert_eq!(read.faults, []);
        let Candidate { new: ann, password, .. } = &read.good[0];
        assert_eq!(ann.address.as_str(), "ann@gmail.com");
        assert_eq!(
            (ann.smtp.host.as_str(), ann.smtp.port, ann.smtp.security),
            ("smtp.gmail.com", 465, Security::Implicit)
        );
        assert_eq!((ann.imap.host.as_str(), ann.imap.port), ("imap.gmail.com", 993));
        assert_eq!((ann.user.as_str(), password.expose()), ("ann@gmail.com", " pass word "));
        assert_eq!((ann.schedule.zone.as_str(), ann.schedule.days), ("UTC", Days::WORKING));
        assert_eq!(
            (ann.tenant.as_str(), ann.pool.as_str(), ann.organisation.as_str()),
            ("default", "default", "ann@gmail.com")
        );
        assert_eq!((ann.reply_rate, ann.cap_per_day, ann.role, ann.mode), (0.30, None, Role::Sender, Mode::Exchange));
        assert_eq!(ann.language, Language::En);
        assert_eq!(ann.ramp, Ramp::preset(PRESET_DEFAULT).unwrap());
    }

    #[test]
    fn a_full_row_is_taken_as_it_stands() {
        let read = read(
            "address,name,smtp_host,smtp_port,smtp_security,imap_host,imap_port,imap_security,user,password_env,zone,\
             window,days,ramp,provider,organisation,pool,tenant,cap,reply_rate,role,mode,language\n\
             a@b.example,Ann B,mx.b.example,587,,imap.b.example,1143,starttls,ann,SECRET,europe/berlin,8:00-12:30,\
             \"sat,sun\",\"linear:5,1,20\",microsoft,Acme,shared,acme,25,0.1,seed,measure,DE\n",
        );
        assert_eq!(read.faults, []);
        let Candidate { new: a, password, .. } = &read.good[0];
        assert_eq!((a.smtp.port, a.smtp.security), (587, Security::StartTls));
        assert_eq!((a.imap.port, a.imap.security), (1143, Security::StartTls));
        assert_eq!((a.user.as_str(), password.expose(), a.display_name.as_str()), ("ann", "from outside", "Ann B"));
        assert_eq!((a.schedule.zone.as_str(), a.schedule.days), ("Europe/Berlin", Days(0b110_0000)));
        assert_eq!((a.schedule.start, a.schedule.end), (Time::constant(8, 0, 0, 0), Time::constant(12, 30, 0, 0)));
        assert_eq!(a.ramp, Ramp::Linear { start: 5, step: 1, cap: 20 });
        assert_eq!((a.provider, a.organisation.as_str()), (Provider::Microsoft, "acme"));
        assert_eq!((a.pool.as_str(), a.tenant.as_str()), ("shared", "acme"));
        assert_eq!((a.cap_per_day, a.reply_rate, a.role, a.mode), (Some(25), 0.1, Role::Seed, Mode::Measure));
        assert_eq!(a.language, Language::De);
    }

    #[test]
    fn every_fault_of_a_row_is_said_at_once() {
        let faults = faults(
            "address,password,smtp_host,smtp_port,imap_host,imap_port,zone,window,days,ramp,cap,reply_rate,role,mode,language\n\
             \"a\r\nb@c.example\",p,mx.example,70000,,2222,Europe/Berln,17:00-09:00,mo,\"linear:-1,1,40\",0,0.9,boss,off,klingon\n",
        );
        let columns: Vec<&str> =
            faults.iter().map(|fault| fault.split([',', ':']).nth(1).unwrap_or_default().trim()).collect();
        assert_eq!(
            columns,
            [
                "address",
                "smtp_port",
                "imap_host",
                "imap_security",
                "zone",
                "window",
                "days",
                "ramp",
                "cap",
                "reply_rate",
                "role",
                "mode",
                "language"
            ]
        );
        assert!(faults[0].contains("`a\\r\\nb@c.example` is not a valid address"), "{}", faults[0]);
        assert!(faults[7].contains("-1 is negative"), "{}", faults[7]);
    }

    #[test]
    fn a_second_row_of_an_address_is_at_fault_even_if_the_first_is() {
        let csv = "address,password,zone\na@gmail.com,p,Nowhere\nb@gmail.com,p,\nA@GMAIL.COM,p,\n";
        let read = read(csv);
        assert_eq!(read.good.len(), 1);
        assert_eq!(read.faults[1].to_string(), "line 4, address: a@gmail.com stands in line 2 already");
    }

    #[test]
    fn passwords_come_from_one_place_and_are_never_shown() {
        assert_eq!(
            faults("address\na@gmail.com\n"),
            ["line 2, password: it is empty, and there is no `password_env` either"]
        );
        assert_eq!(
            faults("address,password,password_env\na@gmail.com,hush,SECRET\n"),
            ["line 2, password: give either `password` or `password_env`, not both"]
        );
        assert_eq!(
            faults("address,password_env\na@gmail.com,OTHER\nb@gmail.com,a-b\n"),
            [
                "line 2, password_env: the environment variable OTHER is not set",
                "line 3, password_env: it is not the name of an environment variable (letters, digits and `_`)"
            ]
        );
        assert_eq!(
            faults("address,password\na@gmail.com,\"hush\nhush\"\n"),
            ["line 2, password: it holds a line break"]
        );
        let shown = format!("{:?}", read("address,password\na@gmail.com,hush\n").good);
        assert!(!shown.contains("hush"), "{shown}");
    }

    #[test]
    fn ramps_for_ips_and_unknown_ones_are_refused() {
        let faults = faults("address,password,ramp\na@gmail.com,p,esp-hourly\nb@gmail.com,p,standart\n");
        assert_eq!(
            faults[0],
            "line 2, ramp: `esp-hourly` counts sends an hour: it is for sending IPs, not for mailboxes"
        );
        assert!(faults[1].ends_with("did you mean standard?"), "{}", faults[1]);
    }

    #[test]
    fn a_steep_ramp_is_imported_with_a_warning() {
        let read = read("address,password,ramp\na@gmail.com,p,\"table:50,200\"\n");
        assert_eq!((read.faults.len(), read.good[0].warnings.len()), (0, 2));
    }

    #[test]
    fn a_host_of_ones_own_takes_no_port_from_the_preset() {
        let read = read("address,password,provider,smtp_host\na@b.example,p,microsoft,mx.b.example\n");
        assert_eq!((read.good[0].new.smtp.port, read.good[0].new.smtp.security), (465, Security::Implicit));
        assert_eq!(read.good[0].new.imap.host, "outlook.office365.com");
    }

    use proptest::prelude::*;

    /// Pieces that make trouble, and harmless ones, in any order.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "address",
            "password",
            "zone",
            ",",
            ",",
            ",",
            ";",
            "\n",
            "\n",
            "\r\n",
            "\"",
            "\"\"",
            "a@b.example",
            "=1+1",
            " ",
            "\t",
            "\0",
            "\u{feff}",
            "é",
            "smtp_host",
            "linear:1,2,3",
            "99999999999999999999",
            "-",
            "\u{2028}",
        ]);
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_file_is_judged_and_no_password_told(tail in pieces(), hush in "[a-z]{12}") {
            for text in [tail.clone(), format!("address,password\na@gmail.com,{hush}\n{tail}")] {
                let read = read(&text);
                let lines = text.bytes().filter(|&b| b == b'\n').count() + 1;
                for fault in &read.faults {
                    prop_assert!((1..=lines).contains(&fault.line), "{fault} in {lines} lines");
                    prop_assert!(!fault.to_string().contains(&hush) && !fault.to_string().contains(['\n', '\r', '\0']), "{fault}");
                }
                let addresses: std::collections::BTreeSet<_> = read.good.iter().map(|good| &good.new.address).collect();
                prop_assert_eq!(addresses.len(), read.good.len());
            }
        }

        #[test]
        fn any_bytes_are_judged(bytes: Vec<u8>) {
            let lines = bytes.iter().filter(|&&b| b == b'\n').count() + 1;
            for fault in sheet::read(&bytes, &COLUMNS, &REQUIRED).faults {
                prop_assert!((1..=lines).contains(&fault.line), "{fault}");
            }
        }
    }
}
