//! Who asks for a decision: proves the token that comes along, and binds it at first use to what is asked for.
//!
//! Nothing here decides: [`crate::domain::asker::may`] says whether they may ask, the gate what is answered. Nobody is
//! contacted but the issuers that the settings name, and those that a policy names.

mod fetch;

mod jwt;

mod keys;

mod named;

pub mod secret;

mod verifier;

use std::{collections::BTreeSet, sync::Arc};

pub use verifier::NotAsked;

use super::ground::{Ground, Grounds};
use crate::{
    clock::Clock,
    config::Config,
    domain::{
        asker::{Actions, Asker, Kind, Outsider, Reason, Refused, Source, Wanted, may_mean},
        finding::code,
        ids::{AccountId, RepoId, RepoName, TenantId},
    },
    store::{Binding, Store, StoreError, StoredToken},
};
use fetch::Place;
use jwt::{Demands, Unproved};
use named::{Named, NamedRule};
use verifier::Verifier;

/// More ways than one policy needs to prove the tokens of one issuer for one repository.
const MOST_SOURCES: usize = 5;

/// What has to be known of this server and its GitHub.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The host of its tenants.
    pub host: String,
    /// GitHub for people: an organisation's address there is the audience that GitHub writes where none is asked for.
    pub github_web_url: String,
    /// The only audience; `None`: no token of an issuer is for us.
    pub public_url: Option<String>,
    /// Who writes the tokens of GitHub Actions.
    pub issuers: Vec<String>,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        Self {
            host: config.github_host(),
            github_web_url: config.github_web_url.clone(),
            public_url: config.public_url.clone(),
            issuers: config.oidc_issuers.clone(),
        }
    }
}

/// Says who asks. Cheap to clone; all clones share the keys of issuers.
#[derive(Debug, Clone)]
pub struct Askers {
    store: Store,
    grounds: Grounds,
    clock: Clock,
    settings: Arc<Settings>,
    verifier: Arc<Verifier>,
    named: Arc<Named>,
}

impl Askers {
    /// Knows nobody yet; keys are fetched when the first token comes.
    ///
    /// # Errors
    /// When the certificates of this machine cannot be read.
    pub fn new(settings: Settings, store: Store, clock: Clock) -> Result<Self, std::io::Error> {
        let grounds = Grounds::new(store.clone(), clock.clone());
        let verifier = Arc::new(Verifier::new(settings.public_url.as_deref(), clock.clone())?);
        Ok(Self { store, grounds, clock, settings: Arc::new(settings), verifier, named: Arc::default() })
    }

    /// What is known of the repositories about which somebody asks.
    #[must_use]
    pub fn grounds(&self) -> Grounds {
        self.grounds.clone()
    }

    /// GitHub for people, without a slash at the end.
    #[must_use]
    pub fn web_url(&self) -> Arc<str> {
        self.settings.github_web_url.as_str().into()
    }

    /// Who asks, by the header `Authorization`. `about`: the repository that the request names, where it names one; a token
    /// of an issuer that policies name for several must.
    ///
    /// # Errors
    /// When they are not shown to be anybody, or it cannot be found out.
    pub async fn who(
        &self,
        authorization: Option<&str>,
        about: Option<&RepoName>,
    ) -> Result<Asker, NotAsked> {
        self.who_and_where(authorization, about).await.map(|(asker, _)| asker)
    }

    /// The same, with what is known of their repository.
    ///
    /// # Errors
    /// As above.
    pub async fn who_and_where(
        &self,
        authorization: Option<&str>,
        about: Option<&RepoName>,
    ) -> Result<(Asker, Arc<Ground>), NotAsked> {
        let token = authorization
            .and_then(bearer)
            .ok_or_else(|| Refused::new(Reason::NoCredentials, "Nothing in the request says who asks."))?;
        if token.starts_with(secret::PREFIX) {
            return self.token(token).await;
        }
        let unproved = Unproved::read(token)?;
        let issuer = unproved.issuer()?;
        let asker = if self.settings.issuers.iter().any(|own| own == issuer) {
            self.job(&unproved).await?
        } else {
            self.outsider(&unproved, about).await?
        };
        let ground = self.ground(&asker.tenant, asker.repository()).await?;
        Ok((asker, ground.ok_or_else(unknown_repository)?))
    }

    /// Binds their token to what they ask for, if it is bound to nothing yet. To be called before anything is decided for
    /// them, and after it is known that they may ask.
    ///
    /// # Errors
    /// When it was used for something else before, or it cannot be found out.
    pub async fn bind(&self, asker: &Asker, wanted: &Wanted) -> Result<(), NotAsked> {
        let Some(proof) = asker.proof() else { return Ok(()) };
        let binding = Binding {
            id: proof.id.clone(),
            tenant: wanted.tenant.clone(),
            bound: wanted.bound(),
            expires_at: proof.expires_at,
        };
        let bound = self.store.bind(std::slice::from_ref(&binding)).await.map_err(unreadable)?;
        if bound.first() == Some(&true) {
            return Ok(());
        }
        let sentence = "The token was used for something else before.";
        Err(Refused::new(Reason::TokenReplayed, sentence).into())
    }

    /// A token of ours. The same is looked up for one that nobody knows, so that how long it takes says nothing.
    async fn token(&self, text: &str) -> Result<(Asker, Arc<Ground>), NotAsked> {
        let unknown = || {
            let sentence = "Nobody knows this token, or it is over or was taken back.";
            NotAsked::from(Refused::new(Reason::TokenUnknown, sentence))
        };
        let digest = secret::digest(text).ok_or_else(unknown)?;
        let found = self.store.token(&digest).await.map_err(unreadable)?;
        let place = found.as_ref().map(|found| (found.tenant.clone(), found.grant.repository));
        let (tenant, repository) =
            place.unwrap_or_else(|| (TenantId::new(&self.settings.host, AccountId(0)), RepoId(0)));
        let ground = self.ground(&tenant, repository).await?;
        let now = self.clock.now();
        let counts = |found: &StoredToken| found.revoked_at.is_none() && !found.grant.is_over(now);
        let found = found.filter(counts).ok_or_else(unknown)?;
        let ground = ground.ok_or_else(unknown_repository)?;
        if let Err(error) = self.store.use_token(&digest, &found, now).await {
            tracing::warn!(%error, "the day on which a token was used is not written down");
        }
        Ok((Asker { tenant, kind: Kind::Token(Box::new(found.grant)) }, ground))
    }

    /// A job of GitHub Actions. Its tenant is the account that owns its repository, by number.
    async fn job(&self, unproved: &Unproved<'_>) -> Result<Asker, NotAsked> {
        let issuer = unproved.issuer()?.to_owned();
        let audience = self.audience()?;
        let owner = unproved.claims().get("repository_owner").and_then(|owner| owner.as_str());
        let usual = owner.map(|owner| format!("{}/{owner}", self.settings.github_web_url));
        if unproved.algorithm != jsonwebtoken::Algorithm::RS256 {
            let sentence = "A token of GitHub Actions is signed with RS256, and this one is not.";
            return Err(Refused::new(Reason::AlgorithmNotAllowed, sentence).into());
        }
        if usual.is_some_and(|usual| usual.eq_ignore_ascii_case(audience)) {
            let sentence =
                "The token is for the organisation itself, as all are for which nobody asks otherwise.";
            return Err(Refused::new(Reason::AudienceNotAllowed, sentence).into());
        }
        let demands = Demands { issuer: &issuer, audience, listed: false };
        let place = Place { issuer: issuer.clone(), keys: None };
        let proof = self.verifier.prove(unproved, place, demands).await?;
        let job = Actions::read(unproved.claims(), proof)?;
        let tenant = TenantId::new(&self.settings.host, job.owner);
        Ok(Asker { tenant, kind: Kind::Actions(Box::new(job)) })
    }

    /// A job elsewhere, by a rule of a policy: the tenant is the policy's.
    async fn outsider(&self, unproved: &Unproved<'_>, about: Option<&RepoName>) -> Result<Asker, NotAsked> {
        let issuer = unproved.issuer()?;
        let rules = self.named.rules(&self.store, self.clock.now()).await.map_err(unreadable)?;
        let of_issuer: Vec<&NamedRule> = rules.iter().filter(|named| named.rule.issuer == issuer).collect();
        if of_issuer.is_empty() {
            let sentence = format!("No policy and no setting names the issuer {}.", code(issuer));
            return Err(Refused::new(Reason::IssuerNotAllowed, sentence).into());
        }
        let claims = Outsider::texts(unproved.claims());
        let means =
            |named: &&NamedRule| may_mean(&named.rule, about.unwrap_or(&named.rule.repository), &claims);
        let meant: Vec<&NamedRule> = of_issuer.iter().copied().filter(means).collect();
        let places: BTreeSet<_> = meant.iter().map(|named| (&named.tenant, named.repository)).collect();
        let one = (places.len() == 1).then(|| meant.first().copied()).flatten();
        // Whoever is refused for their claims has shown first that they are theirs.
        let tried = if one.is_some() { &meant } else { &of_issuer };
        let (source, proof) = self.prove_by(unproved, tried).await?;
        let Some(named) = one else {
            let sentence = if places.is_empty() {
                format!("No rule of a policy means a token with these claims of {}.", code(issuer))
            } else {
                "The token could ask for several repositories, and the request names none.".into()
            };
            return Err(Refused::new(Reason::ClaimsNotAllowed, sentence).into());
        };
        let outsider = Outsider { source, repository: named.repository, claims, proof };
        Ok(Asker { tenant: named.tenant.clone(), kind: Kind::Outsider(Box::new(outsider)) })
    }

    /// Proves a token in one of the ways that these rules want.
    async fn prove_by(
        &self,
        unproved: &Unproved<'_>,
        rules: &[&NamedRule],
    ) -> Result<(Source, crate::domain::asker::Proof), NotAsked> {
        let server = self.audience()?;
        let sources: BTreeSet<Source> = rules.iter().map(|named| Source::of(&named.rule, server)).collect();
        let mut refused =
            Refused::new(Reason::IssuerNotAllowed, "No rule says how the token is proved.").into();
        for source in sources.into_iter().take(MOST_SOURCES) {
            let demands = Demands { issuer: &source.issuer, audience: &source.audience, listed: true };
            let place = Place { issuer: source.issuer.clone(), keys: source.keys.clone() };
            match self.verifier.prove(unproved, place, demands).await {
                Ok(proof) => return Ok((source, proof)),
                // That it cannot be found out is told before any refusal: it may be otherwise later.
                Err(NotAsked::Refused(_)) if matches!(refused, NotAsked::Unavailable(_)) => {}
                Err(why) => refused = why,
            }
        }
        Err(refused)
    }

    fn audience(&self) -> Result<&str, Refused> {
        self.settings.public_url.as_deref().ok_or_else(|| {
            Refused::new(Reason::AudienceNotAllowed, "This server does not know its own address.")
        })
    }

    /// What is known of the repository, if it is one of the tenant's and the App is there.
    async fn ground(&self, tenant: &TenantId, repository: RepoId) -> Result<Option<Arc<Ground>>, NotAsked> {
        let ground = self.grounds.of(tenant, repository).await.map_err(unreadable)?;
        Ok(ground.filter(|ground| ground.here.is_some()))
    }
}

/// What stands after `Bearer`.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn unknown_repository() -> NotAsked {
    let sentence = "Changegate knows no such repository, or the App has no access to it.";
    Refused::new(Reason::RepositoryUnknown, sentence).into()
}

fn unreadable(error: StoreError) -> NotAsked {
    tracing::error!(%error, "it cannot be found out who asks");
    NotAsked::Unavailable("The database does not answer.".into())
}
