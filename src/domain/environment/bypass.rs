//! A deployment that nobody allowed: what runs is what runs, and an exception opens. What went by while nobody was here becomes
//! part of one exception of the account.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        decide::Case,
        effect::{Call, Effect},
        event::{Gap, SealUsed, WentBy},
        facts::Inquiry,
        finding::{code, one_line},
        ids::{RepoId, RepoName, Sha, SubjectId},
        policy::{EffectivePolicy, Length, Mode, Who},
        report::text,
        subject::View,
    },
    Environment,
    answer::Told,
    follow::{Begun, Heard},
};

/// A deployment that began without an allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Went {
    pub sha: Sha,
    /// When it was created.
    pub at: Option<Timestamp>,
    /// As what it was told.
    pub told: Option<Shown>,
}

/// As what a deployment without an allow is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Nobody knows why.
    Bypass,
    /// By a sealed permit, while somebody was here.
    Sealed(SealUsed),
    /// While nobody was here.
    Away { gap: Gap, seal: Option<SealUsed> },
}

/// Where it is told of.
struct Here<'a> {
    repo: RepoId,
    name: &'a RepoName,
    policy: &'a EffectivePolicy,
    mode: Mode,
    web_url: &'a str,
}

impl Environment {
    /// What is to be told of deployments that began without an allow. `None`: something must be found out first.
    pub(super) fn bypassed(
        &mut self,
        heard: &Heard,
        case: &Case<'_>,
        repo: RepoId,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Told> {
        let is_new = |it: &&Begun| !it.allowed && !self.bypasses.contains(&it.deployment);
        let unseen: Vec<&Begun> = heard.begun.iter().filter(is_new).collect();
        let mut told = Told::default();
        self.went.retain(|deployment, _| self.runs.knows(*deployment));
        if unseen.is_empty() && self.went.is_empty() {
            return Some(told);
        }
        let (view, policy) = (inquiry.repository(repo), inquiry.policy(repo));
        let account = inquiry.view(SubjectId::Account);
        let (Some(view), Some(policy)) = (view?, policy?) else { return Some(told) };
        let account = account?.and_then(View::as_account);
        let Some(mode) = guarded(&policy, view.name.as_str(), &self.name) else { return Some(told) };
        for Begun { deployment, sha, at, .. } in unseen {
            self.bypasses.insert(*deployment);
            self.went.insert(*deployment, Went { sha: sha.clone(), at: *at, told: None });
        }
        let here = Here { repo, name: &view.name, policy: &policy, mode, web_url: &case.instance.web_url };
        let went: Vec<(u64, Went)> = self.went.iter().map(|(id, went)| (*id, went.clone())).collect();
        for (id, went) in went {
            let seal = self.seal_of(id, &went.sha);
            let at = seal.as_ref().map(|seal| seal.at).or(went.at);
            let gap = at.and_then(|at| account?.away(at));
            let shown = match (gap, seal) {
                (Some(gap), seal) => Shown::Away { gap, seal },
                (None, Some(seal)) => Shown::Sealed(seal),
                (None, None) => Shown::Bypass,
            };
            if went.told.as_ref() != Some(&shown) {
                told.add(self.tell_of(id, &went, &shown, &here));
                self.went.insert(id, Went { told: Some(shown), ..went });
            }
        }
        Some(told)
    }

    fn tell_of(&self, id: u64, went: &Went, shown: &Shown, here: &Here<'_>) -> Told {
        let mut told = Told::default();
        if went.told.is_none() {
            told.audit.push(entry(here, &self.name, (id, &went.sha), shown));
        }
        if here.mode != Mode::Enforce {
            return told;
        }
        if let Shown::Away { gap, seal } = shown {
            let has_issue = matches!(went.told, Some(Shown::Bypass | Shown::Sealed(_)));
            told.effects.extend(has_issue.then(|| issue(&self.name, (id, went), shown, here)));
            let went = self.went_by(id, went, (*gap, seal.clone()), here);
            told.effects.push(Effect::new(Call::WentBy { repo: here.repo, went: Box::new(went) }));
        } else {
            told.effects.push(issue(&self.name, (id, went), shown, here));
        }
        told
    }

    fn went_by(&self, id: u64, went: &Went, (gap, seal): (Gap, Option<SealUsed>), here: &Here<'_>) -> WentBy {
        let at = seal.as_ref().map(|seal| seal.at).or(went.at).unwrap_or(gap.to);
        WentBy {
            since: gap.from,
            environment: self.name.clone(),
            deployment: id,
            sha: went.sha.clone(),
            at,
            seal,
            owners: owners(here.policy),
            due: self.due(gap.to, here.policy),
        }
    }

    /// Until when people look back: as after an emergency there, or else within five working days.
    fn due(&self, from: Timestamp, policy: &EffectivePolicy) -> Timestamp {
        let sections = policy.parts().filter_map(|part| part.environment_of(&self.name));
        let said = sections.filter_map(|(_, section)| section.emergency).map(|it| it.retrospective);
        let lengths = said.chain(Length::of_text("5 working days"));
        lengths.map(|length| length.after(from, &policy.zone())).next().unwrap_or(from)
    }
}

/// Who answers for what went by.
fn owners(policy: &EffectivePolicy) -> Vec<String> {
    let name = |who: &Who| match who {
        Who::Team { organisation, slug } => format!("{organisation}/{slug}"),
        Who::Login(login) => login.clone(),
    };
    policy.role("break-glass").iter().map(name).collect()
}

/// The mode, where a section of the policy rules the environment.
pub(super) fn guarded(policy: &EffectivePolicy, name: &str, environment: &str) -> Option<Mode> {
    let ruled = policy.parts().any(|part| part.environment_of(environment).is_some());
    ruled.then(|| policy.mode_for(name))
}

/// What went by while nobody was here is no exception of its own.
fn entry(here: &Here<'_>, environment: &str, (id, sha): (u64, &Sha), shown: &Shown) -> AuditEntry {
    let (kind, gap, seal) = match shown {
        Shown::Bypass => ("exception.bypass", None, None),
        Shown::Sealed(seal) => ("exception.bypass", None, Some(seal)),
        Shown::Away { gap, seal } => ("deployment.while_away", Some(gap), seal.as_ref()),
    };
    let entry = AuditEntry::new(kind)
        .fact("repository", here.repo)
        .fact("deployment", id)
        .fact("commit", sha)
        .fact("mode", here.mode)
        .text("environment", environment);
    let entry = gap.map_or(entry.clone(), |gap| entry.fact("away_since", gap.from));
    seal.map_or(entry.clone(), |seal| entry.fact("sealed", &seal.id))
}

fn issue(environment: &str, (id, went): (u64, &Went), shown: &Shown, here: &Here<'_>) -> Effect {
    let Here { repo, name, web_url, .. } = here;
    let (sha, short) = (&went.sha, went.sha.short());
    let what =
        format!("Deployment {id} of [`{short}`]({web_url}/{name}/commit/{sha}) to {}", code(environment));
    let place = shortened(environment);
    let (title, body, open) = match shown {
        Shown::Bypass => (format!("Deployed to {place} without an allow: {short}"), unexplained(&what), true),
        Shown::Sealed(seal) => {
            (format!("Deployed to {place} by a sealed permit: {short}"), sealed(&what, seal), true)
        }
        Shown::Away { gap, .. } => {
            let body = format!(
                "{what} went by while Changegate was away, from {} to {}. It is part of the one exception for that time, and looked back on there.",
                gap.from, gap.to
            );
            (format!("Deployed to {place} while Changegate was away: {short}"), body, false)
        }
    };
    Effect::new(Call::Issue { repo: *repo, purpose: format!("bypass/{id}"), title, body, open, told: None })
}

fn unexplained(what: &str) -> String {
    format!(
        "{what} began without an allow by Changegate. What runs is taken as what runs: the next deployment is compared with it.\n\n\
         What usually leads to it:\n\
         - the job names no environment with the protection rule of this App, or the rule was taken off,\n\
         - an administrator started the waiting job,\n\
         - something other than GitHub Actions created the deployment,\n\
         - a sealed permit was used and nobody has reported it (`changegate gate report --break-glass RECEIPT` does).\n\n\
         Find out which it was, write it here, and close this issue when it cannot happen again."
    )
}

fn sealed(what: &str, seal: &SealUsed) -> String {
    let by = seal.by.as_deref().map(|by| format!(" by {}", text::escape(by, 100))).unwrap_or_default();
    let why = text::escape(&seal.why, 500);
    format!(
        "{what} went by the sealed permit {}, used{by} at {}, while this server was there: {why}\n\n\
         What runs is taken as what runs: the next deployment is compared with it.\n\n\
         - Why could the gate not be asked?\n\
         - Was it meant, and by whom?\n\
         - What changes now, and who does it until when?\n\n\
         Write it here, and close this issue when that is done.",
        code(&seal.id),
        seal.at
    )
}

/// As much of a name as a title takes.
fn shortened(name: &str) -> String {
    one_line(name).chars().take(100).collect()
}
