//! The servers that are measured beside `changegate serve`. Each prints its address and serves until it is killed.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use changegate::{
    clock::Clock,
    github::signature::{self, Claim, SIGNATURE_HEADER, Secret},
    metrics::Metrics,
    store::Store,
    webhook::{self, Door, Secrets},
};
use tokio::net::TcpListener;

/// Checks the signature, and that is all.
pub async fn bare(secret: &str) -> anyhow::Result<()> {
    let secrets: Arc<[Secret]> = [Secret::new(secret)?].into();
    serve(Router::new().route(webhook_path(), post(check)).with_state(secrets)).await
}

async fn check(State(secrets): State<Arc<[Secret]>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let claim = Claim::read(headers.get_all(SIGNATURE_HEADER));
    match claim.and_then(|claim| signature::prove(&secrets, &body, &claim)) {
        Ok(_) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::UNAUTHORIZED,
    }
}

/// Writes deliveries down, and nobody works on them.
pub async fn idle(secret: &str, database_url: &str) -> anyhow::Result<()> {
    let store = Store::open(database_url).await?;
    let secrets = Secrets::new(vec![Secret::new(secret)?]);
    serve(webhook::router(Door {
        store,
        clock: Clock::system(),
        secrets,
        host: "github.com".into(),
        metrics: Metrics::default(),
    }))
    .await
}

/// Where deliveries are posted.
pub const fn webhook_path() -> &'static str {
    "/webhooks/github"
}

async fn serve(router: Router) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}
