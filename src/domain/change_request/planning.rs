//! The release that a command means: by its title, the next that leaves, or one of its own.

use jiff::{Timestamp, civil::DateTime};

use crate::domain::{
    facts::Inquiry,
    ids::{IssueRef, ReleaseId, SubjectId},
    policy::{Reserved, Zone, alone},
    release::slots::Room,
    subject::View,
};

use super::{
    act::{Act, Deed},
    rules::{NEXT, Rules},
};

/// So many departures are looked at for the next that can still be planned for.
const DEPARTURES: usize = 12;

/// Puts the title there that `next` or `now` stands for, as far as there is one. `None`: it must be asked first what is
/// known of the releases.
pub(super) fn resolve(
    act: &mut Act,
    (at, account): (IssueRef, Option<&str>),
    rules: &Rules,
    inquiry: &mut Inquiry<'_>,
) -> Option<()> {
    let said = act.at;
    let Deed::Schedule { title, full, kept, .. } = &mut act.deed else { return Some(()) };
    if title.eq_ignore_ascii_case("now")
        && let Some(name) = rules.repository()
    {
        *title = alone(name, at.number);
    } else if title.eq_ignore_ascii_case(NEXT) {
        let found = next((said, account), rules, inquiry)?;
        (*title, *full, *kept) = (found.title.unwrap_or_else(|| NEXT.into()), found.full, found.kept);
    }
    Some(())
}

/// The release that `next` means.
#[derive(Default)]
struct Next {
    title: Option<String>,
    /// Those before it that carry no more.
    full: Vec<String>,
    /// Those before it that keep for others what is left.
    kept: Vec<String>,
}

/// The first departure whose release is neither locked nor closed nor full for this account. `None`: something must be asked first.
fn next((at, account): (Timestamp, Option<&str>), rules: &Rules, inquiry: &mut Inquiry<'_>) -> Option<Next> {
    let Some((name, train)) = rules.train() else { return Some(Next::default()) };
    let can_still_be_planned = |leaves: DateTime| {
        let leaves = instant(leaves, &rules.zone);
        leaves > at && train.lock.is_none_or(|lock| lock.0.before(leaves, &rules.zone) > at)
    };
    let titles: Vec<String> = train
        .departures(at, &rules.zone)
        .filter(|(_, leaves)| can_still_be_planned(*leaves))
        .map(|(title, _)| title)
        .take(DEPARTURES)
        .collect();
    let views: Vec<_> = titles
        .iter()
        .map(|title| ReleaseId { train: name.into(), title: title.clone() })
        .map(|release| inquiry.view(SubjectId::Release(release)))
        .collect();
    let views: Vec<Option<&View>> = views.into_iter().collect::<Option<_>>()?;
    let is_open = |view: &Option<&View>| {
        let known = view.and_then(View::as_release);
        known
            .is_none_or(|release| release.locked.is_none() && (release.open || release.milestones.is_empty()))
    };
    let reserved = Reserved::of(&rules.accounts);
    let room = |view: Option<&View>| {
        let release = view.and_then(View::as_release);
        release.map_or(Room::Free, |release| release.room(train, account, &reserved))
    };
    let mut found = Next::default();
    for (title, view) in titles.into_iter().zip(views).filter(|(_, view)| is_open(view)) {
        match room(view) {
            Room::Free => {
                found.title = Some(title);
                break;
            }
            Room::Kept => found.kept.push(title),
            Room::Full => found.full.push(title),
        }
    }
    Some(found)
}

fn instant(time: DateTime, zone: &Zone) -> Timestamp {
    zone.time_zone().to_timestamp(time).unwrap_or(Timestamp::MAX)
}

/// The due day of the release of this title, as GitHub keeps one: of all that leave from a time on.
pub(super) fn due_day(title: &str, from: Timestamp, rules: &Rules) -> Option<Timestamp> {
    let (_, train) = rules.train()?;
    let (_, leaves) = train.departures(from, &rules.zone).find(|(of, _)| of == title)?;
    format!("{}T12:00:00Z", leaves.date()).parse().ok()
}
