//! `changegate planning open`: opens the planning meeting of a train, with its agenda as it is at this moment.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        account::Meeting,
        ids::{RepoName, SubjectId, SubjectKind, TenantId},
        subject::State,
    },
    place,
    planner::Planner,
    store::{KeepError, NewDelivery, Packed, StoreError},
};

use super::{Operator, OperatorError};

/// What is new is so much back, where there was no meeting yet.
const FIRST: SignedDuration = SignedDuration::from_hours(24 * 7 * 4);

/// `changegate planning open`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewMeeting {
    /// `None`: the only one.
    pub train: Option<String>,
    /// The login of the account of GitHub; `None`: the only one.
    pub account: Option<String>,
}

/// A meeting that is being opened: what came of it is asked for with this.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Opening {
    pub tenant: TenantId,
    pub train: String,
    pub opened: Timestamp,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opened {
    /// It is on its way.
    Waits,
    /// Another was quicker.
    NotThis,
    At {
        repository: RepoName,
        number: u64,
    },
}

impl Operator {
    /// Draws the agenda and writes down that the meeting is opened.
    ///
    /// # Errors
    /// When it is not known where or of which train, one is open, or nothing can be written.
    pub async fn open_meeting(&self, wanted: NewMeeting) -> Result<Opening, OperatorError> {
        let tenant = self.account_of(wanted.account.as_deref()).await?;
        let now = self.clock.now();
        let planner = Planner::of(&self.store, &tenant, now).await?;
        let train = which(wanted.train, &planner.trains())?;
        let home = planner.publishes_in().ok_or(OperatorError::NoHome)?;
        let meetings: Vec<Meeting> = self.meetings(&tenant).await?;
        let of_train = || meetings.iter().rev().filter(|meeting| meeting.train == train);
        if let Some(open) = of_train().find(|meeting| meeting.is_open(now)) {
            return Err(OperatorError::MeetingIsOpen(whereabouts(open)));
        }
        let last = of_train().find_map(|meeting| meeting.closed.as_ref()).map(|closed| closed.at);
        let since = last.or_else(|| now.saturating_sub(FIRST).ok()).unwrap_or(Timestamp::MIN);
        let agenda = planner.agenda(&train, since).await?;
        let here = place::whereabouts(&self.store, &tenant, home).await?;
        let here = here.ok_or(OperatorError::NotInstalled)?;
        let (event, body) = here.meeting(&agenda);
        let body =
            Packed::of(&body).map_err(|error| OperatorError::Keep(KeepError::Busy(error.to_string())))?;
        let id = format!("{tenant}-meeting-{}", now.as_microsecond());
        let (host, event) = (tenant.host().to_owned(), event.to_owned());
        let delivery = NewDelivery { id, event, host, received_at: now, body };
        self.store.keep(delivery).await.map_err(OperatorError::Keep)?;
        Ok(Opening { tenant, train, opened: now })
    }

    /// What came of it so far.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn opened(&self, opening: &Opening) -> Result<Opened, StoreError> {
        let meetings = self.meetings(&opening.tenant).await?;
        if let Some(meeting) = meetings.iter().find(|meeting| meeting.opened == opening.opened) {
            let at = |number| Opened::At { repository: meeting.name.clone(), number };
            return Ok(meeting.issue.map_or(Opened::Waits, |issue| at(issue.number)));
        }
        let is_other = |it: &Meeting| it.train == opening.train && it.is_open(opening.opened);
        Ok(if meetings.iter().any(is_other) { Opened::NotThis } else { Opened::Waits })
    }

    async fn meetings(&self, tenant: &TenantId) -> Result<Vec<Meeting>, StoreError> {
        let states = self.store.states(tenant, &[SubjectId::Account]).await?;
        let account = states.values().find_map(State::as_account);
        Ok(account.map(|account| account.meetings.clone()).unwrap_or_default())
    }

    /// The account of this login, or the only one.
    async fn account_of(&self, login: Option<&str>) -> Result<TenantId, OperatorError> {
        if let Some(login) = login {
            return self.organisation(login).await.map(|(tenant, _)| tenant);
        }
        let accounts = self.store.subjects_of_kind(SubjectKind::Account, None).await?;
        let installed = accounts.into_iter().filter_map(|(tenant, _, view)| {
            let account = view.as_account().filter(|account| account.installation.is_some())?;
            Some((tenant, account.seen.as_ref().map(|seen| seen.login.clone()).unwrap_or_default()))
        });
        let mut installed: Vec<(TenantId, String)> = installed.collect();
        match (installed.pop(), installed.is_empty()) {
            (None, _) => Err(OperatorError::NotInstalled),
            (Some((tenant, _)), true) => Ok(tenant),
            (Some((_, last)), false) => {
                let mut logins: Vec<String> = installed.into_iter().map(|(_, login)| login).collect();
                logins.push(last);
                Err(OperatorError::WhichAccount(logins.join(", ")))
            }
        }
    }
}

/// The train that is meant.
fn which(wanted: Option<String>, trains: &[String]) -> Result<String, OperatorError> {
    match (wanted, trains) {
        (_, []) => Err(OperatorError::NoTrains),
        (Some(wanted), _) if trains.contains(&wanted) => Ok(wanted),
        (Some(wanted), _) => Err(OperatorError::NoTrain(wanted, trains.join(", "))),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(OperatorError::WhichTrain(trains.join(", "))),
    }
}

fn whereabouts(open: &Meeting) -> String {
    let since = open.zone.time(open.opened);
    match open.issue {
        Some(issue) => format!("since {since}, in {}#{}", open.name, issue.number),
        None => format!("since {since}, and its issue in {} is being opened", open.name),
    }
}
