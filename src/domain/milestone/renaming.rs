//! Who renamed a milestone. A release manager renames all of a release; what anybody else calls one is put back.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        decide::Case,
        effect::{Call, Effect},
        event::{MilestoneChange, What},
        facts::{Inquiry, Membership},
        ids::{Actor, IssueRef, ReleaseId, RepoName, SubjectId},
        named::{Named, all_of, pages},
        policy::{EffectivePolicy, Mode},
        report::{check::markdown, text},
        subject::{Relation, View},
    },
    Milestone, MilestoneView,
};

/// A title is put back at most so often within an hour: another App may do the same.
const PUT_BACK: usize = 10;

/// The last title that a release manager gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renamed {
    pub from: String,
    pub to: String,
    pub by: Actor,
    pub at: Timestamp,
}

/// A title that is another one than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    from: String,
    to: String,
    /// `None`: it is not known who.
    by: Option<Actor>,
    at: Timestamp,
    /// GitHub shows it; else it is told of late, and something else has followed.
    is_last: bool,
}

/// What became of one.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// It is nobody's release.
    Free,
    /// Renamed by somebody who may, here or in another repository of the release.
    Allowed(Actor),
    Refused,
    /// It could not be found out who may, and why.
    Unknown(String),
}

/// By what a title is judged.
pub(super) struct Rules<'a> {
    pub name: &'a RepoName,
    pub policy: &'a EffectivePolicy,
}

/// What is told of the titles.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub effects: Vec<Effect>,
    pub audit: Vec<AuditEntry>,
}

impl Milestone {
    /// What others call it than before, in these deliveries.
    pub(super) fn hear(before: Option<&Self>, case: &Case<'_>) -> (Option<Self>, Vec<Wish>) {
        let mut after = before.cloned();
        let mut wishes = vec![];
        for event in case.events {
            let What::Milestone { change, milestone, was } = &event.what else { continue };
            let title = was.as_ref().unwrap_or(&milestone.title).clone();
            let known = after.get_or_insert_with(|| {
                let mut seen = milestone.clone();
                seen.title = title;
                Self::new(seen)
            });
            let from = known.seen.title.clone();
            let is_last = known.take(*change, milestone) && *change != MilestoneChange::Deleted;
            let at = milestone.updated_at.unwrap_or(case.now);
            let by = event.actor.clone().filter(|_| was.is_some());
            let differs = was.as_ref().unwrap_or(&from) != &milestone.title;
            if differs && (is_last || was.is_some()) {
                let (from, to) = (was.clone().unwrap_or(from), milestone.title.clone());
                wishes.push(Wish { from, to, by, at, is_last });
            }
        }
        wishes.sort_by_key(|wish| wish.at);
        (after, wishes)
    }

    /// The title by which it counts: as GitHub shows it, unless somebody called it so who may not.
    #[must_use]
    pub fn title(&self) -> &str {
        self.called.as_deref().unwrap_or(&self.seen.title)
    }

    /// Judges who called it otherwise. `None`: it must be found out first who may.
    pub(super) fn follow_titles(
        &mut self,
        (before, wishes): (Option<&Self>, &[Wish]),
        rules: &Rules<'_>,
        case: &Case<'_>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Told> {
        let mode = rules.policy.mode_for(rules.name.as_str());
        let mut told = Told::default();
        let mut counts = match (before, wishes.first()) {
            (Some(before), _) => before.title().to_owned(),
            (None, Some(first)) => first.from.clone(),
            (None, None) => self.seen.title.clone(),
        };
        for wish in wishes {
            if wish.to == counts || !self.is_news(wish) {
                continue;
            }
            let verdict = self.verdict(wish, rules, inquiry)?;
            told.audit.extend(self.entry(wish, &verdict));
            match verdict {
                Verdict::Free => counts = wish.to.clone(),
                Verdict::Allowed(by) => {
                    let (from, to, at) = (counts, wish.to.clone(), wish.at);
                    counts = to.clone();
                    self.renamed = Some(Renamed { from, to, by, at });
                }
                Verdict::Refused | Verdict::Unknown(_) => {
                    let said = self.sentence(wish, &counts, (rules, mode), case, inquiry)?;
                    told.effects.extend(said.filter(|_| wish.is_last && mode > Mode::Observe));
                }
            }
        }
        let release = |title: &str| rules.policy.release_of(rules.name.as_str(), title);
        let is_one = release(&counts).is_some() || release(&self.seen.title).is_some();
        let stands = |title: &String| mode == Mode::Enforce && is_one && *title != self.seen.title;
        self.called = Some(counts).filter(stands);
        told.effects.extend(self.put_back(case.now));
        Some(told)
    }

    /// Whether it was done since somebody gave the title who may.
    fn is_news(&self, wish: &Wish) -> bool {
        wish.is_last || self.renamed.as_ref().is_none_or(|renamed| wish.at > renamed.at)
    }

    fn verdict(&self, wish: &Wish, rules: &Rules<'_>, inquiry: &mut Inquiry<'_>) -> Option<Verdict> {
        let release = |title: &str| rules.policy.release_of(rules.name.as_str(), title);
        let (from, to) = (release(&wish.from), release(&wish.to));
        if from.is_none() && to.is_none() {
            return Some(Verdict::Free);
        }
        let managers = rules.policy.release_managers();
        let may = match wish.by.as_ref().filter(|by| by.person) {
            Some(by) => inquiry.membership(managers, by).map(|membership| (by, membership)),
            None => None,
        };
        let followed = self.followed(wish, to, inquiry)?;
        if wish.by.as_ref().is_some_and(|by| by.person) && may.is_none() {
            return None;
        }
        Some(match (may, followed) {
            (Some((by, Membership::Member)), _) => Verdict::Allowed(by.clone()),
            (_, Some(by)) => Verdict::Allowed(by),
            (Some((_, Membership::Unknown(why))), None) => Verdict::Unknown(why),
            (None, None) => Verdict::Unknown("GitHub does not say who did it".into()),
            (Some((_, Membership::Stranger)), None) => Verdict::Refused,
        })
    }

    /// Who has renamed another milestone of the same release in the same way.
    fn followed(
        &self,
        wish: &Wish,
        to: Option<ReleaseId>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Option<Actor>> {
        let Some(to) = to else { return Some(None) };
        let members = inquiry.pointing_at(SubjectId::Release(to), Relation::In)?;
        let own = SubjectId::Milestone(self.seen.repo, self.seen.number);
        let views: Vec<_> = members
            .iter()
            .filter(|member| matches!(member, SubjectId::Milestone(..)) && **member != own)
            .map(|member| inquiry.view(member.clone()))
            .collect();
        let views: Vec<Option<&View>> = views.into_iter().collect::<Option<_>>()?;
        let mut renamed = views.into_iter().flatten().filter_map(View::as_milestone);
        let as_it = |renamed: &&Renamed| (&renamed.from, &renamed.to) == (&wish.from, &wish.to);
        Some(renamed.find_map(|it: &MilestoneView| it.renamed.as_ref().filter(as_it)).map(|it| it.by.clone()))
    }

    fn put_back(&mut self, now: Timestamp) -> Option<Effect> {
        self.put_back.retain(|at| now.duration_since(*at) < SignedDuration::from_hours(1));
        let title = self.called.clone().filter(|_| !self.deleted && self.put_back.len() < PUT_BACK)?;
        self.put_back.push(now);
        let (repo, number) = (self.seen.repo, self.seen.number);
        Some(Effect::new(Call::RenameMilestone { repo, number, title, back: true }).again())
    }

    /// On the control record, where there is one: who may.
    fn sentence(
        &self,
        wish: &Wish,
        counts: &str,
        (rules, mode): (&Rules<'_>, Mode),
        case: &Case<'_>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Option<Effect>> {
        let of = [counts, &wish.to].map(|title| rules.policy.release_of(rules.name.as_str(), title));
        let views: Vec<_> =
            of.into_iter().flatten().map(|release| inquiry.view(SubjectId::Release(release))).collect();
        let views: Vec<Option<&View>> = views.into_iter().collect::<Option<_>>()?;
        let mut records = views.into_iter().flatten().filter_map(View::as_release).filter_map(|it| it.record);
        let Some(on) = records.next() else { return Some(None) };
        let managers: Vec<Named> =
            rules.policy.release_managers().iter().map(|who| Named::who(&who.to_string())).collect();
        let who = wish.by.as_ref().map_or_else(|| "Somebody".to_owned(), text::mention);
        let managers = markdown(
            &format!("the release managers ({})", all_of(&managers)),
            &pages(&managers).collect::<Vec<_>>(),
            &case.instance.web_url,
        );
        let title = |title: &str| format!("**{}**", text::escape(title, text::TITLE_LIMIT));
        let name = text::escape(rules.name.as_str(), text::TITLE_LIMIT);
        let (from, to) = (title(counts), title(&wish.to));
        let then = if mode == Mode::Enforce {
            format!("It is called {from} again. Ask them here.")
        } else {
            "It stays so: nothing is put back here.".to_owned()
        };
        let body = format!(
            "{who} renamed milestone {from} of {name} to {to}; releases are renamed by {managers}. {then}"
        );
        Some(Some(comment(on, self, wish, body)))
    }

    fn entry(&self, wish: &Wish, verdict: &Verdict) -> Option<AuditEntry> {
        let (became, by) = match verdict {
            Verdict::Free => return None,
            Verdict::Allowed(by) => ("allowed", Some(by)),
            Verdict::Refused => ("refused", wish.by.as_ref()),
            Verdict::Unknown(_) => ("unknown", wish.by.as_ref()),
        };
        let entry = AuditEntry::new("milestone.renamed").by(by).fact("repository", self.seen.repo);
        let entry = entry.fact("milestone", self.seen.number).fact("became", became).fact("at", wish.at);
        let entry = entry.text("from", wish.from.clone()).text("to", wish.to.clone());
        Some(match verdict {
            Verdict::Unknown(why) => entry.text("why", why.clone()),
            Verdict::Free | Verdict::Allowed(_) | Verdict::Refused => entry,
        })
    }
}

fn comment(on: IssueRef, milestone: &Milestone, wish: &Wish, body: String) -> Effect {
    let (repo, number) = (milestone.seen.repo, milestone.seen.number);
    let purpose = format!("renamed/{repo}/{number}/{}", wish.at.as_second());
    Effect::new(Call::Comment { on, purpose, body: text::cut(body), was_on: BTreeSet::new() })
}
