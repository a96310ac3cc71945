//! Lengths of time as a policy writes them: `2 hours`, `7 days before`, `within 1 working day`.

use super::error::Refusal;
use super::names::serialized_as_written;
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

/// How soon something must have happened: `within 1 working day`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Within(pub Length);

impl Within {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let length = text.strip_prefix("within ").map(Length::read);
        match length {
            Some(Ok(length)) => Ok(Self(length)),
            Some(Err(_)) | None => Err(Refusal::of(text, "write how soon, like within 1 working day")),
        }
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "within {}", self.0)
    }
}

serialized_as_written!(Length, Lead, Within);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_written_in_one_form() {
        for text in ["1 minute", "2 hours", "7 days", "3 weeks", "1 working day", "5 working days"] {
            assert_eq!(Length::read(text).expect(text).to_string(), text);
        }
        assert_eq!(Lead::read("7 days before").expect("a lead").to_string(), "7 days before");
        assert_eq!(Within::read("within 1 working day").expect("a term").to_string(), "within 1 working day");
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
}
