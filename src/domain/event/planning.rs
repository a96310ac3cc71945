//! What a command on a control record says of another issue.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{Actor, CommentId, IssueRef};

/// An issue is put into a release, or taken out of its release, by a command elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planning {
    /// The title of the release; `None`: it is taken out.
    pub release: Option<String>,
    pub why: Option<String>,
    pub by: Actor,
    /// When it was said.
    pub at: Timestamp,
    pub comment: CommentId,
    /// The how manyth command of the comment.
    pub place: usize,
    /// Where it was said.
    pub on: IssueRef,
}
