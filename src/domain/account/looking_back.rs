//! How people look back on what went by while nobody was here: `/done worked`, `problems` or `backed-out` in the issue that lists it.
//! Until somebody has who may, it stands from its due time on in the way of what is ordinary where it went by.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        change_request::emergency::{Done, LookedBack},
        command::{Command, Later, Told},
        decide::Case,
        event::{CommentChange, Event, IssuePurpose, What},
        facts::{Inquiry, Membership},
        ids::{IssueRef, RepoId},
        policy::EffectivePolicy,
        report::heard::{self, Heard},
    },
    Account,
    away::{Deployed, Outage},
};

const DID: &str = "wrote `/done`";
const TAKES: &str = "it takes `worked`, `problems` or `backed-out` behind it";

/// Where something went by, and until when people look back on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    pub repo: RepoId,
    pub environment: String,
    pub due: Timestamp,
}

impl Owed {
    fn is_at(&self, repo: RepoId, environment: &str) -> bool {
        self.repo == repo && self.environment.eq_ignore_ascii_case(environment)
    }
}

impl Outage {
    /// What went by there is looked back on, at the earliest time that any of it wants.
    pub(super) fn owe(&mut self, Deployed { repo, went, .. }: &Deployed) {
        match self.owes.iter_mut().find(|owed| owed.is_at(*repo, &went.environment)) {
            Some(owed) => owed.due = owed.due.min(went.due),
            None => {
                let (environment, due) = (went.environment.clone(), went.due);
                self.owes.push(Owed { repo: *repo, environment, due });
            }
        }
    }

    /// As others may read it: what is owed for it, once there is an issue in which it can be paid.
    pub(super) fn view(&self) -> Self {
        let owes = self.issue.is_some() && self.looked_back.is_none();
        let owes = if owes { self.owes.clone() } else { vec![] };
        Self { issue: self.issue, owes, ..Self::of(self.gap) }
    }
}

impl Account {
    /// The issues about what went by in an environment and is not looked back on, each with the time until when.
    #[must_use]
    pub fn owed_in(&self, repo: RepoId, environment: &str) -> Vec<(IssueRef, Timestamp)> {
        let of = |outage: &Outage| {
            let issue = outage.issue.filter(|_| outage.looked_back.is_none())?;
            let owed = outage.owes.iter().find(|owed| owed.is_at(repo, environment))?;
            Some((issue, owed.due))
        };
        self.outages.iter().filter_map(of).collect()
    }

    /// Whether a delivery is about looking back on something that went by.
    pub(super) fn looks_back(&self, event: &Event) -> bool {
        if let What::Kept { purpose: IssuePurpose::Outage { .. }, .. } = &event.what {
            return true;
        }
        let What::Comment { change: CommentChange::Created, comment, .. } = &event.what else { return false };
        comment.body.to_ascii_lowercase().contains("done")
            && heard::place(event).is_some_and(|on| self.outages.iter().any(|it| it.issue == Some(on)))
    }

    /// Takes where the issues are, and what the comments there say. `None`: it must be found out first who may.
    pub(super) fn hear_looks(&mut self, case: &Case<'_>, inquiry: &mut Inquiry<'_>) -> Option<Heard> {
        let mut heard = Heard::default();
        for event in case.events {
            if let What::Kept { issue, purpose: IssuePurpose::Outage { since } } = &event.what {
                let outage = self.outages.iter_mut().find(|outage| outage.gap.from == *since);
                outage.into_iter().for_each(|outage| outage.issue = Some(*issue));
            }
            if !self.looks_back(event) {
                continue;
            }
            let Some(on) = heard::place(event) else { continue };
            let Some(policy) = inquiry.policy(on.repo)? else { continue };
            let Some((on, told)) = heard::comment(event, policy.command_prefix()) else { continue };
            for command in &told.commands {
                let Command::Later(Later::Done(words)) = command else { continue };
                match looked_back(words, &told, &policy, inquiry)? {
                    Ok(done) => self.take_look(on, &told, done, &case.instance.web_url, &mut heard),
                    Err(why) => heard.effects.extend(heard::refused_with_care(on, &told, DID, &why)),
                }
            }
        }
        Some(heard)
    }

    /// The first that counts stays.
    fn take_look(&mut self, on: IssueRef, told: &Told, done: LookedBack, web_url: &str, heard: &mut Heard) {
        let Some(outage) = self.outages.iter_mut().find(|outage| outage.issue == Some(on)) else { return };
        heard.effects.push(heard::taken(on, told));
        if outage.looked_back.is_some() {
            return;
        }
        let entry = AuditEntry::new("outage.looked_back").by(Some(&done.by));
        heard.audit.push(
            entry
                .fact("from", outage.gap.from)
                .fact("to", outage.gap.to)
                .fact("result", done.result.as_str())
                .fact("comment", told.comment)
                .text("said", done.said.clone()),
        );
        outage.looked_back = Some(done);
        heard.effects.extend(outage.shown(web_url));
    }
}

/// What somebody says who may. `Err`: why it does not count. `None`: something must be found out first.
fn looked_back(
    words: &str,
    told: &Told,
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<LookedBack, String>> {
    let people = [policy.role("break-glass"), policy.release_managers()].concat();
    Some(match inquiry.membership(&people, &told.by)? {
        Membership::Stranger => {
            let people: Vec<String> = people.iter().map(ToString::to_string).collect();
            Err(format!(
                "only somebody on call or a release manager ({}) says how it went",
                people.join(", ")
            ))
        }
        Membership::Unknown(why) => Err(format!(
            "it could not be found out who may: {}. Write it again later",
            why.trim_end_matches('.')
        )),
        Membership::Member => Done::read(words).map_or_else(
            || Err(TAKES.into()),
            |(result, said)| Ok(LookedBack { by: told.by.clone(), at: told.at, result, said: said.into() }),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        event::{Gap, WentBy},
        trial::*,
    };

    fn went_by(environment: &str, due: i64) -> Deployed {
        let went = WentBy {
            since: time(0),
            environment: environment.into(),
            deployment: 1,
            sha: sha('a'),
            at: time(9),
            seal: None,
            owners: vec![],
            due: time(due),
        };
        Deployed { repo: WEB, name: "acme/web".parse().unwrap(), went }
    }

    #[test]
    fn it_is_owed_where_it_went_by_from_when_there_is_an_issue_until_somebody_has_looked_back() {
        let mut outage = Outage::of(Gap { from: time(0), to: time(600) });
        outage.owe(&went_by("Production", 900));
        outage.owe(&went_by("production", 800));
        let owed = |outage: &Outage, repo, environment: &str| {
            let account = Account { outages: vec![outage.clone()], ..Account::default() };
            let owed = account.owed_in(repo, environment);
            assert_eq!(account.view().owed_in(repo, environment), owed, "others read the same");
            owed
        };
        assert_eq!(owed(&outage, WEB, "production"), []);
        outage.issue = Some(at(9));
        assert_eq!(owed(&outage, WEB, "PRODUCTION"), [(at(9), time(800))]);
        assert_eq!(owed(&outage, WEB, "staging"), []);
        assert_eq!(owed(&outage, BILLING, "production"), []);
        let (by, result) = (actor("quinn"), Done::Worked);
        outage.looked_back = Some(LookedBack { by, at: time(700), result, said: "fine".into() });
        assert_eq!(owed(&outage, WEB, "production"), []);
    }
}
