//! Asks the registries of images what the labels of an image say, as the distribution specification of the Open Container Initiative
//! describes it (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md>).
//!
//! A registry is believed nothing but bytes of which the SHA-256 is the digest that was asked for: the digest of the image leads to its
//! manifest, and that to the configuration in which the labels stand. Only those registries are asked that the settings name.

mod name;
mod wire;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use secrecy::SecretString;
use serde::{Deserialize, de::IgnoredAny};

use self::{
    name::Name,
    wire::{Kind, Wire},
};
use crate::{
    clock::Clock,
    domain::facts::{Answer, Fact, ImageLabels, Question},
};

/// How long all that is asked at once may take: those who ask hold leases of a minute.
const PATIENCE: Duration = Duration::from_secs(20);
/// An image for more platforms than these is read by people.
const MOST_PLATFORMS: usize = 16;
/// Longer labels are neither a hash nor an address.
const LONGEST_LABEL: usize = 300;
/// How many images are remembered.
const REMEMBERED: usize = 1_000;

/// Which registries may be asked, and as whom.
#[derive(Debug, Clone, Default)]
pub struct RegistrySettings {
    /// As images name them, in lower case: `ghcr.io`, `docker.io`, or with a port behind.
    pub hosts: Vec<String>,
    /// They may stand in private networks.
    pub private: bool,
    /// `user:password`, by host; anybody where there is none.
    pub credentials: BTreeMap<String, SecretString>,
}

/// The registries that may be asked.
#[derive(Debug)]
pub struct Registries {
    wire: Wire,
    clock: Clock,
    /// What a digest names never changes.
    read: Mutex<BTreeMap<(String, String), Vec<ImageLabels>>>,
}

/// A manifest of one image, or an index of several.
#[derive(Deserialize)]
struct Manifest {
    config: Option<Descriptor>,
    layers: Option<IgnoredAny>,
    manifests: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    os: Option<String>,
}

/// The configuration of an image, as far as it is read.
#[derive(Deserialize)]
struct Image {
    config: Option<Running>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Running {
    labels: Option<BTreeMap<String, String>>,
}

impl Registries {
    /// Prepares everything and asks nobody yet.
    ///
    /// # Errors
    /// When the certificates of this machine cannot be read.
    pub fn new(settings: RegistrySettings, clock: Clock) -> Result<Self, io::Error> {
        Ok(Self { wire: Wire::new(settings)?, clock, read: Mutex::default() })
    }

    /// Answers each question, in the order asked: known as of the time before it was asked, or unknown and why.
    pub async fn answer(&self, questions: &[Question]) -> Vec<(Question, Fact<Answer>)> {
        let mut found = vec![];
        let reading = async {
            for question in questions {
                let fact = if let Question::ImageLabels(image, digest) = question {
                    self.labels(image, digest).await
                } else {
                    Fact::Unknown("this is no question for a registry".into())
                };
                found.push((question.clone(), fact));
            }
        };
        // What was found until then is kept.
        let late = tokio::time::timeout(PATIENCE, reading).await.is_err();
        let why = format!("its registry is too slow, {} seconds are over", PATIENCE.as_secs());
        let unanswered = questions.get(found.len()..).filter(|_| late).unwrap_or_default();
        found.extend(unanswered.iter().map(|question| (question.clone(), Fact::Unknown(why.clone()))));
        found
    }

    async fn labels(&self, image: &str, digest: &str) -> Fact<Answer> {
        let as_of = self.clock.now();
        let key = (image.to_owned(), digest.to_owned());
        if let Some(known) = self.remembered().get(&key) {
            return Fact::Known(Answer::ImageLabels(known.clone()), as_of);
        }
        match self.read(image, digest).await {
            Ok(labels) => {
                let mut remembered = self.remembered();
                if remembered.len() >= REMEMBERED {
                    remembered.clear();
                }
                remembered.insert(key, labels.clone());
                Fact::Known(Answer::ImageLabels(labels), as_of)
            }
            Err(why) => Fact::Unknown(why),
        }
    }

    fn remembered(&self) -> MutexGuard<'_, BTreeMap<(String, String), Vec<ImageLabels>>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, image: &str, digest: &str) -> Result<Vec<ImageLabels>, String> {
        let name = Name::read(image).ok_or("it is no name of an image")?;
        let mut session = self.wire.session(&name)?;
        let first: Manifest = session.read(Kind::Manifest, digest).await?;
        let mut configurations = BTreeSet::new();
        match first.several(&name)? {
            None => configurations.extend([first.configuration(&name)?]),
            Some(digests) => {
                for digest in digests {
                    let one: Manifest = session.read(Kind::Manifest, &digest).await?;
                    configurations.extend([one.configuration(&name)?]);
                }
            }
        }
        let mut labels = BTreeSet::new();
        for digest in configurations {
            labels.insert(session.read::<Image>(Kind::Blob, &digest).await?.labels());
        }
        Ok(labels.into_iter().collect())
    }
}

impl Manifest {
    /// The manifests for Linux that an index lists, and those of which it does not say for what they are; `None`: it is no index.
    fn several(&self, name: &Name) -> Result<Option<BTreeSet<String>>, String> {
        let Some(listed) = &self.manifests else { return Ok(None) };
        if self.config.is_some() || self.layers.is_some() {
            // Whoever pulls it may take it for either.
            return Err(format!("what {} holds there is an image and an index at once", name.host));
        }
        let os = |one: &Descriptor| one.platform.as_ref().and_then(|platform| platform.os.clone());
        let linux = listed.iter().filter(|one| os(one).is_none_or(|os| os == "linux"));
        let digests: BTreeSet<String> = linux.map(|one| one.digest.clone()).collect();
        match digests.len() {
            0 => Err(format!("what {} holds there has no image for Linux", name.host)),
            1..=MOST_PLATFORMS => Ok(Some(digests)),
            _ => Err(format!(
                "what {} holds there has images for more than {MOST_PLATFORMS} platforms",
                name.host
            )),
        }
    }

    /// The digest of the configuration.
    fn configuration(&self, name: &Name) -> Result<String, String> {
        let config = self.config.as_ref().filter(|_| self.manifests.is_none());
        let digest = config.map(|config| config.digest.clone());
        digest.ok_or_else(|| format!("what {} holds there is no image with a configuration", name.host))
    }
}

impl Image {
    fn labels(self) -> ImageLabels {
        let mut labels = self.config.and_then(|config| config.labels).unwrap_or_default();
        let mut of = |name: &str| {
            let text = labels.remove(&format!("org.opencontainers.image.{name}"))?;
            Some(text.chars().take(LONGEST_LABEL).collect())
        };
        ImageLabels { revision: of("revision"), source: of("source") }
    }
}
