//! What repeats, takes back or brings what is merged already.

use super::*;

fn merged(number: u64, links: &[IssueRef]) -> PullRequestView {
    PullRequestView { open: false, merged_at: Some(time(0)), ..pull_request(at(number), links) }
}

fn removing(path: &str) -> Changes {
    let patch = Some("@@ -1 +0,0 @@\n-x");
    let listed = Listed { path, previous: None, status: "removed", patch, lines: (0, 1), blob: None };
    Changes { files: vec![FileChange::of(&listed)], complete: true }
}

/// What becomes of pull request 41 with this description and commit message, which changes this; 12 added `a` for
/// change request 3 and is merged, 13 added `a` too and is open.
fn derived(body: &str, message: &str, change: Changes) -> Decision {
    let shown = PullRequestSnapshot { body: body.into(), ..snapshot(41) };
    let mut read = reading(shown.clone());
    read.commits[0].message = message.into();
    let mut world = world_with(read);
    for view in [merged(12, &[at(3)]), pull_request(at(13), &[at(3)])] {
        world.changes.insert(view.at, adding("a"));
        world = world.showing(SubjectId::PullRequest(view.at), View::PullRequest(Box::new(view)));
    }
    world.changes.insert(at(41), change);
    world.origins.insert(sha('c'), vec![12]);
    world.decide(&SUBJECT, None, &[opened(&shown)], time(0))
}

#[test]
fn only_what_repeats_or_takes_back_a_merged_pull_request_whole_inherits_from_it() {
    let c = sha('c');
    let (reverts, picked) = (format!("This reverts commit {c}."), format!("(cherry picked from commit {c})"));
    let unknown = format!("(cherry picked from commit {})", sha('d'));
    for (what, body, message, change, expected) in [
        ("GitHub's revert", "Reverts acme/web#12", "Revert", removing("a"), "7#3"),
        ("git's revert", "", reverts.as_str(), removing("a"), "7#3"),
        ("git's cherry-pick", "", picked.as_str(), adding("a"), "7#3"),
        ("a bot's backport", "Backport of #12", "x", adding("a"), "7#3"),
        ("links of its own count", "Reverts acme/web#12\n\nChange: #4", "x", removing("a"), "7#4"),
        ("a revert that adds", "Reverts acme/web#12", "x", adding("a"), "it changes `a` otherwise"),
        ("a revert of something else", "Reverts acme/web#12", "x", removing("b"), "it changes `b` otherwise"),
        ("a backport of something else", "Backport of #12", "x", adding("b"), "it changes `b` otherwise"),
        ("of what is not merged", "Reverts acme/web#13", "x", removing("a"), "#13 is not merged"),
        (
            "of what is not known",
            "Reverts acme/web#99",
            "x",
            removing("a"),
            "#99 is no pull request that Changegate has seen",
        ),
        (
            "of a commit from nowhere",
            "",
            unknown.as_str(),
            adding("a"),
            "`ddddddd` came with no merged pull request here",
        ),
        ("of itself", "Reverts acme/web#41", "x", removing("a"), ""),
        ("of another repository", "Reverts acme/billing#12", "x", removing("a"), ""),
    ] {
        let view = view_of(&derived(body, message, change));
        let why = match view.derived.as_ref().map(|derived| &derived.proof) {
            Some(Proof::Waits(why) | Proof::Missing(why)) => why.as_str(),
            Some(Proof::Unknown(_) | Proof::Given) | None => "",
        };
        assert_eq!(format!("{}{why}", links(&view)), expected, "{what}");
    }
}

#[test]
fn a_revert_points_at_the_request_that_it_takes_back_even_if_it_has_its_own() {
    let after = derived("Reverts acme/web#12\n\nChange: #4", "x", removing("a")).after;
    let covers = |number| (Relation::Covers, SubjectId::ChangeRequest(at(number)));
    let relations = after.relations();
    assert!(relations.contains(&covers(3)) && relations.contains(&covers(4)), "{relations:?}");
    assert!(view_of(&derived("Reverts acme/web#12", "x", removing("a"))).derived.unwrap().undoes(at(12)));
}

#[test]
fn what_github_cannot_compare_now_is_compared_later_and_what_waits_costs_no_request() {
    let shown = PullRequestSnapshot { body: "Reverts acme/web#12".into(), ..snapshot(41) };
    let mut world = world_with(reading(shown.clone()));
    world.changes.extend([(at(12), adding("a")), (at(41), removing("a"))]);
    let before = world.decide(&SUBJECT, None, &[opened(&shown)], time(0));
    let (_, asked) = world.ask(&SUBJECT, Some(&before.after), &[], time(9));
    assert_eq!(asked, []);
    let view = View::PullRequest(Box::new(merged(12, &[at(3)])));
    let world = world.showing(SubjectId::PullRequest(at(12)), view);
    let down = World { down: true, ..world.clone() };
    let silent = down.decide(&SUBJECT, Some(&before.after), &[], time(9));
    assert_eq!((links(&view_of(&silent)).as_str(), silent.look_again), ("", Some(time(39))));
    let found = world.decide(&SUBJECT, Some(&silent.after), &[], time(39));
    assert_eq!((links(&view_of(&found)).as_str(), found.look_again), ("7#3", None));
}

#[test]
fn a_back_merge_inherits_only_if_every_commit_came_with_a_merged_pull_request() {
    let commit = |digit, message: &str| CommitReading {
        sha: sha(digit),
        message: message.into(),
        people: vec![Some(actor("ana"))],
        writers: None,
    };
    let view = PullRequestView { brought: vec![sha('b'), sha('c')], ..merged(12, &[at(3)]) };
    let merge = "Merge pull request #12 from acme/fix";
    for (what, commits, expected) in [
        ("all of it", vec![commit('b', "Fix"), commit('c', merge)], "7#3"),
        (
            "and more",
            vec![commit('b', "Fix"), commit('c', merge), commit('a', "x")],
            "`aaaaaaa` came with no merged pull request here",
        ),
        ("only the same words", vec![commit('a', merge)], ""),
        ("no words", vec![commit('b', "Fix"), commit('c', "Merge")], ""),
    ] {
        let mut read = reading(snapshot(41));
        read.commits = commits;
        let shown = View::PullRequest(Box::new(view.clone()));
        let world = world_with(read).showing(SubjectId::PullRequest(at(12)), shown);
        let after = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(0)).after;
        let view = after.view().as_pull_request().unwrap().clone();
        let why = match view.derived.as_ref().map(|derived| &derived.proof) {
            Some(Proof::Missing(why)) => why.as_str(),
            Some(Proof::Unknown(_) | Proof::Given | Proof::Waits(_)) | None => "",
        };
        assert_eq!(format!("{}{why}", links(&view)), expected, "{what}");
        assert!(after.relations().iter().all(|(relation, _)| *relation == Relation::At), "{what}");
    }
}
