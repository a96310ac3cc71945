//! What we answer to somebody who may not do what they did: what it was, who may, and what became of it.

use crate::domain::{
    change_request::{
        ChangeRequest,
        act::{Act, ActId, Deed, Met, Refusal, Ruling, Verdict},
        answer,
        way_back::WayBack,
    },
    finding::Finding,
    ids::{Actor, Sha},
    policy::Who,
};

use super::{
    check,
    status::Setting,
    text::{self, TITLE_LIMIT},
};

/// One comment for acts that were refused together. It mentions the person who acted, and nobody else.
#[must_use]
pub fn refused(acts: &[&Act], after: &ChangeRequest, setting: &Setting<'_>) -> String {
    let mut sentences: Vec<String> = vec![];
    for act in acts {
        let Verdict::Refused(refusal) = &act.verdict else { continue };
        let sentence = sentence(act, *refusal, after, setting);
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    text::cut(sentences.join("\n\n"))
}

fn sentence(act: &Act, refusal: Refusal, after: &ChangeRequest, setting: &Setting<'_>) -> String {
    let who = act.by.as_ref().map_or_else(|| "Somebody".to_owned(), text::mention);
    let done = done(act, setting);
    let why = why(act, refusal, after, setting);
    let then = became(act, refusal, after, setting);
    format!("{who} {done}; {why}. {then}").trim_end().to_owned()
}

fn done(act: &Act, setting: &Setting<'_>) -> String {
    let bold = |name: &str| format!("**{}**", text::escape(name, TITLE_LIMIT));
    match (&act.id, &act.deed) {
        (ActId::Label(name, _), _) => format!("set {}", bold(name)),
        (ActId::Unlabel(name, _), _) => format!("took {} off", bold(name)),
        (ActId::Milestone(..), Deed::Plan(title)) => format!("set milestone {}", bold(title)),
        (ActId::Milestone(..), _) => "set the milestone".into(),
        (ActId::Silence(_), _) => "did not answer".into(),
        (ActId::Operator(_), _) => "declared an emergency at the command line".into(),
        (ActId::Comment(..) | ActId::CameAlong(..), deed) => format!("wrote {}", written(deed, setting)),
    }
}

/// The command, as it is written here.
fn written(deed: &Deed, setting: &Setting<'_>) -> String {
    let word = match deed {
        Deed::Rule { ruling: Ruling::Accepted, .. } => "accept",
        Deed::Rule { ruling: Ruling::NeedsInformation, .. } => "need-info",
        Deed::Rule { ruling: Ruling::Deferred, .. } => "defer",
        Deed::Rule { ruling: Ruling::Declined, .. } => "decline",
        Deed::Rule { ruling: Ruling::Duplicate, .. } => "duplicate",
        Deed::Rule { ruling: Ruling::Withdrawn, .. } => "withdraw",
        Deed::Reopen => "reopen",
        Deed::Malformed { word, .. } => word,
        Deed::Try { works: true, .. } => "works",
        Deed::Try { works: false, .. } => "does-not-work",
        Deed::Risk { .. } => "risk",
        Deed::Emergency { .. } => "emergency",
        Deed::Start => "started",
        Deed::Vouch => "approve",
        Deed::LookBack { .. } => "done",
        Deed::Note(note) => note.word(),
        Deed::Unheard(_) => return "a command that does not exist".into(),
        Deed::Schedule { .. } => "schedule",
        Deed::Unschedule { .. } => "unschedule",
        Deed::TakeBack(_) | Deed::Infrastructure | Deed::Class | Deed::Plan(_) => return "a command".into(),
    };
    setting.command(word)
}

/// Why it does not count, as the rest of a sentence.
#[must_use]
pub fn why(act: &Act, refusal: Refusal, after: &ChangeRequest, setting: &Setting<'_>) -> String {
    let triagers = || people("triagers", "triager", &setting.rules.triagers, setting);
    match (refusal, &act.deed) {
        (Refusal::NotUnderstood, Deed::Malformed { takes, .. }) => format!("it takes {takes} behind it"),
        (Refusal::NotUnderstood, _) => "the status comment lists those that do".into(),
        (Refusal::NotByHand, _) => "this label is not set by hand".into(),
        (Refusal::NotAPerson, _) => "only people decide".into(),
        (Refusal::NoTrain, _) => "no train of the policy carries this repository".into(),
        (Refusal::NoNext, _) => {
            "the policy does not say when the train leaves (`every`), so the release has to be named".into()
        }
        (Refusal::AllFull, Deed::Schedule { kept, .. }) if !kept.is_empty() => {
            "every release that leaves soon is full, or what is left of it is kept for other accounts (`slots`, `reserved`), so the release has to be named".into()
        }
        (Refusal::AllFull, _) => {
            "every release that leaves soon is full (`slots`), so the release has to be named".into()
        }
        (Refusal::LimitMet, _) => limit_met(act, setting),
        (Refusal::TheirOwn, _) => their_own(act, setting),
        (Refusal::NoSuchRelease, _) => no_such_release(setting),
        (Refusal::Nobody, Deed::Plan(_)) => {
            format!("GitHub does not say who it was; {}", managers(setting))
        }
        (Refusal::Nobody, _) => format!("GitHub does not say who it was; this is decided by {}", triagers()),
        (Refusal::NotAReleaseManager, Deed::Vouch) => {
            format!("an emergency is signed by {}", release_managers(setting))
        }
        (Refusal::NotAReleaseManager, _) => managers(setting),
        (Refusal::NotOnCall, _) => format!("an emergency is declared by {}", on_call(setting)),
        (Refusal::NoEmergencies, _) => {
            "the policy knows no emergency: no section of `environments` says `emergency`".into()
        }
        (Refusal::NeitherOnCallNorReleaseManager, _) => {
            let more = [on_call(setting), release_managers(setting)];
            format!("that is for {}", listed(those_who_do_it(after, setting).chain(more)))
        }
        (Refusal::NotTheClient, _) => clients(after, setting),
        (Refusal::NotDelivered, _) => "it does not run in production yet".into(),
        (Refusal::NotTheSponsor, _) => ranked_by(after, setting),
        (Refusal::NeitherAskerNorTriager, _) => askers(after, setting),
        (Refusal::NeitherContactNorOperations, _) => {
            let all = those_who_do_it(after, setting).chain([release_managers(setting)]);
            format!("that is for {}", listed(all))
        }
        (Refusal::HasCode, _) => {
            let label = text::escape(setting.rules.labels.infrastructure(), TITLE_LIMIT);
            format!(
                "it starts with the deployment of its pull requests; where it needs none, a triager sets **{label}** first"
            )
        }
        (Refusal::NotNow, _) => not_now(after, setting),
        (Refusal::NotATriager, _) => format!("this is decided by {}", triagers()),
    }
}

/// The contact and operations, as far as there are any.
fn those_who_do_it(after: &ChangeRequest, setting: &Setting<'_>) -> impl Iterator<Item = String> {
    let contact = after.contact().map(|it| format!("the contact ({})", text::escape(&it.login, TITLE_LIMIT)));
    let operations = &setting.rules.operations;
    let operations = (!operations.is_empty())
        .then(|| people("people of operations", "group `operations`", operations, setting));
    contact.into_iter().chain(operations)
}

/// `a, b and c`.
fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.as_slice() {
        [first @ .., before, last] => {
            first.iter().map(|name| format!("{name}, ")).collect::<String>() + &format!("{before} and {last}")
        }
        few => few.concat(),
    }
}

/// What stands against it, one after the other.
fn not_now(after: &ChangeRequest, setting: &Setting<'_>) -> String {
    let sentence = |finding: &Finding| {
        let words = |text: &str| check::markdown(text, &finding.names, setting.web_url);
        let cure = finding.cure.as_ref().map(|cure| format!(" **Cure:** {}.", words(cure)));
        format!("\n- {}{}", words(&finding.sentence), cure.unwrap_or_default())
    };
    let all: String = after.hindrances.iter().map(sentence).collect();
    format!("it may not start now:{all}\n\nComment {} again then", setting.command("started"))
}

/// That as many are accepted as may be, and how one more is.
fn limit_met(act: &Act, setting: &Setting<'_>) -> String {
    let Met { limit, there } = act.met.unwrap_or(Met { limit: 0, there: 0 });
    let are =
        if there == 1 { "1 change request is".to_owned() } else { format!("{there} change requests are") };
    format!(
        "{are} accepted and neither planned nor begun, over all repositories, and the limit is {limit} (`intake.limits`). It can be accepted once one of them is planned or begun, or over the limit by {} with {}, which is recorded",
        people("triagers", "triager", &setting.rules.triagers, setting),
        setting.command("accept over: WHY")
    )
}

/// That nobody accepts what they asked for, and who else may.
fn their_own(act: &Act, setting: &Setting<'_>) -> String {
    let is_by = |who: &Who| act.by.as_ref().is_some_and(|by| who.is_login(&by.login));
    let others: Vec<Who> = setting.rules.triagers.iter().filter(|who| !is_by(who)).cloned().collect();
    let who = if others.is_empty() {
        "and the policy names no other triager (`roles.triager`)".into()
    } else {
        format!("so another of {} decides", people("triagers", "triager", &others, setting))
    };
    format!("nobody accepts what they asked for themselves (`intake.own`), {who}")
}

fn no_such_release(setting: &Setting<'_>) -> String {
    let example = setting.rules.train().map(|(_, train)| train.title.example()).unwrap_or_default();
    format!(
        "no release of the train is called so; they are called like **{}**",
        text::escape(&example, TITLE_LIMIT)
    )
}

fn askers(after: &ChangeRequest, setting: &Setting<'_>) -> String {
    let requester = after.requester().map(|requester| text::escape(&requester.login, TITLE_LIMIT));
    let sponsor = setting.rules.sponsor_of(after.account.as_deref());
    let sponsor = sponsor.map(|who| format!(", the sponsor ({})", setting.person(who)));
    format!(
        "that is for the requester ({}){} and {}",
        requester.unwrap_or_else(|| "unknown".into()),
        sponsor.unwrap_or_default(),
        people("triagers", "triager", &setting.rules.triagers, setting)
    )
}

fn clients(after: &ChangeRequest, setting: &Setting<'_>) -> String {
    let requester =
        after.requester().map_or_else(|| "unknown".into(), |it| text::escape(&it.login, TITLE_LIMIT));
    let sponsor = setting.rules.sponsor_of(after.account.as_deref());
    let sponsor =
        sponsor.map(|who| format!(" and the sponsor ({})", setting.person(who))).unwrap_or_default();
    format!("that is for the requester ({requester}){sponsor}")
}

fn ranked_by(after: &ChangeRequest, setting: &Setting<'_>) -> String {
    let account = after.account.as_deref().map(|name| format!("**{}**", text::escape(name, TITLE_LIMIT)));
    let triagers = || people("triagers", "triager", &setting.rules.triagers, setting);
    match (account, setting.rules.sponsor_of(after.account.as_deref())) {
        (Some(account), Some(sponsor)) => {
            format!("the requests of {account} are ranked by its sponsor ({})", setting.person(sponsor))
        }
        (Some(account), None) => {
            format!(
                "the policy names no sponsor of {account} (`accounts`), so it is ranked by {}",
                triagers()
            )
        }
        (None, _) => format!("it belongs to no account, so it is ranked by {}", triagers()),
    }
}

fn managers(setting: &Setting<'_>) -> String {
    format!("releases are planned by {}", release_managers(setting))
}

fn release_managers(setting: &Setting<'_>) -> String {
    people("release managers", "release manager", &setting.rules.release_managers, setting)
}

fn on_call(setting: &Setting<'_>) -> String {
    people("people on call", "`break-glass` role", &setting.rules.on_call, setting)
}

/// To whoever declares an emergency: what is quicker than a fix. `None`: nothing ran before.
#[must_use]
pub fn goes_back(act: &Act, ways: &[WayBack], setting: &Setting<'_>) -> Option<String> {
    if ways.is_empty() {
        return None;
    }
    let by = act.by.as_ref().map(text::mention).unwrap_or_default();
    let lines = ways.iter().map(|way| {
        let (web_url, name, back) = (setting.web_url, &way.name, &way.back);
        let (environment, repository) =
            (text::escape(&way.environment, TITLE_LIMIT), text::escape(name.as_str(), TITLE_LIMIT));
        let commit = |sha: &Sha| format!("[`{}`]({web_url}/{name}/commit/{sha})", sha.short());
        let again = match back.run {
            Some(run) => format!("[run it again]({web_url}/{name}/actions/runs/{run})"),
            None => "deploy that commit again".into(),
        };
        let since = setting.rules.zone.time(back.at);
        format!(
            "- **{environment}** of {repository} runs {}; before that ran {}, deployed on {since}: {again}.",
            commit(&back.runs),
            commit(&back.to)
        )
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    Some(text::cut(format!(
        "{by} **First, if it helps: go back.** What ran before passes at once, without a signature and without anything being owed.\n\n{lines}\n\nOtherwise the fix goes ahead, as the status comment says."
    )))
}

/// To whoever declares an emergency on an issue that we cannot take in ourselves.
#[must_use]
pub fn lacks_type(by: &Actor, kind: &str) -> String {
    let (by, kind) = (text::mention(by), text::escape(kind, TITLE_LIMIT));
    format!(
        "{by} This issue is an emergency as soon as it has the type **{kind}**, which Changegate cannot set. Nothing else is needed."
    )
}

/// `the triagers (acme/triage)`, as links that call nobody.
#[must_use]
pub fn people(many: &str, one: &str, people: &[Who], setting: &Setting<'_>) -> String {
    if people.is_empty() {
        return format!("nobody: the policy names no {one}");
    }
    let names: Vec<String> = people.iter().map(|who| setting.person(who)).collect();
    format!("the {many} ({})", names.join(", "))
}

fn became(act: &Act, refusal: Refusal, after: &ChangeRequest, setting: &Setting<'_>) -> &'static str {
    let may_ask = match refusal {
        Refusal::Nobody
        | Refusal::NotATriager
        | Refusal::NotTheSponsor
        | Refusal::NotTheClient
        | Refusal::NeitherAskerNorTriager
        | Refusal::NotAReleaseManager
        | Refusal::NotOnCall
        | Refusal::NeitherOnCallNorReleaseManager
        | Refusal::NeitherContactNorOperations
        | Refusal::TheirOwn => true,
        Refusal::NotAPerson
        | Refusal::HasCode
        | Refusal::NotDelivered
        | Refusal::NotNow
        | Refusal::NoEmergencies
        | Refusal::NotByHand
        | Refusal::NotUnderstood
        | Refusal::NoTrain
        | Refusal::NoSuchRelease
        | Refusal::AllFull
        | Refusal::LimitMet
        | Refusal::NoNext => false,
    };
    match (&act.id, &act.deed) {
        (ActId::Label(..) | ActId::Milestone(..), _) if setting.rules.enforces() && may_ask => {
            "It was taken off again. Ask them here."
        }
        (ActId::Label(..) | ActId::Milestone(..), _) if setting.rules.enforces() => "It was taken off again.",
        (ActId::Label(..) | ActId::Milestone(..), _) => "It does not count.",
        (ActId::Unlabel(..), Deed::TakeBack(taken)) if answer::is_restored(after, *taken, setting) => {
            "It was put on again."
        }
        (ActId::Unlabel(..), _) => "What it said has ended with it. Ask them here.",
        (ActId::Comment(..) | ActId::Operator(_) | ActId::Silence(_) | ActId::CameAlong(..), _) => "",
    }
}
