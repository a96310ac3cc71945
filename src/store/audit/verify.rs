//! Tells whether the log is what it was, and if not, from which entry on.

use serde::{Deserialize, Serialize};
use sqlx::Row;

use super::{
    super::{Store, body, error::StoreError},
    BEGINNING, Beside, Body, Head, Link, commitment,
};

/// Whether the log is what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditReport {
    pub tenants: Vec<TenantAudit>,
}

/// Whether a tenant's log is what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantAudit {
    pub tenant: String,
    /// How many entries were read.
    pub entries: i64,
    /// The hash of the last one: written down elsewhere, it proves that the log was not rewritten since.
    pub head: String,
    /// Texts that were erased.
    pub erased: i64,
    /// The first entry that is not what it was, and how one can tell.
    pub broken: Option<(i64, String)>,
}

impl AuditReport {
    /// Whether every log is what it was.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.tenants.iter().all(|tenant| tenant.broken.is_none())
    }
}

impl Store {
    /// Reads every log from its beginning and checks the chain, the texts beside it, and the head.
    pub async fn audit_verify(&self) -> Result<AuditReport, StoreError> {
        let rows = sqlx::query(
            "SELECT tenant FROM audit_head UNION SELECT DISTINCT tenant FROM audit ORDER BY tenant",
        )
        .fetch_all(&self.database().reading)
        .await?;
        let mut tenants = vec![];
        for row in rows {
            tenants.push(self.verify_tenant(row.try_get(0)?).await?);
        }
        Ok(AuditReport { tenants })
    }

    async fn verify_tenant(&self, tenant: String) -> Result<TenantAudit, StoreError> {
        let mut check = Check::new(tenant.clone());
        // The head first: entries that are appended meanwhile are no fault.
        let head = self.head(&tenant).await?;
        while check.audit.broken.is_none() {
            let page =
                self.links(&tenant, check.seq, head.as_ref().map_or(i64::MAX, |(seq, _)| *seq)).await?;
            let Some(last) = page.last() else { break };
            let mut texts = self.texts(&tenant, check.seq, last.seq).await?;
            for link in &page {
                check.take(link, texts.remove(&link.seq).unwrap_or_default());
            }
        }
        check.end(head.as_ref());
        if let (None, Some((seq, _))) = (&check.audit.broken, &head) {
            check.audit.broken = self.beyond(&tenant, *seq, &check.hash).await?;
        }
        Ok(check.audit)
    }

    /// What stands beyond the head is either appended since, and continues it, or was put there by hand.
    async fn beyond(&self, tenant: &str, seq: i64, hash: &str) -> Result<Option<(i64, String)>, StoreError> {
        let next = self.links(tenant, seq, i64::MAX).await?;
        let Some(first) = next.first() else { return Ok(None) };
        let head = self.head(tenant).await?;
        let is_appended = head.is_some_and(|(head, _)| head >= first.seq) && first.before == hash;
        Ok((!is_appended).then(|| (first.seq, "it stands beyond the end of the log".into())))
    }
}

/// Walks along a chain.
struct Check {
    seq: i64,
    hash: String,
    audit: TenantAudit,
}

impl Check {
    fn new(tenant: String) -> Self {
        let audit = TenantAudit { tenant, entries: 0, head: BEGINNING.into(), erased: 0, broken: None };
        Self { seq: 0, hash: BEGINNING.into(), audit }
    }

    fn take(&mut self, link: &Link, beside: Beside) {
        if self.audit.broken.is_some() {
            return;
        }
        self.audit.broken = self.fault(link, beside).map(|why| (self.seq + 1, why));
        self.seq += 1;
        self.audit.entries += 1;
        self.hash.clone_from(&link.hash);
        self.audit.head.clone_from(&link.hash);
    }

    fn fault(&mut self, link: &Link, mut beside: Beside) -> Option<String> {
        let expected = self.seq + 1;
        if link.seq != expected {
            return Some(format!("it is missing; the next one is {}", link.seq));
        }
        if link.before != self.hash {
            return Some("it does not continue the entry before it".into());
        }
        if body::hash(&[link.before.as_bytes(), link.body.as_bytes()]) != link.hash {
            return Some("its text does not fit its hash".into());
        }
        let Ok(body) = serde_json::from_str::<Body>(&link.body) else {
            return Some("its text cannot be read".into());
        };
        if (body.seq, body.at) != (link.seq, link.at) {
            return Some("its number or its time is not what it says".into());
        }
        for (name, committed) in &body.commitments {
            match beside.remove(name).flatten() {
                Some((salt, text)) if commitment(&salt, &text) == *committed => {}
                Some(_) => return Some(format!("what is beside it as `{name}` is not what was written")),
                None => self.audit.erased += 1,
            }
        }
        let unknown = beside.into_keys().next()?;
        Some(format!("something was put beside it as `{unknown}`"))
    }

    fn end(&mut self, head: Option<&Head>) {
        if self.audit.broken.is_some() {
            return;
        }
        let why = match head {
            None => "the end of the log is not known any more".into(),
            Some((seq, _)) if *seq != self.seq => format!("it is missing, and so is all up to {seq}"),
            Some((_, hash)) if *hash != self.hash => {
                self.audit.broken = Some((self.seq, "it is not the end that was written down".into()));
                return;
            }
            Some(_) => return,
        };
        self.audit.broken = Some((self.seq + 1, why));
    }
}
