//! Looking for one slot's partner: a bounded number of looks, and the best of what was acceptable.

use crate::id::{SlotId, day_number};
use crate::pairing::members::Member;
use crate::pairing::ring::Class;
use crate::pairing::{Choice, Pairing, Pool, Refused};
use crate::seed::unit;

/// Acceptable candidates that are compared with each other. Two or more are enough for a tight balance ("the power of
/// two choices"); five leave some for provider and memory. Ours.
const COMPARED: u32 = 5;
/// Candidates looked at in the rotation, at most; a pool of fewer is looked at whole. Ours.
pub(super) const LOOKS_MAX: u32 = 64;
/// Further candidates looked at, at most, when the rotation offered none: a pool that is mostly paused, or mostly of
/// one organisation. Ours.
const PROBES_MAX: u32 = 64;

/// Costs, in thousandths of a mailbox's fair share of received mail. Ours; together they stay well inside the promised
/// 0.8–1.25, so that balance wins in the end.
const COST_PROVIDER: u64 = 60;
/// For not being of the day's own class: written to in the last days, or soon.
const COST_CLASS: u64 = 40;
/// ... and so many thousandths of a mail more: what one or two mails make of a small share is no imbalance yet.
const COST_CLASS_MAIL: u64 = 1_000;
/// From so much received on a mailbox is so far ahead that the other classes are looked at as well.
const BALANCE_AHEAD: u64 = 1_100;
/// Own organisation, where that is allowed at all: more than anything else.
const COST_OWN: u64 = 1_000_000;

/// An acceptable partner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    to: usize,
    /// Received of its fair share, in thousandths.
    balance: u64,
    cost: u64,
}

/// Looking for one slot's partner.
pub(super) struct Search<'a> {
    pairing: &'a Pairing,
    mailbox: usize,
    me: Member,
    /// Its place in the ring.
    place: u32,
    k: u16,
    alone: bool,
    written: &'a [u32],
    draw: u64,
    pub(super) best: Option<Candidate>,
    accepted: u32,
    pub(super) looks: u32,
    refused: Refused,
}

impl<'a> Search<'a> {
    pub(super) fn new(pairing: &'a Pairing, mailbox: usize, slot: SlotId, written: &'a [u32]) -> Self {
        let parts = [u64::from(slot.mailbox.0), u64::from(day_number(slot.date)), u64::from(slot.k)];
        Self {
            pairing,
            mailbox,
            me: pairing.members[mailbox],
            place: pairing.places[mailbox],
            k: slot.k,
            alone: pairing.others[mailbox].foreign < pairing.limits.alone_below,
            written,
            draw: pairing.seed.hash64("pairing draw", &parts),
            best: None,
            accepted: 0,
            looks: 0,
            refused: Refused::default(),
        }
    }

    /// Looks at the turns of a class until enough of them were acceptable.
    pub(super) fn look_through(&mut self, pool: &Pool, class: Class<'_>, rank: u32) {
        let (turns, stride) = (class.turns(), pool.ring.stride());
        let first = u32::from(self.k) % turns.max(1);
        let before = self.accepted;
        let look = |search: &mut Self, turn: u32| {
            search.look(pool, class.place(search.place, turn), rank);
            search.accepted - before < COMPARED && search.looks < LOOKS_MAX
        };
        // Where there is room for it, replacements keep apart from the turns of the day's other slots.
        let apart = (first..turns).step_by(stride as usize).take(COMPARED as usize);
        let was_apart = move |turn: u32| {
            turn >= first && (turn - first).is_multiple_of(stride) && (turn - first) / stride < COMPARED
        };
        let next_to = (1..turns).map(|ahead| (first + ahead) % turns).filter(|&turn| !was_apart(turn));
        for turn in apart.chain(next_to) {
            if !look(self, turn) {
                return;
            }
        }
    }

    /// Whether a class gave a partner that is not far ahead of its fair share: then no class is looked at that was, or
    /// will be, written to sooner.
    pub(super) fn is_settled(&self) -> bool {
        self.best.is_some_and(|best| best.balance < BALANCE_AHEAD)
    }

    fn look(&mut self, pool: &Pool, place: u32, rank: u32) {
        match pool.by_place.get(place as usize) {
            Some(&position) => self.consider(position as usize, rank),
            None => {
                self.looks += 1;
                self.refused.empty += 1;
            }
        }
    }

    fn consider(&mut self, to: usize, rank: u32) {
        self.looks += 1;
        let partner = &self.pairing.members[to];
        let own = self.me.is_own(partner);
        let count = if to == self.mailbox {
            &mut self.refused.empty
        } else if !partner.takes_from(&self.me) || self.pairing.barred.is(self.mailbox, to) {
            &mut self.refused.not_live
        } else if own && !self.alone {
            &mut self.refused.own
        } else if self.pairing.is_written(to, self.written) {
            &mut self.refused.written
        } else if self.pairing.is_full(to) {
            &mut self.refused.full
        } else {
            self.accepted += 1;
            let candidate = self.candidate(to, rank, own);
            if self.best.is_none_or(|best| candidate.cost < best.cost) {
                self.best = Some(candidate);
            }
            return;
        };
        *count += 1;
    }

    /// What speaks against a partner: the mail it has received already, as thousandths of its fair share, and a little
    /// for its provider and for having been written to lately. Equal costs: the earlier in the rotation.
    fn candidate(&self, to: usize, rank: u32, own: bool) -> Candidate {
        let received = self.pairing.received[to];
        let balance = u64::from(received.week) * 1000 / u64::from(received.share.max(1));
        let weight = self.pairing.weights.of(self.me.provider, self.pairing.members[to].provider);
        let provider = if unit(self.draw) >= weight { COST_PROVIDER } else { 0 };
        // 0, 1, 2, 2, 3, 3, 3, 3, ...: the order of classes halves what is left of the circle again and again.
        let level = u64::from(u32::BITS - rank.leading_zeros());
        let class = level * (COST_CLASS + COST_CLASS_MAIL / u64::from(received.share.max(1)));
        Candidate { to, balance, cost: balance + provider + class + if own { COST_OWN } else { 0 } }
    }

    /// Looks beyond the rotation: among the living outside the own organisation, from a place that the slot chooses.
    pub(super) fn probe(&mut self, pool: &Pool) {
        let organisation = |position: u32| self.pairing.members[position as usize].organisation;
        let own = if self.alone {
            0..0
        } else {
            let from = pool.live.partition_point(|&position| organisation(position) < self.me.organisation);
            let to = pool.live.partition_point(|&position| organisation(position) <= self.me.organisation);
            from..to
        };
        let others = pool.live.len() - own.len();
        if others == 0 {
            return;
        }
        let start = usize::try_from(self.draw % others as u64).unwrap_or(0);
        for step in 0..others.min(PROBES_MAX as usize) {
            let at = (start + step) % others;
            let at = if at < own.start { at } else { at + own.len() };
            self.consider(pool.live[at] as usize, 0);
            if self.accepted >= COMPARED {
                return;
            }
        }
    }

    pub(super) fn choice(self) -> Choice {
        Choice { partner: self.best.map(|best| best.to), refused: self.refused, looks: self.looks }
    }
}
