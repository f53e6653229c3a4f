//! Sending IPs: added whole or not at all, decided on once a day.
//!
//! - **Adding** is one transaction: who owns the address, the IP with its plan, the domain, the weekly admission, and the decision
//!   that says why. Two additions at once of a tenant meet at the admission; two of one address at its owner.
//! - **A day** is one transaction: the IP as it shall be, under the condition that it is as it was read; its consolidated days; the
//!   decision. Two governors at once decide once. The counters that a day is made of stay where they are, and go on counting
//!   what comes late.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use preheat_core::id::TenantId;
use preheat_core::ip::admission::Admitted;
use preheat_core::ip::daily::Decision;
use preheat_core::ip::{IpDay, SendingIp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::item::{Fields, Item, instant, number, text};
use crate::keys::{DAY_PREFIX, DECISION_PREFIX, IP_PREFIX, Key, SYSTEM_PK, ip_pk, tenant_pk};
use crate::store::Store;
use crate::table::TTL;
use crate::transact::{Part, Together};

/// How long days and decisions are kept, in days: a year and a month to compare with. Ours.
const KEPT_DAYS: i64 = 400;

/// A sending IP as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredIp {
    /// The IP.
    pub ip: SendingIp,
    /// Grows with every write.
    version: u64,
}

/// What became of an addition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adding {
    /// It is there.
    Done,
    /// The address is there already: this tenant's.
    Exists,
    /// The address is there already: somebody else's.
    Taken,
    /// Another domain or IP came in meanwhile: ask again whether there is room.
    Crossed,
}

impl Store {
    /// Adds an IP, its plan and its domain, if no other domain or IP came in since `admitted` was read.
    ///
    /// # Errors
    /// The ledger did not answer; nothing was written, or everything.
    pub async fn add_ip(&self, ip: &SendingIp, decision: &Decision, admitted: &Admitted) -> Result<Adding, StoreError> {
        let (tenant, address) = (&ip.tenant, ip.address);
        let key = Key::Ip(tenant, address);
        let owner = Item::from([("t".to_owned(), text(tenant.as_str()))]);
        let row = Item::from([("j".to_owned(), json(key, ip)?), ("v".to_owned(), number(1))]);
        let room = Key::Admitted(tenant);
        let after = json(room, &admitted.and_one(ip.added_at))?;
        let admission = if *admitted == Admitted::default() {
            Part::Put(room, Item::from([("j".to_owned(), after)]), true)
        } else {
            let values = Item::from([(":new".to_owned(), after), (":old".to_owned(), json(room, admitted)?)]);
            Part::Update(room, "SET j = :new", Some("j = :old"), values)
        };
        let since = Item::from([(":at".to_owned(), instant(ip.added_at))]);
        let parts = vec![
            Part::Put(Key::IpOwner(address), owner, true),
            Part::Put(key, row, true),
            admission,
            Part::Update(Key::Domain(tenant, &ip.domain), "SET since = if_not_exists(since, :at)", None, since),
            self.decided(ip, decision)?,
        ];
        match self.together(key, parts).await? {
            Together::Done => Ok(Adding::Done),
            Together::Refused => match self.ip_owner(address).await? {
                Some(owner) if owner != *tenant => Ok(Adding::Taken),
                // Its own effect, the answer lost: the same IP, added at the same instant.
                Some(_) if self.ip(tenant, address).await?.is_some_and(|stored| stored.ip.added_at == ip.added_at) => {
                    Ok(Adding::Done)
                }
                Some(_) => Ok(Adding::Exists),
                None => Ok(Adding::Crossed),
            },
        }
    }

    /// Writes the decision of a day: the IP, its consolidated days, the reason. False: the IP is not as it was read any more,
    /// somebody else has decided.
    ///
    /// # Errors
    /// The ledger did not answer; the same call again is safe.
    pub async fn decide_ip(
        &self,
        old: &StoredIp,
        new: &SendingIp,
        days: &[IpDay],
        decision: &Decision,
    ) -> Result<bool, StoreError> {
        let (tenant, address) = (&new.tenant, new.address);
        let key = Key::Ip(tenant, address);
        let values = Item::from([
            (":j".to_owned(), json(key, new)?),
            (":v".to_owned(), number(old.version + 1)),
            (":old".to_owned(), number(old.version)),
        ]);
        let mut parts = vec![Part::Update(key, "SET j = :j, v = :v", Some("v = :old"), values)];
        for day in days {
            let key = Key::IpDay(tenant, address, day.date);
            parts.push(Part::Put(key, kept(json(key, day)?, decision.at), false));
        }
        parts.push(self.decided(new, decision)?);
        match self.together(key, parts).await? {
            Together::Done => Ok(true),
            // Its own effect, the answer lost, is as good.
            Together::Refused => Ok(self.ip(tenant, address).await?.is_some_and(|stored| stored.ip == *new)),
        }
    }

    fn decided<'a>(&self, ip: &'a SendingIp, decision: &Decision) -> Result<Part<'a>, StoreError> {
        let key = Key::IpDecision(&ip.tenant, ip.address, decision.at);
        Ok(Part::Put(key, kept(json(key, decision)?, decision.at), false))
    }

    /// A sending IP of a tenant.
    ///
    /// # Errors
    /// The ledger did not answer, or the row cannot be read.
    pub async fn ip(&self, tenant: &TenantId, address: IpAddr) -> Result<Option<StoredIp>, StoreError> {
        let key = Key::Ip(tenant, address);
        self.get(key).await?.map(|item| stored(&key.text(), item)).transpose()
    }

    /// Every sending IP of a tenant.
    ///
    /// # Errors
    /// The ledger did not answer, or a row cannot be read.
    pub async fn ips(&self, tenant: &TenantId) -> Result<Vec<StoredIp>, StoreError> {
        let pk = tenant_pk(tenant);
        let items = self.query_all(&pk, IP_PREFIX).await?;
        items.into_iter().map(|(rest, item)| stored(&format!("{pk}/{IP_PREFIX}{rest}"), item)).collect()
    }

    /// Who owns a sending IP; `None`: nobody has added it.
    ///
    /// # Errors
    /// The ledger did not answer, or the row cannot be read.
    pub async fn ip_owner(&self, address: IpAddr) -> Result<Option<TenantId>, StoreError> {
        let key = Key::IpOwner(address);
        self.get(key).await?.map(|item| owner(&key.text(), item)).transpose()
    }

    /// Every sending IP of the stack with its owner.
    ///
    /// # Errors
    /// The ledger did not answer, or a row cannot be read.
    pub async fn ip_owners(&self) -> Result<Vec<(IpAddr, TenantId)>, StoreError> {
        let items = self.query_all(SYSTEM_PK, IP_PREFIX).await?;
        items
            .into_iter()
            .map(|(address, item)| {
                let key = format!("{SYSTEM_PK}/{IP_PREFIX}{address}");
                let address = address
                    .parse()
                    .map_err(|_| StoreError::Corrupt { key: key.clone(), reason: "not an address".to_owned() })?;
                Ok((address, owner(&key, item)?))
            })
            .collect()
    }

    /// When a tenant's last domain or IP came in.
    ///
    /// # Errors
    /// The ledger did not answer, or the row cannot be read.
    pub async fn admitted(&self, tenant: &TenantId) -> Result<Admitted, StoreError> {
        let key = Key::Admitted(tenant);
        match self.get(key).await? {
            Some(item) => read(&key.text(), item),
            None => Ok(Admitted::default()),
        }
    }

    /// The consolidated days of an IP from this date on, oldest first.
    ///
    /// # Errors
    /// The ledger did not answer, or a row cannot be read.
    pub async fn ip_days(&self, tenant: &TenantId, address: IpAddr, from: Date) -> Result<Vec<IpDay>, StoreError> {
        let days: Vec<IpDay> = self.history(tenant, address, DAY_PREFIX).await?;
        Ok(days.into_iter().filter(|day| day.date >= from).collect())
    }

    /// Every decision on an IP that is kept, oldest first.
    ///
    /// # Errors
    /// The ledger did not answer, or a row cannot be read.
    pub async fn ip_decisions(&self, tenant: &TenantId, address: IpAddr) -> Result<Vec<Decision>, StoreError> {
        self.history(tenant, address, DECISION_PREFIX).await
    }

    async fn history<T: DeserializeOwned>(
        &self,
        tenant: &TenantId,
        address: IpAddr,
        prefix: &str,
    ) -> Result<Vec<T>, StoreError> {
        let pk = ip_pk(tenant, address);
        let items = self.query_all(&pk, prefix).await?;
        items.into_iter().map(|(rest, item)| read(&format!("{pk}/{prefix}{rest}"), item)).collect()
    }
}

fn json(key: Key<'_>, value: &impl Serialize) -> Result<aws_sdk_dynamodb::types::AttributeValue, StoreError> {
    let json = serde_json::to_string(value)
        .map_err(|error| StoreError::Corrupt { key: key.text(), reason: error.to_string() })?;
    Ok(text(json))
}

fn kept(json: aws_sdk_dynamodb::types::AttributeValue, at: Timestamp) -> Item {
    let until = at.as_second().saturating_add(KEPT_DAYS * 86_400);
    Item::from([("j".to_owned(), json), (TTL.to_owned(), number(until))])
}

fn read<T: DeserializeOwned>(key: &str, item: Item) -> Result<T, StoreError> {
    let corrupt = |reason: String| StoreError::Corrupt { key: key.to_owned(), reason };
    let json = Fields(item).text("j").map_err(|error| corrupt(error.0))?;
    serde_json::from_str(&json).map_err(|error| corrupt(error.to_string()))
}

fn stored(key: &str, item: Item) -> Result<StoredIp, StoreError> {
    let corrupt = |reason: String| StoreError::Corrupt { key: key.to_owned(), reason };
    let mut fields = Fields(item);
    let version = fields.number("v").map_err(|error| corrupt(error.0))?;
    Ok(StoredIp { ip: read(key, fields.0)?, version })
}

fn owner(key: &str, item: Item) -> Result<TenantId, StoreError> {
    let corrupt = |reason: String| StoreError::Corrupt { key: key.to_owned(), reason };
    let tenant = Fields(item).text("t").map_err(|error| corrupt(error.0))?;
    tenant.parse().map_err(|error: preheat_core::id::IdError| corrupt(error.to_string()))
}
