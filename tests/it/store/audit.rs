//! The log says what happened, and shows when somebody has changed it.

use std::fmt::Write;

use changegate::domain::{
    audit::AuditEntry,
    ids::{AccountId, Actor},
};

use super::bench::{Bench, at, decided_to, milestone, milestone_state, on_both, tenant};

fn entry(i: u64) -> AuditEntry {
    let mut entry = AuditEntry::new("change_request.accepted")
        .fact("issue", i)
        .text("title", format!("title {i} with NUL \0 and \\"));
    entry.actor = Some(AccountId(100 + i));
    entry.texts.insert("actor".into(), format!("login-{i}"));
    entry
}

async fn write(bench: &Bench, entries: std::ops::RangeInclusive<u64>) {
    for i in entries {
        bench.decide(&milestone(1), decided_to(milestone_state(1, "a", None), vec![], vec![entry(i)])).await;
    }
}

async fn verdict(bench: &Bench) -> String {
    let report = bench.store.audit_verify().await.unwrap();
    report.tenants.iter().fold(String::new(), |mut text, tenant| {
        match &tenant.broken {
            Some((seq, why)) => write!(text, "{seq}: {why}").unwrap(),
            None => write!(text, "whole, {} entries, {} erased", tenant.entries, tenant.erased).unwrap(),
        }
        text
    })
}

#[tokio::test]
async fn a_log_that_nobody_touched_is_whole_and_reads_back() {
    on_both(async |bench| {
        assert_eq!(verdict(bench).await, "");
        write(bench, 1..=5).await;
        assert_eq!(verdict(bench).await, "whole, 5 entries, 0 erased");
        let entries = bench.store.audit_entries(&tenant(), 1, 2).await.unwrap();
        assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 3]);
        assert_eq!((&entries[0].entry, entries[0].at), (&entry(2), at(0)));
        assert_eq!(entries[0].subject, "milestone/7/1");
    })
    .await;
}

/// What a person with access to the database may do, and what `audit verify` says then.
const TAMPERINGS: &[(&str, &[&str], &str)] = &[
    (
        "an entry is changed",
        &["UPDATE audit SET body = replace(body, 'accepted', 'declined') WHERE seq = 3"],
        "3: its text does not fit its hash",
    ),
    (
        "an entry is changed, and its hash with it",
        &["UPDATE audit SET hash = replace(hash, substr(hash, 1, 4), 'beef') WHERE seq = 3"],
        "3: its text does not fit its hash",
    ),
    (
        "an entry in the middle is deleted",
        &["DELETE FROM audit WHERE seq = 3"],
        "3: it is missing; the next one is 4",
    ),
    (
        "the first entry is deleted",
        &["DELETE FROM audit WHERE seq = 1"],
        "1: it is missing; the next one is 2",
    ),
    (
        "the last entries are deleted",
        &["DELETE FROM audit WHERE seq >= 4"],
        "4: it is missing, and so is all up to 5",
    ),
    ("all entries are deleted", &["DELETE FROM audit"], "1: it is missing, and so is all up to 5"),
    (
        "the end that was written down is deleted",
        &["DELETE FROM audit_head"],
        "6: the end of the log is not known any more",
    ),
    (
        "two entries are swapped",
        &[
            "UPDATE audit SET seq = 99 WHERE seq = 3",
            "UPDATE audit SET seq = 3 WHERE seq = 4",
            "UPDATE audit SET seq = 4 WHERE seq = 99",
        ],
        "3: it does not continue the entry before it",
    ),
    (
        "an entry is put in between",
        &[
            "UPDATE audit SET seq = seq + 1000 WHERE seq >= 3",
            "UPDATE audit SET seq = seq - 999 WHERE seq >= 1003",
            "INSERT INTO audit SELECT tenant, 3, at, body, prev_hash, hash FROM audit WHERE seq = 2",
            "UPDATE audit_head SET seq = 6",
        ],
        "3: it does not continue the entry before it",
    ),
    (
        "an entry is put at the end",
        &["INSERT INTO audit SELECT tenant, 6, at, body, hash, hash FROM audit WHERE seq = 5"],
        "6: it stands beyond the end of the log",
    ),
    (
        "the time beside an entry is changed",
        &["UPDATE audit SET at = at + 1 WHERE seq = 2"],
        "2: its number or its time is not what it says",
    ),
    (
        "what somebody wrote is changed",
        &["UPDATE audit_text SET text = 'kinder words' WHERE seq = 2 AND name = 'title'"],
        "2: what is beside it as `title` is not what was written",
    ),
    (
        "words are put into somebody's mouth",
        &[
            "INSERT INTO audit_text SELECT tenant, seq, 'reason', actor, salt, text FROM audit_text WHERE seq = 2 AND name = 'title'",
        ],
        "2: something was put beside it as `reason`",
    ),
    (
        "the end that was written down is changed",
        &["UPDATE audit_head SET hash = (SELECT hash FROM audit WHERE seq = 4)"],
        "5: it is not the end that was written down",
    ),
    (
        "the log is moved to another tenant",
        &["UPDATE audit SET tenant = 'github.com/2'"],
        "1: it is missing, and so is all up to 56: the end of the log is not known any more",
    ),
    (
        "what a person wrote is deleted beside the log: that is erasure",
        &["DELETE FROM audit_text WHERE seq = 2"],
        "whole, 5 entries, 2 erased",
    ),
];

#[tokio::test]
async fn whoever_changes_the_log_is_found_out_and_the_first_wrong_entry_is_named() {
    for (what, statements, expected) in TAMPERINGS {
        on_both(async |bench| {
            write(bench, 1..=5).await;
            for statement in *statements {
                assert!(bench.tamper(statement).await > 0, "{what}: {statement}");
            }
            assert_eq!(verdict(bench).await, *expected, "{what}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_log_that_was_rewritten_whole_has_another_head_than_the_one_written_down_elsewhere() {
    on_both(async |bench| {
        write(bench, 1..=2).await;
        let before = bench.store.audit_verify().await.unwrap().tenants.remove(0).head;
        bench.tamper("DELETE FROM audit").await;
        bench.tamper("DELETE FROM audit_text").await;
        bench.tamper("DELETE FROM audit_head").await;
        write(bench, 1..=2).await;
        let report = bench.store.audit_verify().await.unwrap();
        assert!(report.is_whole());
        assert_ne!(report.tenants[0].head, before);
    })
    .await;
}

#[tokio::test]
async fn what_a_person_wrote_can_be_erased_and_the_log_is_still_whole() {
    on_both(async |bench| {
        write(bench, 1..=3).await;
        assert_eq!(bench.store.erase_texts(&tenant(), AccountId(102), at(9)).await.unwrap(), 2);
        assert_eq!(bench.store.erase_texts(&tenant(), AccountId(102), at(9)).await.unwrap(), 0);
        assert_eq!(verdict(bench).await, "whole, 4 entries, 2 erased");
        let entries = bench.store.audit_entries(&tenant(), 0, 10).await.unwrap();
        assert_eq!(entries[1].erased, ["actor", "title"]);
        assert!(entries[1].entry.texts.is_empty());
        assert_eq!(entries[1].entry.facts, entry(2).facts, "ids and codes stay");
        assert_eq!(entries[2].entry, entry(3), "other people's words stay");
        assert_eq!(entries[3].entry.code, "audit.texts_erased");
        assert_eq!(bench.number("SELECT count(*) FROM audit_text WHERE salt IS NULL").await, 2);
    })
    .await;
}

#[tokio::test]
async fn the_actor_of_an_entry_is_a_number_in_the_chain_and_a_name_beside_it() {
    on_both(async |bench| {
        let actor = Actor { id: AccountId(5), login: "sam".into(), person: true };
        let by = AuditEntry::new("seen").by(Some(&actor));
        bench.decide(&milestone(1), decided_to(milestone_state(1, "a", None), vec![], vec![by])).await;
        assert_eq!(bench.number("SELECT count(*) FROM audit WHERE body LIKE '%sam%'").await, 0);
        assert_eq!(bench.number("SELECT count(*) FROM audit_text WHERE text = 'sam'").await, 1);
    })
    .await;
}
