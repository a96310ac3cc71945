//! While nobody was here: all that was deployed without an allow meanwhile is one exception, with one look back.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        change_request::emergency::LookedBack,
        effect::{Call, Effect},
        event::{Event, Gap, IssuePurpose, WentBy, What},
        finding::code,
        ids::{IssueRef, RepoId, RepoName},
        report::text,
    },
    Account,
    looking_back::Owed,
};

/// So many gaps are remembered.
const MOST: usize = 20;
/// So many deployments are listed one by one.
const LISTED: usize = 200;

/// A gap, and what went by in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    pub gap: Gap,
    /// Where its issue is.
    pub home: Option<RepoId>,
    /// In the order in which it was heard.
    pub went_by: Vec<Deployed>,
    /// That issue, once GitHub has confirmed it.
    #[serde(default)]
    pub issue: Option<IssueRef>,
    /// Where people have to look back on it; one for each place.
    #[serde(default)]
    pub owes: Vec<Owed>,
    /// Somebody who may has said how it went.
    #[serde(default)]
    pub looked_back: Option<LookedBack>,
}

/// A deployment that went by, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    pub repo: RepoId,
    pub name: RepoName,
    #[serde(flatten)]
    pub went: WentBy,
}

/// Whether a delivery is about a gap.
pub(super) fn is_about(event: &Event) -> bool {
    matches!(event.what, What::Away(_) | What::WentBy(_))
}

/// What is to be told.
#[derive(Default)]
pub(super) struct Told {
    pub(super) effects: Vec<Effect>,
    pub(super) audit: Vec<AuditEntry>,
}

impl Account {
    /// The gap in which it was then, if it was in one.
    #[must_use]
    pub fn away(&self, at: jiff::Timestamp) -> Option<Gap> {
        self.outages.iter().map(|outage| outage.gap).find(|gap| gap.covers(at))
    }

    /// Takes what deliveries say of gaps.
    pub(super) fn hear_away(&mut self, events: &[Event], web_url: &str) -> Told {
        let mut told = Told::default();
        for event in events {
            if let What::Away(gap) = &event.what {
                told.audit.extend(self.note(*gap));
            }
            let Some(here) = &event.repository else { continue };
            if let What::WentBy(went) = &event.what {
                self.list((here.id, &here.name), went, web_url, &mut told);
            }
        }
        told
    }

    fn note(&mut self, gap: Gap) -> Option<AuditEntry> {
        if self.outages.iter().any(|known| known.gap.from == gap.from) {
            return None;
        }
        self.outages.push(Outage::of(gap));
        self.outages.sort_by_key(|outage| outage.gap);
        let surplus = self.outages.len().saturating_sub(MOST);
        self.outages.drain(..surplus);
        Some(AuditEntry::new("server.away").fact("from", gap.from).fact("to", gap.to))
    }

    fn list(&mut self, (repo, name): (RepoId, &RepoName), went: &WentBy, web_url: &str, told: &mut Told) {
        let Some(outage) = self.outages.iter_mut().find(|outage| outage.gap.from == went.since) else {
            return;
        };
        let deployed = Deployed { repo, name: name.clone(), went: went.clone() };
        if outage.went_by.contains(&deployed) {
            return;
        }
        outage.owe(&deployed);
        let is_same = |known: &&mut Deployed| known.repo == repo && known.went.deployment == went.deployment;
        match outage.went_by.iter_mut().find(is_same) {
            Some(known) => *known = deployed,
            None => outage.went_by.push(deployed),
        }
        let home = *outage.home.get_or_insert(repo);
        if outage.went_by.len() == 1 {
            let entry = AuditEntry::new("exception.outage");
            told.audit.push(entry.fact("from", outage.gap.from).fact("to", outage.gap.to).fact("in", home));
        }
        let shown = outage.shown(web_url);
        told.effects.retain(|effect| shown.as_ref().is_none_or(|shown| shown.key != effect.key));
        told.effects.extend(shown);
    }
}

fn time(at: jiff::Timestamp) -> String {
    format!("{} UTC", TimeZone::UTC.to_datetime(at).strftime("%-d %b %Y, %H:%M"))
}

impl Outage {
    /// One of which nothing is known yet.
    pub(super) const fn of(gap: Gap) -> Self {
        Self { gap, home: None, went_by: vec![], issue: None, owes: vec![], looked_back: None }
    }

    /// Its issue.
    pub(super) fn shown(&self, web_url: &str) -> Option<Effect> {
        let since = self.gap.from;
        Some(Effect::new(Call::Issue {
            repo: self.home?,
            purpose: format!("outage/{}", since.as_second()),
            title: self.title(),
            body: text::cut(self.body(web_url)),
            open: self.looked_back.is_none(),
            told: Some(IssuePurpose::Outage { since }),
        }))
    }

    fn title(&self) -> String {
        let (many, s) = match self.went_by.len() {
            1 => ("one deployment".into(), ""),
            many => (format!("{many} deployment"), "s"),
        };
        format!("Changegate was away, and {many}{s} went by without an allow ({})", time(self.gap.from))
    }

    fn body(&self, web_url: &str) -> String {
        let (from, to) = (time(self.gap.from), time(self.gap.to));
        let listed = self.went_by.iter().take(LISTED).map(|it| it.line(web_url));
        let mut lines: Vec<String> = listed.collect();
        if let Some(more) = self.went_by.len().checked_sub(LISTED).filter(|more| *more > 0) {
            lines.push(format!("- and {more} more; the audit log has them"));
        }
        let mut owners: Vec<&str> =
            self.went_by.iter().flat_map(|it| &it.went.owners).map(String::as_str).collect();
        owners.sort_unstable();
        owners.dedup();
        let owners = if owners.is_empty() {
            "nobody: the policy names no one on call (role `break-glass`)".into()
        } else {
            owners.join(", ")
        };
        let due = self.went_by.iter().map(|it| it.went.due).min().map(time).unwrap_or_default();
        let head = format!(
            "Changegate was away from {from} to {to}. This was deployed meanwhile to environments that policy guards, without an allow. What runs is taken as what runs: the next deployment is compared with it.\n\n\
             {}\n\n\
             Owner: {owners}",
            lines.join("\n")
        );
        if let Some(done) = &self.looked_back {
            let (by, at, result) = (text::mention(&done.by), time(done.at), done.result.as_str());
            let said = text::escape(&done.said, text::TEXT_LIMIT);
            return format!("{head}\n\nLooked back on by {by} on {at}: **{result}**. {said}")
                .trim_end()
                .to_owned();
        }
        format!(
            "{head} · Due: {due}\n\n\
             - Was each of these meant, and by whom?\n\
             - What kept Changegate away, and what would have brought it back sooner?\n\
             - What changes now, and who does it until when?\n\n\
             Write it here. Then somebody on call or a release manager comments `/done worked`, `/done problems` or `/done backed-out`, with a sentence behind it, and this issue closes by itself. From the due time on it stands in the way of ordinary deployments to these environments."
        )
    }
}

impl Deployed {
    fn line(&self, web_url: &str) -> String {
        let Self { repo: _, name, went } = self;
        let (sha, short, at) = (&went.sha, went.sha.short(), time(went.at));
        let place = format!("`{name}` → {}", code(&went.environment));
        let what = format!(
            "- {place}: [`{short}`]({web_url}/{name}/commit/{sha}), deployment {}, {at}",
            went.deployment
        );
        match &went.seal {
            None => format!("{what}. **Nobody has said by which permit.**"),
            Some(seal) => {
                let by =
                    seal.by.as_deref().map(|by| format!(" by {}", text::escape(by, 100))).unwrap_or_default();
                let why = text::escape(&seal.why, 500);
                format!("{what}. Sealed permit {}, used{by}: {why}", code(&seal.id))
            }
        }
    }
}
