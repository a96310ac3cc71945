//! Links made by hand in GitHub's sidebar, of which GitHub tells nobody.

use changegate::sandbox::Request;

use crate::support::scenario;

fn documents(requests: &[Request]) -> usize {
    requests.iter().filter(|request| request.path == "/graphql").count()
}

#[tokio::test]
async fn a_link_made_in_the_side_bar_is_seen_within_a_minute_and_a_second_one_within_the_hour() {
    scenario(async |s| {
        let issue = s.accepted("Export").await;
        let pull = s.pull_request("acme/web", "export", "").await;
        s.by("ana").link_issue(pull.at, issue);
        s.settle_for(1).await;
        assert_eq!(s.check(&pull.head), "success: 2 of 2 rules met");
        let asked = s.requests_of(async || s.settle_for(3).await).await;
        assert_eq!(documents(&asked), 0, "nothing is missing any more");

        let late = s.pull_request("acme/web", "late", "").await;
        s.settle_for(20).await;
        s.by("ana").link_issue(late.at, issue);
        s.settle_for(30).await;
        assert!(s.check(&late.head).starts_with("failure"), "nobody looks that often any more");
        s.settle_for(31).await;
        assert_eq!(s.check(&late.head), "success: 2 of 2 rules met");
    })
    .await;
}

#[tokio::test]
async fn all_who_lack_a_link_are_asked_together() {
    scenario(async |s| {
        for n in 0..20 {
            let repository = ["acme/web", "acme/billing"][n % 2];
            s.by("ana").push(repository, &format!("b{n}"), &[("b.txt", &n.to_string())], "Work");
            let (head, title) = (format!("b{n}"), format!("Work {n}"));
            let entry = changegate::sandbox::Entry { head: &head, title: &title, ..Default::default() };
            s.by("ana").open_pull_request(repository, entry);
        }
        s.settle().await;
        let asked = s.requests_of(async || s.settle_for(1).await).await;
        let (reads, writes): (Vec<&Request>, Vec<&Request>) =
            asked.iter().partition(|request| request.path == "/graphql");
        assert_eq!((reads.len(), writes.len()), (1, 0), "{asked:?}");
    })
    .await;
}
