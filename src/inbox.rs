//! From what was kept to what is so: deliveries are routed to subjects, and due subjects are judged and settled.
//!
//! Both are steps that a loop calls in production and a test by hand.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    clock::Clock,
    domain::{
        decide::{Case, Instance, Judgement, judge},
        event::{Event, RepositoryChange, What},
        facts::{Answer, Answers, Fact, Facts, Question},
        ids::{RepoId, SubjectId, TenantId},
        route::{also, route},
        subject::View,
    },
    github::{
        GitHub, Place,
        payload::{self, Reading},
    },
    metrics::{Metrics, Noted},
    place,
    registry::Registries,
    store::{
        Answered, Claim, DeliveryKey, Outcome, Read, Routing, Settled, Settlement, Store, StoreError,
        StoredDelivery,
    },
    worker::{Beside, Worked},
};

/// How many deliveries one step routes: each step costs two commits, and those who deliver wait for them.
const ROUTED: usize = 256;
/// How many subjects one step takes.
const BATCH: usize = 100;
/// How often a subject may ask before it is a defect: an environment asks for the run, what lies between, where that comes
/// from, and for all that it belongs to. Rounds that go to the store cost one statement each.
const ROUNDS: usize = 16;
/// For so long what becomes due is gathered, while others of the tenant ask GitHub.
const APART: Duration = Duration::from_millis(25);

/// Routes and judges.
#[derive(Debug, Clone)]
pub struct Inbox {
    pub store: Store,
    pub github: Arc<GitHub>,
    /// Where images lie.
    pub registries: Arc<Registries>,
    pub clock: Clock,
    pub instance: Instance,
    pub metrics: Metrics,
    /// The subjects that wait for GitHub's answers now, tenant by tenant.
    pub beside: Beside,
    /// The tenants that are to ask GitHub less.
    pub sparing: Arc<Mutex<BTreeSet<TenantId>>>,
}

impl Inbox {
    /// Routes the oldest waiting deliveries to the subjects they concern.
    ///
    /// # Errors
    /// When the store fails; nothing is lost, the step can be taken again.
    pub async fn route_batch(&self) -> Result<Worked, StoreError> {
        let deliveries = self.store.claim_deliveries(ROUTED).await?;
        let count = deliveries.len();
        let read: Vec<(DeliveryKey, Understood)> = deliveries.into_iter().map(understand).collect();
        let known = self.known(&read).await?;
        let mut routed = vec![];
        for (key, understood) in read {
            let also = self.also(&understood).await?;
            routed.push((key, understood.routing(&known, also)));
        }
        self.store.settle_routing(routed, self.clock.now()).await?;
        Ok(count.into())
    }

    /// Whom else the delivery concerns, as the store knows.
    async fn also(&self, understood: &Understood) -> Result<Vec<SubjectId>, StoreError> {
        let Some((tenant, event)) = understood.event() else { return Ok(vec![]) };
        let questions = also(event, self.instance.app);
        if questions.is_empty() {
            return Ok(vec![]);
        }
        let answers = self.store.answer(tenant, &questions).await?.into_iter().map(|found| found.answer);
        let pointing = |answer| if let Answer::PointingAt(subjects) = answer { subjects } else { vec![] };
        Ok(answers.flat_map(pointing).collect())
    }

    /// What is known of the accounts and repositories that the deliveries show.
    async fn known(&self, read: &[(DeliveryKey, Understood)]) -> Result<Known, StoreError> {
        let asked: BTreeSet<(TenantId, SubjectId)> = read
            .iter()
            .filter_map(|(_, understood)| understood.event())
            .flat_map(|(tenant, event)| {
                let repository = event.repository.as_ref().map(|seen| SubjectId::Repository(seen.id));
                let here = repository.into_iter().chain([SubjectId::Account]);
                let here = here.map(|subject| (tenant.clone(), subject));
                let there = former(tenant, event).map(|(from, _)| (from, SubjectId::Account));
                here.chain(there).collect::<Vec<_>>()
            })
            .collect();
        self.store.views(&asked.into_iter().collect::<Vec<_>>()).await
    }

    /// Wakes the next few hundred of those who read something that very many read.
    ///
    /// # Errors
    /// When the store fails; nothing is lost, the step can be taken again.
    pub async fn wake_batch(&self) -> Result<Worked, StoreError> {
        Ok(self.store.expand_fan_out(self.clock.now()).await?.into())
    }

    /// Judges the subjects that are due, and settles what was decided. Those that ask GitHub go on by themselves, tenant
    /// by tenant; what becomes due of their tenant within the next moment is gathered and goes on beside them. Where more than
    /// half of what GitHub lets a tenant ask is used up, it is gathered until they have ended: that costs fewer questions.
    ///
    /// # Errors
    /// When the store fails; nothing is lost, the step can be taken again.
    pub async fn decide_batch(&self) -> Result<Worked, StoreError> {
        let busy = self.beside.busy();
        let claims = self.store.claim_subjects_except(BATCH, self.clock.now(), &busy).await?;
        let count = claims.len();
        let open = self.foresee(claims).await?;
        for (tenant, asking) in self.decide(open).await? {
            let (inbox, whom) = (self.clone(), tenant.to_string());
            let apart = (!self.sparing().contains(&tenant)).then_some(APART);
            self.beside.begin(&whom, apart, async move { inbox.decide_with_github(&tenant, asking).await });
        }
        Ok(count.into())
    }

    /// Reads beforehand, all at once, what these asked when they were decided last.
    async fn foresee(&self, claims: Vec<Claim>) -> Result<Vec<Open>, StoreError> {
        let mut by_tenant: BTreeMap<TenantId, Vec<Claim>> = BTreeMap::new();
        for claim in claims {
            by_tenant.entry(claim.tenant.clone()).or_default().push(claim);
        }
        let mut open = vec![];
        for (tenant, claims) in by_tenant {
            let known = claims.iter().filter(|claim| claim.version > 0);
            let known: Vec<SubjectId> = known.map(|claim| claim.subject.clone()).collect();
            let foreseen = Foreseen::of(self.store.foresee(&tenant, &known).await?, self.clock.now());
            open.extend(claims.into_iter().map(|claim| Open::new(claim, foreseen.clone())));
        }
        Ok(open)
    }

    /// Decides whatever can be decided by what the store knows; answers with those who ask GitHub.
    async fn decide(&self, mut open: Vec<Open>) -> Result<BTreeMap<TenantId, Vec<Asking>>, StoreError> {
        let mut waiting: BTreeMap<TenantId, Vec<Asking>> = BTreeMap::new();
        while !open.is_empty() {
            let (judged, asking) = self.judge_all(open);
            open = self.settle(judged).await?;
            for (tenant, asking) in by_tenant(asking) {
                for (answered, left) in self.ask_store(&tenant, asking).await? {
                    if left.is_empty() {
                        open.push(answered);
                    } else {
                        waiting.entry(tenant.clone()).or_default().push((answered, left));
                    }
                }
            }
        }
        Ok(waiting)
    }

    /// Decides the subjects of one tenant that ask GitHub, until none of them asks any more.
    async fn decide_with_github(&self, tenant: &TenantId, mut asking: Vec<Asking>) -> Result<(), StoreError> {
        while !asking.is_empty() {
            let open = self.ask_github(tenant, asking).await?;
            asking = self.decide(open).await?.remove(tenant).unwrap_or_default();
        }
        Ok(())
    }

    fn judge_all(&self, open: Vec<Open>) -> (Vec<Judged>, Vec<Asking>) {
        let now = self.clock.now();
        let (mut judged, mut asking) = (vec![], vec![]);
        for mut open in open {
            let case = Case {
                subject: &open.claim.subject,
                before: open.claim.state.as_ref(),
                events: &open.claim.events,
                facts: &open.facts,
                now,
                instance: &self.instance,
            };
            let outcome = match judge(case) {
                Judgement::Needs(questions) if open.rounds < ROUNDS => {
                    open.rounds += 1;
                    asking.push((open, questions.into_iter().collect()));
                    continue;
                }
                Judgement::Needs(questions) => Outcome::Parked(format!(
                    "after {ROUNDS} rounds of questions it still asks: {questions:?}"
                )),
                Judgement::Ignored(why) => Outcome::Ignored(why.into()),
                Judgement::Decided(decision) => Outcome::Decided { decision, reads: open.take_reads() },
            };
            judged.push((open, outcome));
        }
        (judged, asking)
    }

    /// Settles, and answers with those whose facts have changed in the store meanwhile: they are judged again.
    async fn settle(&self, judged: Vec<Judged>) -> Result<Vec<Open>, StoreError> {
        if judged.is_empty() {
            return Ok(vec![]);
        }
        let (open, settlements): (Vec<(Open, Vec<Noted>)>, Vec<Settlement>) = judged
            .into_iter()
            .map(|(open, outcome)| {
                let claim = open.claim.clone();
                ((open, noted(&outcome)), Settlement { claim, outcome })
            })
            .unzip();
        let settled = self.store.settle(settlements, self.clock.now()).await?;
        let mut again = vec![];
        for ((open, noted), settled) in open.into_iter().zip(settled) {
            let subject = &open.claim.subject;
            match settled {
                Settled::Conflict => again.push(open.again()),
                Settled::Refused(why) => tracing::error!(%subject, why, "a decision could not be stored"),
                Settled::Lost => tracing::warn!(%subject, "somebody else holds this subject now"),
                Settled::Done => self.metrics.noted(noted),
            }
        }
        Ok(again)
    }

    /// Answers what the store knows, in one go; what is left is for GitHub.
    async fn ask_store(&self, tenant: &TenantId, mut asking: Vec<Asking>) -> Result<Vec<Asking>, StoreError> {
        let questions: BTreeSet<Question> = questions_of(&asking);
        let ours: Vec<Question> = questions.into_iter().filter(Question::is_for_the_store).collect();
        let now = self.clock.now();
        for answered in self.store.answer(tenant, &ours).await? {
            for (open, _) in asking.iter_mut().filter(|(_, questions)| questions.contains(&answered.question))
            {
                open.reads.extend(answered.read.iter().cloned());
                open.facts.insert(answered.question.clone(), Fact::Known(answered.answer.clone(), now));
            }
        }
        for (_, questions) in &mut asking {
            questions.retain(|question| !question.is_for_the_store());
        }
        Ok(asking)
    }

    /// Asks GitHub, in batches, and registries, what several want to know only once.
    async fn ask_github(&self, tenant: &TenantId, mut asking: Vec<Asking>) -> Result<Vec<Open>, StoreError> {
        let (of_images, of_github): (Vec<Question>, Vec<Question>) =
            questions_of(&asking).into_iter().partition(Question::is_for_a_registry);
        let place = self.place(tenant, &asking, &of_github).await?;
        self.spare(tenant, place.installation.is_some_and(|it| !self.github.has_plenty(it)));
        let (found, images) =
            tokio::join!(self.github.answer(&place, &of_github), self.registries.answer(&of_images));
        for (question, fact) in found.into_iter().chain(images) {
            for (open, _) in asking.iter_mut().filter(|(_, questions)| questions.contains(&question)) {
                open.facts.insert(question.clone(), fact.clone());
            }
        }
        Ok(asking.into_iter().map(|(open, _)| open).collect())
    }

    fn sparing(&self) -> MutexGuard<'_, BTreeSet<TenantId>> {
        self.sparing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spare(&self, tenant: &TenantId, spares: bool) {
        let mut sparing = self.sparing();
        if spares {
            sparing.insert(tenant.clone());
        } else {
            sparing.remove(tenant);
        }
    }

    /// What GitHub must be told to be asked: the installation, and the names of the repositories, as the store knows
    /// them and as the events at hand show them.
    async fn place(
        &self,
        tenant: &TenantId,
        asking: &[Asking],
        questions: &[Question],
    ) -> Result<Place, StoreError> {
        let repositories = questions.iter().filter_map(Question::repo);
        let mut place = place::find(&self.store, tenant, repositories).await?;
        let events = asking.iter().flat_map(|(open, _)| &open.claim.events);
        for event in events {
            place.installation = place.installation.or(event.installation);
            let listed = event.what.repositories().iter().map(|named| (named.id, named.name.clone()));
            let seen = event.repository.iter().map(|seen| (seen.id, seen.name.clone()));
            for (id, name) in listed.chain(seen) {
                place.names.entry(id).or_insert(name);
            }
        }
        Ok(place)
    }
}

/// What was read before it was asked, and what it rests on.
#[derive(Debug, Clone, Default)]
struct Foreseen {
    answers: Arc<Answers>,
    reads: Arc<BTreeMap<Question, Vec<Read>>>,
}

impl Foreseen {
    fn of(answered: Vec<Answered>, now: Timestamp) -> Self {
        let (mut answers, mut reads) = (Answers::new(), BTreeMap::new());
        for Answered { question, answer, read } in answered {
            reads.insert(question.clone(), read);
            answers.insert(question, Fact::Known(answer, now));
        }
        Self { answers: Arc::new(answers), reads: Arc::new(reads) }
    }
}

/// A claimed subject while its facts are being found out.
#[derive(Debug)]
struct Open {
    claim: Claim,
    facts: Facts,
    foreseen: Foreseen,
    reads: BTreeSet<Read>,
    rounds: usize,
}

/// What of an outcome is counted once it is written down.
fn noted(outcome: &Outcome) -> Vec<Noted> {
    match outcome {
        Outcome::Decided { decision, .. } => decision.audit.iter().filter_map(Noted::of).collect(),
        Outcome::Ignored(_) | Outcome::Parked(_) | Outcome::Retry { .. } => vec![],
    }
}

/// A subject that was judged, and what came of it.
type Judged = (Open, Outcome);

/// A subject, and what must be found out for it.
type Asking = (Open, BTreeSet<Question>);

fn by_tenant(asking: Vec<Asking>) -> BTreeMap<TenantId, Vec<Asking>> {
    let mut by_tenant: BTreeMap<TenantId, Vec<Asking>> = BTreeMap::new();
    for (open, questions) in asking {
        by_tenant.entry(open.claim.tenant.clone()).or_default().push((open, questions));
    }
    by_tenant
}

fn questions_of(asking: &[Asking]) -> BTreeSet<Question> {
    asking.iter().flat_map(|(_, questions)| questions).cloned().collect()
}

impl Open {
    /// What GitHub said is still fresh; what the store said is not.
    fn again(mut self) -> Self {
        self.facts.forget_the_stores();
        self.foreseen = Foreseen::default();
        self.rounds = 0;
        self
    }

    fn new(claim: Claim, foreseen: Foreseen) -> Self {
        let facts = Facts::foreseeing(foreseen.answers.clone());
        Self { claim, facts, foreseen, reads: BTreeSet::new(), rounds: 0 }
    }

    /// All that was read of what was asked.
    fn take_reads(&mut self) -> Vec<Read> {
        let foreseen = self.facts.looked_at();
        let foreseen = foreseen.iter().filter_map(|question| self.foreseen.reads.get(question)).flatten();
        self.reads.extend(foreseen.cloned());
        std::mem::take(&mut self.reads).into_iter().collect()
    }
}

type Known = HashMap<(TenantId, SubjectId), View>;

/// What a delivery turned out to be.
#[derive(Debug)]
enum Understood {
    /// `again`: it was routed before, and only its subjects are to look again.
    Event {
        tenant: TenantId,
        event: Box<Event>,
        again: bool,
    },
    Ignored(String),
    Unreadable(String),
}

fn understand(delivery: StoredDelivery) -> (DeliveryKey, Understood) {
    let understood = match payload::read(&delivery.event, &delivery.body) {
        Ok(Reading::Event(event)) => match &event.account {
            Some(account) => {
                let tenant = TenantId::new(&delivery.host, account.id);
                Understood::Event { tenant, event, again: delivery.again }
            }
            None => Understood::Ignored("it names no account".into()),
        },
        Ok(Reading::Unknown { why }) => Understood::Ignored(why),
        Err(unreadable) => Understood::Unreadable(unreadable.to_string()),
    };
    (delivery.key, understood)
}

impl Understood {
    const fn event(&self) -> Option<(&TenantId, &Event)> {
        match self {
            Self::Event { tenant, event, .. } => Some((tenant, event)),
            Self::Ignored(_) | Self::Unreadable(_) => None,
        }
    }

    fn routing(self, known: &Known, also: Vec<SubjectId>) -> Routing {
        let (tenant, event, again) = match self {
            Self::Event { tenant, event, again } => (tenant, event, again),
            Self::Ignored(why) => return Routing::Ignored { tenant: None, why },
            Self::Unreadable(why) => return Routing::Parked { why },
        };
        let mut subjects = route(&event);
        subjects.extend(also);
        if again {
            return Routing::Again { tenant, subjects };
        }
        subjects.retain(|subject| !says_nothing_new(subject, &tenant, &event, known));
        if let Some((from, repo)) = former(&tenant, &event) {
            if !is_installed(&from, &event, known) {
                return Routing::Moved { from, tenant, repo, event, subjects };
            }
            let why = "the repository went to an account where the App is not installed".into();
            return Routing::Ignored { tenant: Some(from), why };
        }
        if subjects.is_empty() {
            let why = format!("{} concerns nothing that is judged", event.what.name());
            return Routing::Ignored { tenant: Some(tenant), why };
        }
        Routing::To { tenant, event, subjects }
    }
}

/// The tenant that a transferred repository belonged to, where it is another one.
fn former(tenant: &TenantId, event: &Event) -> Option<(TenantId, RepoId)> {
    let What::Repository { change: RepositoryChange::Transferred { from: Some(from) } } = event.what else {
        return None;
    };
    let from = tenant.beside(from);
    Some((from, event.repository.as_ref()?.id)).filter(|(from, _)| from != tenant)
}

/// Whether the event came through the installation of this tenant.
fn is_installed(tenant: &TenantId, event: &Event, known: &Known) -> bool {
    let account = known.get(&(tenant.clone(), SubjectId::Account)).and_then(View::as_account);
    let installation = account.and_then(|account| account.installation);
    event.installation.is_none() || installation == event.installation
}

fn says_nothing_new(subject: &SubjectId, tenant: &TenantId, event: &Event, known: &Known) -> bool {
    let Some(view) = known.get(&(tenant.clone(), subject.clone())) else { return false };
    if let Some(account) = view.as_account() {
        return account.agrees_with(event);
    }
    match (view.as_repository(), &event.repository) {
        (Some(repository), Some(seen)) => {
            !event.what.is_about_the_repository() && repository.agrees_with(seen)
        }
        (Some(_) | None, Some(_) | None) => false,
    }
}
