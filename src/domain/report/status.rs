//! The status comment on a change request: where it stands, what is missing, who has to do what next.
//!
//! Nothing in it changes with time alone, so that the comment is only edited when something has changed.

use jiff::Timestamp;

use crate::domain::{
    change_request::{
        ChangeRequest, Stage,
        act::{self, Deed, Ruling, Standing},
        emergency::Debt,
        rules::Rules,
    },
    ids::{Actor, RepoName},
    policy::{Limited, Who},
    pull_request::PullRequestView,
};

use super::{
    next, reply, retrospective,
    text::{self, TEXT_LIMIT, TITLE_LIMIT},
};

/// What stands around a change request, as its comments need it.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// GitHub for people, without a slash at the end.
    pub web_url: &'a str,
    /// The repository of the issue, once it was seen.
    pub name: Option<&'a RepoName>,
    pub rules: &'a Rules,
    /// The pull requests that belong to it.
    pub pulls: &'a [Pull<'a>],
    /// It is one of these itself.
    pub is_own: bool,
    /// The due day of its milestone, of which GitHub keeps nothing but the day in UTC.
    pub due: Option<Timestamp>,
}

/// A pull request, and what its repository is called.
#[derive(Debug, Clone, Copy)]
pub struct Pull<'a> {
    pub view: &'a PullRequestView,
    pub name: Option<&'a RepoName>,
}

/// How many steps of the history are shown.
const STEPS: usize = 50;

/// The comment, in Markdown, at most [`text::COMMENT_LIMIT`] characters.
#[must_use]
pub fn comment(request: &ChangeRequest, setting: &Setting<'_>) -> String {
    if setting.is_own {
        let parts = ["**Change request**: this pull request".to_owned()].into_iter();
        return text::cut(parts.chain(emergency(request, setting)).collect::<Vec<_>>().join("\n\n"));
    }
    let standing = act::standing(&request.acts, Timestamp::MAX);
    let mut parts = vec![head(request, setting)];
    if request.taken_in {
        parts.extend(missing(request, standing));
        parts.extend(needed_by(request));
        parts.extend(planned(request, setting));
        parts.extend(emergency(request, setting));
        parts.extend(withdrawal(request, setting));
        parts.push(doubt(request).unwrap_or_else(|| next::next(request, standing, setting)));
    } else {
        let (kind, marker) = setting.rules.marker();
        let marker = text::escape(marker, TITLE_LIMIT);
        parts.push(format!("The {kind} **{marker}** was taken off: this issue has left the register. Its history is kept; set the {kind} again to bring it back."));
    }
    parts.push(history(request, setting));
    parts.push(commands(request, setting));
    text::cut(parts.join("\n\n"))
}

/// What whoever asked for it is told once it runs.
#[must_use]
pub fn in_production(requester: &Actor, at: Timestamp, setting: &Setting<'_>) -> String {
    let (whom, since) = (text::mention(requester), setting.rules.zone.time(at));
    let [works, does_not, rate] = ["works", "does-not-work", "rate 1..5"].map(|word| setting.command(word));
    format!(
        "{whom} **In production** since {since}. Please try it and comment {works}, or {does_not} and what you saw; {rate} says how content you are."
    )
}

impl Setting<'_> {
    /// A command as it is written here, as code: `` `/accept` ``.
    #[must_use]
    pub fn command(&self, words: &str) -> String {
        match &self.rules.prefix {
            Some(prefix) => format!("`/{prefix} {words}`"),
            None => format!("`/{words}`"),
        }
    }

    /// Somebody whom the policy names, as a link that calls nobody.
    #[must_use]
    pub fn person(&self, who: &Who) -> String {
        let web_url = self.web_url;
        match who {
            Who::Team { organisation, slug } => {
                let shown = text::escape(&format!("{organisation}/{slug}"), TITLE_LIMIT);
                format!("[{shown}]({web_url}/orgs/{organisation}/teams/{slug})")
            }
            Who::Login(login) => {
                let shown = text::escape(login, TITLE_LIMIT);
                format!("[{shown}]({web_url}/{login})")
            }
        }
    }

    /// Pull requests as links.
    #[must_use]
    pub fn links(&self, pulls: &[&Pull<'_>]) -> String {
        let link = |pull: &&Pull<'_>| match pull.name {
            Some(name) => text::issue_link(self.web_url, name, pull.view.at.number, "pull"),
            None => format!("pull request {}", pull.view.at.number),
        };
        pulls.iter().map(link).collect::<Vec<_>>().join(", ")
    }

    /// `a triager (acme/triage)`.
    #[must_use]
    pub fn triagers(&self) -> String {
        let names: Vec<String> = self.rules.triagers.iter().map(|who| self.person(who)).collect();
        if names.is_empty() {
            "a triager (the policy names none yet)".into()
        } else {
            format!("a triager ({})", names.join(", "))
        }
    }
}

fn head(request: &ChangeRequest, setting: &Setting<'_>) -> String {
    let mut facts = vec!["**Change request**".to_owned(), stage_words(request)];
    facts.extend(act::risk(&request.acts).map(|risk| format!("risk **{}**", risk.as_str())));
    if let Some(release) = request.release().filter(|_| request.taken_in) {
        let title = text::escape(&release.title, TITLE_LIMIT);
        let due = setting.due.map(|due| format!(" ({})", due.strftime("%-d %b"))).unwrap_or_default();
        facts.push(format!("release **{title}**{due}"));
    }
    facts.extend(request.size().map(|size| format!("size **{}**", size.as_str())));
    if request.is_project() {
        facts.push("project".into());
    }
    let person = |actor: Option<&Actor>| actor.map_or_else(|| "nobody yet".into(), text::mention);
    let (contact, requester) = (person(request.contact()), person(request.requester()));
    let account = account(request).map(|account| format!(" · {account}")).unwrap_or_default();
    format!("{}\nContact: {contact} · Requester: {requester}{account}", facts.join(" · "))
}

/// For whom it is asked, and which place it has among what they ask for.
fn account(request: &ChangeRequest) -> Option<String> {
    let name = request.account.as_deref().filter(|_| request.taken_in)?;
    let rank = request.rank().map(|rank| format!(", ranked {}", rank.place)).unwrap_or_default();
    Some(format!("Account: {}{rank}", text::escape(name, TITLE_LIMIT)))
}

/// By when it is needed, and every day that was said before.
fn needed_by(request: &ChangeRequest) -> Option<String> {
    let mut days = request.needed_by();
    days.dedup_by_key(|it| it.day);
    let (last, before) = days.split_last()?;
    let by = last.by.as_ref().map(|by| format!(" ({})", text::mention(by))).unwrap_or_default();
    let why = text::sentence(&last.why);
    let before = before.iter().map(|it| format!("{} ({})", it.day, text::escape(&it.why, TITLE_LIMIT)));
    let before: Vec<String> = before.collect();
    let before =
        if before.is_empty() { String::new() } else { format!(" Said before: {}.", before.join(", ")) };
    Some(format!("Needed by **{}**{by}: {why}{before}", last.day))
}

fn stage_words(request: &ChangeRequest) -> String {
    if !request.taken_in {
        return "left the register".into();
    }
    match request.stage() {
        Stage::Requested => "requested",
        Stage::NeedsInformation => "needs information",
        Stage::Deferred => "deferred",
        Stage::Declined => "declined",
        Stage::Duplicate => "duplicate",
        Stage::Withdrawn => "withdrawn",
        Stage::Accepted | Stage::Scheduled => "accepted",
        Stage::InWork => "in work",
        Stage::Merged => "merged",
        Stage::Deployed => "in production",
        Stage::Verified => "in production, verified",
    }
    .into()
}

fn missing(request: &ChangeRequest, standing: Option<Standing<'_>>) -> Option<String> {
    let decided = standing.is_some_and(|standing| standing.ruling != Ruling::NeedsInformation);
    let open = request.seen.as_ref().is_some_and(|seen| seen.open);
    if request.missing.is_empty() || decided || !open {
        return None;
    }
    let fields = request.missing.iter().map(|field| format!("**{}**", text::escape(field, TITLE_LIMIT)));
    let fields = listed(&fields.collect::<Vec<_>>());
    Some(format!(
        "This request can't be triaged yet. Missing: {fields}. Edit the description above, each under a heading of that name; this note goes away by itself."
    ))
}

/// When it ends if nobody answers.
#[must_use]
pub fn withdrawal(request: &ChangeRequest, setting: &Setting<'_>) -> Option<String> {
    let day = setting.rules.zone.day(request.silence?.ends);
    let reopen = setting.command("reopen");
    Some(format!("It is withdrawn on {day} if nothing changes; {reopen} brings it back."))
}

/// Who put it into its release, or took it out, with a command.
fn planned(request: &ChangeRequest, setting: &Setting<'_>) -> Option<String> {
    let act = act::planning(&request.acts).filter(|act| act.comment().is_some())?;
    let by = act.by.as_ref().map(|by| format!(" by {}", text::mention(by))).unwrap_or_default();
    let why = |why: &Option<String>| match why {
        Some(why) => format!(": {}", text::sentence(why)),
        None => ".".into(),
    };
    let day = setting.rules.zone.day(act.at);
    if let Deed::Schedule { title, why: reason, full, kept } = &act.deed {
        let title = text::escape(title, TITLE_LIMIT);
        let passed = passed_over(full, kept);
        return Some(format!("Planned for **{title}**{by} ({day}){}{passed}", why(reason)));
    }
    let Deed::Unschedule { why: reason } = &act.deed else { return None };
    let was = request.planned.iter().rev().find_map(|(_, release)| release.as_ref());
    let was = was.map(|was| format!("**{}**", text::escape(&was.title, TITLE_LIMIT)));
    let was = was.unwrap_or_else(|| "its release".into());
    Some(format!("Taken out of {was}{by} ({day}){}", why(reason)))
}

/// That others leave earlier, and carry no more, or no more of this account.
fn passed_over(full: &[String], kept: &[String]) -> String {
    let sentence = |titles: &[String], one: &str, more: &str| {
        let names: Vec<String> =
            titles.iter().map(|title| format!("**{}**", text::escape(title, TITLE_LIMIT))).collect();
        match names.len() {
            0 => String::new(),
            1 => format!(" {} was passed over: {one}.", listed(&names)),
            _ => format!(" {} were passed over: {more}.", listed(&names)),
        }
    };
    let full = sentence(full, "its slots are taken", "their slots are taken");
    let left = "is left is kept for other accounts";
    full + &sentence(kept, &format!("what {left}"), &format!("what {left}"))
}

/// What was declared, what is quicker, and what is owed for it.
fn emergency(request: &ChangeRequest, setting: &Setting<'_>) -> Option<String> {
    let emergency = request.emergency.as_ref()?;
    let time = |at: Timestamp| setting.rules.zone.time(at);
    let (by, why) = (text::mention(&emergency.by), text::escape(&emergency.why, TEXT_LIMIT));
    let mut parts = vec![format!("**Emergency**, declared by {by} on {}: {why}", time(emergency.at))];
    let ends = setting.rules.emergencies.iter().map(|(rules, zone)| emergency.ends(rules, zone)).max();
    if let Some(ends) = ends.filter(|_| emergency.in_force) {
        parts.push(format!(
            "Quickest, if it helps: deploy again what ran before; that passes at any time. Otherwise the commits of its pull requests pass without release, window and signatures until {}; {} renews that. Nothing else passes with them.",
            time(ends),
            setting.command("emergency WHY")
        ));
    } else {
        parts.push(format!("It has ended; {} declares it again.", setting.command("emergency WHY")));
    }
    if emergency.is_paid() {
        parts.push("Nothing is owed for it any more.".into());
    }
    let owed = |debt, words: String| {
        let due = retrospective::due(emergency, debt, setting)?;
        let until = if due > emergency.since { time(due) } else { "it is deployed".into() };
        Some(format!("Owed until {until}: {words}"))
    };
    let managers =
        reply::people("release managers", "release manager", &setting.rules.release_managers, setting);
    parts.extend(owed(
        Debt::Signature,
        format!(
            "{} here by one of {managers} who neither declared it nor worked on it.",
            setting.command("approve")
        ),
    ));
    parts.extend(owed(
        Debt::Retrospective,
        format!(
            "{} here, once the issue of its retrospective is written.",
            setting.command("done worked|problems|backed-out")
        ),
    ));
    Some(parts.join("\n"))
}

fn doubt(request: &ChangeRequest) -> Option<String> {
    let why = request.unread.as_deref().or_else(|| act::doubt(&request.acts))?;
    Some(format!(
        "Who decided could not be found out: {}. Nothing counts as accepted until it is known; it is looked up again by itself.",
        text::escape(why.trim_end_matches('.'), TEXT_LIMIT)
    ))
}

fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn history(request: &ChangeRequest, setting: &Setting<'_>) -> String {
    let skipped = request.stages.len().saturating_sub(STEPS);
    let mut lines: Vec<String> = vec![];
    if request.moved_from.is_some() {
        lines.push("- moved here from another repository; what was decided there counts where who decided may decide here too".into());
    }
    lines.extend(request.stages.iter().skip(skipped).map(|(stage, at)| step(request, *stage, *at, setting)));
    format!("<details><summary>History</summary>\n\n{}\n\n</details>", lines.join("\n"))
}

fn step(request: &ChangeRequest, stage: Stage, at: Timestamp, setting: &Setting<'_>) -> String {
    let ruled = request.acts.iter().find(|act| act.at == at && act.counts() && act.deed.rules());
    let by = ruled.and_then(|act| act.by.as_ref()).map(|by| format!(" by {}", text::mention(by)));
    let words = stage.as_str().replace('_', " ");
    format!("- {} · {words}{}", setting.rules.zone.time(at), by.unwrap_or_default())
}

fn commands(request: &ChangeRequest, setting: &Setting<'_>) -> String {
    let triagers = reply::people("triagers", "triager", &setting.rules.triagers, setting);
    let list = |words: &[&str]| words.iter().map(|word| setting.command(word)).collect::<Vec<_>>().join(" ");
    let sponsor = setting.rules.sponsor_of(request.account.as_deref()).map(|who| setting.person(who));
    let decides =
        ["accept", "need-info WHAT", "defer UNTIL", "decline WHY", "duplicate #n", "accept over: WHY"];
    let is_limited = setting.rules.limits.of(Limited::Accepted).is_some();
    let decides = if is_limited { &decides[..] } else { &decides[..5] };
    let notes = ["contact LOGIN", "size S|M|L", "project", "rank N"];
    let notes = if sponsor.is_some() { &notes[..3] } else { &notes };
    let triage = list(&[decides, notes].concat());
    let own = list(&["withdraw", "reopen", "needed-by DAY WHY"]);
    let own = if request.delivered.is_some() { format!("{own} {}", list(&["rate 1..5"])) } else { own };
    let askers = match &sponsor {
        Some(sponsor) => format!(
            "the requester and the sponsor ({sponsor}), too: {own}\n- the sponsor: {}",
            list(&["rank N"])
        ),
        None => format!("the requester, too: {own}"),
    };
    let all = list(&["status", "recheck", "help"]);
    format!(
        "<details><summary>Commands</summary>\n\n- {triagers}: {triage}\n- {askers}\n- anyone: {all}\n\n</details>"
    )
}
