//! GitHub waits for thirty days and then fails the job: whoever waits is told in time.

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        effect::{Call, Effect},
        report,
    },
    Request,
    answer::{MOST_NOTES, To},
};

/// For how long GitHub lets a job wait.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 30);
/// After how long it is said.
const AFTER: [SignedDuration; 2] = [SignedDuration::from_hours(24 * 20), SignedDuration::from_hours(24 * 27)];

/// When it is said next.
pub(super) fn next(request: &Request) -> Option<Timestamp> {
    let after = AFTER.get(usize::from(request.warned)).filter(|_| request.rule && request.is_open())?;
    request.asked_at.checked_add(*after).ok()
}

/// Says it, where it is time and a note is left.
pub(super) fn warn(request: &mut Request, to: To<'_>, now: Timestamp) -> Option<Effect> {
    if next(request).is_none_or(|at| now < at) {
        return None;
    }
    request.warned = AFTER
        .iter()
        .filter(|after| now.duration_since(request.asked_at) >= **after)
        .count()
        .try_into()
        .ok()?;
    let (job, verdict) = (request.job.as_ref()?, request.verdict.as_ref()?);
    if request.notes >= MOST_NOTES {
        return None;
    }
    request.notes += 1;
    let left = LONGEST - now.duration_since(request.asked_at);
    let ends = (request.asked_at.checked_add(LONGEST).ok()?, left.as_hours().div_euclid(24) + 1);
    let (repo, run, attempt, environment) = (to.at.0, request.run, job.attempt, to.environment.to_owned());
    let comment = report::gate::warning(verdict, ends, to.web_url);
    Some(Effect::new(Call::ProtectionNote { repo, run, attempt, environment, comment }))
}
