//! A decision on a deployment, in the few words that GitHub shows beside the waiting job.

use jiff::Timestamp;

use super::super::{
    finding::{Finding, Outcome},
    gate::{Decision, Ruling, Verdict},
    policy::Zone,
};

/// GitHub takes 1,024 characters.
const LONGEST: usize = 1_000;

/// The code of the one finding where nobody has written a policy.
pub const NO_POLICY: &str = "no_policy";

/// The codes of what goes ahead of other rules, or is left out: whoever reads that something was allowed shall see why.
const WAYS: [&str; 3] = ["emergency", "rollback", "range_of_component"];

/// What stands in the way, in short; two decisions with the same gist need not be told twice.
#[must_use]
pub fn gist(verdict: &Verdict) -> String {
    let obstacles = verdict.findings.iter().flat_map(Finding::obstacles);
    let lines: Vec<String> = obstacles.map(|it| format!("{}: {}", it.code, it.sentence)).collect();
    format!("{} {}", verdict.ruling.decision().as_str(), lines.join("\n"))
}

/// The whole note, in Markdown.
#[must_use]
pub fn note(verdict: &Verdict, web_url: &str) -> String {
    let words = |text: &str, finding: &Finding| super::check::markdown(text, &finding.names, web_url);
    let mut text = first_line(verdict);
    for way in verdict.findings.iter().filter(|finding| WAYS.contains(&finding.code.as_str())) {
        text.push_str(&format!("\n- {}", words(&way.sentence, way)));
    }
    let mut left_out = 0;
    for obstacle in verdict.findings.iter().flat_map(Finding::obstacles) {
        let cure = obstacle.cure.as_ref().map(|cure| format!(" **Cure:** {}.", words(cure, obstacle)));
        let line = format!("\n- {}{}", words(&obstacle.sentence, obstacle), cure.unwrap_or_default());
        if text.chars().count() + line.chars().count() > LONGEST - 30 {
            left_out += 1;
        } else {
            text.push_str(&line);
        }
    }
    if left_out > 0 {
        text.push_str(&format!("\n- and {left_out} more"));
    }
    text
}

/// That GitHub fails the job at this time, after so many days, and why it waits.
#[must_use]
pub fn warning(verdict: &Verdict, (ends, days): (Timestamp, i64), web_url: &str) -> String {
    let (ends, note) = (Zone::utc().time(ends), note(verdict, web_url));
    format!(
        "**Still waiting:** within {days} days, on {ends}, GitHub fails this job: it waits for thirty at most. {note}"
    )
}

fn first_line(verdict: &Verdict) -> String {
    let rules = verdict.findings.iter().flat_map(Finding::rules).count();
    let open =
        verdict.findings.iter().flat_map(Finding::obstacles).filter(|it| it.own > Outcome::Pass).count();
    if verdict.findings.iter().any(|finding| finding.code == NO_POLICY) {
        return "**Let through,** not enforced: there is no policy. Write one in `.github/changegate.yml`, or take the \
                rule of this App off the environment."
            .into();
    }
    match verdict.ruling {
        Ruling::Enforced(Decision::Allow) => format!("**Allowed:** {rules} of {rules} rules met."),
        Ruling::Enforced(Decision::Deny) => format!("**Denied:** {open} of {rules} rules not met."),
        Ruling::Enforced(Decision::Pending) => format!("**Waiting:** {open} of {rules} rules not met yet."),
        Ruling::Enforced(Decision::Unavailable) => {
            format!("**Not decided:** {open} of {rules} rules could not be judged. Nothing was let through.")
        }
        Ruling::NotEnforced(Decision::Allow) => {
            format!("**Let through,** not enforced here: {rules} of {rules} rules met.")
        }
        Ruling::NotEnforced(Decision::Deny | Decision::Pending | Decision::Unavailable) => {
            format!(
                "**Let through,** not enforced here: {open} of {rules} rules would have stood in the way."
            )
        }
    }
}
