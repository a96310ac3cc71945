//! What an operator asks and orders from the command line.
//!
//! On a live SQLite database the running server answers, through a socket in the data directory: two processes
//! never write to one file. Everywhere else the command answers itself. Both use [`answer`].

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use axum::{Json, Router, extract::State, routing::post};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::net::{UnixListener, UnixStream};

use crate::{
    domain::{
        asker::{Deed, Grant, LONGEST},
        ids::{RepoId, RepoName, SubjectKind, TenantId},
        planning::queue::Filter,
        subject::View,
    },
    operator::{
        Became, Emergency, Kept, NewSeals, Operator,
        import::{Found, Imported},
        meeting::{NewMeeting, Opened, Opening},
    },
    planner::{
        self, Planner,
        drawn::{Accounts, Plan, Waits},
    },
    store::{
        AuditReport, Bodies, Held, Listed, Parked, ParkedSubject, RefusedEffect, Store, StoreError,
        StoredToken, Swept,
    },
};

/// One order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Which deliveries could not be read, and which subjects could not be judged.
    Parked,
    /// Try this one again.
    Replay(String),
    /// What the stored bodies are, after the delivery with this key.
    Bodies(String),
    /// Whether the audit log is whole.
    AuditVerify,
    /// The register of change requests.
    Changes,
    /// What waits for a decision, as of this moment.
    Queue { at: Timestamp, filter: Filter },
    /// What goes into which release, as of this moment.
    Plan(Timestamp),
    /// Who asks for how much, as of this moment; without one of them.
    Accounts { at: Timestamp, without: Option<String> },
    /// Go on taking in what an organisation has; `again`: from the beginning.
    Import { organisation: String, again: bool },
    /// What was found there.
    Inventory { organisation: String },
    /// Open a planning meeting.
    MeetingOpen(NewMeeting),
    /// What came of one that is being opened.
    MeetingOpened(Opening),
    /// How far the comparison with GitHub is, account by account.
    Sweeps,
    /// How far each channel was told by chat or mail.
    Channels,
    /// Declare an emergency.
    Emergency(Emergency),
    /// What came of one that was declared.
    Became(Kept),
    /// Keep a new token.
    TokenCreate(NewToken),
    /// Write down which permits are sealed.
    Seal(NewSeals),
    /// Which tokens there are.
    Tokens,
    /// Take a token back.
    TokenRevoke { id: String, at: Timestamp },
}

/// `changegate token create`: the token itself stays with whoever made it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewToken {
    /// Its SHA-256, in hexadecimal.
    pub digest: String,
    pub name: String,
    pub repository: RepoName,
    pub environment: Option<String>,
    /// It sees everything of the account that has the repository.
    #[serde(default)]
    pub whole_account: bool,
    pub may: BTreeSet<Deed>,
    pub at: Timestamp,
    pub expires_at: Timestamp,
}

/// The answer to an order, of the variant that belongs to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Parked {
        deliveries: Listed<Parked>,
        subjects: Listed<ParkedSubject>,
        effects: Listed<RefusedEffect>,
    },
    /// The delivery with this id is tried again.
    Replayed(String),
    /// There is no delivery with this id.
    NothingToReplay(String),
    Bodies(Bodies),
    AuditVerify(AuditReport),
    Changes(Vec<(TenantId, View)>),
    /// Of each account of GitHub, by its login; and how many more wait.
    Queue(Vec<(String, Listed<Waits>)>),
    Plan(Vec<(String, Plan)>),
    Accounts(Vec<(String, Accounts)>),
    Import(Imported),
    Inventory(Found),
    /// Of each account of GitHub, by its login; by channel.
    Channels(Vec<(String, BTreeMap<String, Held>)>),
    /// That a meeting is opened is written down; what comes of it is asked for with this.
    Meeting(Opening),
    MeetingOpened(Opened),
    /// The sweeps, and the accounts and repositories that name them.
    Sweeps(Vec<(TenantId, Swept)>, Vec<(TenantId, View)>),
    /// The emergency is written down; what comes of it is asked for with this.
    Emergency(Kept),
    Became(Became),
    /// The token is kept.
    Token(StoredToken),
    /// The permits are written down: whoever seals them signs for this repository.
    Sealed(RepoId, RepoName),
    Tokens(Vec<StoredToken>),
    /// The token counts no more.
    TokenRevoked(StoredToken),
    /// There is no token with this id.
    NothingToRevoke(String),
    /// The order failed, and why.
    Failed(String),
}

/// Carries out an order.
pub async fn answer(store: &Store, order: Order) -> Answer {
    let answered: Result<Answer, StoreError> = async {
        Ok(match order {
            Order::Parked => Answer::Parked {
                deliveries: store.parked().await?,
                subjects: store.parked_subjects().await?,
                effects: store.refused_effects().await?,
            },
            Order::Replay(id) if store.replay(&id).await? => Answer::Replayed(id),
            Order::Replay(id) => Answer::NothingToReplay(id),
            Order::Bodies(after) => Answer::Bodies(store.bodies(&after).await?),
            Order::AuditVerify => Answer::AuditVerify(store.audit_verify().await?),
            Order::Changes => {
                let kinds = [SubjectKind::Repository, SubjectKind::ChangeRequest];
                Answer::Changes(views(store, kinds).await?)
            }
            Order::Queue { at, filter } => Answer::Queue(queues(store, at, &filter).await?),
            Order::Plan(at) => Answer::Plan(plans(store, at).await?),
            Order::Accounts { at, without } => {
                Answer::Accounts(accounts(store, at, without.as_deref()).await?)
            }
            Order::TokenCreate(new) => create(store, new).await?,
            Order::Tokens => Answer::Tokens(store.tokens().await?),
            Order::TokenRevoke { id, at } => match store.revoke_token(&id, at).await? {
                Some(token) => Answer::TokenRevoked(token),
                None => Answer::NothingToRevoke(id),
            },
            Order::Emergency(_)
            | Order::Became(_)
            | Order::Seal(_)
            | Order::MeetingOpen(_)
            | Order::MeetingOpened(_)
            | Order::Import { .. }
            | Order::Inventory { .. } => Answer::Failed("only the server takes this order".into()),
            Order::Channels => Answer::Channels(channels(store).await?),
            Order::Sweeps => {
                let names = views(store, [SubjectKind::Account, SubjectKind::Repository]).await?;
                Answer::Sweeps(store.sweeps().await?.into_iter().collect(), names)
            }
        })
    }
    .await;
    answered.unwrap_or_else(|error| Answer::Failed(error.to_string()))
}

/// What waits, of each account of GitHub.
async fn queues(
    store: &Store,
    at: Timestamp,
    filter: &Filter,
) -> Result<Vec<(String, Listed<Waits>)>, StoreError> {
    let mut queues = vec![];
    for (tenant, login) in planner::owners(store).await? {
        queues.push((login, Planner::of(store, &tenant, at).await?.waiting(filter).await?));
    }
    Ok(queues)
}

async fn plans(store: &Store, at: Timestamp) -> Result<Vec<(String, Plan)>, StoreError> {
    let mut plans = vec![];
    for (tenant, login) in planner::owners(store).await? {
        plans.push((login, Planner::of(store, &tenant, at).await?.plan().await?));
    }
    Ok(plans)
}

async fn accounts(
    store: &Store,
    at: Timestamp,
    without: Option<&str>,
) -> Result<Vec<(String, Accounts)>, StoreError> {
    let mut reports = vec![];
    for (tenant, login) in planner::owners(store).await? {
        reports.push((login, Planner::of(store, &tenant, at).await?.accounts(without, |_| true).await?));
    }
    Ok(reports)
}

/// Keeps a token, if it is for a repository that is known and lasts no longer than any may.
async fn create(store: &Store, new: NewToken) -> Result<Answer, StoreError> {
    let NewToken { digest, name, repository, environment, whole_account, may, at, expires_at } = new;
    if whole_account && (may != BTreeSet::from([Deed::Read]) || environment.is_some()) {
        let why = "a token for a whole account is for looking alone\n  cure: write --whole-account --may read, and no --environment";
        return Ok(Answer::Failed(why.into()));
    }
    let views = store.subjects_of_kind(SubjectKind::Repository, None).await?;
    let here = views.iter().find_map(|(tenant, _, view)| {
        let known = view.as_repository().filter(|known| known.name == repository && !known.gone)?;
        Some((tenant.clone(), known))
    });
    let Some((tenant, known)) = here else {
        return Ok(Answer::Failed(format!(
            "Changegate knows no repository {repository}\n  cure: name it as owner/name, and give the Changegate App access to it"
        )));
    };
    if expires_at <= at || expires_at.duration_since(at) > LONGEST {
        let why = "a token lasts at least a moment and at most 90 days\n  cure: write --expires 90d or less";
        return Ok(Answer::Failed(why.into()));
    }
    let id = digest.chars().take(12).collect();
    let (repository, repository_name) = (known.id, known.name.clone());
    let created_at = at;
    let grant = Grant {
        id,
        name,
        repository,
        repository_name,
        environment,
        whole_account,
        may,
        created_at,
        expires_at,
    };
    store.add_token(&tenant, &digest, &grant, at).await?;
    Ok(Answer::Token(StoredToken { tenant, grant, used_on: None, revoked_at: None }))
}

async fn channels(store: &Store) -> Result<Vec<(String, BTreeMap<String, Held>)>, StoreError> {
    let mut channels = vec![];
    for (tenant, login) in planner::owners(store).await? {
        channels.push((login, store.notified(&tenant).await?));
    }
    Ok(channels)
}

async fn views(store: &Store, kinds: [SubjectKind; 2]) -> Result<Vec<(TenantId, View)>, StoreError> {
    let mut found = vec![];
    for kind in kinds {
        let subjects = store.subjects_of_kind(kind, None).await?;
        found.extend(subjects.into_iter().map(|(tenant, _, view)| (tenant, view)));
    }
    Ok(found)
}

/// What helps where the socket's path is longer than the system takes.
const SHORTER: &str =
    "put the database into a folder with a shorter path: the path of the socket may have about 100 bytes";

/// Where the server of this database listens for orders.
#[must_use]
pub fn socket_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".sock");
    PathBuf::from(name)
}

/// Listens for orders. Only the owner of the data directory can reach the socket.
///
/// # Errors
/// When the socket cannot be made; where its path is too long, with the cure.
pub fn listen(path: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt as _;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(|error| {
        if error.kind() == io::ErrorKind::InvalidInput {
            io::Error::other(format!("{error}\n  cure: {SHORTER}"))
        } else {
            error
        }
    })?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers orders over HTTP.
pub fn router(operator: Operator) -> Router {
    Router::new().route("/", post(carry_out)).with_state(operator)
}

async fn carry_out(State(operator): State<Operator>, Json(order): Json<Order>) -> Json<Answer> {
    Json(obey(&operator, order).await)
}

/// Carries out an order, one that declares something too.
pub async fn obey(operator: &Operator, order: Order) -> Answer {
    if let Order::Emergency(emergency) = order {
        let kept = operator.declare(emergency).await;
        return kept.map_or_else(|error| Answer::Failed(error.to_string()), Answer::Emergency);
    }
    if let Order::Seal(seals) = order {
        let sealed = operator.seal(seals).await;
        return sealed
            .map_or_else(|error| Answer::Failed(error.to_string()), |(id, name)| Answer::Sealed(id, name));
    }
    if let Order::Import { organisation, again } = order {
        let imported = operator.import(&organisation, again).await;
        return imported.map_or_else(|error| Answer::Failed(error.to_string()), Answer::Import);
    }
    if let Order::Inventory { organisation } = order {
        let found = operator.found(&organisation).await;
        return found.map_or_else(|error| Answer::Failed(error.to_string()), Answer::Inventory);
    }
    if let Order::MeetingOpen(wanted) = order {
        let opening = operator.open_meeting(wanted).await;
        return opening.map_or_else(|error| Answer::Failed(error.to_string()), Answer::Meeting);
    }
    if let Order::MeetingOpened(opening) = order {
        let opened = operator.opened(&opening).await;
        return opened.map_or_else(|error| Answer::Failed(error.to_string()), Answer::MeetingOpened);
    }
    if let Order::Became(kept) = order {
        let became = operator.became(&kept).await;
        return became.map_or_else(|error| Answer::Failed(error.to_string()), Answer::Became);
    }
    answer(&operator.store, order).await
}

/// Sends an order to the running server; `None` where no server listens.
///
/// # Errors
/// When the server was there and broke off.
pub async fn send(socket: &Path, order: &Order) -> io::Result<Option<Answer>> {
    let Ok(stream) = UnixStream::connect(socket).await else { return Ok(None) };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let body = serde_json::to_vec(order)?;
    let request = http::Request::post("/")
        .header(http::header::HOST, "changegate")
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Full::new(axum::body::Bytes::from(body)))
        .map_err(io::Error::other)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        response.into_body().collect().await.map_err(io::Error::other)
    };
    tokio::select! {
        answered = exchange => Ok(Some(serde_json::from_slice(&answered?.to_bytes())?)),
        _ = connection => Err(io::Error::other("the server broke off")),
    }
}
