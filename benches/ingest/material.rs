//! What is delivered: `issues` payloads of a small GitHub, complete as GitHub's are, of about 11 KB.

use anyhow::ensure;
use changegate::sandbox::{Limits, Sandbox, SandboxClock, SandboxSettings};
use jiff::Timestamp;

/// How many issues the load is about. Each is opened as a change request; all further deliveries say the same again.
const ISSUES: usize = 200;
/// Issues for what is measured one by one.
pub const PROBES: usize = 300;
/// About the size of the example that GitHub publishes for `issues`.
const SIZE: usize = 11_000;
const POLICY: &str = "version: 1\nmode: enforce\nroles: { triager: [tess], release-manager: [rosa] }\n";
const REPOSITORY: &str = "acme/web";

/// The small GitHub, and what it has to tell.
pub struct Material {
    pub github: Sandbox,
    /// What GitHub says when the App is installed: names of events, and bodies.
    pub installed: Vec<(String, String)>,
    /// Bodies of deliveries of `issues`: [`ISSUES`] of them.
    pub bodies: Vec<String>,
    /// What makes an issue as long as they are.
    text: String,
}

impl Material {
    /// The same for an issue that is opened now: what is opened earlier the server may have found by itself.
    pub fn probe(&self, number: usize) -> String {
        open_issue(&self.github, ISSUES + number, &self.text)
    }
}

/// Sets the scene: one organisation, one repository, and what people want.
pub async fn prepare() -> anyhow::Result<Material> {
    let github = Sandbox::start(SandboxSettings::new(SandboxClock::Following(system))).await?;
    // One small GitHub serves all servers of the run: what one has used must not be missing to the next.
    let (primary, content_per_minute, content_per_hour) = (1_000_000, 1_000_000, 1_000_000);
    github.set_limits(Limits { primary, content_per_minute, content_per_hour });
    github.add_organization("acme", &["sam", "tess", "rosa"]);
    github.add_repository("acme/.github", &[(".github/changegate.yml", POLICY)]);
    github.add_repository(REPOSITORY, &[("README.md", "# Here\n")]);
    github.add_label(REPOSITORY, "change-request");
    github.by("rosa").install("acme", None);
    let installed =
        github.take_deliveries().into_iter().map(|delivery| (delivery.event, delivery.body)).collect();
    let size = open_issue(&github, 0, "").len();
    let text = wish(SIZE.saturating_sub(size));
    let bodies: Vec<String> = (0..ISSUES).map(|i| open_issue(&github, i, &text)).collect();
    ensure!(bodies.iter().all(|body| body.len() > SIZE / 2), "the small GitHub sent no issues");
    Ok(Material { github, installed, bodies, text })
}

/// What GitHub says when the issue is labelled.
fn open_issue(github: &Sandbox, number: usize, text: &str) -> String {
    let title = format!("Export invoices as CSV, part {number}");
    github.by("sam").open_labelled_issue(REPOSITORY, &title, text, &["change-request"]);
    let mut of_issues = github.take_deliveries().into_iter().filter(|delivery| delivery.event == "issues");
    of_issues.next_back().map(|delivery| delivery.body).unwrap_or_default()
}

/// Somebody explains at length; numbers keep it from compressing better than what people write.
fn wish(length: usize) -> String {
    let mut text = String::new();
    for line in 0.. {
        if text.len() >= length {
            break;
        }
        let customer = line * 7919 % 10_007;
        text.push_str(&format!("Customer {customer} books by hand since order {}, ", customer * 31));
        text.push_str(["and waits for us. ", "which takes a day. ", "as the audit found. "][line % 3]);
    }
    text.truncate(length);
    text
}

#[expect(clippy::disallowed_methods, reason = "the small GitHub follows the clock of this machine")]
fn system() -> Timestamp {
    Timestamp::now()
}
