//! Puts what is decided in a meeting to the change requests that it is about.

use jiff::Timestamp;

use crate::domain::{
    effect::{Call, Effect, Reaction},
    event::{Planning, Triaged},
    facts::Inquiry,
    ids::{Actor, CommentId, IssueRef, ReleaseId, RepoName, SubjectId},
    policy::EffectivePolicy,
    report::text::{TITLE_LIMIT, escape},
    subject::View,
};

use super::{
    Asked, Came, Decision, Meeting,
    wish::{self, Place, Wish},
};

/// What is said of a swap of one with itself.
const TWO: &str = "it takes two change requests behind it";

/// So many decisions are taken in one meeting.
const MOST: usize = 500;

/// Who says something, when, and where.
pub(super) struct Said<'a> {
    pub(super) comment: CommentId,
    pub(super) at: Timestamp,
    pub(super) by: &'a Actor,
}

/// A change request that was found.
struct Found {
    asked: Asked,
    /// Its repository.
    name: RepoName,
    /// The release that it is in.
    release: Option<ReleaseId>,
}

/// What one change request is to be told.
#[derive(Default)]
struct Word {
    release: Option<String>,
    triage: Option<Triaged>,
    why: Option<String>,
}

impl Meeting {
    /// Keeps the commands of a comment, and asks the change requests. `None`: something must be found out first.
    pub(super) fn put(
        &mut self,
        said: &Said<'_>,
        words: &[(String, String)],
        policy: &EffectivePolicy,
        effects: &mut Vec<Effect>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<()> {
        let Some(on) = self.issue else { return Some(()) };
        if words.is_empty() || self.decisions.len() >= MOST {
            return Some(());
        }
        if self.decisions.iter().any(|known| known.comment == said.comment) {
            return Some(());
        }
        let read = words.iter().enumerate().filter_map(|(place, (word, rest))| {
            let wish = wish::read(word, rest)?;
            let written = policy.command_prefix().map(|prefix| format!("{prefix} {word}"));
            let word = written.as_deref().unwrap_or(word);
            Some(
                wish.map(|wish| self.decision(said, (place, word, &wish), policy, inquiry))
                    .unwrap_or_else(|why| Some((refused(said, (place, word), why), vec![]))),
            )
        });
        let read: Vec<Option<(Decision, Vec<Word>)>> = read.collect();
        let is_heard = !read.is_empty();
        for (decision, words) in read.into_iter().collect::<Option<Vec<_>>>()? {
            let plans = decision.of.iter().zip(words);
            effects.extend(plans.map(|(asked, word)| plan(on, asked.at, word, &decision)));
            let is_decided = !decision.of.is_empty() || decision.refused.is_some();
            self.decisions.extend(is_decided.then_some(decision));
        }
        self.decisions.sort_by_key(|it| (it.at, it.comment, it.place));
        if is_heard {
            effects.extend(self.answer(on, said.comment));
        }
        Some(())
    }

    /// What it is about, and what each change request is to be told. `None`: something must be found out first.
    fn decision(
        &self,
        said: &Said<'_>,
        (place, word, wish): (usize, &str, &Wish),
        policy: &EffectivePolicy,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<(Decision, Vec<Word>)> {
        let (of, why): (Vec<&Place>, Option<String>) = match wish {
            Wish::Here => (vec![], None),
            Wish::Schedule { of, why, .. } | Wish::Unschedule { of, why } => (vec![of], why.clone()),
            // What was said is told with what became of it.
            Wish::Triage { of, .. } => (vec![of], None),
            Wish::Swap { goes, comes, why } => (vec![goes, comes], why.clone()),
        };
        let found: Vec<Option<Result<Found, String>>> =
            of.into_iter().map(|of| self.find(of, inquiry)).collect();
        let found = found.into_iter().collect::<Option<Vec<_>>>()?;
        let found = match found.into_iter().collect::<Result<Vec<Found>, String>>() {
            Ok(found) => found,
            Err(why) => return Some((refused(said, (place, word), why), vec![])),
        };
        let words = match told(wish, &found, policy, inquiry)? {
            Ok(words) => words,
            Err(why) => return Some((refused(said, (place, word), why), vec![])),
        };
        let of = found.into_iter().map(|found| found.asked).collect();
        Some((Decision { why, of, refused: None, ..refused(said, (place, word), String::new()) }, words))
    }

    /// The change request that is named. `Err`: there is none. `None`: something must be found out first.
    fn find(&self, place: &Place, inquiry: &mut Inquiry<'_>) -> Option<Result<Found, String>> {
        let Some(name) = place.name(&self.name) else {
            return Some(Err("no repository is called so".into()));
        };
        let repo =
            if name == self.name { Some(self.home) } else { inquiry.repository_named(name.clone())? };
        let written = format!("{name}#{}", place.number);
        let none = |name: &str| Some(Err(format!("{name} is no change request")));
        let Some(repo) = repo else { return none(&written) };
        let at = place.at(repo);
        let view = inquiry.view(SubjectId::ChangeRequest(at))?.and_then(View::as_change_request);
        let Some(view) = view.filter(|view| view.taken_in && view.exists) else { return none(&written) };
        let release = view.release.clone();
        let asked = Asked { at, name: written, title: view.title.clone(), came: Came::Waits };
        Some(Ok(Found { asked, name, release }))
    }
}

/// What each of those that were found is told. `Err`: why none is. `None`: something must be found out first.
fn told(
    wish: &Wish,
    found: &[Found],
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<Vec<Word>, String>> {
    Some(Ok(match wish {
        Wish::Here => vec![],
        Wish::Schedule { title, why, .. } => {
            vec![Word { release: Some(title.clone()), why: why.clone(), triage: None }]
        }
        Wish::Unschedule { why, .. } => vec![Word { why: why.clone(), ..Word::default() }],
        Wish::Triage { triage, said, .. } => {
            vec![Word { triage: Some(*triage), why: said.clone(), release: None }]
        }
        Wish::Swap { why, .. } => match swapped(found, policy, inquiry)? {
            Err(why) => return Some(Err(why)),
            Ok(release) => {
                let goes = Word { why: why.clone(), ..Word::default() };
                vec![goes, Word { release: Some(release), why: why.clone(), triage: None }]
            }
        },
    }))
}

/// The release in which one takes the place of the other. `Err`: why it cannot. `None`: something must be found out first.
fn swapped(
    found: &[Found],
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<String, String>> {
    let [goes, comes] = found else { return Some(Err(TWO.into())) };
    if goes.asked.at == comes.asked.at {
        return Some(Err(TWO.into()));
    }
    let Some(release) = &goes.release else {
        return Some(Err(format!("{} is in no release, so nothing can take its place", goes.asked.name)));
    };
    let title = escape(&release.title, TITLE_LIMIT);
    let train = policy.base().train_of(comes.name.as_str()).map(|(train, _)| train);
    if train != Some(release.train.as_str()) {
        return Some(Err(format!("the train of **{title}** does not carry {}", comes.asked.name)));
    }
    let view = inquiry.view(SubjectId::Release(release.clone()))?.and_then(View::as_release);
    Some(if view.is_some_and(|view| view.locked.is_some()) {
        Err(format!("**{title}** is locked, and from then on a swap is said on its control record"))
    } else {
        Ok(release.title.clone())
    })
}

/// One of which no change request is asked.
fn refused(said: &Said<'_>, (place, word): (usize, &str), why: String) -> Decision {
    let (at, comment, by) = (said.at, said.comment, said.by.clone());
    Decision { at, comment, place, by, word: word.into(), why: None, of: vec![], refused: Some(why) }
}

fn plan(meeting: IssueRef, on: IssueRef, word: Word, decision: &Decision) -> Effect {
    let Decision { at, comment, place, by, .. } = decision;
    let Word { release, triage, why } = word;
    let (at, comment, place, by) = (*at, *comment, *place, by.clone());
    let planning = Planning { release, triage, why, by, at, comment, place, on: meeting, in_meeting: true };
    Effect::new(Call::Plan { on, planning })
}

/// A reaction, and a sentence where something does not count.
pub(super) fn answered(on: IssueRef, comment: CommentId, refused: Option<String>) -> Vec<Effect> {
    let content = if refused.is_some() { Reaction::Confused } else { Reaction::ThumbsUp };
    let reaction = Effect::new(Call::Reaction { repo: on.repo, comment, content });
    let reply = refused.map(|body| {
        let purpose = format!("reply/{comment}");
        Effect::new(Call::Comment { on, purpose, body, was_on: Default::default() })
    });
    std::iter::once(reaction).chain(reply).collect()
}
