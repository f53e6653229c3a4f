//! Settings, read once at start. Every bad one is reported, not just the first.

use std::str::FromStr;

use preheat_core::limits::{Limits, VARIABLE};

/// What a function must be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// `PREHEAT_TABLE`: the ledger.
    pub table: String,
    /// `PREHEAT_SENDS_URL`: the queue of sends.
    pub sends_url: String,
    /// `PREHEAT_VISITS_URL`: the queue of visits.
    pub visits_url: String,
    /// `PREHEAT_KMS_KEY`: the key that data keys are encrypted under: id, alias or ARN.
    pub kms_key: String,
    /// `PREHEAT_BUS`: the bus of state changes, name or ARN. Without it nobody is told of them.
    pub bus: Option<String>,
    /// `PREHEAT_ALERTS_URL`: the queue behind the bus. The notifier's alone.
    pub alerts_url: Option<String>,
    /// The numbers of the rules: `PREHEAT_LIMITS`, a JSON object of what differs from the defaults (`preheat limits show`), and
    /// three that have variables of their own, as the rest of the stack must agree with them:
    /// - `PREHEAT_TICK_S`: length of a tick in seconds, 60–900; default 900. Must equal the schedule's rate.
    /// - `PREHEAT_HOLD_S`: how long claims and leases are held, in seconds, 30–3,600; default 600. Longer than the time-outs of
    ///   sender and replier, shorter than the visibility of their queues.
    /// - `PREHEAT_CONTROL_SHARE`: share of the mailboxes that is held out as controls, 0–1; default 0.
    pub limits: Limits,
    /// `PREHEAT_ALLOW_LOCAL_MAIL`: `on` lets mail servers be on private addresses and any port. For rehearsals.
    pub allow_local_mail: bool,
    /// `PREHEAT_EXTRA_ROOTS`: a PEM file with further root certificates. For rehearsals and private CAs.
    pub extra_roots: Option<String>,
}

/// Settings that are missing or wrong, each with what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad settings: {}", .0.join("; "))]
pub struct SettingsError(pub Vec<String>);

impl Settings {
    /// Reads the settings through `lookup`.
    ///
    /// # Errors
    /// Every setting that is missing or wrong.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut wrong = Vec::new();
        let mut required = |name: &str| {
            lookup(name).filter(|value| !value.is_empty()).unwrap_or_else(|| {
                wrong.push(format!("{name} is not set"));
                String::new()
            })
        };
        let table = required("PREHEAT_TABLE");
        let sends_url = required("PREHEAT_SENDS_URL");
        let visits_url = required("PREHEAT_VISITS_URL");
        let kms_key = required("PREHEAT_KMS_KEY");
        let tick_s = parsed(&lookup, "PREHEAT_TICK_S", 900, &mut wrong);
        if !(60..=900).contains(&tick_s) {
            wrong.push(format!("PREHEAT_TICK_S is {tick_s}; it must be 60 to 900"));
        }
        let hold_s = parsed(&lookup, "PREHEAT_HOLD_S", 600, &mut wrong);
        if !(30..=3_600).contains(&hold_s) {
            wrong.push(format!("PREHEAT_HOLD_S is {hold_s}; it must be 30 to 3600"));
        }
        let control_share = parsed(&lookup, "PREHEAT_CONTROL_SHARE", 0.0, &mut wrong);
        if !(0.0..=1.0).contains(&control_share) {
            wrong.push(format!("PREHEAT_CONTROL_SHARE is {control_share}; it must be 0 to 1"));
        }
        let document = lookup(VARIABLE).filter(|text| !text.is_empty());
        let limits = document.map_or_else(|| Ok(Limits::default()), |document| Limits::read(&document));
        let limits = limits.unwrap_or_else(|error| {
            wrong.extend(error.0.into_iter().map(|reason| format!("{VARIABLE}: {reason}")));
            Limits::default()
        });
        let Switch(allow_local_mail) = parsed(&lookup, "PREHEAT_ALLOW_LOCAL_MAIL", Switch(false), &mut wrong);
        let alerts_url = lookup("PREHEAT_ALERTS_URL").filter(|url| !url.is_empty());
        let bus = lookup("PREHEAT_BUS").filter(|name| !name.is_empty());
        let extra_roots = lookup("PREHEAT_EXTRA_ROOTS").filter(|path| !path.is_empty());
        if wrong.is_empty() {
            Ok(Self {
                table,
                sends_url,
                visits_url,
                kms_key,
                bus,
                alerts_url,
                limits: Limits { tick_s, hold_s, control_share, ..limits },
                allow_local_mail,
                extra_roots,
            })
        } else {
            Err(SettingsError(wrong))
        }
    }

    /// Reads the settings from the environment.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(variable)
    }
}

/// A variable of the environment; `None`: it is not set, or empty.
#[expect(clippy::disallowed_methods, reason = "the one place of the functions that reads the environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// `on` or `off`.
struct Switch(bool);

impl FromStr for Switch {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "on" => Ok(Self(true)),
            "off" => Ok(Self(false)),
            _ => Err(()),
        }
    }
}

fn parsed<T: FromStr>(lookup: impl Fn(&str) -> Option<String>, name: &str, default: T, wrong: &mut Vec<String>) -> T {
    match lookup(name).filter(|text| !text.is_empty()).map(|text| text.parse().map_err(|_| text)) {
        None => default,
        Some(Ok(value)) => value,
        Some(Err(text)) => {
            wrong.push(format!("{name} is `{text}`, which is not a valid value"));
            default
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    const REQUIRED: [(&str, &str); 4] = [
        ("PREHEAT_TABLE", "ledger"),
        ("PREHEAT_SENDS_URL", "https://queue/sends"),
        ("PREHEAT_VISITS_URL", "https://queue/visits"),
        ("PREHEAT_KMS_KEY", "alias/preheat"),
    ];

    #[test]
    fn defaults_are_safe() {
        let settings = settings(&REQUIRED).unwrap();
        assert_eq!((settings.limits.tick_s, settings.limits.hold_s), (900, 600));
        assert!(!settings.allow_local_mail);
        assert_eq!((settings.extra_roots, settings.bus), (None, None));
        assert!(settings.limits.control_share.abs() < f64::EPSILON);
    }

    #[test]
    fn every_bad_setting_is_reported() {
        let error = settings(&[("PREHEAT_TABLE", "ledger"), ("PREHEAT_TICK_S", "soon"), ("PREHEAT_KMS_KEY", "")]);
        let SettingsError(wrong) = error.unwrap_err();
        assert_eq!(
            wrong,
            [
                "PREHEAT_SENDS_URL is not set",
                "PREHEAT_VISITS_URL is not set",
                "PREHEAT_KMS_KEY is not set",
                "PREHEAT_TICK_S is `soon`, which is not a valid value"
            ]
        );
    }

    #[test]
    fn limits_hold_what_their_document_says_and_the_settings_of_their_own() {
        let with = |document: &'static str| {
            let own = [("PREHEAT_TICK_S", "300"), ("PREHEAT_LIMITS", document)];
            settings(&REQUIRED.into_iter().chain(own).collect::<Vec<_>>())
        };
        let limits = with(r#"{"health": {"tier_pause": 0.09}}"#).unwrap().limits;
        let expected = |limits| Limits { tick_s: 300, hold_s: 600, control_share: 0.0, ..limits };
        assert!((limits.health.tier_pause - 0.09).abs() < f64::EPSILON);
        assert_eq!(with("").unwrap().limits, expected(Limits::default()));
        let SettingsError(wrong) = with(r#"{"health": {"tier_pause": 9}, "tick_s": 900}"#).unwrap_err();
        assert_eq!(
            wrong,
            [
                "PREHEAT_LIMITS: health.tier_pause is 9; it must be a share, 0 to 1",
                "PREHEAT_LIMITS: tick_s is none of the limits; `preheat limits show` names them all"
            ]
        );
    }

    #[test]
    fn a_share_of_controls_is_a_share() {
        for share in ["1.1", "-0.1", "NaN", "a tenth"] {
            let pairs: Vec<_> = REQUIRED.into_iter().chain([("PREHEAT_CONTROL_SHARE", share)]).collect();
            assert!(settings(&pairs).unwrap_err().to_string().contains("PREHEAT_CONTROL_SHARE"), "{share}");
        }
    }

    #[test]
    fn a_tick_longer_than_a_queue_delay_is_refused() {
        let pairs: Vec<_> = REQUIRED.into_iter().chain([("PREHEAT_TICK_S", "3600")]).collect();
        assert!(settings(&pairs).unwrap_err().to_string().contains("must be 60 to 900"));
    }
}
