//! Makes a random history: what people do on branches and in pull requests, one thing after another.

use std::{collections::BTreeSet, fmt::Write as _};

use changegate::domain::ids::Sha;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use super::{
    git::Writer,
    history::{Content, Done, History, How, PLACES, Places, PullRequest, applied, change, inverse},
};

struct Maker<'a> {
    history: History,
    chance: StdRng,
    writer: &'a mut Writer,
    token: u32,
    number: u64,
}

/// A history, written to git as it is made.
pub fn random(seed: u64, writer: &mut Writer) -> History {
    let (history, chance) = (History::new(seed), StdRng::seed_from_u64(seed));
    let mut maker = Maker { history, chance, writer, token: 0, number: 0 };
    maker.commit(&format!("Begin {seed}"), vec![], [0; PLACES], How::Work);
    for _ in 0..maker.chance.random_range(15..35) {
        maker.step();
    }
    maker.decide();
    maker.history
}

impl Maker<'_> {
    fn step(&mut self) {
        match self.chance.random_range(0..24) {
            8 => self.push(),
            9..=11 => self.pick(),
            12 | 13 => self.silent_pick(),
            14 | 15 => self.revert(),
            16..=20 => self.merge_branch(),
            21 if self.history.branches.len() < 4 => {
                let from = self.some_of(self.history.branches[0]);
                self.history.branches.push(from);
            }
            22 => self.amend(),
            _ => self.pull_request(),
        }
    }

    fn commit(&mut self, message: &str, parents: Vec<usize>, content: Content, how: How) -> usize {
        let before = parents.first().map_or([0; PLACES], |parent| self.history.done[*parent].content);
        let files: BTreeSet<usize> = match parents.first() {
            None => (0..PLACES / 4).collect(),
            Some(_) => change(&before, &content).keys().map(|place| place / 4).collect(),
        };
        let files: Vec<_> =
            files.into_iter().map(|file| (format!("src/{file}.txt"), text(file, &content))).collect();
        let shas: Vec<&Sha> = parents.iter().map(|parent| &self.history.done[*parent].sha).collect();
        let sha = self.writer.commit(message, &shas, &files);
        let change = change(&before, &content);
        let place = self.history.done.len();
        let before = parents
            .iter()
            .fold(Places::default(), |all, parent| all.all(&self.history.done[*parent].history));
        let (message, history) = (message.to_owned(), before.with(place));
        self.history.done.push(Done {
            sha,
            parents,
            message,
            content,
            change,
            history,
            how,
            numbers: vec![],
        });
        place
    }

    fn on(&mut self, parent: usize, message: &str, content: Content, how: How) -> usize {
        self.commit(message, vec![parent], content, how)
    }

    /// Something new in one to three places.
    fn work(&mut self, mut content: Content) -> Content {
        for _ in 0..self.chance.random_range(1..=3) {
            self.token += 1;
            content[self.chance.random_range(0..PLACES)] = self.token;
        }
        content
    }

    fn number(&mut self) -> u64 {
        self.number += self.chance.random_range(1..4);
        self.number
    }

    fn branch(&mut self) -> usize {
        if self.chance.random_bool(0.6) {
            0
        } else {
            self.chance.random_range(0..self.history.branches.len())
        }
    }

    fn content(&self, place: usize) -> Content {
        self.history.done[place].content
    }

    /// A commit not far before this one.
    fn some_of(&mut self, mut place: usize) -> usize {
        for _ in 0..self.chance.random_range(0..4) {
            place = self.history.done[place].parents.first().copied().unwrap_or(place);
        }
        place
    }

    /// Mostly something that this branch does not have.
    fn other(&mut self, tip: usize) -> usize {
        let has = self.history.done[tip].history;
        let others: Vec<usize> = (0..self.history.done.len()).filter(|place| !has.has(*place)).collect();
        let other = others.choose(&mut self.chance).copied().filter(|_| self.chance.random_bool(0.9));
        other.unwrap_or_else(|| self.chance.random_range(0..self.history.done.len()))
    }

    /// What a merge leaves, where no place was changed on both sides.
    fn merged(&self, one: usize, other: usize) -> Option<Content> {
        let bases = self.history.merge_bases(one, other);
        let [base] = bases.as_slice() else { return None };
        let (base, one, other) = (self.content(*base), self.content(one), self.content(other));
        let mut merged = one;
        for place in 0..PLACES {
            if other[place] == base[place] || one[place] == other[place] {
                continue;
            }
            if one[place] != base[place] {
                return None;
            }
            merged[place] = other[place];
        }
        Some(merged)
    }

    /// Commits on a branch of its own, of this repository or of a fork, which is merged in one of GitHub's three ways.
    fn pull_request(&mut self) {
        let branch = self.branch();
        let tip = self.history.branches[branch];
        let start = self.some_of(tip);
        let mut head = start;
        for _ in 0..self.chance.random_range(1..=3) {
            head = match self.chance.random_range(0..8) {
                0 => self.sub_pull_request(head),
                1 => self.taken_back(head).unwrap_or(head),
                2 => self.updated(head, tip),
                _ => {
                    let content = self.work(self.content(head));
                    self.on(head, "Work on it", content, How::Work)
                }
            };
        }
        let came = self.new_in(head, tip);
        let Some(content) = self.merged(tip, head).filter(|_| !came.is_empty()) else { return };
        let number = self.number();
        let merged = match self.chance.random_range(0..4) {
            0 => self.on(tip, &format!("Make it better (#{number})"), content, How::Work),
            1 => match self.rebased(&came, tip) {
                Some(last) => last,
                None => return,
            },
            way => {
                let from = if way == 2 { "acme/feature" } else { "somebody/main" };
                let message = format!("Merge pull request #{number} from {from}\n\nMake it better");
                self.commit(&message, vec![tip, head], content, How::Merge)
            }
        };
        let landed = self.new_in(merged, tip);
        self.came_with(number, true, came.into_iter().chain(landed).chain([merged]));
        self.history.branches[branch] = merged;
    }

    fn came_with(&mut self, number: u64, ships: bool, commits: impl Iterator<Item = usize>) {
        let commits: BTreeSet<usize> = commits.collect();
        for place in &commits {
            self.history.done[*place].numbers.push(number);
        }
        let brought = commits.iter().map(|place| self.history.done[*place].sha.clone()).collect();
        self.history.pull_requests.insert(number, PullRequest { merged: true, ships, brought });
    }

    fn new_in(&self, head: usize, tip: usize) -> Vec<usize> {
        let old = self.history.done[tip].history;
        self.history.done[head].history.iter().filter(|place| !old.has(*place)).collect()
    }

    /// A pull request into the branch of another one.
    fn sub_pull_request(&mut self, head: usize) -> usize {
        let content = self.work(self.content(head));
        let inner = self.on(head, "Work on a part", content, How::Work);
        let number = self.number();
        let message = format!("Merge pull request #{number} from acme/part");
        let merge = self.commit(&message, vec![head, inner], content, How::Merge);
        self.came_with(number, false, [inner, merge].into_iter());
        merge
    }

    /// "Update branch".
    fn updated(&mut self, head: usize, tip: usize) -> usize {
        let (head_history, tip_history) = (self.history.done[head].history, self.history.done[tip].history);
        let content = self.merged(head, tip).filter(|_| !head_history.has(tip) && !tip_history.has(head));
        let Some(content) = content else { return head };
        self.commit("Merge branch 'main' into feature", vec![head, tip], content, How::Merge)
    }

    /// Each single commit once more on the tip.
    fn rebased(&mut self, came: &[usize], tip: usize) -> Option<usize> {
        let single: Vec<usize> =
            came.iter().copied().filter(|place| self.history.done[*place].parents.len() == 1).collect();
        let mut content = self.content(tip);
        for place in &single {
            content = applied(content, &self.history.done[*place].change)?;
        }
        let mut last = tip;
        for place in single {
            let content = applied(self.content(last), &self.history.done[place].change)?;
            last = self.on(last, "Work on it", content, How::Work);
        }
        (last != tip).then_some(last)
    }

    /// `git revert` on this commit.
    fn taken_back(&mut self, tip: usize) -> Option<usize> {
        let all: Vec<usize> = self.history.done[tip].history.iter().collect();
        let of = *all.choose(&mut self.chance)?;
        let done = &self.history.done[of];
        let content =
            applied(self.content(tip), &inverse(&done.change)).filter(|_| !done.change.is_empty())?;
        let more = if done.parents.len() > 1 { ", reversing\nchanges made to it" } else { "" };
        let message = format!("Revert \"It\"\n\nThis reverts commit {}{more}.", done.sha);
        Some(self.on(tip, &message, content, How::Revert(of)))
    }

    fn revert(&mut self) {
        let branch = self.branch();
        let tip = self.history.branches[branch];
        let Some(revert) = self.taken_back(tip) else { return };
        self.history.branches[branch] = self.sometimes_more(revert);
    }

    /// Sometimes the last commit does more than it says.
    fn sometimes_more(&mut self, last: usize) -> usize {
        if self.chance.random_bool(0.75) {
            return last;
        }
        let Done { parents, how, content, message, .. } = &self.history.done[last];
        let (parents, how, content, message) = (parents.clone(), *how, *content, message.clone());
        let content = self.work(content);
        self.commit(&message, parents, content, how)
    }

    /// Straight to the branch: with a number that means nothing, with nothing in it, or as the head of an open pull request.
    fn push(&mut self) {
        let branch = self.branch();
        let tip = self.history.branches[branch];
        let (empty, number) =
            (self.chance.random_bool(0.2), self.chance.random_range(1..=self.number.max(1)));
        let content = if empty { self.content(tip) } else { self.work(self.content(tip)) };
        let message = if self.chance.random_bool(0.3) { format!("Push (#{number})") } else { "Push".into() };
        let pushed = self.on(tip, &message, content, How::Work);
        if self.chance.random_bool(0.2) {
            let number = self.number();
            self.history.done[pushed].numbers.push(number);
            let open = PullRequest { merged: false, ships: true, brought: vec![] };
            self.history.pull_requests.insert(number, open);
        }
        self.history.branches[branch] = pushed;
    }

    /// `git cherry-pick -x`; of a conflict anything is made.
    fn pick(&mut self) {
        let branch = self.branch();
        let tip = self.history.branches[branch];
        let of = self.other(tip);
        let done = &self.history.done[of];
        let message = format!("It\n\n(cherry picked from commit {})", done.sha);
        let clean = applied(self.content(tip), &done.change).filter(|_| !done.change.is_empty());
        let conflict = clean.is_none();
        if conflict && self.chance.random_bool(0.6) {
            return;
        }
        let content = clean.unwrap_or_else(|| self.work(self.content(tip)));
        let picked = self.on(tip, &message, content, How::Pick(of));
        self.history.branches[branch] = self.sometimes_more(picked);
    }

    /// `git cherry-pick` keeps the message and says nothing.
    fn silent_pick(&mut self) {
        let branch = self.branch();
        let tip = self.history.branches[branch];
        let of = self.other(tip);
        let done = &self.history.done[of];
        if done.parents.len() != 1 || matches!(done.how, How::Pick(_) | How::Revert(_)) {
            return;
        }
        let Some(content) = applied(self.content(tip), &done.change).filter(|_| !done.change.is_empty())
        else {
            return;
        };
        let message = done.message.clone();
        self.history.branches[branch] = self.on(tip, &message, content, How::Silent(of));
    }

    /// One long-lived branch into another, pushed or by a pull request.
    fn merge_branch(&mut self) {
        let (into, from) = (self.branch(), self.branch());
        let (tip, head) = (self.history.branches[into], self.history.branches[from]);
        if self.history.done[tip].history.has(head) {
            return;
        }
        let Some(content) = self.merged(tip, head) else { return };
        let came = self.new_in(head, tip);
        let merge = self.commit("Merge branch 'other'", vec![tip, head], content, How::Merge);
        if self.chance.random_bool(0.25) {
            let number = self.number();
            self.came_with(number, true, came.into_iter().chain([merge]));
            self.history.branches[into] = merge;
        } else {
            self.history.branches[into] = self.sometimes_more(merge);
        }
    }

    /// Somebody pushes over the tip: the same with another message, or something else.
    fn amend(&mut self) {
        let branch = self.branch();
        let tip = self.history.branches[branch];
        let done = &self.history.done[tip];
        if done.parents.len() != 1 || !matches!(done.how, How::Work) {
            return;
        }
        let (parent, content) = (done.parents[0], done.content);
        let same = self.chance.random_bool(0.7);
        let (content, how) = if same { (content, How::Silent(tip)) } else { (self.work(content), How::Work) };
        let amended = self.on(parent, "Better words", content, how);
        self.history.abandoned.push(tip);
        self.history.branches[branch] = amended;
    }

    /// What people decide about it in the end.
    fn decide(&mut self) {
        for place in 0..self.history.done.len() {
            if self.chance.random_bool(0.2) {
                let sha = self.history.done[place].sha.clone();
                self.history.adopted.insert(sha);
            }
        }
        if self.chance.random_bool(0.3) {
            let early = self.chance.random_range(0..self.history.done.len() / 2);
            self.history.enforced = Some(self.history.done[early].sha.clone());
        }
    }
}

/// One file: a line that changes, and eight that don't.
fn text(file: usize, content: &Content) -> String {
    let mut text = String::new();
    for (place, value) in content.iter().enumerate().skip(file * 4).take(4) {
        for line in 0..4 {
            writeln!(text, "{place} before {line}").unwrap();
        }
        writeln!(text, "{place} is {value}").unwrap();
        for line in 0..4 {
            writeln!(text, "{place} after {line}").unwrap();
        }
    }
    text
}
