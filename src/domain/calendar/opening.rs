//! When the windows of one policy are open: the exact instants at which they open and close.
//!
//! Between two changes of a zone's offset its wall clock runs evenly, so that the next turn lies on the circle of the
//! week; each change of the offset is looked at by itself. Hours that summer time skips or repeats are nothing special.

use jiff::{
    SignedDuration, Timestamp,
    civil::{DateTime, Weekday},
};

use crate::domain::policy::{Clock, Window, Zone};

const DAY: i64 = 24 * 60 * 60;
const WEEK: i64 = 7 * DAY;

/// The windows of one policy, in its zone.
#[derive(Debug, Clone)]
pub struct Opening<'a> {
    windows: &'a [Window],
    zone: Zone,
    /// At which seconds of a week they open and close, in turn; windows that touch are one.
    turns: Vec<i64>,
}

impl<'a> Opening<'a> {
    /// No window at all means that it is always open.
    #[must_use]
    pub fn new(windows: &'a [Window], zone: Zone) -> Self {
        Self { windows, zone, turns: turns(windows) }
    }

    /// The windows, as the policy has them.
    #[must_use]
    pub fn windows(&self) -> &'a [Window] {
        self.windows
    }

    /// The zone in which they are meant.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Whether production may change at this time, as far as the windows go.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let wall = self.wall(at);
        self.windows.is_empty() || self.windows.iter().any(|window| window.contains(wall))
    }

    /// The first time after `at` at which the answer of [`Self::is_open`] is another: it closes if it is open, and
    /// opens if it is closed. `None`: never.
    #[must_use]
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        if self.turns.is_empty() {
            return None;
        }
        let open = self.is_open(at);
        let mut from = at;
        for jump in self.zone.time_zone().following(at).map(|transition| transition.timestamp()) {
            match self.next_turn(from).filter(|turn| *turn < jump) {
                Some(turn) => return Some(turn),
                None if self.is_open(jump) != open => return Some(jump),
                None => from = jump,
            }
        }
        self.next_turn(from)
    }

    /// The next turn if the offset stays what it is at `from`; `None` only at the end of time.
    fn next_turn(&self, from: Timestamp) -> Option<Timestamp> {
        let wall = self.wall(from);
        let now = second_of_week(wall.weekday(), wall);
        let index = self.turns.partition_point(|turn| *turn <= now);
        let turn = match self.turns.get(index) {
            Some(turn) => *turn,
            None => self.turns.first()? + WEEK,
        };
        let passed = SignedDuration::from_nanos(i64::from(wall.subsec_nanosecond()));
        from.checked_add(SignedDuration::from_secs(turn - now) - passed).ok()
    }

    fn wall(&self, at: Timestamp) -> DateTime {
        self.zone.time_zone().to_datetime(at)
    }
}

fn turns(windows: &[Window]) -> Vec<i64> {
    let mut spans: Vec<(i64, i64)> = windows.iter().flat_map(spans).collect();
    spans.sort_unstable();
    let mut turns: Vec<i64> = vec![];
    for (opens, closes) in spans {
        match turns.last_mut() {
            Some(last) if opens <= *last => *last = closes.max(*last),
            Some(_) | None => turns.extend([opens, closes]),
        }
    }
    let runs_on_over_the_week = turns.first() == Some(&0) && turns.last() == Some(&WEEK);
    if runs_on_over_the_week {
        turns.remove(0);
        turns.pop();
    }
    turns
}

/// From when until when a window is open on each of its days.
fn spans(window: &Window) -> impl Iterator<Item = (i64, i64)> {
    let at = |day: Weekday, clock: Clock| start_of(day) + i64::from(clock.minutes()) * 60;
    let days = Weekday::Monday.cycle_forward().take(7).filter(|day| window.days.contains(*day));
    days.map(move |day| (at(day, window.opens), at(day, window.closes)))
}

fn start_of(day: Weekday) -> i64 {
    i64::from(day.to_monday_zero_offset()) * DAY
}

fn second_of_week(day: Weekday, wall: DateTime) -> i64 {
    let (hour, minute, second) = (wall.hour(), wall.minute(), wall.second());
    start_of(day) + (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second)
}
