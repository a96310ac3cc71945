//! Who has to sign a release, and how that stands: the release keeps what people did and what there was to sign.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    super::{
        approval::{self, Case, Group, Judged, Terms, Work},
        facts::{Fact, Inquiry},
        ids::{AccountId, Actor},
        policy::{Approvals, EffectivePolicy, Who},
    },
    Release,
};

/// The release managers may object to everything.
const MANAGERS: &str = "release-manager";

/// What the signatures on a release are judged by.
#[derive(Debug)]
pub struct Signing {
    groups: Vec<Group>,
    work: Vec<Work>,
    terms: Terms,
}

impl Signing {
    /// Asks who is in the groups that are wanted. `None`: something has to be found out first. `deployer`: who starts the
    /// deployment, and so does not sign it.
    pub fn of(
        release: &Release,
        wanted: &Approvals,
        policy: &EffectivePolicy,
        deployer: Option<&Actor>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Self> {
        let objects = (!wanted.contains_key(MANAGERS)).then_some((MANAGERS, 0));
        let wanted = wanted.iter().map(|(name, needed)| (name.as_str(), *needed));
        let groups: Vec<Option<Group>> =
            wanted.chain(objects).map(|it| group(it, release, policy, inquiry)).collect();
        let carried = release.carried.iter().map(|carried| &carried.change);
        let work = release.changes.iter().chain(carried).map(|change| {
            let mut work = change.work.clone();
            work.people.extend(deployer.map(|deployer| deployer.id));
            work
        });
        Some(Self {
            groups: groups.into_iter().collect::<Option<_>>()?,
            work: work.collect(),
            terms: Terms::default(),
        })
    }

    /// The case as it stands now.
    #[must_use]
    pub fn case<'a>(&'a self, release: &'a Release, now: Timestamp) -> Case<'a> {
        let Self { groups, work, terms } = self;
        Case {
            ledger: &release.ledger,
            history: &release.history,
            groups,
            work,
            delegations: &[],
            terms,
            now,
        }
    }

    /// How it stands.
    #[must_use]
    pub fn judged(&self, release: &Release, now: Timestamp) -> Judged {
        approval::judge(&self.case(release, now))
    }
}

fn group(
    (name, needed): (&str, u16),
    release: &Release,
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Option<Group> {
    let listed = policy.group(name).unwrap_or_default();
    let teams = inquiry.teams(listed);
    let acted: Vec<&Actor> = release.ledger.people().into_values().collect();
    let memberships: Vec<_> =
        acted.iter().map(|actor| ((*actor).clone(), inquiry.membership(listed, actor))).collect();
    let mut people: BTreeMap<AccountId, (Actor, _)> = BTreeMap::new();
    for (actor, membership) in memberships {
        people.insert(actor.id, (actor, membership?));
    }
    let mut whole = listed.iter().all(|who| matches!(who, Who::Team { .. }));
    for team in teams {
        match team? {
            Fact::Known(members, _) => {
                for member in members {
                    let membership = crate::domain::facts::Membership::Member;
                    people.entry(member.id).or_insert_with(|| (member.clone(), membership));
                }
            }
            Fact::Unknown(_) => whole = false,
        }
    }
    Some(Group { name: name.into(), needed, listed: listed.to_vec(), people, whole, asked: None })
}
