//! Where a pull request runs, as environments tell; in whatever order that is heard.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::event::{Event, Shipment, What},
    PullRequest,
};

/// It came to an environment with a deployment, or went from there with one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipped {
    /// As GitHub writes it; names that differ in case only are one environment.
    pub environment: String,
    /// GitHub's number of the deployment.
    pub deployment: u64,
    pub at: Timestamp,
    /// It runs there since then; or not any more.
    pub runs: bool,
}

impl PullRequest {
    /// Of what is told of one environment the latest deployment counts.
    pub(super) fn hear_shipments(&mut self, events: &[Event]) {
        for event in events {
            let What::Shipped(shipment) = &event.what else { continue };
            let Some(shipped) = self.shipped_with(shipment) else { continue };
            let same = |known: &&mut Shipped| known.environment.eq_ignore_ascii_case(&shipped.environment);
            match self.shipped.iter_mut().find(same) {
                Some(known) if known.deployment < shipped.deployment => *known = shipped,
                Some(_) => {}
                None => self.shipped.push(shipped),
            }
        }
        self.shipped.sort_by(|one, other| one.environment.cmp(&other.environment));
    }

    fn shipped_with(&self, shipment: &Shipment) -> Option<Shipped> {
        let Shipment { environment, deployment, at, brought, taken, .. } = shipment;
        let number = self.seen.at.number;
        let runs = brought.contains(&number);
        let told = runs || taken.contains(&number);
        told.then(|| Shipped { environment: environment.clone(), deployment: *deployment, at: *at, runs })
    }
}
