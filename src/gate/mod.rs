//! The gate for any pipeline, over HTTP.

pub mod asker;
