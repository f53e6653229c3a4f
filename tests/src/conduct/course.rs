//! One mailbox, seen from outside: its state every half hour, and when its server took a mail of it.

use jiff::{SignedDuration, Timestamp};
use preheat_core::change::{Kind, kind_of};
use preheat_core::mailbox::State;

/// The longest that a session may take from its claim to the final dot: what was claimed in the last second before a pause may
/// end so much later. Far below the tick in which a pause must hold.
const SESSION_MAX: SignedDuration = SignedDuration::from_secs(90);

/// What a planning row says of its mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    /// When it was read.
    pub(super) at: Timestamp,
    /// The state.
    pub(super) state: State,
    /// Whether a person paused it.
    pub(super) by_hand: bool,
    /// Number of the last decision that was carried out.
    pub(super) decided: u32,
}

/// What a person did, or tried to do.
#[derive(Debug, Clone, Copy)]
struct Hand {
    at: Timestamp,
    from: State,
    to: State,
}

/// What was seen of a mailbox so far.
#[derive(Debug, Default)]
pub(super) struct Course {
    last: Option<Sample>,
    hands: Vec<Hand>,
    mails: Vec<Timestamp>,
    /// When it was last seen before the pause in which it was seen last.
    before_pause: Option<Timestamp>,
    /// Changes of state between two samples that no decision had been carried out for: others make them.
    moves: Vec<(State, State)>,
}

impl Course {
    /// A person takes it from one state into another now, or tries to.
    pub(super) fn by_hand(&mut self, at: Timestamp, from: State, to: State) {
        self.hands.push(Hand { at, from, to });
    }

    /// Its server took a mail of it.
    pub(super) fn took(&mut self, at: Timestamp) {
        self.mails.push(at);
    }

    /// A sample, and what it shows to be wrong. An automatic pause lasts `pause_hours` at the least.
    pub(super) fn see(&mut self, sample: Sample, pause_hours: u32) -> Vec<String> {
        let Some(last) = self.last.replace(sample) else {
            self.before_pause = Some(sample.at);
            return Vec::new();
        };
        let mut found = Vec::new();
        let hands: Vec<Hand> =
            self.hands.iter().filter(|hand| hand.at > last.at && hand.at <= sample.at).copied().collect();
        if last.state != sample.state {
            found.extend(self.left(last, sample, &hands, pause_hours));
            if last.decided == sample.decided {
                self.moves.push((last.state, sample.state));
            }
        } else if !sample.state.sends() && last.decided == sample.decided && hands.is_empty() {
            // Nobody touched it in between: it was in this state all the time.
            let still = |at: &&Timestamp| **at > last.at + SESSION_MAX && **at <= sample.at;
            let mails = self.mails.iter().filter(still);
            found.extend(mails.map(|at| {
                let since = last.at;
                format!(
                    "its server took a mail at {at}, and it has been {:?} since {since} at the latest",
                    sample.state
                )
            }));
        }
        if sample.state != State::Paused {
            self.before_pause = Some(sample.at);
        }
        found
    }

    fn left(&self, last: Sample, sample: Sample, hands: &[Hand], pause_hours: u32) -> Option<String> {
        let (from, to, at) = (last.state, sample.state, sample.at);
        if from == State::Retired {
            return Some(format!("it was retired, and is {to:?} at {at}: nothing leads out of there"));
        }
        let goes_on = matches!(to, State::New | State::Warming | State::Ready | State::Degraded);
        if from != State::Paused || !goes_on || hands.iter().any(|hand| hand.to == to) {
            return None;
        }
        if last.by_hand {
            return Some(format!("it was paused by hand, and is {to:?} at {at}, by nobody's hand"));
        }
        // It was paused after this, so for no longer.
        let before = self.before_pause?;
        let is_short = at.duration_since(before) < SignedDuration::from_hours(i64::from(pause_hours));
        is_short
            .then(|| format!("its pause was cut short: not paused at {before}, {to:?} at {at}, under {pause_hours} h"))
    }

    /// How often others than the governor have put it into a state that is told as `kind`: at the most, as far as was seen.
    pub(super) fn moves(&self, kind: Kind) -> usize {
        let seen = self.moves.iter().filter(|&&(from, to)| kind_of(from, to) == Some(kind)).count();
        let tried = self.hands.iter().filter(|hand| kind_of(hand.from, hand.to) == Some(kind)).count();
        seen.max(tried)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
    }

    fn sample(at: i64, state: State, decided: u32) -> Sample {
        Sample { at: hour(at), state, by_hand: false, decided }
    }

    /// What is found at the last of these samples; nothing at those before.
    fn found(course: &mut Course, samples: &[Sample]) -> Vec<String> {
        let mut last = Vec::new();
        for one in samples {
            assert_eq!(last, Vec::<String>::new(), "before {one:?}");
            last = course.see(*one, 48);
        }
        last
    }

    #[test]
    fn an_automatic_pause_of_48_hours_is_in_order_and_a_shorter_one_is_not() {
        let paused = |until| {
            let before = [sample(0, State::Warming, 1), sample(1, State::Paused, 2)];
            found(&mut Course::default(), &[&before[..], &[sample(until, State::Warming, 3)]].concat())
        };
        assert_eq!(paused(48), Vec::<String>::new());
        assert!(paused(47)[0].contains("cut short"), "{:?}", paused(47));
        // What is refused or disabled leaves a pause in any case.
        let error = [sample(0, State::Warming, 1), sample(1, State::Paused, 2), sample(2, State::Error, 2)];
        assert_eq!(found(&mut Course::default(), &error), Vec::<String>::new());
    }

    #[test]
    fn a_pause_by_hand_ends_by_hand_alone() {
        let paused = Sample { by_hand: true, ..sample(1, State::Paused, 1) };
        let samples = [sample(0, State::Warming, 1), paused, sample(200, State::Warming, 2)];
        let mut course = Course::default();
        let what = found(&mut course, &samples);
        assert!(what[0].contains("by nobody's hand"), "{what:?}");
        let mut course = Course::default();
        course.by_hand(hour(2), State::Paused, State::Warming);
        let samples = [samples[0], samples[1], sample(3, State::Warming, 1)];
        assert_eq!(found(&mut course, &samples), Vec::<String>::new());
        assert_eq!(course.moves(Kind::MailboxResumed), 1);
    }

    #[test]
    fn nothing_leads_out_of_retired() {
        for state in State::ALL.into_iter().filter(|state| *state != State::Retired) {
            let samples = [sample(0, State::Retired, 1), sample(900, state, 2)];
            let what = found(&mut Course::default(), &samples);
            assert!(what[0].contains("nothing leads out"), "{state:?}: {what:?}");
        }
    }

    #[test]
    fn what_does_not_send_does_not_send() {
        for state in State::ALL {
            let mut course = Course::default();
            course.took(hour(1) + SESSION_MAX);
            assert_eq!(found(&mut course, &[sample(1, state, 1), sample(2, state, 1)]), Vec::<String>::new());
            course.took(hour(2) + SESSION_MAX + SignedDuration::from_secs(1));
            assert_eq!(course.see(sample(3, state, 1), 48).is_empty(), state.sends(), "{state:?}");
        }
    }
}
