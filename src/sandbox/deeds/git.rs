//! Commits, branches and tags.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::super::objects;
use super::super::state::{Numbered, State};
use super::super::world::{AccountKind, CheckSuite, Closer, Commit, Files, Signature, hash};

const NOTHING: &str = "0000000000000000000000000000000000000000";

impl State {
    /// How a person signs commits.
    pub fn signature(&self, account: u64) -> Signature {
        let login = self.world.login(account);
        Signature {
            name: login.to_owned(),
            email: self.email(account),
            account: Some(account),
            at: self.now(),
        }
    }

    /// Keeps a commit in a repository; answers its name.
    pub fn keep(&mut self, repo: u64, commit: Commit) -> Option<String> {
        let sha = commit.sha.clone();
        let co_authors = self.co_authors(&commit);
        let commit = Commit { co_authors, ..commit };
        self.repo_mut(repo)?.commits.insert(sha.clone(), Arc::new(commit));
        Some(sha)
    }

    /// The people of `Co-authored-by: name <email>` trailers; an email of ours leads to the account.
    fn co_authors(&self, commit: &Commit) -> Vec<Signature> {
        let trailers = commit.message.lines().filter_map(|line| line.strip_prefix("Co-authored-by: "));
        let signed = trailers.filter_map(|who| {
            let (name, email) = who.strip_suffix('>')?.split_once(" <")?;
            let known = self.world.accounts.values().find(|account| self.email(account.id) == email);
            let (name, email, at) = (name.to_owned(), email.to_owned(), commit.author.at);
            Some(Signature { name, email, account: known.map(|account| account.id), at })
        });
        signed.collect()
    }

    /// The address under which an account commits.
    pub fn email(&self, account: u64) -> String {
        format!("{account}+{}@users.noreply.sandbox.invalid", self.world.login(account))
    }

    /// Commits files on top of a branch (made from the default branch where there is none) and pushes it.
    pub fn push(
        &mut self,
        repo: u64,
        actor: u64,
        branch: &str,
        files: &[(&str, &str)],
        message: &str,
    ) -> Option<String> {
        let found = self.repo(repo)?;
        let base = found.branch(branch).or_else(|| found.branch(&found.default_branch)).map(str::to_owned);
        let mut tree = base
            .as_ref()
            .and_then(|sha| found.commits.get(sha))
            .map_or_else(Files::new, |it| it.files.clone());
        tree.extend(files.iter().map(|(path, text)| ((*path).to_owned(), Arc::from(*text))));
        let signature = self.signature(actor);
        let commit = Commit::new(base.into_iter().collect(), tree, message, signature.clone(), signature);
        let sha = self.keep(repo, commit)?;
        self.move_branch(repo, actor, branch, &sha)?;
        Some(sha)
    }

    /// Does on a branch (made from `base` where there is none) what a commit did, or takes it back, and pushes it. Files
    /// are taken whole.
    pub fn replay(
        &mut self,
        repo: u64,
        actor: u64,
        (branch, base): (&str, &str),
        (sha, back): (&str, bool),
        message: &str,
    ) -> Option<String> {
        let found = self.repo(repo)?;
        let done = found.resolve(sha)?;
        let before = done.parents.first().and_then(|parent| found.commits.get(parent));
        let touched: Vec<&str> = done.changes(before.map(|it| &**it)).into_iter().flatten().collect();
        let source = if back { before? } else { done };
        let tip = found.branch(branch).or_else(|| found.branch(base))?.to_owned();
        let mut tree = found.commits.get(&tip)?.files.clone();
        for path in touched {
            match source.files.get(path) {
                Some(text) => tree.insert(path.to_owned(), text.clone()),
                None => tree.remove(path),
            };
        }
        let signature = self.signature(actor);
        let commit = Commit::new(vec![tip], tree, message, signature.clone(), signature);
        let sha = self.keep(repo, commit)?;
        self.move_branch(repo, actor, branch, &sha)?;
        Some(sha)
    }

    /// Merges a branch into another, and pushes that.
    pub fn merge_branch(&mut self, repo: u64, actor: u64, from: &str, into: &str) -> Option<String> {
        let found = self.repo(repo)?;
        let (ours, theirs) = (found.branch(into)?.to_owned(), found.branch(from)?.to_owned());
        let message = format!("Merge branch '{from}' into {into}");
        let commit = self.joined(repo, &ours, &theirs, &message, actor)?;
        let sha = self.keep(repo, commit)?;
        self.move_branch(repo, actor, into, &sha)?;
        Some(sha)
    }

    /// GitHub's own account for what it commits on somebody's behalf.
    fn web_flow(&mut self) -> u64 {
        let known = self.world.account("web-flow").map(|account| account.id);
        known.unwrap_or_else(|| self.add_account("web-flow", AccountKind::User))
    }

    /// The same as [`State::push`] through GitHub's API, which commits it as itself and signs it.
    pub fn commit_for(
        &mut self,
        repo: u64,
        actor: u64,
        branch: &str,
        files: &[(&str, &str)],
        message: &str,
    ) -> Option<String> {
        let found = self.repo(repo)?;
        let tip = found.branch(branch).or_else(|| found.branch(&found.default_branch))?.to_owned();
        let mut tree = found.commits.get(&tip)?.files.clone();
        tree.extend(files.iter().map(|(path, text)| ((*path).to_owned(), Arc::from(*text))));
        let author = self.signature(actor);
        let (name, email) = ("GitHub".to_owned(), "noreply@github.com".to_owned());
        let committer = Signature { name, email, account: Some(self.web_flow()), at: author.at };
        let commit = Commit { signed: true, ..Commit::new(vec![tip], tree, message, author, committer) };
        let sha = self.keep(repo, commit)?;
        self.move_branch(repo, actor, branch, &sha)?;
        Some(sha)
    }

    /// Points a branch to a commit and tells of it: `create`, `push`, the check suite, and the pull requests of it.
    pub fn move_branch(&mut self, repo: u64, actor: u64, branch: &str, sha: &str) -> Option<()> {
        let now = self.now();
        let found = self.repo_mut(repo)?;
        (found.pushed_at, found.updated_at) = (now, now);
        let before = found.refs.insert(format!("refs/heads/{branch}"), sha.to_owned());
        if before.is_none() {
            self.announce_ref(repo, actor, "create", "branch", branch)?;
        }
        self.announce_push(repo, actor, &format!("refs/heads/{branch}"), before.as_deref(), Some(sha))?;
        self.request_suite(repo, actor, Some(branch), before, sha)?;
        self.synchronize(repo, actor, branch, sha)?;
        self.close_by_commits(repo, actor, branch, sha)
    }

    fn announce_ref(&mut self, repo: u64, actor: u64, event: &str, kind: &str, name: &str) -> Option<()> {
        let master = self.repo(repo)?.default_branch.clone();
        let mut payload = json!({ "ref": name, "ref_type": kind, "pusher_type": "user" });
        if event == "create" {
            payload["master_branch"] = json!(master);
            payload["description"] = json!(null);
        }
        self.announce(repo, actor, event, payload);
        Some(())
    }

    fn announce_push(
        &mut self,
        repo: u64,
        actor: u64,
        reference: &str,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Option<()> {
        let found = self.repo(repo)?;
        let (was, is) = (before.map(|oid| found.peeled(oid)), after.map(|oid| found.peeled(oid)));
        let from = was.or(found.branch(&found.default_branch)).unwrap_or(NOTHING);
        let new = is.map(|is| found.between(from, is)).unwrap_or_default();
        let object = |commit: &Arc<Commit>| objects::pushed_commit(&self.world, found, commit);
        let forced = matches!((was, is), (Some(was), Some(is)) if !found.ancestors(is).contains(was));
        let (from, to) = (before.unwrap_or(NOTHING), after.unwrap_or(NOTHING));
        let compare =
            format!("{}/{}/compare/{from}...{to}", self.world.urls.web, self.world.full_name(found));
        let payload = json!({
            "ref": reference,
            "before": from,
            "after": to,
            "base_ref": null,
            "created": before.is_none(),
            "deleted": after.is_none(),
            "forced": forced,
            "compare": compare,
            "commits": new.into_iter().map(object).collect::<Vec<_>>(),
            "head_commit": is.and_then(|sha| found.commits.get(sha)).map(object),
            "pusher": { "name": self.world.login(actor), "email": null },
        });
        self.announce(repo, actor, "push", payload);
        Some(())
    }

    /// Opens the App's check suite for a commit, as GitHub does after the first push of it.
    pub fn request_suite(
        &mut self,
        repo: u64,
        actor: u64,
        branch: Option<&str>,
        before: Option<String>,
        sha: &str,
    ) -> Option<()> {
        if self.repo(repo)?.check_suites.values().any(|suite| suite.head_sha == sha) {
            return Some(());
        }
        let id = self.ensure_suite(repo, branch, before, sha)?;
        self.announce_suite(repo, actor, id, "requested")
    }

    /// The App's check suite of a commit, made where there is none.
    pub fn ensure_suite(
        &mut self,
        repo: u64,
        branch: Option<&str>,
        before: Option<String>,
        sha: &str,
    ) -> Option<u64> {
        let (id, now) = (self.world.fresh_id(), self.now());
        let found = self.repo_mut(repo)?;
        if let Some(suite) = found.check_suites.values().find(|suite| suite.head_sha == sha) {
            return Some(suite.id);
        }
        let suite = CheckSuite {
            id,
            head_sha: sha.to_owned(),
            head_branch: branch.map(str::to_owned),
            before,
            created_at: now,
            updated_at: now,
        };
        found.check_suites.insert(id, suite);
        Some(id)
    }

    pub fn announce_suite(&mut self, repo: u64, actor: u64, id: u64, action: &str) -> Option<()> {
        let found = self.repo(repo)?;
        let suite = objects::check_suite(&self.world, found, found.check_suites.get(&id)?);
        self.announce(repo, actor, "check_suite", json!({ "action": action, "check_suite": suite }));
        Some(())
    }

    /// Open pull requests of a branch follow it, wherever they were opened.
    fn synchronize(&mut self, repo: u64, actor: u64, branch: &str, sha: &str) -> Option<()> {
        for at in self.pulls_from(repo, branch) {
            self.fetch_commits(repo, at.repo)?;
            let base_ref = self.issue(at)?.1.pull.as_ref()?.base_ref.clone();
            let base_sha = self.repo(at.repo)?.branch(&base_ref).map(str::to_owned);
            let pull = self.touch(at)?.pull.as_mut()?;
            let before = std::mem::replace(&mut pull.head_sha, sha.to_owned());
            pull.base_sha = base_sha.unwrap_or_else(|| pull.base_sha.clone());
            if at.repo != repo {
                self.request_suite(at.repo, actor, None, None, sha)?;
            }
            self.announce_issue(at, actor, "synchronize", json!({ "before": before, "after": sha }))?;
        }
        Some(())
    }

    fn pulls_from(&self, repo: u64, branch: &str) -> Vec<Numbered> {
        let mut found = Vec::new();
        for target in self.world.repos.values() {
            for issue in target.issues.values().filter(|issue| issue.open) {
                let pull = issue.pull.as_ref();
                if pull.is_some_and(|pull| pull.head_repo == repo && pull.head_ref == branch) {
                    found.push(Numbered { repo: target.id, number: issue.number });
                }
            }
        }
        found
    }

    /// Copies the commits of a fork, so that its pull requests can be compared.
    pub fn fetch_commits(&mut self, from: u64, to: u64) -> Option<()> {
        if from != to {
            let commits = self.repo(from)?.commits.clone();
            self.repo_mut(to)?.commits.extend(commits);
        }
        Some(())
    }

    /// A commit on the default branch closes what its message says.
    fn close_by_commits(&mut self, repo: u64, actor: u64, branch: &str, sha: &str) -> Option<()> {
        let found = self.repo(repo)?;
        if branch != found.default_branch {
            return Some(());
        }
        let message = found.commits.get(sha)?.message.clone();
        for at in self.closed_by(repo, &message) {
            let closer = Closer::Commit { repo, sha: sha.to_owned() };
            self.close(at, actor, Some("completed"), Some(closer));
        }
        Some(())
    }

    /// Makes a branch at a commit (a branch, a tag or a SHA); answers the SHA.
    pub fn create_branch(&mut self, repo: u64, actor: u64, branch: &str, from: &str) -> Option<String> {
        let sha = self.repo(repo)?.resolve(from)?.sha.clone();
        self.move_branch(repo, actor, branch, &sha)?;
        Some(sha)
    }

    pub fn delete_branch(&mut self, repo: u64, actor: u64, branch: &str) -> Option<()> {
        let sha = self.repo_mut(repo)?.refs.remove(&format!("refs/heads/{branch}"))?;
        self.announce_push(repo, actor, &format!("refs/heads/{branch}"), Some(&sha), None)?;
        self.announce_ref(repo, actor, "delete", "branch", branch)
    }

    pub fn create_tag(&mut self, repo: u64, actor: u64, tag: &str, from: &str) -> Option<()> {
        let sha = self.repo(repo)?.resolve(from)?.sha.clone();
        self.move_tag(repo, actor, tag, sha)
    }

    /// Points a tag at a commit, or at the object of an annotated tag, and tells of it: `create` and `push`.
    pub fn move_tag(&mut self, repo: u64, actor: u64, tag: &str, oid: String) -> Option<()> {
        let name = format!("refs/tags/{tag}");
        let before = self.repo_mut(repo)?.refs.insert(name.clone(), oid.clone());
        if before.is_none() {
            self.announce_ref(repo, actor, "create", "tag", tag)?;
        }
        self.announce_push(repo, actor, &name, before.as_deref(), Some(&oid))
    }

    /// Makes a tag that is an object of its own, with a message.
    pub fn annotate_tag(&mut self, repo: u64, actor: u64, tag: &str, from: &str) -> Option<()> {
        let found = self.repo(repo)?;
        let sha = found.refs.get(&format!("refs/tags/{from}")).cloned();
        let target = sha.or_else(|| Some(found.resolve(from)?.sha.clone()))?;
        let oid = hash(["tag", tag, &target]);
        let found = self.repo_mut(repo)?;
        found.tags.insert(oid.clone(), target);
        self.move_tag(repo, actor, tag, oid)
    }

    pub fn delete_tag(&mut self, repo: u64, actor: u64, tag: &str) -> Option<()> {
        let name = format!("refs/tags/{tag}");
        let oid = self.repo_mut(repo)?.refs.remove(&name)?;
        self.announce_push(repo, actor, &name, Some(&oid), None)?;
        self.announce_ref(repo, actor, "delete", "tag", tag)
    }

    /// The commit that joins two, with the changes of `head` laid over `base`.
    pub fn joined(&self, repo: u64, base: &str, head: &str, message: &str, by: u64) -> Option<Commit> {
        let found = self.repo(repo)?;
        let (ours, theirs) = (found.commits.get(base)?, found.commits.get(head)?);
        let old = found.merge_base(base, head).map(|commit| &**commit);
        let [added, removed, modified] = theirs.changes(old);
        let mut files = ours.files.clone();
        for path in added.into_iter().chain(modified) {
            files.insert(path.to_owned(), theirs.files.get(path)?.clone());
        }
        files.retain(|path, _| !removed.contains(&path.as_str()));
        let signature = self.signature(by);
        let parents = vec![base.to_owned(), head.to_owned()];
        Some(Commit::new(parents, files, message, signature.clone(), signature))
    }

    /// A first commit, so that a new repository has a default branch. Nobody is told.
    pub fn first_commit(&mut self, repo: u64, by: u64, files: &[(&str, &str)]) -> Option<String> {
        let tree = files.iter().map(|(path, text)| ((*path).to_owned(), Arc::from(*text))).collect();
        let signature = Signature { at: self.created(repo)?, ..self.signature(by) };
        let commit = Commit::new(Vec::new(), tree, "Begin", signature.clone(), signature);
        let sha = self.keep(repo, commit)?;
        let found = self.repo_mut(repo)?;
        found.refs.insert(format!("refs/heads/{}", found.default_branch), sha.clone());
        Some(sha)
    }

    fn created(&self, repo: u64) -> Option<Timestamp> {
        Some(self.repo(repo)?.created_at)
    }
}
