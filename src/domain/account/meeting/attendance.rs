//! Who is there, and in which role: as policy says it, as far as it is known.

use serde::{Deserialize, Serialize};

use crate::domain::{
    facts::{Inquiry, Membership},
    ids::{AccountId, Actor},
    policy::{EffectivePolicy, Who},
    report::text::{TITLE_LIMIT, escape},
};

use super::Meeting;

/// So many are remembered.
const MOST: usize = 200;

/// Somebody who was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    pub id: AccountId,
    pub login: String,
    pub roles: Vec<String>,
}

impl Attendee {
    /// `rosa (release manager)`: nobody is called.
    pub(super) fn shown(&self) -> String {
        let login = escape(&self.login, TITLE_LIMIT);
        if self.roles.is_empty() { login } else { format!("{login} ({})", self.roles.join(", ")) }
    }
}

impl Meeting {
    /// Somebody is there. `None`: it must be found out first in which role.
    pub(super) fn attend(
        &mut self,
        who: &Actor,
        policy: &EffectivePolicy,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<()> {
        if self.attended.len() >= MOST || self.attended.iter().any(|it| it.id == who.id) {
            return Some(());
        }
        let roles = roles(who, policy, inquiry)?;
        self.attended.push(Attendee { id: who.id, login: who.login.clone(), roles });
        self.attended.sort_by_cached_key(|it| (it.login.to_lowercase(), it.id));
        Some(())
    }
}

/// What somebody is by the policy: the roles that plan, the accounts they speak for, the groups they sign for.
fn roles(who: &Actor, policy: &EffectivePolicy, inquiry: &mut Inquiry<'_>) -> Option<Vec<String>> {
    let base = policy.base();
    let roles: [(String, &[Who]); 2] =
        [("release manager".into(), policy.release_managers()), ("triager".into(), policy.triagers())];
    let sponsors = base.accounts().iter().map(|(name, account)| {
        let name = escape(name, TITLE_LIMIT);
        (format!("sponsor of {name}"), std::slice::from_ref(&account.sponsor))
    });
    let groups = base.groups().iter().map(|(name, people)| (escape(name, TITLE_LIMIT), &people[..]));
    let all: Vec<(String, Option<Membership>)> = roles
        .into_iter()
        .chain(sponsors)
        .chain(groups)
        .map(|(role, people)| (role, inquiry.membership(people, who)))
        .collect();
    let known = all.into_iter().map(|(role, found)| Some((role, found?))).collect::<Option<Vec<_>>>()?;
    let is_one = |(role, found)| (found == Membership::Member).then_some(role);
    Some(known.into_iter().filter_map(is_one).collect())
}
