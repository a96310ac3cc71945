//! The inventory: what was found, and how far it was looked at, each page in one transaction.

use sqlx::{AnyConnection, Row};

use crate::domain::{
    ids::TenantId,
    planning::inventory::{Item, Progress},
};

use super::{Store, body, dialect::Dialect, error::StoreError};

/// Rows in one statement.
const ROWS: usize = 200;

/// A page in the words of the database: the tenant, the items, how far it is.
type Page = (String, Vec<(String, String)>, String);

impl Store {
    /// How far the import of an account of GitHub has come; `None`: it has not begun.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn import(&self, tenant: &TenantId) -> Result<Option<Progress>, StoreError> {
        let text = "SELECT body FROM import WHERE tenant = $1";
        let statement = self.database().dialect.query(text).bind(body::escape(tenant.as_str()));
        let row = statement.fetch_optional(&self.database().reading).await?;
        row.map(|row| body::read("an import", &row.try_get::<String, _>(0)?)).transpose()
    }

    /// Keeps what a page showed, and that it was read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_imported(
        &self,
        tenant: &TenantId,
        items: &[Item],
        progress: &Progress,
    ) -> Result<(), StoreError> {
        let row = |item: &Item| Ok((item.at.to_string(), body::escape(&body::write(item)?)));
        let rows = items.iter().map(row).collect::<Result<Vec<_>, StoreError>>()?;
        let page: Page = (body::escape(tenant.as_str()), rows, body::write(progress)?);
        self.database()
            .write(&page, |connection, dialect, page| Box::pin(write(connection, dialect, page)))
            .await
    }

    /// All that was found.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn inventory(&self, tenant: &TenantId) -> Result<Vec<Item>, StoreError> {
        let text = "SELECT body FROM inventory WHERE tenant = $1 ORDER BY id";
        let statement = self.database().dialect.query(text).bind(body::escape(tenant.as_str()));
        let rows = statement.fetch_all(&self.database().reading).await?;
        let read = |text: String| body::read("an item of the inventory", &body::unescape(&text));
        rows.iter().map(|row| read(row.try_get(0)?)).collect()
    }
}

async fn write(
    connection: &mut AnyConnection,
    dialect: Dialect,
    (tenant, rows, progress): &Page,
) -> Result<(), StoreError> {
    for rows in rows.chunks(ROWS) {
        let text = "INSERT INTO inventory (tenant, id, body) {rows}
                    ON CONFLICT (tenant, id) DO UPDATE SET body = excluded.body";
        let statement = rows.iter().fold(dialect.rows(text, 3, rows.len()), |statement, (id, item)| {
            statement.bind(tenant.clone()).bind(id.clone()).bind(item.clone())
        });
        statement.execute(&mut *connection).await?;
    }
    let text = "INSERT INTO import (tenant, body) VALUES ($1, $2)
                ON CONFLICT (tenant) DO UPDATE SET body = excluded.body";
    dialect.query(text).bind(tenant.clone()).bind(progress.clone()).execute(connection).await?;
    Ok(())
}
