//! `changegate emergency`: somebody on call declares an emergency at the command line, where there is no issue for it. One is
//! opened; what is declared is declared there.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        decide::Case,
        effect::{Call, Effect},
        event::{Declaration, IssuePurpose, What},
        facts::{Inquiry, Membership},
        finding::one_line,
        ids::IssueRef,
        policy::{EffectivePolicy, Mode},
        report::{
            heard::Heard,
            text::{self, TEXT_LIMIT},
        },
    },
    Repository,
};

/// How many are remembered.
const MOST: usize = 20;
/// For how long it is tried to find out who may.
const TRIED_FOR: SignedDuration = SignedDuration::from_mins(30);

/// What became of a declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Declared {
    /// It is not known yet whether they may, and why.
    Doubted {
        declaration: Declaration,
        why: String,
    },
    Refused {
        at: Timestamp,
        why: String,
    },
    /// Its issue is being opened.
    Opening {
        at: Timestamp,
    },
    Opened {
        at: Timestamp,
        issue: IssueRef,
    },
}

impl Declared {
    const fn at(&self) -> Timestamp {
        match self {
            Self::Doubted { declaration, .. } => declaration.at,
            Self::Refused { at, .. } | Self::Opening { at } | Self::Opened { at, .. } => *at,
        }
    }
}

impl Repository {
    /// Whether it is not known yet of somebody if they may.
    pub(super) fn doubts_declared(&self) -> bool {
        self.declared.values().any(|it| matches!(it, Declared::Doubted { .. }))
    }

    /// Takes what was declared at the command line, and where its issue is. `None`: something has to be found out first.
    pub(super) fn hear_declared(&mut self, case: &Case<'_>, inquiry: &mut Inquiry<'_>) -> Option<Heard> {
        let mut heard = Heard::default();
        let doubted = self.declared.values().filter_map(|it| {
            if let Declared::Doubted { declaration, .. } = it { Some(declaration.clone()) } else { None }
        });
        let told = case.events.iter().filter_map(|event| {
            if let What::Declared(declaration) = &event.what { Some(declaration.clone()) } else { None }
        });
        let new = told.filter(|it| !self.declared.contains_key(&it.id));
        let asked: Vec<Declaration> = doubted.chain(new).collect();
        if !asked.is_empty() {
            let policy = inquiry.policy_of(&self.view())?;
            let judged: Vec<_> =
                asked.iter().map(|it| self.judge_declared(it, policy.as_ref(), inquiry)).collect();
            for (declaration, verdict) in asked.into_iter().zip(judged) {
                let verdict = verdict?;
                self.take_declared(declaration, verdict, case.now, &mut heard);
            }
        }
        for event in case.events {
            if let What::Kept { issue, purpose: IssuePurpose::Emergency(declaration) } = &event.what {
                let opened = Declared::Opened { at: declaration.at, issue: *issue };
                self.declared.insert(declaration.id.clone(), opened);
            }
        }
        forget(&mut self.declared);
        Some(heard)
    }

    /// `Err`: why not; with `true` it may be otherwise later.
    fn judge_declared(
        &self,
        declaration: &Declaration,
        policy: Option<&EffectivePolicy>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Result<(), (bool, String)>> {
        let Some(policy) = policy else {
            return Some(Err((false, "there is no policy in this repository".into())));
        };
        let knows =
            policy.parts().flat_map(|part| part.environments().values()).any(|it| it.emergency.is_some());
        if !knows {
            let why = "the policy knows no emergency: no section of `environments` says `emergency`";
            return Some(Err((false, why.into())));
        }
        if policy.mode_for(self.name.as_str()) == Mode::Observe {
            return Some(Err((false, "the repository is only observed: nothing is stopped there".into())));
        }
        let on_call = policy.role("break-glass");
        Some(match inquiry.membership(on_call, &declaration.by)? {
            Membership::Member => Ok(()),
            Membership::Unknown(why) => Err((true, why)),
            Membership::Stranger => {
                let names: Vec<String> = on_call.iter().map(ToString::to_string).collect();
                let (login, names) = (&declaration.by.login, names.join(", "));
                Err((
                    false,
                    format!("{login} is not one of the people on call (role `break-glass`: {names})"),
                ))
            }
        })
    }

    fn take_declared(
        &mut self,
        declaration: Declaration,
        verdict: Result<(), (bool, String)>,
        now: Timestamp,
        heard: &mut Heard,
    ) {
        let (id, at) = (declaration.id.clone(), declaration.at);
        let declared = match verdict {
            Ok(()) => {
                heard.audit.push(entry(&declaration, "emergency.declared_by_operator"));
                heard.effects.push(open(self, declaration));
                Declared::Opening { at }
            }
            Err((true, why)) if now.duration_since(at) < TRIED_FOR => Declared::Doubted { declaration, why },
            Err((_, why)) => {
                heard
                    .audit
                    .push(entry(&declaration, "emergency.operator_refused").text("why_not", why.clone()));
                Declared::Refused { at, why }
            }
        };
        self.declared.insert(id, declared);
    }
}

fn entry(declaration: &Declaration, code: &str) -> AuditEntry {
    let entry = AuditEntry::new(code).by(Some(&declaration.by)).fact("id", &declaration.id);
    entry.fact("at", declaration.at).text("why", declaration.why.clone())
}

/// The issue in which it is declared.
fn open(repository: &Repository, declaration: Declaration) -> Effect {
    let title: String = one_line(&declaration.why).chars().take(text::TITLE_LIMIT).collect();
    let by = text::mention(&declaration.by);
    let why = text::escape(&declaration.why, TEXT_LIMIT);
    let incident =
        declaration.incident.as_ref().map(|url| format!("\n\nIncident: {}", text::escape(url, TEXT_LIMIT)));
    let part = declaration.pull_request.map(|number| format!("\n\nPull request: #{number}"));
    let body = format!(
        "{why}\n\nDeclared an emergency for {by} with `changegate emergency`, by the word of the operator of this server.{}{}",
        incident.unwrap_or_default(),
        part.unwrap_or_default()
    );
    Effect::new(Call::Issue {
        repo: repository.id,
        purpose: format!("emergency/{}", declaration.id),
        title: format!("Emergency: {title}"),
        body: text::cut(body),
        open: true,
        told: Some(IssuePurpose::Emergency(declaration)),
    })
}

fn forget(declared: &mut BTreeMap<String, Declared>) {
    while declared.len() > MOST {
        let oldest = declared.iter().min_by_key(|(_, it)| it.at()).map(|(id, _)| id.clone());
        oldest.and_then(|id| declared.remove(&id));
    }
}
