//! What a command in a meeting asks for. It names the change request first: `#12`, `web#12` or `acme/web#12`.

use crate::domain::{
    event::Triaged,
    ids::{IssueRef, RepoId, RepoName},
};

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// To be known as there.
    Here,
    Schedule {
        of: Place,
        title: String,
        why: Option<String>,
    },
    Unschedule {
        of: Place,
        why: Option<String>,
    },
    /// One out of its release, the other into it.
    Swap {
        goes: Place,
        comes: Place,
        why: Option<String>,
    },
    Triage {
        of: Place,
        triage: Triaged,
        said: Option<String>,
    },
}

/// A change request as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// `None`: of the repository in which the meeting is.
    pub(super) repository: Option<String>,
    pub(super) number: u64,
}

impl Place {
    fn read(word: &str) -> Option<Self> {
        let word = word.trim_end_matches([',', '.', ';', ':']);
        let (repository, number) = word.split_once('#')?;
        let number = number.parse().ok().filter(|number| *number > 0)?;
        Some(Self { repository: Some(repository.to_owned()).filter(|name| !name.is_empty()), number })
    }

    /// Of which repository it is, in full. `None`: no repository is called so.
    pub(super) fn name(&self, home: &RepoName) -> Option<RepoName> {
        match &self.repository {
            None => Some(home.clone()),
            Some(name) if name.contains('/') => name.parse().ok(),
            Some(name) => format!("{}/{name}", home.owner()).parse().ok(),
        }
    }

    pub(super) const fn at(&self, repo: RepoId) -> IssueRef {
        IssueRef { repo, number: self.number }
    }
}

/// Words of ours that are said on the change request itself, or on a control record.
const NOT_HERE: [&str; 19] = [
    "need-info",
    "duplicate",
    "withdraw",
    "reopen",
    "rank",
    "needed-by",
    "contact",
    "size",
    "risk",
    "project",
    "rate",
    "carry",
    "candidate",
    "lock",
    "approve",
    "reject",
    "hold",
    "emergency",
    "milestone",
];

/// What a command asks for. `Err`: what is wrong with it. `None`: it is none of ours.
pub(super) fn read(word: &str, rest: &str) -> Option<Result<Wish, String>> {
    let (wish, takes) = match word {
        "here" => (Some(Wish::Here), ""),
        "schedule" => (schedule(rest), "a change request and a release, like `#12 next`"),
        "unschedule" => (unschedule(rest), "a change request, like `#12`"),
        "swap" => (swap(rest), "the one that goes and the one that comes, like `#12 #15`"),
        "accept" => (triage(Triaged::Accepted, rest), "a change request and nothing else, like `#12`"),
        "defer" => (triage(Triaged::Deferred, rest), "a change request and until when, like `#12 until Q2`"),
        "decline" => (triage(Triaged::Declined, rest), "a change request and a reason"),
        word if NOT_HERE.contains(&word) => {
            return Some(Err("that is said on the change request itself, or on the control record".into()));
        }
        _ => return None,
    };
    Some(wish.ok_or_else(|| format!("it takes {takes} behind it")))
}

fn first(text: &str) -> (&str, &str) {
    let (first, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    (first, rest.trim())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn schedule(rest: &str) -> Option<Wish> {
    let (place, rest) = first(rest);
    let of = Place::read(place)?;
    let (word, behind) = first(rest);
    let is_short = ["next", "now"].iter().any(|short| word.eq_ignore_ascii_case(short));
    let (title, why) = if is_short { (word, some(behind)) } else { (rest, None) };
    Some(Wish::Schedule { of, title: some(title)?, why })
}

fn unschedule(rest: &str) -> Option<Wish> {
    let (place, why) = first(rest);
    Some(Wish::Unschedule { of: Place::read(place)?, why: some(why) })
}

/// `#12 #15 WHY`, or `#12 for #15 WHY` as on a control record.
fn swap(rest: &str) -> Option<Wish> {
    let (goes, rest) = first(rest);
    let rest = rest.strip_prefix("for ").unwrap_or(rest);
    let (comes, why) = first(rest);
    let (goes, comes) = (Place::read(goes)?, Place::read(comes)?);
    (goes != comes).then(|| Wish::Swap { goes, comes, why: some(why) })
}

fn triage(triage: Triaged, rest: &str) -> Option<Wish> {
    let (place, said) = first(rest);
    let of = Place::read(place)?;
    let (word, behind) = first(said);
    let said = if triage == Triaged::Deferred && word.eq_ignore_ascii_case("until") { behind } else { said };
    let said = some(said);
    // Accepting needs no words, and the others need some.
    ((triage == Triaged::Accepted) == said.is_none()).then_some(Wish::Triage { of, triage, said })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str, rest: &str) -> String {
        let name = |place: &Place| {
            let name = place.name(&"acme/requests".parse().unwrap());
            name.map_or_else(|| "nowhere".into(), |name| format!("{name}#{}", place.number))
        };
        let reason = |why: &Option<String>| why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        match read(word, rest) {
            None => "not ours".into(),
            Some(Err(why)) => why,
            Some(Ok(Wish::Here)) => "here".into(),
            Some(Ok(Wish::Schedule { of, title, why })) => {
                format!("{} into {title}{}", name(&of), reason(&why))
            }
            Some(Ok(Wish::Unschedule { of, why })) => format!("{} out{}", name(&of), reason(&why)),
            Some(Ok(Wish::Swap { goes, comes, why })) => {
                format!("{} out, {} in{}", name(&goes), name(&comes), reason(&why))
            }
            Some(Ok(Wish::Triage { of, triage, said })) => {
                format!("{} {triage:?}{}", name(&of), reason(&said))
            }
        }
    }

    #[test]
    fn a_command_names_the_change_request_that_it_is_about() {
        for (line, expected) in [
            ("here", "here"),
            ("schedule #128 next", "acme/requests#128 into next"),
            ("schedule web#128 next before the fair", "acme/web#128 into next (before the fair)"),
            ("schedule other/web#128, 2026.12", "other/web#128 into 2026.12"),
            ("schedule a/b/c#1 next", "nowhere into next"),
            ("schedule next", "it takes a change request and a release, like `#12 next` behind it"),
            ("schedule #128", "it takes a change request and a release, like `#12 next` behind it"),
            ("unschedule #128", "acme/requests#128 out"),
            ("unschedule #128 nobody has time", "acme/requests#128 out (nobody has time)"),
            ("swap #97 #128", "acme/requests#97 out, acme/requests#128 in"),
            ("swap #97 for web#128 sales asks", "acme/requests#97 out, acme/web#128 in (sales asks)"),
            ("swap #97 #97", "it takes the one that goes and the one that comes, like `#12 #15` behind it"),
            ("defer #130 until Q2", "acme/requests#130 Deferred (Q2)"),
            ("defer #130 Q2", "acme/requests#130 Deferred (Q2)"),
            ("defer #130 until", "it takes a change request and until when, like `#12 until Q2` behind it"),
            ("accept #130", "acme/requests#130 Accepted"),
            ("decline #130 too costly", "acme/requests#130 Declined (too costly)"),
            ("decline #130", "it takes a change request and a reason behind it"),
            ("accept", "it takes a change request and nothing else, like `#12` behind it"),
            ("accept #0", "it takes a change request and nothing else, like `#12` behind it"),
            ("rank #97 1", "that is said on the change request itself, or on the control record"),
            ("assign @sam", "not ours"),
        ] {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            assert_eq!(shown(word, rest), expected, "{line}");
        }
    }
}
