//! Before the check says that something may be merged, what it brings is compared with what GitHub shows at that moment, as it is before a
//! deployment is let through.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        facts::Inquiry,
        finding::{Finding, Outcome},
        fresh::{Doubt, Glances, Moved, PATIENCE, in_vain, rests_on},
        ids::RepoId,
        policy::Mode,
    },
    Promotion, Target, outcome,
    target::Asking,
};

/// What is decided of all targets.
pub(super) struct Judged {
    /// One for each target.
    pub sections: Vec<Finding>,
    /// What must be read anew.
    pub anew: Moved,
    /// Nobody is told yet.
    pub is_silent: bool,
}

impl Promotion {
    /// Judges each target, and what would be said to be well once more by what GitHub shows now. While something is read anew, what
    /// was said before stays; what cannot be read is not known. `None`: something must be found out first.
    pub(super) fn judged<'a>(
        &mut self,
        asking: &Asking<'_, 'a>,
        mode: Mode,
        inquiry: &mut Inquiry<'a>,
    ) -> Option<Judged> {
        let before: Vec<_> = self.targets.iter().map(|target| target.verdict.clone()).collect();
        let sections = self.verdicts(asking, inquiry)?;
        let told = |sections| Judged { sections, anew: Moved::default(), is_silent: false };
        let is_well = mode == Mode::Enforce && outcome(&sections) == Outcome::Pass;
        let doubt = if is_well { self.doubt(asking, inquiry)? } else { None };
        let (why, anew) = match doubt {
            None => {
                self.anew_since = None;
                return Some(told(sections));
            }
            Some(Doubt::Unknown(why)) => {
                self.anew_since = None;
                (why, Moved::default())
            }
            Some(Doubt::Anew(anew)) => {
                let since = *self.anew_since.get_or_insert(asking.now);
                if asking.now.duration_since(since) < PATIENCE {
                    // Merged meanwhile, it goes by what was said before.
                    self.targets
                        .iter_mut()
                        .zip(before)
                        .for_each(|(target, verdict)| target.verdict = verdict);
                    return Some(Judged { anew, is_silent: true, ..told(sections) });
                }
                (in_vain(&anew.subjects), anew)
            }
        };
        let sections = self.sections(asking, Some(&why), inquiry)?;
        Some(Judged { anew, ..told(sections) })
    }

    /// What stands against saying that all is well. Outer `None`: something must be found out first; inner: nothing does.
    fn doubt(&self, asking: &Asking<'_, '_>, inquiry: &mut Inquiry<'_>) -> Option<Option<Doubt>> {
        let merges = |target: &&Target| !target.landed && target.pull_request().is_some();
        let mut brought: BTreeMap<RepoId, BTreeSet<u64>> = BTreeMap::new();
        for target in self.targets.iter().filter(merges) {
            // What rules the repository in which an image moves rules that, too.
            brought.entry(asking.repo).or_default();
            let numbers = target.brings.iter().flat_map(|brings| &brings.pull_requests);
            brought.entry(target.repo(asking.repo)).or_default().extend(numbers);
        }
        let doubts = brought.into_iter().map(|(repo, brought)| {
            let subjects = rests_on(repo, &brought, inquiry)?;
            let glances = Glances::of(&subjects, true, (repo, asking.now), inquiry)?;
            Some(glances.doubt(Some(subjects)))
        });
        let doubts: Vec<Option<Option<Doubt>>> = doubts.collect();
        let doubts: Vec<Option<Doubt>> = doubts.into_iter().collect::<Option<_>>()?;
        Some(doubts.into_iter().flatten().next())
    }
}
