//! The addresses of the gate, and their description (OpenAPI 3.1), generated from them.

use std::convert::Infallible;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, FromRequest, Path, Query, Request, State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header},
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
    api::{ACTIONS, GateRequest, GateView, ReportRequest, Reported, Waiting},
    asking::LONGEST_WAIT,
    problem::Problem,
};
use crate::domain::{asker::Deed, ids::GateId};

/// What is asked of the gate is short.
const LARGEST_BODY: usize = 64 * 1024;
/// Whoever says nothing about waiting is answered at once where the facts are at hand.
const SHORT_WAIT: SignedDuration = SignedDuration::from_secs(2);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Changegate",
        description = "Whether a pipeline may deploy: asked, waited for, and proved by a permit.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
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
    let (router, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(ask))
        .routes(routes!(look))
        .routes(routes!(follow))
        .routes(routes!(report))
        .routes(routes!(keys))
        .split_for_parts();
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
    let router = OpenApiRouter::<Gate>::with_openapi(Description::openapi());
    let router = router
        .routes(routes!(ask))
        .routes(routes!(look))
        .routes(routes!(follow))
        .routes(routes!(report))
        .routes(routes!(keys));
    router.into_openapi().to_pretty_json().unwrap_or_default()
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

/// For how long somebody waits.
fn length(waiting: &Waiting, otherwise: SignedDuration) -> Result<SignedDuration, Problem> {
    let Some(text) = waiting.wait.as_deref() else { return Ok(otherwise) };
    let seconds = text.parse::<u32>().ok().map(|seconds| SignedDuration::from_secs(seconds.into()));
    let read = || text.parse::<Span>().ok().and_then(|span| SignedDuration::try_from(span).ok());
    let length = seconds.or_else(read).filter(|length| !length.is_negative());
    let length =
        length.ok_or_else(|| Problem::request("`wait` is no length of time, such as `30s` or `1m`"))?;
    Ok(length.min(LONGEST_WAIT))
}

/// Asks whether a commit may be deployed.
///
/// Who asks the same again is given the same decision for as long as it holds. The answer is `202` while nothing is decided.
#[utoipa::path(
    post,
    path = "/api/v1/gates",
    tag = "gates",
    params(Waiting),
    request_body = GateRequest,
    responses(
        (status = 200, description = "Decided.", body = GateView),
        (status = 202, description = "Not decided yet: ask again with its id.", body = GateView),
        (status = 400, description = "The body is no JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nothing proves who asks.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Who asks may not ask that.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such repository for who asks.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not said to be JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body does not say what it must.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be answered now; nothing was allowed.", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn ask(
    State(gate): State<Gate>,
    Query(waiting): Query<Waiting>,
    headers: HeaderMap,
    Body(request): Body<GateRequest>,
) -> Result<Response, Problem> {
    let usual = if request.notify.is_some() { SignedDuration::ZERO } else { SHORT_WAIT };
    let wait = length(&waiting, usual)?;
    let (at, ask) = gate.admit(&headers, Deed::Gate, &request).await?;
    let view = gate.ask(&at, ask, wait).await?;
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
        (status = 401, description = "Nothing proves who asks.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such gate for who asks.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The request is not understood.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be answered now; nothing was allowed.", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn look(
    State(gate): State<Gate>,
    Path(id): Path<String>,
    Query(waiting): Query<Waiting>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wait = length(&waiting, SignedDuration::ZERO)?;
    let (at, ask) = gate.seen(&headers, &id).await?;
    Ok(shown(gate.follow(&at, &ask, wait).await?))
}

/// Each answer as it comes, until it is decided (server-sent events named `gate`).
#[utoipa::path(
    get,
    path = "/api/v1/gates/{id}/events",
    tag = "gates",
    params(("id" = String, Path, description = "As it was answered.", pattern = "^[0-9a-f]{32}$")),
    responses(
        (status = 200, description = "The answers.", body = String, content_type = "text/event-stream"),
        (status = 401, description = "Nothing proves who asks.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such gate for who asks.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be answered now; nothing was allowed.", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn follow(
    State(gate): State<Gate>,
    Path(id): Path<String>,
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
        (status = 400, description = "The body is no JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nothing proves who reports.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Who reports may not report that.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such repository for who reports.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not said to be JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body does not say what it must.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be written down now.", body = Problem, content_type = "application/problem+json"),
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
        let unknown =
            || Problem::unknown("gate", "Nothing was asked with this id, or not for your repository.");
        let id: GateId = id.parse().map_err(|_| unknown())?;
        self.visible(headers, &id).await?.ok_or_else(unknown)
    }
}
