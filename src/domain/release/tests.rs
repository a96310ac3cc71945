use super::*;
use crate::domain::{
    change_request::ChangeRequest,
    milestone::MilestoneView,
    subject::View,
    trial::{BILLING, WEB, World, at, time},
};

fn id() -> ReleaseId {
    ReleaseId { train: "customer".into(), title: "2026.12".into() }
}

fn milestone(repo: RepoId, open: bool, due: Option<i64>) -> (SubjectId, View) {
    let view = MilestoneView {
        repo,
        number: 3,
        title: "2026.12".into(),
        open,
        deleted: false,
        due_on: due.map(time),
        release: Some(id()),
    };
    (SubjectId::Milestone(repo, 3), View::Milestone(view))
}

fn planned(number: u64) -> (SubjectId, View) {
    let view = ChangeRequest::new(at(number)).view();
    (SubjectId::ChangeRequest(at(number)), View::ChangeRequest(Box::new(view)))
}

fn decided(before: Option<&State>, members: Vec<(SubjectId, View)>) -> (Release, Vec<String>, State) {
    let subject = SubjectId::Release(id());
    let pointing = members.iter().map(|(subject, _)| subject.clone()).collect();
    let mut world = World { views: members.into_iter().collect(), ..World::default() };
    world.pointing.insert((subject.clone(), Relation::In), pointing);
    let decision = world.decide(&subject, before, &[], time(0));
    let codes = decision.audit.iter().map(|entry| {
        format!("{} {}", entry.code, entry.facts.get("change_request").cloned().unwrap_or_default())
    });
    (decision.after.as_release().unwrap().clone(), codes.collect(), decision.after)
}

#[test]
fn it_gathers_its_milestones_and_what_is_planned_for_it() {
    let members = vec![milestone(WEB, false, Some(60)), milestone(BILLING, true, Some(30)), planned(12)];
    let (release, ..) = decided(None, members);
    assert_eq!(release.milestones, [(WEB, 3), (BILLING, 3)]);
    assert_eq!((release.due_on, release.open), (Some(time(30)), true));
    assert_eq!(release.scope, [at(12)]);
    let (release, ..) = decided(None, vec![milestone(WEB, false, None)]);
    assert_eq!((release.due_on, release.open), (None, false));
}

#[test]
fn who_joined_and_who_left_is_written_down() {
    let (_, codes, first) = decided(None, vec![planned(12)]);
    assert_eq!(codes, ["release.change_request_joined 7#12"]);
    let (_, codes, second) = decided(Some(&first), vec![planned(12), planned(13)]);
    assert_eq!(codes, ["release.change_request_joined 7#13"]);
    let (_, codes, third) = decided(Some(&second), vec![planned(13)]);
    assert_eq!(codes, ["release.change_request_left 7#12"]);
    assert_eq!(decided(Some(&third), vec![planned(13)]).1, Vec::<String>::new());
}

#[test]
fn a_member_that_was_never_settled_is_no_member_yet() {
    let subject = SubjectId::Release(id());
    let mut world = World::default();
    world.pointing.insert((subject.clone(), Relation::In), vec![SubjectId::ChangeRequest(at(12))]);
    let decision = world.decide(&subject, None, &[], time(0));
    assert_eq!(decision.after.as_release().unwrap().scope, []);
}
