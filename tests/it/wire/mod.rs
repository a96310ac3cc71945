//! The program as it is installed: a process of its own, spoken to by signed webhooks, signals and commands.
//!
//! Nothing here looks inside it. What it stored is read from its database, what it said from its output.

mod letter;
pub mod listener;
pub mod mailbox;
mod place;
mod server;

mod announcing;
mod answers;
mod away;
mod commands;
mod crashes;
mod doctor;
mod durable;
mod flood;
mod gate;
mod health;
mod hostile;
mod kills;
mod notifying;
mod overtaken;
mod refusals;
mod repeats;
mod replicas;
mod rotation;
mod schema;
mod secrets;
mod slow;
mod story;
mod stopping;
mod tokens;
mod unstorable;
