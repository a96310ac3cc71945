//! Who has to sign a release, and how that stands: the release keeps what people did and what there was to sign.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    super::{
        account::Account,
        approval::{self, Case, Delegation, Group, Judged, Terms, Work},
        facts::{Fact, Inquiry, Membership},
        ids::{AccountId, Actor, SubjectId},
        policy::{Approvals, EffectivePolicy, Resign, Who},
        subject::View,
    },
    Release,
};

/// The release managers may object to everything.
const MANAGERS: &str = "release-manager";

/// What is wanted of those who sign.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// How many of each group.
    pub approvals: Approvals,
    /// The groups that sign one after the other.
    pub order: Vec<String>,
    /// Who signs again.
    pub resign: Resign,
}

/// What the signatures on a release are judged by.
#[derive(Debug)]
pub struct Signing {
    groups: Vec<Group>,
    work: Vec<Work>,
    /// Who stands in for whom.
    pub delegations: Vec<Delegation>,
    terms: Terms,
}

impl Signing {
    /// Asks who is in the groups that are wanted. `None`: something has to be found out first. `deployer`: who starts the
    /// deployment, and so does not sign it.
    pub fn of(
        release: &Release,
        wanted: &Wanted,
        policy: &EffectivePolicy,
        deployer: Option<&Actor>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Self> {
        let account = inquiry.view(SubjectId::Account)?.and_then(View::as_account);
        let delegations = account.map(Account::delegations).unwrap_or_default();
        let Wanted { approvals, order, resign } = wanted;
        let objects = (!approvals.contains_key(MANAGERS)).then_some((MANAGERS, 0));
        let in_turn = order.iter().filter_map(|name| approvals.get_key_value(name));
        let others = approvals.iter().filter(|(name, _)| !order.contains(name));
        let ordered = in_turn.clone().count();
        let wanted = in_turn.chain(others).map(|(name, needed)| (name.as_str(), *needed));
        let groups: Vec<Option<Group>> =
            wanted.chain(objects).map(|it| group(it, (release, &delegations), policy, inquiry)).collect();
        let carried = release.carried.iter().map(|carried| &carried.change);
        let work = release.changes.iter().chain(carried).map(|change| {
            let mut work = change.work.clone();
            work.people.extend(deployer.map(|deployer| deployer.id));
            work
        });
        Some(Self {
            groups: groups.into_iter().collect::<Option<_>>()?,
            work: work.collect(),
            delegations,
            terms: Terms { ordered, resign: resign.clone(), ..Terms::default() },
        })
    }

    /// The case as it stands now.
    #[must_use]
    pub fn case<'a>(&'a self, release: &'a Release, now: Timestamp) -> Case<'a> {
        let Self { groups, work, delegations, terms } = self;
        Case { ledger: &release.ledger, history: &release.history, groups, work, delegations, terms, now }
    }

    /// Who stands in now for a member of a group that signs.
    #[must_use]
    pub fn stand_ins(&self, now: Timestamp) -> Vec<Delegation> {
        let signs = |it: &Delegation| {
            let member = |group: &Group| group.membership(it.from.id, now) == Membership::Member;
            self.groups.iter().filter(|group| group.needed > 0).any(member)
        };
        let last = |it: &&Delegation| it.since <= now && now < it.until && signs(it);
        self.delegations.iter().filter(last).cloned().collect()
    }

    /// When the next of these ends.
    #[must_use]
    pub fn next_end(&self, now: Timestamp) -> Option<Timestamp> {
        self.stand_ins(now).iter().map(|it| it.until).min()
    }

    /// How it stands.
    #[must_use]
    pub fn judged(&self, release: &Release, now: Timestamp) -> Judged {
        approval::judge(&self.case(release, now))
    }
}

fn group(
    (name, needed): (&str, u16),
    (release, delegations): (&Release, &[Delegation]),
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Option<Group> {
    let listed = policy.group(name).unwrap_or_default();
    let teams = inquiry.teams(listed);
    let away = delegations.iter().flat_map(|it| [&it.from, &it.to]);
    let acted: Vec<&Actor> = release.ledger.people().into_values().chain(away).collect();
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
                    people.entry(member.id).or_insert_with(|| (member.clone(), Membership::Member));
                }
            }
            Fact::Unknown(_) => whole = false,
        }
    }
    let (mut listed, mut since) = (listed.to_vec(), BTreeMap::new());
    for (act, substitute, who) in release.substitutes().filter(|(_, it, _)| it.group == name) {
        let known = people.insert(who.id, (who.clone(), Membership::Member));
        listed.push(Who::Login(substitute.login.to_ascii_lowercase()));
        if known.is_none_or(|(_, membership)| membership != Membership::Member) {
            since.insert(who.id, act.at);
        }
    }
    Some(Group { name: name.into(), needed, listed, people, since, whole, asked: None })
}
