//! Changegate: change control for teams on GitHub.
//!
//! This file is the map. The rooms stand in the order in which a webhook travels through them;
//! `tests/it/architecture.rs` holds which room may name which.
//!
//! ```text
//! pipeline ─POST─► gate ────────────────┐  (who asks at the gate says whom it concerns: it is routed as it is kept)
//! GitHub ─POST─► webhook ───────────────┼─keep─► deliveries ─route─► subjects due
//! GitHub's record and lists ─► repair ──┘                │
//!                                                        │ claim: the lease is on the subject
//!                                                        ▼
//!                 pending events in arrival order ─► domain::judge ─► Needs(more)? store, then batched reads; again
//!                                                        └► Decided(Decision)
//!                                                        ▼ settle in groups: one transaction
//!                        state · audit log · effects · lines of the register · dependents whose view changed · events done
//!                                                        │ claim by lease, one holder per key
//!                                                        ▼
//!                                           effects ─► check run · answer to a waiting job · comment · issue · label ...
//!                                              └───► announcements to other systems
//!
//! the log ─► notifier ─► chat and mail, for whom policy names
//! the register's lines ─► planner ─► queue, plan, accounts: command line, API, page, calendar
//!                            ├─► publisher ─keep─► deliveries (the plan is another: one issue tells it)
//!                            └─► operator ─keep─► deliveries (a planning meeting is opened: one issue is its agenda)
//! ```
//!
//! # Invariants
//!
//! 1. [`domain`] is pure: [`domain::decide::judge`] answers with a decision or with questions. Clock and
//!    randomness are arguments. A fact is known, with its time, or unknown, with its reason.
//! 2. One door in: whatever can change state is a delivery.
//! 3. One writer: only settling changes state or appends to the audit log; state, audit entry, effects and the
//!    acknowledgement commit together.
//! 4. An acknowledged delivery is durable. A body that cannot be read is parked and visible, never lost.
//! 5. An event is a hint; facts are the truth. Lost, repeated, late and reordered webhooks end in the same state.
//! 6. A decision carries its read set; settling checks it inside the transaction and judges again on a mismatch.
//! 7. Unknown is never allow. No allow rests on what GitHub said more than ten seconds ago, nor on less than what had
//!    arrived: the run, its checks and what runs are read at that moment, and the pull requests and change requests that
//!    it brings are compared with GitHub; what differs is read anew first. An allow is sent while that is so and nothing has
//!    come since, or else decided anew.
//! 8. A check run never ends `neutral` or `skipped`: both would satisfy a required check.
//! 9. No call to GitHub while a transaction is open. An effect is stored before it is sent; sending it twice is
//!    harmless, or carries the same idempotency key; a newer effect with the same key replaces an unsent older one; one
//!    holder per key.
//! 10. The audit log is append-only and hash-chained per tenant; personal text lies outside the chain and can be erased.
//! 11. The tenant is the GitHub host and the numeric account id; every query carries it. `github` and `store` never
//!     name each other.
//! 12. Every stored event, state, effect and audit entry carries kind and version; readers accept all earlier ones.
//! 13. No trait, flag or `cfg` exists only for tests; faults are injected from outside.

pub mod webhook;

pub mod gate;

pub mod inbox;

pub mod domain;

pub mod effects;

pub mod repair;

pub mod planner;

pub mod publisher;

pub mod place;

pub mod announce;

pub mod notifier;

pub mod post;

pub mod github;

pub mod registry;

pub mod reach;

pub mod store;

pub mod together;

pub mod sandbox;

pub mod demo;

pub mod worker;

pub mod clock;

pub mod metrics;

pub mod config;

pub mod operator;

pub mod admin;

pub mod register;

pub mod health;

pub mod doctor;

pub mod app;

pub mod cli;
