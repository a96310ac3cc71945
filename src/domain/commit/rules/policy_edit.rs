//! A pull request that edits the policy file: the file is valid, its changes are said in words, and group `policy`
//! has signed them.

use super::super::{
    super::{
        finding::{Finding, Outcome, code},
        policy::PolicyChange,
        pull_request::{POLICY_GROUP, PolicyEdit, Signature},
    },
    named::Named,
};

pub(super) const ERROR: &str = "policy_error";

/// How many changes are said one by one.
const MOST: usize = 20;

pub(super) fn findings(edit: &PolicyEdit) -> Vec<Finding> {
    if !edit.errors.is_empty() {
        return edit.errors.iter().map(|text| error(text)).collect();
    }
    let valid = Finding::new("policy_valid", Outcome::Pass, "the edited policy file is valid", says(edit));
    std::iter::once(valid).chain(signature(&edit.signature)).collect()
}

fn error(text: &str) -> Finding {
    let (sentence, cure) = text.split_once('\n').unwrap_or((text, ""));
    let rule = "the edited policy file is valid";
    let finding = Finding::new(ERROR, Outcome::Fail, rule, format!("{}.", sentence.trim()))
        .headline("the policy file has errors");
    if cure.trim().is_empty() { finding } else { finding.cure(cure.trim().trim_end_matches('.')) }
}

/// "It loosens: `sam` may triage change requests. It changes: …"
fn says(edit: &PolicyEdit) -> String {
    let list = |loosens: bool| {
        let words = edit.changes.iter().filter(|change| change.loosens == loosens);
        listed(&words.collect::<Vec<_>>())
    };
    match (list(true), list(false)) {
        (None, None) => "It says the same as before.".into(),
        (Some(loosens), None) => format!("It loosens: {loosens}."),
        (None, Some(changes)) => format!("It changes: {changes}."),
        (Some(loosens), Some(changes)) => format!("It loosens: {loosens}. It changes: {changes}."),
    }
}

fn listed(changes: &[&PolicyChange]) -> Option<String> {
    let words: Vec<&str> = changes.iter().take(MOST).map(|change| change.words.as_str()).collect();
    let more = changes.len().saturating_sub(MOST);
    let end = if more > 0 { format!("; and {more} more") } else { String::new() };
    (!words.is_empty()).then(|| format!("{}{end}", words.join("; ")))
}

fn signature(signature: &Signature) -> Option<Finding> {
    let rule = format!("the edit of the policy is signed by group {}", code(POLICY_GROUP));
    match signature {
        Signature::NotNeeded => None,
        Signature::By(actor) => {
            let by = Named::actor(actor);
            let sentence = format!("{} approved exactly this commit.", by.text);
            Some(Finding::new("policy_signed", Outcome::Pass, rule, sentence).names(by.page))
        }
        Signature::Missing(people) => {
            let people: Vec<Named> = people.iter().map(|who| Named::who(who)).collect();
            let names = people.iter().map(|named| named.text.clone()).collect::<Vec<_>>().join(", ");
            let sentence = "Nobody of the group has approved its last commit. Without it the policy in force stays in force, even when this is merged.";
            let finding = Finding::new("policy_unsigned", Outcome::Fail, rule, sentence)
                .headline("the edit of the policy is not signed")
                .cure(format!("somebody of {names} who wrote none of it approves it in a review"));
            Some(finding.names(people.into_iter().filter_map(|named| named.page)))
        }
        Signature::Unknown(why) => Some(
            Finding::new(
                "policy_signature_unknown",
                Outcome::Unknown,
                rule,
                format!("Who is in the group could not be found out: {}.", why.trim_end_matches('.')),
            )
            .headline("who may sign the edit of the policy is not known")
            .cure("it is looked up again by itself; `/recheck` in a comment does it at once"),
        ),
    }
}
