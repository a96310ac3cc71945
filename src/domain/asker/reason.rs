//! Why somebody who asks is refused: a code for machines, a sentence and a cure for people.

use serde::Serialize;

/// Somebody is refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{sentence}")]
pub struct Refused {
    /// The rule that refuses.
    #[serde(rename = "code")]
    pub reason: Reason,
    /// What is so, as a sentence.
    pub sentence: String,
}

impl Refused {
    /// Refused for this reason, with what is so.
    #[must_use]
    pub fn new(reason: Reason, sentence: impl Into<String>) -> Self {
        Self { reason, sentence: sentence.into() }
    }
}

/// Which rule refuses. The codes are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    NoCredentials,
    TokenMalformed,
    AlgorithmNotAllowed,
    HeaderNotAllowed,
    IssuerNotAllowed,
    AudienceNotAllowed,
    KeyUnknown,
    SignatureInvalid,
    TokenExpired,
    TokenNotYetValid,
    TokenTooLong,
    ClaimMissing,
    ClaimMalformed,
    RepositoryUnknown,
    TokenUnknown,
    TokenReplayed,
    RepositoryNotAllowed,
    EventNotAllowed,
    EnvironmentMissing,
    EnvironmentNotAllowed,
    RefNotAllowed,
    ShaNotAllowed,
    RunNotAllowed,
    WorkflowNotAllowed,
    ClaimsNotAllowed,
    ScopeNotAllowed,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::NoCredentials,
        Self::TokenMalformed,
        Self::AlgorithmNotAllowed,
        Self::HeaderNotAllowed,
        Self::IssuerNotAllowed,
        Self::AudienceNotAllowed,
        Self::KeyUnknown,
        Self::SignatureInvalid,
        Self::TokenExpired,
        Self::TokenNotYetValid,
        Self::TokenTooLong,
        Self::ClaimMissing,
        Self::ClaimMalformed,
        Self::RepositoryUnknown,
        Self::TokenUnknown,
        Self::TokenReplayed,
        Self::RepositoryNotAllowed,
        Self::EventNotAllowed,
        Self::EnvironmentMissing,
        Self::EnvironmentNotAllowed,
        Self::RefNotAllowed,
        Self::ShaNotAllowed,
        Self::RunNotAllowed,
        Self::WorkflowNotAllowed,
        Self::ClaimsNotAllowed,
        Self::ScopeNotAllowed,
    ];

    /// The code for machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoCredentials => "no_credentials",
            Self::TokenMalformed => "token_malformed",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::HeaderNotAllowed => "header_not_allowed",
            Self::IssuerNotAllowed => "issuer_not_allowed",
            Self::AudienceNotAllowed => "audience_not_allowed",
            Self::KeyUnknown => "key_unknown",
            Self::SignatureInvalid => "signature_invalid",
            Self::TokenExpired => "token_expired",
            Self::TokenNotYetValid => "token_not_yet_valid",
            Self::TokenTooLong => "token_too_long",
            Self::ClaimMissing => "claim_missing",
            Self::ClaimMalformed => "claim_malformed",
            Self::RepositoryUnknown => "unknown_repository",
            Self::TokenUnknown => "token_unknown",
            Self::TokenReplayed => "replayed",
            Self::RepositoryNotAllowed => "repository_not_allowed",
            Self::EventNotAllowed => "event_not_allowed",
            Self::EnvironmentMissing => "environment_missing",
            Self::EnvironmentNotAllowed => "environment_not_allowed",
            Self::RefNotAllowed => "ref_not_allowed",
            Self::ShaNotAllowed => "sha_not_allowed",
            Self::RunNotAllowed => "run_not_allowed",
            Self::WorkflowNotAllowed => "workflow_not_allowed",
            Self::ClaimsNotAllowed => "claims_not_allowed",
            Self::ScopeNotAllowed => "scope_not_allowed",
        }
    }

    /// Whether it is known who asks (HTTP 403); otherwise they have not shown it (401).
    #[must_use]
    pub const fn knows_who(self) -> bool {
        match self {
            Self::NoCredentials
            | Self::TokenMalformed
            | Self::AlgorithmNotAllowed
            | Self::HeaderNotAllowed
            | Self::IssuerNotAllowed
            | Self::AudienceNotAllowed
            | Self::KeyUnknown
            | Self::SignatureInvalid
            | Self::TokenExpired
            | Self::TokenNotYetValid
            | Self::TokenTooLong
            | Self::ClaimMissing
            | Self::ClaimMalformed
            | Self::RepositoryUnknown
            | Self::TokenUnknown
            | Self::TokenReplayed => false,
            Self::RepositoryNotAllowed
            | Self::EventNotAllowed
            | Self::EnvironmentMissing
            | Self::EnvironmentNotAllowed
            | Self::RefNotAllowed
            | Self::ShaNotAllowed
            | Self::RunNotAllowed
            | Self::WorkflowNotAllowed
            | Self::ClaimsNotAllowed
            | Self::ScopeNotAllowed => true,
        }
    }

    /// What to do.
    #[must_use]
    pub const fn cure(self) -> &'static str {
        match self {
            Self::NoCredentials => {
                "send `Authorization: Bearer` with a token: in GitHub Actions give the job `permissions: { id-token: write }`, elsewhere use the token of your CI system or one of `changegate token create`"
            }
            Self::TokenMalformed | Self::AlgorithmNotAllowed | Self::HeaderNotAllowed => {
                "send the token as the issuer wrote it"
            }
            Self::IssuerNotAllowed => {
                "name the issuer in the policy (`pipelines`, `issuers`), or, for GitHub's own, in the server's settings (CHANGEGATE_OIDC_ISSUERS)"
            }
            Self::AudienceNotAllowed => {
                "ask for a token whose only audience is the address of this server, as in CHANGEGATE_PUBLIC_URL"
            }
            Self::KeyUnknown => {
                "ask for a new token; if the issuer has just changed its keys, try again in a minute"
            }
            Self::SignatureInvalid | Self::TokenExpired | Self::TokenReplayed => "ask for a new token",
            Self::TokenTooLong => {
                "have the issuer write tokens that last at most 24 hours; ten minutes are enough"
            }
            Self::TokenNotYetValid => "set the clocks of this server and of the issuer right",
            Self::ClaimMissing | Self::ClaimMalformed => {
                "use a token that the issuer wrote for a job, with its usual claims"
            }
            Self::RepositoryUnknown => {
                "give the Changegate App access to the repository; one that was made again under an old name is another one"
            }
            Self::TokenUnknown => "make a new one with `changegate token create`",
            Self::RepositoryNotAllowed => "ask for the repository that the token is for",
            Self::EventNotAllowed => {
                "start the deployment by push, workflow_dispatch, schedule, release, deployment or deployment_status"
            }
            Self::EnvironmentMissing => "name the environment in the job (`environment: production`)",
            Self::EnvironmentNotAllowed => "ask for the environment that the token is for",
            Self::RefNotAllowed => "ask for the branch or tag of the run",
            Self::ShaNotAllowed => "ask for the commit of the run",
            Self::RunNotAllowed => "ask for the run and attempt that the token is of",
            Self::WorkflowNotAllowed => {
                "deploy by a workflow that the policy names (`pipelines`, `workflows`), or have it named there"
            }
            Self::ClaimsNotAllowed => {
                "ask from the job that the policy means, or have the rule in `pipelines`, `issuers` changed"
            }
            Self::ScopeNotAllowed => "make a token with that scope: `changegate token create --may`",
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
