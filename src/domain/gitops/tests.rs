//! What is read of two ends of files, in tables, and what is not taken for granted.

use super::{
    super::{
        facts::{Comparison, ComparisonStatus, Facts, ImageLabels, Inquiry},
        ids::Sha,
        policy::{self, GitOps, Policy, Scope},
        trial::*,
    },
    *,
};

const OLD: &str = "a111111111111111111111111111111111111111";
const NEW: &str = "b222222222222222222222222222222222222222";

fn policy() -> Policy {
    let text = "environments: { production: { require: [range: traced] } }\n\
        gitops: { repository: acme/deploy, paths: [\"prod/**\"], images: { ghcr.io/acme/web: acme/web, ghcr.io/acme/api: acme/api } }\n";
    policy::parse("p.yml", text, Scope::Organisation).unwrap()
}

/// What a pull request does that leaves these files; each with its path, and both ends.
fn done(files: &[(&str, Option<&str>, Option<&str>)]) -> Edit {
    let policy = policy();
    let entries: Vec<&GitOps> = policy.gitops().iter().collect();
    let mut world = World::default();
    for (path, was, is) in files {
        for (end, text) in [('a', was), ('b', is)] {
            if let Some(text) = text {
                world.files.insert((sha(end), (*path).to_owned()), (*text).to_owned());
            }
        }
    }
    let paths: Vec<String> = files.iter().map(|(path, ..)| (*path).to_owned()).collect();
    let mut facts = Facts::default();
    loop {
        let mut inquiry = Inquiry::new(&facts);
        let found = edit(&entries, &paths, (WEB, &sha('a'), &sha('b')), &mut inquiry);
        if let Some(found) = found {
            return found;
        }
        for question in inquiry.into_missing() {
            let answer = world.answer(&question);
            facts.insert(question, answer);
        }
    }
}

fn said(edit: &Edit) -> String {
    let versions = |of: &std::collections::BTreeSet<Version>| {
        let short = |version: &Version| version.to_string().replace(OLD, "OLD").replace(NEW, "NEW");
        of.iter().map(short).collect::<Vec<_>>().join(",")
    };
    let moves = edit.synced.iter().flat_map(|synced| &synced.moves);
    let moves = moves.map(|it| format!("{} {}>{}", it.image, versions(&it.from), versions(&it.to)));
    let others = edit.others.iter().map(|why| format!("other: {why}"));
    let unknown = edit.unknown.iter().map(|why| format!("unknown: {why}"));
    moves.chain(others).chain(unknown).collect::<Vec<_>>().join("; ")
}

/// One file, of which the new end is the old one with this replaced.
fn replaced(text: &str, from: &str, to: &str) -> String {
    let (was, is) = (text.replace("OLD", OLD), text.replace(from, to));
    let is = is.replace("OLD", OLD).replace("NEW", NEW);
    said(&done(&[("prod/web.yaml", Some(&was), Some(&is))]))
}

#[test]
fn an_image_is_read_in_every_way_in_which_it_is_written() {
    let digests = [format!("sha256:{}", "a".repeat(64)), format!("sha256:{}", "b".repeat(64))];
    for (what, text) in [
        ("a manifest", "spec:\n  containers:\n    - name: web\n      image: ghcr.io/acme/web:OLD\n"),
        ("in quotes", "image: \"ghcr.io/acme/web:OLD\" # it runs\n"),
        ("in other quotes", "a: [{ image: 'ghcr.io/acme/web:OLD', b: c }]\n"),
        ("a kustomization", "images:\n  - name: ghcr.io/acme/web\n    newTag: OLD\n"),
        ("a kustomization, in another order", "images:\n- newTag: \"OLD\"\n  name: ghcr.io/acme/web\n"),
        ("a new name", "images:\n  - name: web\n    newName: ghcr.io/acme/web\n    newTag: OLD\n"),
        ("a chart", "image:\n  repository: ghcr.io/acme/web\n  pullPolicy: Always\n  tag: OLD\n"),
        ("a chart with a registry", "image:\n  registry: ghcr.io\n  repository: acme/web\n  tag: OLD\n"),
        ("a chart with a plain name", "web:\n  image: ghcr.io/acme/web\n  tag: OLD\n"),
        ("the second document", "a: b\n---\nimage: ghcr.io/acme/web:OLD\n"),
    ] {
        assert_eq!(replaced(text, "OLD", "NEW"), "ghcr.io/acme/web OLD>NEW", "{what}");
    }
    let text = format!("images:\n  - name: ghcr.io/acme/web\n    digest: {}\n", digests[0]);
    let found = replaced(&text, &digests[0], &digests[1]);
    assert_eq!(found, format!("ghcr.io/acme/web {}>{}", digests[0], digests[1]));
    let both = format!("image: ghcr.io/acme/web:OLD@{}\n", digests[0]);
    let found = replaced(&both, &digests[0], &digests[1]);
    assert_eq!(found, format!("ghcr.io/acme/web OLD@{}>OLD@{}", digests[0], digests[1]));
}

#[test]
fn what_else_differs_is_told_apart_from_images_to_the_byte() {
    let text = "replicas: 2\nimage: ghcr.io/acme/web:OLD\nother: { image: nginx:1.27 }\n";
    let web = "ghcr.io/acme/web OLD>NEW";
    let more = "other: `prod/web.yaml` changes in more than the versions of images";
    for (what, from, to, expected) in [
        ("a number", "replicas: 2", "replicas: 3", more.to_owned()),
        ("its spelling", "replicas: 2", "replicas: 2.0", more.to_owned()),
        ("a comment", "replicas: 2\n", "replicas: 2 # two\n", more.to_owned()),
        (
            "nothing known of it",
            "1.27",
            "1.28",
            "other: the policy does not say what `nginx` is built from".to_owned(),
        ),
        (
            "both at once",
            "2\nimage: ghcr.io/acme/web:OLD",
            "3\nimage: ghcr.io/acme/web:NEW",
            format!("{web}; {more}"),
        ),
    ] {
        assert_eq!(replaced(text, from, to), expected, "{what}");
    }
    let unchanged = "image: ghcr.io/acme/web:OLD\n";
    let files = done(&[("prod/web.yaml", Some(unchanged), Some(unchanged)), ("README.md", None, Some("x"))]);
    assert_eq!(said(&files), "other: `README.md` says nothing of images");
    let new = replaced("a: b\n", "a: b\n", "a: b\nimage: ghcr.io/acme/web:NEW\n");
    assert_eq!(new, format!("ghcr.io/acme/web >NEW; {more}"));
    let gone = replaced("a: b\nimage: ghcr.io/acme/web:OLD\n", "image: ghcr.io/acme/web:OLD\n", "");
    assert_eq!(gone, format!("ghcr.io/acme/web OLD>; {more}"));
    let renamed = replaced("image: ghcr.io/acme/web:OLD\n", "acme/web", "evil/web");
    assert!(renamed.starts_with("ghcr.io/acme/web OLD>; other: "), "{renamed}");
    let file = format!("image: ghcr.io/acme/web:{OLD}\n");
    let moved = done(&[("prod/a.yaml", Some(&file), None), ("prod/b.yaml", None, Some(&file))]);
    assert!(moved.others.is_some() && !moved.is_only_images(), "{moved:?}");
}

#[test]
fn an_image_that_may_move_unseen_is_unknown() {
    for (what, text, from, to, expected) in [
        ("a tag alone", "web:\n  tag: OLD\n", "OLD", "NEW", "moves a tag without the name of its image"),
        ("in a text", "run: ghcr.io/acme/web:OLD\n", "OLD", "NEW", "in a way that is not known"),
        ("in a script", "run: |\n  pull ghcr.io/acme/web:OLD\n", "OLD", "NEW", "in a way that is not known"),
        ("no YAML", "a: {{ b }}\nc: ghcr.io/acme/web:OLD\n", "OLD", "NEW", "no YAML that can be read"),
        (
            "a key twice",
            "image: ghcr.io/acme/web:OLD\nimage: ghcr.io/acme/web:OLD\n",
            "OLD",
            "NEW",
            "no YAML that can be read",
        ),
    ] {
        let found = replaced(text, from, to);
        assert!(found.contains("unknown: ") && found.contains(expected), "{what}: {found}");
    }
    let odd = replaced("image:\n  repository: ghcr.io/acme/web\n  tag: 1.10\n", "1.10", "1.1");
    assert!(odd.starts_with("ghcr.io/acme/web 1.10>1.1; other: "), "{odd}");
    let alias = "a: &tag OLD\nimage:\n  repository: ghcr.io/acme/web\n  tag: *tag\n";
    let moved = replaced(alias, "OLD", "NEW");
    assert!(moved.starts_with("ghcr.io/acme/web OLD>NEW; other: "), "{moved}");
}

#[test]
fn versions_that_only_change_places_move_all_the_same() {
    let text = "a: { image: 'ghcr.io/acme/web:OLD' }\nb: { image: 'ghcr.io/acme/web:NEW' }\n";
    let is = text.replace("OLD", "X").replace("NEW", "OLD").replace('X', "NEW");
    let filled = |text: &str| text.replace("OLD", OLD).replace("NEW", NEW);
    let found = done(&[("prod/web.yaml", Some(&filled(text)), Some(&filled(&is)))]);
    assert_eq!(said(&found), "ghcr.io/acme/web OLD,NEW>OLD,NEW");
    let same = done(&[("prod/web.yaml", Some(&filled(text)), Some(&filled(&text.replace("OLD", "NEW"))))]);
    assert_eq!(said(&same), "ghcr.io/acme/web OLD>NEW");
}

#[test]
fn several_images_in_one_line_and_in_several_files_are_all_seen() {
    let line = "a: [{ image: 'ghcr.io/acme/web:OLD' }, { image: 'ghcr.io/acme/api:OLD' }]\n";
    let both = "ghcr.io/acme/api OLD>NEW; ghcr.io/acme/web OLD>NEW";
    assert_eq!(replaced(line, "OLD", "NEW"), both);
    let [was, is] = [OLD, NEW].map(|version| {
        [format!("image: ghcr.io/acme/web:{version}\n"), format!("image: ghcr.io/acme/api:{version}\n")]
    });
    let files =
        done(&[("prod/a.yaml", Some(&was[0]), Some(&is[0])), ("prod/b.yaml", Some(&was[1]), Some(&is[1]))]);
    assert_eq!(said(&files), "ghcr.io/acme/web OLD>NEW; ghcr.io/acme/api OLD>NEW");
    assert!(files.is_only_images());
}

const IMAGE: &str = "ghcr.io/acme/web";

/// What an image with a digest was built from, where policy accepts labels or not; and whose cure it is.
fn built(world: &World, accepted: bool) -> String {
    let version = Version { digest: Some(format!("sha256:{}", "c".repeat(64))), ..Version::default() };
    let labels = accepted.then_some("https://github.com");
    let named = Named { image: IMAGE, version: &version, labels };
    let name = "acme/web".parse().unwrap();
    let mut facts = Facts::default();
    let built = loop {
        let mut inquiry = Inquiry::new(&facts);
        if let Some(built) = resolve(named, (WEB, &name), &mut inquiry) {
            break built;
        }
        for question in inquiry.into_missing() {
            let answer = world.answer(&question);
            facts.insert(question, answer);
        }
    };
    let said = match built {
        Ok(Built { commit, by_label, .. }) => {
            format!("{commit}{}", if by_label { " by its label" } else { "" })
        }
        Err(why) => {
            let finding = why.finding(IMAGE);
            format!("{} {:?}: {}", finding.code, finding.own, finding.sentence)
        }
    };
    said.replace(OLD, "OLD").replace(NEW, "NEW").replace(&"c".repeat(64), "C")
}

/// A world in which `NEW` is a commit, and the images behind the digest have these labels: revision and source.
fn labelled(labels: &[(&str, &str)]) -> World {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let of =
        |(revision, source): &(&str, &str)| ImageLabels { revision: text(revision), source: text(source) };
    let mut world = World::default();
    let digest = format!("sha256:{}", "c".repeat(64));
    world.image_labels.insert((IMAGE.into(), digest), labels.iter().map(of).collect());
    let new: Sha = NEW.parse().unwrap();
    let (status, merge_base) = (ComparisonStatus::Identical, new.clone());
    let same = Comparison { status, merge_base, behind_by: 0, commits: vec![] };
    world.comparisons.insert((new.clone(), new), same);
    world
}

#[test]
fn a_label_counts_where_the_policy_accepts_it_and_it_names_a_commit_of_the_source() {
    let nothing = "image_without_label Fail: No workflow of acme/web has signed what `ghcr.io/acme/web` was built from, and no label says it.";
    let several = "image_label_ambiguous Fail: By their labels, the images of `ghcr.io/acme/web` for several platforms were not built from one commit.";
    let elsewhere = |source: &str| {
        format!(
            "image_label_elsewhere Fail: The label of `ghcr.io/acme/web` says that it was built from `{source}`, and not from acme/web."
        )
    };
    let odd = |text: &str| {
        format!(
            "image_label_odd Fail: The label of `ghcr.io/acme/web` names `{text}`, which is no whole hash of a commit."
        )
    };
    let by_label = "NEW by its label";
    for (labels, said) in [
        (vec![(NEW, "")], by_label.to_owned()),
        (vec![(NEW, "https://github.com/acme/web")], by_label.to_owned()),
        (vec![(NEW, "https://github.com/Acme/Web.git")], by_label.to_owned()),
        (vec![(NEW, "https://github.com/acme/web/")], by_label.to_owned()),
        (vec![(NEW, "git@github.com:acme/web.git")], by_label.to_owned()),
        (vec![(NEW, "ssh://git@github.com/acme/web")], by_label.to_owned()),
        (vec![(NEW, "github.com/acme/web")], by_label.to_owned()),
        (vec![(NEW, ""), (NEW, "https://github.com/acme/web")], by_label.to_owned()),
        (vec![(NEW, "https://github.com/acme/api")], elsewhere("https://github.com/acme/api")),
        (
            vec![(NEW, "https://github.com/acme/web/tree/main")],
            elsewhere("https://github.com/acme/web/tree/main"),
        ),
        (
            vec![(NEW, "https://github.com.evil.example/acme/web")],
            elsewhere("https://github.com.evil.example/acme/web"),
        ),
        (vec![(NEW, "https://evil.example/acme/web")], elsewhere("https://evil.example/acme/web")),
        (
            vec![(NEW, "https://github.com@evil.example/acme/web")],
            elsewhere("https://github.com@evil.example/acme/web"),
        ),
        (vec![(NEW, ""), (NEW, "acme/web")], elsewhere("acme/web")),
        (vec![("", "https://github.com/acme/web")], nothing.to_owned()),
        (vec![("", "")], nothing.to_owned()),
        (vec![], nothing.to_owned()),
        (vec![(NEW, ""), (OLD, "")], several.to_owned()),
        (vec![(NEW, ""), ("", "")], several.to_owned()),
        (vec![("v1.2", "")], odd("v1.2")),
        (vec![("main`", "")], odd("main'")),
        (vec![(&NEW[..12], "")], odd(&NEW[..12])),
        (vec![(OLD, "")], "image_commit_unknown Fail: acme/web has no commit `OLD`.".to_owned()),
    ] {
        assert_eq!(built(&labelled(&labels), true), said, "{labels:?}");
    }
}

#[test]
fn what_is_signed_counts_more_than_a_label_and_what_is_unknown_is_never_replaced_by_one() {
    let new = || labelled(&[(NEW, "")]);
    let [old, newer]: [Sha; 2] = [OLD, NEW].map(|it| it.parse().unwrap());
    let signed = World { provenance: vec![old.clone()], ..new() };
    let ambiguous = World { provenance: vec![old, newer], ..new() };
    let away = World { image_labels: [].into(), ..new() };
    let said = [
        built(&new(), true),
        built(&new(), false),
        built(&World { trusts_nothing: true, ..new() }, true),
        built(&World { trusts_nothing: true, ..new() }, false),
        built(&signed, true),
        built(&signed, false),
        built(&ambiguous, true),
        built(&away, true),
        built(&World { down: true, ..new() }, true),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    NEW by its label
    image_without_provenance Fail: No workflow of acme/web has signed what `ghcr.io/acme/web` with the digest `sha256:C` was built from.
    NEW by its label
    image_unread Unknown: What `ghcr.io/acme/web` with the digest `sha256:C` was built from is not known: this server trusts no attestations.
    OLD
    OLD
    image_provenance_ambiguous Fail: `ghcr.io/acme/web` with the digest `sha256:C` was built from several commits.
    image_label_unread Unknown: The label of `ghcr.io/acme/web` could not be read: ghcr.io/acme/web is not found.
    image_unread Unknown: What it was built from could not be read: GitHub could not be reached since 09:00 UTC.
    ");
}
