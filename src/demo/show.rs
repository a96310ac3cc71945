//! How the story looks in a terminal: who does what, and beside a bar what GitHub then shows. Without a terminal
//! there are no colours.

use std::fmt::Display;

use anstream::println;
use owo_colors::OwoColorize as _;
use serde_json::Value;

use super::stage::Stage;

/// How wide text is set.
const WIDTH: usize = 100;

pub fn title(text: &str) {
    println!("\n{}", text.bold());
}

pub fn chapter(text: &str) {
    println!("\n{}\n", text.bold().cyan());
}

pub fn aside(text: &str) {
    println!("{text}\n");
}

pub fn plain(text: &str) {
    for line in text.lines() {
        println!("  {line}");
    }
}

/// Somebody does something.
pub fn says(who: &str, what: &str) {
    println!("{} {what}.\n", format!("@{who}").bold().yellow());
}

/// A comment of Changegate's, as GitHub shows it.
pub fn comment(body: &str) {
    boxed(&"changegate commented".dimmed(), &readable(body));
}

/// The control record of a release.
pub fn record(body: &str) {
    boxed(&"the control record".dimmed(), &readable(body));
}

/// What Changegate says beside a job that waits.
pub fn beside_the_job(text: &str) {
    boxed(&"changegate, beside the job".dimmed(), &readable(text));
}

/// What is typed in a terminal.
pub fn terminal(command: &str) {
    println!("  {} {}", "$".dimmed(), command.bold());
}

/// How a command ended.
pub fn ended(code: Option<i32>) {
    let code = code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
    println!("  {}\n", format!("ended with {code}").dimmed());
}

/// The labels that an issue has now.
pub fn labels(issue: &Value) {
    let names = issue["labels"].as_array().into_iter().flatten().filter_map(|label| label["name"].as_str());
    println!("  {} {}\n", "labels now:".dimmed(), names.collect::<Vec<_>>().join(", "));
}

/// A check run, as GitHub shows it.
pub fn check(run: &Value) {
    let title = run["output"]["title"].as_str().unwrap_or_default();
    let name = run["name"].as_str().unwrap_or_default();
    let heading = match run["conclusion"].as_str() {
        Some("success") => format!("{} {name}: {title}", "✓ success".green()),
        Some(other) => format!("{} {name}: {title}", format!("✗ {}", other.replace('_', " ")).red()),
        None => format!("{} {name}: {title}", "… in progress".yellow()),
    };
    boxed(&heading, &readable(run["output"]["summary"].as_str().unwrap_or_default()));
}

/// Where everything is, when it is left running.
pub fn kept(stage: &Stage, database: &str) {
    chapter("Left running until Ctrl-C");
    println!("  the server        {}", stage.url);
    println!("  the small GitHub  {}", stage.sandbox.api_url());
    println!("  look inside       CHANGEGATE_DATABASE_URL={database} changegate changes\n");
}

fn boxed(heading: &dyn Display, lines: &[String]) {
    println!("  {} {heading}", "┌".dimmed());
    for line in lines {
        println!("  {} {line}", "│".dimmed());
    }
    println!("  {}\n", "└".dimmed());
}

/// Markdown as a reader's eye sees it: without marks of emphasis, hidden comments and folded parts; tables as lists.
fn readable(markdown: &str) -> Vec<String> {
    let mut folded = false;
    let mut lines = vec![];
    let mut following = markdown.lines().skip(1);
    for line in markdown.lines() {
        folded = (folded || line.contains("<details>")) && !line.contains("</details>");
        let heads_a_table = following.next().is_some_and(|next| next.starts_with("|---"));
        let rules_a_table = line.starts_with("|---");
        if folded || line.contains("</details>") || line.starts_with("<!--") || heads_a_table || rules_a_table
        {
            continue;
        }
        let line = unmarked(line);
        if !line.is_empty() || lines.last().is_some_and(|last: &String| !last.is_empty()) {
            lines.extend(wrapped(&line));
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn unmarked(line: &str) -> String {
    let line = line
        .trim_start_matches("> ")
        .trim_start_matches(['#', '>'])
        .trim()
        .replace("**", "")
        .replace("<br>", " ");
    let line = line.replace("&#8203;", "").replace('`', "");
    let line = match line.strip_prefix('|') {
        Some(row) => {
            let cells = row.trim_end_matches('|').split('|').map(str::trim).filter(|cell| !cell.is_empty());
            cells.collect::<Vec<_>>().join("  ·  ")
        }
        None => line,
    };
    without_targets(&line)
}

/// `[text](target)` reads as `text`.
fn without_targets(line: &str) -> String {
    let mut read = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("](") {
        let (_, after) = after.split_once(')').unwrap_or((after, ""));
        match before.rsplit_once('[') {
            Some((outside, text)) => read.extend([outside, text]),
            None => read.push_str(before),
        }
        rest = after;
    }
    read.push_str(rest);
    read
}

fn wrapped(line: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let width = lines.last().map_or(0, |last| last.chars().count());
        if width > 0 && width + word.chars().count() >= WIDTH {
            lines.push(String::new());
        }
        if let Some(last) = lines.last_mut() {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}
