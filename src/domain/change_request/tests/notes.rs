//! What helps planning: who may say it, what becomes of it, and that it stays on record.

use super::*;
use crate::domain::{
    change_request::note::Size,
    planning::{Kind, Line, Pile},
};

const ACCOUNTS: &str = "accounts:
  sales: { sponsor: dana, weight: 2 }
";

/// Asked for by sam, for the sales department.
fn of_sales() -> World {
    let mut world = World::taken_in().with_policy(&format!("{POLICY}{ACCOUNTS}"));
    let labelled = world.label("sam", "account/Sales");
    world.deliver(&[labelled]);
    world
}

fn say(world: &mut World, who: &str, body: &str) -> Vec<String> {
    let comment = world.comment(who, body);
    world.settle(&[comment])
}

fn line(world: &World) -> Line {
    Line::of(world.request()).expect("it is in the register")
}

#[test]
fn the_sponsor_of_an_account_ranks_its_requests_and_nobody_else_does() {
    let mut world = of_sales();
    assert_eq!(say(&mut world, "dana", "/rank 3"), ["thumbs up 1"]);
    assert_eq!(line(&world).rank.map(|rank| rank.place), Some(3));
    for who in ["sam", "tara", "rita", "renovate[bot]"] {
        say(&mut world, who, "/rank 1");
        assert_eq!(line(&world).rank.map(|rank| rank.place), Some(3), "{who}");
    }
    insta::assert_snapshot!(say(&mut world, "sam", "/rank 1").join("\n"), @"
    confused 6
    comment reply/6: @sam wrote `/rank`; the requests of **sales** are ranked by its sponsor ([dana](https://github.com/dana)).
    ");
    for words in ["", "0", "first", "10000", "-1"] {
        assert!(say(&mut world, "dana", &format!("/rank {words}"))[0].starts_with("confused"), "{words}");
    }
    assert_eq!(say(&mut world, "dana", "/rank 1"), ["thumbs up 12"]);
    assert_eq!(line(&world).rank.map(|rank| rank.place), Some(1));
}

#[test]
fn what_belongs_to_no_account_is_ranked_by_a_triager() {
    let mut world = World::taken_in();
    assert_eq!(say(&mut world, "tara", "/rank 2"), ["thumbs up 1"]);
    insta::assert_snapshot!(say(&mut world, "dana", "/rank 1").join("\n"), @"
    confused 2
    comment reply/2: @dana wrote `/rank`; it belongs to no account, so it is ranked by the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)).
    ");
}

#[test]
fn every_day_by_which_it_was_said_to_be_needed_stays_on_record() {
    let mut world = of_sales();
    for who in ["sam", "dana", "tara"] {
        assert!(
            say(&mut world, who, "/needed-by 2027-01-15 the contract begins")[0].starts_with("thumbs up"),
            "{who}"
        );
    }
    insta::assert_snapshot!(say(&mut world, "rita", "/needed-by 2027-02-01 later will do").join("\n"), @"
    confused 4
    comment reply/4: @rita wrote `/needed-by`; that is for the requester (sam), the sponsor ([dana](https://github.com/dana)) and the triagers ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)).
    ");
    for words in ["tomorrow it is late", "2027-01-15", "2027-02-30 why not"] {
        assert!(say(&mut world, "sam", &format!("/needed-by {words}"))[0].starts_with("confused"), "{words}");
    }
    say(&mut world, "sam", "/needed-by 2027-02-01 the contract begins later");
    let days: Vec<String> = world.request().needed_by().iter().map(|it| it.day.to_string()).collect();
    assert_eq!(days, ["2027-01-15", "2027-01-15", "2027-01-15", "2027-02-01"]);
    insta::assert_snapshot!(summary(&world.deliver(&[])), @"
    **Change request** · requested
    Contact: nobody yet · Requester: @sam · Account: sales

    Needed by **2027-02-01** (@sam): the contract begins later. Said before: 2027-01-15 (the contract begins).

    Next: a triager ([acme/triage](https://github.com/orgs/acme/teams/triage), [tess](https://github.com/tess)) comments `/accept`, or asks, defers or declines.
    ");
}

#[test]
fn a_triager_names_the_contact_and_whoever_codes_it_is_not_taken_for_it() {
    let mut world = of_sales();
    let coder = world.change("kim", IssueChange::Other, |issue| issue.assignees.push(actor("kim")));
    world.deliver(&[coder]);
    assert_eq!(line(&world).contact, Some(actor("kim")));
    assert_eq!(say(&mut world, "tara", "/contact @quinn"), ["thumbs up 1", "assign quinn"]);
    assert_eq!(line(&world).contact, Some(actor("quinn")));
    assert!(say(&mut world, "sam", "/contact sam")[0].starts_with("confused"));
    for words in ["", "two people", "a/b", "@"] {
        assert!(say(&mut world, "tara", &format!("/contact {words}"))[0].starts_with("confused"), "{words}");
    }
    assert_eq!(say(&mut world, "tara", "/contact quinn"), ["thumbs up 7"], "it is assigned to quinn already");
}

#[test]
fn a_size_and_a_project_are_said_by_a_label_that_a_command_sets() {
    let mut world = of_sales();
    assert_eq!(say(&mut world, "tara", "/size m"), ["thumbs up 1", "+size/M"]);
    assert_eq!(say(&mut world, "tara", "/size L"), ["thumbs up 2", "-size/M", "+size/L"]);
    assert_eq!(line(&world).size, Some(Size::L));
    let smaller = world.unlabel("sam", "size/L");
    assert_eq!(world.settle(&[smaller]), Vec::<String>::new(), "it only describes");
    let smaller = world.label("sam", "size/S");
    assert_eq!(world.settle(&[smaller]), Vec::<String>::new());
    assert_eq!(line(&world).size, Some(Size::S));
    assert!(say(&mut world, "sam", "/size S")[0].starts_with("confused"));
    assert!(say(&mut world, "tara", "/size 40 hours")[0].starts_with("confused"), "no hours anywhere");
    assert_eq!(say(&mut world, "tara", "/project"), ["thumbs up 5", "+kind/project"]);
    assert_eq!(line(&world).kind, Kind::Project);
}

#[test]
fn a_form_names_the_account_where_no_label_does() {
    let mut world = World::taken_in().with_policy(&format!("{POLICY}{ACCOUNTS}"));
    let edited = world.edit("sam", "### Department\n\nSales\n\n### Why\n\nMoney");
    world.deliver(&[edited]);
    assert_eq!(line(&world).account.as_deref(), Some("sales"));
    let edited = world.edit("sam", "### Department\n\nThe moon");
    world.deliver(&[edited]);
    assert_eq!(line(&world).account, None, "nobody knows such an account");
    let labelled = world.label("sam", "account/support");
    world.deliver(&[labelled]);
    assert_eq!(line(&world).account.as_deref(), Some("support"), "a label names any");
}

#[test]
fn a_line_lies_where_its_stage_says_and_keeps_its_age() {
    let mut world = of_sales();
    let asked = line(&world).asked;
    assert_eq!(line(&world).pile(), Pile::Triage);
    say(&mut world, "tara", "/defer until spring");
    assert_eq!((line(&world).pile(), line(&world).asked), (Pile::Deferred, asked));
    say(&mut world, "tara", "/accept");
    assert_eq!((line(&world).pile(), line(&world).asked), (Pile::Open, asked));
    assert!(line(&world).accepted.is_some());
    say(&mut world, "sam", "/withdraw");
    assert_eq!((line(&world).pile(), line(&world).accepted), (Pile::Ended, None));
    let left = world.unlabel("sam", "change-request");
    world.deliver(&[left]);
    assert_eq!(Line::of(world.request()), None);
}

#[test]
fn whoever_asked_for_it_or_sponsors_it_says_how_content_they_are_once_it_runs() {
    let mut world = of_sales();
    for who in ["sam", "dana", "tara"] {
        assert!(say(&mut world, who, "/rate 5")[0].starts_with("confused"), "{who}: it does not run yet");
    }
    say(&mut world, "tara", "/accept");
    world.pull(31, true, false, true);
    let pull = world.pulls.first_mut().unwrap();
    pull.opened_at = Some(pull.merged_at.unwrap());
    let shipped = crate::domain::pull_request::Shipped {
        environment: "production".into(),
        deployment: 1,
        at: world.now,
        runs: true,
    };
    world.pulls.first_mut().unwrap().shipped = vec![shipped];
    world.settle(&[]);
    assert_eq!(line(&world).pile(), Pile::Delivered);
    for words in ["", "0", "6", "good"] {
        assert!(say(&mut world, "sam", &format!("/rate {words}"))[0].starts_with("confused"), "{words}");
    }
    insta::assert_snapshot!(say(&mut world, "tara", "/rate 1").join("\n"), @"
    confused 9
    comment reply/9: @tara wrote `/rate`; that is for the requester (sam) and the sponsor ([dana](https://github.com/dana)).
    ");
    assert!(say(&mut world, "sam", "/rate 2 slow")[0].starts_with("thumbs up"));
    assert!(say(&mut world, "dana", "/rate 4 it became better")[0].starts_with("thumbs up"));
    assert_eq!(line(&world).stars, Some(4), "the last word counts");
}

#[test]
fn what_is_accepted_has_a_contact_whom_policy_names_unless_somebody_answers_for_it_already() {
    let policy = format!(
        "{POLICY}{}",
        "accounts:\n  sales: { sponsor: dana, contact: kim }\nintake: { contacts: [lou, max] }\n"
    );
    for (label, assigned, expected) in
        [(Some("account/sales"), None, "assign kim"), (None, None, "assign lou"), (None, Some("ana"), "")]
    {
        let mut world = World::taken_in().with_policy(&policy);
        if let Some(label) = label {
            let labelled = world.label("sam", label);
            world.settle(&[labelled]);
        }
        if let Some(login) = assigned {
            let event = world.change("tara", IssueChange::Other, |issue| issue.assignees.push(actor(login)));
            world.settle(&[event]);
        }
        let told = say(&mut world, "tara", "/accept");
        let assigns: Vec<&String> = told.iter().filter(|it| it.starts_with("assign")).collect();
        assert_eq!(
            assigns,
            if expected.is_empty() { vec![] } else { vec![expected] },
            "{label:?} {assigned:?}"
        );
        assert!(!say(&mut world, "tara", "/size S").iter().any(|it| it.starts_with("assign")), "once");
    }
}

#[test]
fn what_a_bot_wrote_is_asked_for_by_nobody() {
    let mut world = World::taken_in();
    world.issue().author = Some(actor("jira[bot]"));
    let edited = world.edit("jira[bot]", "From Jira");
    world.deliver(&[edited]);
    assert_eq!(line(&world).requester, None);
    assert!(say(&mut world, "jira[bot]", "/withdraw").is_empty(), "bots say nothing that counts");
}
