//! The list behind `$dependency-files`: manifests and lock files, as the usual bots change them.
//!
//! By name, in any folder; never below `.github`, where files run with the project's rights.

/// By their whole names.
const NAMES: [&str; 43] = [
    "Cargo.lock",
    "Cargo.toml",
    "Chart.lock",
    "Directory.Packages.props",
    "Gemfile",
    "Gemfile.lock",
    "Package.resolved",
    "Pipfile",
    "Pipfile.lock",
    "Podfile",
    "Podfile.lock",
    "buildscript-gradle.lockfile",
    "bun.lock",
    "bun.lockb",
    "composer.json",
    "composer.lock",
    "conda-lock.yml",
    "constraints.txt",
    "deno.lock",
    "flake.lock",
    "go.mod",
    "go.sum",
    "go.work.sum",
    "gradle.lockfile",
    "libs.versions.toml",
    "mix.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "package.json",
    "packages.config",
    "packages.lock.json",
    "pdm.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "pom.xml",
    "pubspec.lock",
    "pubspec.yaml",
    "pyproject.toml",
    "rebar.lock",
    "requirements.in",
    "requirements.txt",
    "uv.lock",
    "yarn.lock",
];

/// By how they begin and end: `requirements-dev.txt`, `web.csproj`.
const ENDS: [(&str, &str); 5] =
    [("requirements-", ".txt"), ("requirements-", ".in"), ("", ".csproj"), ("", ".fsproj"), ("", ".vbproj")];

/// Whether a path is one of these files.
pub(super) fn is_one(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ends = || ENDS.iter().any(|(start, end)| name.starts_with(start) && name.ends_with(end));
    let folders = path.split('/').any(|folder| folder == ".github");
    !folders && (NAMES.contains(&name) || ends())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_and_lock_files_are_in_the_list_and_nothing_that_runs_by_itself() {
        for (path, expected) in [
            ("Cargo.lock", true),
            ("crates/a/Cargo.toml", true),
            ("web/package.json", true),
            ("requirements.txt", true),
            ("requirements-dev.txt", true),
            ("src/Web.csproj", true),
            ("package.json.js", false),
            ("src/main.rs", false),
            ("Package.json", false),
            (".github/package.json", false),
            (".github/workflows/package.json", false),
            ("a/.github/actions/x/package.json", false),
            (".github/workflows/ci.yml", false),
            (".github/dependabot.yml", false),
            (".npmrc", false),
            ("setup.py", false),
            ("Dockerfile", false),
        ] {
            assert_eq!(is_one(path), expected, "{path}");
        }
        assert!(NAMES.is_sorted());
    }
}
