//! `check_run` and `check_suite`, of any App.

use serde::Deserialize;

use super::people::{Numbered, Text, or_empty};
use crate::domain::{
    event::{CheckRunChange, CheckRunSnapshot, CheckSuiteChange, What},
    ids::Sha,
};

/// The body of `check_run`.
#[derive(Deserialize)]
pub(super) struct CheckRun {
    action: Text,
    check_run: Run,
    requested_action: Option<Button>,
}

#[derive(Deserialize)]
struct Button {
    identifier: Option<Text>,
}

#[derive(Deserialize)]
struct Run {
    id: u64,
    name: Option<Text>,
    head_sha: Sha,
    app: Option<Numbered>,
    conclusion: Option<Text>,
}

impl CheckRun {
    pub(super) fn what(self) -> What {
        let button = self.requested_action.and_then(|button| button.identifier);
        let change = match self.action.as_str() {
            "created" => CheckRunChange::Created,
            "completed" => CheckRunChange::Completed,
            "rerequested" => CheckRunChange::Rerequested,
            "requested_action" => CheckRunChange::Requested(or_empty(button)),
            _ => CheckRunChange::Other,
        };
        let check_run = CheckRunSnapshot {
            id: self.check_run.id,
            name: or_empty(self.check_run.name),
            head_sha: self.check_run.head_sha,
            app: self.check_run.app.map(|app| app.id),
            conclusion: self.check_run.conclusion.map(String::from),
        };
        What::CheckRun { change, check_run }
    }
}

/// The body of `check_suite`.
#[derive(Deserialize)]
pub(super) struct CheckSuite {
    action: Text,
    check_suite: Suite,
}

#[derive(Deserialize)]
struct Suite {
    head_sha: Sha,
    app: Option<Numbered>,
}

impl CheckSuite {
    pub(super) fn what(self) -> What {
        let change = match self.action.as_str() {
            "requested" => CheckSuiteChange::Requested,
            "rerequested" => CheckSuiteChange::Rerequested,
            "completed" => CheckSuiteChange::Completed,
            _ => CheckSuiteChange::Other,
        };
        let Suite { head_sha, app } = self.check_suite;
        What::CheckSuite { change, head_sha, app: app.map(|app| app.id) }
    }
}
