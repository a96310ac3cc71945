//! What people wrote, made harmless before it stands in a comment or check of ours: no mention, no reference, no
//! link, no HTML, no formatting, no hidden character; and names that are meant to be links.

use std::fmt::Write as _;

use crate::domain::{
    finding::is_hidden,
    ids::{Actor, RepoName},
};

/// GitHub takes at most 65,536 characters; some are left for the mark by which we find our comment again.
pub const COMMENT_LIMIT: usize = 65_000;

/// How much of a title is shown.
pub const TITLE_LIMIT: usize = 200;

/// How much of a longer text is shown.
pub const TEXT_LIMIT: usize = 1_000;

/// A zero-width space, written so that it can be seen in the source: no name or number is read across it.
const BREAK: &str = "&#8203;";

/// A person's words, of which at most `limit` characters are shown, fit to stand inside a line of Markdown or a
/// cell of a table.
#[must_use]
pub fn escape(text: &str, limit: usize) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut before = ['\0'; 2];
    let mut shown = text.trim().chars();
    for c in shown.by_ref().take(limit) {
        push(&mut safe, c, before);
        before = [before[1], c];
    }
    if shown.next().is_some() {
        safe.push('…');
    }
    safe
}

/// A person's words as the end of a sentence.
#[must_use]
pub fn sentence(text: &str) -> String {
    let said = escape(text, TEXT_LIMIT);
    let end = if said.ends_with(['.', '?', '!', '…']) { "" } else { "." };
    format!("{said}{end}")
}

fn push(safe: &mut String, c: char, [first, second]: [char; 2]) {
    match c {
        '&' => safe.push_str("&amp;"),
        '<' => safe.push_str("&lt;"),
        '>' => safe.push_str("&gt;"),
        '@' | '#' => safe.extend([c.to_string().as_str(), BREAK]),
        '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '|' | '$' | '!' => safe.extend(['\\', c]),
        // `GH-12` is a reference; `https://…` and `www.…` are links.
        '-' if first.eq_ignore_ascii_case(&'g') && second.eq_ignore_ascii_case(&'h') => {
            safe.extend(["-", BREAK]);
        }
        '/' if first == ':' && second == '/' => safe.extend([BREAK, "/"]),
        '.' if first.eq_ignore_ascii_case(&'w') && second.eq_ignore_ascii_case(&'w') => {
            safe.extend([BREAK, "."]);
        }
        c if c.is_whitespace() => safe.push(' '),
        c if is_hidden(c) => push_code_point(safe, c),
        c => safe.push(c),
    }
}

fn push_code_point(safe: &mut String, c: char) {
    // Writing to a text cannot fail.
    let _ = write!(safe, "⟨U+{:04X}⟩", u32::from(c));
}

/// `@quinn`; a bot, or a login that is none, is written without a mention.
#[must_use]
pub fn mention(actor: &Actor) -> String {
    if actor.person && is_login(&actor.login) {
        format!("@{}", actor.login)
    } else {
        escape(&actor.login, TITLE_LIMIT)
    }
}

fn is_login(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// `[web#41](https://github.com/acme/web/issues/41)`; `kind` is `issues` or `pull`.
///
/// The text of a link is not read as a reference, but its address is: GitHub notes on that page, once and without
/// telling anybody, that it is referred to here. So this is for what belongs together anyway.
#[must_use]
pub fn issue_link(web_url: &str, name: &RepoName, number: u64, kind: &str) -> String {
    format!("[{}#{number}]({web_url}/{name}/{kind}/{number})", escape(name.name(), TITLE_LIMIT))
}

/// A whole comment, cut where GitHub would refuse it.
#[must_use]
pub fn cut(comment: String) -> String {
    if comment.chars().count() <= COMMENT_LIMIT {
        return comment;
    }
    const END: &str = "\n\n(The rest is left out: GitHub takes no longer comment.)";
    let kept: String = comment.chars().take(COMMENT_LIMIT - END.len()).collect();
    let whole = kept.rfind('\n').and_then(|end| kept.get(..end)).unwrap_or(&kept);
    format!("{whole}{END}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What GitHub shows: entities and escapes resolved, in the order in which it does.
    fn shown(markdown: &str) -> String {
        let mut text = String::new();
        let mut chars = markdown.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => text.extend(chars.next()),
                c => text.push(c),
            }
        }
        text.replace("&#8203;", "\u{200b}").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }

    /// Whether a sign stands unescaped in the source.
    fn bare(markdown: &str, signs: &[char]) -> bool {
        let mut chars = markdown.chars();
        while let Some(c) = chars.next() {
            if c == '\\' {
                chars.next();
            } else if signs.contains(&c) {
                return true;
            }
        }
        false
    }

    /// Whether a sign is followed by what GitHub would read together with it.
    fn follows(text: &str, sign: &str, follows: impl Fn(char) -> bool) -> bool {
        text.to_lowercase().match_indices(sign).any(|(at, sign)| {
            text.to_lowercase()
                .get(at + sign.len()..)
                .and_then(|rest| rest.chars().next())
                .is_some_and(&follows)
        })
    }

    #[test]
    fn people_s_words_are_shown_and_do_nothing() {
        for (text, expected) in [
            ("Faster checkout", "Faster checkout"),
            ("@acme/all look", "@&#8203;acme/all look"),
            ("Closes #12", "Closes #&#8203;12"),
            ("acme/web#12 and GH-7", "acme/web#&#8203;12 and GH-&#8203;7"),
            ("see https://github.com/acme/web/issues/1", "see https:/&#8203;/github.com/acme/web/issues/1"),
            ("www.example.org", "www&#8203;.example.org"),
            ("</details><b>x", "&lt;/details&gt;&lt;b&gt;x"),
            ("<!-- changegate -->", "&lt;\\!-- changegate --&gt;"),
            ("a | b", "a \\| b"),
            ("![x](y)", "\\!\\[x\\](y)"),
            ("`a` *b* _c_ ~d~ $e$", "\\`a\\` \\*b\\* \\_c\\_ \\~d\\~ \\$e\\$"),
            ("&#64;all", "&amp;#&#8203;64;all"),
            ("one\r\ntwo", "one  two"),
            ("v1.2\u{202e}0.1", "v1.2⟨U+202E⟩0.1"),
            ("a\u{200b}b\u{7}", "a⟨U+200B⟩b⟨U+0007⟩"),
            ("tag\u{e0041}", "tag⟨U+E0041⟩"),
        ] {
            assert_eq!(escape(text, 100), expected, "{text:?}");
        }
        assert_eq!(escape("äöü€", 3), "äöü…");
    }

    #[test]
    fn a_mention_is_made_of_a_person_s_login_only() {
        let actor =
            |login: &str, person| Actor { id: crate::domain::ids::AccountId(1), login: login.into(), person };
        assert_eq!(mention(&actor("quinn", true)), "@quinn");
        assert_eq!(mention(&actor("dependabot[bot]", false)), "dependabot\\[bot\\]");
        assert_eq!(mention(&actor("x) @acme/all", true)), "x) @&#8203;acme/all");
    }

    #[test]
    fn a_comment_that_is_too_long_is_cut_between_lines() {
        let long = cut("é line\n".repeat(20_000));
        assert!(long.chars().count() <= COMMENT_LIMIT);
        assert!(long.ends_with("é line\n\n(The rest is left out: GitHub takes no longer comment.)"));
        assert_eq!(cut("short".into()), "short");
    }

    fn hostile() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[@#<>&a-cGH0-9/:.w\\-\\[\\]()!|`*_~$\\\\ \n;]{0,60}",
            "(@a|#1|GH-1|<b>|&#64;|https://x|www.x|\\\\|\u{202e}|\u{200b}){0,12}",
        ]
    }

    proptest! {
        #[test]
        fn no_title_mentions_refers_links_or_formats(title in hostile()) {
            let safe = escape(&title, TITLE_LIMIT);
            prop_assert!(!bare(&safe, &['<', '>', '`', '*', '_', '~', '[', ']', '|', '$', '!', '\n', '\r']), "{safe}");
            let shown = shown(&safe);
            prop_assert!(!follows(&shown, "@", char::is_alphanumeric), "mention: {shown}");
            prop_assert!(!follows(&shown, "#", char::is_numeric), "reference: {shown}");
            prop_assert!(!follows(&shown, "gh-", char::is_numeric), "reference: {shown}");
            prop_assert!(!shown.contains("://") && !shown.to_lowercase().contains("www."), "link: {shown}");
            prop_assert!(!safe.chars().any(is_hidden), "hidden: {safe:?}");
        }

        #[test]
        fn a_title_is_cut_by_characters(title in any::<String>(), limit in 1_usize..50) {
            let kept = title.trim().chars().take(limit).count();
            prop_assert!(escape(&title, limit).chars().count() >= kept);
            prop_assert!(escape(&title, TITLE_LIMIT).chars().count() <= TITLE_LIMIT * 12 + 1);
        }
    }
}
