//! What is to be said of a range.

use super::{
    super::{
        finding::{Finding, Outcome, Reference, quoted},
        ids::{IssueRef, RepoId, RepoName, Sha},
        named::{Named, one_of},
    },
    Origin, Range, RangeKind, elsewhere, undone, untraced,
};

/// What a deployment is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To bring what is new.
    Release,
    /// To go back to what ran there and was approved: whether that is so is found out before.
    Rollback,
}

/// To whom and of what repository it is said.
#[derive(Debug, Clone, Copy)]
pub struct Audience<'a> {
    pub repo: RepoId,
    /// `None`: it was never seen.
    pub name: Option<&'a RepoName>,
    /// Who may answer for a commit: `acme/release-managers`, `kim`.
    pub release_managers: &'a [String],
}

/// How many commits are named one by one.
pub(super) const LISTED: usize = 10;

/// The clause of the rule that [`Finding::rule`] names.
pub(super) const RULE: &str = "every commit came with a merged pull request";

/// One finding for how the candidate lies to what runs, where that is worth a word, one for all that is traced, and
/// one for each commit that stands in the way.
#[must_use]
pub fn findings(range: &Range, purpose: Purpose, audience: &Audience<'_>) -> Vec<Finding> {
    let place = place(range, purpose);
    match (&range.kind, purpose) {
        (RangeKind::Behind | RangeKind::TooLong(_) | RangeKind::Unknown(_), _) => {
            return place.into_iter().collect();
        }
        (RangeKind::Diverged { .. } | RangeKind::ForcePushed, Purpose::Rollback) => {
            return place.into_iter().chain([undone::rollback(range)]).collect();
        }
        (
            RangeKind::Diverged { .. }
            | RangeKind::ForcePushed
            | RangeKind::FirstDeployment
            | RangeKind::Identical
            | RangeKind::Ahead,
            _,
        ) => {}
    }
    let mut stands_in_the_way = untraced::findings(range, audience);
    if stands_in_the_way.is_empty() {
        stands_in_the_way.push(traced(range));
    }
    let cut = range.cut.iter().flat_map(elsewhere::findings);
    let coming = range.commits.iter().filter(|(commit, _)| range.coming.contains(&commit.sha));
    let coming = coming.take(LISTED).map(|(commit, _)| untraced::coming(commit));
    place
        .into_iter()
        .chain(cut)
        .chain(stands_in_the_way)
        .chain(coming)
        .chain(undone::findings(range, audience))
        .collect()
}

/// How the candidate lies to what runs.
fn place(range: &Range, purpose: Purpose) -> Option<Finding> {
    let candidate = range.candidate.short();
    let baseline = range.baseline.as_ref().map_or("nothing", Sha::short);
    let says = |code: &str, sentence: String| Some(Finding::new(code, Outcome::Pass, RULE, sentence));
    match &range.kind {
        RangeKind::Identical | RangeKind::Ahead => None,
        RangeKind::FirstDeployment => says(
            "range_first_deployment",
            format!("Nothing runs there yet, so all that leads to `{candidate}` is new there."),
        ),
        RangeKind::Diverged { merge_base: Some(parted) } => says(
            "range_diverged",
            format!(
                "`{candidate}` does not build on `{baseline}`, which runs: they parted at `{}`.",
                parted.short()
            ),
        ),
        RangeKind::Diverged { merge_base: None } => {
            says("range_diverged", format!("`{candidate}` and `{baseline}`, which runs, share no history."))
        }
        RangeKind::ForcePushed => says(
            "range_force_pushed",
            format!("`{baseline}`, which runs, is on no branch any more: somebody pushed over it."),
        ),
        RangeKind::Behind if purpose == Purpose::Rollback => Some(undone::rollback(range)),
        RangeKind::Behind => Some(undone::behind(range)),
        RangeKind::TooLong(why) => Some(too_long(baseline, candidate, why)),
        RangeKind::Unknown(why) => Some(unknown(baseline, candidate, why)),
    }
}

fn too_long(baseline: &str, candidate: &str, why: &str) -> Finding {
    let why = why.trim_end_matches('.');
    Finding::new(
        "range_too_long",
        Outcome::Fail,
        RULE,
        format!("What lies between `{baseline}` and `{candidate}` is too much to be judged commit by commit: {why}."),
    )
    .headline("too many commits at once")
    .cure("deploy a commit that lies between them first")
}

fn unknown(baseline: &str, candidate: &str, why: &str) -> Finding {
    let why = why.trim_end_matches('.');
    Finding::new(
        "range_unknown",
        Outcome::Unknown,
        RULE,
        format!("What lies between `{baseline}` and `{candidate}` could not be found out: {why}."),
    )
    .headline("the commits could not be read")
    .cure(READ_AGAIN)
}

/// What is done about a fact that is missing.
pub(super) const READ_AGAIN: &str = "it is read again by itself; `/recheck` in a comment does it at once";

/// "37 commits since `9ab1d04`, all from merged pull requests."
fn traced(range: &Range) -> Finding {
    let count = range.commits.len();
    let since = range.baseline.as_ref().map(|baseline| format!(" since `{}`", baseline.short()));
    let since = since.unwrap_or_default();
    let from = Counts::of(range).in_words();
    let sentence = match (count, from) {
        (0, _) if range.kind == RangeKind::Identical => {
            format!("`{}` runs there already.", range.candidate.short())
        }
        (0, _) if range.kind == RangeKind::FirstDeployment => {
            format!("What leads to `{}` is from before enforcement.", range.candidate.short())
        }
        (0, _) => format!("No commits{since}."),
        (1, from) => format!("1 commit{since}, {from}."),
        (_, from) => format!("{count} commits{since}{from}."),
    };
    let (adopted, people) = adopted(range);
    Finding::new("range_traced", Outcome::Pass, RULE, format!("{sentence}{adopted}")).names(people)
}

/// How many commits come from where.
struct Counts([(usize, &'static str, &'static str); 7]);

impl Counts {
    fn of(range: &Range) -> Self {
        let mut counts = [
            (0, "from a merged pull request", "from merged pull requests"),
            (0, "a cherry-pick", "cherry-picks"),
            (0, "a revert", "reverts"),
            (0, "a back-merge", "back-merges"),
            (0, "adopted", "adopted"),
            (0, "from before enforcement", "from before enforcement"),
            (0, "from the pull request itself", "from the pull request itself"),
        ];
        for (commit, origin) in &range.commits {
            let kind = match origin {
                Origin::PullRequest(_) if range.coming.contains(&commit.sha) => 6,
                Origin::PullRequest(_) => 0,
                Origin::CherryPick { .. } => 1,
                Origin::Revert { .. } => 2,
                Origin::BackMerge => 3,
                Origin::Adopted(_) => 4,
                Origin::BeforeEnforcement => 5,
                Origin::Untraced(_) => continue,
            };
            if let Some((count, ..)) = counts.get_mut(kind) {
                *count += 1;
            }
        }
        Self(counts)
    }

    /// "a revert", ", all reverts", ": 3 from merged pull requests, 1 revert".
    fn in_words(&self) -> String {
        let some: Vec<_> = self.0.iter().filter(|(count, ..)| *count > 0).collect();
        match some.as_slice() {
            [(1, one, _)] => (*one).into(),
            [(_, _, many)] => format!(", all {many}"),
            several => {
                let counted = several.iter().map(|(count, one, many)| match count {
                    1 => format!("1 {}", one.trim_start_matches("a ")),
                    _ => format!("{count} {many}"),
                });
                format!(": {}", counted.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// Who answered for which commit, and why.
fn adopted(range: &Range) -> (String, Vec<Reference>) {
    let adopted = range.commits.iter().filter_map(|(commit, origin)| match origin {
        Origin::Adopted(logged) => Some((commit, logged)),
        Origin::BeforeEnforcement
        | Origin::PullRequest(_)
        | Origin::CherryPick { .. }
        | Origin::Revert { .. }
        | Origin::BackMerge
        | Origin::Untraced(_) => None,
    });
    let (texts, pages): (Vec<String>, Vec<_>) = adopted
        .take(LISTED)
        .map(|(commit, logged)| {
            let by = Named::actor(&logged.by);
            let (sha, why) = (commit.sha.short(), quoted(&logged.why));
            (format!(" {} answers for `{sha}`: {why}.", by.text), by.page)
        })
        .unzip();
    (texts.concat(), pages.into_iter().flatten().collect())
}

impl Audience<'_> {
    /// `#12`.
    pub(super) fn pull_request(&self, number: u64) -> Named {
        Named::pull_request(IssueRef { repo: self.repo, number }, self.repo, self.name)
    }

    /// `web#12`: a release has several repositories.
    pub(super) fn pull_request_by_name(&self, number: u64) -> Named {
        let mut named = self.pull_request(number);
        if let (Some(name), Some(page)) = (self.name, &mut named.page) {
            named.text = format!("{}#{number}", name.name());
            page.text.clone_from(&named.text);
        }
        named
    }

    /// "a release manager (@acme/release-managers or @kim)".
    pub(super) fn release_manager(&self) -> (String, Vec<Reference>) {
        let named: Vec<Named> = self.release_managers.iter().map(|who| Named::who(who)).collect();
        if named.is_empty() {
            return ("a release manager (the policy names none)".into(), vec![]);
        }
        let pages = named.iter().filter_map(|name| name.page.clone()).collect();
        (format!("a release manager ({})", one_of(&named)), pages)
    }
}
