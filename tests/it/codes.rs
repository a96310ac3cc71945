//! Reason codes: machines act on them and people look them up, so each one is a single rule's.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use changegate::domain::asker::Reason;

/// Where rules stand, and which files of theirs are one rule.
const RULES: &[(&str, Option<&str>)] = &[
    ("gate/rules", None),
    ("commit/rules", None),
    ("calendar", None),
    ("commit_range", Some("range")),
    ("approval/findings.rs", None),
    ("asker/reason.rs", Some("asker")),
];

#[test]
fn every_reason_code_belongs_to_one_rule() {
    let mut rules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (place, rule) in RULES {
        for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain").join(place)) {
            let name = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
            let name = if name.ends_with("gate/rules/range.rs") { "range" } else { rule.unwrap_or(&name) };
            for code in codes(&fs::read_to_string(&file).unwrap()) {
                rules.entry(code).or_default().insert(name.to_owned());
            }
        }
    }
    assert!(rules.len() > 60, "only {} codes were found", rules.len());
    let shared: Vec<_> = rules.iter().filter(|(_, rules)| rules.len() > 1).collect();
    assert!(shared.is_empty(), "{shared:#?}");
}

#[test]
fn the_readme_names_every_code_with_which_somebody_who_asks_is_refused_and_under_its_answer() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let row = text.lines().find(|line| line.starts_with("| `no_credentials`")).unwrap();
    let named: Vec<BTreeSet<&str>> = row
        .split('|')
        .filter(|column| !column.is_empty())
        .map(|column| column.split('`').skip(1).step_by(2).collect())
        .collect();
    let codes = |known: bool| -> BTreeSet<&str> {
        Reason::ALL.iter().filter(|reason| reason.knows_who() == known).map(|reason| reason.code()).collect()
    };
    assert_eq!(named, [codes(false), codes(true)]);
}

fn files(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let entries = fs::read_dir(place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_test = |path: &PathBuf| path.file_name().is_some_and(|name| name == "tests");
    paths.filter(|path| !is_test(path)).flat_map(|path| files(&path)).collect()
}

/// The texts like `change_not_accepted` above a file's tests.
fn codes(source: &str) -> BTreeSet<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let texts = lines.flat_map(|line| line.split('"').skip(1).step_by(2));
    let is_code =
        |text: &&str| text.contains('_') && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    texts.filter(is_code).map(str::to_owned).collect()
}
