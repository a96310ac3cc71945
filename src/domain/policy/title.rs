//! Milestone titles: which of them are a train's releases, like `2026.12` for `{year}.{month}`.

use super::error::{Refusal, nearest};
use super::names::serialized_as_written;
use crate::domain::ids::RepoName;
use jiff::civil::Date;
use std::fmt;

/// The titles of a train's releases: text with placeholders, each as wide as its widest value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TitlePattern {
    written: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Piece {
    Text(String),
    Part(Part),
}

/// A placeholder: the four-digit year, the two-digit month, ISO week or day, the quarter, or a running number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Year,
    Month,
    Week,
    Day,
    Quarter,
    Number,
}

const PARTS: [(&str, Part); 6] = [
    ("year", Part::Year),
    ("month", Part::Month),
    ("week", Part::Week),
    ("day", Part::Day),
    ("quarter", Part::Quarter),
    ("number", Part::Number),
];

impl Part {
    /// Takes the placeholder's value off the front of a title; `None` if it does not stand there.
    fn strip(self, title: &str) -> Option<&str> {
        let digits = title.bytes().take_while(u8::is_ascii_digit).count();
        let width = match self {
            Self::Year => 4,
            Self::Month | Self::Week | Self::Day => 2,
            Self::Quarter => 1,
            Self::Number => digits,
        };
        let (value, rest) = title.split_at_checked(width)?;
        (width > 0 && width <= digits && self.holds(value)).then_some(rest)
    }

    fn holds(self, value: &str) -> bool {
        let number: u64 = value.parse().unwrap_or(u64::MAX);
        match self {
            Self::Year => number >= 1970,
            Self::Month => (1..=12).contains(&number),
            Self::Week => (1..=53).contains(&number),
            Self::Day => (1..=31).contains(&number),
            Self::Quarter => (1..=4).contains(&number),
            Self::Number => value.len() <= 9 && (number == 0 || !value.starts_with('0')),
        }
    }

    /// The value on a day; a running number has none. Beside a week, the year is the one the week belongs to.
    fn on(self, date: Date, beside_week: bool) -> Option<String> {
        match self {
            Self::Year if beside_week => Some(format!("{:04}", date.iso_week_date().year())),
            Self::Year => Some(format!("{:04}", date.year())),
            Self::Month => Some(format!("{:02}", date.month())),
            Self::Week => Some(format!("{:02}", date.iso_week_date().week())),
            Self::Day => Some(format!("{:02}", date.day())),
            Self::Quarter => Some(format!("{}", (date.month() - 1) / 3 + 1)),
            Self::Number => None,
        }
    }
}

impl TitlePattern {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let pieces = pieces(text)?;
        let parts: Vec<Part> = pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Text(_) => None,
                Piece::Part(part) => Some(*part),
            })
            .collect();
        if !parts.iter().any(|part| matches!(part, Part::Year | Part::Number)) {
            return Err(Refusal::of(
                text,
                "every release would have a title that comes back; use {year} or {number} in it",
            ));
        }
        if pieces.windows(2).any(runs_together) {
            return Err(Refusal::of(
                text,
                "put something other than a digit after {number}, so that it is clear where it ends",
            ));
        }
        Ok(Self { written: text.to_owned(), pieces })
    }

    /// Is this the title of one of the train's releases? The whole title counts, letter by letter.
    pub fn matches(&self, title: &str) -> bool {
        let rest = self.pieces.iter().try_fold(title, |rest, piece| match piece {
            Piece::Text(text) => rest.strip_prefix(text.as_str()),
            Piece::Part(part) => part.strip(rest),
        });
        rest == Some("")
    }

    /// Where a title stands among those of the pattern, in the order of their times; `None`: it is none of them.
    pub fn place(&self, title: &str) -> Option<Vec<u64>> {
        const ORDER: [Part; 6] =
            [Part::Year, Part::Quarter, Part::Month, Part::Week, Part::Day, Part::Number];
        let mut rest = title;
        let mut values: Vec<(Part, u64)> = vec![];
        for piece in &self.pieces {
            rest = match piece {
                Piece::Text(text) => rest.strip_prefix(text.as_str())?,
                Piece::Part(part) => {
                    let behind = part.strip(rest)?;
                    let value = rest.strip_suffix(behind)?.parse().ok()?;
                    values.push((*part, value));
                    behind
                }
            };
        }
        let value = |part: &Part| values.iter().find(|(of, _)| of == part).map(|(_, value)| *value);
        rest.is_empty().then(|| ORDER.iter().filter_map(value).collect())
    }

    /// The title of the release on a day; `None` where people choose the number.
    pub fn on(&self, date: Date) -> Option<String> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text.clone()),
                Piece::Part(part) => part.on(date, self.has_week()),
            })
            .collect()
    }

    /// A title of this pattern, to show and to compare.
    pub fn example(&self) -> String {
        let date = jiff::civil::date(2026, 12, 3);
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Part(part) => part.on(date, self.has_week()).unwrap_or_else(|| "12".to_owned()),
            })
            .collect()
    }

    fn has_week(&self) -> bool {
        self.pieces.contains(&Piece::Part(Part::Week))
    }

    /// Can one title belong to both? Decided by an example of each.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.matches(&other.example()) || other.matches(&self.example())
    }
}

/// The title of the release of one change that ships alone.
#[must_use]
pub fn alone(repo: &RepoName, number: u64) -> String {
    format!("now-{}-{number}", repo.name())
}

/// Whether a title is that of a release of one change of this repository (`owner/name`).
pub(super) fn is_alone(repo: &str, title: &str) -> bool {
    let name = repo.rsplit('/').next().unwrap_or(repo);
    let number = title.strip_prefix("now-").and_then(|rest| rest.strip_prefix(name)?.strip_prefix('-'));
    number.is_some_and(|number| number.parse().is_ok_and(|it: u64| it > 0 && it.to_string() == number))
}

fn runs_together(pair: &[Piece]) -> bool {
    let [Piece::Part(Part::Number), next] = pair else { return false };
    match next {
        Piece::Part(_) => true,
        Piece::Text(text) => text.starts_with(|c: char| c.is_ascii_digit()),
    }
}

fn pieces(text: &str) -> Result<Vec<Piece>, Refusal> {
    let unclosed = || Refusal::of(text, "each placeholder stands in one pair of braces, like {year}.{month}");
    if text.trim() != text || text.is_empty() || text.chars().count() > 100 || text.contains(char::is_control)
    {
        return Err(Refusal::of(text, "write a title like {year}.{month}"));
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(open);
        let (name, after) =
            from.strip_prefix('{').and_then(|from| from.split_once('}')).ok_or_else(unclosed)?;
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(Piece::Part(part(text, name)?));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

fn part(text: &str, name: &str) -> Result<Part, Refusal> {
    let known = PARTS.iter().find(|(word, _)| *word == name);
    known.map(|(_, part)| *part).ok_or_else(|| {
        let cure = match nearest(name, PARTS.iter().map(|(word, _)| *word)) {
            Some(word) => format!("did you mean {{{word}}}?"),
            None => "the placeholders are {year}, {month}, {week}, {day}, {quarter} and {number}".to_owned(),
        };
        Refusal::of(text, cure)
    })
}

impl fmt::Display for TitlePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

serialized_as_written!(TitlePattern);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_matches_whole_and_only_with_values_that_exist() {
        for (pattern, title, expected) in [
            ("{year}.{month}", "2026.12", true),
            ("{year}.{month}", "2026.13", false),
            ("{year}.{month}", "2026.3", false),
            ("{year}.{month}", "2026.03", true),
            ("{year}.{month}", "2026.12 ", false),
            ("{year}.{month}", "2026.123", false),
            ("{year}.{month}", "Backlog", false),
            ("{year}.{month}", "Q3", false),
            ("{year}.{month}", "", false),
            ("{year}-W{week}", "2026-W53", true),
            ("{year}-W{week}", "2026-W54", false),
            ("{year} Q{quarter}", "2026 Q4", true),
            ("v{number}", "v12", true),
            ("v{number}", "v012", false),
            ("v{number}", "v", false),
            ("v{number}.x", "v7.x", true),
            ("{year}{month}{day}", "20261231", true),
            ("{year}.{month}", "２０２６.12", false),
            ("{year}.{month}", "20é6.12", false),
        ] {
            let read = TitlePattern::read(pattern).expect("a pattern");
            assert_eq!(read.matches(title), expected, "{pattern} {title}");
        }
    }

    #[test]
    fn a_release_of_one_is_called_after_its_change() {
        assert_eq!(alone(&"acme/web".parse().unwrap(), 128), "now-web-128");
        for (title, expected) in [
            ("now-web-128", true),
            ("now-web-0", false),
            ("now-web-012", false),
            ("now-web-", false),
            ("now-web", false),
            ("now-webs-128", false),
            ("now-billing-128", false),
            ("now-web-128 ", false),
            ("2026.12", false),
        ] {
            assert_eq!(is_alone("acme/web", title), expected, "{title}");
        }
    }

    #[test]
    fn a_pattern_writes_the_title_of_a_day_that_it_also_matches() {
        let date = jiff::civil::date(2027, 1, 1);
        for (pattern, title) in [
            ("{year}.{month}", Some("2027.01")),
            ("{year}-W{week}", Some("2026-W53")),
            ("Q{quarter} {year}", Some("Q1 2027")),
            ("v{number}", None),
        ] {
            let read = TitlePattern::read(pattern).expect("a pattern");
            assert_eq!(read.on(date).as_deref(), title);
            assert!(read.matches(&read.example()), "{pattern}");
        }
    }
}
