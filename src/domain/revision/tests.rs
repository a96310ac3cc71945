//! What counts and what does not, and that no two contents share a revision.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::domain::{
    ids::RepoName,
    named,
    trial::{BILLING, WEB, at, name, sha},
};

const REQUIRED: [&str; 2] = ["What", "Why"];
const FORM: &str = "Hello\n\n### What\n\nSpeed\n\n- [ ] today\n\n### Why\n\nMoney\n\n### Notes\n\nnone";

fn rules(text: &str) -> Fingerprint {
    Fingerprint::of_text(text)
}

fn texts(changes: &[(u64, &str, &str)]) -> BTreeMap<IssueRef, RevisionHash> {
    changes
        .iter()
        .map(|(number, title, body)| (at(*number), ChangeText::of(title, body, &REQUIRED).hash()))
        .collect()
}

fn release(changes: &[(u64, &str, &str)], commits: &[(RepoId, char)]) -> Revision {
    let commits = commits.iter().map(|(repo, digit)| (*repo, sha(*digit))).collect();
    Revision::of(Parts::of_release(texts(changes), commits, rules("v1")))
}

fn of_body(body: &str) -> Revision {
    release(&[(128, "Faster checkout", body)], &[(WEB, '4')])
}

#[test]
fn what_people_may_edit_freely_leaves_the_revision_as_it_is() {
    for (what, body) in [
        ("ends of lines", FORM.replace('\n', "\r\n")),
        ("a ticked box", FORM.replace("[ ]", "[x]")),
        ("blanks at ends of lines", FORM.replace("Money", "Money  \t")),
        ("empty lines around an answer", FORM.replace("Money", "\n\nMoney\n\n\n")),
        ("another field", FORM.replace("none", "many")),
        ("what stands before the form", FORM.replace("Hello", "Good day")),
        ("a field more", format!("{FORM}\n\n### Later\n\nx")),
        ("the case of a heading", FORM.replace("### Why", "### WHY?")),
    ] {
        assert_eq!(of_body(&body).hash(), of_body(FORM).hash(), "{what}");
    }
}

#[test]
fn what_is_signed_changes_the_revision() {
    for (what, body) in [
        ("an answer", FORM.replace("Money", "Fame")),
        ("a word in the middle", FORM.replace("Speed", "Some speed")),
        ("the label of a box", FORM.replace("today", "tomorrow")),
        ("a box more", FORM.replace("- [ ] today", "- [ ] today\n- [ ] or else")),
        ("a second answer", format!("{FORM}\n\n### Why\n\nFame")),
        ("a hidden comment", FORM.replace("Money", "Money <!-- and fame -->")),
        ("what GitHub shows of a comment that is none", FORM.replace("Money", "Money\n<!--> and fame\n-->")),
        ("swapped answers", FORM.replace("Speed", "x").replace("Money", "Speed").replace("x", "Money")),
        ("a field that is gone", FORM.replace("### Why", "### Because")),
        ("no form", "Speed, for money".into()),
        ("nothing", String::new()),
    ] {
        assert_ne!(of_body(&body).hash(), of_body(FORM).hash(), "{what}");
    }
}

#[test]
fn without_all_its_fields_a_text_is_signed_whole() {
    for body in ["Speed", "### What\n\nSpeed", "", "### Notes\n\nSpeed"] {
        let edited = format!("{body}\n\nand more");
        assert_ne!(of_body(body).hash(), of_body(&edited).hash(), "{body:?}");
        assert_eq!(of_body(&format!("{body}\r\n")).hash(), of_body(body).hash(), "{body:?}");
    }
    let free = |body: &str| {
        let texts = BTreeMap::from([(at(1), ChangeText::of::<&str>("t", body, &[]).hash())]);
        Revision::of(Parts::of_release(texts, BTreeMap::new(), rules("v1")))
    };
    assert_ne!(free(FORM).hash(), free(&FORM.replace("none", "many")).hash());
    assert_eq!(free(FORM).hash(), free(&FORM.replace("[ ]", "[X]")).hash());
    assert_ne!(free("```\n- [ ] a\n```").hash(), free("```\n- [x] a\n```").hash());
}

#[test]
fn titles_scope_candidates_and_rules_are_signed() {
    let base = release(&[(128, "a", FORM), (129, "b", FORM)], &[(WEB, '4'), (BILLING, '5')]);
    let texts = || texts(&[(128, "a", FORM), (129, "b", FORM)]);
    let commits = || BTreeMap::from([(WEB, sha('4')), (BILLING, sha('5'))]);
    for (what, other) in [
        ("a title", release(&[(128, "c", FORM), (129, "b", FORM)], &[(WEB, '4'), (BILLING, '5')])),
        ("swapped titles", release(&[(128, "b", FORM), (129, "a", FORM)], &[(WEB, '4'), (BILLING, '5')])),
        ("one less", release(&[(128, "a", FORM)], &[(WEB, '4'), (BILLING, '5')])),
        ("a candidate", release(&[(128, "a", FORM), (129, "b", FORM)], &[(WEB, '4'), (BILLING, '6')])),
        ("swapped candidates", release(&[(128, "a", FORM), (129, "b", FORM)], &[(WEB, '5'), (BILLING, '4')])),
        ("no candidate", release(&[(128, "a", FORM), (129, "b", FORM)], &[(WEB, '4')])),
        ("the rules", Revision::of(Parts::of_release(texts(), commits(), rules("v2")))),
        ("a pull request", Revision::of(Parts::of_pull_request(texts(), "d"))),
    ] {
        assert_ne!(other.hash(), base.hash(), "{what}");
    }
    let pull_request = |diff| Revision::of(Parts::of_pull_request(texts(), diff));
    assert_ne!(pull_request("d").hash(), pull_request("e").hash());
    assert_eq!(pull_request("d").hash(), pull_request("d").hash());
}

#[test]
fn the_bytes_stay_as_they_are_from_version_to_version() {
    let parts =
        Parts::of_release(texts(&[(128, "Faster checkout", FORM)]), [(WEB, sha('4'))].into(), rules("v1"));
    let revision = Revision::of(parts);
    insta::assert_snapshot!(revision.hash(), @"2f12faeb04b0d1f87ecb85ea5d051bc4414e50dace9b0cc095f5271cb6e844d0");
    assert_eq!(revision.hash().short().len(), 8);
    let stored = serde_json::to_string(&revision).unwrap();
    assert_eq!(serde_json::from_str::<Revision>(&stored).unwrap(), revision);
}

#[test]
fn what_people_are_shown_tells_it_from_all_others() {
    let hash = |text: &str| RevisionHash::try_from(format!("{text:0<64}")).unwrap();
    let (one, near, nearer, far) = (hash("abcdef12"), hash("abcdef11"), hash("abcdef1200009"), hash("77"));
    assert_eq!(one.among([&one, &near, &far]), "abcdef12");
    assert_eq!(one.among([&one, &near, &nearer]), "abcdef1200000");
    assert_eq!(one.among([]), "abcdef12");
    for text in [String::new(), "A".repeat(64), "a".repeat(63), "g".repeat(64)] {
        assert!(RevisionHash::try_from(text).is_err());
    }
}

fn said(before: &Revision, after: &Revision) -> String {
    let repositories: BTreeMap<RepoId, RepoName> = [WEB, BILLING].map(|repo| (repo, name(repo))).into();
    let (words, named) =
        after.changed_since(before).in_words(Names { here: WEB, repositories: &repositories });
    let pages: Vec<String> = named::pages(&named).map(|page| page.path).collect();
    if pages.is_empty() { words } else { format!("{words} ({})", pages.join(" ")) }
}

#[test]
fn the_difference_is_said_in_words() {
    let before = release(&[(128, "a", FORM), (129, "b", FORM)], &[(WEB, '4'), (BILLING, '5')]);
    let edited = FORM.replace("Money", "Fame");
    let after = release(&[(128, "a", &edited), (130, "c", FORM)], &[(WEB, '9'), (BILLING, '5')]);
    insta::assert_snapshot!(said(&before, &after), @"#128's text changed; acme/web moved from `4444444` to `9999999`; #130 joined; #129 left (acme/web/issues/128 acme/web/issues/130 acme/web/issues/129)");
    insta::assert_snapshot!(said(&after, &before), @"#128's text changed; acme/web moved from `9999999` to `4444444`; #129 joined; #130 left (acme/web/issues/128 acme/web/issues/129 acme/web/issues/130)");
    assert_eq!(said(&before, &before), "");
    assert!(before.changed_since(&before).is_empty());
    let far = release(&[], &[(RepoId(77), '1')]);
    insta::assert_snapshot!(said(&before, &far), @"acme/web left; acme/billing left; a repository unknown here joined at `1111111`; #128 left; #129 left (acme/web/issues/128 acme/web/issues/129)");
    let pull_request = |diff| Revision::of(Parts::of_pull_request(texts(&[(128, "a", FORM)]), diff));
    insta::assert_snapshot!(said(&pull_request("d"), &pull_request("e")), @"what it does to its base changed");
    let ruled = |text| Revision::of(Parts::of_release(BTreeMap::new(), BTreeMap::new(), rules(text)));
    insta::assert_snapshot!(said(&ruled("v1"), &ruled("v2")), @"the rules that judge it changed");
}

#[test]
fn a_long_difference_is_cut() {
    let many: Vec<(u64, &str, &str)> = (1..=30).map(|number| (number, "t", FORM)).collect();
    let words = said(&release(&[], &[]), &release(&many, &[]));
    assert!(words.contains("#12 joined; 18 more ("), "{words}");
}

#[test]
fn who_signs_again_for_what_is_a_matter_of_policy() {
    let before = release(&[(128, "a", FORM)], &[(WEB, '4')]);
    let moved = release(&[(128, "a", FORM)], &[(WEB, '9')]).changed_since(&before);
    let edited = release(&[(128, "b", FORM)], &[(WEB, '4')]).changed_since(&before);
    let joined = release(&[(128, "a", FORM), (129, "a", FORM)], &[(WEB, '4')]).changed_since(&before);
    let ruled = Difference { rules: true, ..Difference::default() };
    let group = |name: &str| Again::Groups(BTreeSet::from([name.to_owned()]));
    let resign = Resign { scope: Again::All, commits: group("qa"), text: group("business") };
    for (difference, qa, business) in
        [(&moved, true, false), (&edited, false, true), (&joined, true, true), (&ruled, true, true)]
    {
        assert_eq!(resign.asks("qa", difference), qa, "{difference:?}");
        assert_eq!(resign.asks("business", difference), business, "{difference:?}");
        assert!(Resign::default().asks("qa", difference), "{difference:?}");
    }
    assert!(!Resign::default().asks("qa", &Difference::default()));
    let diff = Difference { diff: true, ..Difference::default() };
    assert!(resign.asks("qa", &diff) && !resign.asks("business", &diff));
}

fn any_text() -> impl Strategy<Value = ChangeText> {
    let short = || prop::sample::select(vec!["", "a", "b", "ab", "\0", "a\0", "\u{0}\u{0}\u{0}\u{0}"]);
    let fields = prop::collection::btree_map(short(), prop::collection::vec(short(), 0..3), 0..3);
    let fields = fields.prop_map(|fields| {
        let owned = |answers: Vec<&str>| answers.into_iter().map(String::from).collect();
        text::Body::Fields(fields.into_iter().map(|(name, answers)| (name.into(), owned(answers))).collect())
    });
    let whole = short().prop_map(|whole| text::Body::Whole(whole.into()));
    (short(), prop_oneof![fields, whole]).prop_map(|(title, body)| ChangeText { title: title.into(), body })
}

fn any_parts() -> impl Strategy<Value = Parts> {
    let number = || prop::sample::select(vec![0_u64, 1, 256]);
    let hash = prop::sample::select(vec!["a", "b"]).prop_map(|digit| RevisionHash(digit.repeat(64)));
    let issue = (number(), number()).prop_map(|(repo, number)| IssueRef { repo: RepoId(repo), number });
    let texts = prop::collection::btree_map(issue, hash, 0..3);
    let candidate = prop::sample::select(vec!['1', '2']).prop_map(sha);
    let commits = prop::collection::btree_map(number().prop_map(RepoId), candidate, 0..3);
    let diff = prop::option::of(prop::sample::select(vec!["", "d", "dd"]).prop_map(String::from));
    let rules = prop::option::of(prop::sample::select(vec!["v1", "v2"]).prop_map(rules));
    (texts, commits, diff, rules).prop_map(|(texts, commits, diff, rules)| Parts {
        texts: texts.into_iter().collect(),
        commits,
        diff,
        rules,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_two_texts_are_written_alike(one in any_text(), other in any_text()) {
        prop_assert_eq!(one == other, encoding::of_text(&one) == encoding::of_text(&other));
    }

    #[test]
    fn no_two_contents_are_written_alike(one in any_parts(), other in any_parts()) {
        prop_assert_eq!(one == other, encoding::of_parts(&one) == encoding::of_parts(&other));
    }

    #[test]
    fn a_difference_is_empty_just_where_the_revision_is_the_same(one in any_parts(), other in any_parts()) {
        let (one, other) = (Revision::of(one), Revision::of(other));
        prop_assert_eq!(other.changed_since(&one).is_empty(), one.hash() == other.hash());
    }
}
