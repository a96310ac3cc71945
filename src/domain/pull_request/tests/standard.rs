//! Changes that a template of the policy lets pass.

use super::*;

const TEMPLATES: &str = "
mode: enforce
standard-changes:
  - { name: updates, authors: [\"bot[bot]\", lee], paths: [$dependency-files] }
  - { name: words, paths: [\"docs/**\"] }
";

#[test]
fn a_standard_change_is_written_by_those_whom_it_names_and_touches_only_its_files() {
    let whole = |paths: &[&str]| Files::Whole(paths.iter().map(|path| (*path).into()).collect());
    let by = |writers: &[&str]| Some(writers.iter().map(|writer| (*writer).into()).collect::<Vec<String>>());
    let renamed = Listed {
        path: "docs/a.md",
        previous: Some("src/a.rs"),
        status: "renamed",
        patch: None,
        lines: (0, 0),
        blob: None,
    };
    let renamed = Changes { files: vec![FileChange::of(&renamed)], complete: true };
    for (what, writers, people, files, changes, expected) in [
        ("the bot", by(&["bot[bot]"]), 1, whole(&["Cargo.lock", "a/package.json"]), None, "updates"),
        ("a person whom it names", by(&["lee"]), 1, whole(&["go.sum"]), None, "updates"),
        ("anybody's words", None, 1, whole(&["docs/a.md"]), None, "words"),
        ("nobody knows whose words", None, 0, whole(&["docs/a.md"]), None, ""),
        ("unsigned", None, 1, whole(&["Cargo.lock"]), None, ""),
        ("nobody knows whose", None, 0, whole(&["Cargo.lock"]), None, ""),
        ("with somebody else", by(&["bot[bot]", "ana"]), 1, whole(&["Cargo.lock"]), None, ""),
        ("somebody else", by(&["ana"]), 1, whole(&["Cargo.lock"]), None, ""),
        ("another file too", by(&["bot[bot]"]), 1, whole(&["Cargo.lock", "src/a.rs"]), None, ""),
        ("a workflow too", by(&["bot[bot]"]), 1, whole(&[".github/workflows/a.yml"]), None, ""),
        ("nothing", by(&["bot[bot]"]), 1, whole(&[]), None, ""),
        ("many files", None, 1, Files::Part, Some(adding("docs/a.md")), "words"),
        ("too many files", None, 1, Files::Part, Some(Changes::default()), ""),
        ("a file from elsewhere", None, 1, Files::Part, Some(renamed), ""),
    ] {
        let mut read = reading(snapshot(41));
        (read.commits[0].writers, read.files) = (writers, files);
        read.commits[0].people.truncate(people);
        let mut world = World { readings: [(at(41), read)].into(), ..World::new(Some(TEMPLATES)) };
        world.changes.extend(changes.map(|changes| (at(41), changes)));
        let decision = world.decide(&SUBJECT, None, &[opened(&snapshot(41))], time(0));
        let view = view_of(&decision);
        let fits: Vec<&str> = view.standard.fits.iter().map(|fit| fit.template.as_str()).collect();
        assert_eq!(fits.join(" "), expected, "{what}");
        assert_eq!(decision.look_again.is_none(), !fits.is_empty(), "{what}: a link is missed, or not");
        let (_, asked) = world.ask(&SUBJECT, Some(&decision.after), &[], time(1));
        assert_eq!(asked, [], "{what}: what is known is not asked again");
    }
}
