//! One SQL text for both databases; the few words that differ are filled in when it is read.

use sqlx::{Any, AssertSqlSafe, any::AnyArguments, query::Query};

/// A statement with its parameters, ready to run.
pub(super) type Statement = Query<'static, Any, AnyArguments>;

/// Which database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// The words that differ: how it is written in our texts, in SQLite, in PostgreSQL.
const WORDS: [(&str, &str, &str); 10] = [
    ("{key}", "TEXT", "TEXT COLLATE \"C\""),
    ("{blob}", "BLOB", "BYTEA"),
    ("{skip_locked}", "", "FOR UPDATE SKIP LOCKED"),
    ("{lock}", "", "FOR UPDATE"),
    ("{share}", "", "FOR SHARE"),
    (
        "{clock}",
        "(CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000)",
        "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
    ),
    ("{list_of_keys}", "json_group_array(key)", "CAST(json_agg(key) AS TEXT)"),
    // The subject of an answer is an environment; that of an entry stands first among its texts. Where that is of no
    // repository, something else may be read: whoever asks compares.
    (
        "{repository_of_gate}",
        "CAST(CAST(substr(subject, 13) AS INTEGER) AS TEXT)",
        "split_part(subject, '/', 2)",
    ),
    (
        "{repository_of_entry}",
        r#"CAST(CAST(substr(substr(body, instr(body, '"subject":"') + 11), instr(substr(body, instr(body, '"subject":"') + 11), '/') + 1) AS INTEGER) AS TEXT)"#,
        r#"split_part(split_part(split_part(body, '"subject":"', 2), '"', 1), '/', 2)"#,
    ),
    (
        "{is_exception}",
        r#"instr(body, '"code":"exception.') > 0"#,
        r#"strpos(body, '"code":"exception.') > 0"#,
    ),
];

impl Dialect {
    /// Fills in the words.
    pub(super) fn read(self, text: &str) -> String {
        WORDS.iter().fold(text.to_owned(), |text, (word, sqlite, postgres)| match self {
            Self::Sqlite => text.replace(word, sqlite),
            Self::Postgres => text.replace(word, postgres),
        })
    }

    /// A statement of this text.
    pub(super) fn query(self, text: &'static str) -> Statement {
        sqlx::query(AssertSqlSafe(self.read(text)))
    }

    /// A statement in which `{rows}` stands for `count` rows of `columns` parameters, numbered after the highest
    /// parameter that the text itself names: bind the text's own first, then the rows'.
    pub(super) fn rows(self, text: &'static str, columns: usize, count: usize) -> Statement {
        let rows = match (self, highest_parameter(text)) {
            (Self::Sqlite, 0) => values(columns, count, |_| "?".into()),
            (Self::Sqlite | Self::Postgres, highest) => {
                values(columns, count, |n| format!("${}", highest + 1 + n))
            }
        };
        sqlx::query(AssertSqlSafe(self.read(text).replace("{rows}", &rows)))
    }

    /// The same for SQLite, with several kinds of rows: each goes by its word in the text and has so many columns.
    pub(super) fn several(self, text: &str, words: &[(&str, usize)], count: usize) -> Statement {
        let text = words.iter().fold(self.read(text), |text, (word, columns)| {
            text.replace(word, &values(*columns, count, |_| "?".into()))
        });
        sqlx::query(AssertSqlSafe(text))
    }

    /// A statement of a text that was put together from constant parts.
    pub(super) fn assembled(self, text: &str) -> Statement {
        sqlx::query(AssertSqlSafe(self.read(text)))
    }
}

fn highest_parameter(text: &str) -> usize {
    let after_dollar = text.split('$').skip(1);
    let numbers = after_dollar.filter_map(|rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..digits)?.parse().ok()
    });
    numbers.max().unwrap_or(0)
}

/// SQLite finds a parameter by its place at once, but looks for one that has a name, of which there may be thousands.
fn values(columns: usize, count: usize, parameter: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity("VALUES ".len() + count * (columns * "$1234,".len() + "(),".len()));
    text.push_str("VALUES ");
    for number in 0..count * columns {
        let before = if number % columns > 0 {
            ","
        } else if number > 0 {
            "),("
        } else {
            "("
        };
        text.push_str(before);
        text.push_str(&parameter(number));
    }
    text.push(')');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_after_the_parameters_of_the_text() {
        let text = "DELETE FROM t WHERE a = $2 AND b > $1 AND (c, d) IN ({rows})";
        assert_eq!(highest_parameter(text), 2);
        assert_eq!(values(2, 2, |n| format!("${}", 3 + n)), "VALUES ($3,$4),($5,$6)");
    }

    #[test]
    fn each_database_reads_its_own_words() {
        assert_eq!(Dialect::Sqlite.read("a {blob} {lock}"), "a BLOB ");
        assert_eq!(Dialect::Postgres.read("a {blob} {lock}"), "a BYTEA FOR UPDATE");
    }
}
