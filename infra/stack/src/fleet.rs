//! A fleet of mailboxes at sandbox providers: what the demo shows and the simulation torments.

use jiff::civil::time;
use preheat_core::endpoint::{Endpoint, Security};
use preheat_core::id::{Address, IdError};
use preheat_core::mailbox::{Days, Mode, Provider, Role, Schedule};
use preheat_core::ramp::Ramp;
use preheat_sandbox::{Kind, ProviderId, World, WorldError};

/// One mailbox of the fleet, before it is imported.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its address.
    pub address: Address,
    /// Its owner.
    pub name: String,
    /// What kind of provider hosts it.
    pub kind: Kind,
    /// Its password at the sandbox.
    pub password: String,
    /// When it sends.
    pub schedule: Schedule,
    /// Where it submits.
    pub smtp: Endpoint,
    /// Where it is read.
    pub imap: Endpoint,
    /// How its volume grows.
    pub ramp: Ramp,
    /// Sender or seed.
    pub role: Role,
    /// Exchange or measure.
    pub mode: Mode,
}

impl Member {
    /// Who hosts it, in the planner's words.
    #[must_use]
    pub fn provider(&self) -> Provider {
        match self.kind {
            Kind::Gmail => Provider::Gmail,
            Kind::Outlook => Provider::Microsoft,
            Kind::Dovecot | Kind::Prefixed | Kind::Old => Provider::Other,
        }
    }
}

/// What a fleet cannot be built with.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// A name that is none.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The sandbox refuses.
    #[error(transparent)]
    World(#[from] WorldError),
}

const FIRST_NAMES: [&str; 24] = [
    "Anna", "Ben", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Ida", "Jonas", "Kira", "Leo", "Mara", "Nils",
    "Olga", "Paul", "Rosa", "Simon", "Tara", "Ugo", "Vera", "Willem", "Yara", "Zeno",
];
const LAST_NAMES: [&str; 9] = ["Berg", "Carter", "Dale", "Ellis", "Fox", "Grant", "Hale", "Ives", "Jung"];
const FIRMS: [&str; 16] = [
    "birchline",
    "northquay",
    "palefield",
    "tinworks",
    "harborlight",
    "millstone",
    "copperleaf",
    "windrow",
    "stonegate",
    "eastbrook",
    "larkfield",
    "greywater",
    "oakmere",
    "redcliff",
    "silverbay",
    "fernhill",
];
const ZONES: [&str; 6] =
    ["Europe/Berlin", "America/New_York", "Europe/London", "America/Los_Angeles", "Asia/Kolkata", "Australia/Sydney"];

/// The members of a fleet of `count`, the same for every run. Of the first 16, three in four have a domain of their own and the
/// fourth shares one with its neighbour, so that even a small fleet has partners, and own organisations to be avoided; later
/// ones share a domain two and two, as fleets do.
///
/// # Errors
/// Never, unless the lists above hold a bad name.
pub fn members(count: usize, ramp: &Ramp) -> Result<Vec<Member>, FleetError> {
    (0..count).map(|i| member(i, ramp.clone())).collect()
}

fn member(i: usize, ramp: Ramp) -> Result<Member, FleetError> {
    let kind = Kind::ALL[i % Kind::ALL.len()];
    let first = FIRST_NAMES[i % FIRST_NAMES.len()];
    let last = LAST_NAMES[i % LAST_NAMES.len()];
    let firm = match i {
        0..16 if i % 4 == 3 => i - 1,
        0..16 => i,
        _ => i - i % 2,
    };
    let number = firm / FIRMS.len();
    let domain = if number == 0 {
        format!("{}.example", FIRMS[firm % FIRMS.len()])
    } else {
        format!("{}{number}.example", FIRMS[firm % FIRMS.len()])
    };
    let address: Address = format!("{}.{}@{domain}", first.to_lowercase(), last.to_lowercase()).parse()?;
    let (smtp, imap) = hosts(kind);
    Ok(Member {
        password: format!("sandbox-{i}"),
        name: format!("{first} {last}"),
        kind,
        schedule: Schedule {
            zone: ZONES[i % ZONES.len()].to_owned(),
            start: time(9, 0, 0, 0),
            end: time(17, 0, 0, 0),
            days: Days::WORKING,
        },
        smtp: Endpoint { host: smtp, port: 465, security: Security::Implicit },
        imap: Endpoint { host: imap, port: 993, security: Security::Implicit },
        address,
        ramp,
        role: Role::Sender,
        mode: Mode::Exchange,
    })
}

fn hosts(kind: Kind) -> (String, String) {
    let name = match kind {
        Kind::Gmail => "gmail-like",
        Kind::Outlook => "outlook-like",
        Kind::Dovecot => "generic",
        Kind::Prefixed => "prefixed",
        Kind::Old => "old",
    };
    (format!("smtp.{name}.sandbox"), format!("imap.{name}.sandbox"))
}

/// Opens the providers and the members' accounts in a world.
///
/// # Errors
/// The world has them already.
pub fn settle(world: &World, members: &[Member]) -> Result<Vec<(Kind, ProviderId)>, FleetError> {
    let mut providers = Vec::new();
    for kind in Kind::ALL {
        let (smtp, imap) = hosts(kind);
        providers.push((kind, world.add_provider(kind, &smtp, &imap)?));
    }
    for member in members {
        if let Some((_, provider)) = providers.iter().find(|(kind, _)| *kind == member.kind) {
            world.add_account(member.address.as_str(), &member.password, *provider)?;
        }
    }
    Ok(providers)
}
