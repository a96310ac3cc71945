//! (to come)

use super::ids::ReleaseId;

pub const PATH: &str = ".github/changegate.yml";

#[derive(Debug, Clone, PartialEq)]
pub struct Policy(String);

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scope {
    Organisation,
    Repository,
    Alone,
}

#[derive(Debug)]
pub struct PolicyError;

impl std::fmt::Display for PolicyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    Observe,
    Advise,
    Enforce,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marker {
    Label(String),
    IssueType(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    pub marker: Marker,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    pub accepted: String,
    pub needs_information: String,
    pub deferred: String,
    pub declined: String,
    pub duplicate: String,
    pub infrastructure: String,
    pub standard: String,
    pub emergency: String,
    pub risk: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Team { organisation: String, slug: String },
    Login(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct EffectivePolicy {
    mode: Mode,
    intake: Intake,
    labels: Labels,
    required: Vec<String>,
    triagers: Vec<Who>,
    release_managers: Vec<Who>,
    prefix: Option<String>,
}

impl EffectivePolicy {
    pub fn of(organisation: Option<Policy>, repository: Option<Policy>) -> Option<Self> {
        let text = organisation.or(repository)?.0;
        let value = |key: &str| text.lines().find_map(|line| line.trim().strip_prefix(key)).map(str::trim);
        let list = |key: &str| {
            let list = value(key)
                .unwrap_or_default()
                .trim_matches(['[', ']'])
                .split(',')
                .map(|one| one.trim().to_owned());
            list.filter(|one| !one.is_empty()).collect::<Vec<_>>()
        };
        let who = |key: &str| {
            let read = |one: String| match one.split_once('/') {
                Some((organisation, slug)) => {
                    Who::Team { organisation: organisation.into(), slug: slug.into() }
                }
                None => Who::Login(one),
            };
            list(key).into_iter().map(read).collect::<Vec<_>>()
        };
        Some(Self {
            mode: match value("mode:") {
                Some("enforce") => Mode::Enforce,
                Some("advise") => Mode::Advise,
                Some(_) | None => Mode::Observe,
            },
            intake: Intake {
                marker: value("type:")
                    .map_or(Marker::Label("change-request".into()), |one| Marker::IssueType(one.into())),
            },
            labels: Labels {
                accepted: "triage/accepted".into(),
                needs_information: "triage/needs-information".into(),
                deferred: "triage/deferred".into(),
                declined: "triage/declined".into(),
                duplicate: "triage/duplicate".into(),
                infrastructure: "kind/infrastructure".into(),
                standard: "change/standard".into(),
                emergency: "change/emergency".into(),
                risk: "risk/".into(),
            },
            required: list("required:"),
            triagers: who("triager:"),
            release_managers: who("release-manager:"),
            prefix: value("prefix:").map(Into::into),
        })
    }
    pub fn mode_for(&self, _: &str) -> Mode {
        self.mode
    }
    pub fn intake(&self) -> &Intake {
        &self.intake
    }
    pub fn labels(&self) -> &Labels {
        &self.labels
    }
    pub fn required_fields(&self) -> Vec<&str> {
        self.required.iter().map(String::as_str).collect()
    }
    pub fn triagers(&self) -> &[Who] {
        &self.triagers
    }
    pub fn release_managers(&self) -> &[Who] {
        &self.release_managers
    }
    pub fn release_of(&self, _: &str, title: &str) -> Option<ReleaseId> {
        title.starts_with("20").then(|| ReleaseId { train: "customer".into(), title: title.into() })
    }
    pub fn command_prefix(&self) -> Option<&str> {
        self.prefix.as_deref()
    }
}

pub fn parse(_: &str, text: &str, _: Scope) -> Result<Policy, Vec<PolicyError>> {
    Ok(Policy(text.into()))
}
