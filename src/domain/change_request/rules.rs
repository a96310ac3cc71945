//! What the policy says of one repository's change requests: the only place here that reads the policy.

use std::collections::BTreeMap;

use crate::domain::{
    event::IssueSnapshot,
    ids::{IssueRef, ReleaseId, RepoName},
    issue_form,
    policy::{
        Account, EffectivePolicy, Emergency, Length, Limits, Marker, Mode, Risk, Ship, Train, Who, Zone,
        alone, same_field,
    },
    revision::{ChangeText, RevisionHash},
};

use super::{
    act::{Refusal, Ruling},
    note::Size,
};

/// The fields of a form in which people say for whom they ask.
const ACCOUNT_FIELDS: [&str; 3] = ["Account", "Department", "Customer"];

/// The release that leaves next.
pub const NEXT: &str = "next";

/// The policy of a repository, as far as change requests go by it.
#[derive(Debug, Clone)]
pub struct Rules {
    /// `None`: there is no policy, and so nothing is said.
    pub mode: Option<Mode>,
    pub labels: Labels,
    pub triagers: Vec<Who>,
    pub release_managers: Vec<Who>,
    /// Who may declare an emergency.
    pub on_call: Vec<Who>,
    /// Who answers for what is accepted, one after the other.
    pub contacts: Vec<String>,
    /// The departments or customers that ask, by name.
    pub accounts: BTreeMap<String, Account>,
    /// Who runs what was built: the group `operations`, where the policy has one.
    pub operations: Vec<Who>,
    /// What an emergency may do and what is owed for it, in each kind of environment that knows one.
    pub emergencies: Vec<(Emergency, Zone)>,
    /// With `cg`, commands are written `/cg accept`.
    pub prefix: Option<String>,
    /// In which times are shown.
    pub zone: Zone,
    /// How long a request may lack information before it is withdrawn.
    pub withdraw_after: Option<Length>,
    /// How many may be in a stage at once.
    pub limits: Limits,
    /// Who asked for something may not accept it.
    pub refuses_own: bool,
    marker: Marker,
    required: Vec<String>,
    policy: Option<(EffectivePolicy, RepoName)>,
}

/// The labels that decide something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    accepted: String,
    needs_information: String,
    deferred: String,
    declined: String,
    duplicate: String,
    infrastructure: String,
    standard: String,
    emergency: String,
    /// What stands before the value.
    risk: String,
    /// The same.
    system: String,
    /// The same.
    account: String,
    /// The same.
    size: String,
    project: String,
}

/// What a label decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decides {
    /// How triage ended.
    Triage(Ruling),
    /// That it needs no code.
    Infrastructure,
    /// That it is a standard change or an emergency.
    Class,
    /// How risky it is. Anybody may raise it. `None`: no risk that is known.
    Risk(Option<Risk>),
}

impl Rules {
    /// Without a policy, or a name to look it up by: the usual labels, and nobody may decide anything.
    #[must_use]
    pub fn of(policy: Option<EffectivePolicy>, name: Option<&RepoName>) -> Self {
        let Some((policy, name)) = policy.zip(name.cloned()) else { return Self::silent() };
        Self {
            mode: Some(policy.mode_for(name.as_str())),
            labels: Labels::of(&policy),
            triagers: policy.triagers().to_vec(),
            release_managers: policy.release_managers().to_vec(),
            on_call: policy.role("break-glass").to_vec(),
            contacts: policy.intake().contacts.clone(),
            accounts: policy.base().accounts().clone(),
            operations: policy.group("operations").unwrap_or_default().to_vec(),
            emergencies: emergencies(&policy),
            prefix: policy.command_prefix().map(Into::into),
            zone: policy.zone(),
            withdraw_after: policy.intake().withdraw_after,
            limits: policy.intake().limits.clone(),
            refuses_own: policy.intake().refuses_own,
            marker: policy.intake().marker.clone(),
            required: policy.required_fields().into_iter().map(Into::into).collect(),
            policy: Some((policy, name)),
        }
    }

    fn silent() -> Self {
        Self {
            mode: None,
            labels: Labels::usual(),
            triagers: vec![],
            release_managers: vec![],
            on_call: vec![],
            contacts: vec![],
            accounts: BTreeMap::new(),
            operations: vec![],
            emergencies: vec![],
            prefix: None,
            zone: Zone::utc(),
            withdraw_after: None,
            limits: Limits::default(),
            refuses_own: false,
            marker: Marker::Label("change-request".into()),
            required: vec![],
            policy: None,
        }
    }

    /// Whether the issue is a change request.
    #[must_use]
    pub fn takes_in(&self, issue: &IssueSnapshot) -> bool {
        match &self.marker {
            Marker::Label(label) => issue.labels.iter().any(|name| same(name, label)),
            Marker::IssueType(kind) => issue.issue_type.as_ref().is_some_and(|name| same(name, kind)),
        }
    }

    /// What makes an issue a change request, as a person would name it.
    #[must_use]
    pub fn marker(&self) -> (&'static str, &str) {
        match &self.marker {
            Marker::Label(label) => ("label", label),
            Marker::IssueType(kind) => ("type", kind),
        }
    }

    /// The hash of what of the issue is signed.
    #[must_use]
    pub fn text(&self, issue: &IssueSnapshot) -> RevisionHash {
        ChangeText::of(&issue.title, &issue.body, &self.required).hash()
    }

    /// The required fields that the issue leaves without an answer.
    #[must_use]
    pub fn missing(&self, issue: &IssueSnapshot) -> Vec<String> {
        if self.required.is_empty() { vec![] } else { issue_form::parse(&issue.body).missing(&self.required) }
    }

    /// The account that asks, in lower case: as a label names it, or a field of the form, where the policy has such an account.
    #[must_use]
    pub fn account_of(&self, issue: &IssueSnapshot) -> Option<String> {
        let labelled = issue.labels.iter().find_map(|label| value(label, &self.labels.account));
        labelled.map(str::to_lowercase).or_else(|| {
            let form = issue_form::parse(&issue.body);
            let written = form
                .answers
                .iter()
                .filter(|it| ACCOUNT_FIELDS.iter().any(|field| same_field(&it.heading, field)));
            written.map(|it| it.text.trim().to_lowercase()).find(|name| self.accounts.contains_key(name))
        })
    }

    /// Who ranks the requests of an account, and accepts for it.
    #[must_use]
    pub fn sponsor_of(&self, account: Option<&str>) -> Option<&Who> {
        account.and_then(|name| self.accounts.get(name)).map(|account| &account.sponsor)
    }

    /// The release that a milestone of this title belongs to.
    #[must_use]
    pub fn release_of(&self, title: &str) -> Option<ReleaseId> {
        let (policy, name) = self.policy.as_ref()?;
        policy.release_of(name.as_str(), title)
    }

    /// The policy, where there is one.
    #[must_use]
    pub fn policy(&self) -> Option<&EffectivePolicy> {
        self.policy.as_ref().map(|(policy, _)| policy)
    }

    /// Whether what is built here waits for a release.
    #[must_use]
    pub fn ships_by_train(&self) -> bool {
        self.policy.as_ref().is_some_and(|(policy, name)| policy.ship_for(name.as_str()) == Ship::Train)
    }

    /// The same for one of its issues: a release of one is that one's.
    #[must_use]
    pub fn release_for(&self, at: IssueRef, title: &str) -> Option<ReleaseId> {
        let release = self.release_of(title)?;
        let (_, train) = self.train()?;
        let is_its_own = || self.repository().is_some_and(|name| alone(name, at.number) == title);
        (train.title.matches(title) || is_its_own()).then_some(release)
    }

    /// What the repository is called.
    #[must_use]
    pub fn repository(&self) -> Option<&RepoName> {
        self.policy.as_ref().map(|(_, name)| name)
    }

    /// The train that carries the repository, with its name.
    #[must_use]
    pub fn train(&self) -> Option<(&str, &Train)> {
        let (policy, name) = self.policy.as_ref()?;
        policy.base().train_of(name.as_str())
    }

    /// Why nothing here can be planned for a release of this title.
    #[must_use]
    pub fn refuses_release(&self, at: IssueRef, title: &str) -> Option<Refusal> {
        if self.train().is_none() {
            return Some(Refusal::NoTrain);
        }
        if title == NEXT {
            return Some(Refusal::NoNext);
        }
        self.release_for(at, title).is_none().then_some(Refusal::NoSuchRelease)
    }

    /// Whether anything is written on GitHub.
    #[must_use]
    pub fn speaks(&self) -> bool {
        self.mode.is_some_and(|mode| mode > Mode::Observe)
    }

    /// Whether what is not allowed is put back.
    #[must_use]
    pub fn enforces(&self) -> bool {
        self.mode == Some(Mode::Enforce)
    }
}

fn emergencies(policy: &EffectivePolicy) -> Vec<(Emergency, Zone)> {
    let of_part = |part| {
        let zone = policy.zone_of(part);
        part.environments().values().filter_map(move |section| Some((section.emergency?, zone.clone())))
    };
    policy.parts().flat_map(of_part).collect()
}

impl Labels {
    fn usual() -> Self {
        let label = |name: &str| name.to_owned();
        Self {
            accepted: label("triage/accepted"),
            needs_information: label("triage/needs-information"),
            deferred: label("triage/deferred"),
            declined: label("triage/declined"),
            duplicate: label("triage/duplicate"),
            infrastructure: label("kind/infrastructure"),
            standard: label("change/standard"),
            emergency: label("change/emergency"),
            risk: label("risk/"),
            system: label("system/"),
            account: label("account/"),
            size: label("size/"),
            project: label("kind/project"),
        }
    }

    fn of(policy: &EffectivePolicy) -> Self {
        let labels = policy.labels();
        Self {
            accepted: labels.accepted.clone(),
            needs_information: labels.needs_information.clone(),
            deferred: labels.deferred.clone(),
            declined: labels.declined.clone(),
            duplicate: labels.duplicate.clone(),
            infrastructure: labels.infrastructure.clone(),
            standard: labels.standard.clone(),
            emergency: labels.emergency.clone(),
            risk: labels.risk.clone(),
            system: labels.system.clone(),
            account: labels.account.clone(),
            size: labels.size.clone(),
            project: labels.project.clone(),
        }
    }

    /// What the label of this name decides; `None`: it only describes.
    #[must_use]
    pub fn decides(&self, name: &str) -> Option<Decides> {
        if let Some(ruling) = self.triage().into_iter().find(|(_, label)| same(label, name)) {
            return Some(Decides::Triage(ruling.0));
        }
        if same(&self.infrastructure, name) {
            Some(Decides::Infrastructure)
        } else if same(&self.standard, name) || same(&self.emergency, name) {
            Some(Decides::Class)
        } else {
            let (start, end) = name.split_at_checked(self.risk.len())?;
            same(start, &self.risk).then(|| Decides::Risk(Risk::read(end)))
        }
    }

    /// The label of what needs no code.
    #[must_use]
    pub fn infrastructure(&self) -> &str {
        &self.infrastructure
    }

    /// The system that the label of this name names, in lower case.
    #[must_use]
    pub fn system_of(&self, name: &str) -> Option<String> {
        value(name, &self.system).map(str::to_lowercase)
    }

    /// The size that the label of this name says.
    #[must_use]
    pub fn size_of(&self, name: &str) -> Option<Size> {
        value(name, &self.size).and_then(Size::read)
    }

    /// The label of each size.
    #[must_use]
    pub fn sizes(&self) -> [(Size, String); 3] {
        Size::ALL.map(|size| (size, format!("{}{}", self.size, size.as_str())))
    }

    /// The label of a project.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The label that an emergency bears.
    #[must_use]
    pub fn emergency(&self) -> &str {
        &self.emergency
    }

    /// The label of each risk.
    #[must_use]
    pub fn risks(&self) -> [(Risk, String); 3] {
        Risk::ALL.map(|risk| (risk, format!("{}{}", self.risk, risk.as_str())))
    }

    /// The label of each ruling that has one.
    #[must_use]
    pub fn triage(&self) -> [(Ruling, &str); 5] {
        [
            (Ruling::Accepted, &self.accepted),
            (Ruling::NeedsInformation, &self.needs_information),
            (Ruling::Deferred, &self.deferred),
            (Ruling::Declined, &self.declined),
            (Ruling::Duplicate, &self.duplicate),
        ]
    }

    /// Those of `names` that decide something.
    #[must_use]
    pub fn deciding<'a>(&self, names: &'a [String]) -> Vec<&'a String> {
        names.iter().filter(|name| self.decides(name).is_some()).collect()
    }
}

/// What follows a beginning.
fn value<'a>(name: &'a str, beginning: &str) -> Option<&'a str> {
    let (start, end) = name.split_at_checked(beginning.len())?;
    (same(start, beginning) && !end.is_empty()).then_some(end)
}

/// GitHub's labels, types and logins are the same whatever their case.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
