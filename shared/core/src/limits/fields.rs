//! What each configurable number may be, and where domain.md says it: what a document is held to, and what is printed of it.

/// A configurable number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    /// Its name in a document, with dots between the levels.
    pub path: &'static str,
    /// The sections of domain.md that it is from; `ours`: none says it.
    pub source: &'static str,
    /// What it may be.
    pub kind: Kind,
}

/// What a number may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A share, 0 to 1.
    Share,
    /// A whole number between these.
    Whole(u32, u32),
    /// Any number between these.
    Number(u32, u32),
    /// A local time, `HH:MM:SS`.
    Time,
}

const fn field(path: &'static str, source: &'static str, kind: Kind) -> Field {
    Field { path, source, kind }
}
const fn share(path: &'static str, source: &'static str) -> Field {
    field(path, source, Kind::Share)
}
const fn whole(path: &'static str, source: &'static str, min: u32, max: u32) -> Field {
    field(path, source, Kind::Whole(min, max))
}
const fn number(path: &'static str, source: &'static str, min: u32, max: u32) -> Field {
    field(path, source, Kind::Number(min, max))
}

const MAX: u32 = 1_000_000;
const DAY_S: u32 = 86_400;

/// Every configurable number, in the order of its declaration.
pub const FIELDS: &[Field] = &[
    whole("quota_min_per_day", "2", 0, MAX),
    share("variation", "2"),
    whole("plan_per_mailbox_per_day", "1, 2", 0, MAX),
    whole("gmail_per_day", "2", 0, MAX),
    whole("gmail_consumer_per_day", "2", 0, MAX),
    whole("microsoft_per_day", "2", 0, MAX),
    whole("microsoft_per_minute", "2", 1, MAX),
    whole("microsoft_connections", "2", 1, 100),
    whole("campaign_reserve_per_day", "2", 0, MAX),
    whole("campaign_soft_per_day", "2", 0, MAX),
    whole("campaign_hard_per_day", "2", 0, MAX),
    whole("campaign_alarm_per_day", "2", 1, MAX),
    whole("engage.missing_after_hours", "1, 6", 1, 72),
    whole("engage.read_median_s", "6", 60, DAY_S),
    whole("engage.read_max_s", "6", 60, DAY_S),
    whole("engage.reply_first_s", "6", 60, 7 * DAY_S),
    whole("engage.reply_last_s", "6", 60, 7 * DAY_S),
    share("engage.flag_share", "6"),
    whole("engage.replies_max", "6", 0, 5),
    whole("engage.filed_days", "6", 1, 90),
    whole("content.fresh_per_day", "6", 0, 100),
    whole("content.retire_outcomes_min", "6", 1, MAX),
    share("content.retire_spam_share", "6"),
    number("health.prior_inbox", "7", 0, 1_000),
    number("health.prior_all", "7", 1, 1_000),
    share("health.weights", "7"),
    share("health.bounce_full", "7"),
    share("health.complaint_full", "7"),
    whole("health.failing_cap", "7", 0, 100),
    whole("health.day_sample_min", "7", 1, MAX),
    share("health.volume_share", "7"),
    whole("health.ready_score", "7", 0, 100),
    whole("health.ready_days", "7", 0, 1_000),
    whole("health.ready_heat", "7", 0, 100),
    whole("health.ready_sent", "7", 0, MAX),
    share("health.ready_bounce_max", "7"),
    share("health.ready_complaint_max", "7"),
    share("health.ready_read", "7"),
    whole("health.low_heat", "7", 0, 100),
    whole("health.degrade_placements", "7", 1, MAX),
    whole("health.recover_days", "7", 1, 365),
    whole("health.retire_days", "7", 1, 1_000),
    whole("health.pause_hours", "7", 1, 8_760),
    whole("health.pause_hours_max", "ours", 1, 8_760),
    whole("health.pause_memory_days", "ours", 0, 365),
    whole("health.roll_back_days", "7", 0, 365),
    whole("health.low_heat_hours", "7", 1, 8_760),
    whole("health.disabled_hours", "7", 1, 8_760),
    whole("health.dns_grace_hours", "7", 0, 8_760),
    whole("health.reputation_min", "7", 0, 100),
    share("health.tier_warning", "7"),
    share("health.tier_critical", "7"),
    share("health.tier_pause", "7"),
    share("health.tier_emergency", "7"),
    whole("health.bad_events_min", "7", 1, MAX),
    share("health.complaint_pause", "7"),
    whole("health.warning_percent", "7", 0, 100),
    whole("health.critical_percent", "7", 0, 100),
    whole("health.retry_first_hours", "ours", 1, 8_760),
    whole("health.retry_max_hours", "ours", 1, 8_760),
    share("alarm.behind_completion", "4"),
    whole("alarm.behind_expected_min", "4", 1, MAX),
    share("alarm.degraded_completion", "8"),
    share("alarm.degraded_failures", "8"),
    share("alarm.critical_completion", "8"),
    share("alarm.critical_failures", "8"),
    whole("alarm.system_sample_min", "ours", 1, MAX),
    share("alarm.spam_share_max", "8"),
    whole("alarm.spam_day_index_min", "8", 0, 1_000),
    whole("alarm.spam_sample_min", "ours", 1, MAX),
    whole("gap_days_min", "2", 1, 365),
    share("gap_step_back", "2"),
    number("catchup_factor", "4", 1, 10),
    share("carry_share", "4"),
    share("replacement_share", "ours"),
    whole("system_per_hour", "4", 0, u32::MAX),
    whole("system_per_minute", "4", 0, u32::MAX),
    whole("inbound_per_day", "4", 0, MAX),
    whole("inbound_from_same_per_day", "4", 1, MAX),
    whole("seed_inbound_per_day", "1", 0, MAX),
    whole("seed_replies_per_day", "1", 0, MAX),
    share("organisation_share_max", "4"),
    whole("partner_memory_days", "5", 0, 7),
    number("provider_weights.same", "5", 0, 100),
    number("provider_weights.other", "5", 0, 100),
    number("provider_weights.to", "5", 0, 100),
    whole("eligible_partners_min", "5", 1, MAX),
    whole("spacing_s", "3", 1, 3_600),
    whole("spacing_jitter_s", "3", 0, 3_600),
    whole("delay_max_s", "3", 60, 900),
    whole("visits_per_day", "6", 1, 8),
    whole("open_days_max", "ours", 1, 30),
    whole("reply_stale_days", "ours", 1, 30),
    whole("pending_replies_max", "ours", 0, 1_000),
    whole("found_kept_max", "ours", 0, 1_000),
    share("ip.volume_share_min", "9"),
    share("ip.bounce_max", "9"),
    share("ip.complaint_max", "9"),
    whole("ip.events_min", "7, 9", 1, MAX),
    whole("ip.pause_h", "9", 1, 8_760),
    whole("ip.step_back_days", "9", 0, 365),
    whole("ip.window_days", "7, 9", 1, 30),
    field("ip.decided_from", "9", Kind::Time),
    whole("ip.admission_days", "9", 0, 365),
];
