//! Decides. No input or output, no clock, no waiting, no log: what is not an argument is not known here.
//!
//! The order below is the order in which the parts build on each other. [`decide::judge`] is the one way in for
//! decisions and [`route::route`] the one that says whom an event concerns.

pub mod pairs;

pub mod ids;

pub mod event;

pub mod markdown;

pub mod issue_form;

pub mod command;

pub mod link;

pub mod claim;

pub mod policy;

pub mod finding;

pub mod named;

pub mod asker;

pub mod calendar;

pub mod patch;

pub mod gitops;

pub mod revision;

pub mod approval;

pub mod account;

pub mod repository;

pub mod milestone;

pub mod pull_request;

pub mod change_request;

pub mod acceptance;

pub mod commit;

pub mod commit_range;

pub mod glance;

pub mod fresh;

pub mod release;

pub mod environment;

pub mod gate;

pub mod promotion;

pub mod subject;

pub mod sweep;

pub mod tagged;

pub mod facts;

pub mod native;

pub mod planning;

pub mod doctor;

pub mod report;

pub mod announcement;

pub mod bell;

pub mod effect;

pub mod replies;

pub mod audit;

pub mod notification;

pub mod route;

pub mod decide;

#[cfg(test)]
mod trial;
