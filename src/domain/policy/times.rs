//! Times as a policy writes them: zones, times of day, moments.
//!
//! All of them are wall-clock times in the policy's zone; nothing here knows what time it is.

use super::error::{Refusal, nearest};
use super::names::serialized_as_written;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::fmt;

/// A time zone by its IANA name, from the tables that the program carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let zones = TimeZoneDatabase::bundled();
        zones.get(text).map(Self).map_err(|_| {
            let names: Vec<String> = zones.available().map(|name| name.to_string()).collect();
            let cure = match nearest(text, names.iter().map(String::as_str)) {
                Some(name) => format!("no time zone has this name; did you mean {name}?"),
                None => "no time zone has this name; write one like Europe/Berlin or UTC".to_owned(),
            };
            Refusal::of(text, cure)
        })
    }

    /// The zone of files that name none.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// As calendars reckon with it.
    pub fn time_zone(&self) -> &TimeZone {
        &self.0
    }

    /// A time as people read it here: `3 Dec 2026, 10:42 Europe/Berlin`.
    #[must_use]
    pub fn time(&self, at: Timestamp) -> String {
        format!("{} {self}", self.0.to_datetime(at).strftime("%-d %b %Y, %H:%M"))
    }

    /// The day of a time here: `3 Dec 2026`.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> String {
        self.0.to_datetime(at).strftime("%-d %b %Y").to_string()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

/// A time of day in minutes since midnight, 0 to 1440 (24:00, only as an end).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clock(u16);

impl Clock {
    pub(super) fn read(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        if !two_digits(minutes) || !(two_digits(hours) || two_digits(&format!("0{hours}"))) {
            return None;
        }
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        let total = hours * 60 + minutes;
        (minutes < 60 && total <= 24 * 60).then_some(Self(total))
    }

    /// Since midnight.
    pub fn minutes(self) -> u16 {
        self.0
    }

    pub(super) fn of(time: DateTime) -> Self {
        Self(u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs()))
    }

    /// That time on a day; 24:00 is the next midnight.
    pub fn on(self, date: Date) -> DateTime {
        date.to_datetime(jiff::civil::Time::midnight())
            .saturating_add(jiff::Span::new().minutes(i64::from(self.0)))
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A wall-clock moment in the policy's zone: `2026-12-28 00:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub DateTime);

impl Moment {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let moment = text.split_once(' ').and_then(|(day, time)| {
            let date: Date = day.parse().ok().filter(|date: &Date| date.to_string() == day)?;
            let time = Clock::read(time).filter(|time| time.0 < 24 * 60)?;
            (date.year() >= 1970 && date.year() <= 9000).then(|| Self(time.on(date)))
        });
        moment.ok_or_else(|| Refusal::of(text, "write a day and a time like 2026-12-28 08:00"))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%d %H:%M"))
    }
}

serialized_as_written!(Zone, Moment);

impl<'de> serde::Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        Self::read(&name).map_err(|_| serde::de::Error::custom(format!("no time zone is called {name}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_another_form_are_refused() {
        assert_eq!(Moment::read("2026-12-28 00:00").expect("a moment").to_string(), "2026-12-28 00:00");
        for text in
            ["", "2026-12-28", "2026-12-32 00:00", "2026-12-28T00:00", "2026-12-28 24:00", "28.12.2026 00:00"]
        {
            assert!(Moment::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_is_shown_in_its_zone() {
        let at: Timestamp = "2026-12-03T23:42:00Z".parse().expect("a time");
        let berlin = Zone::read("Europe/Berlin").expect("a zone");
        assert_eq!(
            (berlin.time(at).as_str(), berlin.day(at).as_str()),
            ("4 Dec 2026, 00:42 Europe/Berlin", "4 Dec 2026")
        );
        assert_eq!(Zone::utc().time(at), "3 Dec 2026, 23:42 UTC");
    }

    #[test]
    fn a_zone_is_known_by_name_and_a_near_miss_is_named() {
        assert_eq!(Zone::read("europe/berlin").expect("a zone").to_string(), "Europe/Berlin");
        let refusal = Zone::read("Europe/Berln").expect_err("no zone");
        assert_eq!(refusal.cure, "no time zone has this name; did you mean Europe/Berlin?");
    }
}
