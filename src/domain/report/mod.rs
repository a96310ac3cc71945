//! (to come)

pub mod text;

pub mod check;
