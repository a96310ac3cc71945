//! The time to look again is exactly when the answer changes.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

/// What a repository adds; nothing: there is no file.
const OWN: [&str; 6] = [
    "",
    "environments: { prod: { names: [prod-eu], window: [\"Mon-Sun 10:00-20:00\"] } }",
    "environments: { prod: { names: [prod-eu], window: [\"Sat-Tue 00:00-24:00\"], finish-within: 1 day } }",
    "zone: Asia/Kathmandu\nenvironments: { prod: { names: [prod-eu], window: [\"Tue-Fri 02:00-16:00\"] } }",
    "freezes: [{ name: own, from: 2026-12-02 12:00, to: 2026-12-04 09:30, environments: [production] }]",
    "zone: America/New_York\nfreezes: [{ name: own, from: 2026-12-25 00:00, to: 2026-12-30 00:00 }]",
];

fn hours(from: &str, hours: std::ops::Range<i64>) -> impl Strategy<Value = Timestamp> {
    let from = instant(from);
    hours.prop_map(move |hours| from + SignedDuration::from_mins(hours * 60 + 17))
}

fn freeze() -> impl Strategy<Value = OpenedFreeze> {
    let since = hours("2026-12-01T00:00:00Z", 0..40 * 24);
    (since, proptest::option::of(1_i64..200), any::<bool>(), any::<bool>()).prop_map(
        |(since, lasts, stop, excepted)| OpenedFreeze {
            since,
            until: lasts.map(|hours| since + SignedDuration::from_hours(hours)),
            stop,
            except: if excepted { vec![at(1), at(2)] } else { vec![] },
            ..opened(&format!("since {since}"), None)
        },
    )
}

/// How many hours ago; mostly so few that it may still finish.
fn began() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![3 => (0_i64..4).prop_map(Some), 1 => (0_i64..72).prop_map(Some), 1 => Just(None)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_answer_stays_until_the_time_to_look_again_and_changes_then(
        own in proptest::sample::select(&OWN[..]),
        opened in proptest::collection::vec(freeze(), 0..3),
        now in hours("2026-12-01T00:00:00Z", 0..40 * 24),
        began in began(),
        parts in proptest::collection::vec(0.0..1.0_f64, 8),
    ) {
        let freezes = Freezes { opened, waived: vec![] };
        let policy = if own.is_empty() { policy(POLICY) } else { policies(POLICY, own) };
        let started = began.map(|hours| now - SignedDuration::from_hours(hours));
        let scene = Scene { freezes, started, ..Scene::of(policy) };
        let judged = scene.judge(now);
        let again = judged.look_again.unwrap_or(now + SignedDuration::from_hours(24 * 365));
        let between = again.duration_since(now);
        for part in parts {
            let time = now + SignedDuration::from_secs_f64(between.as_secs_f64() * part);
            prop_assert_eq!(&scene.judge(time).findings, &judged.findings, "at {}", time);
        }
        let just_before = again - SignedDuration::from_nanos(1);
        prop_assert_eq!(&scene.judge(just_before).findings, &judged.findings);
        if judged.look_again.is_some() {
            prop_assert_ne!(&scene.judge(again).findings, &judged.findings, "at {}", again);
        }
    }

    #[test]
    fn nothing_may_begin_before_the_time_that_is_named_and_everything_then(
        own in proptest::sample::select(&OWN[..]),
        opened in proptest::collection::vec(freeze(), 0..3),
        now in hours("2026-12-01T00:00:00Z", 0..40 * 24),
        parts in proptest::collection::vec(0.0..1.0_f64, 8),
    ) {
        let freezes = Freezes { opened, waived: vec![] };
        let policy = if own.is_empty() { policy(POLICY) } else { policies(POLICY, own) };
        let scene = Scene { freezes, ..Scene::of(policy) };
        let passes = |at| scene.judge(at).findings.iter().all(|finding| finding.own == Outcome::Pass);
        let allowed = scene.allowed_from(&now.to_string());
        prop_assert_eq!(passes(now), allowed == Some(now));
        if let Some(allowed) = allowed {
            prop_assert!(passes(allowed));
        }
        let end = allowed.unwrap_or(now + SignedDuration::from_hours(24 * 100));
        for part in parts {
            let time = now + SignedDuration::from_secs_f64(end.duration_since(now).as_secs_f64() * part);
            prop_assert!(time >= end || !passes(time), "at {}", time);
        }
    }
}
