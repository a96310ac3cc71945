//! Tokens of ours are kept by their digest alone, and what happens to them stands in the log.

use changegate::domain::{
    asker::{Deed, Grant},
    ids::RepoId,
};

use super::bench::{Bench, at, on_both, tenant};

const DAY: i64 = 24 * 60 * 60;

fn grant(id: &str, created: i64) -> Grant {
    Grant {
        id: id.into(),
        name: "CI".into(),
        repository: RepoId(7),
        repository_name: "acme/web".parse().unwrap(),
        environment: Some("production".into()),
        whole_account: false,
        may: [Deed::Gate, Deed::Read].into(),
        created_at: at(created),
        expires_at: at(created + DAY),
    }
}

async fn logged(bench: &Bench) -> Vec<(String, String)> {
    let entries = bench.store.audit_entries(&tenant(), 0, 100).await.unwrap();
    entries.into_iter().map(|it| (it.entry.code, it.entry.facts["id"].clone())).collect()
}

#[tokio::test]
async fn a_token_is_found_by_its_digest_until_and_after_it_is_taken_back_and_the_log_says_both() {
    on_both(async |bench| {
        let store = &bench.store;
        store.add_token(&tenant(), "digest-a", &grant("a", 0), at(0)).await.unwrap();
        store.add_token(&tenant(), "digest-b", &grant("b", 5), at(5)).await.unwrap();
        let found = store.token("digest-a").await.unwrap().unwrap();
        assert_eq!((found.tenant.clone(), found.grant.clone()), (tenant(), grant("a", 0)));
        assert_eq!((found.used_on, found.revoked_at), (None, None));
        assert_eq!(store.token("a").await.unwrap(), None);
        assert!(store.revoke_token("nobody's", at(6)).await.unwrap().is_none());
        let revoked = store.revoke_token("a", at(7)).await.unwrap().unwrap();
        assert_eq!(revoked.revoked_at, Some(at(7)));
        let again = store.revoke_token("a", at(8)).await.unwrap().unwrap();
        assert_eq!(again.revoked_at, Some(at(7)), "once is enough");
        let listed: Vec<String> = store.tokens().await.unwrap().into_iter().map(|it| it.grant.id).collect();
        assert_eq!(listed, ["b", "a"]);
        let log = logged(bench).await;
        let log: Vec<(&str, &str)> = log.iter().map(|(code, id)| (code.as_str(), id.as_str())).collect();
        assert_eq!(log, [("token.created", "a"), ("token.created", "b"), ("token.revoked", "a")]);
        assert!(store.audit_verify().await.unwrap().is_whole());
    })
    .await;
}

#[tokio::test]
async fn the_day_of_its_last_use_is_written_once_a_day() {
    on_both(async |bench| {
        let store = &bench.store;
        store.add_token(&tenant(), "digest-a", &grant("a", 0), at(0)).await.unwrap();
        let used = async |second| {
            let token = store.token("digest-a").await.unwrap().unwrap();
            store.use_token("digest-a", &token, at(second)).await.unwrap();
            store.token("digest-a").await.unwrap().unwrap().used_on.unwrap().to_string()
        };
        assert_eq!(used(0).await, "2026-12-01T00:00:00Z");
        assert_eq!(used(3600).await, "2026-12-01T00:00:00Z");
        assert_eq!(used(DAY).await, "2026-12-02T00:00:00Z");
        assert_eq!(used(0).await, "2026-12-02T00:00:00Z", "another replica's clock is late");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_written_in_the_log_is_not_done() {
    on_both(async |bench| {
        bench.store.add_token(&tenant(), "digest-a", &grant("a", 0), at(0)).await.unwrap();
        bench.tamper("ALTER TABLE audit_text RENAME TO away").await;
        assert!(bench.store.add_token(&tenant(), "digest-b", &grant("b", 0), at(0)).await.is_err());
        bench.tamper("ALTER TABLE audit RENAME TO away_too").await;
        assert!(bench.store.revoke_token("a", at(1)).await.is_err());
        assert_eq!(bench.store.token("digest-b").await.unwrap(), None);
        assert_eq!(bench.store.token("digest-a").await.unwrap().unwrap().revoked_at, None);
    })
    .await;
}
