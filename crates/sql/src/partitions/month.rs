//! Months of UTC, and where they begin among ids of version 7, whose first 48 bits are the milliseconds since 1970.

use time::{Date, Month as Name, OffsetDateTime, UtcOffset};
use uuid::Uuid;

/// A month; they sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month {
    year: i32,
    /// 1 to 12.
    number: u8,
}

impl Month {
    pub(super) fn of(moment: OffsetDateTime) -> Self {
        let date = moment.to_offset(UtcOffset::UTC).date();
        Self { year: date.year(), number: u8::from(date.month()) }
    }

    /// `2027` and `1`, as numbers of a database.
    pub(super) fn from_numbers(year: i32, number: i32) -> Option<Self> {
        let number = u8::try_from(number).ok().filter(|number| (1..=12).contains(number))?;
        Some(Self { year, number })
    }

    /// What ends the name of its table: `2027_01`.
    pub(super) fn suffix(self) -> String {
        format!("{:04}_{:02}", self.year, self.number)
    }

    /// The month of such a name.
    pub(super) fn from_suffix(text: &str) -> Option<Self> {
        let (year, number) =
            text.split_once('_').filter(|(year, number)| year.len() == 4 && number.len() == 2)?;
        Self::from_numbers(year.parse().ok()?, number.parse().ok()?)
    }

    pub(super) fn next(self) -> Self {
        if self.number < 12 {
            Self { number: self.number + 1, ..self }
        } else {
            Self { year: self.year + 1, number: 1 }
        }
    }

    /// The least id that can be made in it.
    pub(super) fn first_id(self) -> Uuid {
        let name = Name::try_from(self.number).unwrap_or(Name::January);
        let begin = Date::from_calendar_date(self.year, name, 1)
            .map_or(0, |date| date.midnight().assume_utc().unix_timestamp() * 1000);
        Uuid::from_u128(u128::from(begin.unsigned_abs()) << 80)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn ids_of_a_month_lie_between_its_first_id_and_that_of_the_next() {
        let december = Month::of(datetime!(2026-12-31 23:30 -1));
        assert_eq!(december.suffix(), "2027_01");
        let month = Month::of(datetime!(2026-12-31 23:59:59.999 UTC));
        assert_eq!((month.suffix().as_str(), month.next().suffix().as_str()), ("2026_12", "2027_01"));
        assert_eq!(Month::from_suffix("2026_12"), Some(month));
        assert_eq!(Month::from_suffix("2026_13"), None);
        assert_eq!(Month::from_suffix("rest"), None);
        let at = |moment: OffsetDateTime, random: u128| {
            let millis = (moment.unix_timestamp_nanos() / 1_000_000).unsigned_abs();
            Uuid::from_u128(millis << 80 | 0x7 << 76 | 0x8 << 60 | random)
        };
        let first = at(datetime!(2026-12-01 00:00 UTC), 0);
        let last = at(datetime!(2026-12-31 23:59:59.999 UTC), (1 << 60) - 1);
        assert!(month.first_id() <= first && last < month.next().first_id());
        assert!(at(datetime!(2026-11-30 23:59:59.999 UTC), (1 << 60) - 1) < month.first_id());
        assert!(at(datetime!(2027-01-01 00:00 UTC), 0) >= month.next().first_id());
    }
}
