//! Each command, label and milestone of intake and planning: once by somebody whose it is not, and once by somebody whose it is.

use changegate::sandbox::Numbered;
use serde_json::json;

use super::deploying::{WEB, built, deploys, said, stands};
use crate::support::{Scene, assert_snapshot, scenario};

/// Sam asks, for sales; Ana is the sponsor of sales, Lee that of another account; Tess triages, Rosa manages releases, Quinn is on
/// call.
const RULES: &str = "version: 1
mode: enforce
roles: { triager: [acme/triage], release-manager: [rosa], break-glass: [quinn] }
groups: { qa: [quinn] }
accounts:
  sales: { sponsor: ana }
  support: { sponsor: lee }
";

const TRAIN: &str = "trains:
  customer: { repositories: [acme/web, acme/billing], title: \"{year}.{month}\", every: first Thursday 10:00 }
environments:
  production:
    names: [production]
    emergency: { lasts: 4 hours, approved: within 1 working day, retrospective: 5 working days }
";

const CONTINUOUS: &str = "repositories:
  - { match: acme/web, ship: continuous, change: issue }
environments:
  production:
    names: [production]
    from: { branches: [default] }
    require:
      - change: accepted
";

/// How far a request is before somebody says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Asked,
    Withdrawn,
    Accepted,
    Risky,
    Planned,
    /// Accepted, needs no code, and Lee is to do it.
    ByHand,
    Started,
    Delivered,
}

use Before::{Accepted, Asked, ByHand, Delivered, Planned, Risky, Started, Withdrawn};

async fn says(s: &Scene, login: &str, on: Numbered, words: &str) -> u64 {
    let comment = s.by(login).comment(on, words);
    // GitHub takes only so many comments and labels a minute.
    s.settle_for(1).await;
    comment
}

async fn a_request(s: &Scene, before: Before, title: &str) -> Numbered {
    let issue = s.by("sam").open_labelled_issue(WEB, title, "Please.", &["change-request", "account/sales"]);
    s.settle().await;
    if before == Withdrawn {
        says(s, "sam", issue, "/withdraw").await;
    } else if before != Asked {
        says(s, "tess", issue, "/accept").await;
    }
    match before {
        Risky => s.by("sam").label(issue, "risk/high"),
        Planned => drop(says(s, "rosa", issue, "/schedule 2026.12").await),
        ByHand | Started => {
            s.by("tess").label(issue, "kind/infrastructure");
            s.by("tess").assign(issue, "lee");
            s.settle().await;
        }
        Asked | Withdrawn | Accepted | Delivered => {}
    }
    if before == Started {
        says(s, "lee", issue, "/started").await;
    }
    if before == Delivered {
        built(s, &format!("for-{}", issue.number), issue.number).await;
        let run = deploys(s, "rosa", "main").await;
        assert_eq!(stands(s, run), "in_progress -", "{}", said(s, run));
        s.github().finish_run(WEB, run, true);
    }
    s.settle().await;
    issue
}

/// Says it as somebody who may not, who is refused with a sentence and changes nothing; then as somebody who may. Returns the sentence.
async fn both(s: &Scene, (words, may, may_not): (&str, &str, &str), before: Before) -> String {
    let issue = a_request(s, before, words).await;
    let (status, sentences) = (s.status(issue), s.sentences(issue).len());
    let refused = says(s, may_not, issue, words).await;
    let what = format!("{words} by {may_not}, {before:?}");
    assert_eq!(s.reactions(issue, refused), json!(["confused"]), "{what}: {:?}", s.sentences(issue));
    assert_eq!(s.status(issue), status, "{what} changes nothing");
    let told = s.sentences(issue);
    assert_eq!(told.len(), sentences + 1, "{what}: {told:?}");
    let taken = says(s, may, issue, words).await;
    assert_eq!(s.reactions(issue, taken), json!(["+1"]), "{words} by {may}: {:?}", s.sentences(issue));
    let sentence = told.last().cloned().unwrap_or_default();
    sentence.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn each_command_counts_from_those_whose_it_is_and_from_nobody_else() {
    scenario(async |s| {
        s.policy_file("acme/.github", &format!("{RULES}{TRAIN}")).await;
        a_request(s, Asked, "The first").await;
        let mut refusals = vec![];
        for (words, may, may_not, before) in [
            ("/accept", "tess", "sam", Asked),
            ("/triage accepted", "tess", "rosa", Asked),
            ("/defer 2027-03-01", "tess", "sam", Asked),
            ("/decline We have one", "tess", "ana", Asked),
            ("/need-info Which page?", "tess", "lee", Asked),
            ("/duplicate #1", "tess", "sam", Asked),
            ("/withdraw", "sam", "lee", Asked),
            ("/withdraw", "ana", "quinn", Asked),
            ("/reopen", "sam", "lee", Withdrawn),
            ("/project", "tess", "sam", Accepted),
            ("/contact lee", "tess", "sam", Accepted),
            ("/size M", "tess", "lee", Accepted),
            ("/risk low It is small", "tess", "sam", Risky),
            ("/rank 1", "ana", "sam", Accepted),
            ("/rank 2", "ana", "lee", Accepted),
            ("/needed-by 2027-01-15 The fair", "sam", "lee", Accepted),
            ("/needed-by 2027-01-16 The fair", "ana", "quinn", Accepted),
            ("/schedule next", "rosa", "tess", Accepted),
            ("/schedule 2026.12", "rosa", "ana", Accepted),
            ("/milestone 2026.12", "rosa", "sam", Accepted),
            ("/schedule now", "rosa", "sam", Accepted),
            ("/unschedule Not ready", "rosa", "tess", Planned),
            ("/emergency The till is down", "quinn", "rosa", Asked),
        ] {
            let refusal = both(s, (words, may, may_not), before).await;
            refusals.push(refusal);
        }
        assert_snapshot!(refusals.join("\n"), @"
        @sam wrote `/accept`; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @rosa wrote `/accept`; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @sam wrote `/defer`; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @ana wrote `/decline`; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @lee wrote `/need-info`; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @sam wrote `/duplicate`; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @lee wrote `/withdraw`; that is for the requester (sam), the sponsor ([ana](https://github/ana)) and the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @quinn wrote `/withdraw`; that is for the requester (sam), the sponsor ([ana](https://github/ana)) and the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @lee wrote `/reopen`; that is for the requester (sam), the sponsor ([ana](https://github/ana)) and the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @sam wrote `/project`; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @sam wrote `/contact`; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @lee wrote `/size`; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @sam wrote `/risk`; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @sam wrote `/rank`; the requests of **sales** are ranked by its sponsor ([ana](https://github/ana)).
        @lee wrote `/rank`; the requests of **sales** are ranked by its sponsor ([ana](https://github/ana)).
        @lee wrote `/needed-by`; that is for the requester (sam), the sponsor ([ana](https://github/ana)) and the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @quinn wrote `/needed-by`; that is for the requester (sam), the sponsor ([ana](https://github/ana)) and the triagers ([acme/triage](https://github/orgs/acme/teams/triage)).
        @tess wrote `/schedule`; releases are planned by the release managers ([rosa](https://github/rosa)).
        @ana wrote `/schedule`; releases are planned by the release managers ([rosa](https://github/rosa)).
        @sam wrote `/schedule`; releases are planned by the release managers ([rosa](https://github/rosa)).
        @sam wrote `/schedule`; releases are planned by the release managers ([rosa](https://github/rosa)).
        @tess wrote `/unschedule`; releases are planned by the release managers ([rosa](https://github/rosa)).
        @rosa wrote `/emergency`; an emergency is declared by the people on call ([quinn](https://github/quinn)).
        ");
    })
    .await;
}

#[tokio::test]
async fn what_is_said_once_it_runs_counts_from_those_who_asked_and_what_is_done_by_hand_from_those_who_do_it()
{
    scenario(async |s| {
        s.policy_file("acme/.github", &format!("{RULES}{CONTINUOUS}")).await;
        s.by("rosa").protect(WEB, "production", true, true);
        s.settle().await;
        let mut refusals = vec![];
        for (words, may, may_not, before) in [
            ("/rate 4 Quick", "sam", "lee", Delivered),
            ("/started", "lee", "sam", ByHand),
            ("/done worked Fine", "lee", "sam", Started),
        ] {
            refusals.push(both(s, (words, may, may_not), before).await);
        }
        assert_snapshot!(refusals.join("\n"), @"
        @lee wrote `/rate`; that is for the requester (sam) and the sponsor ([ana](https://github/ana)).
        @sam wrote `/started`; that is for the contact (lee) and the release managers ([rosa](https://github/rosa)).
        @sam wrote `/done`; that is for the contact (lee), the people on call ([quinn](https://github/quinn)) and the release managers ([rosa](https://github/rosa)).
        ");
    })
    .await;
}

#[tokio::test]
async fn each_label_and_milestone_counts_from_those_whose_it_is_and_is_put_back_otherwise() {
    scenario(async |s| {
        s.policy_file("acme/.github", &format!("{RULES}{TRAIN}")).await;
        a_request(s, Planned, "Somebody made the milestone").await;
        let mut refusals = vec![];
        for (label, may, may_not, before) in [
            ("triage/accepted", "tess", "sam", Asked),
            ("triage/needs-information", "tess", "sam", Asked),
            ("triage/deferred", "tess", "lee", Asked),
            ("triage/declined", "tess", "ana", Asked),
            ("triage/duplicate", "tess", "sam", Asked),
            ("kind/infrastructure", "tess", "sam", Accepted),
            ("change/standard", "-", "tess", Accepted),
            ("change/emergency", "-", "quinn", Accepted),
        ] {
            let issue = a_request(s, before, label).await;
            let sentences = s.sentences(issue).len();
            let stands = || s.labels(issue).contains(&label.to_owned());
            s.by(may_not).label(issue, label);
            s.settle().await;
            assert!(!stands(), "{label} by {may_not} is taken off");
            let told = s.sentences(issue);
            assert_eq!(told.len(), sentences + 1, "{label}: {told:?}");
            refusals.push(told.last().cloned().unwrap_or_default());
            if may != "-" {
                s.by(may).label(issue, label);
                s.settle().await;
                assert!(stands(), "{label} by {may} stays: {:?}", s.sentences(issue));
            }
        }
        let issue = a_request(s, Accepted, "A milestone").await;
        let milestone = || s.github().issue(issue)["milestone"]["title"].as_str().map(str::to_owned);
        s.by("sam").set_milestone(issue, "2026.12");
        s.settle().await;
        assert_eq!(milestone(), None);
        refusals.extend(s.sentences(issue).last().cloned());
        s.by("rosa").set_milestone(issue, "2026.12");
        s.settle().await;
        assert_eq!(milestone().as_deref(), Some("2026.12"));
        assert_snapshot!(refusals.join("\n"), @"
        @sam set **triage/accepted**; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)). It was taken off again. Ask them here.
        @sam set **triage/needs-information**; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)). It was taken off again. Ask them here.
        @lee set **triage/deferred**; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)). It was taken off again. Ask them here.
        @ana set **triage/declined**; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)). It was taken off again. Ask them here.
        @sam set **triage/duplicate**; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)). It was taken off again. Ask them here.
        @sam set **kind/infrastructure**; this is decided by the triagers ([acme/triage](https://github/orgs/acme/teams/triage)). It was taken off again. Ask them here.
        @tess set **change/standard**; this label is not set by hand. It was taken off again.
        @quinn set **change/emergency**; this label is not set by hand. It was taken off again.
        @sam set milestone **2026.12**; releases are planned by the release managers ([rosa](https://github/rosa)). It was taken off again. Ask them here.
        ");
    })
    .await;
}
