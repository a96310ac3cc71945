//! What people decided about freezes by command: one comment closes, or opens, the whole organisation or a part of it.
//!
//! What was said is kept and put together anew each time, so that comments may come in any order. Somebody of whom it is not
//! known whether they may is asked for again; until then it counts for nothing.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        calendar::{FreezeScope, Freezes, Lifted, OpenedFreeze, Waiver},
        command::Told,
        decide::Case,
        event::{CommentChange, Event, What},
        facts::{Inquiry, Membership},
        ids::{Actor, CommentId, IssueRef, RepoId},
        policy::{EffectivePolicy, Mode, Scope},
        report::{
            heard::{self, Heard},
            text,
        },
    },
    Account,
    freezing::{self, Setting},
};

/// How many are remembered; those that have ended count no more.
const MOST: usize = 200;

/// For how long it is tried to find out who may.
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What a comment about freezes did.
const DID: &str = "wrote about a freeze";

/// Something that somebody decided about freezes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub at: Timestamp,
    pub comment: CommentId,
    /// The how manyth command of the comment.
    pub place: usize,
    pub by: Actor,
    pub deed: Deed,
    /// The only repository for which it counts: the policy that says who may stands there alone. `None`: for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<RepoId>,
    /// It is not known whether they may. `None`: they may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

/// Why something does not count yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// Where it was said: the policy there says who may.
    pub on: IssueRef,
    /// `None`: it was only just heard.
    pub why: Option<String>,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    Freeze {
        until: Option<Timestamp>,
        why: String,
        except: Vec<IssueRef>,
        /// What had begun is halted too.
        #[serde(default)]
        stop: bool,
        #[serde(default)]
        scope: FreezeScope,
    },
    Unfreeze {
        why: String,
        /// Of the freezes of this name; `None`: of all that were opened by command.
        #[serde(default)]
        only: Option<String>,
        /// Those of that name in the policies.
        #[serde(default)]
        planned: Vec<Waiver>,
        /// Only for these change requests; none: for everything.
        #[serde(default)]
        except: Vec<IssueRef>,
    },
}

/// Whether a delivery may be about a freeze.
pub(super) fn is_about(event: &Event) -> bool {
    let What::Comment { change: CommentChange::Created, comment, .. } = &event.what else { return false };
    comment.body.to_ascii_lowercase().contains("freeze")
}

impl Account {
    /// What was decided by command of freezes that concern a repository.
    #[must_use]
    pub fn freezes(&self, repo: RepoId) -> Freezes {
        let mut freezes = Freezes::default();
        let counts = |said: &&Said| said.doubt.is_none() && said.within.is_none_or(|within| within == repo);
        for said in self.said.iter().filter(counts) {
            said.take_part_in(&mut freezes);
        }
        freezes
    }

    /// Whether it is not known yet if somebody may.
    pub(super) fn doubts_freezes(&self) -> bool {
        self.said.iter().any(|said| said.doubt.is_some())
    }

    /// Takes what the comments say of freezes. `None`: it must be found out first who may.
    pub(super) fn hear_freezes(&mut self, case: &Case<'_>, inquiry: &mut Inquiry<'_>) -> Option<Heard> {
        let mut heard = Heard::default();
        for event in case.events.iter().filter(|event| is_about(event)) {
            let Some(on) = heard::place(event) else { continue };
            let Some(policy) = inquiry.policy(on.repo)? else { continue };
            let Some((on, told)) = heard::comment(event, policy.command_prefix()) else { continue };
            let speaks = speaks(on, &policy, inquiry)?;
            for (place, command) in told.commands.iter().enumerate() {
                let setting = Setting { on, at: told.at, policy: &policy };
                let Some(read) = freezing::read(command, setting, inquiry) else { continue };
                match read? {
                    Ok(deed) => {
                        let is_alone = policy.base().scope() == Scope::Alone;
                        self.keep(&told, place, deed, (on, is_alone));
                    }
                    Err(takes) if speaks => {
                        let why = format!("it takes {takes} behind it");
                        heard.effects.extend(heard::refused_with_care(on, &told, DID, &why));
                    }
                    Err(_) => {}
                }
            }
        }
        self.judge_said(case.now, &mut heard, inquiry)?;
        Some(heard)
    }

    /// What was not heard before, until it is known whether they may. `is_alone`: the policy there is not the organisation's, and
    /// says nothing of other repositories.
    fn keep(&mut self, told: &Told, place: usize, deed: Deed, (on, is_alone): (IssueRef, bool)) {
        if self.said.iter().any(|known| known.comment == told.comment && known.place == place) {
            return;
        }
        let doubt = Some(Doubt { on, why: None });
        let (at, comment, by) = (told.at, told.comment, told.by.clone());
        let within = is_alone.then_some(on.repo);
        self.said.push(Said { at, comment, place, by, deed, within, doubt });
        self.said.sort_by_key(|said| (said.at, said.comment, said.place));
    }

    /// Finds out who of those of whom it is not known may.
    fn judge_said(&mut self, now: Timestamp, heard: &mut Heard, inquiry: &mut Inquiry<'_>) -> Option<()> {
        let mut asked = vec![];
        for said in self.said.iter().filter(|said| said.doubt.is_some()) {
            asked.push(said.judge(inquiry));
        }
        let mut judged = asked.into_iter().collect::<Option<Vec<_>>>()?.into_iter();
        let named = self.freezes_named();
        let mut kept = vec![];
        for mut said in std::mem::take(&mut self.said) {
            let Some(doubt) = said.doubt.take() else {
                kept.push(said);
                continue;
            };
            let verdict = judged.next().unwrap_or_default();
            let unknown =
                said.only().filter(|name| !said.is_planned() && !named.contains(&name.to_lowercase()));
            let unknown =
                unknown.map(|name| format!("no freeze that lasts or is planned is called “{name}”"));
            let refusal = verdict.refusal.clone().or(unknown.filter(|_| verdict.doubt.is_none()));
            let told = said.told();
            match (refusal, verdict.doubt) {
                (Some(why), _) if verdict.speaks => {
                    heard.effects.extend(heard::refused_with_care(doubt.on, &told, DID, &why));
                }
                (Some(_), _) => {}
                (None, Some(why)) if now.duration_since(said.at) > TRIED_FOR => {
                    let why = format!("it could not be found out who may: {why}");
                    let answers = heard::refused_with_care(doubt.on, &told, DID, &why);
                    heard.effects.extend(answers.into_iter().filter(|_| verdict.speaks));
                }
                (None, Some(why)) => {
                    if verdict.speaks && doubt.why.is_none() {
                        heard.effects.push(heard::waits(doubt.on, &told));
                    }
                    said.doubt = Some(Doubt { why: Some(why), ..doubt });
                    kept.push(said);
                }
                (None, None) => {
                    heard.audit.push(said.entry());
                    if verdict.speaks {
                        heard.effects.push(heard::taken(doubt.on, &told));
                        heard.effects.extend(verdict.says.map(|says| heard::said(doubt.on, &told, says)));
                    }
                    kept.push(said);
                }
            }
        }
        let surplus = kept.len().saturating_sub(MOST);
        self.said = kept.split_off(surplus);
        Some(())
    }

    /// What the freezes are called that somebody has opened, in lower case.
    fn freezes_named(&self) -> Vec<String> {
        let called = |said: &Said| match &said.deed {
            Deed::Freeze { why, .. } => Some(why.to_lowercase()),
            Deed::Unfreeze { .. } => None,
        };
        self.said.iter().filter_map(called).collect()
    }
}

/// Whether somebody may, as far as it is known.
#[derive(Debug, Default)]
struct Judged {
    /// Whether anything is said there.
    speaks: bool,
    refusal: Option<String>,
    doubt: Option<String>,
    /// A sentence that goes along.
    says: Option<String>,
}

impl Said {
    fn take_part_in(&self, freezes: &mut Freezes) {
        match &self.deed {
            Deed::Freeze { until, why, except, stop, scope } => freezes.opened.push(OpenedFreeze {
                why: why.clone(),
                by: self.by.clone(),
                since: self.at,
                until: *until,
                scope: scope.clone(),
                except: except.clone(),
                stop: *stop,
                lifted: None,
            }),
            Deed::Unfreeze { why, only, planned, except } => {
                let lifted = Lifted { by: self.by.clone(), at: self.at, why: why.clone() };
                let is_meant = |freeze: &&mut OpenedFreeze| {
                    freeze.lifted.is_none()
                        && only.as_ref().is_none_or(|name| name.to_lowercase() == freeze.why.to_lowercase())
                };
                for freeze in freezes.opened.iter_mut().filter(is_meant) {
                    freeze.except.extend(except);
                    freeze.lifted = except.is_empty().then(|| lifted.clone());
                }
                let waived = planned.iter().map(|waiver| Waiver {
                    except: except.clone(),
                    lifted: except.is_empty().then(|| lifted.clone()),
                    ..waiver.clone()
                });
                freezes.waived.extend(waived);
            }
        }
    }

    /// `None`: something has to be found out first.
    fn judge(&self, inquiry: &mut Inquiry<'_>) -> Option<Judged> {
        let Some(doubt) = &self.doubt else { return Some(Judged::default()) };
        let Some(policy) = inquiry.policy(doubt.on.repo)? else {
            let why = "there is no policy that says who may".to_owned();
            return Some(Judged { doubt: Some(why), ..Judged::default() });
        };
        let managers = policy.release_managers();
        let membership = inquiry.membership(managers, &self.by);
        let speaks = speaks(doubt.on, &policy, inquiry)?;
        let mut judged = Judged { speaks, says: self.says(&policy), ..Judged::default() };
        match membership? {
            Membership::Member => {}
            Membership::Unknown(why) => judged.doubt = Some(why),
            Membership::Stranger => {
                let managers: Vec<String> = managers.iter().map(ToString::to_string).collect();
                judged.refusal =
                    Some(format!("only a release manager ({}) decides about freezes", managers.join(", ")));
            }
        }
        Some(judged)
    }

    fn only(&self) -> Option<&str> {
        if let Deed::Unfreeze { only: Some(only), .. } = &self.deed { Some(only) } else { None }
    }

    fn is_planned(&self) -> bool {
        matches!(&self.deed, Deed::Unfreeze { planned, .. } if !planned.is_empty())
    }

    /// What of a freeze people should read back: that it closes only a part, or halts what had begun.
    fn says(&self, policy: &EffectivePolicy) -> Option<String> {
        let Deed::Freeze { until, stop, scope, .. } = &self.deed else { return None };
        if !stop && *scope == FreezeScope::default() {
            return None;
        }
        let until = until.map_or_else(|| "it is lifted".to_owned(), |until| policy.zone().time(until));
        let halts = if *stop { " What had begun is halted." } else { "" };
        let only = if *scope == FreezeScope::default() {
            ""
        } else {
            " It closes only what you named behind `in`; everything else stays open."
        };
        let prefix = policy.command_prefix().map(|prefix| format!("{prefix} ")).unwrap_or_default();
        let by = text::mention(&self.by);
        Some(format!("{by} It is frozen until {until}.{only}{halts} `/{prefix}unfreeze WHY` lifts it."))
    }

    fn told(&self) -> Told {
        Told { comment: self.comment, by: self.by.clone(), at: self.at, commands: vec![] }
    }

    fn entry(&self) -> AuditEntry {
        let entry = |code: &str| {
            AuditEntry::new(code).by(Some(&self.by)).fact("comment", self.comment).fact("since", self.at)
        };
        let row =
            |changes: &[IssueRef]| changes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        match &self.deed {
            Deed::Freeze { until, why, except, stop, scope } => {
                let until = until.map_or_else(|| "lifted".into(), |until| until.to_string());
                let repositories = scope.repositories.iter().flatten().map(ToString::to_string);
                entry("freeze.opened")
                    .fact("until", until)
                    .fact("except", row(except))
                    .fact("stop", stop)
                    .fact(
                        "environments",
                        scope.environments.iter().flatten().cloned().collect::<Vec<_>>().join(" "),
                    )
                    .fact("repositories", repositories.collect::<Vec<_>>().join(" "))
                    .fact("systems", scope.systems.iter().flatten().cloned().collect::<Vec<_>>().join(" "))
                    .text("why", why)
            }
            // It passes by what the policy says.
            Deed::Unfreeze { why, only: Some(only), planned, except } if !planned.is_empty() => {
                entry("exception.freeze_waived")
                    .fact("except", row(except))
                    .text("freeze", only)
                    .text("why", why)
            }
            Deed::Unfreeze { why, only, except, .. } => {
                let entry = entry("freeze.lifted").fact("except", row(except)).text("why", why);
                only.iter().fold(entry, |entry, only| entry.text("freeze", only))
            }
        }
    }
}

/// Whether anything is said on GitHub there.
fn speaks(on: IssueRef, policy: &EffectivePolicy, inquiry: &mut Inquiry<'_>) -> Option<bool> {
    let name = inquiry.repository_name(on.repo)?;
    Some(name.is_some_and(|name| policy.mode_for(name.as_str()) > Mode::Observe))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        effect::Call,
        event::{CommentSnapshot, CommentedOn},
        ids::SubjectId,
        subject::State,
        trial::*,
    };

    /// Rita is a release manager by name, others by a team.
    const POLICY: &str = "version: 1
mode: enforce
roles: { release-manager: [rita, acme/managers] }
environments: { production: { names: [production] } }
freezes:
  - { name: year end, from: 2026-12-20 00:00, to: 2027-01-04 08:00 }
";

    fn comment(id: u64, by: &str, body: &str, seconds: i64) -> Event {
        let at = Some(time(seconds));
        let comment = CommentSnapshot {
            id: CommentId(id),
            body: body.into(),
            author: Some(actor(by)),
            app: None,
            created_at: at,
            updated_at: at,
        };
        let on = CommentedOn::Issue(Box::new(issue(1)));
        let what = What::Comment { change: CommentChange::Created, on, comment };
        Event { actor: Some(actor(by)), ..event(what) }
    }

    fn told(decision: &crate::domain::decide::Decision) -> Vec<String> {
        let effects = decision.effects.iter();
        effects
            .filter_map(|effect| {
                if let Call::Comment { body, .. } = &effect.call {
                    return Some(body.clone());
                }
                let Call::Reaction { content, .. } = &effect.call else { return None };
                Some(format!("{content:?}"))
            })
            .collect()
    }

    fn account(state: &State) -> &Account {
        state.as_account().unwrap()
    }

    #[test]
    fn a_freeze_of_somebody_of_whom_it_is_not_known_whether_they_may_counts_from_its_time_once_it_is_known() {
        let known = World::new(Some(POLICY));
        let down = World { down: true, ..World::new(Some(POLICY)) };
        let said = [comment(1, "mia", "/freeze 4 hours payments fail", 0)];
        let first = down.decide(&SubjectId::Account, None, &said, time(1));
        assert_eq!(told(&first), ["Eyes"]);
        assert_eq!(account(&first.after).freezes(WEB), Freezes::default());
        assert!(first.look_again.is_some() && first.audit.is_empty());
        let again = down.decide(&SubjectId::Account, Some(&first.after), &[], time(31));
        assert_eq!(told(&again), Vec::<String>::new());

        // The team is read, and she is not of it.
        let stranger = known.decide(&SubjectId::Account, Some(&again.after), &[], time(61));
        assert_eq!(told(&stranger)[0], "Confused");
        assert!(account(&stranger.after).said.is_empty());

        // The policy names her meanwhile.
        let world = World::new(Some(&POLICY.replace("rita", "mia")));
        let taken = world.decide(&SubjectId::Account, Some(&again.after), &[], time(61));
        assert_eq!(told(&taken), ["ThumbsUp"]);
        assert_eq!(account(&taken.after).freezes(WEB).opened[0].since, time(0));

        let late = down.decide(&SubjectId::Account, Some(&again.after), &[], time(25 * 3600));
        insta::assert_snapshot!(told(&late).join("\n"), @r"
        Confused
        @mia wrote about a freeze; it could not be found out who may: GitHub could not be reached since 09:00 UTC.
        ");
        assert!(account(&late.after).said.is_empty());
    }

    #[test]
    fn what_closes_only_a_part_or_halts_what_had_begun_is_read_back_to_whoever_said_it() {
        let world = World::new(Some(POLICY));
        let said = [
            comment(1, "rita", "/freeze 4 hours payments fail in production", 0),
            comment(2, "rita", "/freeze stop lifted the data are wrong", 1),
            comment(3, "rita", "/freeze 4 hours audit", 2),
        ];
        let decision = world.decide(&SubjectId::Account, None, &said, time(3));
        insta::assert_snapshot!(told(&decision).join("\n"), @r"
        ThumbsUp
        @rita It is frozen until 23 Nov 2026, 13:00 UTC. It closes only what you named behind `in`; everything else stays open. `/unfreeze WHY` lifts it.
        ThumbsUp
        @rita It is frozen until it is lifted. What had begun is halted. `/unfreeze WHY` lifts it.
        ThumbsUp
        ");
    }

    #[test]
    fn a_freeze_of_the_policy_is_lifted_or_excepted_by_command_and_that_is_an_exception_on_record() {
        let world = World::new(Some(POLICY));
        let said = [
            comment(1, "rita", "/unfreeze \"Year end\" it cannot wait for #12", 0),
            comment(2, "rita", "/unfreeze \"summer\" it rains", 1),
            comment(3, "sam", "/unfreeze \"year end\" I want to", 2),
        ];
        let decision = world.decide(&SubjectId::Account, None, &said, time(3));
        insta::assert_snapshot!(told(&decision).join("\n"), @r"
        ThumbsUp
        Confused
        @rita wrote about a freeze; no freeze that lasts or is planned is called “summer”.
        Confused
        @sam wrote about a freeze; only a release manager (rita, acme/managers) decides about freezes.
        ");
        let codes: Vec<&str> = decision.audit.iter().map(|entry| entry.code.as_str()).collect();
        assert_eq!(codes, ["exception.freeze_waived"]);
        let waived = account(&decision.after).freezes(WEB).waived;
        assert_eq!(waived.len(), 1);
        assert_eq!((waived[0].except.clone(), waived[0].lifted.is_some()), (vec![at(12)], false));
    }

    #[test]
    fn one_of_several_freezes_is_lifted_by_its_name_and_any_order_of_comments_says_the_same() {
        let world = World::new(Some(POLICY));
        let said = [
            comment(1, "rita", "/freeze 4 hours payments fail", 0),
            comment(2, "rita", "/freeze 4 hours audit", 1),
            comment(3, "rita", "/unfreeze \"Audit\" it is over", 2),
        ];
        let lifted = |decision: &crate::domain::decide::Decision| {
            let freezes = account(&decision.after).freezes(WEB).opened;
            freezes.iter().map(|freeze| (freeze.why.clone(), freeze.lifted.is_some())).collect::<Vec<_>>()
        };
        let expected = [("payments fail".to_owned(), false), ("audit".to_owned(), true)];
        let decision = world.decide(&SubjectId::Account, None, &said, time(3));
        assert_eq!(lifted(&decision), expected);
    }

    #[test]
    fn where_a_policy_stands_alone_who_manages_releases_there_closes_and_opens_nothing_elsewhere() {
        let everywhere = [comment(1, "rita", "/freeze 4 hours audit", 0)];
        let shared = World::new(None).holding(SHARED, Some(&POLICY.into()));
        let frozen = shared.decide(&SubjectId::Account, None, &everywhere, time(3));
        let closed = |decision: &crate::domain::decide::Decision, repo| {
            let freezes = account(&decision.after).freezes(repo).opened;
            freezes.iter().filter(|freeze| freeze.lifted.is_none()).count()
        };
        assert_eq!((closed(&frozen, WEB), closed(&frozen, BILLING)), (1, 1));
        let alone = World::new(Some(POLICY));
        let own = alone.decide(&SubjectId::Account, None, &everywhere, time(3));
        assert_eq!((closed(&own, WEB), closed(&own, BILLING)), (1, 0));

        let said = [comment(2, "rita", "/unfreeze it is over", 5)];
        let opened = alone.decide(&SubjectId::Account, Some(&frozen.after), &said, time(6));
        assert_eq!((closed(&opened, WEB), closed(&opened, BILLING)), (0, 1));
    }

    #[test]
    fn what_was_stored_before_there_were_scopes_reads_as_it_was_meant() {
        let earlier = r#"[{"at":"2026-11-23T09:00:00Z","comment":1,"place":0,"by":{"id":5,"login":"rita","person":true},
            "deed":{"freeze":{"until":null,"why":"audit","except":[]}}},
            {"at":"2026-11-23T10:00:00Z","comment":2,"place":0,"by":{"id":5,"login":"rita","person":true},
            "deed":{"unfreeze":{"why":"over"}}}]"#;
        let said: Vec<Said> = serde_json::from_str(earlier).unwrap();
        let freezes = Account { said, ..Account::default() }.freezes(WEB);
        assert!(freezes.opened[0].lifted.is_some() && !freezes.opened[0].stop);
    }
}
