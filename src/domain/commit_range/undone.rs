//! What is said of what runs and would be undone.

use std::collections::BTreeMap;

use super::{
    super::{
        finding::{Finding, Outcome},
        ids::Sha,
    },
    Lost, Range,
    findings::{Audience, LISTED, READ_AGAIN},
    untraced::described,
};

const RULE: &str = "nothing that runs is undone unnoticed";

/// One for each pull request, or commit without one, that would be undone; the rest is counted.
pub(super) fn findings(range: &Range, audience: &Audience<'_>) -> Vec<Finding> {
    let mut together: BTreeMap<(Option<u64>, Option<&Sha>), Vec<&Lost>> = BTreeMap::new();
    for lost in &range.lost {
        let alone = lost.pull_request.is_none().then_some(&lost.commit.sha);
        together.entry((lost.pull_request, alone)).or_default().push(lost);
    }
    let rest = together.len().checked_sub(LISTED).filter(|rest| *rest > 0);
    let named = together.values().take(LISTED).filter_map(|lost| missing(lost, range, audience));
    named.chain(rest.map(|rest| more(rest, audience))).collect()
}

fn missing(lost: &[&Lost], range: &Range, audience: &Audience<'_>) -> Option<Finding> {
    let first = lost.first()?;
    let named = first.pull_request.map(|number| audience.pull_request_by_name(number));
    let name =
        named.as_ref().map_or_else(|| format!("`{}`", first.commit.sha.short()), |named| named.text.clone());
    let (what, author) = described(&first.commit);
    let more = if lost.len() > 1 { format!(" (and {} more)", lost.len() - 1) } else { String::new() };
    let candidate = range.candidate.short();
    let doubt = lost.iter().find_map(|lost| lost.unknown.as_ref());
    let finding = match doubt {
        Some(why) => unknown(&name, &what, candidate, why),
        None => {
            let sentence = match first.pull_request {
                Some(_) => format!(
                    "This release would undo {name}: {what}{more} runs now, and `{candidate}` does not have it."
                ),
                None => format!(
                    "This release would undo {what}: it runs now, and `{candidate}` does not have it."
                ),
            };
            let (cure, pages) = cure(lost, audience);
            Finding::new("hotfix_missing", Outcome::Fail, RULE, sentence)
                .headline(format!("this release would undo {name}"))
                .cure(cure)
                .names(pages)
        }
    };
    Some(finding.names(named.and_then(|named| named.page)).names(author))
}

fn unknown(name: &str, what: &str, candidate: &str, why: &str) -> Finding {
    let why = why.trim_end_matches('.');
    let sentence =
        format!("{what} runs now, and whether `{candidate}` has it could not be found out: {why}.");
    Finding::new("range_unknown", Outcome::Unknown, RULE, sentence)
        .headline(format!("whether {name} would be undone could not be read"))
        .cure(READ_AGAIN)
}

fn cure(lost: &[&Lost], audience: &Audience<'_>) -> (String, Vec<super::super::finding::Reference>) {
    let (manager, pages) = audience.release_manager();
    let picked: Vec<&str> =
        lost.iter().filter(|lost| !lost.commit.is_merge()).map(|lost| lost.commit.sha.short()).collect();
    let pick = if picked.is_empty() {
        "merge it into the candidate's branch".into()
    } else {
        format!("put it in with a pull request: `git cherry-pick -x {}`", picked.join(" "))
    };
    let given_up = match lost {
        [one] => format!("`/adopt {} WHY`", one.commit.sha),
        _ => format!("`/adopt SHA WHY` for each of the {} commits", lost.len()),
    };
    (format!("{pick}; or {manager} lets it go with {given_up}"), pages)
}

fn more(rest: usize, audience: &Audience<'_>) -> Finding {
    let (manager, pages) = audience.release_manager();
    Finding::new("hotfix_missing", Outcome::Fail, RULE, format!("This release would undo {rest} more."))
        .headline(format!("this release would undo {rest} more"))
        .cure(format!("as above: put them in, or {manager} lets each go with `/adopt SHA WHY`"))
        .names(pages)
}

/// The candidate is older than what runs, and nobody said that it is meant to be.
pub(super) fn behind(range: &Range) -> Finding {
    let (candidate, baseline) = ends(range);
    let sentence =
        format!("`{candidate}` is older than `{baseline}`, which runs: it would take back {}.", count(range));
    Finding::new("range_behind", Outcome::Fail, RULE, sentence)
        .headline("the candidate is older than what runs")
        .cure("deploy a newer commit; or ask for a rollback, which passes with a reason where this commit ran and was approved")
}

/// What a rollback takes back.
pub(super) fn rollback(range: &Range) -> Finding {
    let (candidate, baseline) = ends(range);
    let sentence = format!("A rollback from `{baseline}` to `{candidate}`; it takes back {}.", count(range));
    Finding::new("range_behind", Outcome::Pass, RULE, sentence)
}

fn ends(range: &Range) -> (&str, &str) {
    (range.candidate.short(), range.baseline.as_ref().map_or("nothing", Sha::short))
}

fn count(range: &Range) -> String {
    match range.lost.len() {
        0 => "nothing".into(),
        1 => "1 commit".into(),
        count => format!("{count} commits"),
    }
}
