//! When freezes begin and end.

use proptest::prelude::*;

use super::*;
use crate::domain::policy::Zone;

fn frozen(zone: &str, from: &str, to: &str) -> (EffectivePolicy, Zone) {
    let freeze = format!("{{ name: night, from: {from}, to: {to} }}");
    let policy = policy(&format!("zone: {zone}\nfreezes: [{freeze}]"));
    let zone = policy.zone();
    (policy, zone)
}

fn span_of((policy, zone): &(EffectivePolicy, Zone)) -> (Timestamp, Timestamp) {
    closing::span(&policy.base().freezes()[0], zone)
}

#[test]
fn a_freeze_lasts_as_long_as_the_clock_can_be_read_where_summer_time_changes() {
    for (from, to, begins, ends) in [
        ("2026-12-28 00:00", "2027-01-04 08:00", "2026-12-27T23:00:00Z", "2027-01-04T07:00:00Z"),
        // Comes twice: from the first until the second.
        ("2026-10-25 02:30", "2026-10-25 02:45", "2026-10-25T00:30:00Z", "2026-10-25T01:45:00Z"),
        // Is skipped: at the earlier of the two ways to read it, and at the later.
        ("2026-03-29 02:30", "2026-03-29 02:45", "2026-03-29T00:30:00Z", "2026-03-29T01:45:00Z"),
    ] {
        let span = span_of(&frozen("Europe/Berlin", from, to));
        assert_eq!(span, (instant(begins), instant(ends)), "{from} to {to}");
    }
}

#[test]
fn an_opened_freeze_ends_when_it_was_meant_to_or_when_it_is_lifted() {
    let noon = "2026-12-03T11:00:00Z";
    let with = |until, lift| OpenedFreeze { lifted: lift, ..opened("audit", until) };
    assert_eq!(opened("audit", None).ends(), None);
    assert_eq!(with(Some(noon), None).ends(), Some(instant(noon)));
    assert_eq!(with(None, lifted(noon)).ends(), Some(instant(noon)));
    assert_eq!(
        with(Some(noon), lifted("2026-12-02T12:00:00Z")).ends(),
        Some(instant("2026-12-02T12:00:00Z"))
    );
    assert_eq!(with(Some(noon), lifted("2026-12-04T12:00:00Z")).ends(), Some(instant(noon)));
}

#[test]
fn what_is_stored_reads_back_and_an_older_row_without_the_optional_parts_too() {
    let waiver = Waiver::of(&policy(POLICY).base().freezes()[0], &policy(POLICY).zone());
    let freeze = OpenedFreeze { lifted: lifted("2026-12-03T11:00:00Z"), ..opened("audit", None) };
    let freezes = Freezes { opened: vec![freeze], waived: vec![waiver] };
    let stored = serde_json::to_string(&freezes).unwrap();
    assert_eq!(serde_json::from_str::<Freezes>(&stored).unwrap(), freezes);
    let older = r#"{"opened":[{"why":"audit","by":{"id":1,"login":"rita","person":true},"since":"2026-12-02T11:00:00Z","until":null}]}"#;
    let read = serde_json::from_str::<Freezes>(older).unwrap();
    assert_eq!((read.opened[0].stop, &read.opened[0].scope), (false, &FreezeScope::default()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_minute_whose_clock_lies_in_a_freeze_is_free(
        zone in proptest::sample::select(&["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana"][..]),
        day in proptest::sample::select(&["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01"][..]),
        from in 0_u16..300,
        length in 1_u16..200,
    ) {
        let clock = |minutes: u16| format!("{day} {:02}:{:02}", minutes / 60, minutes % 60);
        let frozen = frozen(zone, &clock(from), &clock(from + length));
        let (begins, ends) = span_of(&frozen);
        let start = instant(&format!("{day}T00:00:00Z")).as_second() - 24 * 3600;
        for minute in 0..3 * 24 * 60 {
            let at = Timestamp::from_second(start + minute * 60).unwrap();
            let wall = frozen.1.time_zone().to_datetime(at);
            if frozen.0.base().freezes()[0].contains(wall) {
                prop_assert!(begins <= at && at < ends, "{at} is free");
            }
        }
        prop_assert!(ends.duration_since(begins) <= jiff::SignedDuration::from_mins(i64::from(length) + 60));
    }
}
