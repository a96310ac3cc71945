//! Whether each change of a release was tried by those who have to accept it.

use std::collections::BTreeMap;

use super::{
    super::{
        acceptance::{self, Groups, Trial, accepting, sponsor_of},
        facts::{Inquiry, Membership},
        finding::Finding,
        ids::Actor,
        named::Named,
        policy::{Accepter, EffectivePolicy},
        revision::Names,
    },
    Change, Release,
};

impl Release {
    /// What acceptance lacks. `None`: something has to be found out first.
    pub(super) fn find_trials(
        &self,
        accepters: &[Accepter],
        policy: &EffectivePolicy,
        names: Names<'_>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Vec<Finding>> {
        let mut asked = vec![];
        for accepter in accepters {
            for change in &self.changes {
                let Some((group, people)) = accepting(accepter, change.account.as_deref(), policy) else {
                    continue;
                };
                for tried in &change.tried {
                    asked.push(((group.clone(), tried.by.id), inquiry.membership(people, &tried.by)));
                }
            }
        }
        let known: Option<BTreeMap<_, _>> =
            asked.into_iter().map(|(place, membership)| Some((place, membership?))).collect();
        let known = known?;
        let membership = |group: &str, by: &Actor| {
            let stranger = Membership::Stranger;
            known.get(&(group.to_owned(), by.id)).cloned().unwrap_or(stranger)
        };
        let listed = |group: &str| {
            let sponsors = policy.base().accounts().iter();
            let mut sponsors =
                sponsors.filter(|(name, _)| sponsor_of(name) == group).map(|(_, it)| &it.sponsor);
            let people = policy.group(group).unwrap_or_default().iter().chain(sponsors.next());
            people.map(|who| Named::who(&who.to_string())).collect()
        };
        let trials: Vec<Trial<'_>> = self.changes.iter().map(|change| change.trial(names)).collect();
        Some(acceptance::findings(&trials, accepters, &Groups { membership: &membership, listed: &listed }))
    }
}

impl Change {
    fn trial(&self, names: Names<'_>) -> Trial<'_> {
        let all_merged = !self.pulls.is_empty() && self.pulls.iter().all(|pull| pull.merged_at.is_some());
        let merged_at = self.pulls.iter().filter_map(|pull| pull.merged_at).max().filter(|_| all_merged);
        Trial {
            name: names.change(self.at),
            requester: self.requester.as_ref(),
            account: self.account.as_deref(),
            tried: &self.tried,
            merged_at,
            people: &self.work.people,
        }
    }
}
