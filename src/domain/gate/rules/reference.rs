//! The branch or tag that is deployed from still holds what is deployed: nobody moved it meanwhile.

use super::super::{
    super::finding::{Finding, Outcome, code},
    Points, Scene,
};

const RULE: &str = "the branch or tag still holds what is deployed";

/// Nothing, where it does, or was not asked for: it is asked for before anything is let through.
pub(super) fn finding(scene: &Scene<'_>) -> Option<Finding> {
    let candidate = scene.ask.candidate;
    let name = code(candidate.reference.as_deref()?);
    let short = code(candidate.sha.short());
    let moved = |sentence: String, headline: String| {
        Finding::new("ref_moved", Outcome::Fail, RULE, sentence).headline(headline)
    };
    match &candidate.points {
        Points::NotAsked | Points::Here => None,
        Points::Tag(now) => {
            let sentence = format!("The tag {name} points at {} now, and not at {short}.", code(now.short()));
            let finding = moved(sentence, format!("{name} was moved"));
            Some(finding.cure(format!(
                "find out who moved {name}; move it back and run this again, or deploy what it points at now"
            )))
        }
        Points::Branch => {
            let sentence =
                format!("The branch {name} does not hold {short} any more: somebody pushed over it.");
            let finding = moved(sentence, format!("{name} does not hold {short} any more"));
            Some(finding.cure(format!("deploy what {name} holds now")))
        }
        Points::Nowhere => {
            let finding =
                moved(format!("{name} does not exist any more."), format!("{name} does not exist any more"));
            Some(finding.cure("deploy from a branch or tag that exists"))
        }
        Points::Unknown(why) => {
            let why = why.trim_end_matches('.');
            let sentence = format!("What {name} holds now could not be found out: {why}.");
            let finding = Finding::new("ref_unknown", Outcome::Unknown, RULE, sentence)
                .headline(format!("what {name} holds is not known"))
                .cure("it is read again by itself");
            Some(finding)
        }
    }
}
