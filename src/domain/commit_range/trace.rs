//! Traces each commit of a range to its origin.
//!
//! What GitHub says of a commit comes first. Then what the commit says of itself, as far as comparing what is changed
//! bears it out; that may rest on the origin of other commits, so it is tried until nothing more is found. An adoption
//! counts only for what is left then: it must not hide a pull request.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    super::{
        claim::{Claims, Source},
        facts::Fact,
        ids::Sha,
        patch::{self, Changes, Way},
    },
    Doubt, Origin, RangeCommit, graph,
    known::{Index, Known},
};

/// The origin of each commit, in their order.
pub(super) fn trace(commits: &[RangeCommit], known: &Known) -> Vec<Origin> {
    let mut tracer = Tracer::new(commits, known);
    tracer.derive(Tracer::claimed);
    tracer.derive(Tracer::derived);
    tracer.adopt();
    tracer.derive(Tracer::derived);
    tracer.finish()
}

struct Tracer<'a> {
    index: Index<'a>,
    commits: &'a [RangeCommit],
    places: HashMap<&'a Sha, usize>,
    /// Of each commit, as far as it is found.
    origins: Vec<Option<Origin>>,
    /// The commits whose changes are known, by what these are.
    alike: BTreeMap<String, Vec<&'a Sha>>,
}

/// How a commit that another one names is accounted for.
enum Account {
    PullRequest(u64),
    Otherwise,
    Not,
}

impl<'a> Tracer<'a> {
    fn new(commits: &'a [RangeCommit], known: &'a Known) -> Self {
        let index = Index::of(known);
        let origins = commits.iter().map(|commit| told(commit, &index)).collect();
        let mut alike: BTreeMap<String, Vec<&Sha>> = BTreeMap::new();
        for (sha, changes) in &known.changes {
            if let Some(print) = known_print(changes) {
                alike.entry(print).or_default().push(sha);
            }
        }
        Self { index, commits, places: graph::places(commits), origins, alike }
    }

    /// Finds what can be derived in this way from what is found, until that is all.
    fn derive(&mut self, by: fn(&Self, &RangeCommit) -> Result<Origin, Doubt>) {
        loop {
            let mut more = false;
            for (place, commit) in self.commits.iter().enumerate() {
                if self.origins.get(place).is_some_and(Option::is_some) {
                    continue;
                }
                if let (Ok(origin), Some(found)) = (by(self, commit), self.origins.get_mut(place)) {
                    (*found, more) = (Some(origin), true);
                }
            }
            if !more {
                return;
            }
        }
    }

    fn adopt(&mut self) {
        for (commit, found) in self.commits.iter().zip(&mut self.origins) {
            let adoption = self.index.known.adoptions.get(&commit.sha);
            *found = found.take().or_else(|| adoption.cloned().map(Origin::Adopted));
        }
    }

    fn finish(&self) -> Vec<Origin> {
        let untraced = |commit| self.derived(commit).unwrap_or_else(Origin::Untraced);
        let all = self.commits.iter().zip(&self.origins);
        all.map(|(commit, found)| found.clone().unwrap_or_else(|| untraced(commit))).collect()
    }

    /// By what it says, as far as that is so.
    fn claimed(&self, commit: &RangeCommit) -> Result<Origin, Doubt> {
        if commit.is_merge() {
            return self.back_merge(commit);
        }
        let claims = Claims::of_message(&commit.message);
        let repeated = commits_of(&claims.repeats).map(|of| self.repeats(commit, of));
        let undone = commits_of(&claims.undoes).map(|of| self.undoes(commit, of));
        let mut doubt = None;
        for claimed in repeated.chain(undone) {
            match claimed {
                Ok(origin) => return Ok(origin),
                Err(why) => doubt = doubt.or(Some(why)),
            }
        }
        Err(doubt.unwrap_or_else(|| came_with(&claims)))
    }

    /// By what it says, or without a word by what it does.
    fn derived(&self, commit: &RangeCommit) -> Result<Origin, Doubt> {
        let claimed = self.claimed(commit);
        let Err(doubt) = claimed else { return claimed };
        if commit.is_merge() {
            return Err(doubt);
        }
        self.like(commit).map_err(Doubt::Unknown)?.ok_or(doubt)
    }

    /// `(cherry picked from commit SHA)`.
    fn repeats(&self, commit: &RangeCommit, of: &Sha) -> Result<Origin, Doubt> {
        let what = format!("it says that it repeats `{}`", of.short());
        match self.account(of)? {
            Account::PullRequest(pull_request) => {
                self.compare(commit, of, Way::Again, &what)?;
                Ok(Origin::CherryPick { of: of.clone(), pull_request })
            }
            Account::Otherwise | Account::Not => Err(without(&what)),
        }
    }

    /// `This reverts commit SHA`.
    fn undoes(&self, commit: &RangeCommit, of: &Sha) -> Result<Origin, Doubt> {
        let what = format!("it says that it takes back `{}`", of.short());
        let pull_request = match self.account(of)? {
            Account::PullRequest(number) => Some(number),
            Account::Otherwise => None,
            Account::Not => return Err(without(&what)),
        };
        self.compare(commit, of, Way::Back, &what)?;
        Ok(Origin::Revert { of: of.clone(), pull_request })
    }

    /// It does just what another commit did.
    fn like(&self, commit: &RangeCommit) -> Result<Option<Origin>, String> {
        let Some(print) = self.index.changes(&commit.sha)?.print() else { return Ok(None) };
        let others = self.alike.get(&print).into_iter().flatten().filter(|sha| **sha != &commit.sha);
        for of in others {
            if let Ok(Account::PullRequest(pull_request)) = self.account(of) {
                return Ok(Some(Origin::CherryPick { of: (*of).clone(), pull_request }));
            }
        }
        Ok(None)
    }

    fn back_merge(&self, merge: &RangeCommit) -> Result<Origin, Doubt> {
        for place in graph::brought(self.commits, &self.places, merge) {
            match self.origins.get(place).and_then(Option::as_ref) {
                Some(Origin::Untraced(doubt)) => return Err(doubt.clone()),
                Some(_) => {}
                None => {
                    let strange = self.commits.get(place).map_or("", |commit| commit.sha.short());
                    let why = format!("it merges `{strange}`, which came with none either");
                    return Err(Doubt::Refuted(why));
                }
            }
        }
        if merge.parents.len() > 2 {
            return Err(Doubt::Refuted("it merges more than one branch at once".into()));
        }
        let own = self.index.changes(&merge.sha).map_err(Doubt::Unknown)?;
        let merged = self.index.merged(&merge.sha).map_err(Doubt::Unknown)?;
        match patch::difference(own, &[(merged, Way::Again)]) {
            None => Ok(Origin::BackMerge),
            Some(why) => Err(Doubt::Refuted(format!("it does not do just what it merges: {why}"))),
        }
    }

    fn compare(&self, commit: &RangeCommit, of: &Sha, way: Way, what: &str) -> Result<(), Doubt> {
        let own = self.index.changes(&commit.sha).map_err(Doubt::Unknown)?;
        let other = self.index.changes(of).map_err(Doubt::Unknown)?;
        match patch::difference(own, &[(other, way)]) {
            None => Ok(()),
            Some(why) => Err(Doubt::Refuted(format!("{what}, but {why}"))),
        }
    }

    fn account(&self, sha: &Sha) -> Result<Account, Doubt> {
        let Some(place) = self.places.get(sha) else {
            let number = self.index.pull_request(sha).map_err(Doubt::Unknown)?;
            return Ok(number.map_or(Account::Not, Account::PullRequest));
        };
        Ok(match self.origins.get(*place).and_then(Option::as_ref) {
            None => Account::Not,
            Some(Origin::Untraced(doubt)) => return Err(doubt.clone()),
            Some(origin) => origin.pull_request().map_or(Account::Otherwise, Account::PullRequest),
        })
    }
}

/// What a commit does, as one fingerprint.
pub(super) fn known_print(changes: &Fact<Changes>) -> Option<String> {
    match changes {
        Fact::Known(changes, _) => changes.print(),
        Fact::Unknown(_) => None,
    }
}

/// What is known of a commit without looking at what it does.
fn told(commit: &RangeCommit, index: &Index<'_>) -> Option<Origin> {
    if index.known.before_enforcement.contains(&commit.sha) {
        return Some(Origin::BeforeEnforcement);
    }
    match index.pull_request(&commit.sha) {
        Ok(number) => number.map(Origin::PullRequest),
        Err(why) => Some(Origin::Untraced(Doubt::Unknown(why))),
    }
}

/// The commits among these.
pub(super) fn commits_of(sources: &BTreeSet<Source>) -> impl Iterator<Item = &Sha> {
    sources.iter().filter_map(|source| match source {
        Source::Commit(sha) => Some(sha),
        Source::PullRequest(_) => None,
    })
}

fn without(what: &str) -> Doubt {
    Doubt::Refuted(format!("{what}, which came with no merged pull request itself"))
}

/// Anybody can write a number into a headline.
fn came_with(claims: &Claims) -> Doubt {
    claims.brings.first().map_or(Doubt::NoPullRequest, |number| {
        Doubt::Refuted(format!("it says that it came with #{number}, and GitHub does not say so"))
    })
}
