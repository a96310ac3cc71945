//! GitOps: files of a repository say which images run, and something outside GitHub syncs what they say.
//!
//! A pull request there moves an image by one line, and what that line brings lies in another repository. So the files are read
//! whole, as they were where the pull request parted from its branch and as it leaves them ([`manifest`]); what a diff does not
//! show is not overlooked that way. Where nothing but versions of images differs, the pull request is those images; whatever else
//! differs is a change of this repository, and is judged as one ([`edit`]). The old and the new version are resolved to commits of the repository that the image is built from
//! (`source`), and `changegate/release` judges the range between them by the rules of the environment, in the same way as a deployment of
//! that repository. What cannot be read for sure is unknown, and says so. A sync is a deployment of that repository too: it
//! asks at the gate before it begins, and its report makes what runs the baseline.

mod edit;
mod manifest;
mod source;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use edit::{Edit, Move, Synced, edit};
pub use manifest::{Manifest, UNNAMED, manifest};
pub use source::{Built, Named, Why, resolve};

/// Which image of a name it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// `sha256:` and 64 digits, as written; it counts where both are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// It is written as something else than a text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub odd: bool,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.tag, &self.digest) {
            (None, None) if self.odd => f.write_str("something that is no text"),
            (None, None) => f.write_str("no version"),
            (Some(tag), None) => f.write_str(tag),
            (None, Some(digest)) => f.write_str(digest),
            (Some(tag), Some(digest)) => write!(f, "{tag}@{digest}"),
        }
    }
}
