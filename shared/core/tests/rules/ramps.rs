//! §2: every kind and preset of ramp, day by day, and the check when one is saved.

use preheat_core::mailbox::Provider;
use preheat_core::ramp::{DAYS_MAX, PRESET_DEFAULT, PRESETS, Per, Preset, Ramp, RampError, RampFor};
use proptest::prelude::*;

fn ramp(text: &str) -> Ramp {
    text.parse().unwrap()
}

/// Volumes of days 1..=n, rounded to whole sends.
fn days(ramp: &Ramp, n: u32) -> Vec<u32> {
    (1..=n).map(|day| ramp.volume(day).round() as u32).collect()
}

const MAILBOX: RampFor = RampFor::Mailbox { provider: Provider::Gmail };

#[test]
fn conservative_first_60_days() {
    #[rustfmt::skip]
    assert_eq!(days(&ramp("conservative"), 60), [
        10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
        30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40,
        40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40,
    ]);
}

#[test]
fn standard_first_60_days() {
    #[rustfmt::skip]
    assert_eq!(days(&ramp("standard"), 60), [
        10, 12, 13, 15, 17, 18, 20,
        20, 23, 27, 30, 33, 37, 40,
        40, 47, 53, 60, 67, 73, 80,
        80, 92, 103, 115, 127, 138, 150,
        150, 158, 167, 175, 183, 192, 200,
        200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200,
        200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200,
    ]);
    // By definition: linear inside each week, from the range's first number to its last.
    let ranges = [(10.0, 20.0), (20.0, 40.0), (40.0, 80.0), (80.0, 150.0), (150.0, 200.0)];
    for (week, (from, to)) in (0_u32..).zip(ranges) {
        for day in 0..7 {
            let exact: f64 = from + (to - from) * f64::from(day) / 6.0;
            assert_eq!(ramp("standard").volume(week * 7 + day + 1), exact.round());
        }
    }
}

#[test]
fn safeguard_first_60_days() {
    #[rustfmt::skip]
    assert_eq!(days(&ramp("safeguard"), 60), [
        5, 8, 11, 14, 17, 20, 20,
        20, 25, 30, 35, 40, 40, 40,
        40, 43, 46, 49, 52, 55, 58, 60, 60, 60, 60, 60, 60, 60, 60, 60,
        60, 62, 64, 66, 68, 70, 72, 74, 76, 78, 80, 80, 80, 80, 80, 80,
        80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80,
    ]);
}

#[test]
fn ip_six_week_first_60_days() {
    // 50·4^(j/7); 200·2.5^(j/7); 500·3^(j/7); 1500·(10/3)^(j/7); 5000·2^(j/7); then 10,000.
    #[rustfmt::skip]
    assert_eq!(days(&ramp("ip-six-week"), 60), [
        50, 61, 74, 91, 110, 135, 164,
        200, 228, 260, 296, 338, 385, 439,
        500, 585, 684, 801, 937, 1096, 1282,
        1500, 1782, 2116, 2513, 2985, 3545, 4210,
        5000, 5520, 6095, 6730, 7430, 8203, 9057,
        10000, 10000, 10000, 10000, 10000, 10000, 10000, 10000, 10000, 10000, 10000, 10000, 10000,
        10000, 10000, 10000, 10000, 10000, 10000, 10000, 10000, 10000, 10000, 10000, 10000,
    ]);
}

#[test]
fn esp_hourly_first_60_days() {
    let preset = Preset::named("esp-hourly").unwrap();
    assert_eq!(preset.per, Per::Hour);
    // 20·1.4^(d−1), up to a million.
    #[rustfmt::skip]
    assert_eq!(days(&preset.ramp, 60), [
        20, 28, 39, 55, 77, 108, 151, 211, 295, 413, 579, 810, 1134, 1587, 2222, 3111, 4356, 6098, 8538, 11953,
        16734, 23427, 32798, 45917, 64284, 89998, 125997, 176395, 246953, 345735, 484029, 677640, 948696,
        1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000,
        1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 1000000,
        1000000, 1000000, 1000000,
    ]);
}

#[test]
fn every_kind_by_its_formula() {
    assert_eq!(days(&ramp("linear:5,10,32"), 5), [5, 15, 25, 32, 32]);
    assert_eq!(days(&ramp("linear:50,1,40"), 2), [40, 40]);
    assert_eq!(days(&ramp("exponential:10,2,100"), 6), [10, 20, 40, 80, 100, 100]);
    assert_eq!(days(&ramp("exponential:10,1,100"), 3), [10, 10, 10]);
    assert_eq!(days(&ramp("weekly:10,20;exact"), 15), [10, 10, 10, 10, 10, 10, 10, 20, 20, 20, 20, 20, 20, 20, 20]);
    assert_eq!(days(&ramp("weekly:10,20"), 9), [10, 11, 12, 13, 15, 16, 18, 20, 20]);
    assert_eq!(days(&ramp("table:5,6,8"), 5), [5, 6, 8, 8, 8]);
    assert_eq!(days(&ramp("bands:1-2=1..9+4,3-4=9..20+1"), 6), [1, 5, 9, 10, 10, 10]);
    for preset in PRESETS {
        assert_eq!(ramp(preset).volume(0), 0.0, "no day, no sends");
    }
}

#[test]
fn plateaus_are_the_last_volume() {
    for (text, plateau) in [
        ("conservative", 40.0),
        ("standard", 200.0),
        ("safeguard", 80.0),
        ("ip-six-week", 10_000.0),
        ("esp-hourly", 1_000_000.0),
        ("linear:10,0,40", 10.0),
        ("linear:50,0,40", 40.0),
        ("exponential:10,1,40", 10.0),
        ("bands:1-2=1..9+4,3-4=9..20+1", 10.0),
        ("bands:1-=5..9+0", 5.0),
    ] {
        let ramp = ramp(text);
        assert_eq!(ramp.plateau(), plateau, "{text}");
        assert_eq!(ramp.volume(9_999), plateau, "{text}");
        let first = ramp.days_to_plateau();
        assert_eq!(ramp.volume(first), plateau, "{text}");
        assert!(first == 1 || ramp.volume(first - 1) < plateau, "{text}");
    }
}

#[test]
fn presets_are_named() {
    assert_eq!(PRESET_DEFAULT, "conservative");
    for name in PRESETS {
        let preset = Preset::named(name).unwrap();
        assert_eq!(preset.name, name);
        assert!(!preset.source.is_empty());
        assert_eq!(Ramp::preset(name), Some(preset.ramp));
    }
    assert_eq!(Ramp::preset("reckless"), None);
}

/// No preset is warned of where it is meant to be used.
#[test]
fn presets_pass_their_own_check() {
    for name in ["conservative", "standard", "safeguard"] {
        assert_eq!(ramp(name).check(MAILBOX), Ok(vec![]), "{name}");
    }
    for name in ["ip-six-week", "esp-hourly"] {
        assert_eq!(ramp(name).check(RampFor::Ip), Ok(vec![]), "{name}");
    }
}

fn warned(text: &str, purpose: RampFor) -> Vec<String> {
    ramp(text).check(purpose).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn warnings_show_their_arithmetic() {
    assert_eq!(
        warned("table:10,25,30", MAILBOX),
        ["day 2 asks for 25 after 10 on day 1: 25 / 10 = x2.50, more than x2"]
    );
    assert_eq!(warned("table:10,25,30", RampFor::Ip), [""; 0]);
    assert_eq!(
        warned("table:10,26", RampFor::Ip),
        ["day 2 asks for 26 after 10 on day 1: 26 / 10 = x2.60, more than x2.5"]
    );
    assert_eq!(
        warned("linear:45,1,50", MAILBOX),
        ["it starts at 45 a day, 15 more than the 30 that a new mailbox can bear"]
    );
    assert_eq!(warned("linear:45,1,50", RampFor::Ip), [""; 0]);
    assert_eq!(
        warned("exponential:20,1.1,2600", MAILBOX),
        ["it ends at 2600 a day, 600 more than the provider's 2000: the rest is never sent"]
    );
    assert_eq!(warned("exponential:20,1.1,2600", RampFor::Mailbox { provider: Provider::Microsoft }), [""; 0]);
    assert_eq!(warned("exponential:20,1.1,2600", RampFor::Mailbox { provider: Provider::Other }), [""; 0]);
    assert_eq!(
        warned("weekly:50,200,500;exact", RampFor::Ip),
        ["day 8 asks for 200 after 50 on day 7: 200 / 50 = x4.00, more than x2.5"]
    );
    // x2 exactly is not over x2; a start from nothing is no growth; five warnings are enough.
    assert_eq!(warned("exponential:10,2,1000", MAILBOX), [""; 0]);
    assert_eq!(warned("table:0,0,20", MAILBOX), [""; 0]);
    assert_eq!(warned("exponential:1,3,100000", RampFor::Ip).len(), 5);
}

#[test]
fn what_cannot_be_a_ramp_is_refused() {
    let refused = |text: &str| ramp(text).check(MAILBOX).unwrap_err();
    assert_eq!(refused("table:5,9,8,20"), RampError::Decreasing { day: 3, before: 9, after: 8 });
    assert_eq!(refused("weekly:50,40"), RampError::Decreasing { day: 8, before: 50, after: 40 });
    assert_eq!(refused("bands:1-7=5..20+3,8-=10..40+1"), RampError::Decreasing { day: 8, before: 20, after: 10 });
    assert_eq!(refused("exponential:10,0.9,40"), RampError::Factor("0.9".into()));
    assert_eq!(refused("exponential:10,NaN,40"), RampError::Factor("NaN".into()));
    assert_eq!(refused("exponential:10,inf,40"), RampError::Factor("inf".into()));
    assert!(matches!(refused("linear:0,0,40"), RampError::Empty(_)));
    assert!(matches!(refused("linear:10,1,0"), RampError::Empty(_)));
    assert!(matches!(refused("table:0"), RampError::Empty(_)));
    assert!(matches!(refused("exponential:0,1.4,40"), RampError::Empty(_)));
    assert!(matches!(refused("weekly:0,5"), RampError::Empty(_)));
    for (text, first) in [
        ("bands:2-7=5..20+3", 2),
        ("bands:1-7=5..20+3,9-=20..30+1", 9),
        ("bands:1-7=5..20+3,7-=20..30+1", 7),
        ("bands:1-=5..20+3,8-=20..30+1", 8),
        ("bands:1-7=20..5+3", 1),
        ("bands:1-7=5..9+3,8-3=9..9+0", 8),
    ] {
        assert!(matches!(refused(text), RampError::Band { first: at, .. } if at == first), "{text}");
    }
    for empty in
        [Ramp::Table { days: vec![] }, Ramp::Weekly { quotas: vec![], smooth: true }, Ramp::Bands { bands: vec![] }]
    {
        assert!(matches!(empty.check(MAILBOX), Err(RampError::Empty(_))));
        assert_eq!((empty.volume(3), empty.plateau()), (0.0, 0.0));
    }
}

#[test]
fn text_that_is_no_ramp_says_why() {
    let why = |text: &str| match text.parse::<Ramp>() {
        Err(RampError::Text { reason, .. }) => reason,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(why("linear:-5,1,40"), "-5 is negative");
    assert_eq!(why("table:5,-6"), "-6 is negative");
    assert_eq!(why("bands:1-7=-5..20+3"), "-5 is negative");
    assert_eq!(why("linear:10,1"), "it has 2 numbers, not three");
    assert_eq!(why("linear:10,1,2,3"), "it has 4 numbers, not three");
    assert_eq!(why("table:"), "it has no numbers");
    assert_eq!(why("weekly:;exact"), "it has no numbers");
    assert_eq!(why("table:5,x"), "`x` is not a whole number up to 4294967295");
    assert_eq!(why("exponential:10,fast,40"), "`fast` is not a factor");
    assert_eq!(why("cubic:1,2,3"), "there is no kind `cubic`");
    assert_eq!(why("reckless"), "no preset has this name");
    assert_eq!(why(""), "no preset has this name");
    assert_eq!(why("bands:1-7"), "`1-7` is not a band such as `1-7=5..20+3`");
    let whole = "linear:-5,1,40".parse::<Ramp>().unwrap_err().to_string();
    assert!(
        whole.starts_with("`linear:-5,1,40` is not a ramp: -5 is negative. Use a preset (conservative,"),
        "{whole}"
    );
}

fn any_ramp() -> impl Strategy<Value = Ramp> {
    let rising = || {
        prop::collection::vec(0_u32..500, 1..30).prop_map(|mut volumes| {
            volumes.sort_unstable();
            volumes
        })
    };
    prop_oneof![
        (0_u32..100, 0_u32..50, 0_u32..5_000).prop_map(|(start, step, cap)| Ramp::Linear { start, step, cap }),
        (0_u32..100, 1_000_u32..3_000, 0_u32..50_000).prop_map(|(start, thousandths, cap)| {
            // As people write factors: with few digits. (serde_json may read one of 17 digits a bit off.)
            Ramp::Exponential { start, factor: f64::from(thousandths) / 1_000.0, cap }
        }),
        (rising(), any::<bool>()).prop_map(|(quotas, smooth)| Ramp::Weekly { quotas, smooth }),
        rising().prop_map(|days| Ramp::Table { days }),
        prop::collection::vec((1_u32..20, 0_u32..100, 0_u32..100, 0_u32..20, any::<bool>()), 1..6).prop_map(|parts| {
            let (mut first, mut floor, last) = (1, 0, parts.len() - 1);
            let bands = parts.into_iter().enumerate().map(|(at, (length, min, more, step, open))| {
                let end = first + length - 1;
                let open = open && at == last;
                let band = preheat_core::ramp::Band {
                    first,
                    last: if open { None } else { Some(end) },
                    min: floor + min,
                    max: floor + min + more,
                    step,
                };
                (first, floor) = (end + 1, band.max);
                band
            });
            Ramp::Bands { bands: bands.collect() }
        }),
    ]
}

proptest! {
    #[test]
    fn text_round_trips(ramp in any_ramp()) {
        prop_assert_eq!(ramp.to_string().parse::<Ramp>().unwrap(), ramp);
    }

    #[test]
    fn json_round_trips(ramp in any_ramp()) {
        let text = serde_json::to_string(&ramp).unwrap();
        prop_assert_eq!(serde_json::from_str::<Ramp>(&text).unwrap(), ramp);
    }

    /// An accepted ramp never falls, never passes its plateau, and is there when it says so.
    #[test]
    fn an_accepted_ramp_rises_to_its_plateau(ramp in any_ramp()) {
        prop_assume!(ramp.check(RampFor::Ip).is_ok());
        let mut before = 0.0;
        for day in 1..400 {
            let volume = ramp.volume(day);
            prop_assert!(volume >= before - 1e-9 && volume <= ramp.plateau() + 1e-9, "day {}: {} after {}", day, volume, before);
            before = volume;
        }
        // A factor of 1.001 takes longer than anybody looks.
        let first = ramp.days_to_plateau();
        prop_assert!(first == DAYS_MAX || ramp.volume(first) == ramp.plateau());
    }

    /// Smooth weeks: no day grows by more than its own week's ratio^(1/7).
    #[test]
    fn smooth_weeks_grow_evenly(quotas in prop::collection::vec(1_u32..10_000, 2..8)) {
        let mut quotas = quotas;
        quotas.sort_unstable();
        let ramp = Ramp::Weekly { quotas: quotas.clone(), smooth: true };
        for (week, pair) in (0_u32..).zip(quotas.windows(2)) {
            let most = (f64::from(pair[1]) / f64::from(pair[0])).powf(1.0 / 7.0);
            prop_assert_eq!(ramp.volume(week * 7 + 1), f64::from(pair[0]));
            for day in week * 7 + 1..=week * 7 + 7 {
                let growth = ramp.volume(day + 1) / ramp.volume(day);
                prop_assert!(growth <= most * (1.0 + 1e-9), "day {}: {} over {}", day, growth, most);
            }
        }
    }

    /// A warning is given exactly where the growth is over the bound.
    #[test]
    fn warnings_are_exact(volumes in prop::collection::vec(1_u32..60, 2..6)) {
        let mut volumes = volumes;
        volumes.sort_unstable();
        let warnings = Ramp::Table { days: volumes.clone() }.check(RampFor::Ip).unwrap();
        let over = volumes.windows(2).filter(|pair| f64::from(pair[1]) > 2.5 * f64::from(pair[0])).count();
        prop_assert_eq!(warnings.len(), over);
    }
}
