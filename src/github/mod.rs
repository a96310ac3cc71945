//! (to come)

pub mod payload;
pub mod signature;
