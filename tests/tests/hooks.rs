//! Deliverability events, from the bytes that a provider posts to the ledger: exactly once, whoever dies, repeats or lies
//! (invariant 13, faults F22 and F24).

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::large_futures, reason = "a test that cannot go on fails")]

mod hooks {
    mod world;

    mod aside;
    mod effects;
    mod faults;
    mod forged;
    mod replays;
    mod shapes;
    mod sns;
    mod strangers;
    mod told;
}
