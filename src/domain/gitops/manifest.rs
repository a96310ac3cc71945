//! The images that one file names, and everything else in it.
//!
//! Three ways of writing are known: `image: name:tag@digest` of manifests, the `images` of a kustomization, and `repository` beside `tag` or
//! `digest` as charts have it. Their scalars are masked in the text where they stand as they are read, so that two texts
//! are equal but for the versions of images exactly where the masked ones are equal to the byte.

use sha2::{Digest as _, Sha256};

use super::{
    super::policy::{Node, Written, documents},
    Version,
};

/// What one file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Each image as often as it stands there, in the order of the file.
    pub images: Vec<(String, Version)>,
    /// The text with the images masked.
    pub rest: String,
    /// Why its images cannot be read, as a sentence.
    pub unread: Option<String>,
}

/// The name of an image whose name does not stand beside its version.
pub const UNNAMED: &str = "";

/// Reads a file by its path: YAML, or else a text that names no images in a way that is known.
#[must_use]
pub fn manifest(path: &str, text: &str) -> Manifest {
    let is_yaml = [".yaml", ".yml"].iter().any(|ending| path.ends_with(ending));
    if !is_yaml {
        return Manifest { rest: text.into(), ..Manifest::default() };
    }
    let documents = match documents(text) {
        Ok(documents) => documents,
        Err(why) => return Manifest { rest: text.into(), unread: Some(why), ..Manifest::default() },
    };
    let mut found = Found { lines: text.split('\n').collect(), ..Found::default() };
    documents.iter().for_each(|document| found.walk(document, false));
    Manifest { rest: masked(text, found.masks), images: found.images, unread: None }
}

#[derive(Debug, Default)]
struct Found<'t> {
    lines: Vec<&'t str>,
    images: Vec<(String, Version)>,
    masks: Vec<Mask>,
}

/// A scalar of an image, and where it begins.
#[derive(Debug)]
struct Mask {
    line: u64,
    column: u64,
    text: String,
    by: String,
}

impl Found<'_> {
    /// `listed`: it stands in a list called `images`.
    fn walk(&mut self, node: &Node, listed: bool) {
        match &node.value {
            Written::Map(entries) => {
                self.map(node, listed);
                for entry in entries {
                    self.walk(&entry.node, entry.key == "images");
                }
            }
            Written::List(items) => items.iter().for_each(|item| self.walk(item, listed)),
            Written::Empty
            | Written::Truth(_)
            | Written::Integer(_)
            | Written::Number(_)
            | Written::Text(_) => {}
        }
    }

    fn map(&mut self, node: &Node, listed: bool) {
        let image = text(node, "image").filter(|image| !image.is_empty());
        let image = image.map(reference);
        if let Some((name, version)) = &image {
            self.mask(node, &["image"], name);
            self.images.push(((*name).to_owned(), version.clone()));
        }
        let bare = image.filter(|(_, version)| *version == Version::default()).map(|(name, _)| name);
        if let Some(name) = text(node, "name").filter(|_| listed) {
            let name = text(node, "newName").unwrap_or(name).to_owned();
            self.add(node, name, ["newTag", "digest"]);
        } else if has(node, "tag") || has(node, "digest") || has(node, "newTag") {
            let registry = text(node, "registry").map(|registry| format!("{registry}/")).unwrap_or_default();
            let name = text(node, "repository").filter(|name| !name.is_empty()).or(bare);
            let name = name.map_or_else(|| UNNAMED.to_owned(), |name| format!("{registry}{name}"));
            self.add(node, name, ["tag", "digest"]);
        }
    }

    fn add(&mut self, node: &Node, name: String, [tag, digest]: [&str; 2]) {
        let keys = ["name", "newName", "registry", "repository", "tag", "newTag", "digest"];
        self.mask(node, &keys, &name);
        let tag = if tag == "tag" && !has(node, "tag") && has(node, "newTag") { "newTag" } else { tag };
        let is_odd = |key| has(node, key) && text(node, key).is_none();
        let odd = is_odd(tag) || is_odd(digest);
        let read = |key| {
            let plain = text(node, key).filter(|text| !text.is_empty()).map(str::to_owned);
            plain.or_else(|| is_odd(key).then(|| self.written(node, key)).flatten())
        };
        let version = Version { tag: read(tag), digest: read(digest), odd };
        self.images.push((name, version));
    }

    /// The rest of the line on which a scalar begins that is no text: `1.10` and `1.1` are one number.
    fn written(&self, node: &Node, key: &str) -> Option<String> {
        let at = node.entry(key)?.node.at;
        let place = |number: u64| usize::try_from(number.saturating_sub(1)).ok();
        let raw: String = self.lines.get(place(at.line)?)?.chars().skip(place(at.column)?).collect();
        // An alias says the same wherever its anchor changes.
        let value = &node.entry(key)?.node.value;
        Some(if raw.starts_with('*') { format!("{raw} {value:?}") } else { raw })
    }

    /// The name stays visible as a hash: what is called otherwise is something else.
    fn mask(&mut self, node: &Node, keys: &[&str], name: &str) {
        let hash = hex::encode(Sha256::digest(name));
        for entry in keys.iter().filter_map(|key| node.entry(key)) {
            let Written::Text(text) = &entry.node.value else { continue };
            let (line, column) = (entry.node.at.line, entry.node.at.column);
            self.masks.push(Mask { line, column, text: text.clone(), by: format!("\u{0}{hash}\u{0}") });
        }
    }
}

fn has(node: &Node, key: &str) -> bool {
    node.entry(key).is_some_and(|entry| !matches!(entry.node.value, Written::Map(_) | Written::List(_)))
}

fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    let Written::Text(text) = &node.entry(key)?.node.value else { return None };
    Some(text)
}

/// `name`, `name:tag`, `name@digest` or `name:tag@digest`; a colon may stand before a port.
fn reference(image: &str) -> (&str, Version) {
    let (image, digest) = image.split_once('@').map_or((image, None), |(image, it)| (image, Some(it)));
    let (name, tag) = match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        Some(_) | None => (image, None),
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    (name, Version { tag: owned(tag), digest: owned(digest), odd: false })
}

/// Each scalar that stands in the text as it is read, plain or in quotes, gives way to its mask; any other stays.
fn masked(text: &str, mut masks: Vec<Mask>) -> String {
    masks.sort_by_key(|mask| std::cmp::Reverse((mask.line, mask.column)));
    masks.dedup_by_key(|mask| (mask.line, mask.column));
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    for Mask { line, column, text, by } in masks {
        let place = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(line) = lines.get_mut(place(line)) else { continue };
        let Some((at, _)) = line.char_indices().nth(place(column)) else { continue };
        let (before, rest) = line.split_at(at);
        let written = [text.clone(), format!("\"{text}\""), format!("'{text}'")];
        let after = written.iter().find_map(|written| rest.strip_prefix(written.as_str()));
        if let Some(after) = after.filter(|_| !text.is_empty()) {
            *line = format!("{before}{by}{after}");
        }
    }
    lines.join("\n")
}
