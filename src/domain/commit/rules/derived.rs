//! A pull request that repeats, undoes or brings back what is merged: what it does is what was judged already.

use super::{
    super::{
        super::{
            finding::{Finding, Outcome},
            ids::IssueRef,
            pull_request::{Derived, Kind, Proof, PullRequestView},
        },
        named::Named,
        scene::Scene,
    },
    LINK,
};

/// What is to be said of it; nothing where it has change requests of its own, or claims nothing.
pub(super) fn findings(
    view: &PullRequestView,
    uncovered: &[IssueRef],
    named: &Named,
    scene: &Scene<'_>,
) -> Vec<Finding> {
    let Some(derived) = &view.derived else { return vec![] };
    let from: Vec<Named> =
        derived.from.iter().map(|at| Named::pull_request(*at, scene.repo, scene.name)).collect();
    let names = |finding: Finding| finding.names(from.iter().filter_map(|named| named.page.clone()));
    let what = what(derived.kind, &from);
    match &derived.proof {
        Proof::Given if view.links != derived.inherits => vec![],
        Proof::Given if scene.own_changes && !uncovered.is_empty() => vec![],
        Proof::Given => {
            let counted = uncovered.iter().map(|at| not_covered(*at, scene));
            std::iter::once(names(proven(derived, &what))).chain(counted).collect()
        }
        Proof::Waits(_) | Proof::Missing(_) | Proof::Unknown(_)
            if !view.links.is_empty() || scene.own_changes =>
        {
            vec![]
        }
        Proof::Waits(why) | Proof::Missing(why) => vec![names(refuted(derived.kind, &what, why, named))],
        Proof::Unknown(why) => vec![names(unknown(&what, why, named))],
    }
}

/// "takes back #12 and #13".
fn what(kind: Kind, from: &[Named]) -> String {
    let does = match kind {
        Kind::Undoes => "takes back",
        Kind::Repeats => "repeats",
        Kind::Brings => "brings back",
    };
    let from: Vec<&str> = from.iter().map(|named| named.text.as_str()).collect();
    match from.as_slice() {
        [] => format!("{does} what is merged"),
        [one] => format!("{does} {one}"),
        [first @ .., last] => format!("{does} {} and {last}", first.join(", ")),
    }
}

fn proven(derived: &Derived, what: &str) -> Finding {
    let more = match derived.kind {
        Kind::Undoes | Kind::Repeats => ", and does nothing else",
        Kind::Brings => ", and nothing else",
    };
    Finding::new("derived", Outcome::Pass, "what is merged already", format!("It {what}{more}."))
}

fn not_covered(at: IssueRef, scene: &Scene<'_>) -> Finding {
    let named = Named::pull_request(at, scene.repo, scene.name);
    let name = &named.text;
    Finding::new(
        "derived_not_covered",
        Outcome::Fail,
        "linked to a change request",
        format!("{name} belongs to no change request, and had not passed without one when it was merged."),
    )
    .headline(format!("{name} belongs to no change request itself"))
    .cure(LINK)
    .names(named.page)
}

fn refuted(kind: Kind, what: &str, why: &str, named: &Named) -> Finding {
    let code = match kind {
        Kind::Undoes => "not_just_a_revert",
        Kind::Repeats => "not_just_a_repetition",
        Kind::Brings => "not_just_a_back_merge",
    };
    let (sentence, instead) = match kind {
        Kind::Undoes => (
            format!("It says that it {what}, but {why}."),
            "; or take the pull request back whole and alone, as GitHub's Revert button does",
        ),
        Kind::Repeats => {
            (format!("It says that it {what}, but {why}."), "; or repeat the pull request whole and alone")
        }
        Kind::Brings => (format!("It {what}, but {why}."), ""),
    };
    Finding::new(code, Outcome::Fail, "linked to a change request", sentence)
        .headline(format!("{} belongs to no change request", named.text))
        .cure(format!("{LINK}{instead}"))
}

fn unknown(what: &str, why: &str, named: &Named) -> Finding {
    let why = why.trim_end_matches('.');
    Finding::new(
        "derived_unknown",
        Outcome::Unknown,
        "what is merged already",
        format!("Whether it {what} could not be found out: {why}."),
    )
    .headline(format!("{} could not be compared with what is merged", named.text))
    .cure("it is read again by itself; `/recheck` in a comment does it at once")
}
