//! The calendar as other programs read it, in three zones and over a change of clocks.

use std::{path::Path, process::Command};

use changegate::planner::{Planner, feed};

use crate::support::{Scene, scenario};

/// What a calendar program makes of it, with its times in a zone; `None`: there is none here.
fn read_by_others(text: &str, zone: &str) -> Option<Result<String, String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calendar.ics");
    std::fs::write(&file, text).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/feed.py");
    let python = std::env::var("CHANGEGATE_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(python).arg(script).arg(&file).arg(zone).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let is_there = !err.contains("ModuleNotFoundError");
    let required = std::env::var("CHANGEGATE_REQUIRE").is_ok_and(|list| list.contains("icalendar"));
    assert!(is_there || !required, "icalendar is required: {err}");
    if !is_there {
        eprintln!(
            "SKIPPED: name a Python with icalendar in CHANGEGATE_PYTHON to see that others can read calendars."
        );
        return None;
    }
    Some(if output.status.success() { Ok(out) } else { Err(err) })
}

async fn calendar(s: &Scene) -> String {
    let (store, now) = (&s.stage.app.store, s.stage.clock.now());
    let owners = changegate::planner::owners(store).await.unwrap();
    let (tenant, login) = owners.iter().next().unwrap();
    let plan = Planner::of(store, tenant, now).await.unwrap().plan().await.unwrap();
    feed::feed(login, &plan, None)
}

#[tokio::test]
async fn a_calendar_program_shows_each_departure_at_the_hour_that_people_named_on_both_sides_of_a_change_of_clocks()
 {
    for (zone, first, change) in [
        ("Europe/Berlin", "2027-03-11 10:00", ["2027-03-25 10:00 CET", "2027-04-08 10:00 CEST"]),
        ("America/New_York", "2027-02-25 10:00", ["2027-03-11 10:00 EST", "2027-03-25 10:00 EDT"]),
        ("Australia/Sydney", "2027-03-11 10:00", ["2027-03-25 10:00 AEDT", "2027-04-08 10:00 AEST"]),
    ] {
        scenario(async |s| {
            s.policy(&format!(
                "zone: {zone}\ntrains:\n  customer: {{ repositories: [acme/web], title: \"{{year}}-W{{week}}\", every: 2 weeks from {first}, lock: 2 days before }}\n"
            ))
            .await;
            let text = calendar(s).await;
            let Some(read) = read_by_others(&text, zone) else { return };
            let read = read.unwrap_or_else(|faults| panic!("{zone}: {faults}\n{text}"));
            for departure in change {
                assert!(read.contains(&format!("{departure} Release ")), "{zone}: {departure}\n{read}");
            }
            let broken = text.replacen("DTSTAMP:", "X-DTSTAMP:", 1);
            assert!(read_by_others(&broken, zone).unwrap().is_err(), "an entry without a stamp is seen");
            let twice = text.replacen("UID:lock/", "UID:release/", 1);
            assert!(read_by_others(&twice, zone).unwrap().is_err(), "two of one name are seen");
        })
        .await;
    }
}
