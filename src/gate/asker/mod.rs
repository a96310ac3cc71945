//! Who asks for a decision: proves the token that comes along, and binds it at first use to what is asked for.
//!
//! Nothing here decides: [`crate::domain::asker::may`] says whether they may ask, the gate what is answered. Nobody is
//! contacted but the issuers that the settings name, and those that a policy names.

mod fetch;

mod jwt;

mod keys;

mod verifier;

pub use verifier::NotAsked;
