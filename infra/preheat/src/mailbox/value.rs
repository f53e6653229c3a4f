//! What a single cell may hold: zones, windows, days, hosts, ports, shares. Each reader says what it expects.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use preheat_core::content::Language;
use preheat_core::endpoint::{Endpoint, Security};
use preheat_core::id::Address;
use preheat_core::mailbox::{Days, Mode, Provider, Role};

use crate::near;

/// What a cell's reader gives: a value, or what is wrong with the text.
pub(super) type Value<T> = Result<T, String>;

/// The text as it may be shown: quoted, control characters escaped, not endless.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("`{}`", short.escape_debug())
}

/// An address; the error says what is wrong with it.
pub(super) fn address(text: &str) -> Value<Address> {
    text.parse().map_err(|error: preheat_core::id::IdError| error.to_string())
}

/// An IANA zone by its name in any case, given back as the database spells it.
pub(crate) fn zone(text: &str) -> Value<String> {
    match TimeZone::get(text) {
        Ok(zone) => Ok(zone.iana_name().unwrap_or(text).to_owned()),
        Err(_) => {
            let names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
            let meant = near::did_you_mean(text, names.iter().map(String::as_str));
            Err(format!("{} is not an IANA time zone (such as `Europe/Berlin`){meant}", shown(text)))
        }
    }
}

/// `HH:MM-HH:MM`, the first before the second.
pub(crate) fn window(text: &str) -> Value<(Time, Time)> {
    let wrong = || format!("{} is not a window such as `09:00-17:00`", shown(text));
    let (start, end) = text.split_once('-').ok_or_else(wrong)?;
    let time = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && (1..=2).contains(&text.len());
        if !digits(hour) || !digits(minute) {
            return None;
        }
        Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
    };
    let (start, end) = (time(start).ok_or_else(wrong)?, time(end).ok_or_else(wrong)?);
    if start < end {
        Ok((start, end))
    } else {
        Err(format!("{} ends before it starts: a window lies within one day", shown(text)))
    }
}

/// `mon-fri`, `mon,wed,fri`, `sat-tue`, `weekdays` or `all`.
pub(super) fn days(text: &str) -> Value<Days> {
    const WEEK: [Weekday; 7] = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];
    const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let lower = text.to_lowercase();
    match lower.as_str() {
        "all" | "daily" => return Ok(Days::ALL),
        "weekdays" | "workdays" => return Ok(Days::WORKING),
        _ => {}
    }
    let wrong = || format!("{} is not a set of days such as `mon-fri` or `mon,wed,fri`", shown(text));
    let day = |name: &str| {
        let name = name.trim();
        NAMES.iter().position(|full| name.len() >= 3 && full.starts_with(name)).ok_or_else(wrong)
    };
    let mut set = Days(0);
    for part in lower.split([',', ';', '+', ' ']).filter(|part| !part.is_empty()) {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        for offset in 0..=(last + 7 - first) % 7 {
            set.0 |= 1 << WEEK[(first + offset) % 7].to_monday_zero_offset();
        }
    }
    if set.0 == 0 { Err(wrong()) } else { Ok(set) }
}

/// A TCP port.
pub(super) fn port(text: &str) -> Value<u16> {
    match text.parse::<i64>() {
        Ok(number) => match u16::try_from(number) {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(format!("{number} is out of range: a port is 1 to 65535")),
        },
        Err(_) => Err(format!("{} is not a port: a port is a number from 1 to 65535", shown(text))),
    }
}

/// How a connection is protected. There is no unprotected one.
pub(super) fn security(text: &str) -> Value<Security> {
    match text.to_lowercase().as_str() {
        "implicit" | "tls" | "ssl" | "ssl/tls" => Ok(Security::Implicit),
        "starttls" => Ok(Security::StartTls),
        "none" | "plain" | "off" => {
            Err("a connection without TLS is never opened: use `implicit` or `starttls`".into())
        }
        _ => Err(format!("{} is neither `implicit` nor `starttls`", shown(text))),
    }
}

/// A host name or IP address.
pub(super) fn host(text: &str) -> Value<String> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let name = text.len() <= 253 && text.trim_end_matches('.').split('.').all(label);
    if name || text.parse::<std::net::IpAddr>().is_ok() {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(format!("{} is not a host name", shown(text)))
    }
}

/// Sender or seed.
pub(super) fn role(text: &str) -> Value<Role> {
    match text.to_lowercase().as_str() {
        "sender" => Ok(Role::Sender),
        "seed" => Ok(Role::Seed),
        _ => Err(format!("{} is neither `sender` nor `seed`", shown(text))),
    }
}

/// Exchange, measure or volume.
pub(super) fn mode(text: &str) -> Value<Mode> {
    match text.to_lowercase().as_str() {
        "exchange" => Ok(Mode::Exchange),
        "measure" => Ok(Mode::Measure),
        "volume" => Ok(Mode::Volume),
        _ => Err(format!("{} is none of `exchange`, `measure` and `volume`", shown(text))),
    }
}

/// A language of the library.
pub(super) fn language(text: &str) -> Value<Language> {
    text.to_lowercase().parse().map_err(|_| format!("{} is none of en, de, fr, es", shown(text)))
}

/// A share of received mail that is replied to: 0 to 0.5 (domain.md §6).
pub(super) fn reply_rate(text: &str) -> Value<f64> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=0.5).contains(&rate) => Ok(rate),
        Ok(_) => Err(format!("{} is out of range: a reply rate is 0 to 0.5", shown(text))),
        Err(_) => Err(format!("{} is not a number from 0 to 0.5", shown(text))),
    }
}

/// A share of a whole: 0 to 1.
pub(crate) fn share(text: &str) -> Value<f64> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(format!("{} is not a share from 0 to 1", shown(text))),
    }
}

/// A ceiling in sends a day.
pub(super) fn cap(text: &str) -> Value<u32> {
    match text.parse::<i64>() {
        Ok(number) if number > 0 => u32::try_from(number).map_err(|_| format!("{number} is too large")),
        _ => Err(format!("{} is not a number of sends a day, 1 and above", shown(text))),
    }
}

/// The name of an environment variable.
pub(super) fn variable(text: &str) -> Value<&str> {
    let fits =
        text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !text.starts_with(|c: char| c.is_numeric());
    if fits { Ok(text) } else { Err("it is not the name of an environment variable (letters, digits and `_`)".into()) }
}

/// Who hosts an address or a server, as far as names tell.
pub(super) fn provider_of(address: &Address, smtp_host: &str) -> Provider {
    match address.domain() {
        "gmail.com" | "googlemail.com" => return Provider::Gmail,
        "outlook.com" | "hotmail.com" | "live.com" | "msn.com" => return Provider::Microsoft,
        "yahoo.com" | "ymail.com" | "aol.com" | "yahoo.co.uk" | "yahoo.de" | "yahoo.fr" => return Provider::Yahoo,
        "zoho.com" | "zohomail.com" | "zoho.eu" => return Provider::Zoho,
        _ => {}
    }
    match smtp_host.to_ascii_lowercase().as_str() {
        "smtp.gmail.com" | "smtp-relay.gmail.com" => Provider::Gmail,
        "smtp.office365.com" | "smtp-mail.outlook.com" => Provider::Microsoft,
        "smtp.mail.yahoo.com" => Provider::Yahoo,
        "smtp.zoho.com" | "smtppro.zoho.com" | "smtp.zoho.eu" | "smtppro.zoho.eu" => Provider::Zoho,
        _ => Provider::Other,
    }
}

/// A provider's SMTP and IMAP servers, as it publishes them; `None`: there is no such thing.
pub(super) fn servers(provider: Provider) -> Option<(Endpoint, Endpoint)> {
    let server = |host: &str, port, security| Endpoint { host: host.to_owned(), port, security };
    let (smtp, imap) = match provider {
        Provider::Gmail => (server("smtp.gmail.com", 465, Security::Implicit), "imap.gmail.com"),
        // Microsoft offers submission with STARTTLS only.
        Provider::Microsoft => (server("smtp.office365.com", 587, Security::StartTls), "outlook.office365.com"),
        Provider::Yahoo => (server("smtp.mail.yahoo.com", 465, Security::Implicit), "imap.mail.yahoo.com"),
        Provider::Zoho => (server("smtp.zoho.com", 465, Security::Implicit), "imap.zoho.com"),
        Provider::Other => return None,
    };
    Some((smtp, server(imap, 993, Security::Implicit)))
}

/// The organisation an address belongs to unless the file says otherwise: the registrable domain. At a provider for
/// the public the address itself: two strangers at gmail.com are not one organisation.
pub(super) fn organisation_of(address: &Address) -> String {
    const SECOND_LEVEL: [&str; 9] = ["co", "com", "net", "org", "ac", "gov", "edu", "or", "ne"];
    let domain = address.domain();
    if provider_of(address, "") != Provider::Other {
        return address.as_str().to_owned();
    }
    let labels: Vec<&str> = domain.split('.').collect();
    // `example.co.uk`: a two-letter top level under which everybody registers at the third.
    let under_second =
        matches!(labels.as_slice(), [.., second, top] if top.len() == 2 && SECOND_LEVEL.contains(second));
    let keep = if under_second { 3 } else { 2 };
    labels[labels.len().saturating_sub(keep)..].join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    #[test]
    fn zones_are_found_in_any_case_and_near_ones_suggested() {
        assert_eq!(zone("europe/berlin"), Ok("Europe/Berlin".to_owned()));
        assert_eq!(
            zone("Europe/Berln").unwrap_err(),
            "`Europe/Berln` is not an IANA time zone (such as `Europe/Berlin`); did you mean Europe/Berlin?"
        );
        assert!(zone("New York").unwrap_err().ends_with("did you mean America/New_York?"));
        assert!(zone("").is_err());
    }

    #[test]
    fn windows() {
        assert_eq!(window("09:00-17:00"), Ok((time(9, 0, 0, 0), time(17, 0, 0, 0))));
        assert_eq!(window(" 8:30 - 12:05 "), Ok((time(8, 30, 0, 0), time(12, 5, 0, 0))));
        for wrong in ["", "9-17", "09:00", "09:00-24:00", "09:60-17:00", "-1:00-02:00", "+9:00-10:00", "a:b-c:d"] {
            assert!(window(wrong).unwrap_err().contains("such as `09:00-17:00`"), "{wrong}");
        }
        assert!(window("17:00-09:00").unwrap_err().contains("ends before it starts"));
        assert!(window("09:00-09:00").is_err());
    }

    #[test]
    fn days_as_lists_and_ranges() {
        for (text, bits) in [
            ("mon-fri", 0b001_1111),
            ("Mon, Wed ,fri", 0b001_0101),
            ("sat-tue", 0b110_0011),
            ("all", 0b111_1111),
            ("weekdays", 0b001_1111),
            ("sunday", 0b100_0000),
            ("mon-mon", 0b1),
            ("tues;thu", 0b000_1010),
        ] {
            assert_eq!(days(text), Ok(Days(bits)), "{text}");
        }
        for wrong in ["", "mo", "mon-", "noday", "mon-fri-sun", ",", "1-5"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ports_are_1_to_65535() {
        assert_eq!((port("1"), port("65535")), (Ok(1), Ok(65535)));
        assert_eq!(port("65536").unwrap_err(), "65536 is out of range: a port is 1 to 65535");
        for wrong in ["0", "-25", "70000"] {
            assert!(port(wrong).unwrap_err().contains("out of range"), "{wrong}");
        }
        for wrong in ["", "25a", "4 65"] {
            assert!(port(wrong).unwrap_err().contains("is not a port"), "{wrong}");
        }
    }

    #[test]
    fn hosts_carry_nothing_but_names_and_addresses() {
        for right in ["smtp.example.com", "mail", "192.0.2.1", "::1", "xn--bcher-kva.example"] {
            assert!(host(right).is_ok(), "{right}");
        }
        for wrong in ["", "a b", "a\r\nb", "-a.example", "a..b", "http://a", "a/b", "a:25"] {
            assert!(host(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_shown_is_escaped_and_short() {
        assert_eq!(shown("a\r\nb"), "`a\\r\\nb`");
        assert_eq!(shown(&"x".repeat(200)).chars().count(), 83);
    }

    #[test]
    fn organisation_is_the_registrable_domain_but_not_at_public_providers() {
        for (address, organisation) in [
            ("a@mail.example.com", "example.com"),
            ("a@example.com", "example.com"),
            ("a@x.example.co.uk", "example.co.uk"),
            ("a@gmail.com", "a@gmail.com"),
            ("a@example.de", "example.de"),
            ("a@co.uk", "co.uk"),
        ] {
            assert_eq!(organisation_of(&address.parse().unwrap()), organisation);
        }
    }

    #[test]
    fn numbers_outside_their_range_are_refused() {
        assert_eq!((reply_rate("0"), reply_rate("0.5"), cap("1")), (Ok(0.0), Ok(0.5), Ok(1)));
        for wrong in ["-0.1", "0.51", "NaN", "inf", "x", ""] {
            assert!(reply_rate(wrong).is_err(), "{wrong}");
        }
        for wrong in ["0", "-1", "4294967296", "ten"] {
            assert!(cap(wrong).is_err(), "{wrong}");
        }
    }
}
