//! Change windows: the days and hours of the week in which production may change.

use super::error::Refusal;
use super::names::serialized_as_written;
use super::times::Clock;
use jiff::civil::{DateTime, Weekday};
use std::fmt;

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("Monday", Weekday::Monday),
    ("Tuesday", Weekday::Tuesday),
    ("Wednesday", Weekday::Wednesday),
    ("Thursday", Weekday::Thursday),
    ("Friday", Weekday::Friday),
    ("Saturday", Weekday::Saturday),
    ("Sunday", Weekday::Sunday),
];

pub(super) fn weekday(text: &str) -> Option<Weekday> {
    let is = |name: &str| {
        text.eq_ignore_ascii_case(name) || name.get(..3).is_some_and(|short| text.eq_ignore_ascii_case(short))
    };
    WEEKDAYS.iter().find(|(name, _)| is(name)).map(|(_, day)| *day)
}

pub(super) fn weekday_name(day: Weekday) -> &'static str {
    WEEKDAYS.iter().find(|(_, weekday)| *weekday == day).map_or("", |(name, _)| name)
}

/// Days of the week, as a policy writes them: `Thursday`, `Tue-Thu`, `Mon,Wed,Fri`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Days(u8);

impl Days {
    pub(super) fn read(text: &str) -> Option<Self> {
        text.split(',').try_fold(Self(0), |days, part| {
            let part = part.trim();
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(Self(days.0 | Self::range(weekday(first)?, weekday(last)?).0))
        })
    }

    /// From one day to another, over the end of the week if need be.
    fn range(first: Weekday, last: Weekday) -> Self {
        let length = first.until(last).rem_euclid(7);
        let start = first.to_monday_zero_offset();
        Self((0..=length).fold(0, |bits, day| bits | 1 << (start + day).rem_euclid(7)))
    }

    /// Whether the day is one of them.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & (1 << day.to_monday_zero_offset()) != 0
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = |index: usize| WEEKDAYS.get(index).is_some_and(|(_, day)| self.contains(*day));
        let short =
            |index: usize| WEEKDAYS.get(index).and_then(|(name, _)| name.get(..3)).unwrap_or_default();
        let mut parts = Vec::new();
        let mut index = 0;
        while index < 7 {
            let length = (index..7).take_while(|day| on(*day)).count();
            match length {
                0 => {}
                1 => parts.push(short(index).to_owned()),
                _ => parts.push(format!("{}-{}", short(index), short(index + length - 1))),
            }
            index += length.max(1);
        }
        f.write_str(&parts.join(","))
    }
}

/// When production may change, in the policy's zone: `Tue-Thu 09:00-16:00`. The end is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    pub days: Days,
    pub opens: Clock,
    pub closes: Clock,
}

impl Window {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let window = text.rsplit_once(' ').and_then(|(days, hours)| {
            let (opens, closes) = hours.split_once('-')?;
            Some(Self { days: Days::read(days)?, opens: Clock::read(opens)?, closes: Clock::read(closes)? })
        });
        match window {
            Some(window) if window.opens < window.closes => Ok(window),
            Some(_) => Err(Refusal::of(
                text,
                "a window that closes before it has opened never opens; one over midnight is written as two, until 24:00 and from 00:00",
            )),
            None => Err(Refusal::of(text, "write days and hours like Tue-Thu 09:00-16:00")),
        }
    }

    /// Is the window open at this wall-clock time of the policy's zone?
    pub fn contains(self, time: DateTime) -> bool {
        self.days.contains(time.weekday()) && (self.opens..self.closes).contains(&Clock::of(time))
    }

    /// How long it stays open, in minutes.
    pub fn minutes(self) -> u16 {
        self.closes.minutes() - self.opens.minutes()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}-{}", self.days, self.opens, self.closes)
    }
}

serialized_as_written!(Window);

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::datetime;

    #[test]
    fn windows_are_read_and_written_in_one_form() {
        for (text, written) in [
            ("Tue-Thu 09:00-16:00", "Tue-Thu 09:00-16:00"),
            ("tuesday-Thursday 9:00-16:00", "Tue-Thu 09:00-16:00"),
            ("Fri-Mon 00:00-24:00", "Mon,Fri-Sun 00:00-24:00"),
            ("Mon, Wed 09:00-10:00", "Mon,Wed 09:00-10:00"),
        ] {
            assert_eq!(Window::read(text).expect(text).to_string(), written);
        }
        for text in [
            "",
            "Tue",
            "Tue 9-16",
            "Tue 16:00-09:00",
            "Tue 09:00-09:00",
            "Tue 09:00-24:01",
            "Someday 09:00-10:00",
            "Tue 09:0-10:00",
        ] {
            assert!(Window::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_window_is_open_from_its_first_minute_until_before_its_last() {
        let window = Window::read("Tue-Thu 09:00-16:00").expect("a window");
        assert!(window.contains(datetime(2026, 12, 1, 9, 0, 0, 0)));
        assert!(window.contains(datetime(2026, 12, 3, 15, 59, 59, 0)));
        assert!(!window.contains(datetime(2026, 12, 3, 16, 0, 0, 0)));
        assert!(!window.contains(datetime(2026, 12, 4, 10, 0, 0, 0)));
    }
}
