//! Finds the packages that others published, or says loudly that they are missing and how to get them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The unpacked packages of `tests/contract/package.json`, and the folder in which Node resolves them.
pub struct Material {
    root: PathBuf,
}

impl Material {
    /// The packages and Node, or `None` after saying once what is missing.
    ///
    /// # Panics
    /// When something is missing and `CHANGEGATE_REQUIRE` contains `contract`.
    pub fn find() -> Option<&'static Material> {
        static FOUND: OnceLock<Option<Material>> = OnceLock::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract");
        let found = FOUND.get_or_init(|| match missing(&root) {
            None => Some(Material { root }),
            Some(what) => {
                say_skipped(&what);
                None
            }
        });
        assert!(
            found.is_some() || !required(),
            "CHANGEGATE_REQUIRE names contract, but its material is missing"
        );
        found.as_ref()
    }

    /// The text of a file of a package, such as `@octokit/graphql-schema/schema.graphql`.
    pub fn text(&self, file: &str) -> String {
        let path = self.root.join("node_modules").join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The JSON of a file of a package.
    pub fn json(&self, file: &str) -> Value {
        serde_json::from_str(&self.text(file)).unwrap()
    }

    /// A script of `tests/contract`.
    pub fn script(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Runs a script of `tests/contract` with Node, hands it `input`, and returns what it printed.
    pub fn node(&self, script: &str, arguments: &[&str], secret: &str, input: &str) -> String {
        let mut child = Command::new("node")
            .arg(self.root.join(script))
            .args(arguments)
            .env("CHANGEGATE_WEBHOOK_SECRET", secret)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Node reads all of its input before it answers, so writing first cannot block both sides.
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{script}: {}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }
}

fn required() -> bool {
    std::env::var("CHANGEGATE_REQUIRE")
        .is_ok_and(|names| names.split(',').any(|name| name.trim() == "contract"))
}

fn missing(root: &Path) -> Option<String> {
    if !root.join("node_modules/.package-lock.json").is_file() {
        return Some("GitHub's published examples and schemas are not installed".to_owned());
    }
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).status();
    node.err().map(|error| format!("node cannot be run ({error})"))
}

/// Written to the real standard error: the test harness keeps back what `eprintln!` says in a test that passes.
fn say_skipped(what: &str) {
    let text = format!(
        "\nSKIPPED: the contract tests did not run: {what}.\n  cure: install Node 20 or newer, then `npm ci --prefix tests/contract`\n\n"
    );
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

#[test]
fn the_installed_packages_are_the_pinned_ones() {
    let Some(material) = Material::find() else { return };
    let manifest: Value = serde_json::from_str(include_str!("package.json")).unwrap();
    for (package, pinned) in manifest["dependencies"].as_object().unwrap() {
        assert_eq!(&material.json(&format!("{package}/package.json"))["version"], pinned, "{package}");
    }
}
