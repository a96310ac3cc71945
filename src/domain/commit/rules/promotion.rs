//! A pull request that deploys, by being merged, what is merged already: that is judged by a check of its own.

use super::super::{
    super::{
        effect::RELEASE_CHECK,
        finding::{Finding, Outcome, code},
    },
    named::Named,
    scene::Promotes,
};

const RULE: &str = "what is merged already";

/// Nothing, where it brings more.
pub(super) fn finding(promotes: &Promotes, named: &Named) -> Option<Finding> {
    match promotes {
        Promotes::OnlyMerged => {
            let sentence = format!(
                "Each of its commits came with a merged pull request; whether they may go out now is judged by `{RELEASE_CHECK}`."
            );
            Some(Finding::new("promotes_merged", Outcome::Pass, RULE, sentence))
        }
        Promotes::Images(Ok(bots)) => {
            let bots: Vec<String> = bots.iter().map(|bot| code(bot)).collect();
            let sentence = format!(
                "It moves nothing but versions of images, and is written by {}; what they bring is judged by `{RELEASE_CHECK}`.",
                bots.join(" and ")
            );
            Some(Finding::new("promotes_images", Outcome::Pass, "a standard change", sentence))
        }
        Promotes::More(_) | Promotes::Images(Err(_)) => None,
        Promotes::Unknown(why) => {
            let sentence =
                format!("Where its commits come from could not be found out: {}.", why.trim_end_matches('.'));
            let finding = Finding::new("promotes_unknown", Outcome::Unknown, RULE, sentence)
                .headline(format!("where the commits of {} come from is not known", named.text))
                .cure("it is read again by itself; `/recheck` in a comment does it at once");
            Some(finding)
        }
    }
}
