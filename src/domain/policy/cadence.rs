//! When a train leaves: `first Thursday 10:00`.

use super::error::Refusal;
use super::lengths::{Length, Unit};
use super::names::serialized_as_written;
use super::times::{Clock, Moment};
use super::windows::{Days, weekday, weekday_name};
use jiff::civil::{Date, DateTime, Weekday};
use std::fmt;

/// Which of a month's weekdays: `first Thursday`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nth {
    First,
    Second,
    Third,
    Fourth,
    Last,
}

const NTHS: [(&str, Nth, i8); 5] = [
    ("first", Nth::First, 1),
    ("second", Nth::Second, 2),
    ("third", Nth::Third, 3),
    ("fourth", Nth::Fourth, 4),
    ("last", Nth::Last, -1),
];

/// How often a train leaves, in the policy's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cadence {
    /// `first Thursday 10:00`: once a month.
    Monthly { nth: Nth, weekday: Weekday, at: Clock },
    /// `Thursday 10:00`, `Mon-Fri 10:00`: on these days of every week.
    Weekly { days: Days, at: Clock },
    /// `2 weeks from 2027-01-07 10:00`: every so many weeks, counted from a first time.
    Weeks { weeks: u16, first: Moment },
}

impl Cadence {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let cadence = if text.contains(" from ") { Self::read_weeks(text) } else { Self::read_days(text) };
        cadence.ok_or_else(|| {
            Refusal::of(text, "write when it leaves, like first Thursday 10:00, Thursday 10:00 or 2 weeks from 2027-01-07 10:00")
        })
    }

    fn read_weeks(text: &str) -> Option<Self> {
        let (length, first) = text.split_once(" from ")?;
        let length = Length::read(length).ok()?;
        let first = Moment::read(first).ok()?;
        (length.unit == Unit::Week).then_some(Self::Weeks { weeks: length.count, first })
    }

    fn read_days(text: &str) -> Option<Self> {
        let (days, at) = text.rsplit_once(' ')?;
        let at = Clock::read(at).filter(|at| at.minutes() < 24 * 60)?;
        let monthly = days.split_once(' ').and_then(|(nth, day)| {
            let (_, nth, _) = NTHS.iter().find(|(word, ..)| nth.eq_ignore_ascii_case(word))?;
            Some(Self::Monthly { nth: *nth, weekday: weekday(day)?, at })
        });
        monthly.or_else(|| Some(Self::Weekly { days: Days::read(days)?, at }))
    }

    /// The time of day at which the train leaves.
    pub fn at(self) -> Clock {
        match self {
            Self::Monthly { at, .. } | Self::Weekly { at, .. } => at,
            Self::Weeks { first, .. } => Clock::of(first.0),
        }
    }

    /// Does the train leave on this day?
    pub fn leaves_on(self, date: Date) -> bool {
        match self {
            Self::Monthly { nth, weekday, .. } => {
                let number = NTHS.iter().find(|(_, one, _)| *one == nth).map_or(1, |(.., number)| *number);
                date.nth_weekday_of_month(number, weekday).is_ok_and(|day| day == date)
            }
            Self::Weekly { days, .. } => days.contains(date.weekday()),
            Self::Weeks { weeks, first } => {
                let days = (date - first.0.date()).get_days();
                days >= 0 && days % (i32::from(weeks) * 7) == 0
            }
        }
    }

    /// The departures of two years, enough to see what this cadence does.
    pub(super) fn sample(self) -> impl Iterator<Item = DateTime> {
        let from = match self {
            Self::Weeks { first, .. } => first.0.date(),
            Self::Monthly { .. } | Self::Weekly { .. } => jiff::civil::date(2026, 1, 1),
        };
        self.departures(from, from.saturating_add(jiff::Span::new().days(730)))
    }

    /// The departures from one day to another, both included, as wall-clock times.
    pub fn departures(self, from: Date, to: Date) -> impl Iterator<Item = DateTime> {
        from.series(jiff::Span::new().days(1))
            .take_while(move |date| *date <= to)
            .filter(move |date| self.leaves_on(*date))
            .map(move |date| self.at().on(date))
    }
}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Monthly { nth, weekday, at } => {
                let word = NTHS.iter().find(|(_, one, _)| one == nth).map_or("", |(word, ..)| *word);
                write!(f, "{word} {} {at}", weekday_name(*weekday))
            }
            Self::Weekly { days, at } => write!(f, "{days} {at}"),
            Self::Weeks { weeks, first } => {
                write!(f, "{} from {first}", Length { count: *weeks, unit: Unit::Week })
            }
        }
    }
}

serialized_as_written!(Cadence);

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn cadences_are_read_and_written_in_one_form() {
        for text in [
            "first Thursday 10:00",
            "last Friday 08:30",
            "Thu 10:00",
            "Mon-Fri 10:00",
            "2 weeks from 2027-01-07 10:00",
        ] {
            assert_eq!(Cadence::read(text).expect(text).to_string(), text);
        }
        for text in [
            "",
            "fifth Thursday 10:00",
            "first 10:00",
            "Thursday",
            "Thursday 24:00",
            "2 days from 2027-01-07 10:00",
        ] {
            assert!(Cadence::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_train_leaves_on_the_days_of_its_cadence() {
        for (text, days) in [
            ("first Thursday 10:00", vec!["2026-12-03T10:00:00", "2027-01-07T10:00:00"]),
            ("last Thursday 10:00", vec!["2026-12-31T10:00:00", "2027-01-28T10:00:00"]),
            (
                "3 weeks from 2026-12-10 08:00",
                vec!["2026-12-10T08:00:00", "2026-12-31T08:00:00", "2027-01-21T08:00:00"],
            ),
        ] {
            let cadence = Cadence::read(text).expect(text);
            let departures: Vec<String> = cadence
                .departures(date(2026, 12, 1), date(2027, 1, 31))
                .map(|time| time.to_string())
                .collect();
            assert_eq!(departures, days, "{text}");
        }
    }
}
