//! The check `changegate/release`, by the mode of the repository.

use jiff::Timestamp;

use super::{
    super::{
        audit::AuditEntry,
        effect::{Call, CheckStatus, Effect, RELEASE_CHECK},
        finding::{Finding, Outcome},
        ids::{RepoId, Sha},
        policy::Mode,
        report,
    },
    PATIENCE, Promotion, WAITS, decided, outcome,
};

/// Where it is shown.
pub(super) struct Showing<'a> {
    pub repo: RepoId,
    pub sha: &'a Sha,
    pub mode: Mode,
    /// It is deployed by being merged.
    pub merges: bool,
    /// A merge queue waits for it.
    pub urgent: bool,
    pub web_url: &'a str,
}

/// The check run, and what the log is told where that is news. Where nothing is merged any more, the check stays as it is.
pub(super) fn tell(
    after: &mut Promotion,
    before: Option<&Promotion>,
    sections: &[Finding],
    (showing, again, now): (&Showing<'_>, bool, Timestamp),
) -> (Vec<Effect>, Vec<AuditEntry>) {
    if sections.is_empty() {
        return (vec![], vec![]);
    }
    after.told = status(after, sections, showing.mode, now);
    after.obstacles = obstacles(sections);
    let is_news =
        before.is_none_or(|before| before.told != after.told || before.obstacles != after.obstacles);
    let entry = is_news.then(|| decided(after, (showing.repo, showing.sha, showing.mode), outcome(sections)));
    let effect = after.told.map(|status| effect(status, sections, showing));
    let effect = effect.map(|effect| if again { effect.again() } else { effect });
    (effect.into_iter().collect(), entry.into_iter().collect())
}

/// A wait is a wait for ten days, and then somebody has to act: it never ends by itself.
fn status(promotion: &Promotion, sections: &[Finding], mode: Mode, now: Timestamp) -> Option<CheckStatus> {
    let is_long =
        |since: Option<Timestamp>, patience| since.is_some_and(|since| now.duration_since(since) >= patience);
    match mode {
        Mode::Observe => None,
        Mode::Advise => Some(CheckStatus::Success),
        Mode::Enforce => Some(match outcome(sections) {
            Outcome::Pass => CheckStatus::Success,
            Outcome::Fail => CheckStatus::Failure,
            Outcome::Pending if is_long(promotion.waits_since, WAITS) => CheckStatus::ActionRequired,
            Outcome::Unknown if is_long(promotion.unknown_since, PATIENCE) => CheckStatus::ActionRequired,
            Outcome::Pending | Outcome::Unknown => CheckStatus::InProgress,
        }),
    }
}

fn obstacles(sections: &[Finding]) -> Vec<String> {
    let mut codes: Vec<String> =
        sections.iter().flat_map(Finding::obstacles).map(|found| found.code.clone()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn effect(status: CheckStatus, sections: &[Finding], showing: &Showing<'_>) -> Effect {
    let (title, advice) = match showing.mode {
        Mode::Advise => (report::check::advice(sections), "Advice only: nothing is stopped here. "),
        Mode::Observe | Mode::Enforce => (report::check::title(sections), ""),
    };
    let what = if showing.merges {
        "Merging deploys: this is judged as a deployment would be."
    } else {
        "For information: this is what a deployment from the tag would be told."
    };
    let intro = format!("{advice}{what}");
    Effect::new(Call::CheckRun {
        repo: showing.repo,
        sha: showing.sha.clone(),
        name: RELEASE_CHECK.into(),
        status,
        title,
        summary: report::check::summary(&intro, sections, showing.web_url),
        urgent: showing.urgent,
        signs: false,
    })
}
