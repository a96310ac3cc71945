//! A check that must have passed on exactly the commit, written by the App that policy names: names alone prove nothing.

use super::super::{
    super::{
        commit::CheckStand,
        finding::{Finding, Outcome, code},
        policy::RequiredCheck,
    },
    Scene,
};

pub(super) fn finding(wanted: &RequiredCheck, scene: &Scene<'_>) -> Finding {
    let at = code(scene.ask.candidate.sha.short());
    let rule = format!("check {} of {} passed", code(&wanted.name), code(&wanted.app));
    let stand = scene.checks.iter().find(|(check, _)| check == wanted).map(|(_, stand)| stand);
    match stand {
        Some(CheckStand::Passed) => {
            Finding::new("check_passed", Outcome::Pass, rule, format!("It passed on {at}."))
        }
        Some(CheckStand::Failed) => {
            Finding::new("check_failed", Outcome::Fail, rule, format!("It did not pass on {at}."))
                .headline(format!("check {} did not pass", code(&wanted.name)))
                .cure("mend what it found and deploy that, or run it again and then this job")
        }
        Some(CheckStand::Waiting) => {
            Finding::new("check_missing", Outcome::Pending, rule, format!("It has not ended on {at} yet."))
                .headline(format!("check {} has not ended", code(&wanted.name)))
                .cure("it is read again by itself; where it never ran on this commit, start it")
        }
        Some(CheckStand::Unknown(why)) => unknown(wanted, rule, why),
        None => unknown(wanted, rule, "nobody asked for it"),
    }
}

fn unknown(wanted: &RequiredCheck, rule: String, why: &str) -> Finding {
    let sentence = format!("It could not be read: {}.", why.trim_end_matches('.'));
    Finding::new("check_unknown", Outcome::Unknown, rule, sentence)
        .headline(format!("check {} could not be read", code(&wanted.name)))
        .cure("it is read again by itself")
}
