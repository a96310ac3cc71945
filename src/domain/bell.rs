//! Who does not wait at the gate is told when it is decided: by a status of a deployment on GitHub, which starts a workflow, or
//! by a signed webhook. It is a bell and no allow: whoever comes asks anew.

use serde::{Deserialize, Serialize};

use super::{
    event::{GateAsk, Pipeline},
    finding::Finding,
    gate::{Decision, Ruling, Verdict},
    ids::{GateId, Sha},
};

/// How somebody is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Bell {
    /// By a status of a deployment on GitHub.
    DeploymentStatus,
    /// By a webhook to this address.
    Webhook { url: String },
}

/// In front of the name of the environment stands this where a bell hangs: nothing runs there, so that no bell is ever taken for
/// a deployment.
pub const PLACE: &str = "changegate/";
/// What a bell's deployment is for, so that workflows can tell it from others.
pub const TASK: &str = "changegate:gate";

/// What it rings for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// It is written down, and not decided yet.
    Asked,
    Allowed,
    /// Let through, because nothing is enforced there.
    NotEnforced,
    Denied,
    /// Nobody decided it in time.
    Over,
}

impl Rung {
    /// As machines read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Allowed => "allowed",
            Self::NotEnforced => "not_enforced",
            Self::Denied => "denied",
            Self::Over => "over",
        }
    }

    /// What a decision rings for.
    #[must_use]
    pub const fn of(ruling: Ruling) -> Self {
        match ruling {
            Ruling::NotEnforced(_) => Self::NotEnforced,
            Ruling::Enforced(Decision::Allow) => Self::Allowed,
            Ruling::Enforced(Decision::Deny) => Self::Denied,
            Ruling::Enforced(Decision::Pending | Decision::Unavailable) => Self::Asked,
        }
    }
}

/// A deployment's status that rings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    pub gate: GateId,
    /// The environment that is asked for.
    pub environment: String,
    pub sha: Sha,
    /// The branch or tag, without `refs/`.
    pub reference: Option<String>,
    pub rung: Rung,
    /// For people.
    pub description: String,
}

/// What a webhook tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub gate: GateId,
    pub environment: String,
    pub sha: Sha,
    pub pipeline: Pipeline,
    pub attempt: u64,
    pub rung: Rung,
    /// The codes of what stands in the way, in alphabetical order.
    pub obstacles: Vec<String>,
}

impl Ring {
    /// Of what was asked and found.
    #[must_use]
    pub fn of(ask: &GateAsk, rung: Rung, verdict: &Verdict) -> Self {
        Self {
            gate: ask.id.clone(),
            environment: ask.environment.clone(),
            sha: ask.sha.clone(),
            reference: ask.reference.clone(),
            rung,
            description: sentence(rung, verdict),
        }
    }
}

impl Told {
    /// Of what was asked and found.
    #[must_use]
    pub fn of(ask: &GateAsk, rung: Rung, verdict: &Verdict) -> Self {
        let obstacles = verdict.findings.iter().flat_map(Finding::obstacles);
        let mut obstacles: Vec<String> = obstacles.map(|it| it.code.clone()).collect();
        obstacles.sort();
        obstacles.dedup();
        Self {
            gate: ask.id.clone(),
            environment: ask.environment.clone(),
            sha: ask.sha.clone(),
            pipeline: ask.pipeline.clone(),
            attempt: ask.attempt,
            rung,
            obstacles,
        }
    }
}

fn sentence(rung: Rung, verdict: &Verdict) -> String {
    let mut obstacles = verdict.findings.iter().flat_map(Finding::obstacles);
    let first = obstacles.next().map_or_else(|| "it is being looked at.".into(), |it| it.sentence.clone());
    match rung {
        Rung::Asked => format!("Asked; not decided yet: {first}"),
        Rung::Allowed => "Allowed just now. The workflow that this starts asks the gate itself.".into(),
        Rung::NotEnforced => {
            "Nothing is enforced there. The workflow that this starts asks the gate itself.".into()
        }
        Rung::Denied => format!("Denied: {first}"),
        Rung::Over => "Nobody allowed it within 30 days. Ask again.".into(),
    }
}

/// The hosts that may be called, and whether addresses of private networks may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callable {
    /// `ci.example.com`, or `ci.example.com:8443`, in lower case.
    pub hosts: Vec<String>,
    pub private: bool,
}

impl Callable {
    /// Whether this address may be called, as far as it says so itself.
    ///
    /// # Errors
    /// Why not, and the cure.
    pub fn allows(&self, url: &str) -> Result<(), String> {
        let (scheme, rest) = url.split_once("://").ok_or("the address to call is no web address")?;
        let place = rest.split(['/', '?']).next().unwrap_or_default().to_ascii_lowercase();
        if url.contains(['@', '#', '\\']) || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("the address to call has a user name, a fragment or a space in it".into());
        }
        let host = place.rsplit_once(':').filter(|(host, _)| !host.ends_with(':') && !host.is_empty());
        let host = host.map_or(place.as_str(), |(host, _)| host);
        let is_here = ["127.0.0.1", "localhost", "[::1]"].contains(&host);
        if !(scheme == "https" || scheme == "http" && is_here && self.private) {
            return Err("the address to call is not encrypted: write it with https".into());
        }
        if self.hosts.contains(&place) {
            return Ok(());
        }
        Err(format!(
            "{} is not among the hosts that may be called; whoever runs the server adds it to CHANGEGATE_NOTIFY_HOSTS",
            super::finding::code(&place)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_that_are_named_are_called_and_nothing_unencrypted_but_this_machine_where_that_is_allowed() {
        let callable = |private| Callable {
            hosts: vec!["ci.example.com".into(), "ci.example.com:8443".into(), "127.0.0.1:9000".into()],
            private,
        };
        for (url, public, private) in [
            ("https://ci.example.com/hooks/1?x=2", true, true),
            ("https://CI.example.com", true, true),
            ("https://ci.example.com:8443/x", true, true),
            ("https://ci.example.com:444/x", false, false),
            ("http://ci.example.com/x", false, false),
            ("http://127.0.0.1:9000/x", false, true),
            ("https://ci.example.com@evil.example/x", false, false),
            ("https://evil.example/ci.example.com", false, false),
            ("https://ci.example.com.evil.example/", false, false),
            ("https://evil.example\\@ci.example.com/", false, false),
            ("https://ci.example.com#x", false, false),
            ("https:///x", false, false),
            ("file:///etc/passwd", false, false),
            ("ci.example.com", false, false),
        ] {
            assert_eq!(callable(false).allows(url).is_ok(), public, "{url}");
            assert_eq!(callable(true).allows(url).is_ok(), private, "{url}");
        }
        assert!(Callable::default().allows("https://ci.example.com/").is_err());
    }
}
