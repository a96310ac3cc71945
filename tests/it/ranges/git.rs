//! A throw-away repository, written by `git fast-import` and read by git's own commands.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use changegate::domain::{
    commit_range::RangeCommit,
    facts::Fact,
    ids::Sha,
    patch::{Changes, FileChange, Prints},
};
use jiff::Timestamp;
use tempfile::TempDir;

pub struct Git(TempDir);

/// What each commit changes as against its first parent.
pub type Patches = BTreeMap<Sha, Changes>;

impl Git {
    pub fn new() -> Self {
        let git = Self(tempfile::tempdir().unwrap());
        git.run(&["init", "--quiet", "--bare", "--initial-branch=main"], "");
        git
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(self.0.path());
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(name);
        }
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
    }

    fn run(&self, arguments: &[&str], input: &str) -> String {
        let path = self.input(input);
        let output = self.command(arguments).stdin(File::open(path).unwrap()).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn input(&self, text: &str) -> impl AsRef<Path> {
        let path = self.0.path().join("input");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// `git rev-list baseline..candidate`.
    pub fn rev_list(&self, baseline: &Sha, candidate: &Sha) -> BTreeSet<Sha> {
        let listed = self.run(&["rev-list", &format!("{baseline}..{candidate}")], "");
        listed.lines().map(|line| line.parse().unwrap()).collect()
    }

    /// These commits, as git shows them.
    pub fn commits(&self, shas: &[&Sha]) -> BTreeMap<Sha, RangeCommit> {
        let format = "--format=%H%x00%P%x00%ct%x00%B%x01";
        let shown = self.run(&["log", "--no-walk=unsorted", "--stdin", format], &lines(shas.iter()));
        shown.split('\u{1}').filter_map(|entry| read(entry.trim_start())).collect()
    }

    /// What these commits change.
    pub fn patches(&self, shas: &[&Sha]) -> Patches {
        let shown =
            self.run(&["log", "--no-walk=unsorted", "--stdin", "--format=%H %P"], &lines(shas.iter()));
        let pairs = shown.lines().map(|line| {
            let mut words = line.split(' ').filter(|word| !word.is_empty());
            (words.next().unwrap().parse().unwrap(), words.next().map(|parent| parent.parse().unwrap()))
        });
        let pairs: Vec<(Sha, Option<Sha>)> = pairs.collect();
        let to: Vec<_> = pairs.iter().filter_map(|(sha, parent)| Some((sha, parent.as_ref()?))).collect();
        self.differences(&to)
    }

    /// What each of these merges merges: what its second parent changes as against the commit beside it.
    pub fn merged(&self, merges: &[(&RangeCommit, &Sha)]) -> Patches {
        let mut found = Patches::new();
        let mut rest = merges.to_vec();
        while !rest.is_empty() {
            let mut heads = BTreeSet::new();
            let (now, later) = rest.into_iter().partition(|(merge, _)| heads.insert(&merge.parents[1]));
            rest = later;
            let pairs: Vec<_> =
                now.iter().map(|(merge, base): &(&RangeCommit, &Sha)| (&merge.parents[1], *base)).collect();
            let changes = self.differences(&pairs);
            found
                .extend(now.iter().map(|(merge, _)| (merge.sha.clone(), changes[&merge.parents[1]].clone())));
        }
        found
    }

    /// What each of these commits changes as against the one beside it.
    fn differences(&self, pairs: &[(&Sha, &Sha)]) -> Patches {
        let input: String = pairs.iter().fold(String::new(), |mut text, (sha, from)| {
            writeln!(text, "{sha} {from}").unwrap();
            text
        });
        let (done, undone) = (self.patch_ids(&input, &[]), self.patch_ids(&input, &["-R"]));
        pairs.iter().map(|(sha, _)| ((*sha).clone(), changes(done.get(sha), undone.get(sha)))).collect()
    }

    /// `git patch-id --stable`, which leaves out what changes nothing.
    fn patch_ids(&self, input: &str, how: &[&str]) -> BTreeMap<Sha, String> {
        let arguments = [&["diff-tree", "--stdin", "-r", "-p", "--no-prefix"][..], how].concat();
        let input = File::open(self.input(input)).unwrap();
        let mut differ = self.command(&arguments).stdin(input).stdout(Stdio::piped()).spawn().unwrap();
        let diff = differ.stdout.take().unwrap();
        let output = self.command(&["patch-id", "--stable"]).stdin(diff).output().unwrap();
        assert!(differ.wait().unwrap().success() && output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let pairs = text.lines().map(|line| line.split_once(' ').unwrap());
        pairs.map(|(id, sha)| (sha.parse().unwrap(), id.to_owned())).collect()
    }

    pub fn writer(&self) -> Writer {
        let mut command = self.command(&["fast-import", "--quiet", "--force"]);
        let mut importer = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = importer.stdin.take().unwrap();
        let output = BufReader::new(importer.stdout.take().unwrap());
        Writer { importer, input, output, marks: BTreeMap::new() }
    }
}

fn lines<'a>(shas: impl Iterator<Item = &'a &'a Sha>) -> String {
    shas.map(|sha| format!("{sha}\n")).collect()
}

fn read(entry: &str) -> Option<(Sha, RangeCommit)> {
    let mut fields = entry.splitn(4, '\0');
    let sha: Sha = fields.next()?.parse().ok()?;
    let parents = fields.next()?.split_whitespace().map(|parent| parent.parse().unwrap()).collect();
    let committed_at = Timestamp::from_second(fields.next()?.parse().unwrap()).ok();
    let message = fields.next()?.to_owned();
    Some((sha.clone(), RangeCommit { sha, parents, message, people: vec![], committed_at }))
}

/// git's ids of a change and of its opposite stand for what GitHub lists file by file.
fn changes(done: Option<&String>, undone: Option<&String>) -> Changes {
    let prints = done.zip(undone).map(|(done, undone)| Prints { done: done.clone(), undone: undone.clone() });
    let file = |prints| FileChange { path: "all".into(), before: None, prints: Some(prints) };
    Changes { files: prints.map(file).into_iter().collect(), complete: true }
}

/// A fact, as of some time.
pub fn known<T>(value: T) -> Fact<T> {
    Fact::Known(value, Timestamp::UNIX_EPOCH)
}

/// One `git fast-import`, to which commits are told one by one.
pub struct Writer {
    importer: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    marks: BTreeMap<Sha, usize>,
}

impl Writer {
    /// Writes a commit with these files on the first of its parents; the others are merged.
    pub fn commit(&mut self, message: &str, parents: &[&Sha], files: &[(String, String)]) -> Sha {
        let mark = self.marks.len() + 1;
        let time = 1_700_000_000 + mark;
        let mut text = String::new();
        if parents.is_empty() {
            writeln!(text, "reset refs/heads/main\n").unwrap();
        }
        writeln!(text, "commit refs/heads/main\nmark :{mark}\ncommitter Ana <ana@acme.example> {time} +0000")
            .unwrap();
        writeln!(text, "data {}\n{message}", message.len()).unwrap();
        for (place, parent) in parents.iter().enumerate() {
            writeln!(text, "{} :{}", if place == 0 { "from" } else { "merge" }, self.marks[*parent]).unwrap();
        }
        for (path, content) in files {
            writeln!(text, "M 100644 inline {path}\ndata {}\n{content}", content.len()).unwrap();
        }
        writeln!(text, "\nget-mark :{mark}").unwrap();
        self.input.write_all(text.as_bytes()).unwrap();
        self.input.flush().unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        let sha: Sha = answer.trim_end().parse().unwrap();
        self.marks.insert(sha.clone(), mark);
        sha
    }

    pub fn finish(mut self) {
        drop(self.input);
        assert!(self.importer.wait().unwrap().success());
    }
}
