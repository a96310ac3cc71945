//! The addresses of the gate, and their description (OpenAPI 3.1), generated from them.

use std::convert::Infallible;

use axum::{
    Json, Router,
    extract::{
        DefaultBodyLimit, FromRequest, FromRequestParts, Path, Request, State, rejection::JsonRejection,
    },
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures_util::stream::{self, Stream};
use jiff::{SignedDuration, Span};
use jsonwebtoken::jwk::JwkSet;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Gate,
    api::{ACTIONS, GateRequest, GateView, ReportRequest, Reported, Told, Waiting},
    asking::Patience,
    lists::{self, page::Asked},
    problem::Problem,
    refusals::{Seeing, Sending},
};
use crate::domain::{asker::Deed, ids::GateId};

/// What is asked of the gate is short.
const LARGEST_BODY: usize = 64 * 1024;
/// Whoever says nothing about waiting waits for the first answer, which is there at once where the facts are at hand.
const SHORT_WAIT: SignedDuration = SignedDuration::from_secs(2);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Changegate",
        description = "Whether a pipeline may deploy: asked, waited for, and proved by a permit. And what is known, in lists.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem)),
    modifiers(&Bearer),
    security(("bearer" = []))
)]
struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let mut http = Http::new(HttpAuthScheme::Bearer);
        http.description = Some(
            "A token of GitHub Actions (OpenID Connect, with this server's address as its audience), of another issuer that the policy names, or one made with `changegate token create`."
                .into(),
        );
        api.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(http));
    }
}

/// The gate's addresses.
pub fn router(gate: Gate) -> Router {
    let (router, description) = described().split_for_parts();
    let text = description.to_pretty_json().unwrap_or_default();
    let described = move || async move { ([(header::CONTENT_TYPE, "application/json")], text) };
    router
        .route("/api/openapi.json", get(described))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(gate)
}

/// The description, for whoever writes a client.
#[must_use]
pub fn description() -> String {
    described().into_openapi().to_pretty_json().unwrap_or_default()
}

fn described() -> OpenApiRouter<Gate> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(ask))
        .routes(routes!(look))
        .routes(routes!(follow))
        .routes(routes!(report))
        .routes(routes!(keys))
        .merge(lists::routes())
}

/// A body in JSON, or the problem with it.
struct Body<T>(T);

impl<S: Send + Sync, T> FromRequest<S> for Body<T>
where
    Json<T>: FromRequest<S, Rejection = JsonRejection>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => {
                let detail = rejection.body_text();
                Err(Problem::new(
                    rejection.status(),
                    "invalid_request",
                    "The request is not understood",
                    detail,
                ))
            }
        }
    }
}

/// What an answer is asked for with; no text that is none is one.
struct Id(String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(unknown()),
        }
    }
}

fn unknown() -> Problem {
    Problem::unknown("gate", "Nothing was asked with this id, or not for your repository.")
}

/// What somebody waits for.
fn patience(waiting: &Waiting, otherwise: Patience) -> Result<Patience, Problem> {
    let Some(text) = waiting.wait.as_deref() else { return Ok(otherwise) };
    let seconds = text.parse::<u32>().ok().map(|seconds| SignedDuration::from_secs(seconds.into()));
    let read = || text.parse::<Span>().ok().and_then(|span| SignedDuration::try_from(span).ok());
    let length = seconds.or_else(read).filter(|length| !length.is_negative());
    let length =
        length.ok_or_else(|| Problem::request("`wait` is no length of time, such as `30s` or `1m`"))?;
    Ok(Patience::Decision(length))
}

/// Asks whether a commit may be deployed.
///
/// Who asks the same again is given the same decision for as long as it holds. The answer is `202` while nothing is decided:
/// without `wait` it comes as soon as it is known what stands in the way.
#[utoipa::path(
    post,
    path = "/api/v1/gates",
    tag = "gates",
    params(Waiting),
    request_body = GateRequest,
    responses(
        (status = 200, description = "Decided.", body = GateView),
        (status = 202, description = "Not decided yet: ask again with its id.", body = GateView),
        Sending,
    )
)]
async fn ask(
    State(gate): State<Gate>,
    Asked(waiting): Asked<Waiting>,
    headers: HeaderMap,
    Body(request): Body<GateRequest>,
) -> Result<Response, Problem> {
    let usual = if request.notify.is_some() { SignedDuration::ZERO } else { SHORT_WAIT };
    let patience = patience(&waiting, Patience::Answer(usual))?;
    let (at, ask) = Box::pin(gate.admit(&headers, Deed::Gate, &request)).await?;
    // Thousands may wait: what they came with is not kept, nor room for what was done before.
    drop((headers, request));
    let view = gate.ask(&at, ask, patience).await?;
    Ok(shown(view))
}

fn shown(view: GateView) -> Response {
    let status = if view.settled { StatusCode::OK } else { StatusCode::ACCEPTED };
    (status, Json(view)).into_response()
}

/// Looks at what was decided, and waits for it if it is asked to.
#[utoipa::path(
    get,
    path = "/api/v1/gates/{id}",
    tag = "gates",
    params(("id" = String, Path, description = "As it was answered.", pattern = "^[0-9a-f]{32}$"), Waiting),
    responses(
        (status = 200, description = "Decided.", body = GateView),
        (status = 202, description = "Not decided yet.", body = GateView),
        Seeing,
    )
)]
async fn look(
    State(gate): State<Gate>,
    Id(id): Id,
    Asked(waiting): Asked<Waiting>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let patience = patience(&waiting, Patience::Answer(SignedDuration::ZERO))?;
    let (at, ask) = Box::pin(gate.seen(&headers, &id)).await?;
    drop((headers, id));
    Ok(shown(gate.follow(&at, &ask, patience).await?))
}

/// Each answer as it comes, until it is decided (server-sent events named `gate`).
#[utoipa::path(
    get,
    path = "/api/v1/gates/{id}/events",
    tag = "gates",
    params(("id" = String, Path, description = "As it was answered.", pattern = "^[0-9a-f]{32}$")),
    responses(
        (status = 200, description = "The answers.", body = Told, content_type = "text/event-stream"),
        Seeing,
    )
)]
async fn follow(
    State(gate): State<Gate>,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let (at, ask) = gate.seen(&headers, &id).await?;
    let begin = Some((gate, at, ask, None));
    let answers = stream::unfold(begin, async |state| {
        let (gate, at, ask, seen) = state?;
        let view = gate.news(&at, &ask, seen).await;
        match view {
            Ok((view, turn)) => {
                let event =
                    Event::default().event("gate").id(turn.to_string()).json_data(&view).unwrap_or_default();
                let next = (!view.settled).then_some((gate, at, ask, Some(turn)));
                Some((Ok(event), next))
            }
            Err(problem) => {
                let event = Event::default().event("problem").json_data(&problem).unwrap_or_default();
                Some((Ok(event), None))
            }
        }
    });
    Ok(Sse::new(answers).keep_alive(KeepAlive::default()))
}

/// Says how far a deployment of a pipeline outside GitHub is.
///
/// It becomes a deployment on GitHub: what runs is known from there, and what comes next is compared with it. To go back is a
/// deployment of its own, of the commit that ran before.
#[utoipa::path(
    post,
    path = "/api/v1/deployments",
    tag = "deployments",
    request_body = ReportRequest,
    responses(
        (status = 202, description = "Written down.", body = Reported),
        Sending,
    )
)]
async fn report(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Body(request): Body<ReportRequest>,
) -> Result<Response, Problem> {
    if request.pipeline == ACTIONS && request.sealed.is_none() {
        return Err(Problem::request("of its own runs GitHub tells by itself: nothing is to be reported"));
    }
    let (at, ask) = gate.admit(&headers, Deed::Report, &request.as_asked()).await?;
    let seal = request.sealed.as_ref().map(|sealed| gate.unseal(sealed, &at, &ask)).transpose()?;
    gate.report(&at, &ask, request.state.into(), seal).await?;
    let ReportRequest { repository, environment, sha, state, .. } = request;
    Ok((StatusCode::ACCEPTED, Json(Reported { repository, environment, sha, state })).into_response())
}

/// The public keys by which permits are checked (RFC 7517).
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "permits",
    security(()),
    responses((status = 200, description = "The keys.", body = Object))
)]
async fn keys(State(gate): State<Gate>) -> Json<JwkSet> {
    Json(gate.keys.public())
}

impl Gate {
    /// The gate with this id, if who asks may see it.
    async fn seen(
        &self,
        headers: &HeaderMap,
        id: &str,
    ) -> Result<(super::asking::At, crate::domain::event::GateAsk), Problem> {
        let id: GateId = id.parse().map_err(|_| unknown())?;
        self.visible(headers, &id).await?.ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests;
