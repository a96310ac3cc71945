//! Which requests look like one another: by the words of their titles, whatever their order, case and number.
//!
//! Two titles are alike as far as they share words; a word that stands in many titles says less than a rare one. It proposes, and a
//! person decides.

use std::collections::{BTreeMap, BTreeSet};

/// From here on, of 1, two are said to be alike.
pub const ALIKE: f64 = 0.7;
/// So many words a title must have to be like another one.
const WORDS: usize = 2;
/// A word in more titles than this leads to none of them: it only counts where others have led there.
const COMMON: usize = 200;

/// Titles, by any key.
#[derive(Debug)]
pub struct Titles<K> {
    all: Vec<(K, BTreeSet<String>)>,
    /// Where each word stands.
    by_word: BTreeMap<String, Vec<usize>>,
}

impl<K> Titles<K> {
    /// Reads them.
    pub fn of<'a>(titles: impl IntoIterator<Item = (K, &'a str)>) -> Self {
        let all: Vec<(K, BTreeSet<String>)> =
            titles.into_iter().map(|(key, title)| (key, words(title))).collect();
        let mut by_word: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, (_, words)) in all.iter().enumerate() {
            for word in words {
                by_word.entry(word.clone()).or_default().push(place);
            }
        }
        Self { all, by_word }
    }

    /// Those that are like a title, the most alike first.
    #[must_use]
    pub fn like(&self, title: &str) -> Vec<(&K, f64)> {
        let wanted = words(title);
        if wanted.len() < WORDS {
            return vec![];
        }
        let leading =
            wanted.iter().filter_map(|word| self.by_word.get(word)).filter(|places| places.len() <= COMMON);
        let places: BTreeSet<usize> = leading.flatten().copied().collect();
        let mut found: Vec<(&K, f64)> = places
            .into_iter()
            .filter_map(|place| self.all.get(place))
            .filter(|(_, words)| words.len() >= WORDS)
            .map(|(key, words)| (key, self.likeness(&wanted, words)))
            .filter(|(_, likeness)| *likeness >= ALIKE)
            .collect();
        found.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        found
    }

    /// The weight of the words that both have, in that of all their words.
    fn likeness(&self, one: &BTreeSet<String>, other: &BTreeSet<String>) -> f64 {
        let weigh =
            |words: &mut dyn Iterator<Item = &String>| -> f64 { words.map(|word| self.weight(word)).sum() };
        let all = weigh(&mut one.union(other));
        if all > 0.0 { weigh(&mut one.intersection(other)) / all } else { 0.0 }
    }

    /// How much a word says: the rarer, the more (inverse document frequency).
    #[expect(clippy::cast_precision_loss, reason = "it is a weight")]
    fn weight(&self, word: &str) -> f64 {
        let (all, with) = (self.all.len() as f64, self.by_word.get(word).map_or(0, Vec::len) as f64);
        ((1.0 + all) / (1.0 + with)).ln() + 0.1
    }
}

/// Words that say nothing of what is wanted.
const EMPTY: [&str; 22] = [
    "a", "an", "the", "of", "to", "in", "on", "for", "and", "or", "is", "are", "be", "it", "with", "please",
    "we", "need", "want", "should", "can", "our",
];

/// The words of a title, in their simplest form.
fn words(title: &str) -> BTreeSet<String> {
    let lower = title.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.filter(|word| !EMPTY.contains(word)).map(stem).collect()
}

/// Without the ending of a plural.
fn stem(word: &str) -> String {
    let long = word.chars().count() > 3;
    match word.strip_suffix("ies") {
        Some(stem) if long => format!("{stem}y"),
        _ => word.strip_suffix('s').filter(|stem| long && !stem.ends_with('s')).unwrap_or(word).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs that people have judged: what is asked twice in other words, and what only looks like it.
    const JUDGED: [(&str, &str, bool); 24] = [
        ("Export invoices as CSV", "Export of invoices as CSV", true),
        ("Export invoices as CSV", "CSV export for invoices", true),
        ("Show call records per contract", "Show call records per contract, please", true),
        ("Print dunning letters in both languages", "Dunning letters: print in both languages", true),
        ("Correct opening hours on the telephone", "Correct the opening hours on the telephone", true),
        ("Warn about number transfers after midnight", "Warn about number transfer after midnight", true),
        ("Allow discounts for resellers", "We need to allow discounts for resellers", true),
        ("Import delivery notes by region", "Import of delivery notes by region", true),
        ("Speed up customer notes", "Speed up the customer notes", true),
        ("Bank accounts: show per contract", "Show bank accounts per contract", true),
        ("Voicemail greetings in both languages", "Voicemail greeting in both languages", true),
        ("Reports by region", "Reports, by region", true),
        ("Export invoices as CSV", "Import invoices as CSV", false),
        ("Export invoices as CSV", "Export complaints as CSV", false),
        ("Show call records per contract", "Show bank accounts per contract", false),
        ("Print dunning letters in both languages", "Print delivery notes in both languages", false),
        ("Correct opening hours on the telephone", "Correct complaints on the telephone", false),
        ("Warn about number transfers after midnight", "Warn about discounts after midnight", false),
        ("Allow discounts for resellers", "Allow discounts by region", false),
        ("Import delivery notes by region", "Import delivery notes for resellers", false),
        ("Speed up customer notes", "Speed up call records", false),
        ("Bank accounts: show per contract", "Bank accounts: print per contract", false),
        ("Voicemail greetings in both languages", "Invoices in both languages", false),
        ("Reports by region", "Complaints by region", false),
    ];

    #[test]
    fn of_what_people_have_judged_it_finds_most_and_says_little_that_is_wrong() {
        let titles = Titles::of(JUDGED.iter().flat_map(|(one, other, _)| [(*one, *one), (*other, *other)]));
        let (mut right, mut wrong, mut missed) = (0, vec![], vec![]);
        for (one, other, is_same) in JUDGED {
            let found = titles.like(one).iter().any(|(key, _)| **key == other);
            match (found, is_same) {
                (true, true) => right += 1,
                (true, false) => wrong.push((one, other)),
                (false, true) => missed.push((one, other)),
                (false, false) => {}
            }
        }
        assert!(wrong.is_empty(), "precision: {wrong:?}");
        assert!(missed.len() <= 1, "recall: {right} found, {missed:?} missed");
    }

    #[test]
    fn what_says_nothing_is_like_nothing() {
        let titles = Titles::of([(1, "Bug"), (2, "bug"), (3, "Please, we need it"), (4, "")]);
        for title in ["Bug", "Please, we need it", "", "the of to"] {
            assert!(titles.like(title).is_empty(), "{title}");
        }
    }
}
