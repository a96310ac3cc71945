//! When somebody was last here. With several servers on one database one of them is enough.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row;

use crate::domain::event::Gap;

use super::{Store, error::StoreError, inbox::time};

impl Store {
    /// Writes down that somebody is here now. Where nobody was for longer than `longest`, that is written down with it.
    pub async fn beat(&self, now: Timestamp, longest: SignedDuration) -> Result<(), StoreError> {
        let longest = i64::try_from(longest.as_micros()).unwrap_or(i64::MAX);
        let input = (now.as_microsecond(), longest);
        self.database()
            .write(&input, |connection, dialect, (now, longest)| {
                Box::pin(async move {
                    let first = "INSERT INTO pulse (id, at) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
                    dialect.query(first).bind(*now).execute(&mut *connection).await?;
                    let last = dialect.query("SELECT at FROM pulse WHERE id = 1 {lock}");
                    let last: i64 = last.fetch_one(&mut *connection).await?.try_get(0)?;
                    if now.saturating_sub(last) > *longest {
                        let gap = "INSERT INTO gap (since, until, told) VALUES ($1, $2, 0)
                            ON CONFLICT (since) DO NOTHING";
                        dialect.query(gap).bind(last).bind(*now).execute(&mut *connection).await?;
                    }
                    let here = "UPDATE pulse SET at = $1 WHERE id = 1 AND at < $1";
                    dialect.query(here).bind(*now).execute(&mut *connection).await?;
                    Ok(())
                })
            })
            .await
    }

    /// The gaps that not every account was told of yet.
    pub async fn gaps(&self) -> Result<Vec<Gap>, StoreError> {
        let text = "SELECT since, until FROM gap WHERE told = 0 ORDER BY since";
        let rows = self.database().dialect.query(text).fetch_all(&self.database().reading).await?;
        rows.iter().map(|row| Ok(Gap { from: time(row.try_get(0)?)?, to: time(row.try_get(1)?)? })).collect()
    }

    /// Every account was told of this gap.
    pub async fn told_of(&self, gap: Gap) -> Result<(), StoreError> {
        let since = gap.from.as_microsecond();
        self.database()
            .write(&since, |connection, dialect, since| {
                Box::pin(async move {
                    let text = "UPDATE gap SET told = 1 WHERE since = $1";
                    dialect.query(text).bind(*since).execute(connection).await?;
                    Ok(())
                })
            })
            .await
    }
}
