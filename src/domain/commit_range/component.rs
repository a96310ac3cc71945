//! Parts of a monorepo: each runs on its own, so of a range only what touches it counts for it.

use std::collections::BTreeMap;

use super::{
    super::{facts::Fact, ids::Sha, patch::Changes, policy::Component},
    Known, Range,
};

/// Whether a change of these files is a change of the component. A path that no component claims belongs to all, and
/// so does everything where the component is unknown.
pub fn touches<'a>(
    component: &str,
    components: &BTreeMap<String, Component>,
    files: impl IntoIterator<Item = &'a str>,
) -> bool {
    let claims = |of: &Component, path: &str| of.paths.iter().any(|pattern| pattern.matches(path));
    let Some(own) = components.get(component) else { return true };
    let belongs = |path| claims(own, path) || !components.values().any(|other| claims(other, path));
    files.into_iter().any(belongs)
}

impl Range {
    /// What of the range counts for one component. A commit whose files are not all known counts for every one.
    #[must_use]
    pub fn of_component(
        mut self,
        component: &str,
        components: &BTreeMap<String, Component>,
        known: &Known,
    ) -> Self {
        let counts = |sha: &Sha| {
            let files = known.changes.get(sha).and_then(files);
            files.is_none_or(|files| touches(component, components, files))
        };
        self.commits.retain(|(commit, _)| counts(&commit.sha));
        self.lost.retain(|lost| counts(&lost.commit.sha));
        self.pull_requests = super::pull_requests(&self.commits);
        self
    }
}

/// All its paths, of a renamed file both; `None`: they are not all known.
fn files(changes: &Fact<Changes>) -> Option<Vec<&str>> {
    let Fact::Known(Changes { files, complete: true }, _) = changes else { return None };
    Some(
        files
            .iter()
            .flat_map(|file| std::iter::once(&file.path).chain(&file.before))
            .map(String::as_str)
            .collect(),
    )
}
