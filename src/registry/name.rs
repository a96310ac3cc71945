//! The name of an image, and which registry has it.

/// The registry of images that name none.
const HUB: &str = "docker.io";
/// Where that answers, and where it gives out tokens.
const HUB_ANSWERS: &str = "registry-1.docker.io";
const HUB_TOKENS: &str = "auth.docker.io";

/// A name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// The registry, as settings name it.
    pub host: String,
    /// Where it answers.
    pub answers: String,
    /// What it calls the image.
    pub repository: String,
}

impl Name {
    /// As container engines read it: before the first slash stands a registry where it has a dot or a port or is this machine.
    /// `None`: it is no name.
    pub(super) fn read(image: &str) -> Option<Self> {
        let is_host = |first: &str| first.contains(['.', ':']) || first == "localhost";
        let (host, rest) = match image.split_once('/') {
            Some((first, rest)) if is_host(first) => (first.to_ascii_lowercase(), rest),
            Some(_) | None => (HUB.to_owned(), image),
        };
        let host = if host == "index.docker.io" { HUB.to_owned() } else { host };
        let part = |part: &str| !part.is_empty() && part != "." && part != "..";
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
        if !rest.split('/').all(part) || !rest.chars().all(plain) {
            return None;
        }
        let (answers, repository) = if host != HUB {
            (host.clone(), rest.to_owned())
        } else if rest.contains('/') {
            (HUB_ANSWERS.to_owned(), rest.to_owned())
        } else {
            (HUB_ANSWERS.to_owned(), format!("library/{rest}"))
        };
        Some(Self { host, answers, repository })
    }
}

/// All hosts that are meant by one that the settings name.
pub(super) fn meant(host: &str) -> Vec<String> {
    let host = host.to_ascii_lowercase();
    let hub = [HUB_ANSWERS, HUB_TOKENS].map(str::to_owned);
    let more = hub.into_iter().filter(|_| host == HUB).collect::<Vec<_>>();
    [vec![host], more].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_the_registry_to_which_container_engines_would_go() {
        for (image, read) in [
            ("ghcr.io/acme/web", Some("ghcr.io ghcr.io acme/web")),
            ("GHCR.io/acme/web", Some("ghcr.io ghcr.io acme/web")),
            (
                "registry.acme.example:5000/web",
                Some("registry.acme.example:5000 registry.acme.example:5000 web"),
            ),
            ("localhost/web", Some("localhost localhost web")),
            ("acme/web", Some("docker.io registry-1.docker.io acme/web")),
            ("nginx", Some("docker.io registry-1.docker.io library/nginx")),
            ("docker.io/nginx", Some("docker.io registry-1.docker.io library/nginx")),
            ("index.docker.io/acme/web", Some("docker.io registry-1.docker.io acme/web")),
            ("ghcr.io/acme/../other", None),
            ("ghcr.io//web", None),
            ("ghcr.io/acme/web?x=1", None),
            ("ghcr.io/acme/web:v1", None),
            ("ghcr.io/", None),
            ("", None),
        ] {
            let shown = |name: Name| format!("{} {} {}", name.host, name.answers, name.repository);
            assert_eq!(Name::read(image).map(shown).as_deref(), read, "{image}");
        }
    }
}
