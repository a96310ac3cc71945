//! What is said of commits that came with no merged pull request.

use super::{
    super::{
        finding::{Finding, Outcome, Reference, quoted},
        named::Named,
    },
    Doubt, Origin, Range, RangeCommit,
    findings::{Audience, LISTED, READ_AGAIN, RULE},
};

/// One for each of the first of them, and one that counts the rest; what is not known is told apart.
pub(super) fn findings(range: &Range, audience: &Audience<'_>) -> Vec<Finding> {
    let untraced = range.commits.iter().filter_map(|(commit, origin)| match origin {
        Origin::Untraced(doubt) => Some((commit, doubt)),
        Origin::BeforeEnforcement
        | Origin::PullRequest(_)
        | Origin::CherryPick { .. }
        | Origin::Revert { .. }
        | Origin::BackMerge
        | Origin::Adopted(_) => None,
    });
    let (unknown, strange): (Vec<_>, Vec<_>) =
        untraced.partition(|(_, doubt)| matches!(doubt, Doubt::Unknown(_)));
    let named = |all: &[(&RangeCommit, &Doubt)]| -> Vec<Finding> {
        all.iter().take(LISTED).map(|(commit, doubt)| finding(commit, doubt, audience)).collect()
    };
    let rest = |count: usize| count.checked_sub(LISTED).filter(|rest| *rest > 0);
    let mut found = named(&strange);
    found.extend(rest(strange.len()).map(|rest| more(rest, audience)));
    found.extend(named(&unknown));
    found.extend(rest(unknown.len()).map(more_unknown));
    found
}

fn finding(commit: &RangeCommit, doubt: &Doubt, audience: &Audience<'_>) -> Finding {
    let (what, author) = described(commit);
    let finding = match doubt {
        Doubt::NoPullRequest => {
            untraced(commit, format!("{what} came with no merged pull request."), audience)
        }
        Doubt::Refuted(why) => {
            untraced(commit, format!("{what} came with no merged pull request: {why}."), audience)
        }
        Doubt::Unknown(why) => unknown(commit, &what, why),
    };
    finding.names(author)
}

fn untraced(commit: &RangeCommit, sentence: String, audience: &Audience<'_>) -> Finding {
    let (manager, pages) = audience.release_manager();
    Finding::new("commit_untraced", Outcome::Fail, RULE, sentence)
        .headline(format!("`{}` came with no merged pull request", commit.sha.short()))
        .cure(format!(
            "{manager} comments `/adopt {} WHY`; or it is taken off the branch and comes back with a pull request",
            commit.sha
        ))
        .names(pages)
}

fn unknown(commit: &RangeCommit, what: &str, why: &str) -> Finding {
    let why = why.trim_end_matches('.');
    let sentence = format!("Where {what} comes from could not be found out: {why}.");
    Finding::new("range_unknown", Outcome::Unknown, RULE, sentence)
        .headline(format!("where `{}` comes from could not be read", commit.sha.short()))
        .cure(READ_AGAIN)
}

fn more(rest: usize, audience: &Audience<'_>) -> Finding {
    let (manager, pages) = audience.release_manager();
    let commits = if rest == 1 { "commit" } else { "commits" };
    let sentence = format!("{rest} more {commits} came with no merged pull request.");
    Finding::new("commit_untraced", Outcome::Fail, RULE, sentence)
        .headline(format!("{rest} more came with no merged pull request"))
        .cure(format!(
            "as above: {manager} answers for each with `/adopt SHA WHY`, or they come back with pull requests"
        ))
        .names(pages)
}

fn more_unknown(rest: usize) -> Finding {
    let (commits, come) = if rest == 1 { ("commit", "comes") } else { ("commits", "come") };
    let sentence = format!("Where {rest} more {commits} {come} from could not be found out.");
    Finding::new("range_unknown", Outcome::Unknown, RULE, sentence)
        .headline(format!("where {rest} more {come} from could not be read"))
        .cure(READ_AGAIN)
}

/// One that comes with the pull request that is to be merged.
pub(super) fn coming(commit: &RangeCommit) -> Finding {
    let (what, author) = described(commit);
    let sentence = format!("{what} came with none before, and comes with this one.");
    Finding::new("range_comes_along", Outcome::Pass, RULE, sentence).names(author)
}

/// "`9ab1d04` “Faster login” by @ana".
pub(super) fn described(commit: &RangeCommit) -> (String, Option<Reference>) {
    let by = commit.people.first().and_then(Option::as_ref).map(Named::actor);
    let (who, page) = match by {
        Some(by) => (by.text, by.page),
        None => ("somebody whom GitHub knows only by mail".into(), None),
    };
    (format!("`{}` {} by {who}", commit.sha.short(), quoted(commit.headline())), page)
}
