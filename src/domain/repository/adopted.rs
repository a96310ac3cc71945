//! `/adopt SHA WHY`: a release manager answers for a commit that came with no pull request, wherever it is said in the
//! repository.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    super::{
        audit::AuditEntry,
        command::{Command, Later, Told},
        commit_range::Logged,
        decide::Case,
        event::What,
        facts::{Inquiry, Membership},
        ids::{IssueRef, Sha},
        policy::{EffectivePolicy, Mode, Who},
        report::heard::{self, Heard},
    },
    Repository,
};

/// How many adoptions are remembered: those whose commits run are needed no more.
const MOST: usize = 500;

impl Repository {
    /// Takes the adoptions among the comments. `None`: it must be found out first who may.
    pub(super) fn hear_adoptions(&mut self, case: &Case<'_>, inquiry: &mut Inquiry<'_>) -> Option<Heard> {
        let mut heard = Heard::default();
        if !case.events.iter().any(|event| matches!(event.what, What::Comment { .. })) {
            return Some(heard);
        }
        let view = self.view();
        let Some(policy) = inquiry.policy_of(&view)? else { return Some(heard) };
        let told = case.events.iter().filter_map(|event| heard::comment(event, policy.command_prefix()));
        let said: Vec<(IssueRef, Told, String)> = told
            .flat_map(|(on, told)| {
                adoptions(&told).into_iter().map(move |what| (on, told.clone(), what)).collect::<Vec<_>>()
            })
            .collect();
        let managers = policy.release_managers();
        let asked: Vec<_> = said.iter().map(|(_, told, _)| inquiry.membership(managers, &told.by)).collect();
        let asked: Vec<Membership> = asked.into_iter().collect::<Option<_>>()?;
        let speaks = policy.mode_for(view.name.as_str()) > Mode::Observe;
        for ((on, told, what), membership) in said.into_iter().zip(asked) {
            let refusal = match (&membership, read(&what)) {
                (Membership::Unknown(why), _) => Some(format!("it could not be found out who may: {why}")),
                (Membership::Stranger, _) => Some(managers_answer(&policy)),
                (Membership::Member, None) => {
                    Some("it takes the whole hash of a commit (40 digits) and a reason behind it".into())
                }
                (Membership::Member, Some((sha, why))) => {
                    heard.audit.push(entry(self, &told, &sha, &why));
                    self.adopted.insert(sha, Logged { by: told.by.clone(), why, at: told.at });
                    None
                }
            };
            if speaks {
                heard.effects.extend(match refusal {
                    Some(why) => heard::refused_with_care(on, &told, "wrote `/adopt`", &why),
                    None => vec![heard::taken(on, &told)],
                });
            }
        }
        forget(&mut self.adopted);
        Some(heard)
    }
}

fn adoptions(told: &Told) -> Vec<String> {
    let adopt = |command: &Command| {
        if let Command::Later(Later::Adopt(what)) = command { Some(what.clone()) } else { None }
    };
    told.commands.iter().filter_map(adopt).collect()
}

fn read(what: &str) -> Option<(Sha, String)> {
    let (sha, why) = what.split_once(char::is_whitespace)?;
    let why = why.trim();
    Some((sha.parse().ok()?, (!why.is_empty()).then(|| why.to_owned())?))
}

fn managers_answer(policy: &EffectivePolicy) -> String {
    let managers: Vec<String> = policy.release_managers().iter().map(Who::to_string).collect();
    format!("only a release manager ({}) answers for a commit without a pull request", managers.join(", "))
}

fn entry(repository: &Repository, told: &Told, sha: &Sha, why: &str) -> AuditEntry {
    AuditEntry::new("exception.commit_adopted")
        .by(Some(&told.by))
        .fact("repository", repository.id)
        .fact("commit", sha)
        .fact("comment", told.comment)
        .text("why", why)
}

fn forget(adopted: &mut BTreeMap<Sha, Logged>) {
    while adopted.len() > MOST {
        let oldest: Option<(Timestamp, Sha)> =
            adopted.iter().map(|(sha, logged)| (logged.at, sha.clone())).min();
        oldest.and_then(|(_, sha)| adopted.remove(&sha));
    }
}
