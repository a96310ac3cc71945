//! The words by which a pull request or a commit closes an issue.

const KEYWORDS: [&str; 9] =
    ["close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved"];

/// The issues that a text closes: repository (`None` for the same one) and number.
pub(in crate::sandbox) fn closing_references(text: &str) -> Vec<(Option<String>, u64)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).filter(|pair| is_keyword(pair[0])).filter_map(|pair| reference(pair[1])).collect()
}

fn is_keyword(word: &str) -> bool {
    let word = word.trim_end_matches(':').trim_start_matches(|letter: char| !letter.is_alphanumeric());
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

fn reference(word: &str) -> Option<(Option<String>, u64)> {
    if let Some((_, path)) = word.split_once("://") {
        let mut parts = path.split('/').skip(1).filter(|part| *part != "web");
        let (owner, name) = (parts.next()?, parts.next()?);
        let number = parts.nth(1)?;
        return Some((Some(format!("{owner}/{name}")), leading_number(number)?));
    }
    let (repo, number) = word.split_once('#')?;
    let repo = repo.trim_start_matches(['(', '[']);
    Some(((!repo.is_empty()).then(|| repo.to_owned()), leading_number(number)?))
}

fn leading_number(text: &str) -> Option<u64> {
    let end = text.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}
