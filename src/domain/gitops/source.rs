//! Which commit of its repository an image was built from.

use super::{
    super::{
        facts::{Fact, Inquiry},
        finding::{Finding, Outcome, code},
        ids::{RepoId, RepoName, Sha},
    },
    Version,
};

/// What an image was built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    pub commit: Sha,
    /// The tag of the repository that says it.
    pub tag: Option<String>,
}

/// Why that cannot be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    code: &'static str,
    outcome: Outcome,
    sentence: String,
    cure: String,
}

const WRITE: &str =
    "name the image by its digest, or by a tag that is the whole hash of the commit that it was built from";

impl Why {
    fn fail(code: &'static str, sentence: String) -> Self {
        Self { code, outcome: Outcome::Fail, sentence, cure: WRITE.into() }
    }

    fn unread(why: &str) -> Self {
        let sentence = format!("What it was built from could not be read: {}.", why.trim_end_matches('.'));
        let cure = "it is read again by itself".into();
        Self { code: "image_unread", outcome: Outcome::Unknown, sentence, cure }
    }

    /// As it is shown.
    #[must_use]
    pub fn finding(self, image: &str) -> Finding {
        Finding::new(self.code, self.outcome, "what the image was built from is known", self.sentence)
            .headline(format!("what {} was built from is not known", code(image)))
            .cure(self.cure)
    }

    /// The sentence.
    #[must_use]
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// Whether it is not known, and may be found out later.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.outcome == Outcome::Unknown
    }
}

/// The commit of `repo` that a version of an image was built from. `None`: something must be found out first.
pub fn resolve(
    (image, version): (&str, &Version),
    (repo, name): (RepoId, &RepoName),
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<Built, Why>> {
    let image = code(image);
    if version.odd {
        let sentence = format!("The version of {image} is written as something else than a text.");
        return Some(Err(Why { cure: "put it in quotes".into(), ..Why::fail("image_version_odd", sentence) }));
    }
    if let Some(digest) = &version.digest {
        let sentence = format!("Nothing says what {image} with the digest {} was built from.", code(digest));
        return Some(Err(Why::fail("image_without_provenance", sentence)));
    }
    let Some(tag) = &version.tag else {
        let sentence = format!("{image} is named without a version, which is whatever was pushed last.");
        return Some(Err(Why::fail("image_without_version", sentence)));
    };
    if let Some(commit) = whole_hash(tag) {
        return Some(match inquiry.compare(repo, &commit, &commit)? {
            Fact::Known(Some(_), _) => Ok(Built { commit, tag: None }),
            Fact::Known(None, _) => {
                let sentence = format!("{name} has no commit {}.", code(commit.as_str()));
                Err(Why::fail("image_commit_unknown", sentence))
            }
            Fact::Unknown(why) => Err(Why::unread(&why)),
        });
    }
    let sentence = format!("{} is a tag of {image} that may be moved to anything.", code(tag));
    Some(Err(Why::fail("image_tag_moves", sentence)))
}

fn whole_hash(tag: &str) -> Option<Sha> {
    if tag.len() == 40 { tag.parse().ok() } else { None }
}
