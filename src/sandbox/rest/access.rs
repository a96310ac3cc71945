//! Who is asking and what they may do: the App's JWT, installation tokens, permissions.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use crate::sandbox::answer::{Answer, Call};
use crate::sandbox::state::{Grant, State};
use crate::sandbox::world::Repo;

/// GitHub refuses a JWT that is valid for longer, in seconds.
const LONGEST_JWT: i64 = 600;

/// Who is asking.
pub(super) enum Who {
    Nobody,
    App,
    Installation(Grant),
}

/// What a permission allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Level {
    Read,
    Write,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    iss: serde_json::Value,
    iat: Option<i64>,
    exp: Option<i64>,
}

impl Who {
    pub fn installation(&self) -> Option<u64> {
        match self {
            Self::Installation(grant) => Some(grant.installation),
            Self::App | Self::Nobody => None,
        }
    }

    /// Only the App itself may go on.
    pub fn app(&self) -> Result<(), Answer> {
        match self {
            Self::App => Ok(()),
            Self::Installation(_) | Self::Nobody => {
                Err(Answer::refused(401, "A JSON web token could not be decoded"))
            }
        }
    }

    /// Only an installation may go on.
    pub fn grant(&self) -> Result<&Grant, Answer> {
        match self {
            Self::Installation(grant) => Ok(grant),
            Self::App => Err(Answer::forbidden()),
            Self::Nobody => Err(Answer::refused(401, "Requires authentication")),
        }
    }

    /// Only an installation that covers the repository and has one of these permissions may go on. What is public
    /// may be read without being covered.
    pub fn may(&self, state: &State, repo: &Repo, any: &[&str], level: Level) -> Result<(), Answer> {
        let grant = self.grant()?;
        if !grant.covers(state, repo) {
            return match (repo.private, level) {
                (false, Level::Read) => Ok(()),
                (false, Level::Write) => Err(Answer::forbidden()),
                (true, _) => Err(Answer::not_found()),
            };
        }
        if any.iter().any(|permission| grant.allows(permission, level)) {
            Ok(())
        } else {
            Err(Answer::forbidden())
        }
    }
}

impl Grant {
    /// Whether the token reaches this repository.
    pub(in crate::sandbox) fn covers(&self, state: &State, repo: &Repo) -> bool {
        let installation = state.world.installations.get(&self.installation);
        installation.is_some_and(|installation| installation.covers(repo))
            && self.repositories.as_ref().is_none_or(|narrowed| narrowed.contains(&repo.id))
    }

    pub(in crate::sandbox) fn allows(&self, permission: &str, level: Level) -> bool {
        match self.permissions.get(permission).map(String::as_str) {
            None => permission == "metadata" && level == Level::Read,
            Some("read") => level == Level::Read,
            Some(_) => true,
        }
    }
}

/// Reads the credentials.
pub(super) fn who(state: &State, call: &Call) -> Result<Who, Answer> {
    let Some(header) = call.header("authorization") else {
        return Ok(Who::Nobody);
    };
    let token = header.strip_prefix("Bearer ").or_else(|| header.strip_prefix("token "));
    let token = token.ok_or_else(Answer::bad_credentials)?;
    if token.starts_with("ghs_") { installation(state, token) } else { app(state, token) }
}

fn installation(state: &State, token: &str) -> Result<Who, Answer> {
    let grant = state.grants.get(token).ok_or_else(Answer::bad_credentials)?;
    if state.now() >= grant.expires_at {
        return Err(Answer::bad_credentials());
    }
    match state.world.installations.get(&grant.installation) {
        None => Err(Answer::bad_credentials()),
        Some(installation) if installation.suspended.is_some() => {
            Err(Answer::refused(403, "This installation has been suspended"))
        }
        Some(_) => Ok(Who::Installation(grant.clone())),
    }
}

fn app(state: &State, token: &str) -> Result<Who, Answer> {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_rsa_der(&state.public_key);
    let decoded = jsonwebtoken::decode::<Claims>(token, &key, &validation);
    let Ok(decoded) = decoded else {
        return Err(Answer::refused(401, "A JSON web token could not be decoded"));
    };
    claimed(state, &decoded.claims)
}

fn claimed(state: &State, claims: &Claims) -> Result<Who, Answer> {
    let now: Timestamp = state.now();
    let refuse = |message: &str| Err(Answer::refused(401, message));
    let (Some(iat), Some(exp)) = (claims.iat, claims.exp) else {
        return refuse("Missing 'exp' claim in assertion");
    };
    if exp <= now.as_second() {
        return refuse(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        );
    }
    if exp - now.as_second() > LONGEST_JWT {
        return refuse("'Expiration time' claim ('exp') is too far in the future");
    }
    if iat > now.as_second() {
        return refuse(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        );
    }
    let issuer = claims.iss.as_str().map_or_else(|| claims.iss.to_string(), str::to_owned);
    if issuer == state.world.app.id.to_string() {
        Ok(Who::App)
    } else {
        Err(Answer::refused(404, "Integration not found"))
    }
}
