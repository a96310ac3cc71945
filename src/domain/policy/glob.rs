//! Patterns with `*`, for repositories, environments, branches and paths.

/// Does the whole text fit the pattern? `*` stands for any run of characters without `/`, `**` for any run,
/// `**/` also for nothing. Everything else stands for itself. Takes time in proportion to both lengths.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut reached = vec![false; text.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for piece in pieces(pattern) {
        reached = after(&piece, &reached, &text);
    }
    reached.last().copied().unwrap_or_default()
}

enum Piece {
    Letter(char),
    Star,
    Stars,
    Folders,
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        let (piece, eaten) = if rest.starts_with("**/") {
            (Piece::Folders, 3)
        } else if rest.starts_with("**") {
            (Piece::Stars, 2)
        } else if letter == '*' {
            (Piece::Star, 1)
        } else {
            (Piece::Letter(letter), letter.len_utf8())
        };
        pieces.push(piece);
        rest = rest.get(eaten..).unwrap_or_default();
    }
    pieces
}

/// Which positions of the text can be reached with one more piece of the pattern.
fn after(piece: &Piece, reached: &[bool], text: &[char]) -> Vec<bool> {
    let mut next = vec![false; reached.len()];
    let mut running = false;
    for (position, slot) in next.iter_mut().enumerate() {
        let here = reached.get(position).copied().unwrap_or_default();
        let letter = position.checked_sub(1).and_then(|before| text.get(before)).copied();
        let was_before =
            position.checked_sub(1).and_then(|before| reached.get(before)).copied().unwrap_or_default();
        *slot = match piece {
            Piece::Letter(wanted) => was_before && letter == Some(*wanted),
            Piece::Star => here || (running && letter != Some('/')),
            Piece::Stars => here || running,
            Piece::Folders => here || (running && letter == Some('/')),
        };
        running = match piece {
            Piece::Letter(_) => false,
            Piece::Star => *slot,
            Piece::Stars | Piece::Folders => running || here,
        };
    }
    next
}

/// Is there a text that fits both patterns? For patterns with single `*` only.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let width = other.len() + 1;
    let mut below = vec![false; width];
    for i in (0..=one.len()).rev() {
        let mut row = vec![false; width];
        for j in (0..width).rev() {
            let right = row.get(j + 1).copied().unwrap_or_default();
            let down = below.get(j).copied().unwrap_or_default();
            let diagonal = below.get(j + 1).copied().unwrap_or_default();
            let meets = match (one.get(i), other.get(j)) {
                (None, None) => true,
                (Some('*'), None) => down,
                (None, Some('*')) => right,
                (Some('*'), Some(_)) | (Some(_), Some('*')) => down || right,
                (Some(a), Some(b)) => a == b && diagonal,
                (None, Some(_)) | (Some(_), None) => false,
            };
            if let Some(cell) = row.get_mut(j) {
                *cell = meets;
            }
        }
        below = row;
    }
    below.first().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pattern_fits_whole_texts_only() {
        for (pattern, text, expected) in [
            ("acme/web", "acme/web", true),
            ("acme/web", "acme/website", false),
            ("acme/mail-*", "acme/mail-out", true),
            ("acme/mail-*", "acme/mail-", true),
            ("acme/mail-*", "acme/mail", false),
            ("*", "", true),
            ("*", "a/b", false),
            ("release/*", "release/2026.12", true),
            ("release/*", "release/2026/12", false),
            ("**/*.md", "README.md", true),
            ("**/*.md", "docs/a/b.md", true),
            ("**/*.md", "docs/a/b.mdx", false),
            ("docs/**", "docs/a/b", true),
            ("docs/**", "docs", false),
            ("a**c", "a/b/c", true),
            ("apps/**/x", "apps/x", true),
            ("apps/**/x", "apps/yx", false),
            ("*a*b*", "xxaxxbxx", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn two_patterns_overlap_when_one_text_fits_both() {
        for (one, other, expected) in [
            ("acme/*", "acme/web", true),
            ("acme/web", "acme/web", true),
            ("acme/web", "acme/api", false),
            ("acme/mail-*", "acme/*-out", true),
            ("acme/a*", "acme/b*", false),
            ("*", "", true),
        ] {
            assert_eq!(overlap(one, other), expected, "{one} {other}");
            assert_eq!(overlap(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn many_stars_cost_no_more_than_their_number() {
        assert!(!fits(&"*a".repeat(200), &"a".repeat(199)));
    }

    proptest! {
        #[test]
        fn patterns_that_fit_one_text_overlap(one in "[ab*]{0,6}", other in "[ab*]{0,6}", text in "[ab]{0,6}") {
            let single = |p: &str| { let mut p = p.to_owned(); while p.contains("**") { p = p.replace("**", "*"); } p };
            let (one, other) = (single(&one), single(&other));
            if fits(&one, &text) && fits(&other, &text) {
                prop_assert!(overlap(&one, &other));
            }
        }
    }
}
