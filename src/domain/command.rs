//! What people tell Changegate to do, in comments: `/accept` at the beginning of a line.
//!
//! Only what is said in the open counts: nothing quoted, shown as code or hidden. Slash words that are not ours
//! belong to other bots and are passed over in silence, unless the policy gives us a prefix of our own.

use jiff::Timestamp;

use super::{
    event::{CommentChange, CommentSnapshot, Event, What},
    ids::{Actor, CommentId},
    markdown::{self, Stands},
};

/// One thing that somebody tells us to do. Arguments are as people wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Accept,
    /// Over the limit of what may be accepted: why.
    AcceptOver(String),
    /// Until when, in the person's words.
    Defer(Option<String>),
    /// Why; Prow's `/triage declined` gives no reason.
    Decline(Option<String>),
    /// What is to be said.
    NeedInformation(Option<String>),
    /// Of which issue: `#12`, `acme/web#12` or a link; Prow's `/triage duplicate` may name none.
    Duplicate(Option<String>),
    Withdraw,
    Reopen,
    Status,
    Recheck,
    Help,
    /// Ours, but not judged for issues in triage.
    Later(Later),
    /// Ours, but not complete.
    Malformed(Malformed),
    /// Not ours, though it stands behind our prefix.
    Unknown(String),
}

/// Commands whose judges are elsewhere: planning, signatures, delivery, emergencies, ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Later {
    Project,
    Contact(String),
    Size(String),
    Risk(String),
    Rank(String),
    NeededBy(String),
    Rate(String),
    Works,
    DoesNotWork(String),
    Schedule(String),
    Unschedule,
    Swap(String),
    Carry(String),
    Candidate(String),
    Lock,
    Freeze(String),
    Unfreeze(String),
    /// Group and revision, where given.
    Approve(String),
    ApproveCancel,
    Reject(String),
    RejectCancel,
    Hold(String),
    Unhold,
    Delegate(String),
    Substitute(String),
    Started,
    Done(String),
    Emergency(String),
    Adopt(String),
}

/// A command that cannot be followed as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Without the slash, in lower case.
    pub word: &'static str,
    /// What it takes behind it: "a reason".
    pub takes: &'static str,
}

/// A comment that tells us something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub comment: CommentId,
    pub by: Actor,
    /// When it was written.
    pub at: Timestamp,
    /// In order; never empty.
    pub commands: Vec<Command>,
}

impl Told {
    /// Whether it asks for something that anybody may ask for: help, the status, a second look.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.commands
            .iter()
            .any(|command| matches!(command, Command::Help | Command::Status | Command::Recheck))
    }

    /// Whether it asks for GitHub to be read again.
    #[must_use]
    pub fn rechecks(&self) -> bool {
        self.commands.contains(&Command::Recheck)
    }
}

/// A new comment, who wrote it and when: only a person's own, as it was first written; never ours, never an app's or a
/// bot's.
#[must_use]
pub fn written(event: &Event) -> Option<(&CommentSnapshot, &Actor, Timestamp)> {
    let What::Comment { change: CommentChange::Created, comment, .. } = &event.what else { return None };
    let by = comment.author.as_ref().filter(|author| author.person && comment.app.is_none())?;
    let by_itself = event.actor.as_ref().is_none_or(|actor| actor.id == by.id && actor.person);
    let unchanged = comment.updated_at.is_none_or(|at| Some(at) == comment.created_at);
    let at = comment.created_at.filter(|_| by_itself && unchanged)?;
    Some((comment, by, at))
}

/// What a new comment tells us, if it tells anything.
#[must_use]
pub fn told(event: &Event, prefix: Option<&str>) -> Option<Told> {
    let (comment, by, at) = written(event)?;
    let commands = parse(&comment.body, prefix);
    (!commands.is_empty()).then(|| Told { comment: comment.id, by: by.clone(), at, commands })
}

/// No comment tells more than this; the rest is passed over.
const AT_MOST: usize = 20;

/// The commands in a comment, in order. With the prefix `cg`, only `/cg accept` is one.
#[must_use]
pub fn parse(body: &str, prefix: Option<&str>) -> Vec<Command> {
    let open = markdown::lines(body).into_iter().filter(|line| line.stands == Stands::Open);
    open.filter_map(|line| command(&line.text, prefix)).take(AT_MOST).collect()
}

/// The lines that begin with a slash and, where there is one, the prefix: the word in lower case, and what stands behind it. For
/// whoever reads other commands than ours on an issue.
#[must_use]
pub fn words(body: &str, prefix: Option<&str>) -> Vec<(String, String)> {
    let open = markdown::lines(body).into_iter().filter(|line| line.stands == Stands::Open);
    let words = |text: &str| {
        let (word, rest) = first_word(bare(text).strip_prefix('/')?);
        let Some(prefix) = prefix else { return Some((word, rest.to_owned())) };
        let (own, rest) = first_word(rest);
        word.eq_ignore_ascii_case(prefix).then(|| (own, rest.to_owned()))
    };
    open.filter_map(|line| words(&line.text)).take(AT_MOST).collect()
}

fn command(line: &str, prefix: Option<&str>) -> Option<Command> {
    let (word, rest) = first_word(bare(line).strip_prefix('/')?);
    let Some(prefix) = prefix else { return known(&word, rest) };
    if !word.eq_ignore_ascii_case(prefix) {
        return None;
    }
    let (word, rest) = first_word(rest);
    if word.is_empty() {
        return Some(Command::Help);
    }
    Some(known(&word, rest).unwrap_or(Command::Unknown(word)))
}

/// The first word in lower case, without a full stop or the like at its end, and the rest.
fn first_word(text: &str) -> (String, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let word = bare(word).trim_end_matches(['.', ',', ';', ':', '!']);
    (word.to_ascii_lowercase(), bare(rest))
}

/// Without blank space and the marks that steer the direction of writing, at both ends.
fn bare(text: &str) -> &str {
    let is_mark = |c: char| {
        matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.trim_matches(|c: char| c.is_whitespace() || is_mark(c))
}

fn known(word: &str, rest: &str) -> Option<Command> {
    triage(word, rest).or_else(|| later(word, rest).map(Command::Later))
}

fn triage(word: &str, rest: &str) -> Option<Command> {
    Some(match word {
        "accept" => accept(rest, "accept"),
        "defer" => with(rest, Command::Defer, "defer", "a day or an event until which it waits"),
        "decline" => with(rest, Command::Decline, "decline", "a reason"),
        "need-info" => with(rest, Command::NeedInformation, "need-info", "the question"),
        "duplicate" => duplicate(rest),
        "triage" => return prow_triage(rest),
        "withdraw" => alone(rest, Command::Withdraw, "withdraw", "nothing"),
        "reopen" => alone(rest, Command::Reopen, "reopen", "nothing"),
        "status" => Command::Status,
        "recheck" => Command::Recheck,
        "help" => Command::Help,
        _ => return None,
    })
}

fn prow_triage(rest: &str) -> Option<Command> {
    let (word, rest) = first_word(rest);
    Some(match word.as_str() {
        "accepted" => accept(rest, "triage accepted"),
        "needs-information" => Command::NeedInformation(said(rest)),
        "deferred" => Command::Defer(said(rest)),
        "declined" => Command::Decline(said(rest)),
        "duplicate" => Command::Duplicate(said(rest)),
        _ => return None,
    })
}

/// `/accept over: WHY`, with its colon: who accepts something over the weekend wants something else.
fn accept(rest: &str, word: &'static str) -> Command {
    let over = rest.split_once(':').filter(|(over, _)| over.trim().eq_ignore_ascii_case("over"));
    match over {
        Some((_, why)) if !bare(why).is_empty() => Command::AcceptOver(bare(why).to_owned()),
        Some(_) | None => {
            alone(rest, Command::Accept, word, "nothing, or `over:` and why it is accepted over the limit,")
        }
    }
}

fn duplicate(rest: &str) -> Command {
    const TAKES: &str = "the other issue (like `#12` or `owner/repository#12`)";
    let names_an_issue = rest.contains(['#', '/']) && rest.chars().any(|c| c.is_ascii_digit());
    if names_an_issue {
        Command::Duplicate(said(rest))
    } else {
        Command::Malformed(Malformed { word: "duplicate", takes: TAKES })
    }
}

fn alone(rest: &str, command: Command, word: &'static str, takes: &'static str) -> Command {
    if rest.is_empty() { command } else { Command::Malformed(Malformed { word, takes }) }
}

fn with(
    rest: &str,
    command: fn(Option<String>) -> Command,
    word: &'static str,
    takes: &'static str,
) -> Command {
    said(rest).map_or(Command::Malformed(Malformed { word, takes }), |said| command(Some(said)))
}

fn said(rest: &str) -> Option<String> {
    (!rest.is_empty()).then(|| rest.to_owned())
}

fn later(word: &str, rest: &str) -> Option<Later> {
    let said = || rest.to_owned();
    let cancels = rest.eq_ignore_ascii_case("cancel");
    Some(match word {
        "project" => Later::Project,
        "contact" => Later::Contact(said()),
        "size" => Later::Size(said()),
        "risk" => Later::Risk(said()),
        "rank" => Later::Rank(said()),
        "needed-by" => Later::NeededBy(said()),
        "rate" => Later::Rate(said()),
        "works" => Later::Works,
        "does-not-work" => Later::DoesNotWork(said()),
        "milestone" if rest.eq_ignore_ascii_case("clear") => Later::Unschedule,
        "schedule" | "milestone" => Later::Schedule(said()),
        "unschedule" => Later::Unschedule,
        "swap" => Later::Swap(said()),
        "carry" => Later::Carry(said()),
        "candidate" => Later::Candidate(said()),
        "lock" => Later::Lock,
        "freeze" => Later::Freeze(said()),
        "unfreeze" => Later::Unfreeze(said()),
        "approve" if cancels => Later::ApproveCancel,
        "approve" => Later::Approve(said()),
        "remove-approve" => Later::ApproveCancel,
        "reject" if cancels => Later::RejectCancel,
        "reject" => Later::Reject(said()),
        "remove-reject" => Later::RejectCancel,
        "hold" if cancels => Later::Unhold,
        "hold" => Later::Hold(said()),
        "unhold" | "remove-hold" => Later::Unhold,
        "delegate" => Later::Delegate(said()),
        "substitute" => Later::Substitute(said()),
        "started" => Later::Started,
        "done" => Later::Done(said()),
        "emergency" => Later::Emergency(said()),
        "adopt" => Later::Adopt(said()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
