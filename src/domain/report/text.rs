//! (to come)

use std::fmt::Write as _;

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

/// Control characters, those that steer the direction of writing, and those that show nothing at all.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}
