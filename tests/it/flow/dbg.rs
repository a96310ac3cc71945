use crate::support::scenario;
#[tokio::test]
async fn dbg() {
    scenario(async |s| {
        let issue = s.change_request("Export").await;
        for r in s.github().requests() {
            println!(
                "{} {} {} {}",
                r.status,
                r.method,
                r.path,
                if r.status >= 400 || r.path == "/graphql" { r.body.to_string() } else { String::new() }
            );
        }
        println!("{:?}", s.stage.app.store.counts(s.stage.clock.now()).await);
        for k in [
            changegate::domain::ids::SubjectKind::Repository,
            changegate::domain::ids::SubjectKind::ChangeRequest,
        ] {
            println!("{:?}", s.stage.app.store.subjects_of_kind(k, None).await);
        }
        println!("{:?}", s.comments(issue));
    })
    .await;
}
