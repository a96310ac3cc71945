//! How the calendar speaks: times in the zone of the policy, what closes, and who can open.

use jiff::Timestamp;

use super::Next;
use crate::domain::{
    finding::{Reference, code},
    ids::Actor,
    policy::{EffectivePolicy, Who, Window, Zone},
};

/// How many windows are listed.
const WINDOWS_SHOWN: usize = 3;

/// What is the same in every sentence about one place.
#[derive(Debug, Clone)]
pub struct Words<'a> {
    pub zone: Zone,
    release_managers: &'a [Who],
    prefix: Option<&'a str>,
    /// Are there emergencies here?
    emergencies: bool,
}

impl<'a> Words<'a> {
    pub fn new(policy: &'a EffectivePolicy, emergencies: bool) -> Self {
        Self {
            zone: policy.zone(),
            release_managers: policy.release_managers(),
            prefix: policy.command_prefix(),
            emergencies,
        }
    }

    /// `Tue 1 Dec 2026, 09:00 Europe/Berlin`; in an hour that comes twice, with the offset.
    pub fn time(&self, at: Timestamp) -> String {
        let zoned = at.to_zoned_datetime(self.zone.time_zone().clone());
        let twice = self.zone.time_zone().to_ambiguous_timestamp(zoned.datetime()).is_ambiguous();
        let offset = if twice { format!(" ({})", zoned.strftime("%:z")) } else { String::new() };
        format!("{} {}{offset}", zoned.strftime("%a"), self.zone.time(at))
    }

    /// "window Tue-Thu 09:00-16:00", with its zone where times are shown in another.
    pub fn windows(&self, windows: &[Window], zone: &Zone) -> String {
        let shown: Vec<String> = windows.iter().take(WINDOWS_SHOWN).map(ToString::to_string).collect();
        let more = windows.len().saturating_sub(shown.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let word = if windows.len() == 1 { "window" } else { "windows" };
        let zone = if *zone == self.zone { String::new() } else { format!(" {zone}") };
        format!("{word} {}{more}{zone}", shown.join(", "))
    }

    /// "until Tue 1 Dec 2026, 09:00 Europe/Berlin".
    pub fn until(&self, at: Option<Timestamp>) -> String {
        at.map_or("for good".into(), |at| format!("until {}", self.time(at)))
    }

    /// What stands before a closing that stops what had time to finish.
    pub fn overdue(&self, deadline: Timestamp) -> String {
        format!("Its time to finish ended on {}. ", self.time(deadline))
    }

    /// What is to be added where `own`, the end of one closing, is not when everything is open.
    pub fn next(&self, own: Option<Timestamp>, next: Next) -> String {
        match next {
            Next::At(at) if Some(at) == own => String::new(),
            Next::At(at) => format!(" The next time to start is {}.", self.time(at)),
            Next::Unknown if own.is_none() => String::new(),
            Next::Unknown => " A freeze without an end lasts on after that.".into(),
            Next::Never => " There is no time at which everything is open.".into(),
        }
    }

    /// How something that waits for a window goes on.
    pub fn wait(next: Next) -> &'static str {
        match next {
            Next::At(_) => "nobody need do anything: it is judged again at that time",
            Next::Unknown => "it is judged again by itself when the freeze is lifted",
            Next::Never => "change the windows in the policies so that they have a time in common",
        }
    }

    /// "; what cannot wait is an emergency: `/emergency WHY`", where there are some.
    pub fn or_emergency(&self) -> String {
        let command = self.command("emergency WHY");
        if self.emergencies {
            format!("; what cannot wait is an emergency: {command}")
        } else {
            String::new()
        }
    }

    /// "a release manager (@acme/release-managers or @rita) lifts it with `/unfreeze WHY`"; one that stands in a policy is
    /// called by its name.
    pub fn lifting(&self, planned: Option<&str>) -> (String, Vec<Reference>) {
        let (texts, pages): (Vec<String>, Vec<Reference>) = self.release_managers.iter().map(page).unzip();
        let who = match texts.as_slice() {
            [] => "the policy names none".into(),
            [one] => one.clone(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
        };
        let name = planned.map(|name| format!("\"{name}\" ")).unwrap_or_default();
        (
            format!(
                "a release manager ({who}) lifts it with {}",
                self.command(&format!("unfreeze {name}WHY"))
            ),
            pages,
        )
    }

    fn command(&self, words: &str) -> String {
        let prefix = self.prefix.map(|prefix| format!("{prefix} ")).unwrap_or_default();
        code(&format!("/{prefix}{words}"))
    }
}

fn page(who: &Who) -> (String, Reference) {
    let path = match who {
        Who::Team { organisation, slug } => format!("orgs/{organisation}/teams/{slug}"),
        Who::Login(login) => login.clone(),
    };
    let text = format!("@{who}");
    (text.clone(), Reference { text, path })
}

/// " by @rita", with her page; bots and what cannot be a login have none.
pub fn by(actor: &Actor) -> (String, Option<Reference>) {
    let is_login = actor.login.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if actor.person && is_login {
        let text = format!("@{}", actor.login);
        return (format!(" by {text}"), Some(Reference { text, path: actor.login.clone() }));
    }
    (format!(" by {}", actor.login.replace('`', "'")), None)
}
