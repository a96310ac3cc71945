//! What GitHub has sent us, by its own record: it keeps deliveries for three days and shows their payloads, so that
//! what was lost can be taken in later, and what cannot reach us can be fetched.

use http::header::LINK;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    GitHub,
    access::parse,
    client::{Answer, Request},
    write::Failure,
};

/// The most that GitHub gives at once.
const PER_PAGE: usize = 100;

/// A delivery, as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Noted {
    /// GitHub's number of this attempt.
    pub id: u64,
    /// The delivery's id, the same for all attempts (`X-GitHub-Delivery`).
    pub guid: String,
    /// The event's name.
    pub event: String,
    /// When it was sent.
    pub delivered_at: Option<Timestamp>,
}

/// A page of the list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub noted: Vec<Noted>,
    /// What to ask for to see older ones; `None`: there are none.
    pub older: Option<String>,
}

#[derive(Deserialize)]
struct Detail {
    request: Option<Sent>,
}

#[derive(Deserialize)]
struct Sent {
    payload: Option<Box<RawValue>>,
}

impl GitHub {
    /// What GitHub has sent, newest first, from `older` on.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn deliveries(&self, older: Option<&str>) -> Result<Page, Failure> {
        let cursor = older.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let request = Request::get(format!("/app/hook/deliveries?per_page={PER_PAGE}{cursor}"));
        let page = self
            .ask_as_app(&request)
            .await
            .and_then(|answer| Ok(Page { noted: parse(&answer.body)?, older: next_cursor(&answer) }));
        page.map_err(|trouble| self.outcome(&trouble))
    }

    /// The payload of one delivery: GitHub's JSON of it, not the bytes that were signed. `None`: it has none any more.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn delivery_payload(&self, id: u64) -> Result<Option<Vec<u8>>, Failure> {
        let request = Request::get(format!("/app/hook/deliveries/{id}"));
        let detail = self.ask_as_app(&request).await.and_then(|answer| parse::<Detail>(&answer.body));
        let detail = detail.map_err(|trouble| self.outcome(&trouble))?;
        Ok(detail.request.and_then(|sent| sent.payload).map(|payload| payload.get().as_bytes().to_vec()))
    }
}

/// The cursor in `<https://…?cursor=v1_7&per_page=100>; rel="next"`.
fn next_cursor(answer: &Answer) -> Option<String> {
    let links = answer.headers.get(LINK)?.to_str().ok()?;
    let next = links.split(',').find(|link| link.contains("rel=\"next\""))?;
    let address = next.trim().strip_prefix('<')?.split_once('>')?.0;
    let (_, query) = address.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("cursor=")).map(Into::into)
}
