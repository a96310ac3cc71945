//! A list with a hole is not believed.

use super::*;

fn line(digits: &str) -> Vec<RangeCommit> {
    let parents = std::iter::once('0').chain(digits.chars());
    digits.chars().zip(parents).map(|(digit, parent)| of(digit, &parent.to_string(), "A")).collect()
}

fn kind(baseline: Option<char>, candidate: char, comparison: &Comparison) -> RangeKind {
    let known = Known::default();
    range(baseline.map(sha).as_ref(), &sha(candidate), comparison, &known).kind
}

#[test]
fn a_list_with_a_hole_is_unknown_wherever_the_hole_is() {
    for missing in 0..4 {
        let mut commits = line("1234");
        commits.remove(missing);
        let behind = Comparison::Behind { only_baseline: commits.clone() };
        let found = kind(Some('4'), '0', &behind);
        assert!(matches!(found, RangeKind::Unknown(_)), "{missing} {found:?}");
        let first = Comparison::FirstDeployment { commits: commits.clone(), since: Some(sha('0')) };
        assert!(matches!(kind(None, '4', &first), RangeKind::Unknown(_)), "{missing}");
        let diverged = |commits, only_baseline| Comparison::Diverged {
            commits,
            only_baseline,
            merge_base: Some(sha('0')),
            on_branch: None,
        };
        for diverged in [diverged(commits.clone(), line("56")), diverged(line("56"), commits.clone())] {
            let ends = if diverged.commits().len() == 3 { ('6', '4') } else { ('4', '6') };
            assert!(matches!(kind(Some(ends.0), ends.1, &diverged), RangeKind::Unknown(_)), "{missing}");
        }
        let merging = Comparison::Merging { commits: commits.clone(), merge_base: sha('0') };
        assert!(matches!(kind(Some('9'), '4', &merging), RangeKind::Unknown(_)), "{missing}");
        let ahead = Comparison::Ahead { commits };
        assert!(matches!(kind(Some('0'), '4', &ahead), RangeKind::Unknown(_)), "{missing}");
    }
}

#[test]
fn what_does_not_fit_together_is_unknown() {
    let twice = [line("12"), line("12")].concat();
    let root = vec![of('1', "", "A"), of('2', "1", "B")];
    for (baseline, candidate, comparison, why) in [
        (Some('0'), '2', Comparison::Ahead { commits: twice }, "GitHub lists a commit twice"),
        (Some('0'), '1', Comparison::Identical, "GitHub says that two different commits are the same"),
        (None, '1', Comparison::Identical, "it is not known what runs there"),
        (
            Some('0'),
            '2',
            Comparison::FirstDeployment { commits: root.clone(), since: None },
            "something runs there already",
        ),
        (
            None,
            '2',
            Comparison::FirstDeployment { commits: line("12"), since: None },
            "GitHub does not list what leads to `0000000`",
        ),
        (
            None,
            '0',
            Comparison::FirstDeployment { commits: vec![], since: None },
            "GitHub does not list `0000000` itself",
        ),
        (
            None,
            '2',
            Comparison::FirstDeployment { commits: line("12"), since: Some(sha('2')) },
            "GitHub lists commits that lead to one that nothing new leads to",
        ),
    ] {
        assert_eq!(kind(baseline, candidate, &comparison), RangeKind::Unknown(why.into()));
    }
}

#[test]
fn each_way_that_the_candidate_lies_to_what_runs_is_told_apart() {
    let root = vec![of('1', "", "A"), of('2', "1", "B")];
    let diverged = |on_branch| Comparison::Diverged {
        commits: line("12"),
        only_baseline: line("34"),
        merge_base: Some(sha('0')),
        on_branch,
    };
    let parted = RangeKind::Diverged { merge_base: Some(sha('0')) };
    for (baseline, candidate, comparison, expected) in [
        (None, '2', Comparison::FirstDeployment { commits: root, since: None }, RangeKind::FirstDeployment),
        (
            None,
            '0',
            Comparison::FirstDeployment { commits: vec![], since: Some(sha('0')) },
            RangeKind::FirstDeployment,
        ),
        (Some('0'), '0', Comparison::Identical, RangeKind::Identical),
        (Some('0'), '2', Comparison::Ahead { commits: line("12") }, RangeKind::Ahead),
        (Some('2'), '0', Comparison::Behind { only_baseline: line("12") }, RangeKind::Behind),
        (Some('4'), '2', diverged(None), parted.clone()),
        (Some('4'), '2', diverged(Some(true)), parted),
        (Some('4'), '2', diverged(Some(false)), RangeKind::ForcePushed),
        (Some('0'), '2', Comparison::Truncated("x".into()), RangeKind::TooLong("x".into())),
        (Some('0'), '2', Comparison::Unknown("x".into()), RangeKind::Unknown("x".into())),
    ] {
        assert_eq!(kind(baseline, candidate, &comparison), expected, "{comparison:?}");
    }
}
