//! Windows and freezes.

use super::*;
use crate::domain::calendar::{FreezeScope, Lifted, OpenedFreeze};

/// `time(0)` is Monday, 9 o'clock.
const MORNING: &str = "window: [\"Mon 09:00-11:00\"]";

fn opened(until: Option<i64>, lifted: Option<i64>) -> Deployment {
    let freeze = OpenedFreeze {
        why: "payments fail".into(),
        by: actor("rita"),
        since: time(-60),
        until: until.map(time),
        scope: FreezeScope::default(),
        except: vec![],
        stop: false,
        lifted: lifted.map(|at| Lifted { by: actor("rita"), at: time(at), why: "all is well".into() }),
    };
    to("").but(|it| it.freezes = Freezes { opened: vec![freeze], waived: vec![] })
}

fn planned(from: &str, to_: &str) -> Deployment {
    to("").but(|it| {
        let freezes = format!("freezes: [{{ name: quarter end, from: {from}, to: {to_} }}]\n");
        it.policies[0] = it.policies[0].take().map(|text| text + &freezes);
    })
}

#[test]
fn production_changes_inside_windows_and_outside_freezes() {
    let at = |seconds| to(MORNING).but(|it| it.now = time(seconds));
    all_are_so(vec![
        ("there is no window", to(""), "allow"),
        ("the window has just opened", at(0), "allow"),
        ("it opens in a second", at(-1), "pending window_closed"),
        ("it closes in a second", at(2 * 3_600 - 1), "allow"),
        ("it has just closed", at(2 * 3_600), "pending window_closed"),
        (
            "both policies have one, and they do not meet",
            to(MORNING).and_own("window: [\"Tue 09:00-11:00\"]"),
            "pending window_closed",
        ),
        ("somebody froze everything", opened(None, None), "pending freeze"),
        ("a freeze ends in a second", opened(Some(1), None), "pending freeze"),
        ("a freeze has just ended", opened(Some(0), None), "allow"),
        ("a freeze was lifted", opened(None, Some(0)), "allow"),
        ("a planned freeze is on", planned("2026-11-23 08:00", "2026-11-24 08:00"), "pending freeze"),
        ("a planned freeze is over", planned("2026-11-22 08:00", "2026-11-23 09:00"), "allow"),
        ("a planned freeze comes", planned("2026-11-23 09:01", "2026-11-24 09:00"), "allow"),
        (
            "every change in it is excepted",
            opened(None, None).but(|it| it.freezes.opened[0].except = vec![super::at(141)]),
            "allow",
        ),
        (
            "not every change in it is",
            opened(None, None)
                .but(|it| it.freezes.opened[0].except = vec![super::at(141)])
                .bringing(vec![pull(41, Outcome::Pass), pull(42, Outcome::Pass)]),
            "pending freeze",
        ),
        (
            "what is not known is excepted from nothing",
            opened(None, None)
                .but(|it| it.freezes.opened[0].except = vec![super::at(141)])
                .unread("GitHub is down"),
            "unavailable range_unknown freeze",
        ),
    ]);
}

#[test]
fn who_waits_for_a_time_is_judged_again_at_that_time() {
    let closed = to(MORNING).but(|it| it.now = time(-3_600)).verdict();
    assert_eq!(closed.look_again(), Some(time(0)));
    assert_eq!(opened(Some(90), None).verdict().look_again(), Some(time(90)));
    assert_eq!(opened(None, None).verdict().look_again(), None);
}

#[test]
fn a_freeze_of_a_system_closes_what_touches_it_and_nothing_else() {
    let of_payments = |systems: &[&str]| {
        let touching =
            Pull { systems: systems.iter().map(|it| (*it).to_owned()).collect(), ..pull(41, Outcome::Pass) };
        opened(None, None)
            .but(|it| it.freezes.opened[0].scope.systems = Some(vec!["Payments".into()]))
            .bringing(vec![touching, pull(42, Outcome::Pass)])
    };
    all_are_so(vec![
        ("it touches the system", of_payments(&["payments", "web"]), "pending freeze"),
        ("it touches another", of_payments(&["web"]), "allow"),
        ("nobody says what it touches", of_payments(&[]), "allow"),
    ]);
}
