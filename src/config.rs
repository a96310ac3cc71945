//! The settings: read once, from a file and the environment (the environment wins), refused whole if wrong.
//!
//! Every error names the setting and the cure. Secrets are [`SecretString`]s: nothing prints them.

pub mod channels;

use std::{
    collections::BTreeMap,
    fmt, fs,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use http::Uri;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use channels::Messaging;

/// A webhook secret shorter than this can be guessed.
pub const SHORTEST_SECRET: usize = 32;

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Where metrics are told; `None`: where everything else is.
    pub metrics_listen: Option<SocketAddr>,
    /// How people and GitHub reach the server.
    pub public_url: Option<String>,
    /// `sqlite:changegate.db` or `postgres://...`.
    pub database_url: String,
    /// GitHub's REST API, without a slash at the end.
    pub github_api_url: String,
    /// GitHub for people, without a slash at the end.
    pub github_web_url: String,
    /// The number of the GitHub App.
    pub app_id: u64,
    /// PEM texts of the App's private keys, newest first: an older one signs where GitHub does not know a newer one.
    pub private_keys: Vec<SecretString>,
    /// Every secret that a delivery may be signed with.
    pub webhook_secrets: Vec<SecretString>,
    /// Who writes the tokens of jobs of GitHub Actions, as their claim `iss` has it.
    pub oidc_issuers: Vec<String>,
    /// By whose certificates attestations of images are verified; `None`: none counts.
    pub trusted_root: Option<String>,
    /// Who is told what changes; `None`: nobody.
    pub announce: Option<Listener>,
    /// Who may be called where a pipeline asks for it; `None`: nobody.
    pub notify: Option<Called>,
    /// Where people are told by chat and mail.
    pub messaging: Messaging,
    /// Which registries are asked what labels of images say.
    pub registries: Registries,
    /// For how many days the bodies of deliveries are kept.
    pub payload_retention_days: u32,
    /// How many requests a minute one token, or the jobs of one repository, may make of the gate.
    pub requests_per_minute: u32,
    /// Deliveries are fetched from GitHub's record every few seconds, because no webhook can reach this server.
    pub pull: bool,
}

/// Another system that is told what changes.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Where announcements are posted; the path may be a secret by itself.
    pub url: SecretString,
    /// `whsec_` and base64, as Standard Webhooks writes them; each signs, so that they can be rotated.
    pub secrets: Vec<SecretString>,
}

/// Other systems that pipelines may have called.
#[derive(Debug, Clone)]
pub struct Called {
    /// `ci.example.com`, or with a port behind.
    pub hosts: Vec<String>,
    /// Addresses of private networks are called, too.
    pub private: bool,
    /// `whsec_` and base64; each signs.
    pub secrets: Vec<SecretString>,
}

/// Registries of images that may be asked.
#[derive(Debug, Clone, Default)]
pub struct Registries {
    /// `ghcr.io`, or with a port behind; nobody where there is none.
    pub hosts: Vec<String>,
    /// They may stand in private networks.
    pub private: bool,
    /// `user:password`, by host.
    pub credentials: BTreeMap<String, SecretString>,
}

/// One setting is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The setting, as the environment calls it.
    pub setting: String,
    /// What is wrong with it.
    pub problem: String,
    /// What to do.
    pub cure: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  cure: {}", self.setting, self.problem, self.cure)
    }
}

/// The settings are refused: everything that is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(|error| format!("error: {error}")).collect::<Vec<_>>().join("\n"))]
pub struct Refused(pub Vec<ConfigError>);

/// The file, as written: every key optional, an unknown one refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<String>,
    metrics_listen: Option<String>,
    public_url: Option<String>,
    database_url: Option<String>,
    github_api_url: Option<String>,
    github_web_url: Option<String>,
    app_id: Option<u64>,
    oidc_issuers: Option<Vec<String>>,
    private_key: Option<OneOrMany>,
    private_key_file: Option<OneOrMany>,
    webhook_secret: Option<OneOrMany>,
    webhook_secret_file: Option<OneOrMany>,
    trusted_root: Option<OneOrMany>,
    trusted_root_file: Option<OneOrMany>,
    announce_url: Option<OneOrMany>,
    announce_secret: Option<OneOrMany>,
    announce_secret_file: Option<OneOrMany>,
    notify_hosts: Option<Vec<String>>,
    notify_private: Option<bool>,
    notify_secret: Option<OneOrMany>,
    notify_secret_file: Option<OneOrMany>,
    channels: Option<OneOrMany>,
    channels_file: Option<OneOrMany>,
    smtp_url: Option<OneOrMany>,
    smtp_url_file: Option<OneOrMany>,
    mail_from: Option<String>,
    registry_hosts: Option<Vec<String>>,
    registry_private: Option<bool>,
    registry_login: Option<OneOrMany>,
    registry_login_file: Option<OneOrMany>,
    payload_retention_days: Option<u32>,
    requests_per_minute: Option<u32>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl fmt::Debug for OneOrMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[not shown]")
    }
}

impl OneOrMany {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

impl Config {
    /// Reads the file, if there is one, and the environment (`env` answers for one variable).
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn read(
        file: Option<&Path>,
        env: impl Fn(&str) -> Option<String>,
        short_secrets: bool,
    ) -> Result<Self, Refused> {
        let mut reader = Reader { env: &env, errors: vec![] };
        let file = reader.file(file);
        if !reader.errors.is_empty() {
            // What is missing may stand in it.
            return Err(Refused(reader.errors));
        }
        let config = reader.config(file, short_secrets);
        if reader.errors.is_empty() { Ok(config) } else { Err(Refused(reader.errors)) }
    }

    /// The host by which tenants of this GitHub are known.
    #[must_use]
    pub fn github_host(&self) -> String {
        let rest =
            self.github_web_url.split_once("://").map_or(self.github_web_url.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest).to_ascii_lowercase()
    }

    /// How people and pipelines reach the server, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        let public = self.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        public.unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// The file of a SQLite database.
    #[must_use]
    pub fn database_file(&self) -> Option<PathBuf> {
        sqlite_file(&self.database_url)
    }

    /// The database of the file and the environment alone, for commands that only look at it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn database_url(
        file: Option<&Path>,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<String, Refused> {
        let mut reader = Reader { env: &env, errors: vec![] };
        let file = reader.file(file);
        let url = reader.text("DATABASE_URL", file.database_url, "sqlite:changegate.db");
        reader.database_url(&url);
        if reader.errors.is_empty() { Ok(url) } else { Err(Refused(reader.errors)) }
    }
}

/// The file that a `sqlite:` address names; `None` for a server.
#[must_use]
pub fn sqlite_file(database_url: &str) -> Option<PathBuf> {
    let rest = database_url.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    Some(PathBuf::from(rest.split('?').next().unwrap_or(rest)))
}

/// Whether it is a secret as Standard Webhooks writes them: `whsec_` and 24 to 64 bytes in base64.
fn is_signing_secret(secret: &str) -> bool {
    let key = secret.strip_prefix("whsec_").and_then(|key| BASE64.decode(key).ok());
    key.is_some_and(|key| (24..=64).contains(&key.len()))
}

/// Encrypted, or without leaving this machine; no user name, no fragment.
fn is_encrypted_or_here(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let is_safe = uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && is_here);
    is_safe && !host.is_empty() && !url.contains(['@', '#'])
}

/// Who writes the tokens of jobs: on GitHub itself, with data residency, or on a GitHub Enterprise Server.
fn usual_issuer(web: &str) -> Option<String> {
    let host = web.strip_prefix("https://").unwrap_or_default();
    let issuer = match host {
        "github.com" => "https://token.actions.githubusercontent.com".to_owned(),
        host if host.ends_with(".ghe.com") => format!("https://token.actions.{host}"),
        _ => format!("{web}/_services/token"),
    };
    is_encrypted_or_here(&issuer).then_some(issuer)
}

/// Whether it may be shown: somebody may have set the secret itself where the name of its file belongs.
fn looks_like_a_path(text: &str) -> bool {
    !text.contains('\n') && !text.contains("-----") && (text.starts_with('/') || text.contains('.'))
}

struct Reader<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
    errors: Vec<ConfigError>,
}

impl Reader<'_> {
    fn refuse(&mut self, setting: &str, problem: impl Into<String>, cure: impl Into<String>) {
        let setting =
            if setting.starts_with("--") { setting.into() } else { format!("CHANGEGATE_{setting}") };
        self.errors.push(ConfigError { setting, problem: problem.into(), cure: cure.into() });
    }

    fn file(&mut self, path: Option<&Path>) -> File {
        let Some(path) = path else { return File::default() };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                let cure = "name an existing file, or leave --config out and set the environment";
                self.refuse("--config", format!("{} cannot be read ({error})", path.display()), cure);
                return File::default();
            }
        };
        toml::from_str(&text).unwrap_or_else(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let problem = format!("{}:{line}: {}", path.display(), error.message().replace('\n', ", "));
            self.refuse(
                "--config",
                problem,
                "mend or remove that line; `changegate serve --help` lists the settings",
            );
            File::default()
        })
    }

    fn env(&self, name: &str) -> Option<String> {
        (self.env)(&format!("CHANGEGATE_{name}")).filter(|value| !value.is_empty())
    }

    fn text(&self, name: &str, file: Option<String>, default: &str) -> String {
        self.env(name).or(file).unwrap_or_else(|| default.into())
    }

    fn config(&mut self, file: File, short_secrets: bool) -> Config {
        let listen = self.text("LISTEN", file.listen, "127.0.0.1:8080");
        let listen = self.listen("LISTEN", &listen);
        let metrics = self.env("METRICS_LISTEN").or(file.metrics_listen);
        let metrics_listen = metrics.map(|text| self.listen("METRICS_LISTEN", &text));
        let public_url = self.env("PUBLIC_URL").or(file.public_url).map(|url| self.url("PUBLIC_URL", &url));
        let database_url = self.text("DATABASE_URL", file.database_url, "sqlite:changegate.db");
        self.database_url(&database_url);
        let api = self.text("GITHUB_API_URL", file.github_api_url, "https://api.github.com");
        let web = self.text("GITHUB_WEB_URL", file.github_web_url, "https://github.com");
        let oidc_issuers = self.issuers(file.oidc_issuers, web.trim_end_matches('/'));
        self.own_address(public_url.as_deref(), &web);
        Config {
            listen,
            metrics_listen,
            public_url,
            database_url,
            github_api_url: self.url("GITHUB_API_URL", &api),
            github_web_url: self.url("GITHUB_WEB_URL", &web),
            app_id: self.app_id(file.app_id),
            oidc_issuers,
            private_keys: self.private_keys(file.private_key, file.private_key_file),
            webhook_secrets: self.webhook_secrets(
                file.webhook_secret,
                file.webhook_secret_file,
                short_secrets,
            ),
            trusted_root: self.trusted_root(file.trusted_root, file.trusted_root_file),
            announce: self.listener(file.announce_url, file.announce_secret, file.announce_secret_file),
            notify: self.called(
                (file.notify_hosts, file.notify_private),
                file.notify_secret,
                file.notify_secret_file,
            ),
            messaging: self.messaging(channels::Written {
                channels: (file.channels, file.channels_file),
                smtp_url: (file.smtp_url, file.smtp_url_file),
                mail_from: file.mail_from,
            }),
            registries: self.registries(
                (file.registry_hosts, file.registry_private),
                file.registry_login,
                file.registry_login_file,
            ),
            payload_retention_days: self.days(file.payload_retention_days),
            requests_per_minute: self.requests(file.requests_per_minute),
            pull: false,
        }
    }

    fn listen(&mut self, name: &str, text: &str) -> SocketAddr {
        text.parse().unwrap_or_else(|_| {
            self.refuse(
                name,
                format!("`{text}` is no address"),
                "write ADDRESS:PORT, such as 127.0.0.1:8080",
            );
            SocketAddr::from(([127, 0, 0, 1], 0))
        })
    }

    fn url(&mut self, name: &str, text: &str) -> String {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        if host.is_none_or(str::is_empty) || host.is_some_and(|host| host.contains('@')) {
            let cure = "write it whole, such as https://github.example.com, without user name";
            // A password may stand before the `@`.
            let shown = text.rsplit_once('@').map_or(text.into(), |(_, place)| format!("…@{place}"));
            self.refuse(name, format!("`{shown}` is no web address"), cure);
        }
        text.trim_end_matches('/').into()
    }

    /// Every workflow of an organisation gets tokens for GitHub's own addresses: they would be no proof of asking us.
    fn own_address(&mut self, public_url: Option<&str>, web: &str) {
        let host =
            |url: &str| url.parse::<Uri>().ok().and_then(|uri| Some(uri.authority()?.as_str().to_owned()));
        if public_url.is_some_and(|url| host(url).is_some() && host(url) == host(web)) {
            let cure = "write the address at which people and pipelines reach this server";
            self.refuse("PUBLIC_URL", "is an address of GitHub's", cure);
        }
    }

    /// Those that are set, or the one that this GitHub has.
    fn issuers(&mut self, file: Option<Vec<String>>, web: &str) -> Vec<String> {
        let set = self.env("OIDC_ISSUERS");
        let set = set.map(|text| text.split([',', '\n']).map(|one| one.trim().to_owned()).collect());
        let Some(set): Option<Vec<String>> = set.or(file) else {
            return usual_issuer(web).into_iter().collect();
        };
        let set: Vec<String> = set.into_iter().filter(|issuer| !issuer.is_empty()).collect();
        if set.iter().any(|issuer| !is_encrypted_or_here(issuer)) {
            let cure = "write it as GitHub does, such as https://token.actions.githubusercontent.com; several with commas between";
            self.refuse("OIDC_ISSUERS", "names an issuer that is no https address without user name", cure);
        }
        set
    }

    fn database_url(&mut self, url: &str) {
        if !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            let problem = url.split_once(':').map_or_else(
                || "names no kind of database".into(),
                |(scheme, _)| format!("`{scheme}:` is no database we know"),
            );
            self.refuse("DATABASE_URL", problem, "use sqlite:FILE or postgres://USER@HOST/DATABASE");
        }
    }

    fn app_id(&mut self, file: Option<u64>) -> u64 {
        let cure = "set it to the App ID that the App's settings page shows (General, About)";
        match (self.env("APP_ID"), file) {
            (Some(text), _) => text.trim().parse().unwrap_or_else(|_| {
                self.refuse("APP_ID", format!("`{text}` is no number"), cure);
                0
            }),
            (None, Some(id)) => id,
            (None, None) => {
                self.refuse("APP_ID", "is not set", cure);
                0
            }
        }
    }

    fn days(&mut self, file: Option<u32>) -> u32 {
        let text = self.env("PAYLOAD_RETENTION_DAYS");
        let days = text.map_or(Ok(file.unwrap_or(30)), |text| text.trim().parse());
        days.ok().filter(|days| *days >= 3).unwrap_or_else(|| {
            let cure = "write a number of days, at least 3: as long as GitHub can send a delivery again";
            self.refuse("PAYLOAD_RETENTION_DAYS", "is too short or no number", cure);
            30
        })
    }

    fn requests(&mut self, file: Option<u32>) -> u32 {
        let text = self.env("REQUESTS_PER_MINUTE");
        let requests = text.map_or(Ok(file.unwrap_or(600)), |text| text.trim().parse());
        requests.ok().filter(|requests| *requests > 0).unwrap_or_else(|| {
            let cure = "write a number above 0, such as 600";
            self.refuse("REQUESTS_PER_MINUTE", "is 0 or no number", cure);
            600
        })
    }

    /// What stands in the setting itself, or else in the files that its `_FILE` names.
    fn values(
        &mut self,
        name: &str,
        inline: Option<OneOrMany>,
        files: Option<OneOrMany>,
        cure: &str,
    ) -> Vec<String> {
        if let Some(value) = self.env(name) {
            return vec![value];
        }
        let file_name = format!("{name}_FILE");
        let paths = self.env(&file_name).map(|path| vec![path]);
        if paths.is_none()
            && let Some(inline) = inline
        {
            return inline.into_vec();
        }
        let paths = paths.or_else(|| files.map(OneOrMany::into_vec)).unwrap_or_default();
        let read = |path: String| fs::read_to_string(&path).map_err(|error| (path, error));
        let (texts, errors): (Vec<_>, Vec<_>) = paths.into_iter().map(read).partition(Result::is_ok);
        for (path, error) in errors.into_iter().filter_map(Result::err) {
            let problem = if !looks_like_a_path(&path) {
                "is no path of a file".into()
            } else if error.kind() == std::io::ErrorKind::NotFound {
                format!("no file at {path}")
            } else {
                format!("{path} cannot be read ({error})")
            };
            self.refuse(&file_name, problem, cure);
        }
        texts.into_iter().filter_map(Result::ok).collect()
    }

    fn private_keys(&mut self, inline: Option<OneOrMany>, files: Option<OneOrMany>) -> Vec<SecretString> {
        let cure =
            "download a private key from the App's settings page (Private keys) and name its file here";
        let before = self.errors.len();
        let texts = self.values("PRIVATE_KEY", inline, files, cure);
        if texts.is_empty() && self.errors.len() == before {
            self.refuse("PRIVATE_KEY_FILE", "is not set", cure);
        }
        let texts: Vec<String> = texts.into_iter().map(|text| text.replace("\\n", "\n")).collect();
        if texts.iter().any(|text| !text.contains("-----BEGIN") || !text.contains("PRIVATE KEY-----")) {
            self.refuse("PRIVATE_KEY", "holds no private key in PEM form", cure);
        }
        texts.into_iter().map(SecretString::from).collect()
    }

    fn trusted_root(&mut self, inline: Option<OneOrMany>, files: Option<OneOrMany>) -> Option<String> {
        let cure = "write it with `gh attestation trusted-root > trusted-root.jsonl` and name that file here";
        let texts = self.values("TRUSTED_ROOT", inline, files, cure);
        if texts.iter().any(|text| !text.contains("certificateAuthorities")) {
            self.refuse("TRUSTED_ROOT", "names no authorities of certificates", cure);
        }
        (!texts.is_empty()).then(|| texts.join("\n"))
    }

    /// Both settings, or neither.
    fn listener(
        &mut self,
        url: Option<OneOrMany>,
        inline: Option<OneOrMany>,
        files: Option<OneOrMany>,
    ) -> Option<Listener> {
        let cure = "make one (`echo whsec_$(openssl rand -base64 32)`), and give it to whoever listens too; several, one per line, while it is changed";
        let url = self.env("ANNOUNCE_URL").or_else(|| url.and_then(|url| url.into_vec().into_iter().next()));
        let before = self.errors.len();
        let secrets = self.signing("ANNOUNCE_SECRET", inline, files, cure);
        let wrong = self.errors.len() > before;
        let Some(url) = url else {
            if !secrets.is_empty() || wrong {
                self.refuse("ANNOUNCE_URL", "is not set, but its secret is", "set both, or neither");
            }
            return None;
        };
        if !is_encrypted_or_here(&url) {
            let cure = "write it whole, such as https://ci.example.com/hooks/changegate; plain http only to this machine";
            self.refuse("ANNOUNCE_URL", "is no https address without user name", cure);
        }
        if secrets.is_empty() && !wrong {
            self.refuse("ANNOUNCE_SECRET", "is not set, but the address is", cure);
        }
        Some(Listener { url: url.into(), secrets })
    }

    /// Secrets as Standard Webhooks writes them.
    fn signing(
        &mut self,
        name: &str,
        inline: Option<OneOrMany>,
        files: Option<OneOrMany>,
        cure: &str,
    ) -> Vec<SecretString> {
        let texts = self.values(name, inline, files, cure);
        let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim);
        let secrets: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        if secrets.iter().any(|secret| !is_signing_secret(secret)) {
            self.refuse(name, "is not `whsec_` and 24 to 64 bytes in base64", cure);
        }
        secrets.into_iter().map(|secret| SecretString::from(secret.to_owned())).collect()
    }

    /// Both settings, or neither.
    fn called(
        &mut self,
        (hosts, private): (Option<Vec<String>>, Option<bool>),
        inline: Option<OneOrMany>,
        files: Option<OneOrMany>,
    ) -> Option<Called> {
        let cure = "make one (`echo whsec_$(openssl rand -base64 32)`), and give it to whoever is called; several, one per line, while it is changed";
        let before = self.errors.len();
        let secrets = self.signing("NOTIFY_SECRET", inline, files, cure);
        let wrong = self.errors.len() > before;
        let hosts = self.hosts("NOTIFY_HOSTS", hosts, "ci.example.com");
        let private = self.truth(
            "NOTIFY_PRIVATE",
            private,
            "write `true` only where who is called stands in a private network",
        );
        match (hosts.is_empty(), secrets.is_empty()) {
            (true, true) => None,
            (false, false) => Some(Called { hosts, private, secrets }),
            (true, false) => {
                self.refuse("NOTIFY_HOSTS", "is not set, but its secret is", "set both, or neither");
                None
            }
            (false, true) => {
                if !wrong {
                    self.refuse("NOTIFY_SECRET", "is not set, but the hosts are", cure);
                }
                None
            }
        }
    }

    fn hosts(&mut self, name: &str, file: Option<Vec<String>>, example: &str) -> Vec<String> {
        let set = self.env(name);
        let set = set.map(|text| text.split([',', '\n']).map(str::to_owned).collect()).or(file);
        let hosts: Vec<String> = set.unwrap_or_default();
        let hosts = hosts.iter().map(|host| host.trim().to_ascii_lowercase());
        let hosts: Vec<String> = hosts.filter(|host| !host.is_empty()).collect();
        if hosts.iter().any(|host| host.contains(['/', '@', '*', ' '])) {
            let cure = format!(
                "write each as it stands in the address, such as {example} or {example}:8443; several with commas between"
            );
            self.refuse(name, "names something that is no host", cure);
        }
        hosts
    }

    fn truth(&mut self, name: &str, file: Option<bool>, cure: &str) -> bool {
        match self.env(name).as_deref() {
            None => file.unwrap_or_default(),
            Some("true") => true,
            Some("false") => false,
            Some(_) => {
                self.refuse(name, "is neither `true` nor `false`", cure);
                false
            }
        }
    }

    fn registries(
        &mut self,
        (hosts, private): (Option<Vec<String>>, Option<bool>),
        inline: Option<OneOrMany>,
        files: Option<OneOrMany>,
    ) -> Registries {
        let hosts = self.hosts("REGISTRY_HOSTS", hosts, "ghcr.io");
        let cure = "write `true` only where a registry stands in a private network";
        let private = self.truth("REGISTRY_PRIVATE", private, cure);
        let cure = "write HOST USER:PASSWORD, one registry a line; a token stands where the password does";
        let texts = self.values("REGISTRY_LOGIN", inline, files, cure);
        let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim).filter(|line| !line.is_empty());
        let read = |line: &str| {
            let (host, credentials) = line.split_once(char::is_whitespace)?;
            let credentials = credentials.trim();
            let (user, password) = credentials.split_once(':')?;
            let is_whole =
                !user.is_empty() && !password.is_empty() && !credentials.contains(char::is_whitespace);
            is_whole.then(|| (host.to_ascii_lowercase(), SecretString::from(credentials.to_owned())))
        };
        let read: Option<BTreeMap<String, SecretString>> = lines.map(read).collect();
        if read.is_none() {
            self.refuse("REGISTRY_LOGIN", "has a line that is no host with a user and a password", cure);
        }
        let credentials = read.unwrap_or_default();
        if credentials.keys().any(|host| !hosts.contains(host)) {
            let cure = "name the host in CHANGEGATE_REGISTRY_HOSTS too, as images name it";
            self.refuse("REGISTRY_LOGIN", "is for a host that may not be asked", cure);
        }
        Registries { hosts, private, credentials }
    }

    fn webhook_secrets(
        &mut self,
        inline: Option<OneOrMany>,
        files: Option<OneOrMany>,
        short_secrets: bool,
    ) -> Vec<SecretString> {
        let cure = "set the secret that the App's settings page has (Webhook); several, one per line, while it is changed";
        let before = self.errors.len();
        let texts = self.values("WEBHOOK_SECRET", inline, files, cure);
        let secrets: Vec<SecretString> = texts
            .iter()
            .flat_map(|text| text.lines())
            .map(|line| line.trim_end_matches('\r'))
            .filter(|line| !line.is_empty())
            .map(|line| SecretString::from(line.to_owned()))
            .collect();
        if secrets.is_empty() && self.errors.len() == before {
            self.refuse("WEBHOOK_SECRET", "is empty: anybody could sign", cure);
        }
        if !short_secrets && secrets.iter().any(|secret| secret.expose_secret().len() < SHORTEST_SECRET) {
            let problem = format!("is shorter than {SHORTEST_SECRET} bytes and can be guessed");
            let cure = "make a new one (`openssl rand -hex 32`); for trials only: --insecure-short-secret";
            self.refuse("WEBHOOK_SECRET", problem, cure);
        }
        secrets
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, io::Write as _};

    use super::*;

    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----";
    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const SIGNING: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

    fn read(set: &[(&str, &str)]) -> Result<Config, Refused> {
        let mut env: HashMap<String, String> =
            [("APP_ID", "7"), ("PRIVATE_KEY", KEY), ("WEBHOOK_SECRET", SECRET)]
                .iter()
                .chain(set)
                .map(|(name, value)| (format!("CHANGEGATE_{name}"), (*value).to_owned()))
                .collect();
        let file = env.remove("CHANGEGATE_FILE").map(|text| {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            file
        });
        let path = file.as_ref().map(tempfile::NamedTempFile::path);
        Config::read(path, |name| env.get(name).cloned(), false)
    }

    #[test]
    fn the_smallest_settings_are_enough_and_the_rest_has_defaults() {
        let config = read(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database_url, "sqlite:changegate.db");
        assert_eq!(config.github_api_url, "https://api.github.com");
        assert_eq!(config.github_host(), "github.com");
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let file = "listen = '0.0.0.0:9000'\ndatabase_url = 'postgres://db/x'";
        let config = read(&[("FILE", file), ("LISTEN", "127.0.0.1:7000")]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:7000");
        assert_eq!(config.database_url, "postgres://db/x");
    }

    #[test]
    fn several_secrets_are_one_per_line() {
        let both = format!("{SECRET}\nfedcba9876543210fedcba9876543210\n");
        assert_eq!(read(&[("WEBHOOK_SECRET", &both)]).unwrap().webhook_secrets.len(), 2);
    }

    #[test]
    fn each_wrong_setting_is_named_with_its_cure() {
        for (setting, value, said) in [
            ("LISTEN", "nowhere", "CHANGEGATE_LISTEN: `nowhere` is no address"),
            ("METRICS_LISTEN", "9464", "CHANGEGATE_METRICS_LISTEN: `9464` is no address"),
            ("APP_ID", "seven", "CHANGEGATE_APP_ID: `seven` is no number"),
            ("APP_ID", "", "CHANGEGATE_APP_ID: is not set"),
            ("DATABASE_URL", "mysql://x", "CHANGEGATE_DATABASE_URL: `mysql:` is no database we know"),
            (
                "GITHUB_API_URL",
                "api.github.com",
                "CHANGEGATE_GITHUB_API_URL: `api.github.com` is no web address",
            ),
            ("GITHUB_API_URL", "https://u:p@x", "CHANGEGATE_GITHUB_API_URL: `…@x` is no web address"),
            ("DATABASE_URL", "changegate.db", "CHANGEGATE_DATABASE_URL: names no kind of database"),
            ("PRIVATE_KEY", "", "CHANGEGATE_PRIVATE_KEY_FILE: is not set"),
            ("PRIVATE_KEY", "abc", "CHANGEGATE_PRIVATE_KEY: holds no private key in PEM form"),
            ("WEBHOOK_SECRET", "", "CHANGEGATE_WEBHOOK_SECRET: is empty: anybody could sign"),
            ("WEBHOOK_SECRET", "\n", "CHANGEGATE_WEBHOOK_SECRET: is empty: anybody could sign"),
            ("WEBHOOK_SECRET", "short", "CHANGEGATE_WEBHOOK_SECRET: is shorter than 32 bytes"),
            ("REQUESTS_PER_MINUTE", "0", "CHANGEGATE_REQUESTS_PER_MINUTE: is 0 or no number"),
            ("PAYLOAD_RETENTION_DAYS", "1", "CHANGEGATE_PAYLOAD_RETENTION_DAYS: is too short"),
            (
                "ANNOUNCE_URL",
                "https://hooks.example/x",
                "CHANGEGATE_ANNOUNCE_SECRET: is not set, but the address is",
            ),
            ("ANNOUNCE_SECRET", SIGNING, "CHANGEGATE_ANNOUNCE_URL: is not set, but its secret is"),
            (
                "ANNOUNCE_SECRET",
                "whsec_c2hvcnQ=",
                "CHANGEGATE_ANNOUNCE_SECRET: is not `whsec_` and 24 to 64 bytes",
            ),
            ("ANNOUNCE_SECRET", &SIGNING[6..], "CHANGEGATE_ANNOUNCE_SECRET: is not `whsec_`"),
            (
                "ANNOUNCE_SECRET_FILE",
                "keys/announce.txt",
                "CHANGEGATE_ANNOUNCE_SECRET_FILE: no file at keys/announce.txt",
            ),
            (
                "OIDC_ISSUERS",
                "http://169.254.169.254",
                "CHANGEGATE_OIDC_ISSUERS: names an issuer that is no https address",
            ),
            ("NOTIFY_HOSTS", "ci.example.com", "CHANGEGATE_NOTIFY_SECRET: is not set, but the hosts are"),
            (
                "NOTIFY_HOSTS",
                "https://ci.example.com",
                "CHANGEGATE_NOTIFY_HOSTS: names something that is no host",
            ),
            ("NOTIFY_SECRET", SIGNING, "CHANGEGATE_NOTIFY_HOSTS: is not set, but its secret is"),
            ("NOTIFY_SECRET", "whsec_c2hvcnQ=", "CHANGEGATE_NOTIFY_SECRET: is not `whsec_`"),
            ("NOTIFY_PRIVATE", "yes", "CHANGEGATE_NOTIFY_PRIVATE: is neither `true` nor `false`"),
            ("OIDC_ISSUERS", "https://u@a.example", "CHANGEGATE_OIDC_ISSUERS: names an issuer"),
            ("PUBLIC_URL", "https://github.com/acme", "CHANGEGATE_PUBLIC_URL: is an address of GitHub's"),
            ("FILE", "lisen = 'x'", ":1: unknown field `lisen`"),
            ("FILE", "app_id = 7\nlisen = 'x'", ":2: unknown field `lisen`"),
        ] {
            let refused = read(&[(setting, value)]).unwrap_err().to_string();
            assert!(refused.contains(said), "{setting}={value}: {refused}");
            assert!(refused.contains("cure: "), "{refused}");
        }
    }

    #[test]
    fn the_issuer_of_tokens_is_that_of_this_github_unless_others_are_set() {
        for (web, issuer) in [
            ("https://github.com", "https://token.actions.githubusercontent.com"),
            ("https://acme.ghe.com/", "https://token.actions.acme.ghe.com"),
            ("https://github.example.com", "https://github.example.com/_services/token"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000/_services/token"),
        ] {
            assert_eq!(read(&[("GITHUB_WEB_URL", web)]).unwrap().oidc_issuers, [issuer]);
        }
        assert!(read(&[("GITHUB_WEB_URL", "http://github.example.com")]).unwrap().oidc_issuers.is_empty());
        let two = read(&[("OIDC_ISSUERS", "https://a.example, http://127.0.0.1:1/x,")]).unwrap();
        assert_eq!(two.oidc_issuers, ["https://a.example", "http://127.0.0.1:1/x"]);
        let file = read(&[("FILE", "oidc_issuers = ['https://a.example']")]).unwrap();
        assert_eq!(file.oidc_issuers, ["https://a.example"]);
    }

    #[test]
    fn announcements_go_encrypted_or_stay_on_this_machine() {
        for (url, taken) in [
            ("https://ci.example.com/xyzzy?token=xyzzy", true),
            ("https://ci.example.com", true),
            ("http://127.0.0.1:9000/x", true),
            ("http://[::1]:9000/x", true),
            ("http://localhost/x", true),
            ("http://ci.example.com/xyzzy", false),
            ("http://127.0.0.1.example.com/", false),
            ("https://user:word@ci.example.com/", false),
            ("https:///x", false),
            ("ci.example.com/xyzzy", false),
            ("ftp://ci.example.com/", false),
        ] {
            let read = read(&[("ANNOUNCE_URL", url), ("ANNOUNCE_SECRET", SIGNING)]);
            assert_eq!(read.is_ok(), taken, "{url}");
            let said = read.map_or_else(|refused| refused.to_string(), |config| format!("{config:?}"));
            assert!(!said.contains("xyzzy") && !said.contains(&SIGNING[6..]), "{said}");
        }
    }

    #[test]
    fn nobody_is_asked_about_images_unless_the_settings_name_a_registry() {
        let none = read(&[]).unwrap().registries;
        assert!(none.hosts.is_empty() && none.credentials.is_empty() && !none.private);
        let set = [
            ("REGISTRY_HOSTS", "GHCR.io, registry.acme.example:5000"),
            ("REGISTRY_LOGIN", "ghcr.io  acme:xyzzy:1\n\nregistry.acme.example:5000 u:p\n"),
        ];
        let set = read(&set).unwrap().registries;
        assert_eq!(set.hosts, ["ghcr.io", "registry.acme.example:5000"]);
        assert_eq!(set.credentials["ghcr.io"].expose_secret(), "acme:xyzzy:1");
        assert!(!format!("{set:?}").contains("xyzzy"), "{set:?}");
        for (setting, value, said) in [
            (
                "REGISTRY_HOSTS",
                "https://ghcr.io",
                "CHANGEGATE_REGISTRY_HOSTS: names something that is no host",
            ),
            ("REGISTRY_PRIVATE", "yes", "CHANGEGATE_REGISTRY_PRIVATE: is neither `true` nor `false`"),
            ("REGISTRY_LOGIN", "ghcr.io xyzzy", "CHANGEGATE_REGISTRY_LOGIN: has a line that is no host"),
            ("REGISTRY_LOGIN", "ghcr.io :xyzzy", "CHANGEGATE_REGISTRY_LOGIN: has a line that is no host"),
            ("REGISTRY_LOGIN", "ghcr.io u:xyzzy", "CHANGEGATE_REGISTRY_LOGIN: is for a host that may not"),
        ] {
            let refused = read(&[(setting, value)]).unwrap_err().to_string();
            assert!(refused.contains(said) && refused.contains("cure: "), "{setting}={value}: {refused}");
            assert!(!refused.contains("xyzzy"), "{refused}");
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        assert_eq!(read(&[("LISTEN", "x"), ("APP_ID", "y")]).unwrap_err().0.len(), 2);
    }

    #[test]
    fn a_missing_key_file_is_named() {
        let refused = read(&[("PRIVATE_KEY", ""), ("PRIVATE_KEY_FILE", "keys/app.pem")]).unwrap_err();
        insta::assert_snapshot!(refused, @"
        error: CHANGEGATE_PRIVATE_KEY_FILE: no file at keys/app.pem
          cure: download a private key from the App's settings page (Private keys) and name its file here
        ");
    }

    #[test]
    fn secrets_never_show_in_debug() {
        let shown = format!("{:?}", read(&[]).unwrap());
        assert!(!shown.contains(SECRET) && !shown.contains("BEGIN PRIVATE"), "{shown}");
    }
}
