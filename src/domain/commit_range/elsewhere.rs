//! What is said where a range holds only what counts for some components of a monorepo.

use super::{
    super::finding::{Finding, Outcome, code},
    component::Cut,
    findings::READ_AGAIN,
};

const RULE: &str = "only what touches the component is judged";

/// How many commits are of other components, and of how many that could not be found out.
pub(super) fn findings(cut: &Cut) -> Vec<Finding> {
    let components: Vec<String> = cut.components.iter().map(|name| code(name)).collect();
    let components = components.join(" or ");
    let left_out = (cut.elsewhere > 0).then(|| {
        let (commits, are) =
            if cut.elsewhere == 1 { ("commit touches", "is") } else { ("commits touch", "are") };
        let count = cut.elsewhere;
        let sentence = format!(
            "{count} more {commits} other components only, not {components}, and {are} not judged here."
        );
        Finding::new("range_of_component", Outcome::Pass, RULE, sentence)
    });
    left_out.into_iter().chain(unknown(cut, &components)).collect()
}

fn unknown(cut: &Cut, components: &str) -> Option<Finding> {
    let (sha, why) = cut.unknown.first()?;
    let more = match cut.unknown.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let (short, why) = (code(sha.short()), why.trim_end_matches('.'));
    let sentence = format!("Whether {short}{more} touches {components} could not be found out: {why}.");
    let finding = Finding::new("component_unknown", Outcome::Unknown, RULE, sentence)
        .headline(format!("what {short} touches could not be read"))
        .cure(READ_AGAIN);
    Some(finding)
}
