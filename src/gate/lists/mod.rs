//! What is known, to be looked at: lists, a page at a time.
//!
//! - [`page`]: where a page ends and the next begins,
//! - `reader`: who looks, and how far they see,
//! - `standing`: how an exception stands,
//! - [`names`]: what things are called and where they are on GitHub,
//! - and one file for each list.
//!
//! Nothing is judged here, and nothing that is shown lets anything through.

pub mod audit;
pub mod changes;
pub mod environments;
pub mod exceptions;
pub mod gates;
pub mod names;
pub mod page;
pub mod planning;
mod reader;
pub mod releases;
mod standing;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::Gate;

/// The addresses of the lists.
pub(super) fn routes() -> OpenApiRouter<Gate> {
    OpenApiRouter::new()
        .routes(routes!(changes::list))
        .routes(routes!(releases::list))
        .routes(routes!(environments::list))
        .routes(routes!(exceptions::list))
        .routes(routes!(audit::list))
        .routes(routes!(gates::list))
        .merge(planning::routes())
}
