//! A standard change: accepted in advance by a template of the policy, where it fits the template in everything.

use super::super::{
    super::{
        finding::{Finding, Outcome, code, quoted},
        pull_request::PullRequestView,
    },
    scene::{CheckStand, PullRequestAt, Scene, Template},
};

const RULE: &str = "a standard change";

/// The template that it passes by, or else what the one that is nearest still asks for; `None`: it fits none.
pub(super) fn finding(
    view: &PullRequestView,
    pull_request: &PullRequestAt<'_>,
    scene: &Scene<'_>,
) -> Option<Finding> {
    let judged = pull_request.templates.iter().map(|template| judge(template, scene));
    let unknown = view.standard.unknown.as_ref().map(|why| unknown(why));
    judged.chain(unknown).min_by_key(|finding| finding.own)
}

fn judge(template: &Template, scene: &Scene<'_>) -> Finding {
    let name = quoted(&template.change.name);
    if template.change.suspend_after.is_some_and(|most| template.failed >= most) {
        return suspended(template, &name);
    }
    let asks: Vec<(Outcome, String)> =
        signatures(template).into_iter().chain(checks(template, scene)).collect();
    let worst = asks.iter().map(|(outcome, _)| *outcome).max().unwrap_or(Outcome::Pass);
    if worst == Outcome::Pass {
        return Finding::new("standard_change", Outcome::Pass, RULE, fits(template, &name));
    }
    let open: Vec<&str> = asks.iter().map(|(_, what)| what.as_str()).collect();
    let sentence = format!("It is the standard change {name}, but {}.", open.join("; "));
    Finding::new("standard_change_waits", worst, RULE, sentence)
        .headline(format!("the standard change {name} lacks something"))
        .cure("meet what is missing, or put `Change: owner/repo#n` in the description, which links an accepted change request")
}

/// "It is the standard change “dependency updates”: everything in it was written by ... and is among ...".
fn fits(template: &Template, name: &str) -> String {
    let paths: Vec<String> = template.change.paths.iter().map(|paths| code(&paths.to_string())).collect();
    let authors: Vec<String> = template.change.authors.iter().map(|author| code(author)).collect();
    let by = if authors.is_empty() {
        String::new()
    } else {
        format!("every commit is by {}, and ", authors.join(" or "))
    };
    format!("It is the standard change {name}: {by}every file is one of {}.", paths.join(", "))
}

fn suspended(template: &Template, name: &str) -> Finding {
    let failed = match template.failed {
        1 => "a delivery of it has gone wrong".to_owned(),
        failed => format!("{failed} deliveries of it have gone wrong"),
    };
    let sentence = format!("The standard change {name} is suspended here: {failed}.");
    Finding::new("standard_change_suspended", Outcome::Fail, RULE, sentence)
        .headline(format!("the standard change {name} is suspended"))
        .cure("put `Change: owner/repo#n` in the description, which links an accepted change request; whoever signs the policy ends the suspension by editing the template")
}

fn signatures(template: &Template) -> Vec<(Outcome, String)> {
    let open = |(group, needed, signed): &(String, u16, Result<u16, String>)| match signed {
        Ok(signed) if signed >= needed => None,
        Ok(signed) => Some((
            Outcome::Pending,
            format!("{} has {signed} of {needed} approvals of this commit", code(group)),
        )),
        Err(why) => Some((
            Outcome::Unknown,
            format!("who is in {} is not known: {}", code(group), why.trim_end_matches('.')),
        )),
    };
    template.signed.iter().filter_map(open).collect()
}

fn checks(template: &Template, scene: &Scene<'_>) -> Vec<(Outcome, String)> {
    let at = code(scene.sha.short());
    let open = |(check, stand): &(crate::domain::policy::RequiredCheck, CheckStand)| {
        let named = format!("check {} of {}", code(&check.name), code(&check.app));
        match stand {
            CheckStand::Passed => None,
            CheckStand::Failed => Some((Outcome::Fail, format!("{named} did not pass on {at}"))),
            CheckStand::Waiting => Some((Outcome::Pending, format!("{named} has not ended on {at} yet"))),
            CheckStand::Unknown(why) => {
                Some((Outcome::Unknown, format!("{named} could not be read: {}", why.trim_end_matches('.'))))
            }
        }
    };
    template.checks.iter().filter_map(open).collect()
}

fn unknown(why: &str) -> Finding {
    let sentence = format!("Its files could not be read: {}.", why.trim_end_matches('.'));
    Finding::new("standard_change_unknown", Outcome::Unknown, RULE, sentence)
        .headline("its files could not be read")
        .cure("it is read again by itself; `/recheck` in a comment does it at once")
}
