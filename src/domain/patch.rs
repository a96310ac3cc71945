//! What a pull request changes, file by file, so that two changes can be compared: whether one does again what the
//! other did, or undoes it.
//!
//! As with git's patch ids, where in the file it happens does not count, and what stands around it does. Spaces count
//! too. What GitHub does not show (binary or very large files, changed modes) is equal to nothing.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Everything that a pull request changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    pub files: Vec<FileChange>,
    /// Whether these are all files.
    pub complete: bool,
}

impl Changes {
    /// One fingerprint of all that is done: two changes have the same where [`difference`] finds none. `None`: GitHub
    /// does not show all of it, or it is nothing.
    #[must_use]
    pub fn print(&self) -> Option<String> {
        let done = self.files.iter().map(|file| Some(file.prints.as_ref()?.done.as_str()));
        let mut done: Vec<&str> = done.collect::<Option<_>>()?;
        done.sort_unstable();
        (self.complete && !done.is_empty()).then(|| hex::encode(Sha256::digest(done.join("\n"))))
    }
}

/// What is done to one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    pub path: String,
    /// Where it was before, where it was renamed.
    pub before: Option<String>,
    /// Fingerprints of what is done; `None`: GitHub does not show it.
    pub prints: Option<Prints>,
}

/// What is done to a file, and what would undo it, as SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prints {
    pub done: String,
    pub undone: String,
}

/// Whether a change is done again or undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Again,
    Back,
}

/// A file as GitHub lists it among the files of a pull request.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    pub path: &'a str,
    pub previous: Option<&'a str>,
    /// `added`, `removed`, `modified`, `renamed`, `copied`, `changed`, `unchanged`.
    pub status: &'a str,
    /// The hunks of a unified diff; GitHub leaves it out where it is binary or too large.
    pub patch: Option<&'a str>,
    /// Lines that come and lines that go.
    pub lines: (usize, usize),
    /// The name of the file's content.
    pub blob: Option<&'a str>,
}

impl FileChange {
    /// What GitHub lists.
    #[must_use]
    pub fn of(listed: &Listed<'_>) -> Self {
        let before = listed.previous.filter(|_| listed.status == "renamed");
        let prints = ends(listed).zip(contents(listed)).map(|((from, to), (there, back))| Prints {
            done: print(from, to, &there),
            undone: print(to, from, &back),
        });
        Self { path: listed.path.into(), before: before.map(Into::into), prints }
    }
}

type Ends<'a> = (Option<&'a str>, Option<&'a str>);

/// Where the file is before and after.
fn ends<'a>(listed: &Listed<'a>) -> Option<Ends<'a>> {
    match listed.status {
        "added" => Some((None, Some(listed.path))),
        "removed" => Some((Some(listed.path), None)),
        "modified" => Some((Some(listed.path), Some(listed.path))),
        "renamed" => Some((Some(listed.previous?), Some(listed.path))),
        _ => None,
    }
}

/// The content of the change and of its opposite. A file that comes or goes whole is also known by its content's name.
fn contents(listed: &Listed<'_>) -> Option<(String, String)> {
    match listed.patch {
        Some(patch) => both_ways(patch, listed.lines),
        None if listed.status == "renamed" && listed.lines == (0, 0) => Some(Default::default()),
        None if matches!(listed.status, "added" | "removed") => {
            let blob = listed.blob?;
            Some((format!("blob {blob}\n"), format!("blob {blob}\n")))
        }
        None => None,
    }
}

/// The hunks without their places, as they are and the other way round; `None` where lines are missing.
fn both_ways(patch: &str, lines: (usize, usize)) -> Option<(String, String)> {
    let (mut there, mut back) = (String::new(), String::new());
    // Of a run of changed lines those that go stand before those that come, so the opposite has them in that order too.
    let (mut comes, mut goes) = (String::new(), String::new());
    let (mut counted, mut last) = ((0, 0), ' ');
    for line in patch.split('\n') {
        let sign = line.chars().next().unwrap_or(' ');
        let rest = line.get(sign.len_utf8()..).unwrap_or_default();
        let shown = if sign == '@' { "@@" } else { line };
        writeln!(there, "{shown}").ok()?;
        match (sign, last) {
            ('+', _) => (counted.0, last) = (counted.0 + 1, '+'),
            ('-', _) => (counted.1, last) = (counted.1 + 1, '-'),
            ('\\', _) => {}
            (other, _) => {
                back.push_str(&comes);
                back.push_str(&goes);
                (comes, goes) = (String::new(), String::new());
                last = other;
            }
        }
        match (sign, last) {
            ('+', _) => writeln!(comes, "-{rest}").ok()?,
            ('-', _) => writeln!(goes, "+{rest}").ok()?,
            ('\\', '+') => writeln!(comes, "{line}").ok()?,
            ('\\', '-') => writeln!(goes, "{line}").ok()?,
            (_, _) => writeln!(back, "{shown}").ok()?,
        }
    }
    back.push_str(&comes);
    back.push_str(&goes);
    (counted == lines).then_some((there, back))
}

fn print(from: Option<&str>, to: Option<&str>, content: &str) -> String {
    let mut hash = Sha256::new();
    for part in [from.unwrap_or_default(), to.unwrap_or_default(), content] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// Where a change does not do just what others did, as the end of a sentence; `None`: it does.
#[must_use]
pub fn difference(change: &Changes, others: &[(&Changes, Way)]) -> Option<String> {
    let all = || std::iter::once(change).chain(others.iter().map(|(other, _)| *other));
    if all().any(|changes| !changes.complete) {
        return Some("there are more files than GitHub shows".into());
    }
    let hidden =
        |changes: &Changes| changes.files.iter().find(|file| file.prints.is_none()).map(FileChange::named);
    if let Some(file) = all().find_map(hidden) {
        return Some(format!("GitHub does not show what happens to {file}"));
    }
    if change.files.is_empty() {
        return Some("it changes no file".into());
    }
    let mut wanted: BTreeMap<&str, &FileChange> = BTreeMap::new();
    for (other, way) in others {
        for file in &other.files {
            let print = file.prints.as_ref().map(|prints| match way {
                Way::Again => &prints.done,
                Way::Back => &prints.undone,
            });
            wanted.insert(print?, file);
        }
    }
    for file in &change.files {
        if wanted.remove(file.prints.as_ref()?.done.as_str()).is_none() {
            return Some(format!("it changes {} otherwise", file.named()));
        }
    }
    wanted.into_values().next().map(|file| format!("it leaves {} as it is", file.named()))
}

impl FileChange {
    fn named(&self) -> String {
        super::finding::code(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn modified<'a>(path: &'a str, patch: &'a str, lines: (usize, usize)) -> Listed<'a> {
        Listed { path, previous: None, status: "modified", patch: Some(patch), lines, blob: None }
    }

    fn changes(listed: &[Listed<'_>]) -> Changes {
        Changes { files: listed.iter().map(FileChange::of).collect(), complete: true }
    }

    const DONE: &str = "@@ -1,4 +1,5 @@ fn a\n a\n-b\n+B\n+C\n c\n-d\n\\ No newline at end of file\n+e";
    const UNDONE: &str = "@@ -7,5 +9,4 @@ fn z\n a\n-B\n-C\n+b\n c\n-e\n+d\n\\ No newline at end of file";

    type Case<'a> = (&'a str, Vec<Listed<'a>>, Vec<Listed<'a>>, Way, Option<&'a str>);

    fn hold(cases: Vec<Case<'_>>) {
        for (what, change, other, way, expected) in cases {
            let found = difference(&changes(&change), &[(&changes(&other), way)]);
            assert_eq!(found.as_deref(), expected, "{what}");
        }
    }

    const OTHERWISE: Option<&str> = Some("it changes `a` otherwise");
    const HIDDEN: Option<&str> = Some("GitHub does not show what happens to `a`");

    #[test]
    fn a_change_is_done_again_or_undone_only_by_one_that_does_just_that() {
        use Way::{Again, Back};
        let (done, undone) = (modified("a", DONE, (3, 2)), modified("a", UNDONE, (2, 3)));
        let one = |patch| vec![modified("a", patch, (1, 1))];
        let more = modified("b", "@@ -1 +1 @@\n-x\n+y", (1, 1));
        let (here, there) = ("@@ -9,1 +9,1 @@\n-x\n+y", "@@ -1,1 +1,1 @@ fn b\n-x\n+y");
        let (after_z, after_a) = ("@@ -1,2 +1,2 @@\n z\n-x\n+y", "@@ -1,2 +1,2 @@\n a\n-x\n+y");
        hold(vec![
            ("the same", vec![done], vec![done], Again, None),
            ("elsewhere in the file", one(here), one(there), Again, None),
            ("undone", vec![undone], vec![done], Back, None),
            ("undone twice", vec![done], vec![undone], Back, None),
            ("not undone", vec![done], vec![done], Back, OTHERWISE),
            ("not again", vec![undone], vec![done], Again, OTHERWISE),
            (
                "another file",
                vec![modified("b", DONE, (3, 2))],
                vec![done],
                Again,
                Some("it changes `b` otherwise"),
            ),
            ("another line around it", one(after_z), one(after_a), Again, OTHERWISE),
            (
                "another indentation",
                one("@@ -1 +1 @@\n-x\n+ y"),
                one("@@ -1 +1 @@\n-x\n+y"),
                Again,
                OTHERWISE,
            ),
            ("one file more", vec![done, more], vec![done], Again, Some("it changes `b` otherwise")),
            ("one file less", vec![done], vec![done, more], Again, Some("it leaves `b` as it is")),
            ("nothing", vec![], vec![done], Again, Some("it changes no file")),
            ("a cut patch", vec![modified("a", DONE, (4, 2))], vec![done], Again, HIDDEN),
        ]);
    }

    #[test]
    fn what_is_not_shown_line_by_line_is_compared_by_its_content_or_not_at_all() {
        use Way::{Again, Back};
        let whole = |status, blob| {
            vec![Listed { path: "a", previous: None, status, patch: None, lines: (0, 0), blob: Some(blob) }]
        };
        let renamed = |path, previous| {
            let (status, previous) = ("renamed", Some(previous));
            vec![Listed { path, previous, status, patch: None, lines: (0, 0), blob: None }]
        };
        hold(vec![
            ("binary, added", whole("added", "x"), whole("added", "x"), Again, None),
            ("another binary", whole("added", "y"), whole("added", "x"), Again, OTHERWISE),
            ("binary, taken off", whole("removed", "x"), whole("added", "x"), Back, None),
            ("binary, changed", whole("modified", "x"), whole("modified", "x"), Again, HIDDEN),
            ("a changed mode", whole("changed", "x"), whole("changed", "x"), Again, HIDDEN),
            ("copied", whole("copied", "x"), whole("copied", "x"), Again, HIDDEN),
            ("renamed back", renamed("a", "b"), renamed("b", "a"), Back, None),
            ("renamed to elsewhere", renamed("a", "b"), renamed("b", "c"), Back, OTHERWISE),
        ]);
    }

    #[test]
    fn several_changes_are_repeated_together_where_all_files_are_known() {
        let (one, other) = (modified("a", DONE, (3, 2)), modified("b", "@@ -1 +1 @@\n-x\n+y", (1, 1)));
        let both = changes(&[one, other]);
        let (one, other) = (changes(&[one]), changes(&[other]));
        assert_eq!(difference(&both, &[(&one, Way::Again), (&other, Way::Again)]), None);
        assert!(difference(&both, &[(&one, Way::Again)]).is_some());
        let part = Changes { complete: false, ..both.clone() };
        for (change, from) in [(&part, &both), (&both, &part)] {
            let found = difference(change, &[(from, Way::Again)]);
            assert_eq!(found.as_deref(), Some("there are more files than GitHub shows"));
        }
    }

    #[test]
    fn one_fingerprint_says_whether_two_changes_are_the_same() {
        let (one, other) = (modified("a", DONE, (3, 2)), modified("b", "@@ -1 +1 @@\n-x\n+y", (1, 1)));
        let undone = modified("a", UNDONE, (2, 3));
        let print = |listed: &[Listed<'_>]| changes(listed).print();
        assert_eq!(print(&[one, other]), print(&[other, one]));
        assert!(print(&[one, other]) != print(&[one]) && print(&[one]) != print(&[undone]));
        let hidden = modified("a", DONE, (9, 9));
        for unknown in [changes(&[]), changes(&[one, hidden]), Changes { complete: false, ..changes(&[one]) }]
        {
            assert_eq!(unknown.print(), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_undone_twice_is_done(hunk in prop::collection::vec("( a|-b|-c|\\+d|\\+e)", 1..12)) {
            let count = |sign| hunk.iter().filter(|line| line.starts_with(sign)).count();
            let lines = (count('+'), count('-'));
            let text = format!("@@ -1 +1 @@\n{}", hunk.join("\n"));
            let (there, back) = both_ways(&text, lines).unwrap();
            let (again, once_more) = both_ways(back.trim_end_matches('\n'), (lines.1, lines.0)).unwrap();
            prop_assert_eq!(&again, &back);
            let (twice, _) = both_ways(once_more.trim_end_matches('\n'), lines).unwrap();
            prop_assert_eq!(twice, once_more.clone());
            prop_assert_eq!(once_more.len(), there.len());
        }
    }
}
