//! The tree of findings as a check run: a title that says the worst, and a table that says all.

use super::{
    super::finding::{Finding, Outcome, Reference},
    text::escape,
};

/// GitHub's limit for a summary; it counts characters, we count bytes, of which there are never fewer.
const LONGEST: usize = 65_535;

/// The longest title, in characters; a list of checks shows no more than this anyway.
const LONGEST_TITLE: usize = 140;

/// The code of a change that passes because somebody on call has said so: nobody shall overlook it.
const EMERGENCY: &str = "emergency_declared";

/// "1 of 3 rules not met: #128 is not accepted yet".
#[must_use]
pub fn title(findings: &[Finding]) -> String {
    let mut obstacles: Vec<&Finding> = findings.iter().flat_map(Finding::obstacles).collect();
    obstacles.sort_by_key(|obstacle| urgency(obstacle.own));
    let Some(first) = obstacles.first() else {
        let is_emergency = findings.iter().flat_map(Finding::rules).any(|rule| rule.code == EMERGENCY);
        let counted = counted(findings);
        return if is_emergency { format!("emergency: {counted}") } else { counted };
    };
    let headline = first.headline.as_ref().unwrap_or(&first.sentence);
    let rest = match obstacles.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    format!("{}: {}{rest}", counted(findings), shortened(headline, LONGEST_TITLE))
}

/// The same where Changegate only advises: "advice: 1 of 3 rules not met".
#[must_use]
pub fn advice(findings: &[Finding]) -> String {
    format!("advice: {}", counted(findings))
}

fn counted(findings: &[Finding]) -> String {
    let rules = findings.iter().flat_map(Finding::rules).count();
    let outcomes: Vec<Outcome> =
        findings.iter().flat_map(Finding::obstacles).map(|found| found.own).collect();
    let unknown = outcomes.iter().filter(|own| **own == Outcome::Unknown).count();
    let what = match (outcomes.len(), unknown) {
        (0, _) => return format!("{rules} of {rules} rules met"),
        (_, 0) => "not met",
        (obstacles, unknown) if obstacles == unknown => "not known yet",
        (..) => "not met or not known yet",
    };
    format!("{} of {rules} rules {what}", outcomes.len())
}

/// What somebody can act on comes first.
const fn urgency(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Fail => 0,
        Outcome::Pending => 1,
        Outcome::Unknown => 2,
        Outcome::Pass => 3,
    }
}

fn shortened(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into(),
    }
}

/// The whole tree in Markdown: one table for each section, with a heading where there are several sections.
///
/// `intro` is a sentence to begin with, or empty. `web_url` is GitHub for people, without a slash at the end.
/// Where the text would be longer than GitHub takes, first the rules that are met are left out, then the rest.
#[must_use]
pub fn summary(intro: &str, findings: &[Finding], web_url: &str) -> String {
    let whole = written(intro, findings, web_url, |_| true).concat();
    if whole.len() <= LONGEST {
        return whole;
    }
    let intro = format!("{intro} Only what is not met is shown: there is too much for one check run.");
    cut(&written(intro.trim(), findings, web_url, |rule| rule.own > Outcome::Pass))
}

fn cut(lines: &[String]) -> String {
    const END: &str = "\n\nThe rest is left out: GitHub shows no more than 65,535 characters here.";
    let (mut shown, mut left_out) = (String::new(), false);
    for line in lines {
        left_out = shown.len() + line.len() + END.len() > LONGEST;
        if left_out {
            break;
        }
        shown.push_str(line);
    }
    if left_out { shown.trim_end().to_owned() + END } else { shown }
}

fn written(
    intro: &str,
    findings: &[Finding],
    web_url: &str,
    shows: impl Fn(&Finding) -> bool,
) -> Vec<String> {
    let words = |finding: &Finding, text: &str| markdown(text, &finding.names, web_url);
    let mut lines: Vec<String> = Vec::new();
    if !intro.is_empty() {
        lines.push(format!("{}\n\n", markdown(intro, &[], web_url)));
    }
    for section in findings {
        let rules: Vec<&Finding> = section.rules().into_iter().filter(|rule| shows(rule)).collect();
        if rules.is_empty() {
            continue;
        }
        if findings.len() > 1 {
            lines.push(format!("### {}\n\n", words(section, &section.sentence)));
        }
        lines.push("| | rule | |\n|---|---|---|\n".into());
        for rule in rules {
            let cure = rule.cure.as_ref().map(|cure| format!(" **Cure:** {}", ended(&words(rule, cure))));
            let sentence = words(rule, &rule.sentence);
            let cells = format!("{} | {} | {sentence}", mark(rule.own), words(rule, &rule.rule));
            lines.push(format!("| {cells}{} |\n", cure.unwrap_or_default()));
        }
        lines.push("\n".into());
    }
    if findings.iter().any(|finding| finding.outcome() > Outcome::Pass) {
        lines.push("It is judged again by itself when any of this changes.\n".into());
    }
    lines
}

/// With a full stop, unless it is a question.
fn ended(sentence: &str) -> String {
    if sentence.ends_with('?') { sentence.into() } else { format!("{sentence}.") }
}

const fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "✓ pass",
        Outcome::Pending => "… waiting",
        Outcome::Fail => "✗ not met",
        Outcome::Unknown => "… not known",
    }
}

/// The texts of a finding in Markdown that fits in a table: code stays code, names become links, and everything
/// else is escaped.
#[must_use]
pub fn markdown(text: &str, names: &[Reference], web_url: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown = String::new();
    for (place, part) in line.split('`').enumerate() {
        if place % 2 == 1 {
            shown.push_str(&format!("`{}`", part.replace('|', "\\|")));
        } else {
            shown.push_str(&linked(part, names, web_url));
        }
    }
    shown
}

fn linked(text: &str, names: &[Reference], web_url: &str) -> String {
    let Some((at, name)) = first_name(text, names) else { return plain(text) };
    let (before, rest) = text.split_at(at);
    let after = rest.get(name.text.len()..).unwrap_or_default();
    // As in comments, a link calls nobody: only a mention has an `@`.
    let shown = name.text.trim_start_matches('@');
    format!("{}[{shown}]({web_url}/{}){}", plain(before), name.path, linked(after, names, web_url))
}

/// Escaped, with the space around it, which parts it from a name or from code.
fn plain(text: &str) -> String {
    let [before, after] = [text.starts_with(' '), text.ends_with(' ') && !text.trim().is_empty()]
        .map(|space| if space { " " } else { "" });
    format!("{before}{}{after}", escape(text, usize::MAX))
}

/// The first name that stands in `text` as a whole word, the longest where several begin there.
fn first_name<'a>(text: &str, names: &'a [Reference]) -> Option<(usize, &'a Reference)> {
    let whole = |at: usize, name: &str| {
        let part_of_word = |c: char| c.is_alphanumeric() || matches!(c, '/' | '-' | '_' | '#' | '@');
        let before = text.get(..at).unwrap_or_default().chars().next_back();
        let after = text.get(at + name.len()..).unwrap_or_default().chars().next();
        !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
    };
    names
        .iter()
        .flat_map(|name| text.match_indices(&name.text).map(move |(at, _)| (at, name)))
        .filter(|(at, name)| !name.text.is_empty() && whole(*at, &name.text))
        .min_by_key(|(at, name)| (*at, std::cmp::Reverse(name.text.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str, path: &str) -> Reference {
        Reference { text: text.into(), path: path.into() }
    }

    fn rule(own: Outcome, sentence: &str) -> Finding {
        Finding::new("x", own, "a rule", sentence)
    }

    fn section(rules: Vec<Finding>) -> Finding {
        Finding::new("pull_request", Outcome::Pass, "", "#41").because(rules)
    }

    #[test]
    fn names_become_links_where_they_stand_as_whole_words() {
        let names = [
            name("#12", "acme/web/issues/12"),
            name("acme/web#12", "other"),
            name("@acme/all", "orgs/acme/teams/all"),
        ];
        for (text, shown) in [
            ("see #12.", "see [#12](https://x/acme/web/issues/12)."),
            ("acme/web#12", "[acme/web#12](https://x/other)"),
            ("`#12` and (#12)", "`#12` and ([#12](https://x/acme/web/issues/12))"),
            ("ask @acme/all.", "ask [acme/all](https://x/orgs/acme/teams/all)."),
            ("a `b|c`", "a `b\\|c`"),
            (
                "`a` `b` c #12 #12 d",
                "`a` `b` c [#12](https://x/acme/web/issues/12) [#12](https://x/acme/web/issues/12) d",
            ),
        ] {
            assert_eq!(markdown(text, &names, "https://x"), shown);
        }
        assert!(!markdown("#123 or a#12", &names, "https://x").contains("]("));
    }

    #[test]
    fn what_a_person_wrote_stays_text() {
        for hostile in ["a | b", "<script>", "[x](javascript:y)", "@acme/all", "Closes #1", "**b**\n\n# h"] {
            let sentence = format!("It says {}.", super::super::super::finding::quoted(hostile));
            let shown = summary("", &[section(vec![rule(Outcome::Fail, &sentence)])], "https://x");
            let row = shown.lines().find(|line| line.contains("It says")).unwrap();
            assert_eq!(row.replace("\\|", "").matches('|').count(), 4, "{row}");
            for markup in ["<script>", "[x](", "@acme", "#1", "**b**"] {
                assert!(!row.contains(markup), "{row}");
            }
        }
    }

    #[test]
    fn titles_count_the_rules_and_say_first_what_somebody_can_act_on() {
        let (pass, wait) = (rule(Outcome::Pass, "p"), rule(Outcome::Pending, "w").headline("#1 waits"));
        let (fail, unknown) = (rule(Outcome::Fail, "f"), rule(Outcome::Unknown, "u"));
        for (rules, expected) in [
            (vec![pass.clone()], "1 of 1 rules met"),
            (vec![pass.clone(), pass.clone()], "2 of 2 rules met"),
            (vec![pass.clone(), wait.clone()], "1 of 2 rules not met: #1 waits"),
            (vec![wait.clone(), fail, pass.clone()], "2 of 3 rules not met: f, and 1 more"),
            (vec![unknown.clone(), pass], "1 of 2 rules not known yet: u"),
            (vec![unknown, wait], "2 of 2 rules not met or not known yet: #1 waits, and 1 more"),
        ] {
            assert_eq!(title(&[section(rules)]), expected);
        }
        assert!(title(&[rule(Outcome::Fail, &"é".repeat(500))]).chars().count() < 200);
    }

    #[test]
    fn a_summary_is_never_longer_than_github_takes_and_shows_what_is_not_met_before_what_is() {
        let long = "x".repeat(300);
        let rules = |own, count| (0..count).map(|n| rule(own, &format!("{n} {long}"))).collect::<Vec<_>>();
        let mut some = rules(Outcome::Pass, 300);
        some.extend(rules(Outcome::Fail, 3));
        let shown = summary("", &[section(some)], "https://x");
        assert!(shown.len() <= LONGEST);
        assert_eq!((shown.matches("✗").count(), shown.matches("✓").count()), (3, 0));
        assert!(shown.starts_with("Only what is not met is shown"));

        let shown = summary("", &[section(rules(Outcome::Fail, 900))], "https://x");
        assert!(shown.len() <= LONGEST);
        assert!(shown.ends_with("The rest is left out: GitHub shows no more than 65,535 characters here."));
    }
}
