//! The policy file as it is written: its keys and the shape of their values, and nothing about their meaning.
//!
//! These structs are the one place that says which keys exist. The JSON Schema for editors is generated from
//! them, the check of a file's shape follows that schema, and serde fills them. The comments are what an editor
//! shows beside a key.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The rules by which changes reach production.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[schemars(title = "Changegate policy")]
pub(super) struct File {
    /// The version of this file's form; it is 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: Option<i64>,
    /// The time zone of every time in this file, by its IANA name; UTC if nothing is said.
    #[schemars(extend("examples" = ["Europe/Berlin", "America/New_York", "UTC"]))]
    pub zone: Option<String>,
    /// How strict Changegate is where no entry of `repositories` says otherwise; observe if nothing is said.
    pub mode: Option<Mode>,
    /// Who may act, as GitHub teams (owner/team) or logins.
    pub roles: Roles,
    /// Who signs: names of your choice, each with teams or logins.
    #[schemars(extend("examples" = [{"qa": ["acme/qa"], "business": ["dana", "lee"]}]))]
    pub groups: BTreeMap<String, Vec<String>>,
    /// How an issue becomes a change request.
    pub intake: Intake,
    /// The labels that Changegate reads and sets, where you want other names than the usual ones.
    pub labels: Labels,
    /// The departments or customers that ask, by name.
    #[schemars(extend("examples" = [{"sales": {"sponsor": "dana", "weight": 2}}]))]
    pub accounts: BTreeMap<String, Account>,
    /// Groups of repositories that are released together, by name.
    pub trains: BTreeMap<String, Train>,
    /// How single repositories are treated; the first entry that matches a repository counts, whole.
    pub repositories: Vec<Repository>,
    /// Parts of a monorepo with a deployed state of their own: repository, then part.
    #[schemars(extend("examples" = [{"acme/mono": {"web": {"paths": ["apps/web/**"], "environment": "prod-web"}}}]))]
    pub components: BTreeMap<String, BTreeMap<String, Component>>,
    /// What a deployment needs, by kind of environment.
    pub environments: BTreeMap<String, Environment>,
    /// Changes that are approved in advance.
    pub standard_changes: Vec<StandardChange>,
    /// Times in which nothing is deployed.
    pub freezes: Vec<Freeze>,
    /// How people write commands in comments.
    pub commands: Commands,
    /// Who may ask for a decision from a pipeline, beside the jobs that GitHub itself holds up.
    pub pipelines: Pipelines,
    /// Repositories whose files say which images run: one, or a list of them.
    pub gitops: GitOpsEntries,
    /// Who is told by chat or mail what concerns them.
    pub notify: Vec<Notify>,
}

/// How strict Changegate is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mode {
    /// Watches and records; says nothing.
    Observe,
    /// Says what is missing; stops nothing.
    Advise,
    /// Decides.
    Enforce,
}

/// Who may act.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Roles {
    /// Accepts, defers and declines change requests.
    #[schemars(extend("examples" = [["acme/triage"]]))]
    pub triager: Vec<String>,
    /// Plans releases, locks them and says go.
    #[schemars(extend("examples" = [["acme/release-managers"]]))]
    pub release_manager: Vec<String>,
    /// May declare an emergency.
    #[schemars(extend("examples" = [["acme/on-call"]]))]
    pub break_glass: Vec<String>,
    /// May read everything that was recorded.
    #[schemars(extend("examples" = [["acme/audit"]]))]
    pub auditor: Vec<String>,
}

/// How an issue becomes a change request.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Intake {
    /// The label that makes an issue a change request; change-request if nothing is said.
    #[schemars(extend("examples" = ["change-request"]))]
    pub label: Option<String>,
    /// The issue type that makes an issue a change request, instead of a label.
    #[schemars(extend("examples" = ["Change request"]))]
    pub r#type: Option<String>,
    /// Where people ask who know no repository.
    #[schemars(extend("examples" = ["acme/requests"]))]
    pub repository: Option<String>,
    /// Headings of the issue form that must have an answer.
    #[schemars(extend("examples" = [["What is needed", "Why", "Who is affected"]]))]
    pub required: Vec<String>,
    /// The repository in whose one issue the plan is published, with the titles of all change requests; nowhere if nothing is said.
    #[schemars(extend("examples" = ["acme/requests"]))]
    pub plan: Option<String>,
    /// Who answers for what is accepted, one after the other, where nobody is named otherwise: logins.
    #[schemars(extend("examples" = [["kim", "lou"]]))]
    pub contacts: Vec<String>,
    /// How long a request may wait for a decision before it counts as overdue.
    #[schemars(extend("examples" = ["5 working days"]))]
    pub overdue: Option<String>,
    /// How long a request may lack information before it is withdrawn.
    #[schemars(extend("examples" = ["14 days"]))]
    pub withdraw_after: Option<String>,
    /// How many change requests of all repositories may be in a stage at once; any number where nothing is said.
    #[schemars(extend("examples" = [{"accepted": 40, "in-work": 12}]))]
    pub limits: Limits,
    /// Whether a triager may accept what they asked for themselves. allowed if nothing is said.
    pub own: Option<Own>,
}

/// Accepting one's own.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Own {
    /// As anything else; the report of accounts and the register show it.
    Allowed,
    /// Another triager accepts it.
    Refused,
}

/// How many change requests may be in a stage at once. Only accepting is refused beyond its limit; of the other stages the plan
/// says when there are more.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Limits {
    /// Accepted and in no release: beyond it, accepting is refused, unless a triager says why (`/accept over: WHY`).
    #[schemars(range(min = 1), extend("examples" = [40]))]
    pub accepted: Option<i64>,
    /// In a release, and not begun.
    #[schemars(range(min = 1))]
    pub scheduled: Option<i64>,
    /// Begun, and not complete.
    #[schemars(range(min = 1), extend("examples" = [12]))]
    pub in_work: Option<i64>,
    /// Complete, and not in production.
    #[schemars(range(min = 1))]
    pub ready: Option<i64>,
}

/// The labels that Changegate reads and sets.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Labels {
    /// triage/accepted if nothing is said.
    pub accepted: Option<String>,
    /// triage/needs-information if nothing is said.
    pub needs_information: Option<String>,
    /// triage/deferred if nothing is said.
    pub deferred: Option<String>,
    /// triage/declined if nothing is said.
    pub declined: Option<String>,
    /// triage/duplicate if nothing is said.
    pub duplicate: Option<String>,
    /// kind/project if nothing is said.
    pub project: Option<String>,
    /// kind/infrastructure if nothing is said.
    pub infrastructure: Option<String>,
    /// change/standard if nothing is said.
    pub standard: Option<String>,
    /// change/emergency if nothing is said.
    pub emergency: Option<String>,
    /// What stands before low, medium or high; risk/ if nothing is said.
    pub risk: Option<String>,
    /// What stands before S, M or L; size/ if nothing is said.
    pub size: Option<String>,
    /// What stands before an account's name; account/ if nothing is said.
    pub account: Option<String>,
    /// What stands before a system's name; system/ if nothing is said.
    pub system: Option<String>,
}

/// A department or customer that asks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Account {
    /// Who ranks the account's requests and accepts for it.
    #[schemars(extend("examples" = ["dana"]))]
    pub sponsor: String,
    /// Who answers for its requests: a login.
    #[serde(default)]
    #[schemars(extend("examples" = ["kim"]))]
    pub contact: Option<String>,
    /// Its share beside the other accounts; 1 if nothing is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1000))]
    pub weight: Option<i64>,
    /// What people call accounts of its sort, as one of you decided: key is that of a key account.
    #[serde(default)]
    #[schemars(extend("examples" = ["key"]))]
    pub tier: Option<String>,
    /// So many slots of each release are kept for it until the release locks: `/schedule next` passes them over for others.
    /// No more than a fifth of a release is kept, for all accounts together. None if nothing is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100), extend("examples" = [2]))]
    pub reserved: Option<i64>,
}

/// Repositories that are released together.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Train {
    /// Its repositories, with * for any letters in a name.
    #[schemars(extend("examples" = [["acme/web", "acme/mail-*"]]))]
    pub repositories: Vec<String>,
    /// The titles of its milestones, with {year}, {month}, {week}, {day}, {quarter} or {number}.
    #[schemars(extend("examples" = ["{year}.{month}", "{year}-W{week}", "v{number}"]))]
    pub title: String,
    /// When it leaves.
    #[serde(default)]
    #[schemars(extend("examples" = ["first Thursday 10:00", "Thursday 10:00", "2 weeks from 2027-01-07 10:00"]))]
    pub every: Option<String>,
    /// How long before leaving its scope is locked.
    #[serde(default)]
    #[schemars(extend("examples" = ["7 days before"]))]
    pub lock: Option<String>,
    /// What it ships.
    #[serde(default)]
    pub candidate: Option<Candidate>,
    /// The repository that keeps the control records of its releases, whether or not it has their milestone; one of those
    /// that have it if nothing is said.
    #[serde(default)]
    #[schemars(extend("examples" = ["acme/requests"]))]
    pub record: Option<String>,
    /// How many change requests it carries: `/schedule next` passes over a release that is full, and more stops nothing. auto,
    /// as if nothing is said: no limit until three releases were deployed, then as many as the last five carried, of which
    /// the middle one counts.
    #[serde(default)]
    pub slots: Option<Slots>,
    /// Of so many next releases the milestones are made in every repository of the train, before anybody plans for them. None if
    /// nothing is said.
    #[serde(default)]
    #[schemars(range(min = 0, max = 24), extend("examples" = [4]))]
    pub ahead: Option<i64>,
}

/// What a release ships: the one or the other.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Candidate {
    /// The branch that holds a release, with {title} in its name: its head.
    #[serde(default)]
    #[schemars(extend("examples" = ["release/{title}"]))]
    pub branch: Option<String>,
    /// The tag that marks a release, with {title} in its name: the commit that it points at when people begin to sign. Moving
    /// it later moves nothing.
    #[serde(default)]
    #[schemars(extend("examples" = ["v{title}"]))]
    pub tag: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Slots {
    Word(String),
    Number(i64),
}

impl JsonSchema for Slots {
    fn schema_name() -> Cow<'static, str> {
        "Slots".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "pattern": "^auto$", "minimum": 1, "examples": ["auto", 12] })
    }
}

/// How some repositories are treated.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Repository {
    /// Which repositories: one pattern or a list of them.
    #[schemars(extend("examples" = ["acme/site-*", ["acme/web", "acme/billing"], "*"]))]
    pub r#match: OneOrMany,
    /// How strict Changegate is here.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// How changes get out of here.
    #[serde(default)]
    pub ship: Option<Ship>,
    /// What a change request is here; pull-request where `ship` is continuous, issue otherwise.
    #[serde(default)]
    pub change: Option<Change>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl JsonSchema for OneOrMany {
    fn schema_name() -> Cow<'static, str> {
        "OneOrMany".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "array"], "items": { "type": "string" }, "minItems": 1 })
    }
}

/// How changes get out.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ship {
    /// Accepted changes wait for a release, and signatures are on the release.
    Train,
    /// A deployment carries whatever was merged; each pull request has passed by itself.
    Continuous,
}

/// What a change request is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Change {
    /// An issue that a triager accepts.
    Issue,
    /// The pull request itself; an independent approving review accepts it.
    PullRequest,
}

/// A part of a monorepo.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Component {
    /// Its files, from the top of the repository.
    #[schemars(extend("examples" = [["apps/web/**", "libs/**"]]))]
    pub paths: Vec<String>,
    /// The GitHub environment in which it runs.
    #[schemars(extend("examples" = ["prod-web"]))]
    pub environment: String,
}

/// What a deployment into these environments needs.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Environment {
    /// GitHub environments of this kind, with * for any letters; the section's own name if nothing is said.
    #[schemars(extend("examples" = [["production", "prod-*"]]))]
    pub names: Option<Vec<String>>,
    /// Branches and tags from which may be deployed, and nothing else; any if nothing is said.
    pub from: Option<Sources>,
    /// Where merging is deploying; nowhere if nothing is said.
    pub promote: Option<Promote>,
    /// When production may change; always if nothing is said.
    #[schemars(extend("examples" = [["Tue-Thu 09:00-16:00"]]))]
    pub window: Option<Vec<String>>,
    /// How long a deployment may take; the rest of the window must be longer.
    #[schemars(extend("examples" = ["2 hours"]))]
    pub finish_within: Option<String>,
    /// Rules for every deployment.
    pub require: Vec<Rule>,
    /// Rules for a release of a train, beside `require`.
    pub train: Vec<Rule>,
    /// Rules for each pull request that ships continuously, beside `require`.
    pub continuous: Vec<Rule>,
    /// Rules for changes of some risk, beside the others.
    pub when: Vec<When>,
    /// The groups that sign a release one after the other; who is not named signs at any time.
    #[schemars(extend("examples" = [["qa", "business", "release-manager"]]))]
    pub order: Vec<String>,
    /// Who signs a release again after it changed; everybody if nothing is said.
    pub resign: Option<Resign>,
    /// What an emergency may do, and what is owed afterwards; without it there are none.
    pub emergency: Option<Emergency>,
    /// Whether what runs there is delivered to whoever asked for it; a staging environment can be guarded and deliver nothing.
    /// true if nothing is said.
    #[schemars(extend("examples" = [false]))]
    pub delivers: Option<bool>,
    /// Where those who deploy there ask: GitHub holds their job for our protection rule, or the pipeline asks at the gate by
    /// `changegate gate` or the API. protection-rule if nothing is said.
    pub door: Option<Door>,
    /// May a commit that was deployed and approved before come back without new signatures? allowed if nothing is said.
    pub rollback: Option<Rollback>,
}

/// Where a deployment may come from.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Sources {
    /// Branches; `default` is the repository's default branch.
    #[schemars(extend("examples" = [["default", "release/*"]]))]
    pub branches: Vec<String>,
    /// Tags.
    #[schemars(extend("examples" = [["v*"]]))]
    pub tags: Vec<String>,
}

/// Where merging is deploying: such a pull request gets the check `changegate/release`, judged like a deployment of its head
/// to the first environment among `names` that is written without a star.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Promote {
    /// Branches that say what runs and on which nobody develops: pull requests into them. Never the default branch.
    #[schemars(extend("examples" = [["production"]]))]
    pub branches: Vec<String>,
    /// Files that say what runs: pull requests into the default branch that touch one of them.
    #[schemars(extend("examples" = [["deploy/production/**"]]))]
    pub paths: Vec<String>,
}

/// A repository whose files say which images run. A pull request there that moves an image is judged by what lies between the
/// commits that the old and the new image were built from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct GitOps {
    /// The repository that is synced.
    #[schemars(extend("examples" = ["acme/deploy"]))]
    pub repository: String,
    /// Its files that say what runs there.
    #[schemars(extend("examples" = [["envs/prod/**"]]))]
    pub paths: Vec<String>,
    /// The images, as those files write them without a tag, each with the repository that it is built from.
    #[schemars(extend("examples" = [{"ghcr.io/acme/web": "acme/web"}]))]
    pub images: BTreeMap<String, String>,
    /// The environment that they run in, by the name under which the repositories of the images are deployed there. The one that
    /// `environments` has if nothing is said.
    #[serde(default)]
    #[schemars(extend("examples" = ["production"]))]
    pub environment: Option<String>,
    /// What the label `org.opencontainers.image.revision` counts for where no attestation says what an image was built from. Whoever
    /// builds an image writes its labels, and nobody signs them. `ignored` if nothing is said.
    #[serde(default)]
    pub label: Option<Label>,
}

/// What a label of an image counts for.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Label {
    /// Nothing.
    Ignored,
    /// For what it says; the registries must be named in `CHANGEGATE_REGISTRY_HOSTS`.
    Accepted,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum GitOpsEntries {
    Many(Vec<GitOps>),
    One(GitOps),
}

impl Default for GitOpsEntries {
    fn default() -> Self {
        Self::Many(vec![])
    }
}

impl JsonSchema for GitOpsEntries {
    fn schema_name() -> Cow<'static, str> {
        "GitOpsEntries".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = GitOps::json_schema(generator);
        let mut either = one.clone();
        either.insert("type".into(), serde_json::json!(["array", "object"]));
        either.insert("items".into(), one.to_value());
        either
    }
}

/// One rule: exactly one of these keys.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(super) struct Rule {
    /// Every commit since the deployed state comes from a merged pull request.
    pub range: Option<RangeRule>,
    /// Every pull request belongs to an accepted change request or is a standard change.
    pub change: Option<ChangeRule>,
    /// These checks passed on exactly this commit.
    #[schemars(extend("examples" = [[{"name": "ci", "app": "github-actions"}]]))]
    pub checks: Option<Vec<RequiredCheck>>,
    /// How many people of each group or role must sign; `review` counts independent GitHub reviews.
    #[schemars(extend("examples" = [{"release-manager": 1, "qa": 1}], "additionalProperties" = {"type": "integer", "minimum": 1}))]
    pub approvals: Option<BTreeMap<String, i64>>,
    /// Who must have tried it and said that it works: groups, requester or sponsor.
    #[schemars(extend("examples" = [["qa", "requester"]]))]
    pub acceptance: Option<Vec<String>>,
    /// A plan that must be there.
    pub plan: Option<PlanRule>,
    /// Who is told what a release ships, so long before it goes: groups, or the same with `before`; 24 hours if nothing is said.
    pub notice: Option<NoticeRule>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum NoticeRule {
    Groups(Vec<String>),
    Whole(Notice),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notice {
    pub groups: Vec<String>,
    #[serde(default)]
    pub before: Option<String>,
}

impl JsonSchema for NoticeRule {
    fn schema_name() -> Cow<'static, str> {
        "NoticeRule".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["array", "object"],
            "items": { "type": "string" },
            "properties": {
                "groups": {
                    "type": "array",
                    "items": { "type": "string" },
                    "description": "The groups that are told.",
                    "examples": [["help-desk", "operations"]]
                },
                "before": {
                    "type": "string",
                    "description": "How long before; 24 hours if nothing is said.",
                    "examples": ["24 hours", "1 working day"]
                }
            },
            "required": ["groups"],
            "additionalProperties": false,
            "examples": [["help-desk", "operations"]]
        })
    }
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RangeRule {
    /// Every commit comes from a merged pull request.
    Traced,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ChangeRule {
    /// Every change request is accepted.
    Accepted,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PlanRule {
    /// How to get back if it goes wrong.
    BackOut,
}

/// A check that must pass.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RequiredCheck {
    /// The name of the check.
    #[schemars(extend("examples" = ["ci"]))]
    pub name: String,
    /// The App that reports it; a check of that name from any other App does not count.
    #[schemars(extend("examples" = ["github-actions"]))]
    pub app: String,
}

/// Rules for changes of some risk.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct When {
    /// The risk from which the rules apply.
    pub risk: Risk,
    /// The rules.
    pub require: Vec<Rule>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Risk {
    Low,
    Medium,
    High,
}

/// Who signs a release again: all, or these groups and roles.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Resign {
    /// After a change request joined or left.
    pub scope: Option<Again>,
    /// After a commit that ships became another one.
    pub commits: Option<Again>,
    /// After the text of a change request changed.
    pub text: Option<Again>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Again {
    Word(String),
    Groups(Vec<String>),
}

impl JsonSchema for Again {
    fn schema_name() -> Cow<'static, str> {
        "Again".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "array"], "pattern": "^all$", "items": { "type": "string" }, "examples": ["all", ["qa"]] })
    }
}

/// What an emergency may do, and what is owed afterwards.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Emergency {
    /// How long it opens the gate.
    #[schemars(extend("examples" = ["4 hours"]))]
    pub lasts: String,
    /// How soon it must be approved: before it is deployed, or within a time after it was declared.
    #[schemars(extend("examples" = ["within 1 working day", "before"]))]
    pub approved: String,
    /// How soon its retrospective is due.
    #[schemars(extend("examples" = ["5 working days"]))]
    pub retrospective: String,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Door {
    /// GitHub holds the job until our rule answers.
    ProtectionRule,
    /// The pipeline asks, and waits by itself.
    Pipeline,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Rollback {
    /// With a reason, even in a freeze.
    Allowed,
    /// Only like any other deployment.
    Refused,
}

/// A kind of change that is approved in advance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct StandardChange {
    /// What people call it.
    #[schemars(extend("examples" = ["dependency updates"]))]
    pub name: String,
    /// Who wrote every commit of it; anybody if nothing is said.
    #[serde(default)]
    #[schemars(extend("examples" = [["dependabot[bot]", "renovate[bot]"]]))]
    pub authors: Vec<String>,
    /// The only files it touches; $dependency-files stands for manifests and lock files.
    #[serde(default)]
    #[schemars(extend("examples" = [["$dependency-files"], ["**/*.md", "docs/**"]]))]
    pub paths: Vec<String>,
    /// Checks that passed on it.
    #[serde(default)]
    pub checks: Vec<RequiredCheck>,
    /// How many people of each group or role must sign it all the same.
    #[serde(default)]
    #[schemars(extend("examples" = [{"review": 1}], "additionalProperties" = {"type": "integer", "minimum": 1}))]
    pub approvals: BTreeMap<String, i64>,
    /// After how many failed deployments it needs an ordinary approval again.
    #[serde(default)]
    #[schemars(extend("examples" = ["1 failed deployment"]))]
    pub suspend_after: Option<String>,
}

/// A time in which nothing is deployed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Freeze {
    /// What people call it.
    #[schemars(extend("examples" = ["quarter end"]))]
    pub name: String,
    /// Its first moment, in the file's zone.
    #[schemars(extend("examples" = ["2026-12-28 00:00"]))]
    pub from: String,
    /// The moment at which it is over.
    #[schemars(extend("examples" = ["2027-01-04 08:00"]))]
    pub to: String,
    /// Sections of `environments` that it closes; all if nothing is said.
    #[serde(default)]
    #[schemars(extend("examples" = [["production"]]))]
    pub environments: Option<Vec<String>>,
}

/// How people write commands in comments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Commands {
    /// With cg, commands are written as /cg approve, and the bare words are left to other bots.
    #[schemars(extend("examples" = ["cg"]))]
    pub prefix: Option<String>,
}

/// Somebody who is told by chat or mail.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Notify {
    /// The channel, by the name that the settings of the server give it.
    #[schemars(extend("examples" = ["triage"]))]
    pub to: String,
    /// Whose business it is: a role or a group of this file, or sponsor. What is told follows from it where `about` says nothing.
    #[serde(default)]
    #[schemars(extend("examples" = ["triager", "release-manager", "sponsor"]))]
    pub r#for: Option<String>,
    /// What is told.
    #[serde(default)]
    #[schemars(extend("examples" = [["requests", "queue"], ["exceptions"]]))]
    pub about: Vec<Topic>,
    /// Only what this account asked for.
    #[serde(default)]
    #[schemars(extend("examples" = ["sales"]))]
    pub account: Option<String>,
    /// All of it in one message at these times; at once if nothing is said.
    #[serde(default)]
    #[schemars(extend("examples" = ["Mon-Fri 09:00", "Friday 14:00"]))]
    pub digest: Option<String>,
    /// Only in these hours; what comes outside of them waits for the next. At any time if nothing is said.
    #[serde(default)]
    #[schemars(extend("examples" = [["Mon-Fri 08:00-18:00"]]))]
    pub hours: Vec<String>,
}

/// What people are told of by chat or mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Topic {
    /// Somebody asks for something new.
    Requests,
    /// How much waits for a decision, and for how long; in digests alone.
    Queue,
    /// What was accepted, declined, put off, withdrawn, or lacks information.
    Decisions,
    /// What is planned for which release, was moved or taken out.
    Plans,
    /// What came into production, and whether it works there.
    Deliveries,
    /// Locks, go and no-go, signatures, rejections, how it went.
    Releases,
    /// What somebody tried who may not.
    Attempts,
    /// Emergencies, by-passes, freezes, whatever the rules do not provide for.
    Exceptions,
    /// Another policy is in force, or was refused.
    Policy,
}

/// Who may ask from a pipeline.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Pipelines {
    /// The only workflow files of GitHub Actions that may ask, each at a branch, a tag or a commit; any if nothing is said.
    #[schemars(extend("examples" = [["acme/deploy/.github/workflows/deploy.yml@refs/heads/main"]]))]
    pub workflows: Vec<String>,
    /// Who else writes tokens that may ask: GitLab, Jenkins, Kubernetes or any other OpenID Connect issuer.
    pub issuers: Vec<Issuer>,
}

/// Tokens of one issuer that may ask for one repository.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Issuer {
    /// The issuer, as its tokens name it in `iss`.
    #[schemars(extend("examples" = ["https://gitlab.example.com"]))]
    pub issuer: String,
    /// The audience of its tokens; the address of the Changegate server if nothing is said.
    #[serde(default)]
    #[schemars(extend("examples" = ["https://changegate.example.com"]))]
    pub audience: Option<String>,
    /// Where its keys are (a JWKS); discovered from the issuer if nothing is said.
    #[serde(default)]
    #[schemars(extend("examples" = ["https://gitlab.example.com/oauth/discovery/keys"]))]
    pub keys: Option<String>,
    /// The repository for which they may ask.
    #[schemars(extend("examples" = ["acme/web"]))]
    pub repository: String,
    /// The environments for which they may ask, with * for any letters; any if nothing is said.
    #[serde(default)]
    #[schemars(extend("examples" = [["production", "prod-*"]]))]
    pub environments: Vec<String>,
    /// What their claims must be: a text to the letter, or {environment}, {sha}, {ref} or {run} for what is asked for.
    #[schemars(extend("examples" = [{"project_path": "acme/web", "ref_protected": "true", "sha": "{sha}"}]))]
    pub when: BTreeMap<String, String>,
}
