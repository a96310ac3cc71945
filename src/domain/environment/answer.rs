//! What GitHub and the log are told of a decision.

use jiff::Timestamp;

use super::{
    super::{
        audit::AuditEntry,
        bell::Rung,
        effect::{self, Call, Effect},
        gate::{Decision, Ruling, Standing, Verdict},
        report,
    },
    Answered, Request,
    gates::{At, ring},
};

/// GitHub takes ten notes of a deployment; the last is kept for the end.
pub(super) const MOST_NOTES: u8 = 9;

/// Where an answer goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct To<'a> {
    pub at: At<'a>,
    pub environment: &'a str,
    pub web_url: &'a str,
    /// Until when an answer may be sent that opens the gate; `None`: nothing is enforced.
    pub until: Option<Timestamp>,
}

/// Answers, or tells why it waits: only where that is news.
pub(super) fn answer(request: &mut Request, verdict: Verdict, to: To<'_>) -> Told {
    let before = request.verdict.replace(verdict.clone());
    let Some(job) = &request.job else { return Told::default() };
    let (attempt, run) = (job.attempt, request.run);
    let ruling = match verdict.ruling {
        Ruling::NotEnforced(_) | Ruling::Enforced(Decision::Allow) => Some(effect::Ruling::Approved),
        Ruling::Enforced(Decision::Deny) => Some(effect::Ruling::Rejected),
        Ruling::Enforced(Decision::Pending | Decision::Unavailable) => None,
    };
    let news = before.as_ref().map(report::gate::gist) != Some(report::gate::gist(&verdict));
    let mut effects = vec![];
    let (repo, environment) = (to.at.0, to.environment.to_owned());
    if let Some(ruling) = ruling {
        request.answered = Some(match request.bell {
            true => Answered::Ended { at: verdict.at },
            false => Answered::new(ruling, verdict.at),
        });
    }
    if news || ruling.is_some() {
        let is_rung = request.bell && ruling.is_some();
        let standing = if is_rung { Standing::Rung } else { Standing::of(&verdict, to.until) };
        for ask in request.gates.clone() {
            effects.extend(ring(to.at, &ask, Rung::of(verdict.ruling), &verdict, verdict.at));
            effects.push(request.tell(repo, ask, verdict.clone(), standing));
        }
    }
    let comment = report::gate::note(&verdict, to.web_url);
    if let Some(ruling) = ruling.filter(|_| request.rule) {
        let until = to.until.filter(|_| verdict.lets_through());
        let effect =
            Effect::new(Call::ProtectionAnswer { repo, run, attempt, environment, ruling, comment, until });
        // Another job of the same attempt may ask for the same answer.
        effects.push(effect.again());
    } else if ruling.is_none() && request.rule && news && request.notes < MOST_NOTES {
        request.notes += 1;
        effects.push(Effect::new(Call::ProtectionNote { repo, run, attempt, environment, comment }));
    }
    let decided = before.is_none_or(|before| before.ruling != verdict.ruling) || news;
    let audit = if decided { vec![entry(request, &verdict, to)] } else { vec![] };
    if request.bell && ruling.is_some() {
        request.gates.clear();
    }
    Told { effects, audit }
}

/// What is to be told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub effects: Vec<Effect>,
    pub audit: Vec<AuditEntry>,
}

impl Told {
    pub(super) fn add(&mut self, more: Self) {
        self.effects.extend(more.effects);
        self.audit.extend(more.audit);
    }
}

impl Answered {
    const fn new(ruling: effect::Ruling, at: Timestamp) -> Self {
        match ruling {
            effect::Ruling::Approved => Self::Approved { at },
            effect::Ruling::Rejected => Self::Rejected { at },
        }
    }
}

fn entry(request: &Request, verdict: &Verdict, to: To<'_>) -> AuditEntry {
    let obstacles: Vec<&str> =
        verdict.findings.iter().flat_map(|it| it.obstacles()).map(|it| it.code.as_str()).collect();
    let enforced = matches!(verdict.ruling, Ruling::Enforced(_));
    let entry = AuditEntry::new("deployment.decided")
        .fact("repository", to.at.0)
        .fact("run", request.run)
        .fact("decision", verdict.ruling.decision().as_str())
        .fact("enforced", enforced)
        .fact("obstacles", obstacles.join(" "))
        .text("environment", to.environment);
    let gates: Vec<&str> = request.gates.iter().map(|ask| ask.id.as_str()).collect();
    let entry = if request.bell { entry.fact("told", "asked to be told") } else { entry };
    let entry = if gates.is_empty() { entry } else { entry.fact("gates", gates.join(" ")) };
    let Some(job) = &request.job else { return entry };
    let pull_requests = request.brings.iter().flat_map(|brings| &brings.pull_requests);
    let pull_requests: Vec<String> = pull_requests.map(|number| format!("{}#{number}", to.at.0)).collect();
    let from = request.brings.as_ref().and_then(|brings| brings.from.as_ref());
    entry
        .by(job.by.as_ref())
        .fact("attempt", job.attempt)
        .fact("commit", &job.sha)
        .fact("baseline", from.map_or_else(String::new, ToString::to_string))
        .fact("pull_requests", pull_requests.join(" "))
}
