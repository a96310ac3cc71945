//! Tags that were deployed: one that is moved afterwards says no longer what ran, and that is an exception.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        effect::{Call, Effect},
        event::{Event, ReferenceKind, What},
        facts::{Fact, Inquiry},
        finding::{code, one_line},
        ids::Sha,
        policy::{EffectivePolicy, Mode},
    },
    Repository, RepositoryView,
};

/// How many names are remembered.
const MOST: usize = 100;

/// By name, what is known of tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(BTreeMap<String, Tag>);

/// What is known of a name that was deployed from, or of a tag that was moved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// What was deployed from it last, and where.
    deployed: Option<(Sha, String)>,
    /// When that was, or when it was moved.
    at: Timestamp,
    /// Something was told of it, and it was not read since.
    told: bool,
    /// It does not point at what was deployed: at what it does.
    moved: Option<Option<Sha>>,
    /// It is known to be a tag. A deployment names a branch in the same way.
    #[serde(default)]
    is_tag: bool,
}

/// What GitHub and the log are told of tags, and whether GitHub did not say where one points.
#[derive(Debug, Default)]
pub(super) struct Tagged {
    pub effects: Vec<Effect>,
    pub audit: Vec<AuditEntry>,
    pub unread: bool,
}

impl Tags {
    /// Takes what is told, in whatever order it comes.
    pub(super) fn hear(&mut self, events: &[Event], now: Timestamp) {
        for event in events {
            if let What::DeploymentStatus { state: Some(state), deployment, .. } = &event.what {
                let (Some(name), Some(sha)) = (&deployment.reference, &deployment.sha) else { continue };
                let whole = name.strip_prefix("refs/tags/");
                let name = whole.unwrap_or(name);
                if state == "success" {
                    let environment = deployment.environment.clone().unwrap_or_default();
                    let tag = self.0.entry(name.to_owned()).or_default();
                    tag.told |= tag.moved.is_some();
                    tag.is_tag |= whole.is_some();
                    (tag.deployed, tag.at) = (Some((sha.clone(), environment)), now);
                }
            } else if let Some(name) = moved(&event.what) {
                let tag = self.0.entry(name.to_owned()).or_default();
                (tag.told, tag.is_tag, tag.at) = (true, true, tag.at.max(now));
            } else if let Some(tag) = made(&event.what).and_then(|name| self.0.get_mut(name)) {
                (tag.told, tag.is_tag) = (true, true);
            } else if let What::Watched { .. } = &event.what {
                // Something may have been told of any of them, and was lost.
                self.0.values_mut().filter(|tag| tag.deployed.is_some()).for_each(|tag| tag.told = true);
            }
        }
        while self.0.len() > MOST {
            let oldest = self.0.iter().min_by_key(|(_, tag)| (tag.deployed.is_some(), tag.at));
            oldest.map(|(name, _)| name.clone()).and_then(|name| self.0.remove(&name));
        }
    }
}

/// The tag that was moved or deleted.
fn moved(what: &What) -> Option<&str> {
    if let What::Push { reference, before: Some(_), .. } = what {
        reference.strip_prefix("refs/tags/")
    } else if let What::Deleted { kind: ReferenceKind::Tag, name } = what {
        Some(name)
    } else {
        None
    }
}

/// The tag that was made; it may have been deleted before.
fn made(what: &What) -> Option<&str> {
    if let What::Push { reference, before: None, .. } = what {
        reference.strip_prefix("refs/tags/")
    } else if let What::Created { kind: ReferenceKind::Tag, name } = what {
        Some(name)
    } else {
        None
    }
}

impl Repository {
    /// Reads where the tags point of which something was told. `None`: something must be found out first.
    pub(super) fn look_at_tags(
        &mut self,
        view: &RepositoryView,
        web_url: &str,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Tagged> {
        let mut tagged = Tagged::default();
        if !self.tags.0.values().any(Tag::is_to_be_read) {
            return Some(tagged);
        }
        let Some(policy) = inquiry.policy_of(view)? else { return Some(tagged) };
        let wanted = self.tags.0.iter_mut().filter(|(_, tag)| tag.is_to_be_read() && tag.is_ruled(&policy));
        let asked: Vec<_> = wanted
            .map(|(name, tag)| (inquiry.reference(view.id, &format!("refs/tags/{name}")), name, tag))
            .collect();
        for (answer, name, tag) in asked {
            match answer? {
                Fact::Known(found, _) => {
                    tag.told = false;
                    if tag.take(found.tag.as_ref()) {
                        tagged.audit.extend(tag.entry(name, view));
                        let enforced = policy.mode_for(view.name.as_str()) == Mode::Enforce;
                        tagged.effects.extend(tag.issue(name, view, web_url).filter(|_| enforced));
                    }
                }
                Fact::Unknown(_) => tagged.unread = true,
            }
        }
        Some(tagged)
    }
}

impl Tag {
    fn is_to_be_read(&self) -> bool {
        self.told && self.deployed.is_some()
    }

    /// Whether policy rules where it was deployed.
    fn is_ruled(&self, policy: &EffectivePolicy) -> bool {
        let rules = |environment: &str| policy.parts().any(|part| part.environment_of(environment).is_some());
        self.deployed.as_ref().is_some_and(|(_, environment)| rules(environment))
    }

    /// Takes where it points; whether that is news.
    fn take(&mut self, found: Option<&Sha>) -> bool {
        let is_there = self.deployed.as_ref().is_some_and(|(sha, _)| found == Some(sha));
        self.is_tag |= found.is_some();
        let moved = (!is_there && self.is_tag).then(|| found.cloned());
        let is_news = self.moved != moved;
        self.moved = moved;
        is_news
    }

    fn entry(&self, name: &str, view: &RepositoryView) -> Option<AuditEntry> {
        let (sha, environment) = self.deployed.as_ref()?;
        let entry = |kind| {
            AuditEntry::new(kind)
                .fact("repository", view.id)
                .fact("commit", sha)
                .text("tag", name)
                .text("environment", environment.clone())
        };
        Some(match &self.moved {
            Some(to) => entry("exception.tag_moved")
                .fact("points_at", to.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string)),
            None => entry("exception.tag_is_back"),
        })
    }

    fn issue(&self, name: &str, view: &RepositoryView, web_url: &str) -> Option<Effect> {
        let (sha, environment) = self.deployed.as_ref()?;
        let commit = |sha: &Sha| format!("[`{}`]({web_url}/{}/commit/{sha})", sha.short(), view.name);
        let (tag, shown, ran) = (code(name), code(environment), commit(sha));
        let body = match &self.moved {
            Some(to) => {
                let now = to.as_ref().map_or_else(
                    || "it does not exist any more".to_owned(),
                    |to| format!("it points at {} now", commit(to)),
                );
                format!(
                    "The tag {tag} was deployed to {shown} when it pointed at {ran}, and {now}: whoever looks it up does not find what ran.\n\n\
                     Whoever moved it moves it back and makes another tag for what is new. This issue closes by itself then, or when the tag is deployed as it is.\n\n\
                     Find out who moved it and why, and write it here."
                )
            }
            None => format!("The tag {tag} points at {ran}, which was deployed to {shown}."),
        };
        let title: String = one_line(name).chars().take(100).collect();
        Some(Effect::new(Call::Issue {
            repo: view.id,
            purpose: format!("tag-moved/{name}"),
            title: format!("A tag was moved after it was deployed: {title}"),
            body,
            open: self.moved.is_some(),
            told: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        event::{DeploymentReport, DeploymentSnapshot},
        trial::{event, orders, sha, time},
    };

    fn deployed(digit: char) -> Event {
        let deployment = DeploymentSnapshot {
            id: 7,
            environment: Some("production".into()),
            sha: Some(sha(digit)),
            reference: Some("v1".into()),
            creator: None,
            app: None,
            created_at: None,
        };
        let (state, report) = (Some("success".into()), DeploymentReport::default());
        event(What::DeploymentStatus { state, deployment, report, run: None })
    }

    fn pushed(before: Option<char>, after: Option<char>) -> Event {
        let (before, after) = (before.map(sha), after.map(sha));
        event(What::Push { reference: "refs/tags/v1".into(), before, after, forced: true })
    }

    #[test]
    fn a_tag_that_was_moved_is_read_in_whatever_order_it_is_told() {
        let told = [deployed('a'), pushed(Some('a'), Some('b'))];
        for order in orders(told.len()) {
            let mut tags = Tags::default();
            order.iter().for_each(|place| tags.hear(std::slice::from_ref(&told[*place]), time(0)));
            assert!(tags.0["v1"].is_to_be_read(), "{order:?}");
        }
    }

    #[test]
    fn a_tag_that_was_only_made_or_only_deployed_is_not_read() {
        for told in [vec![deployed('a')], vec![pushed(None, Some('a'))], vec![pushed(Some('a'), Some('b'))]] {
            let mut tags = Tags::default();
            tags.hear(&told, time(0));
            assert!(!tags.0.values().any(Tag::is_to_be_read), "{told:?}");
        }
    }

    #[test]
    fn it_is_moved_where_it_does_not_point_at_what_was_deployed_and_that_is_told_once() {
        let mut tag = Tag { deployed: Some((sha('a'), "production".into())), ..Tag::default() };
        for (points_at, news, moved) in [
            (Some('a'), false, None),
            (Some('b'), true, Some(Some(sha('b')))),
            (Some('b'), false, Some(Some(sha('b')))),
            (None, true, Some(None)),
            (Some('a'), true, None),
        ] {
            assert_eq!(tag.take(points_at.map(sha).as_ref()), news, "{points_at:?}");
            assert_eq!(tag.moved, moved, "{points_at:?}");
        }
    }

    #[test]
    fn a_branch_that_was_deployed_is_no_tag_that_was_deleted() {
        let mut tags = Tags::default();
        tags.hear(&[deployed('a'), event(What::Watched { environments: vec![] })], time(0));
        let name = tags.0.get_mut("v1").unwrap();
        assert!(name.is_to_be_read(), "it may be a tag");
        assert!(!name.take(None) && name.moved.is_none());
        tags.hear(&[pushed(Some('a'), None)], time(1));
        assert!(tags.0.get_mut("v1").unwrap().take(None), "it was one");
    }

    #[test]
    fn what_was_deployed_is_remembered_before_what_was_only_moved() {
        let mut tags = Tags::default();
        tags.hear(&[deployed('a')], time(0));
        for number in 0..2 * MOST {
            let reference = format!("refs/tags/nightly-{number}");
            let push = What::Push { reference, before: Some(sha('a')), after: Some(sha('b')), forced: true };
            tags.hear(&[event(push)], time(60));
        }
        assert_eq!((tags.0.len(), tags.0.contains_key("v1")), (MOST, true));
    }
}
