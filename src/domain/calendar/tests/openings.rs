//! When windows open and close, on ordinary days and where summer time begins and ends.

use proptest::prelude::*;

use super::*;
use crate::domain::policy::Window;

fn with_windows(zone: &str, windows: &[String]) -> EffectivePolicy {
    let windows: Vec<String> = windows.iter().map(|window| format!("{window:?}")).collect();
    policy(&format!("zone: {zone}\nenvironments: {{ prod: {{ window: [{}] }} }}", windows.join(", ")))
}

fn windows(policy: &EffectivePolicy) -> &[Window] {
    &policy.base().environments()["prod"].window
}

/// Is it open, and when does that change?
fn opening(zone: &str, written: &[&str], at: &str) -> (bool, String) {
    let policy = with_windows(zone, &written.iter().map(ToString::to_string).collect::<Vec<_>>());
    let opening = Opening::new(windows(&policy), policy.zone());
    let change = opening.next_change(instant(at));
    (opening.is_open(instant(at)), change.map_or("never".into(), |change| change.to_string()))
}

#[test]
fn a_window_opens_at_its_first_second_and_closes_at_its_last() {
    for (at, open, change) in [
        ("2026-12-01T07:59:59.5Z", false, "2026-12-01T08:00:00Z"),
        ("2026-12-01T08:00:00Z", true, "2026-12-01T15:00:00Z"),
        ("2026-12-01T14:59:59Z", true, "2026-12-01T15:00:00Z"),
        ("2026-12-01T15:00:00Z", false, "2026-12-02T08:00:00Z"),
        ("2026-12-03T15:00:00Z", false, "2026-12-08T08:00:00Z"),
    ] {
        let expected = (open, change.to_owned());
        assert_eq!(opening("Europe/Berlin", &["Tue-Thu 09:00-16:00"], at), expected, "{at}");
    }
}

#[test]
fn windows_that_touch_at_midnight_or_noon_are_one() {
    for (windows, at, change) in [
        (&["Tue 22:00-24:00", "Wed 00:00-02:00"][..], "2026-12-01T22:30:00Z", "2026-12-02T02:00:00Z"),
        (&["Sun 22:00-24:00", "Mon 00:00-02:00"], "2026-12-06T22:30:00Z", "2026-12-07T02:00:00Z"),
        (&["Tue 09:00-12:00", "Tue 12:00-14:00"], "2026-12-01T10:00:00Z", "2026-12-01T14:00:00Z"),
        (&["Tue 09:00-13:00", "Tue-Wed 10:00-11:00"], "2026-12-01T09:30:00Z", "2026-12-01T13:00:00Z"),
        (&["Mon-Sun 00:00-24:00"], "2026-12-01T10:00:00Z", "never"),
        (&["Mon-Sun 00:00-12:00", "Mon-Sun 12:00-24:00"], "2026-12-01T10:00:00Z", "never"),
    ] {
        assert_eq!(opening("UTC", windows, at), (true, change.to_owned()), "{windows:?}");
    }
}

#[test]
fn hours_that_summer_time_skips_are_open_to_nobody() {
    for (windows, at, expected) in [
        // 02:00 to 03:00 does not exist on 29 March.
        ("Sun 02:15-02:45", "2026-03-28T12:00:00Z", (false, "2026-04-05T00:15:00Z")),
        ("Sun 02:15-03:30", "2026-03-29T00:30:00Z", (false, "2026-03-29T01:00:00Z")),
        ("Sun 01:30-02:30", "2026-03-29T00:45:00Z", (true, "2026-03-29T01:00:00Z")),
        ("Sun 01:30-03:30", "2026-03-29T00:45:00Z", (true, "2026-03-29T01:30:00Z")),
    ] {
        let expected = (expected.0, expected.1.to_owned());
        assert_eq!(opening("Europe/Berlin", &[windows], at), expected, "{windows}");
    }
}

#[test]
fn hours_that_come_twice_are_open_twice() {
    for (windows, at, expected) in [
        // 02:00 to 03:00 comes twice on 25 October.
        ("Sun 02:15-02:45", "2026-10-25T00:15:00Z", (true, "2026-10-25T00:45:00Z")),
        ("Sun 02:15-02:45", "2026-10-25T00:45:00Z", (false, "2026-10-25T01:15:00Z")),
        ("Sun 02:15-02:45", "2026-10-25T01:15:00Z", (true, "2026-10-25T01:45:00Z")),
        ("Sun 02:30-04:00", "2026-10-25T00:30:00Z", (true, "2026-10-25T01:00:00Z")),
        ("Sun 02:30-04:00", "2026-10-25T01:00:00Z", (false, "2026-10-25T01:30:00Z")),
        ("Sun 01:00-03:00", "2026-10-25T00:30:00Z", (true, "2026-10-25T02:00:00Z")),
    ] {
        let expected = (expected.0, expected.1.to_owned());
        assert_eq!(opening("Europe/Berlin", &[windows], at), expected, "{windows} at {at}");
    }
}

#[test]
fn a_day_that_a_zone_left_out_opens_no_window() {
    let expected = (false, "2012-01-05T19:00:00Z".to_owned());
    assert_eq!(opening("Pacific/Apia", &["Fri 09:00-10:00"], "2011-12-29T12:00:00Z"), expected);
}

#[test]
fn without_a_window_it_is_always_open() {
    let opening = Opening::new(&[], crate::domain::policy::Zone::utc());
    let at = instant("2026-12-01T08:00:00Z");
    assert_eq!((opening.is_open(at), opening.next_change(at)), (true, None));
}

#[test]
fn nothing_opens_after_the_end_of_time() {
    let policy = with_windows("Europe/Berlin", &["Tue 09:00-10:00".into()]);
    assert_eq!(Opening::new(windows(&policy), policy.zone()).next_change(Timestamp::MAX), None);
}

/// Zones, and a time shortly before or after which something happens to their clocks.
const CHANGES: [(&str, &str); 11] = [
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("America/New_York", "2026-03-08T07:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("America/Havana", "2026-03-08T05:00:00Z"),
    ("America/Havana", "2026-11-01T05:00:00Z"),
    ("Africa/Casablanca", "2026-02-15T02:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Asia/Kathmandu", "2026-03-08T05:00:00Z"),
];

/// Days and hours as a policy writes them; often at night, where clocks change.
fn window() -> impl Strategy<Value = String> {
    let minute = prop_oneof![(0_u16..18).prop_map(|quarter| quarter * 15), 0_u16..1440];
    let length = prop_oneof![(1_u16..12).prop_map(|quarter| quarter * 15), 1_u16..1440];
    (1_u8..128, minute, length).prop_map(|(days, opens, length)| {
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let days: Vec<&str> = (0..7).filter(|day| days & (1 << day) != 0).map(|day| names[day]).collect();
        let closes = (opens + length).min(1440);
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        format!("{} {}-{}", days.join(","), clock(opens), clock(closes))
    })
}

/// By looking at the wall clock at every minute of nine days; `None`: nothing changes in them.
fn scanned(opening: &Opening<'_>, at: Timestamp) -> Option<Timestamp> {
    let contains = |at| {
        let wall = opening.zone().time_zone().to_datetime(at);
        opening.windows().iter().any(|window| window.contains(wall))
    };
    let open = contains(at);
    let first = at.as_second() - at.as_second().rem_euclid(60);
    let minutes = (1..9 * 24 * 60).map(|minute| Timestamp::from_second(first + minute * 60).unwrap());
    minutes.into_iter().find(|minute| contains(*minute) != open)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn the_next_change_is_the_one_that_somebody_finds_who_looks_at_the_clock_every_minute(
        written in proptest::collection::btree_set(window(), 1..4),
        (zone, change) in proptest::sample::select(&CHANGES[..]),
        seconds in -2 * 24 * 3600_i64..24 * 3600,
    ) {
        let written: Vec<String> = written.into_iter().collect();
        let policy = with_windows(zone, &written);
        let opening = Opening::new(windows(&policy), policy.zone());
        let at = instant(change) + jiff::SignedDuration::from_secs(seconds);
        let horizon = at + jiff::SignedDuration::from_hours(9 * 24 - 1);
        let found = opening.next_change(at);
        match scanned(&opening, at) {
            Some(expected) => prop_assert_eq!(found, Some(expected), "{:?} in {} at {}", written, zone, at),
            None => prop_assert!(found.is_none_or(|found| found > horizon), "{:?} at {}: {:?}", written, at, found),
        }
    }
}
