//! GitHub refuses everything for half an hour: nobody asks before the time it names, and all is caught up afterwards.

use std::collections::BTreeMap;

use changegate::sandbox::{Fault, On, Request};
use jiff::{SignedDuration, Timestamp};

use crate::support::{Scene, scenario};

/// What GitHub says: not before this many seconds.
const RETRY_AFTER: u32 = 150;

/// Requests that came although GitHub had named a later time to the same asker.
fn early(requests: &[Request]) -> Vec<String> {
    let mut closed: BTreeMap<Option<u64>, Timestamp> = BTreeMap::new();
    let mut early = vec![];
    for request in requests {
        let refused_at = closed.get(&request.installation).copied();
        // What was sent in the same moment was on its way when the refusal came.
        let too_early = |at: Timestamp| {
            request.at > at && request.at < at + SignedDuration::from_secs(i64::from(RETRY_AFTER))
        };
        if refused_at.is_some_and(too_early) {
            early.push(format!("{} {} {}", request.at, request.method, request.path));
        }
        if request.status == 429 {
            closed.insert(request.installation, request.at);
        }
    }
    early
}

/// Effects that are not sent.
async fn waiting(s: &Scene) -> i64 {
    s.stage.app.store.counts(s.stage.clock.now()).await.unwrap().effects_waiting
}

#[tokio::test]
async fn after_half_an_hour_without_github_all_is_caught_up_and_no_limit_is_met_again() {
    scenario(async |s| {
        let before = s.change_request("Before").await;
        s.pull_request("acme/web", "before", &format!("Closes #{}", before.number)).await;
        s.fault(On::Everything, Fault::TooMany { retry_after: RETRY_AFTER }, u32::MAX);
        let began = s.github().requests().len();
        let mut issues = vec![];
        for second in 0..1_800 {
            if second % 10 == 0 {
                let title = format!("Wish {second}");
                issues.push(s.by("sam").open_labelled_issue(
                    "acme/web",
                    &title,
                    "Please.",
                    &["change-request"],
                ));
            }
            s.github().deliver().await;
            s.stage.app.settle().await.unwrap();
            s.pass(1);
        }
        let during = s.github().requests().split_off(began);
        assert_eq!(early(&during), Vec::<String>::new());
        assert!(during.len() < 100, "{} requests", during.len());
        s.github().clear_faults();
        let mut minutes = 0;
        s.settle_for(3).await;
        while waiting(s).await > 0 && minutes < 120 {
            s.settle_for(1).await;
            minutes += 1;
        }
        let all = s.github().requests().split_off(began);
        assert_eq!(early(&all), Vec::<String>::new());
        let refused = all[during.len()..].iter().filter(|it| matches!(it.status, 403 | 429)).count();
        assert_eq!(refused, 0, "a limit was met again");
        for issue in &issues {
            assert_eq!(s.comments(*issue).len(), 1, "{issue:?}");
        }
        eprintln!(
            "{} requests in 30 minutes without GitHub, none of them early; caught up after {} minutes",
            during.len(),
            minutes + 3
        );
    })
    .await;
}
