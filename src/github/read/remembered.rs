//! What is about commits alone is the same whenever it is asked: it is read once, and remembered while there is room.

use quick_cache::{Weighter, sync::Cache};

use super::Facts;
use crate::domain::{
    facts::{Answer, Comparison, Fact, Question},
    ids::TenantId,
    patch::Changes,
};

/// How much is remembered, in bytes, more or less.
const ROOM: u64 = 8 * 1024 * 1024;
/// Answers, more or less; what is expected decides how much is set aside for their names.
const EXPECTED: usize = 2_000;

type Asked = (TenantId, Question);

/// Answers about commits, by whom and what was asked.
#[derive(Debug)]
pub struct Remembered(Cache<Asked, Answer, Weigher>);

impl Default for Remembered {
    fn default() -> Self {
        Self(Cache::with_weighter(EXPECTED, ROOM, Weigher))
    }
}

impl Remembered {
    pub(super) fn get(&self, tenant: &TenantId, question: &Question) -> Option<Answer> {
        question.is_about_commits().then(|| self.0.get(&(tenant.clone(), question.clone()))).flatten()
    }

    pub(super) fn put(&self, tenant: &TenantId, question: &Question, fact: &Facts) {
        let Fact::Known(answer, _) = fact else { return };
        if question.is_about_commits() && is_for_ever(answer) {
            self.0.insert((tenant.clone(), question.clone()), answer.clone());
        }
    }
}

/// Not what is not there yet or not all shown, what a merge may still add to, or whom GitHub may still find out.
fn is_for_ever(answer: &Answer) -> bool {
    if let Answer::Compare(Some(comparison)) = answer {
        comparison.commits.iter().all(|commit| commit.author.is_some() && commit.committer.is_some())
    } else if let Answer::Changes(Some(changes)) = answer {
        changes.complete
    } else {
        matches!(answer, Answer::File(Some(_)))
    }
}

#[derive(Debug, Clone)]
struct Weigher;

impl Weighter<Asked, Answer> for Weigher {
    fn weight(&self, _: &Asked, answer: &Answer) -> u64 {
        let bytes = if let Answer::Compare(Some(comparison)) = answer {
            of_comparison(comparison)
        } else if let Answer::Changes(Some(changes)) = answer {
            of_changes(changes)
        } else if let Answer::File(Some(text)) = answer {
            text.len()
        } else {
            0
        };
        // The question itself, and what keeps it in its place.
        u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(512)
    }
}

fn of_comparison(comparison: &Comparison) -> usize {
    comparison.commits.iter().map(|commit| 400 + commit.message.len()).sum()
}

fn of_changes(changes: &Changes) -> usize {
    changes.files.iter().map(|file| 300 + file.path.len()).sum()
}
