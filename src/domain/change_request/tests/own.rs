//! Who asked for something, and accepts it.

use super::*;

fn own(says: &str) -> World {
    let policy = POLICY.replace("[acme/triage, tess]", "[acme/triage, tess, sam]");
    let mut world = World::new().with_policy(&format!("{policy}intake: {{ {says} }}\n"));
    let labelled = world.label("sam", "change-request");
    world.deliver(&[labelled]);
    world
}

#[test]
fn who_asked_accepts_where_policy_does_not_refuse_it() {
    for (says, by, accepted) in [
        ("own: refused", "sam", false),
        ("own: refused", "tess", true),
        ("own: refused", "tara", true),
        ("own: allowed", "sam", true),
        ("label: change-request", "sam", true),
    ] {
        for by_label in [false, true] {
            let mut world = own(says);
            let act =
                if by_label { world.label(by, "triage/accepted") } else { world.comment(by, "/accept") };
            world.settle(&[act]);
            assert_eq!(world.is_accepted(), accepted, "{says}, {by}, {by_label}");
            assert_eq!(world.issue().labels.len(), 1 + usize::from(accepted), "{says}, {by}, {by_label}");
        }
    }
}

#[test]
fn who_asked_is_told_who_else_may() {
    let mut world = own("own: refused");
    let accepted = world.comment("sam", "/accept");
    let by_command = world.settle(&[accepted]);
    let labelled = world.label("sam", "triage/accepted");
    let by_label = world.settle(&[labelled]);
    insta::assert_snapshot!([by_command, by_label].concat().join("\n"), @"
    confused 1
    comment reply/1: @sam wrote `/accept`; nobody accepts what they asked for themselves (`intake.own`), so another of the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) decides.
    comment refused/1795428030: @sam set **triage/accepted**; nobody accepts what they asked for themselves (`intake.own`), so another of the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) decides. It was taken off again. Ask them here.
    -triage/accepted
    ");
    let policy = POLICY.replace("[acme/triage, tess]", "[sam]");
    world.policy = Some(format!("{policy}intake: {{ own: refused }}\n").as_str().into());
    let accepted = world.comment("sam", "/accept");
    insta::assert_snapshot!(world.settle(&[accepted]).join("\n"), @"
    confused 2
    comment reply/2: @sam wrote `/accept`; nobody accepts what they asked for themselves (`intake.own`), and the policy names no other triager (`roles.triager`).
    ");
}

#[test]
fn who_asked_decides_otherwise_as_every_triager_does() {
    let mut world = own("own: refused");
    let declined = world.comment("sam", "/decline I have thought better of it");
    world.settle(&[declined]);
    assert_eq!(world.stage(), Stage::Declined);
}
