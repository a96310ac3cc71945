//! Who has signed and who has not, as findings: one for each group, and one for each thing that stands in the way.

use super::{
    super::{
        finding::{Finding, Outcome, code, quoted},
        ids::IssueRef,
        named::{Named, all_of, one_of, pages},
        policy::{REVIEW, Who, Zone},
        revision::Names,
    },
    Case, GroupStand, Judged, Restrains, Restraint, Stand, Work,
};

/// Where people sign, and how things are called there.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    pub names: Names<'a>,
    /// In which times are shown.
    pub zone: &'a Zone,
    /// The issue or pull request on which people comment.
    pub place: &'a Named,
    /// Who may appoint a substitute.
    pub release_managers: &'a [Who],
}

/// How many changes are named one by one.
const MOST: usize = 5;

/// One finding for each group that signs, after those that say what nobody can cure by signing.
#[must_use]
pub fn findings(judged: &Judged, case: &Case<'_>, setting: &Setting<'_>) -> Vec<Finding> {
    let Some(revision) = case.history.current() else { return vec![nothing_to_sign()] };
    let teller = Teller { case, setting, revision: case.history.short(revision) };
    let (stuck, others): (Vec<_>, Vec<_>) =
        judged.groups.iter().partition(|group| group.stand == Stand::OutOfReach);
    let mut found: Vec<Finding> = stuck.into_iter().map(|group| teller.group(group)).collect();
    found.extend(judged.standing.restraints.iter().map(|restraint| teller.restraint(restraint)));
    found.extend(case.work.iter().filter_map(|work| teller.work(work)));
    found.extend(others.into_iter().map(|group| teller.group(group)));
    found
}

fn nothing_to_sign() -> Finding {
    Finding::new(
        "revision_unknown",
        Outcome::Unknown,
        "what is to be signed is known",
        "What is to be signed has not been put together yet.",
    )
    .headline("what is to be signed is not known yet")
    .cure("nobody need do anything: it is put together by itself")
}

struct Teller<'a> {
    case: &'a Case<'a>,
    setting: &'a Setting<'a>,
    /// The current revision, as people write it.
    revision: &'a str,
}

impl Teller<'_> {
    fn group(&self, stand: &GroupStand) -> Finding {
        let rule = format!("signed by {}", code(&stand.group));
        let (signers, named) = self.signers(stand);
        let finding = match stand.stand {
            Stand::Complete => {
                Finding::new("approved", Outcome::Pass, rule, format!("{}, by {signers}.", counted(stand)))
            }
            Stand::Missing => self.missing(stand, rule),
            Stand::OwnWork => self.own_work(stand, rule),
            Stand::Unknown => unknown(stand, rule),
            Stand::OutOfReach => self.out_of_reach(stand, rule),
        };
        finding.names(pages(&named))
    }

    /// "@quinn, @sam for @dana and @lee", and their names.
    fn signers(&self, stand: &GroupStand) -> (String, Vec<Named>) {
        let (mut said, mut named) = (vec![], vec![]);
        for signature in &stand.signed {
            let by = Named::actor(&signature.by);
            let absent = signature.instead_of.as_ref().map(Named::actor);
            let instead = absent.as_ref().map(|absent| format!(" for {}", absent.text)).unwrap_or_default();
            said.push(Named { text: format!("{}{instead}", by.text), page: None });
            named.extend([Some(by), absent].into_iter().flatten());
        }
        (all_of(&said), named)
    }

    /// "business: 0 of 1 approvals on the current revision; waiting for @dana or @lee (asked ...)."
    fn missing(&self, stand: &GroupStand, rule: String) -> Finding {
        let (waiting, named) = self.waiting(stand);
        let (more, others) = self.not_counted(stand);
        let sentence = format!("{}{waiting}.{more}", counted(stand));
        Finding::new("approvals_missing", Outcome::Pending, rule, sentence)
            .headline(counted(stand))
            .cure(self.cure(stand, &named, ""))
            .names(pages(named.iter().chain(&others)))
            .names(self.setting.place.page.clone())
    }

    /// "qa: @quinn signed, and worked on #128 and #130; a second member signs for these."
    fn own_work(&self, stand: &GroupStand, rule: String) -> Finding {
        let (waiting, named) = self.waiting(stand);
        let (mut said, mut others, mut lacking) = (vec![], vec![], vec![]);
        for (by, changes) in &stand.own_work {
            let (changes, pages) = self.changes(changes);
            let by = Named::actor(by);
            said.push(format!("{} worked on {changes} and does not count there", by.text));
            others.push(by);
            others.extend(pages);
            if !lacking.contains(&changes) {
                lacking.push(changes);
            }
        }
        let (more, outdated) = self.not_counted(stand);
        let lacking = lacking.join(", ");
        let sentence = format!("{}: {}{waiting}.{more}", counted(stand), said.join("; "));
        Finding::new("approval_own_work", Outcome::Pending, rule, sentence)
            .headline(format!("{}: another member signs for {lacking}", stand.group))
            .cure(self.cure(stand, &named, &format!(", who did not work on {lacking},")))
            .names(pages(named.iter().chain(&others).chain(&outdated)))
            .names(self.setting.place.page.clone())
    }

    fn out_of_reach(&self, stand: &GroupStand, rule: String) -> Finding {
        let managers: Vec<Named> =
            self.setting.release_managers.iter().map(|who| Named::who(&who.to_string())).collect();
        let who = if managers.is_empty() {
            "a release manager (the policy names none)".to_owned()
        } else {
            format!("a release manager ({})", one_of(&managers))
        };
        let group = code(&stand.group);
        let sentence = format!(
            "{}, and nobody can give what is missing: too few are in {group} who did not work on it and do not sign for another group.",
            counted(stand)
        );
        Finding::new("group_cannot_reach", Outcome::Fail, rule, sentence)
            .headline(format!("{}: nobody can give the missing approval", stand.group))
            .cure(format!(
                "{who} comments {} on {}, and that person counts as one of {group} for this release, which is recorded as an exception",
                code(&format!("/substitute @x for {} WHY", stand.group)),
                self.setting.place.text
            ))
            .names(pages(&managers))
            .names(self.setting.place.page.clone())
    }

    fn restraint(&self, restraint: &Restraint) -> Finding {
        let by = Named::actor(&restraint.by);
        let (at, why) = (self.setting.zone.time(restraint.at), quoted(&restraint.why));
        let (id, own, rule, did, lifts) = match restraint.what {
            Restrains::Rejection => {
                ("rejected", Outcome::Fail, "nobody rejects it", "rejected it", "/reject cancel")
            }
            Restrains::Hold => ("held", Outcome::Pending, "nobody holds it", "holds it", "/unhold"),
        };
        let (own, doubt) = match &restraint.unknown {
            Some(unknown) => {
                let unknown = unknown.trim_end_matches('.');
                (Outcome::Unknown, format!(" Whether {} may is not known: {unknown}.", by.text))
            }
            None => (own, String::new()),
        };
        let groups: Vec<String> = restraint.groups.iter().map(|group| code(group)).collect();
        let others = if groups.is_empty() {
            String::new()
        } else {
            format!(", or another member of {} who worked on none of it,", groups.join(" or "))
        };
        Finding::new(id, own, rule, format!("{} {did} on {at}: {why}.{doubt}", by.text))
            .headline(format!("{} {did}", by.text))
            .cure(format!("{}{others} comments `{lifts}` on {}", by.text, self.setting.place.text))
            .names(by.page)
            .names(self.setting.place.page.clone())
    }

    /// Where nobody's approval can count, because it is not known who worked on it.
    fn work(&self, work: &Work) -> Option<Finding> {
        let change = self.setting.names.change(work.change);
        let name = &change.text;
        let rule = "it is known who worked on each change";
        let finding = if let Some(why) = &work.unknown {
            let sentence =
                format!("Who worked on {name} could not be found out: {}.", why.trim_end_matches('.'));
            Finding::new("approval_work_unknown", Outcome::Unknown, rule, sentence)
                .headline(format!("who worked on {name} is not known"))
                .cure("it is looked up again by itself; `/recheck` in a comment does it at once")
        } else {
            let first = work.unattributed.first()?;
            let more = match work.unattributed.len() {
                1 => String::new(),
                count => format!(" (and {} more)", count - 1),
            };
            let sentence = format!(
                "Somebody wrote commit {}{more} of {name} whom GitHub knows only by mail, so nobody's approval counts for {name}.",
                code(first.short())
            );
            Finding::new("approval_unattributed", Outcome::Fail, rule, sentence)
                .headline(format!("{name} has a commit of somebody unknown"))
                .cure("that person adds the mail address to the GitHub account, or the commit is written again with a known one; then comment `/recheck`")
        };
        Some(finding.names(change.page))
    }

    /// "; waiting for @dana or @lee (asked ...)", and their names.
    fn waiting(&self, stand: &GroupStand) -> (String, Vec<Named>) {
        let named: Vec<Named> = stand.waits_for.iter().map(|who| Named::who(who)).collect();
        if named.is_empty() {
            return (String::new(), named);
        }
        let asked = self.case.group(&stand.group).and_then(|group| group.asked);
        let asked = asked.map(|at| format!(" (asked {})", self.setting.zone.time(at))).unwrap_or_default();
        (format!("; waiting for {}{asked}", one_of(&named)), named)
    }

    /// What did not count, and why.
    fn not_counted(&self, stand: &GroupStand) -> (String, Vec<Named>) {
        let (mut said, mut named) = (String::new(), vec![]);
        for (by, difference) in &stand.outdated {
            let by = Named::actor(by);
            let (words, names) = match difference {
                Some(difference) => difference.in_words(self.setting.names),
                None => ("it changed".into(), vec![]),
            };
            said.push_str(&format!(" {} signed an earlier revision; since then {words}.", by.text));
            named.push(by);
            named.extend(names);
        }
        for by in &stand.early {
            let by = Named::actor(by);
            said.push_str(&format!(
                " {} signed before the groups ahead of {} were complete; that does not count.",
                by.text,
                code(&stand.group)
            ));
            named.push(by);
        }
        (said, named)
    }

    fn cure(&self, stand: &GroupStand, named: &[Named], besides: &str) -> String {
        let group = code(&stand.group);
        let who = if named.is_empty() { format!("a member of {group}") } else { one_of(named) };
        let missing = stand.needed.saturating_sub(stand.count);
        let who = if missing > 1 { format!("{missing} of {who}") } else { who };
        let verb = if missing > 1 { "each " } else { "" };
        let place = &self.setting.place.text;
        if stand.group == REVIEW {
            let approve = if missing > 1 { "approve" } else { "approves" };
            return format!("{who}{besides} {verb}{approve} {place} in a review");
        }
        let comment = if missing > 1 { "comment" } else { "comments" };
        format!("{who}{besides} {verb}{comment} `/approve {} {}` on {place}", stand.group, self.revision)
    }

    fn changes(&self, changes: &[IssueRef]) -> (String, Vec<Named>) {
        let mut named: Vec<Named> =
            changes.iter().take(MOST).map(|at| self.setting.names.change(*at)).collect();
        let more = changes.len().saturating_sub(MOST);
        named.extend((more > 0).then(|| Named { text: format!("{more} more"), page: None }));
        (all_of(&named), named)
    }
}

/// "qa: 1 of 2 approvals on the current revision".
fn counted(stand: &GroupStand) -> String {
    format!("{}: {} of {} approvals on the current revision", stand.group, stand.count, stand.needed)
}

fn unknown(stand: &GroupStand, rule: String) -> Finding {
    let people: Vec<Named> = stand.unknown.iter().map(|doubt| Named::actor(&doubt.by)).collect();
    let doubts = stand.unknown.iter().zip(&people);
    let doubts = doubts.map(|(doubt, by)| format!("{} is in {}", by.text, code(&doubt.group)));
    let whether = format!("whether {} is not known", doubts.collect::<Vec<_>>().join(" and "));
    let why = stand.unknown.first().map_or("it could not be read", |doubt| doubt.why.trim_end_matches('.'));
    Finding::new("approval_unknown", Outcome::Unknown, rule, format!("{}; {whether}: {why}.", counted(stand)))
        .headline(whether)
        .cure("it is looked up again by itself; `/recheck` in a comment does it at once")
        .names(pages(&people))
}
