//! A corpus of comments, and what each of them tells us to do.

mod noise;

use super::*;

/// In short: words and arguments.
fn told(body: &str, prefix: Option<&str>) -> String {
    let short = |command: Command| match command {
        Command::Malformed(malformed) => format!("malformed {}", malformed.word),
        Command::Later(later) => format!("later {later:?}"),
        Command::Accept
        | Command::AcceptOver(_)
        | Command::Defer(_)
        | Command::Decline(_)
        | Command::NeedInformation(_)
        | Command::Duplicate(_)
        | Command::Withdraw
        | Command::Reopen
        | Command::Status
        | Command::Recheck
        | Command::Help
        | Command::Unknown(_) => format!("{command:?}"),
    };
    parse(body, prefix).into_iter().map(short).collect::<Vec<_>>().join("; ")
}

const CORPUS: &[(&str, &str)] = &[
    // Plain.
    ("/accept", "Accept"),
    ("/ACCEPT", "Accept"),
    ("/Accept.", "Accept"),
    ("/accept!", "Accept"),
    ("  /accept  ", "Accept"),
    ("   /accept", "Accept"),
    ("Looks good.\n/accept", "Accept"),
    ("/accept\n\nThanks!", "Accept"),
    ("/accept\n/status", "Accept; Status"),
    ("/accept\n/accept", "Accept; Accept"),
    ("/withdraw", "Withdraw"),
    ("/reopen", "Reopen"),
    ("/status please", "Status"),
    ("/recheck", "Recheck"),
    ("/help", "Help"),
    // With something to say.
    ("/defer 2027-01-15", r#"Defer(Some("2027-01-15"))"#),
    ("/defer", "malformed defer"),
    ("/decline We will not do that.", r#"Decline(Some("We will not do that."))"#),
    ("/decline", "malformed decline"),
    ("/need-info Which customers?", r#"NeedInformation(Some("Which customers?"))"#),
    ("/need-info   ", "malformed need-info"),
    ("/duplicate #12", r##"Duplicate(Some("#12"))"##),
    ("/duplicate acme/web#12", r##"Duplicate(Some("acme/web#12"))"##),
    (
        "/duplicate https://github.com/acme/web/issues/12",
        r#"Duplicate(Some("https://github.com/acme/web/issues/12"))"#,
    ),
    ("/duplicate of the other one", "malformed duplicate"),
    ("/accept when the tests pass", "malformed accept"),
    ("/accept over: the contract begins", r#"AcceptOver("the contract begins")"#),
    ("/accept Over : it is small: one line", r#"AcceptOver("it is small: one line")"#),
    ("/triage accepted over: it is small", r#"AcceptOver("it is small")"#),
    ("/accept over:", "malformed accept"),
    ("/accept over the weekend, please: it is small", "malformed accept"),
    ("/withdraw it", "malformed withdraw"),
    // Prow's words.
    ("/triage accepted", "Accept"),
    ("/triage Accepted", "Accept"),
    ("/triage needs-information", "NeedInformation(None)"),
    ("/triage deferred", "Defer(None)"),
    ("/triage declined", "Decline(None)"),
    ("/triage duplicate #3", r##"Duplicate(Some("#3"))"##),
    ("/triage unresolved", ""),
    ("/triage", ""),
    ("/milestone 2026.12", r#"later Schedule("2026.12")"#),
    ("/milestone clear", "later Unschedule"),
    ("/hold cancel", "later Unhold"),
    ("/remove-hold", "later Unhold"),
    ("/hold until Monday", r#"later Hold("until Monday")"#),
    ("/reject too slow", r#"later Reject("too slow")"#),
    ("/reject cancel", "later RejectCancel"),
    ("/remove-reject", "later RejectCancel"),
    ("/approve", r#"later Approve("")"#),
    ("/approve cancel", "later ApproveCancel"),
    ("/approve qa 3f2a", r#"later Approve("qa 3f2a")"#),
    ("/emergency payments fail", r#"later Emergency("payments fail")"#),
    ("/done worked", r#"later Done("worked")"#),
    // Not at the beginning of a line.
    ("please /accept", ""),
    ("- /accept", ""),
    ("1. /accept", ""),
    ("* /accept", ""),
    ("# /accept", ""),
    ("**/accept**", ""),
    ("| /accept |", ""),
    ("//accept", ""),
    ("/ accept", ""),
    ("\\/accept", ""),
    // Not ours.
    ("/accepted", ""),
    ("/accept-it", ""),
    ("/lgtm", ""),
    ("/assign @quinn", ""),
    ("/usr/bin/accept", ""),
    ("/", ""),
    ("", ""),
    // Quoted.
    ("> /accept", ""),
    (">/accept", ""),
    ("> > /accept", ""),
    ("   > /accept", ""),
    ("> /accept\n\n/decline No money.", r#"Decline(Some("No money."))"#),
    // Code.
    ("```\n/accept\n```", ""),
    ("```text\n/accept\n```\n/status", "Status"),
    ("~~~\n/accept\n~~~", ""),
    ("```\n/accept", ""),
    ("````\n```\n/accept\n````", ""),
    ("    /accept", ""),
    ("\t/accept", ""),
    ("`/accept`", ""),
    ("`a\n/accept\nb`", ""),
    ("- ```\n  /accept\n  ```", ""),
    ("<pre>\n/accept\n</pre>", ""),
    // Hidden.
    ("<!-- /accept -->", ""),
    ("<!--\n/accept\n-->", ""),
    ("<!--\n/accept", ""),
    ("a <!--\n/accept\n-->", ""),
    ("<!--\n--> /accept", ""),
    ("<!-- why --> /accept", "Accept"),
    ("/accept <!-- at last -->", "Accept"),
    ("<details>\n\n/accept\n\n</details>", "Accept"),
    // Ends of lines, blank space, direction.
    ("/accept\r\n", "Accept"),
    ("Hello\r\n/accept\r\n/status\r\n", "Accept; Status"),
    ("Hello\r/accept", "Accept"),
    ("\u{a0}/accept", "Accept"),
    ("/accept\u{a0}", "Accept"),
    ("/decline\u{a0}no", r#"Decline(Some("no"))"#),
    ("\u{200f}/accept\u{200f}", "Accept"),
    ("\u{202e}/accept", "Accept"),
    ("\u{feff}/accept", "Accept"),
    ("/acc\u{200b}ept", ""),
    ("/аccept", ""),
    ("／accept", ""),
    ("/accept\u{0}", ""),
];

#[test]
fn every_comment_of_the_corpus_tells_exactly_this() {
    for (body, expected) in CORPUS {
        assert_eq!(told(body, None), *expected, "{body:?}");
    }
}

#[test]
fn with_a_prefix_the_bare_words_belong_to_somebody_else() {
    for (body, expected) in [
        ("/accept", ""),
        ("/cg accept", "Accept"),
        ("/CG Accept", "Accept"),
        ("/cg triage accepted", "Accept"),
        ("/cg need-info Who?", r#"NeedInformation(Some("Who?"))"#),
        ("/cg", "Help"),
        ("/cg lgtm", r#"Unknown("lgtm")"#),
        ("/cgaccept", ""),
        ("/cg-accept", ""),
        ("> /cg accept", ""),
    ] {
        assert_eq!(told(body, Some("cg")), expected, "{body:?}");
    }
}

#[test]
fn a_comment_tells_at_most_twenty_things() {
    assert_eq!(parse(&"/status\n".repeat(100), None).len(), 20);
}

proptest::proptest! {
    #[test]
    fn any_comment_can_be_read(body in proptest::prelude::any::<String>()) {
        proptest::prop_assert!(parse(&body, None).len() <= 20);
    }

    #[test]
    fn what_is_quoted_or_fenced_tells_nothing(body in "[a-z/ \n]{0,60}") {
        let quoted: String = body.lines().map(|line| format!("> {line}\n")).collect();
        proptest::prop_assert_eq!(parse(&quoted, None), vec![]);
        let fenced = format!("```\n{body}\n```");
        proptest::prop_assert_eq!(parse(&fenced, None), vec![]);
    }
}
