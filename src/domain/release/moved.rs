//! A release that ships what a tag marks: the tag says it once. Whoever moves it afterwards moves nothing, and that is an
//! exception.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    super::{
        audit::AuditEntry,
        effect::{Call, Effect},
        event::{Event, ReferenceKind, What},
        facts::{Fact, Inquiry},
        finding::code,
        ids::{RepoId, RepoName, Sha},
        policy::{EffectivePolicy, Mode},
    },
    Candidate, Release, Source,
};

impl Release {
    /// Reads the tag of each repository that ships: what it marks from go/no-go on, and whether it still does. `None`:
    /// something has to be read first.
    pub(super) fn find_tags(
        &mut self,
        tag: &str,
        events: &[Event],
        now: Timestamp,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<()> {
        let name = format!("refs/tags/{tag}");
        let reads = |repo: &RepoId| {
            let is_missing = !self.candidates.contains_key(repo) && self.named(*repo).is_none();
            self.opened.is_some() && (is_missing || self.unread.is_some() || is_told(events, *repo, tag))
        };
        let asked: Vec<_> = self
            .ships()
            .into_iter()
            .filter(reads)
            .map(|repo| (repo, inquiry.reference(repo, &name)))
            .collect();
        self.unread = None;
        for (repo, answer) in asked {
            match answer? {
                Fact::Known(found, _) => self.take_tag(repo, tag, (found.tag.as_ref(), now)),
                Fact::Unknown(why) => self.unread = Some(why),
            }
        }
        Some(())
    }

    fn take_tag(&mut self, repo: RepoId, tag: &str, (found, since): (Option<&Sha>, Timestamp)) {
        let Some(candidate) = self.candidates.get(&repo) else {
            if let Some(sha) = found.cloned() {
                self.candidates.insert(repo, Candidate { sha, since, source: Source::Tag(tag.into()) });
            }
            return;
        };
        if found == Some(&candidate.sha) || !matches!(candidate.source, Source::Tag(_)) {
            self.moved.remove(&repo);
        } else {
            self.moved.insert(repo, found.cloned());
        }
    }
}

/// Whether something was told of the tag, or may have been lost: it is read anew, since deliveries come in any order.
fn is_told(events: &[Event], repo: RepoId, tag: &str) -> bool {
    events.iter().any(|event| {
        let here = event.repository.as_ref().is_some_and(|it| it.id == repo);
        here && (matches!(event.what, What::Watched { .. }) || tag_of(&event.what) == Some(tag))
    })
}

/// The tag that it is about.
fn tag_of(what: &What) -> Option<&str> {
    if let What::Push { reference, .. } = what {
        reference.strip_prefix("refs/tags/")
    } else if let What::Created { kind: ReferenceKind::Tag, name }
    | What::Deleted { kind: ReferenceKind::Tag, name } = what
    {
        Some(name)
    } else {
        None
    }
}

/// What the log is told of tags that were moved, or are back.
pub(super) fn entries(before: Option<&Release>, after: &Release) -> Vec<AuditEntry> {
    let was = |repo: &RepoId| before.and_then(|before| before.moved.get(repo));
    let moved = after.moved.iter().filter(|(repo, to)| was(repo) != Some(*to));
    let moved = moved.map(|(repo, to)| {
        entry("exception.tag_moved", after, *repo)
            .fact("points_at", to.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string))
    });
    let back = before.into_iter().flat_map(|before| before.moved.keys());
    let back = back.filter(|repo| !after.moved.contains_key(repo));
    moved.chain(back.map(|repo| entry("exception.tag_is_back", after, *repo))).collect()
}

fn entry(kind: &str, release: &Release, repo: RepoId) -> AuditEntry {
    let candidate = release.candidates.get(&repo).map_or_else(String::new, |it| it.sha.to_string());
    AuditEntry::new(kind)
        .fact("train", &release.id.train)
        .fact("repository", repo)
        .fact("commit", candidate)
        .text("title", release.id.title.clone())
}

/// One issue for each tag that was moved, where rules are enforced; it ends when the tag is back, or somebody has decided
/// what ships.
pub(super) fn issues(
    (before, after): (Option<&Release>, &Release),
    policy: &EffectivePolicy,
    name_of: impl Fn(RepoId) -> Option<RepoName>,
    web_url: &str,
) -> Vec<Effect> {
    let before = before.map(|before| &before.moved);
    let changed = |repo: &RepoId| before.and_then(|before| before.get(repo)) != after.moved.get(repo);
    let repos = before.into_iter().flat_map(|before| before.keys()).chain(after.moved.keys());
    let repos: BTreeSet<RepoId> = repos.copied().filter(changed).collect();
    let enforced = |name: &RepoName| policy.mode_for(name.as_str()) == Mode::Enforce;
    let named = repos.into_iter().filter_map(|repo| Some((repo, name_of(repo).filter(enforced)?)));
    named.filter_map(|(repo, name)| issue(after, (repo, &name), web_url)).collect()
}

fn issue(release: &Release, (repo, name): (RepoId, &RepoName), web_url: &str) -> Option<Effect> {
    let candidate = release.candidates.get(&repo)?;
    let moved = release.moved.get(&repo);
    let tag = match &candidate.source {
        Source::Tag(tag) => tag.clone(),
        Source::Branch(_) | Source::DefaultBranch(_) | Source::By(_) => "the tag".into(),
    };
    let commit = |sha: &Sha| format!("[`{}`]({web_url}/{name}/commit/{sha})", sha.short());
    let (ships, title) = (commit(&candidate.sha), code(&release.id.title));
    let body = match moved {
        Some(to) => {
            let now = to.as_ref().map_or_else(
                || "it does not exist any more".to_owned(),
                |to| format!("it points at {} now", commit(to)),
            );
            format!(
                "Release {title} ships {ships}: that is what {} pointed at when people began to sign, and {now}. The release still ships {ships}, and a deployment from the tag is refused.\n\n\
                 Whoever moved it moves it back; or a release manager comments `/candidate {name} SHA` on the control record, and the new commit is signed anew. This issue closes by itself then.\n\n\
                 Find out who moved it and why, and write it here.",
                code(&tag)
            )
        }
        None => format!("Release {title} ships {ships}, and nothing says otherwise any more."),
    };
    Some(Effect::new(Call::Issue {
        repo,
        purpose: format!("tag-moved/{}/{}", release.id.train, release.id.title),
        title: format!("The tag of release {} was moved", release.id.title),
        body,
        open: moved.is_some(),
        told: None,
    }))
}
