//! What a mail costs: budgets.md allows 2.4 write units, all in.

use jiff::{SignedDuration, Timestamp};
use preheat_core::limits::Limits;
use preheat_core::seed::Seed;
use preheat_core::turn::turn_day;
use preheat_core::visit::{Found, PendingReply, Placement};
use preheat_store::ClaimRequest;

use crate::world::{World, at, parent, request, won};

const MAILS: u16 = 40;
const VISITS: u16 = 5;

#[tokio::test(start_paused = true)]
async fn a_mailbox_day_of_40_mails_keeps_the_budget() {
    let world = World::new().await;
    let id = world.warming("a@example.com", u32::from(MAILS)).await;
    let before = world.aws.counts();
    for k in 0..MAILS {
        let now = at("09:00:00") + SignedDuration::from_mins(i64::from(k) * 11);
        let reply_to = (k % 3 == 0).then(|| parent(k));
        let held = won(&world.store, &ClaimRequest { parent: reply_to, ..request(id, k, u32::MAX, now) }).await;
        world.store.sent(&held).await.unwrap();
        if k % (MAILS / VISITS) == 0 {
            let lease = world.store.lease(id, now, now + SignedDuration::from_mins(5)).await.unwrap().unwrap();
            let mut row = lease.row.clone();
            for i in k..k + MAILS / VISITS {
                row.found.push(Found { slot: parent(i), placement: Placement::Inbox });
                if i % 3 == 0 {
                    row.pending.push(PendingReply { due_at: now, chain: vec![parent(i)], rewritten_id: None });
                }
            }
            world.store.record(&lease, &row).await.unwrap();
        }
    }
    assert_eq!(world.sound(id).await.sent(), u32::from(MAILS));
    let old = world.row(id).await;
    let midnight: Timestamp = at("00:05:00") + SignedDuration::from_hours(24);
    let turned = turn_day(&Seed::new([7; 32]), &old.plan, &old.box_row, midnight, 50, &Limits::default()).unwrap();
    assert!(world.store.turn(&old, &turned).await.unwrap());
    let spent = world.aws.counts().since(&before);
    let per_mail = spent.write_units() / f64::from(MAILS);
    let writes = spent.of("UpdateItem").calls + spent.of("PutItem").calls;
    // One unit a write, so every row and archive has stayed under 1 kB.
    assert_eq!((writes, spent.write_units()), (2 * 40 + 2 * 5 + 4, f64::from(2 * 40 + 2 * 5 + 4)), "{spent:?}");
    assert!(per_mail <= 2.4, "{per_mail} write units a mail: {spent:?}");
}
