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
//! | [`control`], [`lift`] | who is only measured, and does warming work? |
//! | [`facts`], [`placement`], [`summary`] | where were mails found, and what did a day come to? |
//! | [`content`] | what does a mail say, in which language, by which plan, and is this text fit to be sent? |
//! | [`token`] | how does a mail show that it is ours, and which one? |
//! | [`change`] | what changed, for those who listen to the bus? |
//! | [`condition`] | is the stack healthy, does a tenant keep its quota, and since when? |
//! | [`spam`] | how much of a tenant's mail lands in spam, on how many days? |
//! | [`alert`] | who is told of it, when, and in which words? |
//! | [`event`] | what did a provider, an MTA or a mailbox report of a mail? |
//! | [`health`] | how well do a mailbox's mails land: windows, rates, scores? |
//! | [`tier`] | how bad is a bounce rate, and what follows? |
//! | [`lifecycle`] | which state does a mailbox go to, on this evidence, now? |
//! | [`decision`] | why was something decided, in numbers and in words? |
//! | [`maintenance`] | what does a mailbox send once it is ready? |
//! | [`ip`] | how is a sending IP warmed with real mail: plan, daily decision, admission? |
//! | [`mta`] | how does an MTA's configuration say so? |
//! | [`domain`] | are SPF, DKIM, DMARC, MX, PTR and blocklists of a domain in order, and may it send? |
//! | [`merge`], [`counters`] | what do its events make of a mail, and what is counted of it? |
//! | [`suppression`] | whom may nobody write to any more, and why? |
//! | [`address`] | which addresses may be connected to? |
//! | [`bounce`] | why did a mail come back: the address, the sender, the message, or nothing that lasts? |
//! | [`feasibility`] | can this configuration be met at all, and what binds it? |
//! | [`rate`] | how many of how many, and how sure is that? |
//! | [`limits`] | which numbers can an operator change? |
//! | [`seed`] | where does chance come from? |
//! | [`id`], [`mailbox`], [`day`], [`visit`], [`message`], [`endpoint`], [`clock`] | what are the things called, and how are they written down? |

pub mod address;
pub mod alert;
pub mod backoff;
pub mod bounce;
pub mod caps;
pub mod catchup;
pub mod change;
pub mod clock;
pub mod condition;
pub mod content;
pub mod control;
pub mod counters;
pub mod day;
pub mod decision;
pub mod domain;
pub mod endpoint;
pub mod engage;
pub mod event;
pub mod facts;
pub mod feasibility;
pub mod health;
pub mod id;
pub mod ip;
pub mod lifecycle;
pub mod lift;
pub mod limits;
pub mod mailbox;
pub mod maintenance;
pub mod merge;
pub mod message;
pub mod mta;
pub mod pairing;
pub mod placement;
pub mod ramp;
pub mod ramp_text;
pub mod rate;
pub mod schedule;
pub mod seed;
pub mod slot;
pub mod slots;
pub mod spam;
pub mod summary;
pub mod suppression;
pub mod target;
pub mod tick;
pub mod tier;
pub mod token;
pub mod turn;
pub mod visit;
