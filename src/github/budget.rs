//! What GitHub lets one installation ask, and when. It answers at once: now, or not before that time.
//!
//! Two kinds of limits: those that GitHub tells in its answers (`x-ratelimit-*`, `retry-after`, a bare refusal), and
//! those it only documents (80 content writes a minute and 500 an hour, 900 points a minute over REST, 2,000 over
//! GraphQL). A fifth of the hourly limit is kept for the gate, and for the reads that decisions rest on.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use crate::domain::effect::Lane;

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// A read over REST.
    Read,
    /// A read over GraphQL, which has a limit of its own.
    Query,
    /// A check run: a write that notifies nobody.
    Check,
    /// A comment, label, milestone or reaction.
    Content,
}

impl Cost {
    const fn resource(self) -> Resource {
        match self {
            Self::Query => Resource::GraphQl,
            Self::Read | Self::Check | Self::Content => Resource::Rest,
        }
    }

    /// In GitHub's points a minute.
    const fn points(self) -> u32 {
        match self {
            Self::Read | Self::Query => 1,
            Self::Check | Self::Content => 5,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Resource {
    Rest,
    GraphQl,
}

impl Resource {
    const fn word(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::GraphQl => "graphql",
        }
    }
}

/// Not now: no request before this time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// The first moment at which it is worth asking again.
    pub at: Timestamp,
    /// Which limit it is, as a clause: "the hourly limit is used up".
    pub why: &'static str,
}

/// What an answer's headers say about limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// `x-ratelimit-limit`.
    pub limit: Option<u64>,
    /// `x-ratelimit-remaining`.
    pub remaining: Option<u64>,
    /// `x-ratelimit-reset`.
    pub reset: Option<Timestamp>,
    /// `retry-after`.
    pub retry_after: Option<Duration>,
    /// The answer refuses because of a limit.
    pub limited: bool,
}

/// The budget of one installation.
#[derive(Debug, Default)]
pub struct Budget {
    windows: BTreeMap<Resource, Window>,
    closed: Option<Later>,
    bare_refusals: u32,
    rest: Pace<900, 60>,
    graphql: Pace<2_000, 60>,
    writes: Pace<80, 60>,
    content: Pace<500, 3_600>,
}

impl Budget {
    /// Takes what a request costs, or says when to come back. What is taken is not given back.
    ///
    /// # Errors
    /// When GitHub must not be asked yet.
    pub fn take(&mut self, cost: Cost, lane: Lane, now: Timestamp) -> Result<(), Later> {
        self.look(cost, lane, now)?;
        self.note(cost, now);
        Ok(())
    }

    /// Says the same and takes nothing.
    ///
    /// # Errors
    /// When GitHub must not be asked yet.
    pub fn look(&mut self, cost: Cost, lane: Lane, now: Timestamp) -> Result<(), Later> {
        if let Some(later) = self.closed.as_ref().filter(|later| later.at > now) {
            return Err(later.clone());
        }
        if let Some(window) = self.windows.get(&cost.resource()) {
            window.check(lane, now)?;
        }
        self.check_paces(cost, now)
    }

    /// What is left of each hourly limit that GitHub told: for the gate, and for the rest.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> Vec<(&'static str, u64, u64)> {
        let of = |(resource, window): (&Resource, &Window)| {
            let left = if window.reset <= now { window.limit } else { window.remaining };
            (resource.word(), left, left.saturating_sub(window.kept()))
        };
        self.windows.iter().map(of).collect()
    }

    /// Whether more than half is left of each hourly limit that GitHub told.
    #[must_use]
    pub fn is_plenty(&self, now: Timestamp) -> bool {
        self.windows.values().all(|window| window.reset <= now || window.remaining > window.limit / 2)
    }

    fn check_paces(&mut self, cost: Cost, now: Timestamp) -> Result<(), Later> {
        let points = match cost.resource() {
            Resource::Rest => self.rest.next(cost.points(), now),
            Resource::GraphQl => self.graphql.next(cost.points(), now),
        };
        let writes = matches!(cost, Cost::Check | Cost::Content).then(|| self.writes.next(1, now)).flatten();
        let content = (cost == Cost::Content).then(|| self.content.next(1, now)).flatten();
        match [points, writes, content].into_iter().flatten().max() {
            Some(at) => Err(Later { at, why: "we write no faster than GitHub allows" }),
            None => Ok(()),
        }
    }

    fn note(&mut self, cost: Cost, now: Timestamp) {
        if let Some(window) = self.windows.get_mut(&cost.resource()) {
            window.remaining = window.remaining.saturating_sub(1);
        }
        match cost.resource() {
            Resource::Rest => self.rest.note(cost.points(), now),
            Resource::GraphQl => self.graphql.note(cost.points(), now),
        }
        if matches!(cost, Cost::Check | Cost::Content) {
            self.writes.note(1, now);
        }
        if cost == Cost::Content {
            self.content.note(1, now);
        }
    }

    /// Learns from an answer; says until when nothing may be asked, where the answer refuses because of a limit.
    pub fn learn(&mut self, cost: Cost, told: Told, now: Timestamp) -> Option<Later> {
        self.learn_window(cost.resource(), told);
        if !told.limited {
            self.bare_refusals = 0;
            return None;
        }
        let spent = told.reset.filter(|reset| told.remaining == Some(0) && *reset > now);
        let later = match (told.retry_after, spent) {
            (Some(wait), _) => Later { at: after(now, wait), why: "GitHub asked us to wait" },
            (None, Some(at)) => return Some(Later { at, why: SPENT }),
            (None, None) => Later { at: after(now, self.bare_wait()), why: "GitHub asked us to slow down" },
        };
        if self.closed.as_ref().is_none_or(|closed| closed.at < later.at) {
            self.closed = Some(later.clone());
        }
        Some(later)
    }

    fn learn_window(&mut self, resource: Resource, told: Told) {
        let (Some(remaining), Some(reset)) = (told.remaining, told.reset) else { return };
        let limit = told.limit.unwrap_or(LEAST_LIMIT);
        let known = self.windows.entry(resource).or_insert(Window { limit, remaining, reset });
        // Answers overtake each other: within one window the smaller number is the newer one.
        let remaining = if known.reset == reset { known.remaining.min(remaining) } else { remaining };
        if reset >= known.reset {
            *known = Window { limit, remaining, reset };
        }
    }

    /// A minute, then two, then four, up to half an hour.
    fn bare_wait(&mut self) -> Duration {
        let doublings = self.bare_refusals.min(5);
        self.bare_refusals += 1;
        Duration::from_secs((60_u64 << doublings).min(1_800))
    }
}

/// The least that any installation has, an hour.
const LEAST_LIMIT: u64 = 5_000;

const SPENT: &str = "the hourly limit is used up";

/// The hourly limit of one resource, as last told.
#[derive(Debug, Clone, Copy)]
struct Window {
    limit: u64,
    remaining: u64,
    reset: Timestamp,
}

impl Window {
    /// The fifth that is kept for the gate.
    const fn kept(&self) -> u64 {
        self.limit / 5
    }

    fn check(&self, lane: Lane, now: Timestamp) -> Result<(), Later> {
        if self.reset <= now {
            return Ok(());
        }
        let kept = match lane {
            Lane::Gate => 0,
            Lane::Check | Lane::Rest | Lane::Announce => self.kept(),
        };
        match self.remaining {
            0 => Err(Later { at: self.reset, why: SPENT }),
            remaining if remaining <= kept => {
                Err(Later { at: self.reset, why: "what is left of the hourly limit is kept for the gate" })
            }
            _ => Ok(()),
        }
    }
}

/// At most `LIMIT` in any `SECONDS`.
#[derive(Debug, Default)]
struct Pace<const LIMIT: u32, const SECONDS: i64> {
    taken: VecDeque<(Timestamp, u32)>,
    sum: u32,
}

impl<const LIMIT: u32, const SECONDS: i64> Pace<LIMIT, SECONDS> {
    /// When `more` may be taken, if not now.
    fn next(&mut self, more: u32, now: Timestamp) -> Option<Timestamp> {
        let span = SignedDuration::from_secs(SECONDS);
        while let Some((_, taken)) =
            self.taken.front().copied().filter(|(at, _)| now.duration_since(*at) >= span)
        {
            self.sum -= taken;
            self.taken.pop_front();
        }
        let mut left = self.sum;
        let free = self.taken.iter().find_map(|(at, taken)| {
            let enough = left + more <= LIMIT;
            left -= taken;
            (!enough && left + more <= LIMIT).then_some(*at)
        });
        if self.sum + more <= LIMIT { None } else { free.map(|at| at.saturating_add(span).unwrap_or(at)) }
    }

    fn note(&mut self, more: u32, now: Timestamp) {
        self.taken.push_back((now, more));
        self.sum += more;
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn start() -> Clock {
        Clock::held("2026-11-23T10:00:00Z".parse().unwrap())
    }

    fn at(clock: &Clock, seconds: i64) -> Timestamp {
        clock.now() + SignedDuration::from_secs(seconds)
    }

    fn told(limit: u64, remaining: u64, reset: Timestamp) -> Told {
        Told { limit: Some(limit), remaining: Some(remaining), reset: Some(reset), ..Told::default() }
    }

    #[test]
    fn nothing_is_asked_before_the_time_that_github_named() {
        let clock = start();
        for (told, seconds) in [
            (Told { retry_after: Some(Duration::from_secs(120)), limited: true, ..Told::default() }, 120),
            (Told { limited: true, ..told(5_000, 0, at(&clock, 1_000)) }, 1_000),
            (Told { limited: true, ..Told::default() }, 60),
        ] {
            let mut budget = Budget::default();
            let until = at(&clock, seconds);
            assert_eq!(budget.learn(Cost::Content, told, clock.now()).unwrap().at, until);
            for lane in [Lane::Gate, Lane::Check, Lane::Rest] {
                let before = until - SignedDuration::from_nanos(1);
                assert_eq!(budget.take(Cost::Read, lane, before).unwrap_err().at, until);
                assert!(budget.take(Cost::Read, lane, until).is_ok());
            }
        }
    }

    #[test]
    fn bare_refusals_double_the_wait_until_one_request_passes() {
        let (clock, mut budget) = (start(), Budget::default());
        let bare = Told { limited: true, ..Told::default() };
        let wait = |budget: &mut Budget| {
            budget.learn(Cost::Read, bare, clock.now()).unwrap().at.duration_since(clock.now()).as_secs()
        };
        let waits: Vec<i64> = (0..7).map(|_| wait(&mut budget)).collect();
        assert_eq!(waits, [60, 120, 240, 480, 960, 1_800, 1_800]);
        budget.learn(Cost::Read, Told::default(), clock.now());
        assert_eq!(wait(&mut budget), 60);
    }

    #[test]
    fn the_last_fifth_of_the_hourly_limit_is_for_the_gate() {
        let (clock, mut budget) = (start(), Budget::default());
        let reset = at(&clock, 600);
        budget.learn(Cost::Read, told(100, 21, reset), clock.now());
        assert!(budget.take(Cost::Content, Lane::Rest, clock.now()).is_ok());
        assert_eq!(budget.take(Cost::Content, Lane::Rest, clock.now()).unwrap_err().at, reset);
        assert_eq!(budget.take(Cost::Check, Lane::Check, clock.now()).unwrap_err().at, reset);
        for _ in 0..20 {
            assert!(budget.take(Cost::Read, Lane::Gate, clock.now()).is_ok());
        }
        assert_eq!(budget.take(Cost::Read, Lane::Gate, clock.now()).unwrap_err().at, reset);
        assert!(budget.take(Cost::Query, Lane::Rest, clock.now()).is_ok(), "GraphQL has its own");
        assert!(budget.take(Cost::Read, Lane::Rest, reset).is_ok());
    }

    #[test]
    fn what_is_left_is_told_without_what_is_kept_for_the_gate() {
        let (clock, mut budget) = (start(), Budget::default());
        assert_eq!(budget.left(clock.now()), []);
        let reset = at(&clock, 600);
        for (remaining, left) in [(100, ("rest", 100, 80)), (21, ("rest", 21, 1)), (7, ("rest", 7, 0))] {
            budget.learn(Cost::Read, told(100, remaining, reset), clock.now());
            assert_eq!(budget.left(clock.now()), [left]);
        }
        assert_eq!(budget.left(reset), [("rest", 100, 80)], "the hour is over");
    }

    #[test]
    fn there_is_plenty_until_half_of_any_hourly_limit_is_used_up() {
        let (clock, mut budget) = (start(), Budget::default());
        let reset = at(&clock, 600);
        assert!(budget.is_plenty(clock.now()));
        budget.learn(Cost::Query, told(100, 90, reset), clock.now());
        budget.learn(Cost::Read, told(100, 51, reset), clock.now());
        assert!(budget.is_plenty(clock.now()));
        budget.learn(Cost::Read, told(100, 50, reset), clock.now());
        assert!(!budget.is_plenty(clock.now()) && budget.is_plenty(reset));
    }

    #[test]
    fn an_answer_that_was_overtaken_gives_nothing_back() {
        let (clock, mut budget) = (start(), Budget::default());
        let reset = at(&clock, 600);
        budget.learn(Cost::Read, told(100, 0, reset), clock.now());
        budget.learn(Cost::Read, told(100, 50, reset), clock.now());
        budget.learn(Cost::Read, told(100, 90, at(&clock, -3_000)), clock.now());
        assert!(budget.take(Cost::Read, Lane::Gate, clock.now()).is_err());
    }

    #[test]
    fn content_is_written_eighty_times_a_minute_and_five_hundred_times_an_hour() {
        let (clock, mut budget) = (start(), Budget::default());
        let begin = clock.now();
        let mut sent = vec![];
        while clock.now().duration_since(begin) < SignedDuration::from_hours(1) {
            match budget.take(Cost::Content, Lane::Rest, clock.now()) {
                Ok(()) => sent.push(clock.now()),
                Err(later) => clock.advance(later.at.duration_since(clock.now())),
            }
        }
        let in_minute = |from: Timestamp| {
            sent.iter().filter(|at| **at >= from && **at < from + SignedDuration::from_secs(60)).count()
        };
        assert_eq!(sent.len(), 500);
        assert!(sent.iter().all(|from| in_minute(*from) <= 80));
    }

    #[test]
    fn check_runs_do_not_use_up_the_hour_of_comments() {
        let (clock, mut budget) = (start(), Budget::default());
        for _ in 0..600 {
            while let Err(later) = budget.take(Cost::Check, Lane::Check, clock.now()) {
                clock.advance(later.at.duration_since(clock.now()));
            }
        }
        clock.advance(SignedDuration::from_secs(60));
        assert!(budget.take(Cost::Content, Lane::Rest, clock.now()).is_ok());
    }

    #[test]
    fn queries_and_reads_have_a_pace_of_their_own() {
        let (clock, mut budget) = (start(), Budget::default());
        for _ in 0..2_000 {
            budget.take(Cost::Query, Lane::Rest, clock.now()).unwrap();
        }
        assert_eq!(budget.take(Cost::Query, Lane::Gate, clock.now()).unwrap_err().at, at(&clock, 60));
        assert!(budget.take(Cost::Read, Lane::Rest, clock.now()).is_ok());
    }
}
