//! What people are told.

use super::*;

#[test]
fn inside_the_window_it_says_until_when_and_which_freeze_comes_next() {
    insta::assert_snapshot!(Scene::usual().told("2026-12-01T09:00:00Z"), @"
    window_open (Pass): Open until Tue 1 Dec 2026, 16:00 Europe/Berlin.
    no_freeze (Pass): Nothing is frozen. Freeze “quarter end” begins on Mon 28 Dec 2026, 00:00 Europe/Berlin.
    again: 2026-12-01T15:00:00Z
    ");
}

#[test]
fn outside_the_window_it_says_when_it_opens() {
    insta::assert_snapshot!(Scene::usual().told("2026-12-03T15:00:00Z"), @"
    window_closed (Pending): Closed until Tue 8 Dec 2026, 09:00 Europe/Berlin (window Tue-Thu 09:00-16:00).
      closed until Tue 8 Dec 2026, 09:00 Europe/Berlin (window Tue-Thu 09:00-16:00)
      cure: nobody need do anything: it is judged again at that time; what cannot wait is an emergency: `/emergency WHY`
    no_freeze (Pass): Nothing is frozen. Freeze “quarter end” begins on Mon 28 Dec 2026, 00:00 Europe/Berlin.
    again: 2026-12-08T08:00:00Z
    ");
}

#[test]
fn a_freeze_says_until_when_and_when_the_window_opens_after_it() {
    insta::assert_snapshot!(Scene::usual().told("2026-12-30T10:00:00Z"), @r#"
    window_open (Pass): Open until Wed 30 Dec 2026, 16:00 Europe/Berlin.
    freeze (Pending): Closed until Mon 4 Jan 2027, 08:00 Europe/Berlin (freeze “quarter end”, lifted by release managers). The next time to start is Tue 5 Jan 2027, 09:00 Europe/Berlin.
      closed until Mon 4 Jan 2027, 08:00 Europe/Berlin (freeze “quarter end”)
      cure: it is judged again at that time, or when a release manager (@acme/release-managers) lifts it with `/unfreeze "quarter end" WHY`; what cannot wait is an emergency: `/emergency WHY`
    again: 2026-12-30T15:00:00Z
    "#);
    insta::assert_snapshot!(Scene::usual().told("2027-01-03T10:00:00Z"), @r#"
    window_closed (Pending): Closed until Tue 5 Jan 2027, 09:00 Europe/Berlin (window Tue-Thu 09:00-16:00).
      closed until Tue 5 Jan 2027, 09:00 Europe/Berlin (window Tue-Thu 09:00-16:00)
      cure: nobody need do anything: it is judged again at that time; what cannot wait is an emergency: `/emergency WHY`
    freeze (Pending): Closed until Mon 4 Jan 2027, 08:00 Europe/Berlin (freeze “quarter end”, lifted by release managers). The next time to start is Tue 5 Jan 2027, 09:00 Europe/Berlin.
      closed until Mon 4 Jan 2027, 08:00 Europe/Berlin (freeze “quarter end”)
      cure: it is judged again at that time, or when a release manager (@acme/release-managers) lifts it with `/unfreeze "quarter end" WHY`; what cannot wait is an emergency: `/emergency WHY`
    again: 2027-01-04T07:00:00Z
    "#);
}

#[test]
fn a_freeze_may_begin_inside_a_window() {
    let scene = Scene::usual().with(opened("payments `fail`, @all", Some("2026-12-02T13:00:00Z")));
    insta::assert_snapshot!(scene.told("2026-12-02T10:00:00Z"), @"
    window_open (Pass): Open until Wed 2 Dec 2026, 16:00 Europe/Berlin.
    no_freeze (Pass): Nothing is frozen. Freeze “payments 'fail', @all” begins on Wed 2 Dec 2026, 12:00 Europe/Berlin.
    again: 2026-12-02T11:00:00Z
    ");
    insta::assert_snapshot!(scene.told("2026-12-02T11:00:00Z"), @"
    window_open (Pass): Open until Wed 2 Dec 2026, 16:00 Europe/Berlin.
    freeze (Pending): Closed until Wed 2 Dec 2026, 14:00 Europe/Berlin (freeze “payments 'fail', @all” by @rita, lifted by release managers).
      closed until Wed 2 Dec 2026, 14:00 Europe/Berlin (freeze “payments 'fail', @all” by @rita)
      cure: it is judged again at that time, or when a release manager (@acme/release-managers) lifts it with `/unfreeze WHY`; what cannot wait is an emergency: `/emergency WHY`
    again: 2026-12-02T13:00:00Z
    ");
    assert_eq!(scene.codes("2026-12-02T13:00:00Z"), "window_open no_freeze");
}

#[test]
fn a_freeze_without_an_end_names_no_time_but_who_can_lift_it() {
    let scene = Scene::usual().with(opened("payments fail", None));
    insta::assert_snapshot!(scene.told("2026-12-03T15:00:00Z"), @"
    window_closed (Pending): Closed until Tue 8 Dec 2026, 09:00 Europe/Berlin (window Tue-Thu 09:00-16:00). A freeze without an end lasts on after that.
      closed until Tue 8 Dec 2026, 09:00 Europe/Berlin (window Tue-Thu 09:00-16:00)
      cure: it is judged again by itself when the freeze is lifted; what cannot wait is an emergency: `/emergency WHY`
    freeze (Pending): Closed until it is lifted (freeze “payments fail” by @rita, lifted by release managers).
      closed until it is lifted (freeze “payments fail” by @rita)
      cure: a release manager (@acme/release-managers) lifts it with `/unfreeze WHY`; what cannot wait is an emergency: `/emergency WHY`
    again: 2026-12-08T08:00:00Z
    ");
    assert_eq!(scene.allowed_from("2026-12-03T15:00:00Z"), None);
    let always = Scene::of(policy("environments: { production: { names: [prod-eu] } }"));
    insta::assert_snapshot!(always.with(opened("payments fail", None)).told("2026-12-03T15:00:00Z"), @"
    no_window (Pass): The policy names no window: any time is allowed.
    freeze (Pending): Closed until it is lifted (freeze “payments fail” by @rita, lifted by release managers).
      closed until it is lifted (freeze “payments fail” by @rita)
      cure: a release manager (the policy names none) lifts it with `/unfreeze WHY`
    again: never
    ");
}

#[test]
fn what_began_in_the_window_may_finish_in_time_and_no_longer() {
    let scene = Scene::usual().started("2026-12-03T14:30:00Z");
    insta::assert_snapshot!(scene.told("2026-12-03T15:00:00Z"), @"
    window_finishing (Pass): It began in the window Tue-Thu 09:00-16:00 and may finish until Thu 3 Dec 2026, 17:30 Europe/Berlin.
    no_freeze (Pass): Nothing is frozen. Freeze “quarter end” begins on Mon 28 Dec 2026, 00:00 Europe/Berlin.
    again: 2026-12-03T16:30:00Z
    ");
    insta::assert_snapshot!(scene.told("2026-12-03T16:30:00Z"), @"
    window_closed (Pending): Its time to finish ended on Thu 3 Dec 2026, 17:30 Europe/Berlin. Closed until Tue 8 Dec 2026, 09:00 Europe/Berlin (window Tue-Thu 09:00-16:00).
      closed until Tue 8 Dec 2026, 09:00 Europe/Berlin (window Tue-Thu 09:00-16:00)
      cure: nobody need do anything: it is judged again at that time; what cannot wait is an emergency: `/emergency WHY`
    no_freeze (Pass): Nothing is frozen. Freeze “quarter end” begins on Mon 28 Dec 2026, 00:00 Europe/Berlin.
    again: 2026-12-08T08:00:00Z
    ");
}

#[test]
fn what_began_outside_the_window_is_judged_by_the_clock_of_now() {
    let scene = Scene::usual().started("2026-12-03T05:00:00Z");
    assert_eq!(scene.codes("2026-12-03T06:00:00Z"), "window_closed! no_freeze");
    assert_eq!(scene.codes("2026-12-03T09:00:00Z"), "window_open no_freeze");
}

#[test]
fn without_a_time_to_finish_every_job_is_judged_when_it_begins() {
    let scene = Scene::of(policy(&POLICY.replace("    finish-within: 2 hours\n", "")));
    let scene = scene.started("2026-12-03T14:30:00Z");
    assert_eq!(scene.codes("2026-12-03T15:00:00Z"), "window_closed! no_freeze");
}

#[test]
fn a_freeze_lets_finish_what_had_begun_unless_it_stops_it() {
    let began = Scene::usual().started("2026-12-02T10:30:00Z");
    let freeze = opened("payments fail", Some("2026-12-03T11:00:00Z"));
    let stop = OpenedFreeze { stop: true, ..freeze.clone() };
    insta::assert_snapshot!(began.clone().with(freeze.clone()).told("2026-12-02T12:00:00Z"), @"
    window_open (Pass): Open until Wed 2 Dec 2026, 16:00 Europe/Berlin.
    freeze_finishing (Pass): It began before freeze “payments fail” by @rita and may finish until Wed 2 Dec 2026, 13:30 Europe/Berlin.
    again: 2026-12-02T12:30:00Z
    ");
    insta::assert_snapshot!(began.clone().with(freeze).told("2026-12-02T12:30:00Z"), @"
    window_open (Pass): Open until Wed 2 Dec 2026, 16:00 Europe/Berlin.
    freeze (Pending): Its time to finish ended on Wed 2 Dec 2026, 13:30 Europe/Berlin. Closed until Thu 3 Dec 2026, 12:00 Europe/Berlin (freeze “payments fail” by @rita, lifted by release managers).
      closed until Thu 3 Dec 2026, 12:00 Europe/Berlin (freeze “payments fail” by @rita)
      cure: it is judged again at that time, or when a release manager (@acme/release-managers) lifts it with `/unfreeze WHY`; what cannot wait is an emergency: `/emergency WHY`
    again: 2026-12-02T15:00:00Z
    ");
    insta::assert_snapshot!(began.with(stop.clone()).told("2026-12-02T12:00:00Z"), @"
    window_open (Pass): Open until Wed 2 Dec 2026, 16:00 Europe/Berlin.
    freeze_halts (Pending): What had begun is halted. Closed until Thu 3 Dec 2026, 12:00 Europe/Berlin (freeze “payments fail” by @rita, lifted by release managers).
      closed until Thu 3 Dec 2026, 12:00 Europe/Berlin (freeze “payments fail” by @rita)
      cure: it is judged again at that time, or when a release manager (@acme/release-managers) lifts it with `/unfreeze WHY`; what cannot wait is an emergency: `/emergency WHY`
    again: 2026-12-02T15:00:00Z
    ");
    let began_later = Scene::usual().with(stop).started("2026-12-02T11:30:00Z");
    assert_eq!(began_later.codes("2026-12-02T12:00:00Z"), "window_open freeze!");
}

#[test]
fn two_policies_are_judged_each_in_its_zone_and_both_must_be_open() {
    let own = "zone: America/New_York\nenvironments: { live: { names: [prod-eu], window: [\"Mon-Fri 09:00-12:00\"] } }";
    let scene = Scene::of(policies(POLICY, own));
    insta::assert_snapshot!(scene.told("2026-12-01T09:00:00Z"), @"
    window_open (Pass): Open until Tue 1 Dec 2026, 16:00 Europe/Berlin.
    window_closed (Pending): Closed until Tue 1 Dec 2026, 15:00 Europe/Berlin (window Mon-Fri 09:00-12:00 America/New_York).
      closed until Tue 1 Dec 2026, 15:00 Europe/Berlin (window Mon-Fri 09:00-12:00 America/New_York)
      cure: nobody need do anything: it is judged again at that time; what cannot wait is an emergency: `/emergency WHY`
    no_freeze (Pass): Nothing is frozen. Freeze “quarter end” begins on Mon 28 Dec 2026, 00:00 Europe/Berlin.
    again: 2026-12-01T14:00:00Z
    ");
    for (now, codes) in [
        ("2026-12-01T07:00:00Z", "window_closed! window_closed! no_freeze"),
        ("2026-12-01T14:30:00Z", "window_open window_open no_freeze"),
        ("2026-12-01T16:00:00Z", "window_closed! window_open no_freeze"),
    ] {
        assert_eq!(scene.codes(now), codes, "{now}");
    }
}

#[test]
fn a_repositorys_own_time_to_finish_loosens_nothing_of_the_organisations() {
    let own = "environments: { production: { names: [prod-eu], window: [\"Tue-Thu 09:00-16:00\"], finish-within: 6 hours } }";
    let scene = Scene::of(policies(POLICY, own)).started("2026-12-03T14:30:00Z");
    assert_eq!(scene.codes("2026-12-03T16:00:00Z"), "window_finishing window_finishing no_freeze");
    assert_eq!(scene.codes("2026-12-03T17:00:00Z"), "window_closed! window_finishing no_freeze");
}

#[test]
fn windows_that_never_meet_name_no_time() {
    let own = "environments: { live: { names: [prod-eu], window: [\"Sat 09:00-12:00\"] } }";
    insta::assert_snapshot!(Scene::of(policies(POLICY, own)).told("2026-12-01T09:00:00Z"), @"
    window_open (Pass): Open until Tue 1 Dec 2026, 16:00 Europe/Berlin.
    window_closed (Pending): Closed until Sat 5 Dec 2026, 09:00 Europe/Berlin (window Sat 09:00-12:00). There is no time at which everything is open.
      closed until Sat 5 Dec 2026, 09:00 Europe/Berlin (window Sat 09:00-12:00)
      cure: change the windows in the policies so that they have a time in common; what cannot wait is an emergency: `/emergency WHY`
    no_freeze (Pass): Nothing is frozen. Freeze “quarter end” begins on Mon 28 Dec 2026, 00:00 Europe/Berlin.
    again: 2026-12-01T15:00:00Z
    ");
}

#[test]
fn a_time_that_comes_twice_is_told_with_its_offset() {
    let night = "zone: Europe/Berlin\nenvironments: { production: { names: [prod-eu], window: [\"Sun 02:30-04:00\"] } }";
    let scene = Scene::of(policy(night));
    let sentence = |now| scene.judge(instant(now)).findings[0].sentence.clone();
    insta::assert_snapshot!(sentence("2026-10-24T12:00:00Z"), @"Closed until Sun 25 Oct 2026, 02:30 Europe/Berlin (+02:00) (window Sun 02:30-04:00).");
    insta::assert_snapshot!(sentence("2026-10-25T01:10:00Z"), @"Closed until Sun 25 Oct 2026, 02:30 Europe/Berlin (+01:00) (window Sun 02:30-04:00).");
}

#[test]
fn commands_are_told_with_the_prefix_of_the_policy_and_release_managers_by_name() {
    let roles = "roles: { release-manager: [acme/release-managers, rita] }\ncommands: { prefix: cg }";
    let scene = Scene::of(policy(roles)).with(opened("audit", None));
    let finding = scene.judge(instant("2026-12-03T15:00:00Z")).findings.remove(1);
    insta::assert_snapshot!(finding.cure.unwrap(), @"a release manager (@acme/release-managers or @rita) lifts it with `/cg unfreeze WHY`");
    let pages: Vec<String> =
        finding.names.into_iter().map(|name| format!("{} {}", name.text, name.path)).collect();
    assert_eq!(
        pages,
        ["@rita rita", "@acme/release-managers orgs/acme/teams/release-managers", "@rita rita"]
    );
}

#[test]
fn many_windows_are_not_all_listed() {
    let windows = (0..6).map(|hour| format!("\"Mon 0{hour}:00-0{hour}:30\"")).collect::<Vec<_>>().join(", ");
    let scene = Scene::of(policy(&format!(
        "environments: {{ production: {{ names: [prod-eu], window: [{windows}] }} }}"
    )));
    insta::assert_snapshot!(scene.judge(instant("2026-12-03T15:00:00Z")).findings[0].sentence, @"Closed until Mon 7 Dec 2026, 00:00 UTC (windows Mon 00:00-00:30, Mon 01:00-01:30, Mon 02:00-02:30 and 3 more).");
}
