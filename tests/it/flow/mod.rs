//! Webhook in, effect out: what people do on GitHub, and what GitHub then shows.

mod endings;
mod intake;
mod links;
mod triage;
