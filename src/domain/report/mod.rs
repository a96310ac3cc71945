//! The words people read on GitHub: status comments, replies to commands, check runs.

pub mod text;

pub mod status;

pub mod next;

pub mod reply;

pub mod heard;

pub mod check;

pub mod gate;

pub mod record;

pub mod retrospective;

#[cfg(test)]
mod injection;
