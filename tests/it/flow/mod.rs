//! Webhook in, effect out: what people do on GitHub, and what GitHub then shows.

mod costs;
mod deliveries;
mod deploying;
mod derived;
mod emergencies;
mod endings;
mod faults;
mod freezes;
mod installation;
mod intake;
mod links;
mod milestones;
mod modes;
mod orders;
mod own_change;
mod policy;
mod pull_requests;
mod queue;
mod relabelled;
mod releasing;
mod signed_policy;
mod sidebar;
mod standard_changes;
mod triage;
mod waking;
mod watching;
