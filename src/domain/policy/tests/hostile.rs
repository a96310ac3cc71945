//! Files that mean harm, or that nobody meant: refused in a moment, and never a panic.

use super::*;
use proptest::prelude::*;

/// The refusal's first message.
fn first_refusal(text: &str) -> String {
    let errors = parse("p.yml", text, Scope::Organisation).expect_err("a refusal");
    errors.first().map(|error| error.message.clone()).unwrap_or_default()
}

#[test]
fn a_billion_laughs_are_cut_short() {
    let mut text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let message = first_refusal(&text);
    assert_eq!(message, "the file is too large or too entangled to read");
}

#[test]
fn an_anchor_within_itself_is_refused() {
    assert_eq!(
        first_refusal("groups: &a { qa: *a }\n"),
        "the aliases (`*name`) here stand for far too much text"
    );
}

#[test]
fn deep_nesting_is_refused_in_both_styles() {
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(50_000),
        "- ".repeat(100_000),
        (0..300).map(|n| format!("{}a:\n", " ".repeat(n))).collect(),
    ] {
        first_refusal(&text);
    }
}

#[test]
fn a_file_over_the_limit_is_not_even_read() {
    let text = format!("mode: {}", "x".repeat(MAX_BYTES));
    assert_eq!(first_refusal(&text), format!("the file has {} bytes", text.len()));
}

#[test]
fn huge_values_below_the_limit_are_refused_in_a_short_sentence() {
    let long = "x".repeat(250_000);
    for text in [
        format!("mode: {long}"),
        format!("{long}: 1"),
        format!("zone: {long}"),
        format!("zone: \"{}\"", "*".repeat(200_000)),
    ] {
        assert!(first_refusal(&text).chars().count() < 200);
    }
}

#[test]
fn many_entries_cost_no_more_than_their_number() {
    let groups: String = (0..3_000).map(|n| format!("  g{n}: [t{n}]\n")).collect();
    taken(&format!("groups:\n{groups}"));
}

#[test]
fn strange_bytes_are_refused_or_taken_but_never_a_panic() {
    for text in [
        "\u{feff}mode: observe\n",
        "mode: observe\r\nzone: UTC\r\n",
        "mode: \u{0}",
        "\u{2028}",
        "%YAML 1.2\n---\nmode: observe\n",
        "!!binary aGk=",
        "? ? ?",
        "&a &b x",
        "mode: .nan\n",
        "mode: 1e999\n",
        "'",
    ] {
        let _ = parse("p.yml", text, Scope::Organisation);
    }
    taken("\u{feff}mode: observe\r\nzone: UTC\r\n");
}

/// Words of the file thrown together, so that many get past YAML and shape.
fn jumble() -> impl Strategy<Value = String> {
    let keys = prop::sample::select(vec![
        "mode",
        "zone",
        "roles",
        "groups",
        "trains",
        "environments",
        "freezes",
        "qa",
        "title",
        "every",
        "window",
        "require",
        "approvals",
        "names",
        "repositories",
        "intake",
        "required",
        "accounts",
        "sponsor",
    ]);
    let leaf = prop::sample::select(vec![
        "observe",
        "UTC",
        "[a]",
        "[acme/web]",
        "\"{year}\"",
        "first Thursday 10:00",
        "[\"Tue 09:00-10:00\"]",
        "1",
        "0",
        "-1",
        "é",
        "\"\"",
        "[]",
        "{}",
        "~",
    ]);
    let leaf = leaf.prop_map(str::to_owned);
    leaf.prop_recursive(5, 24, 4, move |inner| {
        let entry = (keys.clone(), inner.clone()).prop_map(|(key, value)| format!("{key}: {value}"));
        prop_oneof![
            prop::collection::vec(entry, 0..4).prop_map(|entries| format!("{{ {} }}", entries.join(", "))),
            prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    })
}

/// The example with some bytes replaced, so that most of it stays meaningful.
fn damaged() -> impl Strategy<Value = String> {
    let damage = prop::collection::vec((0..EXAMPLE.len(), "[ -~\n]{0,3}"), 1..4);
    damage.prop_map(|places| {
        let mut text = EXAMPLE.to_owned();
        for (place, with) in places {
            let end = (place + 2).min(text.len());
            if place < end && text.is_char_boundary(place) && text.is_char_boundary(end) {
                text.replace_range(place..end, &with);
            }
        }
        text
    })
}

fn every_scope(text: &str) {
    for scope in [Scope::Organisation, Scope::Repository, Scope::Alone] {
        match parse("p.yml", text, scope) {
            Ok(policy) => assert!(!policy.describe().is_empty()),
            Err(errors) => {
                assert!(!errors.is_empty());
                for error in errors {
                    assert!(error.line >= 1 && error.column >= 1);
                    assert!(
                        !error.message.contains("cannot be read: "),
                        "shape and structs disagree: {error}"
                    );
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_taken_or_refused(text in any::<String>()) {
        let _ = parse("p.yml", &text, Scope::Organisation);
    }

    #[test]
    fn any_jumble_of_our_words_is_taken_or_refused(text in jumble()) {
        every_scope(&text);
    }

    #[test]
    fn any_damage_to_the_example_is_taken_or_refused(text in damaged()) {
        let _ = parse("p.yml", &text, Scope::Organisation);
    }
}
