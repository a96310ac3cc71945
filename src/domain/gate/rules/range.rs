//! What the deployment brings: every commit traced, and nothing undone unnoticed.

use super::super::{
    super::finding::{Finding, Outcome},
    Scene,
};

pub(super) fn findings(scene: &Scene<'_>) -> Vec<Finding> {
    match scene.ask.brings {
        Ok(brings) => brings.findings.clone(),
        Err(why) => {
            let sentence = format!("What it brings could not be found out: {}.", why.trim_end_matches('.'));
            let unknown = Finding::new("range_unknown", Outcome::Unknown, "every commit is traced", sentence)
                .headline("what it brings is not known")
                .cure("it is read again by itself");
            vec![unknown]
        }
    }
}
