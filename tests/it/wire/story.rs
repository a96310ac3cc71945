//! The story of 325 requests, as a new user plays it; and that every number in it is true.

use std::{path::Path, process::Command};

use super::server::PROGRAM;

/// Works everything out again in another language, from what the small GitHub holds alone.
fn recomputed(folder: &Path) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/story/recompute.py");
    let done = Command::new("python3").arg(script).arg(folder).output().unwrap();
    (
        done.status.success(),
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr),
    )
}

#[test]
fn every_number_of_the_story_of_requests_is_worked_out_again_by_others() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let played = Command::new(PROGRAM)
        .args(["demo", "--story", "intake", "--out"])
        .arg(&out)
        .env("TMPDIR", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&played.stdout);
    assert!(played.status.success(), "{said}{}", String::from_utf8_lossy(&played.stderr));
    for words in
        ["325 wait", "12 of 12 slots taken", "24 in production within twelve months", "whole. Head: "]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let (is_same, found) = recomputed(&out);
    assert!(is_same, "{found}");
    assert!(found.contains("325 requests"), "{found}");
    for (file, from, to) in [
        ("plan.json", "\"free\": 0", "\"free\": 1"),
        ("queue.json", "\"is_overdue\": true", "\"is_overdue\": false"),
        ("accounts.json", "\"delivered\": 6", "\"delivered\": 7"),
        ("github.json", "\"body\": \"/accept\"", "\"body\": \"/decline\""),
    ] {
        let path = out.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let changed = text.replacen(from, to, 1);
        assert_ne!(text, changed, "{file} holds {from}");
        std::fs::write(&path, changed).unwrap();
        assert!(!recomputed(&out).0, "{from} in {file} was another, and nobody saw it");
        std::fs::write(&path, text).unwrap();
    }
}
