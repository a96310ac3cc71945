//! How a decision is said: to people, to machines, and to GitHub Actions.

use std::{io::Write as _, sync::Mutex, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::{Exit, Output};
use crate::{
    domain::bell::PLACE,
    gate::{
        api::{DecisionView, FindingView, GateRequest, GateView, Notify, OutcomeView},
        permit::Permit,
    },
};

/// Says what happens.
pub(super) struct Show {
    output: Output,
    /// `acme/web → production   4f2c9e1`.
    what: String,
    /// What was said last: the same is not said twice.
    said: Mutex<String>,
    /// The line that lives, where a terminal shows it.
    line: ProgressBar,
}

impl Show {
    pub(super) fn new(output: Output, request: &GateRequest) -> Self {
        let short = request.sha.get(..7).unwrap_or(&request.sha);
        let what = format!("{} → {}   {short}", request.repository, request.environment);
        let line = if output == Output::Json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        let style = ProgressStyle::with_template("{spinner} {msg}   {elapsed_precise}");
        line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        line.set_message(format!("{what}   asked"));
        line.enable_steady_tick(Duration::from_millis(250));
        Self { output, what, said: Mutex::new(String::new()), line }
    }

    /// What stands in the way so far; only where that is news.
    pub(super) fn progress(&self, view: &GateView) {
        self.line.set_message(format!("{}   {}", self.head(view), word(view.decision)));
        if self.output != Output::Json {
            self.say_once(&self.tree(view));
        }
    }

    /// The server does not answer, and is asked again.
    pub(super) fn retries(&self, why: &str) {
        self.line.set_message(format!("{}   {why}; asked again", self.what));
        self.say_once(&format!("{}   {why}; asked again", self.what));
    }

    fn say_once(&self, text: &str) {
        let Ok(mut said) = self.said.lock() else { return };
        if *said != text {
            self.line.suspend(|| anstream::eprintln!("{text}"));
            text.clone_into(&mut said);
        }
    }

    fn head(&self, view: &GateView) -> String {
        let release = view.release.as_ref().map(|release| format!(" (release {})", release.title));
        format!("{}{}", self.what, release.unwrap_or_default())
    }

    fn tree(&self, view: &GateView) -> String {
        let mut lines = vec![format!("{}   {}", self.head(view), word(view.decision))];
        for leaf in leaves(&view.findings) {
            lines.push(format!("  {} {}", sign(leaf.outcome), leaf.sentence));
            if leaf.outcome != OutcomeView::Pass {
                lines.extend(leaf.cure.as_ref().map(|cure| format!("      cure: {cure}")));
            }
        }
        lines.join("\n")
    }

    /// It may go on.
    pub(super) fn goes_on(&self, view: &GateView, permit: &Permit) -> anyhow::Result<Exit> {
        let end = if view.enforced {
            let until =
                Timestamp::from_second(permit.exp).map(|at| format!(" until {at}")).unwrap_or_default();
            format!("Allowed. The permit {} is good{until}.", permit.jti)
        } else {
            format!("Let through: rules are not enforced there. Decided would be: {}.", word(view.decision))
        };
        self.end(view, &end, Exit::Done)
    }

    /// It is written down, and nobody waits.
    pub(super) fn left(&self, view: &GateView) -> anyhow::Result<Exit> {
        let how = match &view.notify {
            Some(Notify::DeploymentStatus) => {
                format!("a status of a deployment of `{PLACE}{}` on GitHub", view.environment)
            }
            Some(Notify::Webhook { url }) => format!("a webhook to {url}"),
            None => {
                return self.refused(
                    "the server knows no requests that nobody waits for: it is older than this program",
                );
            }
        };
        let end = format!(
            "Written down as {}, which allows nothing. When it is decided you are told by {how}; ask again then with `gate wait`.",
            view.id
        );
        self.end(view, &end, Exit::Done)
    }

    /// It may not go on, or not yet.
    pub(super) fn stops(&self, view: &GateView, timeout: Option<Duration>) -> anyhow::Result<Exit> {
        let obstacles: Vec<&FindingView> =
            leaves(&view.findings).into_iter().filter(|leaf| leaf.outcome != OutcomeView::Pass).collect();
        let cures: Vec<&str> = obstacles.iter().filter_map(|leaf| leaf.cure.as_deref()).collect();
        let why: Vec<&str> = obstacles.iter().map(|leaf| leaf.sentence.trim_end_matches('.')).collect();
        let (end, exit) = match view.decision {
            DecisionView::Deny => (format!("Denied. To pass: {}.", cures.join("; ")), Exit::No),
            DecisionView::Unavailable => (
                format!(
                    "Not decided, and nothing was allowed: {}. In an emergency, roll back, or declare one with `/emergency WHY`.",
                    why.join("; ")
                ),
                Exit::Unavailable,
            ),
            DecisionView::Pending | DecisionView::Allow => {
                let when = timeout.map_or_else(
                    || "Not decided yet".into(),
                    |timeout| format!("Not decided within {}", length(timeout)),
                );
                let why = if why.is_empty() { "it is being looked at".into() } else { why.join("; ") };
                (format!("{when}, and nothing was allowed: {why}."), Exit::Late)
            }
        };
        self.end(view, &end, exit)
    }

    /// The server refuses to answer.
    pub(super) fn refused(&self, why: &str) -> anyhow::Result<Exit> {
        self.fail(why, Exit::Usage)
    }

    /// Nobody answers.
    pub(super) fn away(&self, why: &str) -> anyhow::Result<Exit> {
        let why = format!(
            "not decided, and nothing was allowed: {why}\n  cure: ask again when it is back; what to do when it stays away stands in the README (break-glass)"
        );
        self.fail(&why, Exit::Unavailable)
    }

    fn fail(&self, why: &str, exit: Exit) -> anyhow::Result<Exit> {
        self.line.finish_and_clear();
        match self.output {
            Output::Text => {}
            Output::Json => {
                let view = serde_json::json!({ "decision": "unavailable", "settled": false, "goes_on": false, "problem": why });
                writeln!(anstream::stdout(), "{}", serde_json::to_string_pretty(&view)?)?;
            }
            Output::Github => {
                writeln!(anstream::stdout(), "::error title=Changegate::{}", escaped(why))?;
                append("GITHUB_OUTPUT", "decision=unavailable\n")?;
            }
        }
        anstream::eprintln!("error: {why}");
        Ok(exit)
    }

    fn end(&self, view: &GateView, end: &str, exit: Exit) -> anyhow::Result<Exit> {
        self.line.finish_and_clear();
        match self.output {
            Output::Text => {
                writeln!(anstream::stdout(), "{}\n{end}", self.tree(view))?;
            }
            Output::Json => writeln!(anstream::stdout(), "{}", serde_json::to_string_pretty(view)?)?,
            Output::Github => {
                writeln!(anstream::stdout(), "{}\n{end}", self.tree(view))?;
                if exit != Exit::Done {
                    writeln!(anstream::stdout(), "::error title=Changegate::{}", escaped(end))?;
                }
                append("GITHUB_STEP_SUMMARY", &self.summary(view, end))?;
                append("GITHUB_OUTPUT", &format!("decision={}\ngate={}\n", word(view.decision), view.id))?;
            }
        }
        Ok(exit)
    }

    fn summary(&self, view: &GateView, end: &str) -> String {
        let mut text =
            format!("### Changegate: {}\n\n{}\n\n| | rule | |\n|---|---|---|\n", self.head(view), end);
        for leaf in leaves(&view.findings) {
            let cure = leaf.cure.as_ref().filter(|_| leaf.outcome != OutcomeView::Pass);
            let cure = cure.map(|cure| format!(" **Cure:** {cure}.")).unwrap_or_default();
            let cell = |text: &str| text.replace('|', "\\|");
            text.push_str(&format!(
                "| {} | {} | {}{} |\n",
                sign(leaf.outcome),
                cell(&leaf.rule),
                cell(&leaf.sentence),
                cell(&cure)
            ));
        }
        text
    }
}

/// Adds to a file that GitHub Actions names.
fn append(variable: &str, text: &str) -> anyhow::Result<()> {
    let Some(file) = super::variable(variable) else { return Ok(()) };
    std::fs::OpenOptions::new().append(true).create(true).open(file)?.write_all(text.as_bytes())?;
    Ok(())
}

/// As workflow commands take a text.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

const fn word(decision: DecisionView) -> &'static str {
    match decision {
        DecisionView::Allow => "allow",
        DecisionView::Pending => "pending",
        DecisionView::Deny => "deny",
        DecisionView::Unavailable => "unavailable",
    }
}

const fn sign(outcome: OutcomeView) -> &'static str {
    match outcome {
        OutcomeView::Pass => "✓",
        OutcomeView::Pending => "…",
        OutcomeView::Fail => "✗",
        OutcomeView::Unknown => "?",
    }
}

/// What stands at the ends; of what is not met only what is not met.
fn leaves(findings: &[FindingView]) -> Vec<&FindingView> {
    let of = |finding| -> Vec<&FindingView> {
        let finding: &FindingView = finding;
        if finding.because.is_empty() {
            return vec![finding];
        }
        let is_met = |leaf: &&FindingView| leaf.outcome == OutcomeView::Pass;
        let mut below = leaves(&finding.because);
        below.retain(|leaf| is_met(&finding) || !is_met(leaf));
        if below.is_empty() { vec![finding] } else { below }
    };
    findings.iter().flat_map(of).collect()
}

fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
