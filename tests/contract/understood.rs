//! What we understand of the published webhooks: ignoring them all would be an easy way to refuse none.

use std::collections::{BTreeMap, BTreeSet};

use changegate::github::payload::{Reading, read};

use crate::material::Material;
use crate::payloads::{Example, examples};

/// The name of the event that we made of it, or why we made none.
fn understood(example: &Example) -> String {
    match read(&example.event, example.payload.to_string().as_bytes()) {
        Ok(Reading::Event(event)) => event.what.name(),
        Ok(Reading::Unknown { why }) => format!("nothing: {why}"),
        Err(unreadable) => format!("UNREADABLE: {unreadable}"),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "the table is the test")]
fn this_is_what_we_understand_of_every_event() {
    if Material::find().is_none() {
        return;
    }
    let mut table: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for example in examples() {
        let name = [&*example.event, example.action.as_deref().unwrap_or_default()].join(" ");
        table.entry(name).or_default().insert(understood(example));
    }
    let line = |(event, ours): (String, BTreeSet<String>)| {
        format!("{event:<42}{}", ours.into_iter().collect::<Vec<_>>().join(" | "))
    };
    insta::assert_snapshot!(table.into_iter().map(line).collect::<Vec<_>>().join("\n"), @"
    check_run completed                       check run completed
    check_run created                         check run created
    check_run requested_action                check run requested
    check_run rerequested                     check run rerequested
    check_suite completed                     check suite completed
    check_suite requested                     check suite requested
    check_suite rerequested                   check suite rerequested
    create                                    created tag
    delete                                    deleted tag
    deployment created                        deployment created
    deployment_review requested               deployment review requested
    deployment_status created                 deployment status
    installation created                      installation created
    installation deleted                      installation deleted
    installation new_permissions_accepted     installation permissions accepted
    installation suspend                      installation suspended
    installation unsuspend                    installation unsuspended
    installation_repositories added           installation repositories
    installation_repositories removed         installation repositories
    issue_comment created                     comment created
    issue_comment deleted                     comment deleted
    issue_comment edited                      comment edited
    issues assigned                           issue other
    issues deleted                            issue deleted
    issues demilestoned                       nothing: the issue is a pull request, which has events of its own
    issues edited                             issue edited
    issues labeled                            issue labeled
    issues locked                             issue other
    issues milestoned                         nothing: the issue is a pull request, which has events of its own
    issues opened                             issue opened
    issues pinned                             issue other
    issues reopened                           issue reopened
    issues transferred                        issue transferred
    issues unassigned                         issue other
    issues unlabeled                          issue unlabeled
    issues unlocked                           issue other
    issues unpinned                           issue other
    label created                             label created
    label deleted                             label deleted
    label edited                              label edited
    member added                              member added
    member edited                             member edited
    membership added                          membership added
    membership removed                        membership removed
    merge_group checks_requested              merge group checks requested
    milestone closed                          milestone closed
    milestone created                         milestone created
    milestone deleted                         milestone deleted
    ping                                      ping
    pull_request assigned                     pull request other
    pull_request closed                       pull request closed
    pull_request converted_to_draft           pull request converted to draft
    pull_request labeled                      pull request other
    pull_request locked                       pull request other
    pull_request opened                       pull request opened
    pull_request ready_for_review             pull request ready for review
    pull_request reopened                     pull request reopened
    pull_request review_request_removed       pull request other
    pull_request review_requested             pull request other
    pull_request synchronize                  pull request synchronized
    pull_request unassigned                   pull request other
    pull_request unlabeled                    pull request other
    pull_request unlocked                     pull request other
    pull_request_review dismissed             review dismissed
    pull_request_review submitted             review submitted
    push                                      push
    release created                           release created
    release deleted                           release deleted
    release edited                            release edited
    release prereleased                       release prereleased
    release published                         release published
    release released                          release released
    repository created                        repository created
    repository edited                         repository edited
    repository privatized                     repository other
    repository publicized                     repository other
    repository renamed                        repository renamed
    repository transferred                    repository transferred
    team added_to_repository                  team added_to_repository
    team created                              team created
    team deleted                              team deleted
    team edited                               team edited
    team removed_from_repository              team removed_from_repository
    ");
}
