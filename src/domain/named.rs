//! What issues, pull requests and people are called in findings, and where their pages are.

use super::{
    finding::Reference,
    ids::{Actor, IssueRef, RepoId, RepoName},
};

/// A name as it stands in a sentence; it has no page where the repository is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub text: String,
    pub page: Option<Reference>,
}

impl Named {
    fn with_page(text: String, path: String) -> Self {
        Self { page: Some(Reference { text: text.clone(), path }), text }
    }

    /// `#12` in the repository `here`, `acme/billing#3` elsewhere.
    #[must_use]
    pub fn issue(to: IssueRef, here: RepoId, name: Option<&RepoName>) -> Self {
        Self::numbered(to, here, name, "issues")
    }

    /// The same for a pull request.
    #[must_use]
    pub fn pull_request(at: IssueRef, here: RepoId, name: Option<&RepoName>) -> Self {
        Self::numbered(at, here, name, "pull")
    }

    fn numbered(at: IssueRef, here: RepoId, name: Option<&RepoName>, kind: &str) -> Self {
        let number = at.number;
        match name {
            Some(name) if at.repo == here => {
                Self::with_page(format!("#{number}"), format!("{name}/{kind}/{number}"))
            }
            Some(name) => Self::with_page(format!("{name}#{number}"), format!("{name}/{kind}/{number}")),
            None => Self { text: format!("number {number} of a repository unknown here"), page: None },
        }
    }

    /// `@dana`; bots have no page, nor has what cannot be a login.
    #[must_use]
    pub fn actor(actor: &Actor) -> Self {
        let login = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if actor.person && actor.login.chars().all(login) {
            Self::who(&actor.login)
        } else {
            Self { text: actor.login.replace('`', "'"), page: None }
        }
    }

    /// `@dana` or `@acme/triage`, with or without the `@` before.
    #[must_use]
    pub fn who(who: &str) -> Self {
        let bare = who.trim_start_matches('@');
        let path = match bare.split_once('/') {
            Some((organisation, team)) => format!("orgs/{organisation}/teams/{team}"),
            None => bare.into(),
        };
        Self::with_page(format!("@{bare}"), path)
    }
}

/// The names in a row: `@dana, @lee or @acme/triage`.
#[must_use]
pub fn one_of(names: &[Named]) -> String {
    row(names, "or")
}

/// The names in a row: `#12, #13 and acme/billing#3`.
#[must_use]
pub fn all_of(names: &[Named]) -> String {
    row(names, "and")
}

fn row(names: &[Named], word: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.text.clone(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(|name| name.text.as_str()).collect();
            format!("{} {word} {}", first.join(", "), last.text)
        }
    }
}

/// The pages of those that have one.
pub fn pages<'a>(names: impl IntoIterator<Item = &'a Named>) -> impl Iterator<Item = Reference> {
    names.into_iter().filter_map(|name| name.page.clone())
}
