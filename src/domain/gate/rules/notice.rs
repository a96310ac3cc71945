//! Notice: those who have to know were told what the release ships, long enough before.

use jiff::Timestamp;

use super::super::{
    super::{
        finding::{Finding, Outcome, code, quoted},
        named::{Named, all_of},
        policy::{Notice, Rule, Ship},
        release::Release,
    },
    Scene, Section,
};

/// Nothing, where no release ships it: that stands in the way itself.
pub(super) fn findings(wanted: &Notice, section: &Section, scene: &Scene<'_>) -> Vec<Finding> {
    match (scene.ship, &scene.shipping) {
        (Ship::Continuous, _) => vec![without_release(wanted)],
        (Ship::Train, None) => vec![unknown(wanted)],
        (Ship::Train, Some(shipping)) => {
            let release = shipping.release.map(|release| finding(wanted, release, section, scene));
            release.into_iter().collect()
        }
    }
}

fn without_release(wanted: &Notice) -> Finding {
    let groups = groups(wanted);
    let sentence = format!("{groups} cannot be told before: it ships without a release.");
    Finding::new("notice_without_release", Outcome::Fail, rule(wanted), sentence)
        .headline(format!("{groups} cannot be told before"))
        .cure("the policy says `notice` under `train`, or ships this repository by train")
}

fn unknown(wanted: &Notice) -> Finding {
    let groups = groups(wanted);
    let sentence = format!("Whether {groups} were told is being found out.");
    Finding::new("notice_unknown", Outcome::Unknown, rule(wanted), sentence)
        .headline(format!("whether {groups} were told is not known"))
        .cure("it is found out by itself")
}

fn groups(wanted: &Notice) -> String {
    let groups: Vec<Named> =
        wanted.groups.iter().map(|group| Named { text: code(group), page: None }).collect();
    all_of(&groups)
}

fn rule(wanted: &Notice) -> String {
    format!("{} were told {} before", groups(wanted), wanted.before)
}

/// When the next of them is over.
pub(super) fn next(scene: &Scene<'_>) -> Option<Timestamp> {
    let release = scene.shipping.as_ref().and_then(|shipping| shipping.release)?;
    let since = release.told_since()?;
    let passes = scene.sections.iter().flat_map(|section| {
        let wanted = section
            .rules_for(Ship::Train)
            .filter_map(|rule| if let Rule::Notice(wanted) = rule { Some(wanted) } else { None });
        wanted.map(|wanted| wanted.before.after(since, &section.zone))
    });
    passes.filter(|at| *at > scene.ask.now).min()
}

fn finding(wanted: &Notice, release: &Release, section: &Section, scene: &Scene<'_>) -> Finding {
    let (groups, rule) = (groups(wanted), rule(wanted));
    let title = quoted(&release.id.title);
    let Some(since) = release.told_since() else {
        let sentence = format!("{groups} have not been told yet of everything that release {title} ships.");
        return Finding::new("notice_missing", Outcome::Pending, rule, sentence)
            .headline(format!("{groups} have not been told yet"))
            .cure("nobody need do anything: they are told on the control record once it can be signed");
    };
    let passes = wanted.before.after(since, &section.zone);
    let (told, from) = (scene.zone.time(since), scene.zone.time(passes));
    if passes > scene.ask.now {
        let sentence =
            format!("{groups} were told on {told}, {} before it may go: from {from} on.", wanted.before);
        return Finding::new("notice_too_early", Outcome::Pending, rule, sentence)
            .headline(format!("{groups} were told so late that it may go from {from} on"))
            .cure("nobody need do anything: it goes on by itself then");
    }
    Finding::new("notice_given", Outcome::Pass, rule, format!("{groups} were told on {told}."))
}
