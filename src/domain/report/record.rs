//! The control record of a release: what ships, what still blocks and who can cure it, who has signed and who has not.
//!
//! Nothing in it changes with time alone, so that it is only edited when something has changed.

use std::collections::BTreeSet;

use super::{
    super::{
        approval::{Delegation, Judged, Signature, Stand},
        event::AtGate,
        finding::{Finding, Outcome, code},
        ids::{Actor, IssueRef, RepoId, RepoName},
        named::{Named, all_of, pages},
        policy::{Notice, Train, Zone},
        release::{Appointment, Change, DeploymentState, Phase, Release, Source, act::Act},
        revision::Names,
    },
    check::markdown,
    text::{self, TEXT_LIMIT, TITLE_LIMIT},
};

/// What the record shows.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    pub release: &'a Release,
    pub judged: &'a Judged,
    /// How the signatures stand, as findings.
    pub signatures: &'a [Finding],
    /// Who stands in for whom now.
    pub stand_ins: &'a [Delegation],
    /// Who is told what it ships.
    pub notice: Option<&'a Notice>,
    /// Where policy keeps control records, and the installation does not reach.
    pub elsewhere: Option<&'a RepoName>,
    pub train: Option<&'a Train>,
    pub zone: &'a Zone,
    pub names: Names<'a>,
    /// GitHub for people, without a slash at the end.
    pub web_url: &'a str,
}

/// The record, in Markdown, at most [`text::COMMENT_LIMIT`] characters.
#[must_use]
pub fn body(record: &Record<'_>) -> String {
    let parts = [
        Some(record.head()),
        Some(record.scope()),
        record.carried(),
        record.swapped(),
        record.commits(),
        record.obstacles(),
        record.at_gates(),
        record.signatures(),
        record.substitutes(),
        record.notice(),
        Some(COMMANDS.to_owned()),
    ];
    text::cut(parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n"))
}

const COMMANDS: &str = "<details><summary>Commands</summary>\n\n\
- those who sign: `/approve GROUP REVISION`, `/approve cancel`, `/reject WHY`, `/reject cancel`, `/hold WHY`, `/unhold`, `/delegate @x until DATE`\n\
- release managers: `/lock`, `/candidate OWNER/REPOSITORY SHA`, `/carry #n WHY`, `/swap #n for #m`, `/substitute @x for GROUP WHY`, `/substitute cancel @x for GROUP`, `/substitute cancel`\n\
- release managers and operations, once it is deployed: `/done worked|problems|backed-out`\n\n\
</details>\n\nThis issue is kept by Changegate and written anew when something changes; what is edited here by hand is set back.";

impl Record<'_> {
    fn head(&self) -> String {
        let release = self.release;
        let phase = release.phase(self.judged.is_enough());
        let mut facts = vec![format!("**{}**", phase_words(phase))];
        let due = self.train.map_or(release.due_on, |train| release.due(train, self.zone));
        facts.extend(due.map(|due| format!("due {}", self.zone.time(due))));
        facts.push(match &release.locked {
            Some(locked) => {
                let by = locked.by.as_ref().map(|by| format!(" by {}", self.person(by))).unwrap_or_default();
                format!("locked {}{by}", self.zone.time(locked.at))
            }
            None => match self.train.and_then(|train| release.locks_at(train, self.zone)) {
                Some(at) => format!("locks {}", self.zone.time(at)),
                None => "locks with `/lock`".into(),
            },
        });
        let train = text::escape(&release.id.train, TITLE_LIMIT);
        let outcome = release.outcome().map(|outcome| {
            let said = text::escape(outcome.said, TEXT_LIMIT);
            let (by, at) = (self.person(outcome.by), self.zone.time(outcome.at));
            format!("\n\nHow it went, by {by} on {at}: **{}**. {said}", outcome.result.as_str())
                .trim_end()
                .to_owned()
        });
        let (next, elsewhere) = (next(phase), self.elsewhere().unwrap_or_default());
        let next = self.onward().unwrap_or_else(|| next.to_owned());
        format!("{} · train {train}\n\n{next}{}{elsewhere}", facts.join(" · "), outcome.unwrap_or_default())
    }

    /// Where it goes on, once no milestone is called so any more.
    fn onward(&self) -> Option<String> {
        let onward = self.release.onward.as_ref().filter(|_| self.release.milestones.is_empty())?;
        let title = text::escape(&onward.title, TITLE_LIMIT);
        let (by, at) = (self.person(&onward.by), self.zone.time(onward.at));
        Some(format!(
            "It is called **{title}** now (renamed by {by}, {at}) and goes on there, with a record of its own. It is locked and signed anew: what was decided here does not go along."
        ))
    }

    /// That it is not where policy wants it.
    fn elsewhere(&self) -> Option<String> {
        let name = code(self.elsewhere?.as_str());
        Some(format!(
            "\n\nPolicy keeps control records in {name}, which this installation does not cover; so this one is here. An owner adds {name} to the installation; the next release is recorded there then."
        ))
    }

    fn scope(&self) -> String {
        let changes = &self.release.changes;
        if changes.is_empty() {
            return "### What it ships\n\nNo change request is planned for it.".into();
        }
        let mut lines =
            vec![format!("### What it ships: {}", counted(changes.len(), "change request")), String::new()];
        lines.extend(self.slots().map(|slots| format!("{slots}\n")));
        lines.push("| change request | asked by | stands | pull requests |\n|---|---|---|---|".into());
        lines.extend(changes.iter().map(|change| self.change(change)));
        lines.join("\n")
    }

    /// How much more fits in, where that is limited.
    fn slots(&self) -> Option<String> {
        let taken = self.release.slots_taken()?;
        let more = if self.release.is_overfull() {
            "; that is more than a release of this train carries, and stops nothing. `/unschedule` on an issue takes it out"
        } else {
            ""
        };
        Some(format!("{taken}{more}."))
    }

    fn change(&self, change: &Change) -> String {
        let name = self.shown(&self.names.change(change.at));
        let title = text::escape(&change.title, TITLE_LIMIT);
        let requester = change.requester.as_ref().map_or_else(|| "nobody".to_owned(), |by| self.person(by));
        let stage = change.stage.as_str().replace('_', " ");
        let pulls: Vec<String> = change
            .pulls
            .iter()
            .map(|pull| {
                let named = self.pull(pull.at);
                if pull.open { format!("{} (open)", self.shown(&named)) } else { self.shown(&named) }
            })
            .collect();
        format!("| {name} {title} | {requester} | {stage} | {} |", pulls.join(", "))
    }

    /// What comes along without being one of its changes.
    fn carried(&self) -> Option<String> {
        let lines: Vec<String> = self
            .release
            .carried
            .iter()
            .map(|carried| {
                let name = self.shown(&self.names.change(carried.change.at));
                let title = text::escape(&carried.change.title, TITLE_LIMIT);
                let why = text::escape(&carried.why, TEXT_LIMIT);
                format!("- {name} {title}: {why} ({})", self.person(&carried.by))
            })
            .collect();
        let list = lines.join("\n");
        (!lines.is_empty()).then(|| format!("### What comes along, and is not delivered by it\n\n{list}"))
    }

    /// What changed of the scope since the lock.
    fn swapped(&self) -> Option<String> {
        let lines: Vec<String> = self
            .release
            .swapped_late()
            .map(|(act, swap)| {
                let name = |at: IssueRef| self.shown(&self.names.change(at));
                let what = match (swap.goes, swap.comes) {
                    (Some(goes), Some(comes)) => format!("{} went, {} came", name(goes), name(comes)),
                    (Some(goes), None) => format!("{} went", name(goes)),
                    (None, Some(comes)) => format!("{} came besides, as an exception", name(comes)),
                    (None, None) => "nothing".into(),
                };
                let why = swap.why.as_ref().map(|why| format!(": {}", text::escape(why, TEXT_LIMIT)));
                let (by, at) = (self.person(&act.by), self.zone.time(act.at));
                format!("- {what}{} ({by}, {at})", why.unwrap_or_default())
            })
            .collect();
        (!lines.is_empty()).then(|| format!("### What changed since the lock\n\n{}", lines.join("\n")))
    }

    /// What each repository ships, and where it runs.
    fn commits(&self) -> Option<String> {
        let release = self.release;
        if release.candidates.is_empty() {
            return None;
        }
        let mut lines = vec![
            "### The commits".to_owned(),
            String::new(),
            "| repository | candidate | from | deployed |\n|---|---|---|---|".into(),
        ];
        for (repo, candidate) in &release.candidates {
            let from = match &candidate.source {
                Source::Branch(branch) => format!("head of {}", code(branch)),
                Source::DefaultBranch(branch) => format!("{} when go/no-go opened", code(branch)),
                Source::Tag(tag) => format!("tag {}", code(tag)),
                Source::By(by) => format!("set by {}", self.person(by)),
            };
            let commit = self.commit(*repo, candidate.sha.as_str(), candidate.sha.short());
            let name = self.repository(*repo);
            lines.push(format!(
                "| {name} | {commit} | {} | {} |",
                from.replace('|', "\\|"),
                self.runs(*repo)
            ));
        }
        Some(lines.join("\n"))
    }

    fn runs(&self, repo: RepoId) -> String {
        let places: BTreeSet<String> = self
            .release
            .running()
            .filter(|it| it.repo == repo)
            .map(|it| {
                let environment = text::escape(&it.environment, TITLE_LIMIT);
                match it.state {
                    DeploymentState::Succeeded => format!("{environment} since {}", self.zone.time(it.at)),
                    DeploymentState::Failed => format!("{environment}: failed"),
                    DeploymentState::Waits | DeploymentState::InProgress => {
                        format!("{environment}: on its way")
                    }
                }
            })
            .collect();
        if places.is_empty() { "not yet".into() } else { places.into_iter().collect::<Vec<_>>().join(", ") }
    }

    /// What still blocks, by what is known without a deployment.
    fn blocks(&self) -> Vec<Finding> {
        let open = |findings: &[Finding]| -> Vec<Finding> {
            findings.iter().flat_map(Finding::obstacles).cloned().collect()
        };
        let signed = self.release.history.current().map(|_| open(self.signatures)).unwrap_or_default();
        // What nobody can give comes first: somebody has to be appointed for it.
        let (stuck, signed): (Vec<_>, Vec<_>) =
            signed.into_iter().partition(|finding| finding.code == "group_cannot_reach");
        [stuck, open(&self.release.readiness), open(&self.release.trials), signed].concat()
    }

    fn obstacles(&self) -> Option<String> {
        let all = self.blocks();
        if all.is_empty() {
            return None;
        }
        let lines: Vec<String> = all.iter().map(|found| self.obstacle(found, None)).collect();
        Some(format!("### What still blocks\n\n{}", lines.join("\n")))
    }

    /// What keeps it back where it is to be deployed, without what is said above.
    fn at_gates(&self) -> Option<String> {
        let said = self.blocks();
        let lines: Vec<String> =
            self.release.kept_back().filter_map(|(repo, it)| self.at_gate(*repo, it, &said)).collect();
        (!lines.is_empty()).then(|| format!("### At the gate\n\n{}", lines.join("\n")))
    }

    /// `None`: all that keeps it back there is said already.
    fn at_gate(&self, repo: RepoId, at_gate: &AtGate, said: &[Finding]) -> Option<String> {
        let is_new = |found: &&Finding| !said.iter().any(|it| it.sentence == found.sentence);
        let news: Vec<&Finding> = at_gate.obstacles.iter().filter(is_new).collect();
        let stands = match news.iter().map(|found| found.outcome()).max()? {
            Outcome::Pass | Outcome::Pending => "waits",
            Outcome::Fail => "was refused",
            Outcome::Unknown => "could not be decided",
        };
        let environment = text::escape(&at_gate.environment, TITLE_LIMIT);
        let run = match self.names.repositories.get(&repo) {
            Some(name) => {
                format!("[run {}]({}/{name}/actions/runs/{})", at_gate.run, self.web_url, at_gate.run)
            }
            None => format!("run {}", at_gate.run),
        };
        let (name, since) = (self.repository(repo), self.zone.time(at_gate.since));
        let mut lines = vec![format!("- {name} → {environment}, {run}: {stands} since {since}")];
        lines.extend(
            news.into_iter().map(|found| format!("  {}", self.obstacle(found, found.headline.as_ref()))),
        );
        if at_gate.more > 0 {
            lines.push(format!("  - and {} more", at_gate.more));
        }
        Some(lines.join("\n"))
    }

    /// What stands in the way, in its shortest form where that is given, and its cure.
    fn obstacle(&self, found: &Finding, short: Option<&String>) -> String {
        let words = |text: &str| markdown(text, &found.names, self.web_url);
        let cure = found.cure.as_ref().map(|cure| format!(" **Cure:** {}.", words(cure)));
        let what = short.map_or_else(|| words(&found.sentence), |short| format!("{}.", words(short)));
        format!("- {what}{}", cure.unwrap_or_default())
    }

    fn signatures(&self) -> Option<String> {
        let history = &self.release.history;
        let revision = history.current()?;
        let mut lines = vec![
            format!("### Signatures on revision {}", code(history.short(revision))),
            String::new(),
            "| group | signed by | needed | |\n|---|---|---|---|".into(),
        ];
        for group in &self.judged.groups {
            let signer = |signature: &Signature| {
                let instead = signature.instead_of.as_ref();
                let instead = instead.map(|absent| format!(" for {}", self.person(absent)));
                format!("{}{}", self.person(&signature.by), instead.unwrap_or_default())
            };
            let signed: Vec<String> = group.signed.iter().map(signer).collect();
            let signed = if signed.is_empty() { "nobody yet".into() } else { signed.join(", ") };
            let mark = if group.stand == Stand::Complete { "✓ complete" } else { "… waiting" };
            lines.push(format!("| {} | {signed} | {} | {mark} |", code(&group.group), group.needed));
        }
        lines.extend(self.stand_ins.iter().enumerate().map(|(n, it)| {
            let (to, from) = (self.person(&it.to), self.person(&it.from));
            let begin = if n == 0 { "\n" } else { "" };
            format!("{begin}- until {} {to} may sign for {from}", self.zone.time(it.until))
        }));
        Some(lines.join("\n"))
    }

    /// Who counts as one of a group besides, and who did.
    fn substitutes(&self) -> Option<String> {
        let said = |act: &Act| format!("{}, {}", self.person(&act.by), self.zone.time(act.at));
        let line = |(act, it, who): &Appointment<'_>, verb: &str, ended: &str| {
            let (who, why) = (self.person(who), text::escape(&it.why, TEXT_LIMIT));
            format!("- {who} {verb} as one of {}: {why} ({}){ended}", code(&it.group), said(act))
        };
        let (stand, ended) = self.release.appointments();
        let ended = ended.iter().flat_map(|(act, gone)| {
            let taken_back = format!("; taken back ({})", said(act));
            gone.iter().map(move |it| line(it, "counted", &taken_back))
        });
        let lines: Vec<String> = stand.iter().map(|it| line(it, "counts", "")).chain(ended).collect();
        (!lines.is_empty()).then(|| format!("### Substitutes, as an exception\n\n{}", lines.join("\n")))
    }

    /// Who was told what it ships, and from when on it may go.
    fn notice(&self) -> Option<String> {
        let notice = self.notice.filter(|_| !self.release.notices.is_empty())?;
        let groups: Vec<Named> =
            notice.groups.iter().map(|group| Named { text: code(group), page: None }).collect();
        let groups = all_of(&groups);
        let told = match self.release.told_since() {
            Some(since) => format!(
                "{groups} know since {}; it may go from {} on.",
                self.zone.time(since),
                self.zone.time(notice.before.after(since, self.zone))
            ),
            None => format!("{groups} are being told; it may go {} later.", notice.before),
        };
        Some(format!("### Notice\n\n{told}"))
    }

    /// A person, as a link that calls nobody.
    fn person(&self, actor: &Actor) -> String {
        self.shown(&Named::actor(actor))
    }

    fn pull(&self, at: IssueRef) -> Named {
        Named::pull_request(at, self.names.here, self.names.repositories.get(&at.repo))
    }

    fn shown(&self, named: &Named) -> String {
        markdown(&all_of(std::slice::from_ref(named)), &pages([named]).collect::<Vec<_>>(), self.web_url)
    }

    fn repository(&self, repo: RepoId) -> String {
        let name = self.names.repositories.get(&repo);
        name.map_or_else(|| format!("repository {repo}"), |name| text::escape(name.as_str(), TITLE_LIMIT))
    }

    fn commit(&self, repo: RepoId, sha: &str, short: &str) -> String {
        match self.names.repositories.get(&repo) {
            Some(name) => format!("[`{short}`]({}/{name}/commit/{sha})", self.web_url),
            None => code(short),
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

const fn phase_words(phase: Phase) -> &'static str {
    match phase {
        Phase::Planning => "Planning",
        Phase::Locked => "Locked",
        Phase::GoNoGo => "Go/no-go",
        Phase::Approved => "Approved",
        Phase::PartlyDeployed => "Partly deployed",
        Phase::Deployed => "Deployed",
        Phase::BackedOut => "Backed out",
        Phase::Closed => "Closed",
    }
}

/// What comes next.
const fn next(phase: Phase) -> &'static str {
    match phase {
        Phase::Planning => {
            "The scope can still change. People sign after it is locked and each change is merged."
        }
        Phase::Locked => "The scope is locked. Go/no-go opens by itself when each change is merged.",
        Phase::GoNoGo => "What ships is fixed. It can be signed now, with the commands below.",
        Phase::Approved => "Everybody has signed. Its commits can be deployed.",
        Phase::PartlyDeployed => "Its commits are being deployed; the table says what runs where.",
        Phase::Deployed => {
            "Every repository runs it. `/done worked|problems|backed-out` closes it; that is asked for two days later."
        }
        Phase::BackedOut => {
            "What ran was taken back. It can be deployed again; or `/done backed-out WHY` closes it."
        }
        Phase::Closed => "Nothing more is planned for it.",
    }
}
