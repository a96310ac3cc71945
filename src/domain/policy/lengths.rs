//! Lengths of time as a policy writes them: `2 hours`, `7 days before`, `within 1 working day`.

use super::error::Refusal;
use super::names::serialized_as_written;
use super::times::Zone;
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Span, Timestamp};
use std::fmt;

/// In what a length of time is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    /// Monday to Friday.
    WorkingDay,
}

const UNITS: [(&str, Unit); 5] = [
    ("minute", Unit::Minute),
    ("hour", Unit::Hour),
    ("day", Unit::Day),
    ("week", Unit::Week),
    ("working day", Unit::WorkingDay),
];

/// A length of time: `2 hours`, `7 days`, `5 working days`. Never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Length {
    pub count: u16,
    pub unit: Unit,
}

impl Length {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let refused = || Refusal::of(text, "write a length of time like 2 hours, 7 days or 5 working days");
        let (count, unit) = text.split_once(' ').ok_or_else(refused)?;
        let unit = UNITS
            .iter()
            .find(|(word, _)| unit == *word || unit.strip_suffix('s') == Some(word))
            .map(|(_, unit)| *unit)
            .ok_or_else(refused)?;
        match count.parse() {
            Ok(0) => Err(Refusal::of(text, "no time at all is no limit; remove it, or allow at least 1")),
            Ok(count @ 1..=5000) if is_number(&count.to_string(), text) => Ok(Self { count, unit }),
            Ok(_) | Err(_) => Err(refused()),
        }
    }

    /// The length that people write in a command; `None`: it is none.
    pub fn of_text(text: &str) -> Option<Self> {
        Self::read(text).ok()
    }

    /// The length in minutes, where it is the same everywhere; working days depend on the calendar.
    pub fn minutes(self) -> Option<u32> {
        let count = u32::from(self.count);
        match self.unit {
            Unit::Minute => Some(count),
            Unit::Hour => Some(count * 60),
            Unit::Day => Some(count * 60 * 24),
            Unit::Week => Some(count * 60 * 24 * 7),
            Unit::WorkingDay => None,
        }
    }

    /// When the length is over that begins at `from`, or the end of time.
    ///
    /// Minutes and hours are exact. Days, weeks and working days are counted on the calendar of the zone and end at the
    /// time of day at which they began: a working day from Friday 10:00, or from any time of the weekend at that hour,
    /// ends on Monday 10:00. Where summer time skips that time of day they end as much later, where it comes twice at
    /// the first.
    pub fn after(self, from: Timestamp, zone: &Zone) -> Timestamp {
        let (count, wall) = (i64::from(self.count), zone.time_zone().to_datetime(from));
        let exact = |length| from.checked_add(length).unwrap_or(Timestamp::MAX);
        let in_days = |days: i64| {
            let then = wall.saturating_add(Span::new().days(days));
            zone.time_zone().to_timestamp(then).unwrap_or(Timestamp::MAX)
        };
        match self.unit {
            Unit::Minute => exact(SignedDuration::from_mins(count)),
            Unit::Hour => exact(SignedDuration::from_hours(count)),
            Unit::Day => in_days(count),
            Unit::Week => in_days(7 * count),
            Unit::WorkingDay => in_days(working_days(wall.weekday().cycle_forward(), self.count)),
        }
    }

    /// When the length begins that ends at `until`, or the beginning of time; counted as [`Length::after`] counts.
    pub fn before(self, until: Timestamp, zone: &Zone) -> Timestamp {
        let (count, wall) = (i64::from(self.count), zone.time_zone().to_datetime(until));
        let exact = |length| until.checked_sub(length).unwrap_or(Timestamp::MIN);
        let in_days = |days: i64| {
            let then = wall.saturating_sub(Span::new().days(days));
            zone.time_zone().to_timestamp(then).unwrap_or(Timestamp::MIN)
        };
        match self.unit {
            Unit::Minute => exact(SignedDuration::from_mins(count)),
            Unit::Hour => exact(SignedDuration::from_hours(count)),
            Unit::Day => in_days(count),
            Unit::Week => in_days(7 * count),
            Unit::WorkingDay => in_days(working_days(wall.weekday().cycle_reverse(), self.count)),
        }
    }
}

/// The working day, for what is counted in working hours.
const WORKING_DAY: (i8, i8) = (9, 17);

/// When so many working hours have passed since then: from nine to five, Monday to Friday, on the calendar of the zone.
pub fn after_working_hours(from: Timestamp, hours: u16, zone: &Zone) -> Timestamp {
    let zone = zone.time_zone();
    let at = |day: Date, hour: i8| zone.to_timestamp(day.at(hour, 0, 0, 0)).unwrap_or(Timestamp::MAX);
    let (mut left, mut day) = (SignedDuration::from_hours(i64::from(hours)), zone.to_datetime(from).date());
    // Each week has working days, and each of these some hours.
    for _ in 0..14 + 2 * u32::from(hours) {
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            let (begins, ends) = (at(day, WORKING_DAY.0).max(from), at(day, WORKING_DAY.1));
            let there = ends.duration_since(begins);
            if there >= left {
                return begins.checked_add(left).unwrap_or(Timestamp::MAX);
            }
            left -= there.max(SignedDuration::ZERO);
        }
        day = day.tomorrow().unwrap_or(Date::MAX);
    }
    Timestamp::MAX
}

/// How many days pass until so many of them were working days; the first of the days is not counted.
fn working_days(days: impl Iterator<Item = Weekday>, count: u16) -> i64 {
    let is_working = |(day, _): &(Weekday, i64)| !matches!(day, Weekday::Saturday | Weekday::Sunday);
    let after = days.skip(1).zip(1_i64..).filter(is_working);
    after.take(count.into()).last().map_or(0, |(_, days)| days)
}

/// Is the text's number written plainly, without sign or leading zeros?
fn is_number(count: &str, text: &str) -> bool {
    text.split_once(' ').is_some_and(|(written, _)| written == count)
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().find(|(_, unit)| *unit == self.unit).map_or("", |(word, _)| *word);
        let plural = if self.count == 1 { "" } else { "s" };
        write!(f, "{} {unit}{plural}", self.count)
    }
}

/// How long before a release something happens: `7 days before`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lead(pub Length);

impl Lead {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let length = text.strip_suffix(" before").map(Length::read);
        match length {
            Some(Ok(length)) => Ok(Self(length)),
            Some(Err(_)) | None => {
                Err(Refusal::of(text, "write how long before the release, like 7 days before"))
            }
        }
    }
}

impl fmt::Display for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} before", self.0)
    }
}

/// How soon something must have happened: `before`, or `within 1 working day` after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Within {
    /// Before that for which it is owed.
    Before,
    After(Length),
}

impl Within {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        if text == "before" {
            return Ok(Self::Before);
        }
        let length = text.strip_prefix("within ").map(Length::read);
        match length {
            Some(Ok(length)) => Ok(Self::After(length)),
            Some(Err(_)) | None => {
                Err(Refusal::of(text, "write how soon, like within 1 working day; or before"))
            }
        }
    }

    /// When it is due.
    #[must_use]
    pub fn after(self, from: Timestamp, zone: &Zone) -> Timestamp {
        match self {
            Self::Before => from,
            Self::After(length) => length.after(from, zone),
        }
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before => f.write_str("before"),
            Self::After(length) => write!(f, "within {length}"),
        }
    }
}

serialized_as_written!(Length, Lead, Within);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn working_hours_are_counted_from_nine_to_five_on_working_days() {
        let zone = Zone::read("Europe/Berlin").expect("a zone");
        let time = |text: &str| zone.time_zone().to_timestamp(text.parse().expect(text)).expect(text);
        for (from, hours, then) in [
            ("2026-11-23T10:00", 4, "2026-11-23T14:00"),
            ("2026-11-23T13:00", 4, "2026-11-23T17:00"),
            ("2026-11-23T15:00", 4, "2026-11-24T11:00"),
            ("2026-11-23T06:00", 4, "2026-11-23T13:00"),
            ("2026-11-23T20:00", 4, "2026-11-24T13:00"),
            ("2026-11-27T16:00", 4, "2026-11-30T12:00"),
            ("2026-11-28T12:00", 4, "2026-11-30T13:00"),
            ("2026-11-23T12:00", 12, "2026-11-24T16:00"),
            ("2026-10-23T15:00", 4, "2026-10-26T11:00"),
        ] {
            assert_eq!(after_working_hours(time(from), hours, &zone), time(then), "{from} {hours}");
        }
    }

    #[test]
    fn lengths_are_read_and_written_in_one_form() {
        for text in ["1 minute", "2 hours", "7 days", "3 weeks", "1 working day", "5 working days"] {
            assert_eq!(Length::read(text).expect(text).to_string(), text);
        }
        assert_eq!(Lead::read("7 days before").expect("a lead").to_string(), "7 days before");
        for text in ["within 1 working day", "before"] {
            assert_eq!(Within::read(text).expect("a term").to_string(), text);
        }
    }

    #[test]
    fn lengths_of_another_form_are_refused() {
        for text in [
            "",
            "2",
            "hours",
            "0 days",
            "-1 days",
            "+1 days",
            "01 days",
            "99999 days",
            "2 fortnights",
            "2  days",
            "two days",
        ] {
            assert!(Length::read(text).is_err(), "{text}");
        }
    }

    fn after(length: &str, from: &str, zone: &str) -> String {
        let from: Timestamp = from.parse().expect("a time");
        let length = Length::read(length).expect(length);
        length.after(from, &Zone::read(zone).expect(zone)).to_string()
    }

    #[test]
    fn minutes_and_hours_are_exact_and_days_keep_the_time_of_day_over_summer_time() {
        for (length, from, expected) in [
            ("90 minutes", "2026-03-29T00:30:00Z", "2026-03-29T02:00:00Z"),
            ("24 hours", "2026-03-28T09:00:00Z", "2026-03-29T09:00:00Z"),
            ("1 day", "2026-03-28T09:00:00Z", "2026-03-29T08:00:00Z"),
            ("1 week", "2026-10-24T08:00:00Z", "2026-10-31T09:00:00Z"),
            // 02:30 is skipped on 29 March and comes twice on 25 October.
            ("1 day", "2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z"),
            ("1 day", "2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(after(length, from, "Europe/Berlin"), expected, "{length} from {from}");
        }
    }

    #[test]
    fn working_days_end_at_the_same_time_of_day_and_leave_out_the_weekend_of_the_zone() {
        for (length, from, zone, expected) in [
            ("1 working day", "2026-11-25T09:00:00Z", "UTC", "2026-11-26T09:00:00Z"),
            ("1 working day", "2026-11-27T09:00:00Z", "UTC", "2026-11-30T09:00:00Z"),
            ("1 working day", "2026-11-28T09:00:00Z", "UTC", "2026-11-30T09:00:00Z"),
            ("5 working days", "2026-11-25T09:00:00Z", "UTC", "2026-12-02T09:00:00Z"),
            ("6 working days", "2026-11-29T09:00:00Z", "UTC", "2026-12-07T09:00:00Z"),
            // Already Saturday there.
            ("1 working day", "2026-11-27T20:00:00Z", "Asia/Tokyo", "2026-11-29T20:00:00Z"),
        ] {
            assert_eq!(after(length, from, zone), expected, "{length} from {from}");
        }
    }

    #[test]
    fn a_length_that_outlives_the_calendar_ends_with_it() {
        let zone = Zone::utc();
        for length in ["5000 hours", "5000 weeks", "5000 working days"] {
            let length = Length::read(length).expect(length);
            assert_eq!(length.after(Timestamp::MAX, &zone), Timestamp::MAX);
        }
    }
}
