//! What people do by hand on a system keeps deployments away that touch it too.

use super::super::{
    super::{change_request::without_code, finding::Finding, named::Named},
    Scene,
};

/// One for each; nothing is said where nothing is underway.
pub(super) fn findings(scene: &Scene<'_>) -> Vec<Finding> {
    let said = scene.underway.iter().filter_map(|(view, name)| {
        let since = scene.zone.time(view.underway.as_ref()?.since);
        Some(without_code::underway(view, &Named::issue(view.at, scene.ask.repo, *name), &since))
    });
    said.collect()
}
