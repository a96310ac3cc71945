//! The table of rooms of `src/lib.rs`, enforced: who may name whom, and that the core does nothing but think.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Each room, and the rooms it may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("webhook", &["clock", "github", "metrics", "store"]),
    ("gate", &["clock", "config", "domain", "github", "place", "planner", "store", "together", "worker"]),
    ("inbox", &["clock", "domain", "github", "metrics", "place", "registry", "store", "worker"]),
    ("domain", &[]),
    ("effects", &["announce", "clock", "domain", "github", "metrics", "place", "post", "store", "worker"]),
    ("announce", &["clock", "domain", "post", "reach"]),
    ("notifier", &["clock", "config", "domain", "planner", "post", "store", "worker"]),
    ("post", &["reach"]),
    ("repair", &["clock", "domain", "github", "place", "store", "worker"]),
    ("planner", &["domain", "store"]),
    ("publisher", &["clock", "domain", "place", "planner", "store", "worker"]),
    ("place", &["domain", "github", "store"]),
    ("github", &["clock", "domain"]),
    ("registry", &["clock", "domain", "reach"]),
    ("reach", &[]),
    ("store", &["domain", "together"]),
    ("together", &[]),
    ("sandbox", &[]),
    ("worker", &[]),
    ("clock", &[]),
    ("metrics", &["domain"]),
    ("config", &[]),
    ("operator", &["clock", "domain", "github", "place", "planner", "store"]),
    ("admin", &["domain", "operator", "planner", "store"]),
    (
        "app",
        &[
            "admin",
            "announce",
            "clock",
            "config",
            "domain",
            "effects",
            "gate",
            "github",
            "health",
            "inbox",
            "metrics",
            "notifier",
            "operator",
            "publisher",
            "registry",
            "repair",
            "store",
            "webhook",
            "worker",
        ],
    ),
    ("register", &["domain", "operator", "planner", "store"]),
    ("doctor", &["config", "domain", "github"]),
    ("health", &["clock", "github", "metrics", "store"]),
    (
        "demo",
        &[
            "app", "admin", "clock", "config", "domain", "gate", "planner", "register", "sandbox", "store",
            "worker",
        ],
    ),
    (
        "cli",
        &[
            "admin", "app", "clock", "config", "demo", "doctor", "domain", "gate", "operator", "post",
            "register", "planner", "store", "worker",
        ],
    ),
];

/// Words that mean input, output, time or chance, and so never occur in the core.
const IMPURE: &[&str] = &[
    "sqlx",
    "axum",
    "octocrab",
    "tokio",
    "reqwest",
    "hyper",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "rand::",
    "tracing",
    "println!",
    "async fn",
    ".await",
];

/// Outside crates that one room owns.
const OWNED: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("octocrab", &["github"]),
    ("jsonwebtoken", &["gate", "github", "sandbox"]),
    ("webpki", &["github"]),
    ("hmac", &["announce", "github", "sandbox"]),
    ("hyper_rustls", &["gate", "reach"]),
    ("apollo_compiler", &["sandbox"]),
    ("clap", &["cli"]),
    ("prometheus_client", &["metrics"]),
    ("icalendar", &["planner"]),
    ("maud", &["planner"]),
    ("lettre", &["config", "notifier"]),
];

#[test]
fn every_room_of_the_map_is_in_the_table_and_every_room_of_the_table_is_on_the_map() {
    let map: BTreeSet<String> = code(&source("lib.rs"))
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned))
        .collect();
    let table: BTreeSet<String> = MAY_NAME.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(map, table);
}

#[test]
fn rooms_name_only_the_rooms_that_they_may() {
    let rooms: Vec<&str> = MAY_NAME.iter().map(|(room, _)| *room).collect();
    let mut wrong = vec![];
    for (room, allowed) in MAY_NAME {
        for file in files(room) {
            for named in rooms_named_in(&code(&file), &file, room, &rooms) {
                if named != *room && !allowed.contains(&named.as_str()) {
                    wrong.push(format!("{} names {named}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_core_does_no_input_or_output() {
    for file in files("domain") {
        let text = code(&file);
        for word in IMPURE {
            assert!(!text.contains(word), "{} says `{word}`", file.display());
        }
    }
}

#[test]
fn an_outside_crate_is_named_by_the_room_that_owns_it_alone() {
    for (outside, owners) in OWNED {
        for (room, _) in MAY_NAME.iter().filter(|(room, _)| !owners.contains(room)) {
            for file in files(room) {
                let named = code(&file).contains(&format!("{outside}::"));
                assert!(!named, "{} names {outside}, which belongs to {owners:?}", file.display());
            }
        }
    }
}

#[test]
fn the_reader_of_sources_sees_what_it_must_see() {
    let rooms = ["domain", "github", "store", "worker"];
    let file = Path::new("src/store/mod.rs");
    let named = |text: &str| rooms_named_in(&code_of(text), file, "store", &rooms);
    assert_eq!(named("use crate::github::Place;"), ["github"]);
    assert_eq!(named("use crate::{domain::ids, worker};"), ["domain", "worker"]);
    assert_eq!(named("use crate::{\n    domain::{a, github},\n    worker::Stop,\n};"), ["domain", "worker"]);
    assert_eq!(named("let x = super::github::y();"), ["github"]);
    assert_eq!(named("#[cfg(test)]\nmod tests { fn a() {} }\nuse crate::github::Place;"), ["github"]);
    assert_eq!(named("// crate::github::Place"), Vec::<String>::new());
}

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path)
}

fn files(room: &str) -> Vec<PathBuf> {
    let mut found = vec![];
    let mut todo = vec![source(room), source(&format!("{room}.rs"))];
    while let Some(path) = todo.pop() {
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            todo.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") && path.is_file() {
            found.push(path);
        }
    }
    assert!(!found.is_empty(), "no room called {room}");
    found
}

fn code(file: &Path) -> String {
    code_of(&fs::read_to_string(file).unwrap())
}

/// The text without comment lines and without its test modules, wherever they stand.
fn code_of(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
        kept.push_str(before);
        rest = after_item(after);
    }
    kept.push_str(rest);
    kept.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// What follows the item at the start: up to its `;`, or to the brace that closes its body.
fn after_item(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            ';' if depth == 0 => return &text[at + 1..],
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return &text[at + 1..];
                }
            }
            _ => {}
        }
    }
    ""
}

/// The rooms that a text names, by `crate::` and, in a room's own top file, by `super::` (how often it goes up is
/// compared with how deep the file lies).
fn rooms_named_in(text: &str, file: &Path, room: &str, rooms: &[&str]) -> Vec<String> {
    let depth = file.components().rev().take_while(|part| part.as_os_str() != "src").count();
    let is_mod = file.file_name().is_some_and(|name| name == "mod.rs");
    let ups = if is_mod { depth - 1 } else { depth };
    let mut named = BTreeSet::new();
    for prefix in ["crate::".to_owned(), "super::".repeat(ups)] {
        for part in text.split(&prefix).skip(1) {
            named.extend(first_words(part));
        }
    }
    named.into_iter().filter(|word| rooms.contains(&word.as_str()) && word != room).collect()
}

/// `domain::ids` names `domain`; `{domain::{a, b}, worker}` names `domain` and `worker`.
fn first_words(path: &str) -> Vec<String> {
    let word = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let (mut depth, mut parts, mut part) = (0, vec![], String::new());
    for character in group.chars() {
        match character {
            '}' if depth == 0 => break,
            ',' if depth == 0 => parts.push(std::mem::take(&mut part)),
            '{' => depth += 1,
            '}' => depth -= 1,
            other if depth == 0 => part.push(other),
            _ => {}
        }
    }
    parts.push(part);
    parts.iter().map(|part| word(part)).collect()
}
