//! A press of the button **Approve** that does not help: whoever pressed it reads in the check run why, until somebody presses it again, or
//! something is pushed. Nobody is notified.

use super::super::{
    finding::code,
    pull_request::{InVain, PullRequestView, Signature},
};

/// A sentence; `None`: nobody pressed it, or it counts.
pub(super) fn in_vain(view: &PullRequestView) -> Option<String> {
    let press = view.last_press.as_ref()?;
    let why = match &press.in_vain {
        Some(InVain::Moved(sha)) => {
            let (then, now) = (code(sha.short()), code(view.head.short()));
            format!("that was on {then}, and the pull request was at {now} by then")
        }
        Some(InVain::OwnWork) => "whoever opened it, or wrote a part of it, does not sign it".into(),
        Some(InVain::Unattributed(sha)) => format!(
            "somebody wrote commit {} whom GitHub knows only by mail, so nobody counts as independent",
            code(sha.short())
        ),
        Some(InVain::SaidOtherwise) => "a later review of theirs says otherwise".into(),
        None => {
            let signature = &view.policy_edit.as_ref()?.signature;
            let Signature::Missing(group) = signature else { return None };
            format!(
                "an edit of the policy is signed by {}",
                group.iter().map(|who| code(who)).collect::<Vec<_>>().join(", ")
            )
        }
    };
    Some(format!("{} pressed the button Approve, which does not count: {why}.", code(&press.by.login)))
}
