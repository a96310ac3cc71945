//! The answers that say what is wrong, as the description of the addresses lists them: each stands once.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses, ToSchema as _,
    openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder},
};

use super::problem::Problem;

type Refusal = (&'static str, &'static str);

const NO_JSON: Refusal = ("400", "The body is no JSON.");
const UNPROVED: Refusal = ("401", "Nothing proves who asks.");
const FORBIDDEN: Refusal = ("403", "Who asks may not ask that.");
const UNKNOWN: Refusal = ("404", "There is nothing of that kind for who asks.");
const TOO_LONG: Refusal = ("413", "The body is too long.");
const OF_ANOTHER_KIND: Refusal = ("415", "The body is not said to be JSON.");
const NOT_UNDERSTOOD: Refusal = ("422", "The request does not say what it must.");
const TOO_MANY: Refusal =
    ("429", "Who asks has asked too often: `Retry-After` says how many seconds to wait.");
const UNAVAILABLE: Refusal =
    ("503", "It cannot be answered now; nothing was allowed. `Retry-After` says how many seconds to wait.");

/// What is sent is read, and written down.
pub(super) struct Sending;

/// Something is looked at by its id.
pub(super) struct Seeing;

/// A list is looked at.
pub(super) struct Looking;

impl IntoResponses for Sending {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        described(&[
            NO_JSON,
            UNPROVED,
            FORBIDDEN,
            UNKNOWN,
            TOO_LONG,
            OF_ANOTHER_KIND,
            NOT_UNDERSTOOD,
            TOO_MANY,
            UNAVAILABLE,
        ])
    }
}

impl IntoResponses for Seeing {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        described(&[UNPROVED, UNKNOWN, NOT_UNDERSTOOD, TOO_MANY, UNAVAILABLE])
    }
}

impl IntoResponses for Looking {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        described(&[UNPROVED, FORBIDDEN, NOT_UNDERSTOOD, TOO_MANY, UNAVAILABLE])
    }
}

fn described(refusals: &[Refusal]) -> BTreeMap<String, RefOr<Response>> {
    let problem = || ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    let answer = |text: &str| {
        ResponseBuilder::new().description(text).content("application/problem+json", problem()).build()
    };
    refusals.iter().map(|(status, text)| ((*status).to_owned(), answer(text).into())).collect()
}
