//! Performs one stored effect after another; chooses nothing. GitHub has one queue and one writer, other systems another.

mod late;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    announce::Announcer,
    clock::Clock,
    domain::{
        effect::{Call, Lane},
        ids::{RepoId, TenantId},
    },
    github::{Failure, GitHub, Place, budget::Later, payload::Whereabouts},
    metrics::Metrics,
    place,
    post::Told,
    store::{EffectClaim, EffectOutcome, KeepError, NewDelivery, Packed, Store, StoreError},
    worker::{Beside, Worked},
};

/// How many effects one step takes.
const BATCH: usize = 32;
/// How many announcements one step takes: few, since the lease covers them all and each may take ten seconds.
const FEW: usize = 8;
/// How long after it was found away the App is looked for again; that costs GitHub nothing.
const AWAY: SignedDuration = SignedDuration::from_mins(5);
/// How soon something is tried once more that could not be written down here.
const SOON: SignedDuration = SignedDuration::from_secs(1);
/// For how long the effects of one batch are sent: what is left then is given back, long before its lease ends.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// Tells GitHub and other systems what was decided.
#[derive(Debug, Clone)]
pub struct Performer {
    pub store: Store,
    pub github: Arc<GitHub>,
    /// `None`: nobody else is told anything.
    pub announcer: Option<Arc<Announcer>>,
    pub clock: Clock,
    pub metrics: Metrics,
    /// What is being sent now, tenant by tenant.
    pub beside: Beside,
}

impl Performer {
    /// Begins to perform the effects that are due, the most urgent lane first. GitHub wants one writer per installation:
    /// the effects of one tenant go one by one, and no more of them are taken meanwhile. Tenants do not wait for each
    /// other.
    ///
    /// # Errors
    /// When the store fails; an effect that was sent is then found by its mark and not made twice.
    pub async fn perform_batch(&self) -> Result<Worked, StoreError> {
        let busy = self.beside.busy();
        let claims = self.store.claim_effects_except(BATCH, self.clock.now(), &busy).await?;
        let count = claims.len();
        let mut by_tenant: BTreeMap<TenantId, Vec<EffectClaim>> = BTreeMap::new();
        for claim in claims {
            by_tenant.entry(claim.tenant.clone()).or_default().push(claim);
        }
        for (tenant, claims) in by_tenant {
            let performer = self.clone();
            let whom = tenant.to_string();
            self.beside.begin(&whom, None, async move { performer.perform_all(&tenant, claims).await });
        }
        Ok(count.into())
    }

    /// Performs them one by one. Where a limit closes a lane, everything that waits in it waits for the limit, and not
    /// one effect after the other.
    async fn perform_all(&self, tenant: &TenantId, claims: Vec<EffectClaim>) -> Result<(), StoreError> {
        let began = self.clock.now();
        let repositories: BTreeSet<RepoId> = claims.iter().map(|claim| claim.effect.call.repo()).collect();
        let place = place::find(&self.store, tenant, repositories.into_iter()).await?;
        let mut closed: BTreeMap<Lane, Timestamp> = BTreeMap::new();
        let mut back = vec![];
        for claim in claims {
            let lane = claim.effect.lane;
            if let Some(why) = self.hindrance(&place, lane, began) {
                closed.insert(lane, why.at);
                back.push((claim, EffectOutcome::Unsent { at: why.at, why: why.why.into() }));
                continue;
            }
            let (outcome, written_at) = self.perform(&place, &claim).await;
            let outcome = match self.confirm(&place, &claim, &outcome, written_at).await {
                Ok(()) => outcome,
                Err(why) => EffectOutcome::Retry { at: self.clock.now() + SOON, why },
            };
            self.count(&claim, &outcome);
            self.store.settle_effects(vec![(claim, outcome)], self.clock.now()).await?;
        }
        if !back.is_empty() {
            self.store.settle_effects(back, self.clock.now()).await?;
        }
        for (lane, at) in closed {
            self.store.postpone_effects(tenant, lane, (self.clock.now(), at)).await?;
        }
        Ok(())
    }

    /// Why nothing more is sent in this lane now.
    fn hindrance(&self, place: &Place, lane: Lane, began: Timestamp) -> Option<Later> {
        let now = self.clock.now();
        if now.duration_since(began) > PATIENCE {
            return Some(Later { at: now, why: "GitHub is slow, and others come first" });
        }
        self.github.closed_for(place.installation?, lane)
    }

    /// Announces what is due, one after the other. Where nobody can be reached, the rest of the step waits too.
    /// Without a listener, what one was owed waits until it is back.
    ///
    /// # Errors
    /// When the store fails; an announcement that was made is then made once more, with the same id.
    pub async fn announce_batch(&self) -> Result<Worked, StoreError> {
        let Some(announcer) = &self.announcer else { return Ok(Worked::Idle) };
        let claims = self.store.claim_announcements(FEW, self.clock.now()).await?;
        let count = claims.len();
        let mut away = None;
        for claim in claims {
            let told = match away.take() {
                Some(told) => told,
                None => announce(announcer, &claim).await,
            };
            away = matches!(told, Told::Away { .. }).then(|| told.clone());
            let outcome = told.into();
            self.count(&claim, &outcome);
            self.store.settle_effects(vec![(claim, outcome)], self.clock.now()).await?;
        }
        Ok(count.into())
    }

    /// What was not even tried is not counted.
    fn count(&self, claim: &EffectClaim, outcome: &EffectOutcome) {
        let word = match outcome {
            EffectOutcome::Sent { .. } => "performed",
            EffectOutcome::Retry { .. } => "retried",
            EffectOutcome::Refused { .. } => "refused",
            EffectOutcome::Withheld { .. } => "withheld",
            EffectOutcome::Unsent { .. } => return,
        };
        self.metrics.told(&claim.effect.call, word);
    }

    /// What is owed while the App is suspended or not installed waits until it is back.
    async fn perform(&self, place: &Place, claim: &EffectClaim) -> (EffectOutcome, Option<Timestamp>) {
        if place.installation.is_none() {
            let why = "the App is not installed on this account, or suspended".into();
            return (EffectOutcome::Unsent { at: self.clock.now() + AWAY, why }, None);
        }
        if matches!(claim.effect.call, Call::ReadAnew { .. }) {
            return (self.read_anew(place, claim).await, None);
        }
        if let Call::Ship { repo, shipment } = &claim.effect.call {
            let shipped = |here: &Whereabouts| vec![here.shipped(shipment)];
            return (self.bring_in(place, claim, *repo, shipped).await, None);
        }
        if let Call::AtGate { repo, at_gate } = &claim.effect.call {
            let at_gate = |here: &Whereabouts| vec![here.at_gate(at_gate)];
            return (self.bring_in(place, claim, *repo, at_gate).await, None);
        }
        if let Call::Fail { repo, failure } = &claim.effect.call {
            let failed = |here: &Whereabouts| vec![here.failed(failure)];
            return (self.bring_in(place, claim, *repo, failed).await, None);
        }
        if let Call::WentBy { repo, went } = &claim.effect.call {
            let went_by = |here: &Whereabouts| vec![here.went_by(went)];
            return (self.bring_in(place, claim, *repo, went_by).await, None);
        }
        if let Call::Plan { on, planning } = &claim.effect.call {
            let planned = |here: &Whereabouts| vec![here.planned(on.number, planning)];
            return (self.bring_in(place, claim, on.repo, planned).await, None);
        }
        if let Call::Judged { judged } = &claim.effect.call {
            let told = |here: &Whereabouts| vec![here.judged(judged)];
            return (self.bring_in(place, claim, judged.on.repo, told).await, None);
        }
        if let Some(outcome) = self.hold_back(place, claim).await {
            return (outcome, None);
        }
        let outcome =
            match self.github.perform(place, &claim.effect, claim.remote.as_deref(), claim.attempts).await {
                Ok(done) => return (EffectOutcome::Sent { remote: done.remote }, done.at),
                Err(Failure::Later { at, why }) => {
                    tracing::info!(effect = claim.effect.key, %at, why, "an effect waits");
                    EffectOutcome::Retry { at, why }
                }
                Err(Failure::Refused { why }) => {
                    tracing::warn!(effect = claim.effect.key, why, "GitHub refused an effect");
                    EffectOutcome::Refused { why }
                }
            };
        (outcome, None)
    }

    /// Tells a release that its control record is written, or whoever keeps an issue where that is, before that is forgotten: told twice it does no harm. If that
    /// cannot be kept, it is written once more.
    async fn confirm(
        &self,
        place: &Place,
        claim: &EffectClaim,
        outcome: &EffectOutcome,
        written_at: Option<Timestamp>,
    ) -> Result<(), String> {
        let EffectOutcome::Sent { remote: Some(remote) } = outcome else { return Ok(()) };
        let Ok(number) = remote.parse() else { return Ok(()) };
        if let Call::Issue { repo, told: Some(purpose), .. } = &claim.effect.call {
            // Where it is was told when it was opened.
            if claim.remote.as_deref() == Some(remote.as_str()) {
                return Ok(());
            }
            let kept = |here: &Whereabouts| vec![here.kept(number, purpose)];
            self.keep(place, claim, *repo, kept).await.map_err(|error| error.to_string())?;
            return Ok(());
        }
        let Call::Record { repo, release, revision, .. } = &claim.effect.call else { return Ok(()) };
        // GitHub counts whole seconds; the later of both clocks is after both what was decided and what was written.
        let at = written_at.map_or_else(|| self.clock.now(), |at| at.max(self.clock.now()));
        let recorded = |here: &Whereabouts| vec![here.recorded(release, number, (revision.as_ref(), at))];
        self.keep(place, claim, *repo, recorded).await.map_err(|error| error.to_string())?;
        Ok(())
    }

    /// What must be read anew comes in at the door where everything comes in.
    async fn read_anew(&self, place: &Place, claim: &EffectClaim) -> EffectOutcome {
        let Call::ReadAnew { repo, issues, pull_requests, policy, milestones, .. } = &claim.effect.call
        else {
            return EffectOutcome::Refused { why: "it reads nothing".into() };
        };
        let numbers = |numbers: &BTreeSet<u64>| numbers.iter().copied().collect::<Vec<_>>();
        let told = |here: &Whereabouts| {
            let sweeps = !issues.is_empty() || !pull_requests.is_empty();
            let swept = sweeps.then(|| here.swept(&numbers(issues), &numbers(pull_requests)));
            let policy = policy.then(|| here.policy_moved());
            let milestones = milestones.iter().map(|milestone| here.milestone(milestone, false));
            swept.into_iter().chain(policy).chain(milestones).collect()
        };
        self.bring_in(place, claim, *repo, told).await
    }

    /// What is told to ourselves comes in at the door where everything comes in.
    async fn bring_in(
        &self,
        place: &Place,
        claim: &EffectClaim,
        repo: RepoId,
        deliveries: impl FnOnce(&Whereabouts) -> Vec<(&'static str, Vec<u8>)>,
    ) -> EffectOutcome {
        match self.keep(place, claim, repo, deliveries).await {
            Ok(true) => EffectOutcome::Sent { remote: None },
            Ok(false) => EffectOutcome::Refused { why: format!("nothing is known of repository {repo}") },
            Err(error) => EffectOutcome::Retry { at: self.clock.now() + SOON, why: error.to_string() },
        }
    }

    /// Keeps deliveries of our own about a repository. `false`: it is not known whose the repository is.
    async fn keep(
        &self,
        place: &Place,
        claim: &EffectClaim,
        repo: RepoId,
        deliveries: impl FnOnce(&Whereabouts) -> Vec<(&'static str, Vec<u8>)>,
    ) -> Result<bool, KeepError> {
        let now = self.clock.now();
        let here = place::at(&self.store, place, repo).await;
        let here = here.map_err(|error| KeepError::Busy(error.to_string()))?;
        let Some(here) = here else { return Ok(false) };
        let (at, generation) = (now.as_microsecond(), claim.generation);
        let told = deliveries(&here);
        for (n, (event, body)) in told.into_iter().enumerate() {
            let id = format!("{}-{}-{at}-{generation}-{n}", claim.tenant, claim.effect.key);
            let (event, host) = (event.into(), claim.tenant.host().to_owned());
            let body = Packed::of(&body).map_err(|error| KeepError::Busy(error.to_string()))?;
            self.store.keep(NewDelivery { id, event, host, received_at: now, body }).await?;
        }
        Ok(true)
    }
}

async fn announce(announcer: &Announcer, claim: &EffectClaim) -> Told {
    let Call::Announce { announcement } = &claim.effect.call else {
        return Told::Refused { why: "it is no announcement".into() };
    };
    let key = &claim.effect.key;
    let told = announcer.tell(key, announcement, claim.attempts).await;
    match &told {
        Told::Yes => {}
        Told::Later { at, why } | Told::Away { at, why } => {
            tracing::info!(effect = key, %at, why, "an announcement waits");
        }
        Told::Refused { why } => tracing::warn!(effect = key, why, "an announcement was refused"),
    }
    told
}

impl From<Told> for EffectOutcome {
    fn from(told: Told) -> Self {
        match told {
            Told::Yes => Self::Sent { remote: None },
            Told::Later { at, why } | Told::Away { at, why } => Self::Retry { at, why },
            Told::Refused { why } => Self::Refused { why },
        }
    }
}
