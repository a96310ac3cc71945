//! Who wrote a commit, as far as its signature vouches for it. Without one, names and addresses are whatever somebody
//! has typed.

use serde::Deserialize;

use super::shapes::{Page, Who};

/// GitHub's own account for what it commits on somebody's behalf.
pub(super) const WEB_FLOW: &str = "web-flow";

/// Somebody whom a commit names.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Signature {
    pub(super) email: Option<String>,
    pub(super) user: Option<Who>,
}

/// The signature over a commit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vouching {
    is_valid: bool,
    was_signed_by_git_hub: bool,
    signer: Option<Who>,
}

impl Signature {
    fn login(&self) -> Option<String> {
        let known = self.user.as_ref().and_then(Who::login);
        known.or_else(|| self.email.as_deref().and_then(bot_of))
    }
}

/// The bot of an address that GitHub gives to bots: `49699333+dependabot[bot]@users.noreply.github.com`.
fn bot_of(email: &str) -> Option<String> {
    let (name, host) = email.split_once('@')?;
    let (id, login) = name.split_once('+')?;
    let numbered = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    let given = numbered && host.starts_with("users.noreply.");
    (given && login.ends_with("[bot]")).then(|| login.to_ascii_lowercase())
}

/// The logins of the authors, in lower case, where the signature vouches for them. GitHub signs only what it commits
/// for somebody who has signed in; a person's key vouches only for what that person wrote and committed alone.
pub(super) fn vouched(
    authors: &Page<Signature>,
    committer: Option<&Signature>,
    signature: Option<&Vouching>,
) -> Option<Vec<String>> {
    let signature = signature.filter(|signature| signature.is_valid && authors.is_all())?;
    let authors: Vec<String> = authors.iter().map(Signature::login).collect::<Option<_>>()?;
    let committer = committer.and_then(Signature::login)?;
    let vouched = if signature.was_signed_by_git_hub {
        committer == WEB_FLOW || authors.contains(&committer)
    } else {
        let signer = signature.signer.as_ref().and_then(Who::login);
        signer.as_ref() == Some(&committer) && authors.iter().all(|author| *author == committer)
    };
    (vouched && !authors.is_empty()).then_some(authors)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn user(login: &str) -> Value {
        json!({ "__typename": "User", "databaseId": 1, "login": login })
    }

    fn by(login: &str) -> Value {
        json!({ "email": "x@acme.example", "user": user(login) })
    }

    fn signed(by_github: bool, signer: Value, valid: bool) -> Value {
        json!({ "isValid": valid, "wasSignedByGitHub": by_github, "signer": signer })
    }

    #[test]
    fn only_a_verified_signature_says_who_wrote_a_commit() {
        let mail = |email: &str| json!({ "email": email, "user": null });
        let bot = || mail("49699333+Dependabot[bot]@users.noreply.github.com");
        let github = || signed(true, user("web-flow"), true);
        for (what, authors, committer, signature, expected) in [
            ("a bot through the API", json!([bot()]), by("web-flow"), github(), "dependabot[bot]"),
            ("a bot that GitHub shows", json!([by("x[bot]")]), by("web-flow"), github(), "x[bot]"),
            ("a person on a page", json!([by("ana")]), by("web-flow"), github(), "ana"),
            ("with a co-author", json!([by("ana"), by("lee")]), by("web-flow"), github(), "ana lee"),
            ("her own key", json!([by("ana")]), by("ana"), signed(false, user("ana"), true), "ana"),
            ("no signature", json!([bot()]), bot(), Value::Null, ""),
            (
                "a signature that is not valid",
                json!([bot()]),
                by("web-flow"),
                signed(true, Value::Null, false),
                "",
            ),
            ("another key", json!([by("ana")]), by("ana"), signed(false, user("lee"), true), ""),
            ("lee commits as ana", json!([by("ana")]), by("lee"), signed(false, user("lee"), true), ""),
            (
                "lee signs for two",
                json!([by("lee"), by("ana")]),
                by("lee"),
                signed(false, user("lee"), true),
                "",
            ),
            ("GitHub for another committer", json!([by("ana")]), by("lee"), github(), ""),
            ("a committer whom nobody knows", json!([by("ana")]), mail("a@b.example"), github(), ""),
            ("an author whom nobody knows", json!([mail("a@b.example")]), by("web-flow"), github(), ""),
            ("an address like a bot's", json!([mail("1+x[bot]@evil.example")]), by("web-flow"), github(), ""),
            ("nobody", json!([]), by("web-flow"), github(), ""),
        ] {
            let read = |value: Value| serde_json::from_value(value).unwrap();
            let authors: Page<Signature> = serde_json::from_value(
                json!({ "totalCount": authors.as_array().unwrap().len(), "nodes": authors }),
            )
            .unwrap();
            let signature: Option<Vouching> = serde_json::from_value(signature).unwrap();
            let committer: Signature = read(committer);
            let found = vouched(&authors, Some(&committer), signature.as_ref()).unwrap_or_default();
            assert_eq!(found.join(" "), expected, "{what}");
        }
    }

    #[test]
    fn authors_who_are_not_shown_are_not_vouched_for() {
        let authors = serde_json::from_value(json!({ "totalCount": 2, "nodes": [by("ana")] })).unwrap();
        let committer: Signature = serde_json::from_value(by("web-flow")).unwrap();
        let signature: Vouching = serde_json::from_value(signed(true, Value::Null, true)).unwrap();
        assert_eq!(vouched(&authors, Some(&committer), Some(&signature)), None);
    }
}
