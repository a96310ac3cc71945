//! What holds whoever signs for whatever group: a signature more never hurts, a demand more never helps.

use super::*;
use crate::domain::{
    approval::{
        seats::{Seats, Voice, Way},
        standing,
    },
    ids::AccountId,
};
use proptest::prelude::*;

const PEOPLE: [&str; 5] = ["ann", "bea", "cid", "dov", "eve"];
const GROUPS: [&str; 3] = ["qa", "business", "operations"];

/// A random desk: who is in which group, who worked on which of three changes, who stands in for whom.
fn any_desk() -> impl Strategy<Value = Desk> {
    let member = prop::sample::select(vec![0_u8, 0, 1, 1, 2]);
    let groups = prop::collection::vec((0_u16..3, prop::collection::vec(member, 5)), 1..4);
    let work = prop::collection::vec(prop::collection::vec(prop::bool::weighted(0.3), 5), 1..4);
    let delegations = prop::collection::vec((0_usize..5, 0_usize..5), 0..3);
    let acts = prop::collection::vec((0_usize..5, 0_usize..4, 100_i64..120), 0..9);
    (groups, work, delegations, acts, any::<bool>()).prop_map(
        |(groups, work, delegations, acts, in_order)| {
            let groups = groups.into_iter().zip(GROUPS).map(|((needed, members), name)| {
                let mut group = group(name, needed, &[]);
                for (login, member) in PEOPLE.iter().zip(members) {
                    let membership = match member {
                        0 => Membership::Stranger,
                        1 => Membership::Member,
                        _ => Membership::Unknown("it could not be read".into()),
                    };
                    group.people.insert(actor(login).id, (actor(login), membership));
                }
                group
            });
            let mut desk = Desk::of(groups.collect());
            desk.work = (128..)
                .zip(work)
                .map(|(number, worked)| {
                    let people: Vec<&str> =
                        PEOPLE.iter().zip(worked).filter(|(_, worked)| *worked).map(|(it, _)| *it).collect();
                    super::work(number, &people)
                })
                .collect();
            desk.delegations = delegations
                .into_iter()
                .map(|(from, to)| Delegation {
                    from: actor(PEOPLE[from]),
                    to: actor(PEOPLE[to]),
                    since: time(0),
                    until: time(1_000),
                })
                .collect();
            desk.terms.ordered = if in_order { usize::MAX } else { 0 };
            for (by, group, second) in acts {
                approve(&mut desk, by, group, second);
            }
            desk
        },
    )
}

fn approve(desk: &mut Desk, by: usize, group: usize, second: i64) {
    let group = GROUPS.get(group).copied().unwrap_or_default();
    desk.says(PEOPLE[by], &format!("/approve {group}"), second);
}

fn complete(desk: &Desk) -> usize {
    desk.judged().groups.iter().filter(|group| group.stand == Stand::Complete).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn an_approval_more_never_makes_fewer_groups_complete(
        desk in any_desk(), by in 0_usize..5, group in 0_usize..4, second in 100_i64..120,
    ) {
        let mut more = desk.clone();
        approve(&mut more, by, group, second);
        prop_assert!(complete(&more) >= complete(&desk), "{} then {}", desk.stands(), more.stands());
        prop_assert!(more.is_complete() || !desk.is_complete());
    }

    #[test]
    fn a_group_more_never_makes_complete_what_was_not(desk in any_desk(), at in 0_usize..4, needed in 1_u16..3) {
        let mut more = desk.clone();
        let people = desk.groups[0].people.clone();
        let security = Group { people, ..group("security", needed, &[]) };
        more.groups.insert(at.min(desk.groups.len()), security);
        prop_assert!(desk.is_complete() || !more.is_complete(), "{} then {}", desk.stands(), more.stands());
    }

    #[test]
    fn needing_more_of_a_group_never_makes_complete_what_was_not(desk in any_desk(), at in 0_usize..3) {
        let mut more = desk.clone();
        let at = at.min(desk.groups.len() - 1);
        more.groups[at].needed += 1;
        prop_assert!(desk.is_complete() || !more.is_complete());
    }

    #[test]
    fn work_more_never_makes_complete_what_was_not(desk in any_desk(), by in 0_usize..5) {
        let mut more = desk.clone();
        more.work[0].people.insert(actor(PEOPLE[by]).id);
        prop_assert!(complete(&more) <= complete(&desk));
    }

    #[test]
    fn what_is_not_known_never_completes(desk in any_desk()) {
        let mut known = desk.clone();
        for (_, membership) in known.groups.iter_mut().flat_map(|group| group.people.values_mut()) {
            if matches!(membership, Membership::Unknown(_)) {
                *membership = Membership::Stranger;
            }
        }
        prop_assert_eq!(complete(&known), complete(&desk));
        for group in desk.judged().groups.iter().filter(|group| group.stand == Stand::Unknown) {
            prop_assert!(!group.unknown.is_empty());
        }
    }

    #[test]
    fn it_is_enough_just_where_every_finding_passes(
        desk in any_desk(), hold in prop::bool::weighted(0.2), doubt in prop::sample::select(vec![0_u8, 0, 0, 1, 2]),
    ) {
        let mut desk = desk;
        if hold {
            desk.says("ann", "/hold wait", 200);
        }
        match doubt {
            0 => {}
            1 => desk.work[0].unattributed = vec![sha('b')],
            _ => desk.work[0].unknown = Some("it could not be read".into()),
        }
        let passes = desk.findings().iter().all(|finding| finding.outcome() == Outcome::Pass);
        prop_assert_eq!(desk.judged().is_enough(), passes);
    }

    #[test]
    fn acts_count_the_same_in_whatever_order_they_are_delivered(desk in any_desk()) {
        let mut turned = Desk { ledger: Ledger::default(), ..desk.clone() };
        desk.ledger.acts().iter().rev().for_each(|act| turned.ledger.take(act.clone()));
        prop_assert_eq!(turned.stands(), desk.stands());
    }

    #[test]
    fn everybody_counts_once_and_for_nothing_that_they_worked_on(desk in any_desk()) {
        let judged = desk.judged();
        let mut seen = BTreeSet::new();
        for signature in judged.signatures() {
            prop_assert!(seen.insert(signature.by.id), "{} counts twice", signature.by.login);
        }
        for stand in judged.groups.iter().filter(|group| group.stand == Stand::Complete) {
            for work in &desk.work {
                let covers = |id: AccountId| !work.people.contains(&id);
                let signed = stand.signed.iter().filter(|it| covers(it.by.id) && it.instead_of.as_ref().is_none_or(|from| covers(from.id)));
                prop_assert!(signed.count() >= usize::from(stand.needed));
            }
        }
        let given = standing::of(&desk.case()).given;
        prop_assert!(seen.iter().all(|id| given.iter().any(|given| given.by.id == *id)));
    }
}

/// Voices with these ways: group, holder, missed changes.
fn any_voices() -> impl Strategy<Value = Vec<Voice>> {
    let part = prop::collection::btree_set(0_usize..3, 0..3);
    let misses = prop_oneof![4 => Just(BTreeSet::new()), 1 => part];
    let way = (0_usize..3, 0_u64..30, misses);
    let way = way.prop_map(|(group, holder, misses)| Way {
        group,
        holder: AccountId(holder),
        misses: misses.into_iter().collect(),
    });
    let voice = prop::collection::vec(way, 0..4).prop_map(|ways| Voice { ways });
    prop::collection::vec(voice, 0..6)
}

/// The most groups that can be complete, by trying everything.
fn by_trying_everything(needed: &[usize], voices: &[Voice]) -> usize {
    fn seat(needed: &[usize], voices: &[Voice], seats: &mut Vec<Way>) -> usize {
        let Some((voice, rest)) = voices.split_first() else {
            let covers = |group: usize, change: usize| {
                seats.iter().filter(|way| way.group == group && !way.misses.contains(&change)).count()
            };
            let complete =
                |(group, needed): &(usize, &usize)| (0..3).all(|change| covers(*group, change) >= **needed);
            return needed.iter().enumerate().filter(complete).count();
        };
        let mut most = seat(needed, rest, seats);
        for way in &voice.ways {
            if !seats.iter().any(|taken| taken.group == way.group && taken.holder == way.holder) {
                seats.push(way.clone());
                most = most.max(seat(needed, rest, seats));
                seats.pop();
            }
        }
        most
    }
    seat(needed, voices, &mut vec![])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn as_many_groups_are_complete_as_there_can_be(
        voices in any_voices(), needed in prop::collection::vec(0_usize..3, 1..4),
    ) {
        let voices: Vec<Voice> = voices.into_iter().map(|voice| Voice {
            ways: voice.ways.into_iter().filter(|way| way.group < needed.len()).collect(),
        }).collect();
        let (complete, seats) = Seats::new(&needed, 3, &voices).most();
        prop_assert_eq!(complete.len(), by_trying_everything(&needed, &voices));
        let seated: BTreeSet<usize> = seats.iter().map(|(voice, _)| *voice).collect();
        prop_assert_eq!(seated.len(), seats.len());
    }

    #[test]
    fn many_who_sign_for_everything_are_seated_at_once(count in 1_usize..200, groups in 1_usize..8) {
        let everywhere = |at: usize| Voice {
            ways: (0..groups).map(|group| Way { group, holder: AccountId(at as u64), misses: vec![] }).collect(),
        };
        let voices: Vec<Voice> = (0..count).map(everywhere).collect();
        let needed = vec![2; groups];
        let complete = Seats::new(&needed, 3, &voices).most().0.len();
        prop_assert_eq!(complete, groups.min(count / 2));
    }
}

#[test]
fn too_many_to_be_tried_are_refused_and_never_called_out_of_reach() {
    let voice = |at: usize| Voice {
        ways: (0..4)
            .map(|group| Way {
                group,
                holder: AccountId(at as u64),
                misses: (0..40).filter(|it| it % 20 == at).collect(),
            })
            .collect(),
    };
    let voices: Vec<Voice> = (0..20).map(voice).collect();
    let seats = Seats::new(&[6, 6, 6, 6], 40, &voices);
    assert!(seats.fit(&[0, 1, 2, 3]).is_none());
    assert_eq!(seats.perhaps(), [0, 1, 2, 3]);
}
