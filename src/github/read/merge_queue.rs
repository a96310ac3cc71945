//! The pull requests of a merge group: those of the queue up to the one whose head it is.

use serde::Deserialize;

use super::shapes::{Oid, Page};
use crate::domain::ids::Sha;

/// The queue of a branch, or its first hundred entries.
#[derive(Debug, Deserialize)]
pub(super) struct MergeQueue {
    entries: Option<Page<Entry>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    position: i64,
    head_commit: Option<Oid<Sha>>,
    pull_request: Option<Numbered>,
}

#[derive(Debug, Deserialize)]
struct Numbered {
    number: u64,
}

/// As many entries as the document asks for.
const MOST_ENTRIES: usize = 100;

impl MergeQueue {
    /// The numbers of the group with this head, in order; empty when there is none such.
    pub(super) fn group(self, head: &Sha) -> Result<Vec<u64>, &'static str> {
        let entries = self.entries.ok_or("the merge queue's entries are missing")?;
        let mut entries: Vec<Entry> = entries.into_nodes().collect();
        entries.sort_by_key(|entry| entry.position);
        let is_head = |entry: &Entry| entry.head_commit.as_ref().is_some_and(|commit| commit.oid == *head);
        let Some(last) = entries.iter().position(is_head) else {
            return if entries.len() < MOST_ENTRIES {
                Ok(vec![])
            } else {
                Err("the merge queue is longer than a hundred")
            };
        };
        let numbers =
            entries.into_iter().take(last + 1).map(|entry| entry.pull_request.map(|pull| pull.number));
        numbers.collect::<Option<Vec<u64>>>().ok_or("an entry of the merge queue hides its pull request")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(digit: char) -> Sha {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn queue() -> MergeQueue {
        let entry = |position: i64, digit: char, number: u64| {
            format!(
                r#"{{"position":{position},"headCommit":{{"oid":"{}"}},"pullRequest":{{"number":{number}}}}}"#,
                sha(digit)
            )
        };
        let nodes = [entry(2, 'b', 12), entry(1, 'a', 11), entry(3, 'c', 13)].join(",");
        serde_json::from_str(&format!(r#"{{"entries":{{"nodes":[{nodes}]}}}}"#)).unwrap()
    }

    #[test]
    fn a_group_is_everything_up_to_its_head() {
        for (digit, numbers) in [('a', vec![11]), ('b', vec![11, 12]), ('c', vec![11, 12, 13]), ('d', vec![])]
        {
            assert_eq!(queue().group(&sha(digit)), Ok(numbers));
        }
    }
}
