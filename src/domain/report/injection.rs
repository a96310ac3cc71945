//! What strangers write (titles, reasons, names of branches, environments and checks) stands in our texts and does
//! nothing there: it calls nobody, refers to nothing, links nowhere, formats nothing and hides nothing.

use proptest::prelude::*;

use super::{
    super::{
        change_request::{
            ChangeRequest,
            emergency::{Done, Emergency, LookedBack},
            rules::Rules,
        },
        effect::Call,
        environment::Environment,
        event::{DeploymentReport, DeploymentSnapshot, What},
        finding::{Finding, Outcome, Reference, code, quoted},
        gate::{Decision, Ruling, Verdict},
        ids::SubjectId,
        subject::State,
        trial::{WEB, World, actor, at, event, name, sha, time},
    },
    check, gate, retrospective, status, text,
};

const HOSTILE: [&str; 26] = [
    "@acme/all please look",
    "@quinn",
    "Closes #1, fixes acme/web#2 and GH-3",
    "https://evil.example/acme/web/pull/1",
    "www.evil.example",
    "[click](https://evil.example)",
    "![x](https://evil.example/a.png)",
    "<img src=x onerror=alert(1)>",
    "</details></td></table><h1>Approved</h1>",
    "<!-- changegate: status -->",
    "| a | b |\n|---|---|\n| ✓ pass | all |",
    "a\n\n# Approved by everybody\n\n> yes",
    "```\n@acme/all\n```",
    "` @acme/all `",
    "``` ` @quinn",
    "**bold** _italic_ ~~gone~~ $x$ \\",
    "a\r\n- [x] approved\r\n1. yes",
    "safe\u{202e}gnp.exe",
    "a\u{2066}b\u{2069}c\u{200b}d\u{feff}e\u{ad}f",
    "null\u{0}bell\u{7}escape\u{1b}[31m",
    "&#64;acme &commat;quinn &lt;b&gt;",
    "\u{2028}@quinn\u{2029}#12",
    "\u{85}| x |",
    "x](https://evil.example) @quinn [y",
    "sha 4f2c9e1d5440bedb4eb0dadd9b94c1a502201f40",
    "",
];

fn hostile() -> impl Strategy<Value = String> {
    let pieces = "(@a|#1|GH-1|<b>|&#64;|https://x|www.x|\\\\|`|``|\\||\n|\r|\\[|\\]\\(|!|\\*|_|\u{202e}|\u{200b}|\u{2028}| |é){0,14}";
    prop_oneof![any::<String>(), pieces, prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned)]
}

/// What is left without code; `None`: code begins that does not end.
fn without_code(markdown: &str) -> Option<String> {
    let (mut left, mut in_code) = (String::new(), false);
    let mut signs = markdown.chars();
    while let Some(c) = signs.next() {
        match c {
            '`' => in_code = !in_code,
            _ if in_code => {}
            '\\' => left.extend([c].into_iter().chain(signs.next())),
            c => left.push(c),
        }
    }
    (!in_code).then_some(left)
}

/// What is left without our own links.
fn without_links(markdown: &str) -> String {
    let mut left = markdown;
    let mut bare = String::new();
    while let Some((before, after)) = left.split_once("](https://github.com/") {
        let shown = before.rfind('[').unwrap_or_default();
        bare.push_str(before.get(..shown).unwrap_or_default());
        bare.push_str(" link ");
        left = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    (bare + left).replace("&#8203;", "\u{200b}")
}

/// Whether GitHub would read a sign and what follows as one.
fn reads(text: &str, sign: &str, with: impl Fn(char) -> bool) -> bool {
    let text = text.to_lowercase();
    text.match_indices(sign)
        .any(|(at, _)| text.get(at + sign.len()..).and_then(|rest| rest.chars().next()).is_some_and(&with))
}

/// What is wrong with a text of ours in Markdown.
fn harm(markdown: &str) -> Option<&'static str> {
    let Some(bare) = without_code(markdown).map(|outside| without_links(&outside)) else {
        return Some("code that does not end");
    };
    let mut signs = bare.chars();
    while let Some(c) = signs.next() {
        match c {
            '\\' => drop(signs.next()),
            '<' | '[' | '~' | '$' => return Some("markup"),
            _ => {}
        }
    }
    let hidden = |c: char| c != '\n' && crate::domain::finding::is_hidden(c);
    [
        (markdown.chars().any(hidden), "a hidden character"),
        (reads(&bare, "@", char::is_alphanumeric), "a mention"),
        (reads(&bare, "#", |c| c.is_ascii_digit()), "a reference"),
        (reads(&bare, "gh-", |c| c.is_ascii_digit()), "a reference"),
        (bare.contains("://") || bare.to_lowercase().contains("www."), "a link"),
        (markdown.chars().count() > text::COMMENT_LIMIT, "more than GitHub takes"),
    ]
    .into_iter()
    .find_map(|(is_so, what)| is_so.then_some(what))
}

/// A finding that shows it wherever findings show what people wrote.
fn finding(hostile: &str) -> Finding {
    let page = Reference { text: "@dana".into(), path: "dana".into() };
    let rule = Finding::new("x", Outcome::Fail, format!("check {} passed", code(hostile)), String::new());
    Finding { sentence: format!("{} says {}.", code(hostile), quoted(hostile)), ..rule }
        .headline(format!("{} did not pass", code(hostile)))
        .cure(format!("@dana comments on {}", quoted(hostile)))
        .names([page])
}

fn verdict(findings: Vec<Finding>) -> Verdict {
    Verdict { ruling: Ruling::Enforced(Decision::Deny), findings, at: time(0), again_at: None, basis: None }
}

/// The issue that a by-pass in an environment of this name opens: title and text.
fn by_pass(environment: &str) -> (String, String) {
    let policy = "
version: 1
mode: enforce
roles: { triager: [kim], release-manager: [rosa] }
environments: { all: { names: [\"**\"], require: [{ range: traced }] } }
";
    let deployment = DeploymentSnapshot {
        id: 7,
        environment: Some(environment.into()),
        sha: Some(sha('a')),
        reference: None,
        creator: None,
        app: None,
        created_at: None,
    };
    let (state, report) = (Some("success".into()), DeploymentReport::default());
    let told = event(What::DeploymentStatus { state, deployment, report, run: None });
    let subject = SubjectId::Environment(WEB, "production".into());
    let before =
        State::Environment(Box::new(Environment { name: "production".into(), ..Environment::default() }));
    let decision = World::new(Some(policy)).decide(&subject, Some(&before), &[told], time(0));
    let issue = decision.effects.into_iter().find_map(|effect| {
        if let Call::Issue { title, body, .. } = effect.call { Some((title, body)) } else { None }
    });
    issue.unwrap_or_else(|| panic!("no issue for {environment:?}"))
}

/// The status comment on a request that shows it: as a missing field, a doubt, a person, a release and an emergency; and the
/// retrospective of that, before and after.
fn comments(hostile: &str) -> [String; 3] {
    let name = name(WEB);
    let rules = Rules::of(None, Some(&name));
    let setting = status::Setting {
        is_own: false,
        web_url: "https://github.com",
        name: Some(&name),
        rules: &rules,
        pulls: &[],
        due: None,
    };
    let mut request = ChangeRequest::new(at(12));
    let mut issue = crate::domain::trial::issue(12);
    issue.author = Some(crate::domain::ids::Actor { login: hostile.into(), person: false, ..actor("dana") });
    request.seen = Some(issue);
    request.taken_in = true;
    request.missing = vec![hostile.into()];
    request.unread = Some(hostile.into());
    let by = crate::domain::ids::Actor { login: hostile.into(), person: false, ..actor("oz") };
    let emergency = Emergency {
        since: time(0),
        by: by.clone(),
        at: time(0),
        why: hostile.into(),
        declared_by: [by.id].into(),
        signed: None,
        looked_back: None,
        in_force: true,
        came_along: false,
        terms: None,
        parts: Default::default(),
    };
    let looked_back = LookedBack { by, at: time(0), result: Done::Worked, said: hostile.into() };
    let over = Emergency { looked_back: Some(looked_back), ..emergency.clone() };
    let (before, after) =
        (retrospective::body(&request, &emergency, &setting), retrospective::body(&request, &over, &setting));
    request.emergency = Some(emergency);
    [status::comment(&request, &setting), before, after]
}

/// Each text of ours that shows it, by name.
fn texts(hostile: &str) -> Vec<(&'static str, String)> {
    let row = check::summary("", &[finding(hostile)], "https://github.com");
    // The marks of the table and of what we set in bold are ours.
    let ours = |text: String| text.replace("**", "").replace("|---|---|---|", "");
    let [comment, before, after] = comments(hostile);
    // So are the elements of the comment and the links in it.
    let comment = ["<details>", "</details>", "<summary>", "</summary>"]
        .iter()
        .fold(comment, |text, element| text.replace(element, ""));
    vec![
        ("check run", ours(row)),
        ("note", ours(gate::note(&verdict(vec![finding(hostile)]), "https://github.com"))),
        ("by-pass", by_pass(hostile).1),
        ("status comment", ours(comment)),
        ("retrospective", ours(before)),
        ("retrospective, written", ours(after)),
    ]
}

fn all_is_harmless(hostile: &str) -> Result<(), String> {
    for (name, text) in texts(hostile) {
        if let Some(harm) = harm(&text) {
            return Err(format!("{name} with {hostile:?} has {harm}:\n{text}"));
        }
    }
    let row = check::summary("", &[finding(hostile)], "https://github.com");
    let rows: Vec<&str> = row.lines().filter(|line| line.starts_with('|')).collect();
    let cells = |row: &&str| row.replace("\\|", "").matches('|').count();
    if rows.len() != 3 || rows.iter().any(|row| cells(row) != 4) {
        return Err(format!("the table with {hostile:?} is broken:\n{row}"));
    }
    let note = gate::note(&verdict(vec![finding(hostile); 30]), "https://github.com");
    let titles = [check::title(&[finding(hostile)]), by_pass(hostile).0];
    for (title, longest) in titles.iter().map(|title| (title, 256)).chain([(&note, 1_024)]) {
        if title.chars().count() > longest {
            return Err(format!("it is too long with {hostile:?}: {title}"));
        }
    }
    for title in titles {
        if title.chars().any(crate::domain::finding::is_hidden) {
            return Err(format!("a title with {hostile:?} hides something: {title:?}"));
        }
    }
    Ok(())
}

#[test]
fn what_strangers_write_does_nothing_in_any_text_of_ours() {
    for hostile in HOSTILE {
        all_is_harmless(hostile).unwrap();
        all_is_harmless(&hostile.repeat(400)).unwrap();
    }
}

#[test]
fn a_summary_of_a_thousand_long_obstacles_is_cut_and_harmless() {
    let findings: Vec<Finding> =
        HOSTILE.iter().cycle().take(1_000).map(|it| finding(&it.repeat(50))).collect();
    let summary = check::summary("", &findings, "https://github.com");
    assert!(summary.len() <= 65_535 && summary.chars().count() <= 65_535);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_that_anybody_could_write_does_anything(hostile in hostile()) {
        prop_assert_eq!(all_is_harmless(&hostile), Ok(()));
    }
}
