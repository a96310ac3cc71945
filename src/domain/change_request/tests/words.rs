//! The status comment, as people read it.

use proptest::prelude::*;

use super::*;

fn form() -> World {
    World::new().with_policy(&format!("{POLICY}intake:\n  required: [Why, Who is affected, Back-out plan]\n"))
}

#[test]
fn a_request_that_misses_something_says_what_and_how_it_is_cured() {
    let mut world = form();
    let intake = world.label("sam", "change-request");
    let decision = world.deliver(&[intake]);
    insta::assert_snapshot!(status(&decision), @"
    **Change request** · needs information
    Contact: nobody yet · Requester: @sam

    This request can't be triaged yet. Missing: **Who is affected** and **Back-out plan**. Edit the description above, each under a heading of that name; this note goes away by itself.

    Next: the requester completes the description; then a triager ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) decides.

    <details><summary>History</summary>

    - 23 Nov 2026, 10:00 UTC · needs information

    </details>

    <details><summary>Commands</summary>

    - the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)): `/accept` `/need-info WHAT` `/defer UNTIL` `/decline WHY` `/duplicate #n` `/contact LOGIN` `/size S|M|L` `/project` `/rank N`
    - the requester, too: `/withdraw` `/reopen` `/needed-by DAY WHY`
    - anyone: `/status` `/recheck` `/help`

    </details>
    ");
}

#[test]
fn a_complete_request_waits_for_a_triager() {
    let mut world = World::new();
    world.issue().assignees = vec![actor("quinn")];
    let intake = world.label("sam", "change-request");
    insta::assert_snapshot!(summary(&world.deliver(&[intake])), @r"
    **Change request** · requested
    Contact: @quinn · Requester: @sam

    Next: a triager ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) comments `/accept`, or asks, defers or declines.
    ");
    world.pull(12, true, true, false);
    insta::assert_snapshot!(summary(&world.deliver(&[])), @r"
    **Change request** · requested
    Contact: @quinn · Requester: @sam

    Next: a triager ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) comments `/accept`, or asks, defers or declines.

    Waiting for that: [billing#12](https://github.com/acme/billing/pull/12).
    ");
}

#[test]
fn every_end_of_triage_has_its_words() {
    let mut said = vec![];
    for (who, what) in [
        ("tara", "/accept"),
        ("tara", "/need-info Which @customers, and since #4?"),
        ("tara", "/defer the audit is over"),
        ("tara", "/decline <b>No</b> money."),
        ("tara", "/duplicate #3"),
        ("tara", "/duplicate acme/billing#3"),
        ("sam", "/withdraw"),
    ] {
        let mut world = World::taken_in();
        let comment = world.comment(who, what);
        let decision = world.deliver(&[comment]);
        said.push(summary(&decision).split_once("\n\n").unwrap().1.to_owned());
    }
    insta::assert_snapshot!(said.join("\n---\n"), @r"
    Accepted by @tara (23 Nov 2026). Next: a pull request that says `Closes #12` (elsewhere `Closes acme/web#12`) in its description.
    ---
    Asked by @tara (23 Nov 2026): Which @&#8203;customers, and since #&#8203;4?

    Next: the requester answers here or in the description; then a triager ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) decides.
    ---
    Deferred by @tara (23 Nov 2026): the audit is over.

    It is taken up again when a triager ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) comments `/accept`.
    ---
    Declined by @tara (23 Nov 2026): &lt;b&gt;No&lt;/b&gt; money.

    It is taken up again when a triager ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) comments `/accept`.
    ---
    Duplicate of [web#3](https://github.com/acme/web/issues/3) by @tara (23 Nov 2026). Follow the other one.
    ---
    Duplicate of acme/billing#&#8203;3 by @tara (23 Nov 2026). Follow the other one.
    ---
    Withdrawn by @sam (23 Nov 2026). The requester or a triager ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) brings it back with `/reopen`.
    ");
}

#[test]
fn work_is_named_with_what_comes_next() {
    let mut world = World::taken_in();
    let events = [world.comment("tara", "/accept"), world.milestone("rita", 2)];
    world.settle(&events);
    world.pull(41, true, true, false);
    world.pull(12, false, true, false);
    insta::assert_snapshot!(summary(&world.deliver(&[])), @r"
    **Change request** · in work · release **2026.12** (3 Dec)
    Contact: nobody yet · Requester: @sam

    Accepted by @tara (23 Nov 2026). Next: two pull requests are open ([web#41](https://github.com/acme/web/pull/41), [billing#12](https://github.com/acme/billing/pull/12)). When all are merged, the code is complete.
    ");
    world.pull(41, true, false, false);
    world.pull(12, false, false, true);
    insta::assert_snapshot!(summary(&world.deliver(&[])), @r"
    **Change request** · in work · release **2026.12** (3 Dec)
    Contact: nobody yet · Requester: @sam

    Accepted by @tara (23 Nov 2026). Next: parts of it are merged ([billing#12](https://github.com/acme/billing/pull/12)). A pull request that says `Closes #12` (elsewhere `Closes acme/web#12`) finishes it.
    ");
}

#[test]
fn merged_without_acceptance_says_so() {
    let mut world = World::taken_in();
    world.pull(41, true, false, true);
    insta::assert_snapshot!(summary(&world.deliver(&[])), @r"
    **Change request** · merged
    Contact: nobody yet · Requester: @sam

    Merged ([web#41](https://github.com/acme/web/pull/41)). Merged is not delivered. Nobody has accepted it: a triager ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) still has to comment `/accept`.
    ");
}

#[test]
fn closed_by_a_person_is_explained_or_asked_about() {
    let mut said = vec![];
    for reason in ["not_planned", "duplicate", "completed"] {
        let mut world = World::taken_in();
        let closed = world.close("sam", reason);
        said.push(summary(&world.deliver(&[closed])).split_once("\n\n").unwrap().1.to_owned());
    }
    insta::assert_snapshot!(said.join("\n---\n"), @r"
    It was closed as not planned. Reopen the issue to bring it back.
    ---
    It was closed as a duplicate. Reopen the issue if it is none.
    ---
    @sam: this issue was closed as completed, but no merged pull request finishes it. Which one did? Write `Closes #12` (elsewhere `Closes acme/web#12`) in its description. If there is none, reopen the issue or close it as not planned.
    ");
}

#[test]
fn what_is_not_known_is_said() {
    let mut world = World::taken_in();
    world.outage = Some("GitHub could not be reached since 10:00 UTC".into());
    let labelled = world.label("tara", "triage/accepted");
    insta::assert_snapshot!(summary(&world.deliver(&[labelled])), @r"
    **Change request** · requested
    Contact: nobody yet · Requester: @sam

    Who decided could not be found out: GitHub could not be reached since 10:00 UTC. Nothing counts as accepted until it is known; it is looked up again by itself.
    ");
}

#[test]
fn the_comment_of_a_whole_life_shows_its_history_and_the_prefix_of_commands() {
    let mut world = World::new().with_policy(&format!("{POLICY}commands:\n  prefix: cg\n"));
    let intake = world.label("sam", "change-request");
    world.deliver(&[intake]);
    let comment = world.comment("tara", "/cg accept\n/accept");
    insta::assert_snapshot!(status(&world.deliver(&[comment])), @"
    **Change request** · accepted
    Contact: nobody yet · Requester: @sam

    Accepted by @tara (23 Nov 2026). Next: a pull request that says `Closes #12` (elsewhere `Closes acme/web#12`) in its description.

    <details><summary>History</summary>

    - 23 Nov 2026, 10:00 UTC · requested
    - 23 Nov 2026, 10:00 UTC · accepted by @tara

    </details>

    <details><summary>Commands</summary>

    - the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)): `/cg accept` `/cg need-info WHAT` `/cg defer UNTIL` `/cg decline WHY` `/cg duplicate #n` `/cg contact LOGIN` `/cg size S|M|L` `/cg project` `/cg rank N`
    - the requester, too: `/cg withdraw` `/cg reopen` `/cg needed-by DAY WHY`
    - anyone: `/cg status` `/cg recheck` `/cg help`

    </details>
    ");
    let comment = world.comment("sam", "/cg frobnicate");
    insta::assert_snapshot!(told(&world.deliver(&[comment])).join("\n"), @r"
    confused 2
    comment reply/2: @sam wrote a command that does not exist; the status comment lists those that do.
    +triage/accepted
    ");
}

#[test]
fn the_comment_does_not_change_with_time_alone() {
    let mut world = World::taken_in();
    let comment = world.comment("tara", "/accept");
    world.settle(&[comment]);
    let before = status(&world.deliver(&[]));
    world.tick(86_400 * 400);
    assert_eq!(status(&world.deliver(&[])), before);
}

#[test]
fn an_unauthorised_milestone_is_answered_with_who_plans() {
    let mut world = World::taken_in();
    let planned = world.milestone("sam", 2);
    insta::assert_snapshot!(told(&world.deliver(&[planned])).join("\n"), @r"
    comment refused/1795428020: @sam set milestone **2026.12**; releases are planned by the release managers ([rita](https://github.com/rita)). It was taken off again. Ask them here.
    milestone None
    ");
}

proptest! {
    /// What people write cannot mention, refer, or break out of the comment; and it fits.
    #[test]
    fn no_text_of_others_does_anything_in_our_comment(said in "[@#a-z0-9<>/!\\-`| ]{1,80}|\\PC{1,2000}") {
        let mut world = form();
        let intake = world.label("sam", "change-request");
        world.deliver(&[intake]);
        world.issue().title.clone_from(&said);
        let said = said.replace(['\n', '\r'], " ");
        let comment = world.comment("tara", &format!("/decline {said}"));
        let comment = status(&world.deliver(&[comment]));
        let own = comment.replace("@sam", "").replace("@tara", "").replace("\\@", "");
        prop_assert!(comment.chars().count() <= 65_000);
        prop_assert_eq!(own.matches("</details>").count(), 2);
        prop_assert!(!own.replace("@&#8203;", "").contains('@'), "{}", own);
    }
}
