//! The rules of warmup (domain.md): who sends how much, when, to whom, and what is done with it.
//!
//! Pure and synchronous: no I/O, no async, no clock, no logging. `now` and chance come in as arguments, so any
//! process that is given the same rows plans the same sends, and a test can hold any promise as a property.
//!
//! May not depend on tokio, any `aws-` crate, lettre, reqwest or the Lambda runtime; a test in `tests/` checks it.
//!
//! | module | the question it answers |
//! |---|---|
//! | [`ramp`], [`ramp_text`] | how much on the d-th sending day? is this ramp wise? |
//! | [`target`] | how much on this date: variation, floor, ceilings? |
//! | [`schedule`] | when does the local window open and close, whatever the clock does? |
//! | [`slot`] | at which second is the k-th send of the day due? |
//! | [`catchup`] | what is due in this tick, and how is what was missed made up for? |
//! | [`turn`] | a new local date: what becomes of yesterday, which day index is today, what is carried over? |
//! | [`tick`] | which slots are sent in these 15 minutes, to whom, at which second, and who is visited? |
//! | [`pairing`] | who writes to whom? |
//! | [`caps`], [`backoff`] | how much may one tick send at all; how much after a provider's trouble? |
//! | [`engage`] | what does a recipient do with a mail, and when is its mailbox visited? |
//! | [`content`] | what does a mail say, in which language, by which plan, and is this text fit to be sent? |
//! | [`token`] | how does a mail show that it is ours, and which one? |
//! | [`change`] | what changed, for those who listen to the bus? |
//! | [`alert`] | who is told of it, when, and in which words? |
//! | [`event`] | what did a provider, an MTA or a mailbox report of a mail? |
//! | [`address`] | which addresses may be connected to? |
//! | [`feasibility`] | can this configuration be met at all, and what binds it? |
//! | [`rate`] | how many of how many, and how sure is that? |
//! | [`limits`] | which numbers can an operator change? |
//! | [`seed`] | where does chance come from? |
//! | [`id`], [`mailbox`], [`day`], [`visit`], [`message`], [`endpoint`], [`clock`] | what are the things called, and how are they written down? |

pub mod address;
pub mod alert;
pub mod backoff;
pub mod caps;
pub mod catchup;
pub mod change;
pub mod clock;
pub mod content;
pub mod day;
pub mod endpoint;
pub mod engage;
pub mod event;
pub mod feasibility;
pub mod id;
pub mod limits;
pub mod mailbox;
pub mod message;
pub mod pairing;
pub mod ramp;
pub mod ramp_text;
pub mod rate;
pub mod schedule;
pub mod seed;
pub mod slot;
pub mod target;
pub mod tick;
pub mod token;
pub mod turn;
pub mod visit;
