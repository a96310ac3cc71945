//! What could be wrong with how Changegate is set up, one line each: what is so, and how it is cured.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    effect::{CHANGE_CHECK, RELEASE_CHECK},
    facts::EnvironmentReading,
    finding::{code, one_line},
    ids::RepoName,
    policy::{EffectivePolicy, Mode},
};

/// How one thing is, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub state: State,
    /// The part of the set-up, an account, or a repository.
    pub about: String,
    /// As a sentence without its full stop.
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
}

impl Line {
    #[must_use]
    pub fn ok(about: impl Into<String>, what: impl Into<String>) -> Self {
        Self { state: State::Ok, about: about.into(), what: what.into(), cure: None }
    }

    #[must_use]
    pub fn warn(about: impl Into<String>, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { state: State::Warn, cure: Some(cure.into()), ..Self::ok(about, what) }
    }

    #[must_use]
    pub fn fail(about: impl Into<String>, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { state: State::Fail, cure: Some(cure.into()), ..Self::ok(about, what) }
    }
}

/// What an App asks for, or has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Asked {
    #[serde(alias = "default_permissions")]
    pub permissions: BTreeMap<String, String>,
    #[serde(alias = "default_events")]
    pub events: BTreeSet<String>,
}

impl Asked {
    /// What the manifest of the whole App asks for.
    #[must_use]
    pub fn whole() -> Self {
        serde_json::from_str(include_str!("../../deploy/github-app.json")).unwrap_or_default()
    }

    /// What the manifest for intake alone asks for.
    #[must_use]
    pub fn intake() -> Self {
        serde_json::from_str(include_str!("../../deploy/github-app-intake.json")).unwrap_or_default()
    }

    /// The permissions of `wanted` that this has not, or at a lower level.
    fn lacks(&self, wanted: &Self) -> Vec<String> {
        let has = |name: &String, level: &String| {
            self.permissions.get(name).is_some_and(|has| has == level || has == "write")
        };
        let lacking = wanted.permissions.iter().filter(|(name, level)| !has(name, level));
        lacking.map(|(name, level)| format!("{name}: {level}")).collect()
    }
}

/// Whether the App is registered with what the manifests ask for.
#[must_use]
pub fn app(has: &Asked) -> Vec<Line> {
    const ABOUT: &str = "app";
    let (whole, intake) = (Asked::whole(), Asked::intake());
    let wanted = if !has.permissions.contains_key("checks") && has.lacks(&intake).is_empty() {
        &intake
    } else {
        &whole
    };
    let mut lines = vec![];
    if wanted == &intake {
        let what = "it has the permissions of intake and no more: change requests are kept, and nothing waits for it";
        let cure =
            "grant those of `deploy/github-app.json` too, where pull requests and deployments are to wait";
        lines.push(Line::warn(ABOUT, what, cure));
    }
    let (lacks, extra) = (has.lacks(wanted), too_much(has, &whole));
    if lacks.is_empty() {
        lines.push(Line::ok(ABOUT, "it has every permission that its manifest asks for"));
    } else {
        let cure = "grant them in the App's settings (Permissions & events); the owner of each account then accepts them";
        lines.push(Line::fail(ABOUT, format!("it lacks permissions: {}", lacks.join(", ")), cure));
    }
    if !extra.is_empty() {
        let cure = "take them away in the App's settings (Permissions & events): what it cannot do, nobody can make it do";
        lines.push(Line::warn(
            ABOUT,
            format!("it has permissions that it never uses: {}", extra.join(", ")),
            cure,
        ));
    }
    let unheard: Vec<&str> = wanted.events.difference(&has.events).map(String::as_str).collect();
    if unheard.is_empty() {
        lines.push(Line::ok(ABOUT, "it hears every event that its manifest asks for"));
    } else {
        let cure = "subscribe to them in the App's settings (Permissions & events)";
        lines.push(Line::fail(ABOUT, format!("it does not hear: {}", unheard.join(", ")), cure));
    }
    lines
}

/// What it has and the manifest does not ask for. How branches are protected is read where it may be; GitHub's settings ask for
/// statuses where a check is bound to an App.
fn too_much(has: &Asked, whole: &Asked) -> Vec<String> {
    let of_use = |name: &str, level: &str| {
        let wanted = whole.permissions.get(name).map(String::as_str);
        wanted == Some(level)
            || wanted == Some("write")
            || name == "statuses"
            || (name, level) == ("administration", "read")
    };
    let extra = has.permissions.iter().filter(|(name, level)| !of_use(name, level));
    extra.map(|(name, level)| format!("{name}: {level}")).collect()
}

/// Where GitHub sends what happens, and what came of the last time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookSeen {
    pub url: Option<String>,
    /// The certificate there is not looked at.
    pub insecure: bool,
    /// What the newest delivery was answered with; 0: with nothing.
    pub last: Option<u16>,
}

/// Whether webhooks arrive. `public_url`: what the settings say; `pull`: nothing arrives by itself, as is meant.
#[must_use]
pub fn webhook(seen: &WebhookSeen, public_url: Option<&str>) -> Vec<Line> {
    const ABOUT: &str = "webhook";
    let path = "/webhooks/github";
    let Some(url) = seen.url.as_deref().filter(|url| !url.is_empty()) else {
        let cure = format!(
            "set it to https://YOUR-HOST{path} in the App's settings (Webhook); where no webhook can reach this server, run `changegate serve --pull`"
        );
        return vec![Line::fail(ABOUT, "the App has no webhook", cure)];
    };
    let wanted = public_url.map(|url| format!("{}{path}", url.trim_end_matches('/')));
    let mut lines = vec![match &wanted {
        Some(wanted) if wanted != url => {
            let what = format!("GitHub sends to {}, and the settings say {wanted}", one_line(url));
            Line::fail(
                ABOUT,
                what,
                "set one of them right: the App's settings (Webhook), or CHANGEGATE_PUBLIC_URL",
            )
        }
        Some(_) => Line::ok(ABOUT, format!("GitHub sends to {}", one_line(url))),
        None => {
            let what = format!(
                "GitHub sends to {}; whether that is this server the settings do not say",
                one_line(url)
            );
            Line::warn(ABOUT, what, "set CHANGEGATE_PUBLIC_URL to how GitHub reaches this server")
        }
    }];
    if seen.insecure || !url.starts_with("https://") {
        let cure =
            "use https, and let GitHub verify the certificate (App's settings, Webhook, SSL verification)";
        lines.push(Line::warn(ABOUT, "what GitHub sends is not safe on its way", cure));
    }
    lines.push(match seen.last {
        Some(200..300) => Line::ok(ABOUT, "the last delivery arrived"),
        Some(0) => {
            let cure = "see to it that GitHub reaches the address from outside: name, certificate, firewall, and whether the server runs";
            Line::fail(ABOUT, "the last delivery was not answered", cure)
        }
        Some(401) => {
            let cure = "make the webhook secret here the one of the App's settings (Webhook)";
            Line::fail(ABOUT, "the last delivery was refused: its signature is by another secret", cure)
        }
        Some(status) => {
            let cure = "look at the log of the server, and of the proxy before it";
            Line::fail(ABOUT, format!("the last delivery was answered with {status}"), cure)
        }
        None => Line::warn(ABOUT, "GitHub has sent nothing within three days", "press `Redeliver` or open an issue, and look again"),
    });
    lines
}

/// Whether an account lets the App do what it is registered for.
#[must_use]
pub fn installation(account: &str, suspended: bool, has: &BTreeMap<String, String>, app: &Asked) -> Line {
    let has = Asked { permissions: has.clone(), ..Asked::default() };
    let lacks = has.lacks(app);
    if suspended {
        let cure = "an owner of the account takes the suspension back (Settings, GitHub Apps), or uninstalls the App";
        return Line::warn(account, "the App is suspended there: nothing is judged", cure);
    }
    if lacks.is_empty() {
        return Line::ok(account, "the App is installed, with every permission it is registered for");
    }
    let cure = "an owner of the account accepts them (Settings, GitHub Apps, Review request)";
    Line::fail(account, format!("it has not granted: {}", lacks.join(", ")), cure)
}

/// A check that GitHub requires before something is merged into the default branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredCheck {
    pub name: String,
    /// By this App alone; `None`: by anybody.
    pub app: Option<u64>,
}

/// A ruleset that requires our check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesetSeen {
    pub name: String,
    /// The teams that may bypass it, by number; `None`: GitHub does not show that to the App.
    pub bypassing: Option<BTreeSet<u64>>,
}

/// A repository, as GitHub shows it.
#[derive(Debug, Clone)]
pub struct RepositorySeen {
    pub name: RepoName,
    pub branch: String,
    pub policy: Option<EffectivePolicy>,
    pub required: Vec<RequiredCheck>,
    /// The rulesets that require our check.
    pub rulesets: Vec<RulesetSeen>,
    /// The numbers of the teams on call (role `break-glass`), as far as GitHub shows them.
    pub on_call: Vec<(String, Option<u64>)>,
    /// Administrators merge in spite of what is required.
    pub administrators_merge: bool,
    /// Those that the policy rules.
    pub environments: Vec<EnvironmentReading>,
    /// What GitHub did not show, and why, as sentences without their full stop.
    pub unread: Vec<String>,
}

/// Whether what Changegate decides holds in a repository.
#[must_use]
pub fn repository(seen: &RepositorySeen, app: u64) -> Vec<Line> {
    let name = seen.name.to_string();
    let Some(policy) = &seen.policy else {
        let cure = "write a policy in `.github/changegate.yml` of the organisation's `.github` repository, or leave it so";
        return vec![Line::warn(name, "no policy: Changegate is silent there", cure)];
    };
    let mode = policy.mode_for(&name);
    if mode != Mode::Enforce {
        return vec![Line::ok(name, format!("mode {mode}: nothing waits there, and nothing has to"))];
    }
    let mut lines = vec![check(seen, app)];
    lines.extend(way_round(seen, policy));
    if seen.administrators_merge {
        let what = format!("administrators merge into {} in spite of what is required", code(&seen.branch));
        let cure = "bind them too (Settings, Branches: do not allow bypassing), or keep it as your way out when Changegate is down";
        lines.push(Line::warn(&name, what, cure));
    }
    for environment in &seen.environments {
        lines.extend(guarded(&name, environment));
    }
    for why in &seen.unread {
        lines.push(Line::warn(&name, why, "look at it in the settings of the repository"));
    }
    lines
}

fn check(seen: &RepositorySeen, app: u64) -> Line {
    let (name, branch) = (seen.name.to_string(), code(&seen.branch));
    let wide = |required: &&RequiredCheck| {
        [CHANGE_CHECK, RELEASE_CHECK].contains(&required.name.as_str()) && required.app != Some(app)
    };
    if let Some(foreign) = seen.required.iter().find(wide) {
        let by = if foreign.app.is_none() { "by anybody who can write a check" } else { "by another App" };
        let what = format!("{branch} requires {}, {by}", code(&foreign.name));
        let cure =
            format!("bind it to this App ({app}) as its expected source (Settings, Rules or Branches)");
        return Line::fail(name, what, cure);
    }
    if seen.required.iter().any(|required| required.name == CHANGE_CHECK) {
        return Line::ok(name, format!("{branch} requires {}, by this App", code(CHANGE_CHECK)));
    }
    let what = format!("{branch} does not require {}: what fails can be merged", code(CHANGE_CHECK));
    let cure = format!("make it a required check, by this App ({app}) (Settings, Rules or Branches)");
    if seen.unread.is_empty() {
        return Line::fail(name, what, cure);
    }
    let what = format!(
        "{branch} does not require {} by a ruleset, and its own protection is not shown",
        code(CHANGE_CHECK)
    );
    Line::warn(name, what, cure)
}

/// Whether people on call can merge when Changegate is down.
fn way_round(seen: &RepositorySeen, policy: &EffectivePolicy) -> Vec<Line> {
    let name = seen.name.to_string();
    if !seen.rulesets.is_empty() && policy.role("break-glass").is_empty() {
        let what = "policy names nobody on call: nobody is meant to merge when Changegate is down";
        let cure =
            "name a team in `roles: { break-glass: [...] }`, and put it on the bypass list of the ruleset";
        return vec![Line::warn(name, what, cure)];
    }
    let teams = seen.on_call.iter().map(|(team, _)| team.as_str()).collect::<Vec<_>>().join(", ");
    let of = |ruleset: &RulesetSeen| {
        let shown = code(&ruleset.name);
        let cure = format!(
            "put {} on the bypass list of {shown} (Settings, Rules, Rulesets), for pull requests only",
            if teams.is_empty() { "a team of the people on call" } else { &teams }
        );
        let Some(bypassing) = &ruleset.bypassing else {
            let what = format!(
                "whether the people on call are on the bypass list of ruleset {shown} is not shown to the App, which may not change rulesets"
            );
            return Line::warn(&name, what, format!("look at it, and {cure}"));
        };
        let is_there = |(_, id): &&(String, Option<u64>)| id.is_some_and(|id| bypassing.contains(&id));
        match seen.on_call.iter().find(is_there) {
            Some((team, _)) => {
                Line::ok(&name, format!("{team} can merge round ruleset {shown} when Changegate is down"))
            }
            None => {
                let what = format!(
                    "no team on call is on the bypass list of ruleset {shown}: nobody merges when Changegate is down"
                );
                Line::warn(&name, what, cure)
            }
        }
    };
    seen.rulesets.iter().map(of).collect()
}

fn guarded(repository: &str, environment: &EnvironmentReading) -> Vec<Line> {
    let shown = code(&environment.name);
    if !environment.guarded {
        let what =
            format!("environment {shown} has no protection rule of this App: jobs there wait for nobody");
        let cure = "enable it (Settings, Environments, Deployment protection rules); where the plan has none, ask the gate in the job (`deploy/action`)";
        return vec![Line::fail(repository, what, cure)];
    }
    let mut lines =
        vec![Line::ok(repository, format!("environment {shown} has the protection rule of this App"))];
    if environment.admins_may_bypass == Some(true) {
        let what = format!("administrators start what waits in environment {shown}");
        let cure = "disallow it (Settings, Environments: allow administrators to bypass), or keep it as your way out when Changegate is down; it leaves an exception";
        lines.push(Line::warn(repository, what, cure));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::policy::{Scope, parse};

    const APP: u64 = 42;

    fn lines(lines: &[Line]) -> String {
        let line = |line: &Line| {
            assert_eq!(line.state != State::Ok, line.cure.is_some(), "{line:?}");
            format!("{:?} {}: {}", line.state, line.about, line.what)
        };
        lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn seen(mode: &str) -> RepositorySeen {
        let text = format!("version: 1\nmode: {mode}\n");
        let policy = parse("policy", &text, Scope::Alone).unwrap();
        RepositorySeen {
            name: "acme/web".parse().unwrap(),
            branch: "main".into(),
            policy: EffectivePolicy::of(Some(Arc::new(policy)), None),
            required: vec![RequiredCheck { name: CHANGE_CHECK.into(), app: Some(APP) }],
            rulesets: vec![],
            on_call: vec![],
            administrators_merge: false,
            environments: vec![],
            unread: vec![],
        }
    }

    fn environment(guarded: bool, bypass: Option<bool>) -> EnvironmentReading {
        EnvironmentReading {
            name: "production".into(),
            guarded,
            admins_may_bypass: bypass,
            reviewers: vec![],
            wait_timer: 0,
            prevents_self_review: false,
        }
    }

    #[test]
    fn the_manifests_can_be_read() {
        assert!(Asked::whole().permissions.len() > Asked::intake().permissions.len());
        assert!(Asked::intake().events.len() > 5);
    }

    #[test]
    fn an_app_is_compared_with_its_manifest() {
        let whole = Asked::whole();
        assert!(app(&whole).iter().all(|line| line.state == State::Ok));
        let mut other = whole.clone();
        other.permissions.insert("checks".into(), "read".into());
        other.permissions.insert("contents".into(), "write".into());
        other.permissions.insert("administration".into(), "read".into());
        other.events.remove("push");
        insta::assert_snapshot!(lines(&app(&other)), @"
        Fail app: it lacks permissions: checks: write
        Warn app: it has permissions that it never uses: contents: write
        Fail app: it does not hear: push
        ");
        insta::assert_snapshot!(lines(&app(&Asked::intake())), @"
        Warn app: it has the permissions of intake and no more: change requests are kept, and nothing waits for it
        Ok app: it has every permission that its manifest asks for
        Ok app: it hears every event that its manifest asks for
        ");
    }

    #[test]
    fn a_webhook_is_set_safe_and_answered() {
        let well = WebhookSeen {
            url: Some("https://cg.example/webhooks/github".into()),
            insecure: false,
            last: Some(202),
        };
        assert!(webhook(&well, Some("https://cg.example/")).iter().all(|line| line.state == State::Ok));
        let said = [
            webhook(&WebhookSeen::default(), None),
            webhook(&well, None),
            webhook(&WebhookSeen { last: Some(401), ..well.clone() }, Some("https://other.example")),
            webhook(
                &WebhookSeen { last: Some(0), insecure: true, ..well.clone() },
                Some("https://cg.example"),
            ),
            webhook(&WebhookSeen { last: Some(502), ..well.clone() }, Some("https://cg.example")),
            webhook(&WebhookSeen { last: None, ..well }, Some("https://cg.example")),
        ];
        insta::assert_snapshot!(said.map(|found| lines(&found)).join("\n\n"), @"
        Fail webhook: the App has no webhook

        Warn webhook: GitHub sends to https://cg.example/webhooks/github; whether that is this server the settings do not say
        Ok webhook: the last delivery arrived

        Fail webhook: GitHub sends to https://cg.example/webhooks/github, and the settings say https://other.example/webhooks/github
        Fail webhook: the last delivery was refused: its signature is by another secret

        Ok webhook: GitHub sends to https://cg.example/webhooks/github
        Warn webhook: what GitHub sends is not safe on its way
        Fail webhook: the last delivery was not answered

        Ok webhook: GitHub sends to https://cg.example/webhooks/github
        Fail webhook: the last delivery was answered with 502

        Ok webhook: GitHub sends to https://cg.example/webhooks/github
        Warn webhook: GitHub has sent nothing within three days
        ");
    }

    #[test]
    fn an_account_has_granted_what_the_app_is_registered_for() {
        let whole = Asked::whole();
        assert_eq!(installation("acme", false, &whole.permissions, &whole).state, State::Ok);
        assert_eq!(installation("acme", true, &whole.permissions, &whole).state, State::Warn);
        let less = installation("acme", false, &Asked::intake().permissions, &whole);
        assert_eq!(less.state, State::Fail);
        assert!(less.what.contains("checks: write"), "{less:?}");
    }

    #[test]
    fn where_something_is_enforced_the_check_is_required_of_this_app_alone() {
        let with = |required: &[(&str, Option<u64>)]| {
            let required =
                required.iter().map(|(name, app)| RequiredCheck { name: (*name).into(), app: *app });
            RepositorySeen { required: required.collect(), ..seen("enforce") }
        };
        let unread = vec!["the protection is not shown".to_owned()];
        let said = [
            repository(&seen("enforce"), APP),
            repository(&with(&[]), APP),
            repository(&with(&[(CHANGE_CHECK, None)]), APP),
            repository(&with(&[(CHANGE_CHECK, Some(APP)), (CHANGE_CHECK, Some(7))]), APP),
            repository(&with(&[(CHANGE_CHECK, Some(APP)), (RELEASE_CHECK, None)]), APP),
            repository(&RepositorySeen { unread, ..with(&[]) }, APP),
            repository(&seen("observe"), APP),
            repository(&RepositorySeen { policy: None, ..seen("enforce") }, APP),
        ];
        insta::assert_snapshot!(said.map(|found| lines(&found)).join("\n\n"), @"
        Ok acme/web: `main` requires `changegate/change`, by this App

        Fail acme/web: `main` does not require `changegate/change`: what fails can be merged

        Fail acme/web: `main` requires `changegate/change`, by anybody who can write a check

        Fail acme/web: `main` requires `changegate/change`, by another App

        Fail acme/web: `main` requires `changegate/release`, by anybody who can write a check

        Warn acme/web: `main` does not require `changegate/change` by a ruleset, and its own protection is not shown
        Warn acme/web: the protection is not shown

        Ok acme/web: mode observe: nothing waits there, and nothing has to

        Warn acme/web: no policy: Changegate is silent there
        ");
    }

    #[test]
    fn an_environment_that_policy_rules_is_guarded_and_ways_round_it_are_named() {
        let environments = vec![
            environment(false, Some(true)),
            environment(true, Some(true)),
            environment(true, Some(false)),
        ];
        let found =
            repository(&RepositorySeen { environments, administrators_merge: true, ..seen("enforce") }, APP);
        insta::assert_snapshot!(lines(&found), @"
        Ok acme/web: `main` requires `changegate/change`, by this App
        Warn acme/web: administrators merge into `main` in spite of what is required
        Fail acme/web: environment `production` has no protection rule of this App: jobs there wait for nobody
        Ok acme/web: environment `production` has the protection rule of this App
        Warn acme/web: administrators start what waits in environment `production`
        Ok acme/web: environment `production` has the protection rule of this App
        ");
    }

    #[test]
    fn whether_people_on_call_can_merge_when_it_is_down_is_told_as_far_as_github_shows_it() {
        let with = |roles: &str, bypassing: Option<&[u64]>| {
            let text = format!("version: 1\nmode: enforce\n{roles}");
            let policy = parse("policy", &text, Scope::Alone).unwrap();
            let bypassing = bypassing.map(|teams| teams.iter().copied().collect());
            let rulesets = vec![RulesetSeen { name: "main".into(), bypassing }];
            let on_call = vec![("acme/on-call".to_owned(), Some(7))];
            let policy = EffectivePolicy::of(Some(Arc::new(policy)), None);
            let seen = RepositorySeen { policy, rulesets, on_call, ..seen("enforce") };
            lines(&repository(&seen, APP)[1..])
        };
        const ON_CALL: &str = "roles: { break-glass: [acme/on-call] }\n";
        let said = [
            with("", Some(&[])),
            with(ON_CALL, None),
            with(ON_CALL, Some(&[8])),
            with(ON_CALL, Some(&[8, 7])),
        ];
        insta::assert_snapshot!(said.join("\n"), @"
        Warn acme/web: policy names nobody on call: nobody is meant to merge when Changegate is down
        Warn acme/web: whether the people on call are on the bypass list of ruleset `main` is not shown to the App, which may not change rulesets
        Warn acme/web: no team on call is on the bypass list of ruleset `main`: nobody merges when Changegate is down
        Ok acme/web: acme/on-call can merge round ruleset `main` when Changegate is down
        ");
    }
}
