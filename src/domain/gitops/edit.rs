//! What a pull request does to the images that run, and what else it does.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    super::{
        facts::{Fact, Inquiry},
        finding::code,
        ids::{RepoId, RepoName, Sha},
        policy::GitOps,
    },
    UNNAMED, Version,
    manifest::{Manifest, manifest},
};

/// More files than these are read by people.
const MOST_FILES: usize = 20;

/// What a pull request does to files that say which images run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The entries of the policy by which it was read.
    pub rules: String,
    /// Its files that say which images run.
    pub files: BTreeSet<String>,
    /// What moves, by the environment in which it runs.
    pub synced: Vec<Synced>,
    /// What else it does, as a sentence; `None`: nothing.
    pub others: Option<String>,
    /// Why it cannot be told which images move, as a sentence.
    pub unknown: Option<String>,
    /// GitHub did not answer: that is why.
    #[serde(default)]
    pub unread: bool,
}

/// What moves in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synced {
    pub environment: String,
    pub moves: Vec<Move>,
}

/// An image that moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    pub image: String,
    /// The repository that it is built from.
    pub source: RepoName,
    /// The versions that go; none: it is new there.
    pub from: BTreeSet<Version>,
    /// The versions that come; none: it is taken off.
    pub to: BTreeSet<Version>,
}

impl Edit {
    /// Whether nothing but images moves.
    #[must_use]
    pub fn is_only_images(&self) -> bool {
        let moves = |synced: &Synced| !synced.moves.is_empty();
        self.others.is_none() && self.unknown.is_none() && self.synced.iter().any(moves)
    }

    /// What tells apart what was read by other entries.
    #[must_use]
    pub fn rules(entries: &[&GitOps]) -> String {
        hex::encode(Sha256::digest(serde_json::to_string(entries).unwrap_or_default()))
    }

    fn unknown(&mut self, why: String) {
        self.unknown.get_or_insert(why);
    }

    fn other(&mut self, what: String) {
        self.others.get_or_insert(what);
    }
}

/// Reads both ends of every file that says which images run: as it was at `base`, where the pull request parted from its branch,
/// and as it is at its head. `None`: something must be found out first.
pub fn edit(
    entries: &[&GitOps],
    paths: &[String],
    (repo, base, head): (RepoId, &Sha, &Sha),
    inquiry: &mut Inquiry<'_>,
) -> Option<Edit> {
    let mut edit = Edit { rules: Edit::rules(entries), ..Edit::default() };
    let covered = |path: &&String| entries.iter().any(|entry| entry.covers(path));
    edit.files = paths.iter().filter(covered).cloned().collect();
    if let Some(path) = paths.iter().find(|path| !covered(path)) {
        edit.other(format!("{} says nothing of images", code(path)));
    }
    if edit.files.len() > MOST_FILES {
        edit.unknown(format!("it touches more than {MOST_FILES} files that say which images run"));
        return Some(edit);
    }
    let asked: Vec<_> = edit
        .files
        .iter()
        .map(|path| (path.clone(), inquiry.file(repo, base, path), inquiry.file(repo, head, path)))
        .collect();
    let mut files = vec![];
    for (path, was, is) in asked {
        match (was?, is?) {
            (Fact::Known(was, _), Fact::Known(is, _)) => {
                let read = |text: Option<&str>| text.map(|text| manifest(&path, text)).unwrap_or_default();
                files.push((path.clone(), [read(was), read(is)]));
            }
            (Fact::Unknown(why), _) | (_, Fact::Unknown(why)) => {
                edit.unread = true;
                edit.unknown(format!("{} could not be read: {}", code(&path), why.trim_end_matches('.')));
            }
        }
    }
    for (path, ends) in &files {
        edit.compare(entries, path, ends);
    }
    Some(edit)
}

impl Edit {
    fn compare(&mut self, entries: &[&GitOps], path: &str, ends: &[Manifest; 2]) {
        let [was, is] = ends;
        if was.rest != is.rest {
            self.other(format!("{} changes in more than the versions of images", code(path)));
        }
        let entries: Vec<&&GitOps> = entries.iter().filter(|entry| entry.covers(path)).collect();
        let known: BTreeSet<&str> =
            entries.iter().flat_map(|entry| entry.images.keys()).map(String::as_str).collect();
        if let Some(why) = hidden(&known, path, ends) {
            self.unknown(why);
        }
        let names: BTreeSet<&String> = was.images.iter().chain(&is.images).map(|(name, _)| name).collect();
        for name in names {
            let [old, new] = [was, is].map(|end| end.versions(name));
            if old == new {
                continue;
            }
            if name == UNNAMED {
                self.unknown(format!("{} moves a tag without the name of its image beside it", code(path)));
            } else if !known.contains(name.as_str()) {
                self.other(format!("the policy does not say what {} is built from", code(name)));
            }
            for entry in &entries {
                if let Some(source) = entry.images.get(name) {
                    self.add(&entry.environment, Move::of(name, source, &old, &new));
                }
            }
        }
    }

    fn add(&mut self, environment: &str, moved: Move) {
        let place = self.synced.iter().position(|synced| synced.environment == environment);
        let place = place.unwrap_or_else(|| {
            self.synced.push(Synced { environment: environment.into(), moves: vec![] });
            self.synced.len() - 1
        });
        let Some(synced) = self.synced.get_mut(place) else { return };
        match synced.moves.iter_mut().find(|it| it.image == moved.image) {
            Some(known) => {
                known.from.extend(moved.from);
                known.to.extend(moved.to);
            }
            None => synced.moves.push(moved),
        }
    }
}

impl Move {
    /// What goes and what comes; where the same versions only change places, all of them do both.
    fn of(image: &str, source: &RepoName, old: &[&Version], new: &[&Version]) -> Self {
        let set = |versions: &[&Version]| versions.iter().copied().cloned().collect::<BTreeSet<Version>>();
        let less = |of: &BTreeSet<Version>, by: &BTreeSet<Version>| {
            let left: BTreeSet<Version> = of.difference(by).cloned().collect();
            if left.is_empty() { of.clone() } else { left }
        };
        let (old, new) = (set(old), set(new));
        Self { image: image.into(), source: source.clone(), from: less(&old, &new), to: less(&new, &old) }
    }
}

impl Manifest {
    fn versions(&self, name: &str) -> Vec<&Version> {
        self.images.iter().filter(|(of, _)| of == name).map(|(_, version)| version).collect()
    }
}

/// Why an image may move here without being seen: the file is no YAML and names it, or a line that changes names it in a way that
/// is not known.
fn hidden(known: &BTreeSet<&str>, path: &str, ends: &[Manifest; 2]) -> Option<String> {
    let [was, is] = ends;
    if was.rest == is.rest {
        return None;
    }
    let names = |text: &str| known.iter().find(|name| text.contains(**name)).copied();
    for end in ends {
        let Some(why) = &end.unread else { continue };
        if let Some(image) = names(&end.rest) {
            return Some(format!(
                "{} names {}, and is no YAML that can be read: {why}",
                code(path),
                code(image)
            ));
        }
    }
    let counted = |text: &str| {
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        text.lines().for_each(|line| *lines.entry(line.trim().to_owned()).or_default() += 1);
        lines
    };
    let (before, after) = (counted(&was.rest), counted(&is.rest));
    let differs = |line: &&String| before.get(*line) != after.get(*line) && !line.starts_with('#');
    let image = before.keys().chain(after.keys()).filter(differs).find_map(|line| names(line))?;
    Some(format!("{} names {} in a way that is not known", code(path), code(image)))
}
