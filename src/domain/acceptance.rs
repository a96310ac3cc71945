//! Acceptance: those who asked for a change, or a group such as QA, have tried what was merged and say that it works.

use jiff::Timestamp;

use super::{
    change_request::Tried,
    facts::Membership,
    finding::{Finding, Outcome, code, quoted},
    ids::{AccountId, Actor},
    named::{Named, one_of, pages},
    policy::{Accepter, EffectivePolicy, Who},
};
use std::collections::BTreeSet;

/// A change that is to be accepted.
#[derive(Debug, Clone)]
pub struct Trial<'a> {
    pub name: Named,
    pub requester: Option<&'a Actor>,
    /// The account that asks for it.
    pub account: Option<&'a str>,
    pub tried: &'a [Tried],
    /// When the last of its pull requests was merged; `None`: not all of them are.
    pub merged_at: Option<Timestamp>,
    /// Who worked on it, and so does not accept it in a group's name.
    pub people: &'a BTreeSet<AccountId>,
}

/// Who is in the groups that accept.
pub struct Groups<'a> {
    /// Whether somebody is in a group.
    pub membership: &'a dyn Fn(&str, &Actor) -> Membership,
    /// Whom policy lists as its members.
    pub listed: &'a dyn Fn(&str) -> Vec<Named>,
}

/// What stands for the sponsor of an account where groups are asked for by name; no group can be called so.
#[must_use]
pub fn sponsor_of(account: &str) -> String {
    format!("sponsor of {account}")
}

/// Who accepts in the name of a group, or of the sponsor of the account that asks; and by which name they are asked for.
#[must_use]
pub fn accepting<'a>(
    accepter: &Accepter,
    account: Option<&str>,
    policy: &'a EffectivePolicy,
) -> Option<(String, &'a [Who])> {
    match accepter {
        Accepter::Requester => None,
        Accepter::Group(group) => Some((group.clone(), policy.group(group).unwrap_or_default())),
        Accepter::Sponsor => {
            let account = account?;
            let sponsor = &policy.base().accounts().get(account)?.sponsor;
            Some((sponsor_of(account), std::slice::from_ref(sponsor)))
        }
    }
}

const RULE: &str = "tried by those who asked";

/// One finding for each change and each who has to accept it.
#[must_use]
pub fn findings(trials: &[Trial<'_>], accepters: &[Accepter], groups: &Groups<'_>) -> Vec<Finding> {
    let each = |trial: &Trial<'_>| -> Vec<Finding> {
        let of = |accepter: &Accepter| match accepter {
            Accepter::Requester => trial.by_requester(),
            Accepter::Group(group) => trial.by_group(group, groups),
            Accepter::Sponsor => trial.by_sponsor(groups),
        };
        accepters.iter().map(of).collect()
    };
    trials.iter().flat_map(each).collect()
}

/// A group as people call it.
fn titled(group: &str) -> String {
    let account = group.strip_prefix("sponsor of ");
    account.map_or_else(|| code(group), |account| format!("The sponsor of {}", code(account)))
}

impl Trial<'_> {
    /// What somebody said of what is merged now; what was said before the merge is of something else.
    fn of(&self, by: AccountId) -> Option<&Tried> {
        let merged_at = self.merged_at?;
        self.tried.iter().find(|tried| tried.by.id == by && tried.at >= merged_at)
    }

    fn by_requester(&self) -> Finding {
        let name = &self.name.text;
        let Some(requester) = self.requester.filter(|requester| requester.person) else {
            let sentence = format!("Nobody is known who asked for {name}.");
            return Finding::new("requester_unknown", Outcome::Fail, RULE, sentence)
                .headline(format!("nobody is known who asked for {name}"))
                .cure("take `requester` out of `acceptance` in the policy, and name a group")
                .names(self.name.page.clone());
        };
        let who = Named::actor(requester);
        match self.of(requester.id) {
            Some(tried) => self.said(tried),
            None => self.missing(&format!("{}, who asked for {name},", who.text), std::slice::from_ref(&who)),
        }
    }

    fn by_group(&self, group: &str, groups: &Groups<'_>) -> Finding {
        let current =
            self.merged_at.into_iter().flat_map(|at| self.tried.iter().filter(move |it| it.at >= at));
        let independent = current.filter(|tried| !self.people.contains(&tried.by.id));
        let mut unknown = None;
        let mut works = None;
        for tried in independent {
            match (groups.membership)(group, &tried.by) {
                // One who says that it does not work counts more than any who says that it does.
                Membership::Member if !tried.works => return self.said(tried),
                Membership::Member => works = Some(tried),
                Membership::Unknown(why) => unknown = Some((tried, why)),
                Membership::Stranger => {}
            }
        }
        match (works, unknown) {
            (Some(tried), _) => self.said(tried),
            (None, Some((tried, why))) => self.doubtful(tried, group, &why),
            (None, None) => self.missing(&titled(group), &(groups.listed)(group)),
        }
    }

    fn by_sponsor(&self, groups: &Groups<'_>) -> Finding {
        let name = &self.name.text;
        let (sentence, cure) = match self.account {
            Some(account) if !(groups.listed)(&sponsor_of(account)).is_empty() => {
                return self.by_group(&sponsor_of(account), groups);
            }
            Some(account) => (
                format!("{name} is asked for by {}, of which the policy names no sponsor.", code(account)),
                "name the account and its sponsor in `accounts` of the policy",
            ),
            None => (
                format!("{name} belongs to no account, and so has no sponsor."),
                "set the label of its account, like `account/sales`, on it",
            ),
        };
        Finding::new("sponsor_unknown", Outcome::Fail, RULE, sentence)
            .headline(format!("nobody is known who sponsors {name}"))
            .cure(cure)
            .names(self.name.page.clone())
    }

    fn said(&self, tried: &Tried) -> Finding {
        let (by, name) = (Named::actor(&tried.by), &self.name.text);
        let finding = if tried.works {
            Finding::new(
                "accepted_as_working",
                Outcome::Pass,
                RULE,
                format!("{} tried {name}, and it works.", by.text),
            )
        } else {
            let why = tried.said.as_deref().map(|said| format!(": {}", quoted(said))).unwrap_or_default();
            Finding::new(
                "does_not_work",
                Outcome::Pending,
                RULE,
                format!("{} says that {name} does not work{why}.", by.text),
            )
            .headline(format!("{name} does not work"))
            .cure(format!("mend it, or take it out; then {} comments `/works` on {name}", by.text))
        };
        finding.names(pages([&by, &self.name]))
    }

    fn missing(&self, who: &str, people: &[Named]) -> Finding {
        let name = &self.name.text;
        let cures = if people.is_empty() { "somebody of it".to_owned() } else { one_of(people) };
        Finding::new(
            "acceptance_missing",
            Outcome::Pending,
            RULE,
            format!("{who} has not said yet that {name} works."),
        )
        .headline(format!("{name} was not tried yet"))
        .cure(format!("{cures} tries what was merged, and comments `/works` on {name}"))
        .names(pages(people))
        .names(self.name.page.clone())
    }

    fn doubtful(&self, tried: &Tried, group: &str, why: &str) -> Finding {
        let by = Named::actor(&tried.by);
        let sentence = format!(
            "{} tried {}; whether {} is in {} is not known: {}.",
            by.text,
            self.name.text,
            by.text,
            code(group),
            why.trim_end_matches('.')
        );
        Finding::new("acceptance_doubtful", Outcome::Unknown, RULE, sentence)
            .headline(format!("whether {} accepts is not known", code(group)))
            .cure("the members are read again by themselves")
            .names(pages([&by, &self.name]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trial::{actor, at, time};

    /// What is said of a change that Sam asked for and Ana built, merged after a minute.
    fn judged(tried: &[(&str, i64, bool)], accepters: &[Accepter]) -> String {
        judged_for(None, tried, accepters)
    }

    /// The same, asked for by an account.
    fn judged_for(account: Option<&str>, tried: &[(&str, i64, bool)], accepters: &[Accepter]) -> String {
        let tried: Vec<Tried> = tried
            .iter()
            .map(|(by, seconds, works)| Tried {
                by: actor(by),
                at: time(*seconds),
                works: *works,
                said: None,
            })
            .collect();
        let (sam, people) = (actor("sam"), BTreeSet::from([actor("ana").id]));
        let name = Named::issue(at(12), at(12).repo, Some(&"acme/web".parse().unwrap()));
        let trial = Trial {
            name,
            requester: Some(&sam),
            account,
            tried: &tried,
            merged_at: Some(time(60)),
            people: &people,
        };
        let membership = |group: &str, by: &Actor| match by.login.as_str() {
            "dana" if group == "sponsor of sales" => Membership::Member,
            "quinn" | "ana" => Membership::Member,
            "lee" => Membership::Unknown("GitHub could not be reached".into()),
            _ => Membership::Stranger,
        };
        let listed =
            |group: &str| if group == "sponsor of moon" { vec![] } else { vec![Named::who("acme/qa")] };
        let groups = Groups { membership: &membership, listed: &listed };
        let found = findings(&[trial], accepters, &groups);
        found.iter().map(|it| format!("{:?} {}", it.own, it.code)).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn it_is_accepted_when_those_who_asked_and_the_group_have_tried_what_was_merged() {
        let qa = || Accepter::Group("qa".into());
        let both = || vec![qa(), Accepter::Requester];
        for (why, tried, accepters, expected) in [
            ("nobody tried it", vec![], both(), "Pending acceptance_missing, Pending acceptance_missing"),
            (
                "both did",
                vec![("sam", 70, true), ("quinn", 80, true)],
                both(),
                "Pass accepted_as_working, Pass accepted_as_working",
            ),
            (
                "before it was merged",
                vec![("sam", 50, true)],
                vec![Accepter::Requester],
                "Pending acceptance_missing",
            ),
            (
                "another than who asked",
                vec![("tess", 70, true)],
                vec![Accepter::Requester],
                "Pending acceptance_missing",
            ),
            ("who built it", vec![("ana", 70, true)], vec![qa()], "Pending acceptance_missing"),
            ("it does not work", vec![("quinn", 70, false)], vec![qa()], "Pending does_not_work"),
            (
                "a stranger says no",
                vec![("tess", 70, false), ("quinn", 80, true)],
                vec![qa()],
                "Pass accepted_as_working",
            ),
            ("nobody knows who Lee is", vec![("lee", 70, true)], vec![qa()], "Unknown acceptance_doubtful"),
            ("nobody's sponsor", vec![("sam", 70, true)], vec![Accepter::Sponsor], "Fail sponsor_unknown"),
        ] {
            assert_eq!(judged(&tried, &accepters), expected, "{why}");
        }
    }

    #[test]
    fn the_sponsor_of_the_account_that_asked_accepts_for_it() {
        for (account, by, expected) in [
            (Some("sales"), "dana", "Pass accepted_as_working"),
            (Some("sales"), "sam", "Pending acceptance_missing"),
            (Some("support"), "dana", "Pending acceptance_missing"),
            (Some("moon"), "dana", "Fail sponsor_unknown"),
            (None, "dana", "Fail sponsor_unknown"),
        ] {
            let found = judged_for(account, &[(by, 70, true)], &[Accepter::Sponsor]);
            assert_eq!(found, expected, "{account:?} {by}");
        }
    }
}
