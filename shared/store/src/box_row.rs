//! The box row: the lease on a mailbox's visits, and what they found on its local day.
//!
//! | attribute | holds |
//! |---|---|
//! | `fe`, `lu` | fence; until when the lease is held, in milliseconds |
//! | `d` | local date |
//! | `f`, `fb` | what was found, joined by `,`; how many of it stem from the day before |
//! | `r` | which of the finds were seen read, one bit each |
//! | `p` | replies owed, joined by `,` |
//! | `v` | visits recorded, one bit each |
//! | `rw`, `sw` | received and sent this week |
//! | `lo` | the night's audit: what was left in INBOX or Sent; −1: nobody has looked yet |

use preheat_core::visit::{BoxRow, Found, marked, marks};

use crate::item::{Fields, Item, Unreadable, instant, joined, number, split, text};
use crate::plan_row::{date_of, date_text};

/// The row as an item, without its key.
pub(crate) fn to_item(row: &BoxRow) -> Item {
    let mut item = content(row);
    item.insert("fe".to_owned(), number(row.fence));
    if let Some(until) = row.lease_until {
        item.insert("lu".to_owned(), instant(until));
    }
    if let Some(date) = row.date {
        item.insert("d".to_owned(), date_text(date));
    }
    item
}

/// What a visit records: everything but the lease and the date.
pub(crate) fn content(row: &BoxRow) -> Item {
    Item::from([
        ("f".to_owned(), text(joined(&row.found))),
        ("fb".to_owned(), number(row.found_before)),
        ("r".to_owned(), text(marks(&row.found, &row.read))),
        ("p".to_owned(), text(joined(&row.pending))),
        ("v".to_owned(), number(row.visits_done)),
        ("rw".to_owned(), number(row.received_week)),
        ("sw".to_owned(), number(row.sent_week)),
        ("lo".to_owned(), number(row.left_over.map_or(-1, i64::from))),
    ])
}

/// The row of an item. A row that was leased before it was imported holds nothing but its lease.
pub(crate) fn from_item(item: Item) -> Result<BoxRow, Unreadable> {
    let mut fields = Fields(item);
    let found: Vec<Found> = split(&fields.text_or_none("f")?.unwrap_or_default())?;
    let read = marked(&found, &fields.text_or_none("r")?.unwrap_or_default()).collect();
    Ok(BoxRow {
        fence: fields.number_or_none("fe")?.unwrap_or_default(),
        lease_until: fields.instant_or_none("lu")?,
        date: date_of(&mut fields)?,
        found,
        read,
        found_before: fields.number_or_none("fb")?.unwrap_or_default(),
        pending: split(&fields.text_or_none("p")?.unwrap_or_default())?,
        visits_done: fields.number_or_none("v")?.unwrap_or_default(),
        received_week: fields.number_or_none("rw")?.unwrap_or_default(),
        sent_week: fields.number_or_none("sw")?.unwrap_or_default(),
        left_over: fields.number_or_none::<i64>("lo")?.and_then(|count| u32::try_from(count).ok()),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::item::item_size;
    use preheat_core::id::{MailboxId, SlotId};
    use preheat_core::visit::{PendingReply, Placement};

    /// A day on which 40 mails came and 14 replies are owed, in threads up to five mails deep.
    pub(crate) fn full_box() -> BoxRow {
        let date = jiff::civil::date(2026, 3, 2);
        let slot = |k: u16| SlotId { mailbox: MailboxId(900_000 + u32::from(k) * 1_009), date, k };
        let placements = [Placement::Inbox, Placement::Inbox, Placement::Spam, Placement::Promotions, Placement::Other];
        BoxRow {
            fence: 5_000,
            lease_until: Some("2026-03-02T18:45:10Z".parse().unwrap()),
            date: Some(date),
            found: (0..40).map(|k| Found { slot: slot(k), placement: placements[usize::from(k) % 5] }).collect(),
            found_before: 0,
            read: (0..40).map(slot).collect(),
            pending: (0..14)
                .map(|k| PendingReply {
                    due_at: "2026-03-03T12:00:00Z".parse().unwrap(),
                    // Openings are the many, deep threads the few.
                    chain: (0..=[0, 0, 1, 0, 2, 0, 0][usize::from(k) % 7]).map(|turn| slot(k + turn)).collect(),
                    rewritten_id: None,
                })
                .collect(),
            visits_done: 0b1_1111,
            received_week: 190,
            sent_week: 200,
            left_over: Some(3),
        }
    }

    #[test]
    fn a_day_of_40_finds_stays_under_1_kb() {
        let mut item = to_item(&full_box());
        let key = crate::Key::Box(MailboxId(987_654));
        item.insert("pk".to_owned(), text(key.pk()));
        item.insert("sk".to_owned(), text(key.sk()));
        let size = item_size(&item);
        assert!(size <= 1024, "{size} bytes");
    }

    #[test]
    fn a_row_reads_back() {
        let mut row = full_box();
        row.pending[3].rewritten_id = Some("0102018f-55aa@eu-west-1.amazonses.com".to_owned());
        assert_eq!(from_item(to_item(&row)), Ok(row));
        assert_eq!(from_item(to_item(&BoxRow::default())), Ok(BoxRow::default()));
    }

    #[test]
    fn a_row_that_was_only_leased_is_empty() {
        let leased = Item::from([("fe".to_owned(), number(3))]);
        assert_eq!(from_item(leased), Ok(BoxRow { fence: 3, ..BoxRow::default() }));
    }
}
