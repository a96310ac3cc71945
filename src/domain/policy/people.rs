//! Who may act and who signs: roles, groups, accounts.

use super::error::{PolicyError, Refusal, nearest, shortened};
use super::names::{Who, plain_name};
use super::place::Place;
use super::reserved;
use super::written;
use serde::Serialize;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Who may act.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Roles {
    pub triager: Vec<Who>,
    pub release_manager: Vec<Who>,
    pub break_glass: Vec<Who>,
    pub auditor: Vec<Who>,
}

/// The roles' names, as the file writes them.
pub const ROLES: [&str; 4] = ["triager", "release-manager", "break-glass", "auditor"];

/// Names that rules use for people whom no group can list.
pub const REVIEW: &str = "review";
/// Whoever asked for the change.
pub const REQUESTER: &str = "requester";
/// Whoever ranks and accepts for the account that asked.
pub const SPONSOR: &str = "sponsor";

impl Roles {
    pub(super) fn check(place: &Place<'_>, written: &written::Roles) -> Self {
        let people = |key: &str, texts: &[String]| place.key(key).each_once(texts, Who::read);
        Self {
            triager: people("triager", &written.triager),
            release_manager: people("release-manager", &written.release_manager),
            break_glass: people("break-glass", &written.break_glass),
            auditor: people("auditor", &written.auditor),
        }
    }

    /// The people of a role; nobody for a name that is no role.
    pub fn named(&self, role: &str) -> &[Who] {
        match role {
            "triager" => &self.triager,
            "release-manager" => &self.release_manager,
            "break-glass" => &self.break_glass,
            "auditor" => &self.auditor,
            _ => &[],
        }
    }
}

/// Groups that sign, by name.
pub type Groups = BTreeMap<String, Vec<Who>>;

pub(super) fn check_groups(place: &Place<'_>, written: &BTreeMap<String, Vec<String>>) -> Groups {
    let group = |(name, texts): (&String, &Vec<String>)| {
        let people = place.key(name).each_once(texts, Who::read);
        if texts.is_empty() {
            place.key(name).refuse(Refusal::new(
                "lists nobody",
                "a group that nobody is in can never sign; list somebody or remove it",
            ));
        }
        let name =
            place.name(name).take(plain_name(name).and_then(|name| not_taken(&name).map(|()| name)))?;
        Some((name, people))
    };
    written.iter().filter_map(group).collect()
}

fn not_taken(name: &str) -> Result<(), Refusal> {
    if ROLES.contains(&name) {
        return Err(Refusal::new(
            "has the name of a role",
            "rules would not know which is meant; choose another name",
        ));
    }
    if [REVIEW, REQUESTER, SPONSOR].contains(&name) {
        let cure = format!("`{name}` means something by itself in rules; choose another name");
        return Err(Refusal::new("has a name that is taken", cure));
    }
    Ok(())
}

/// A department or customer that asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Ranks the account's requests, and accepts for it.
    pub sponsor: Who,
    /// Who answers for its requests: a login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Its share beside the other accounts, from 1 to 1000.
    pub weight: u16,
    /// What people call accounts of its sort.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// So many slots of each release are kept for it.
    #[serde(skip_serializing_if = "is_none_kept")]
    pub reserved: u16,
}

impl Account {
    /// Whether somebody has decided that it is a key account.
    pub fn is_key(&self) -> bool {
        self.tier.as_deref() == Some(KEY)
    }
}

/// The tier of a key account.
const KEY: &str = "key";

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like this")]
const fn is_none_kept(reserved: &u16) -> bool {
    *reserved == 0
}

pub(super) fn check_accounts(
    place: &Place<'_>,
    written: &BTreeMap<String, written::Account>,
) -> BTreeMap<String, Account> {
    let account = |(name, account): (&String, &written::Account)| {
        let place_of = place.key(name);
        let sponsor = place_of.key("sponsor").take(sponsor(&account.sponsor));
        let weight = place_of.key("weight").take(weight(account.weight));
        let contact = place_of.maybe("contact", account.contact.as_ref(), person);
        let tier = place_of.maybe("tier", account.tier.as_ref(), tier);
        let reserved = place_of.key("reserved").take(reserved::number(account.reserved));
        let name = place.name(name).take(plain_name(name));
        Some((name?, Account { sponsor: sponsor?, contact, weight: weight?, tier, reserved: reserved? }))
    };
    written.iter().filter_map(account).collect()
}

fn tier(text: &str) -> Result<String, Refusal> {
    plain_name(text).map_err(|_| Refusal::of(text, "write one short word in lower case, like key"))
}

fn sponsor(text: &str) -> Result<Who, Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::new(
            "is empty",
            "an account needs somebody who ranks and accepts for it; name a login or a team",
        ));
    }
    Who::read(text)
}

/// A login: an issue is assigned to a person, not to a team.
pub(super) fn person(text: &str) -> Result<String, Refusal> {
    match Who::read(text)? {
        Who::Login(login) => Ok(login),
        Who::Team { .. } => {
            Err(Refusal::of(text, "write the login of one person: one person answers for a request"))
        }
    }
}

fn weight(written: Option<i64>) -> Result<u16, Refusal> {
    let written = written.unwrap_or(1);
    match u16::try_from(written) {
        Ok(0) => {
            Err(Refusal::new("is 0", "an account without weight would never be served; give it at least 1"))
        }
        Ok(weight @ 1..=1000) => Ok(weight),
        Ok(_) | Err(_) => Err(Refusal::new(format!("is {written}"), "write a whole number from 1 to 1000")),
    }
}

/// Whom rules may name: the roles and groups of the file, or anybody where another file defines them.
pub(super) struct Signers {
    /// The number of people in each, where only logins are listed; a team's number is unknown here.
    people: BTreeMap<String, Option<usize>>,
    /// Does another file define roles and groups?
    elsewhere: bool,
    /// Names left to that other file, each with the fault that it is if that file does not have them either.
    pub left_open: RefCell<Vec<(String, PolicyError)>>,
}

impl Signers {
    pub fn new(roles: &Roles, groups: &Groups, written: &written::File, elsewhere: bool) -> Self {
        let roles = ROLES.iter().map(|role| ((*role).to_owned(), count(roles.named(role))));
        let refused = written.groups.keys().map(|name| (name.clone(), None));
        let groups = groups.iter().map(|(name, people)| (name.clone(), count(people)));
        Self {
            people: refused.chain(roles).chain(groups).collect(),
            elsewhere,
            left_open: RefCell::default(),
        }
    }

    /// Checks that a rule's group or role exists, and that it can reach a number of signatures. `place` is where
    /// the name stands, `count` where the number stands.
    pub fn check(&self, place: &Place<'_>, count: &Place<'_>, name: &str, wanted: usize) {
        if self.elsewhere {
            return self.leave_open(place, name);
        }
        match self.people.get(name) {
            Some(Some(people)) if *people < wanted => count.refuse(too_few(name, *people, wanted)),
            Some(_) => {}
            None => place.refuse(self.unknown(name)),
        }
    }

    fn leave_open(&self, place: &Place<'_>, name: &str) {
        let refusal = Refusal::new(
            format!("names `{}`, which the organisation's policy does not define", shortened(name)),
            "ask its owners to define that group, or name another",
        );
        self.left_open.borrow_mut().push((name.to_owned(), place.fault(refusal)));
    }

    /// Is this a group or role of the file?
    pub fn knows(&self, name: &str) -> bool {
        self.people.contains_key(name)
    }

    /// Why a name that is none is refused.
    pub fn unknown(&self, name: &str) -> Refusal {
        let cure = match nearest(name, self.people.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("define it under `groups`, as `{name}: [owner/team]`"),
        };
        Refusal::new(format!("names `{}`, which is no group or role of this file", shortened(name)), cure)
    }
}

/// The number of people, if only people are listed.
fn count(people: &[Who]) -> Option<usize> {
    people.iter().all(|who| matches!(who, Who::Login(_))).then_some(people.len())
}

fn too_few(name: &str, people: usize, wanted: usize) -> Refusal {
    if people == 0 {
        return Refusal::new(
            format!("is {wanted}, but nobody is in `{name}`"),
            format!("list somebody under `roles.{name}`, or name another group"),
        );
    }
    Refusal::new(
        format!("is {wanted}, but `{name}` lists {people}"),
        format!("such a rule can never be met; ask for at most {people}, or list more people"),
    )
}
