//! Who signs a release: in which order, who again after what changed, and who instead of somebody on holiday.

use changegate::sandbox::Edit;

use super::releasing::{
    TRAIN, WEB, blocks, both_sign, built, day, deploys, locked, phase, record, revision, said, shown,
    signed_by, stands,
};
use crate::support::{Scene, assert_snapshot, scenario};

/// December, with one change that is built and locked.
async fn december(s: &Scene, rules: &str) -> changegate::sandbox::Numbered {
    s.policy(rules).await;
    s.by("rosa").create_milestone(WEB, "2026.12", day("2026-12-03"));
    s.by("rosa").protect(WEB, "production", true, true);
    s.settle().await;
    let issue = built(s, "Export", "export", WEB).await;
    locked(s).await;
    issue
}

fn signatures(s: &Scene) -> String {
    let text = shown(s);
    text.split("### Signatures").nth(1).unwrap_or_default().lines().skip(2).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_release_manager_on_holiday_lets_somebody_else_sign_until_a_day() {
    scenario(async |s| {
        december(s, TRAIN).await;
        signed_by(s, "sam", "/delegate @lee until 2026-11-20").await;
        for words in
            ["/delegate @lee", "/delegate @nobody until 2026-11-20", "/delegate @rosa until 2026-11-20"]
        {
            signed_by(s, "rosa", words).await;
        }
        assert_snapshot!(s.sentences(record(s)).join("\n"), @r"
        @sam `/delegate`: only who is in a group that signs, or manages releases, lets somebody stand in.
        @rosa `/delegate`: it takes somebody and until when behind it, like `/delegate @sam until 2027-01-04`; or `cancel`.
        @rosa `/delegate`: there is no such person on GitHub.
        @rosa `/delegate`: nobody stands in for themselves.
        ");
        signed_by(s, "lee", &format!("/approve release-manager {}", revision(s))).await;
        signed_by(s, "rosa", "/delegate @lee until 2026-11-20").await;
        signed_by(s, "quinn", &format!("/approve qa {}", revision(s))).await;
        assert_eq!(phase(s), "Go/no-go");
        assert_snapshot!(signatures(s), @r"
        | group | signed by | needed | |
        |---|---|---|---|
        | `qa` | [quinn](https://github/quinn) | 1 | ✓ complete |
        | `release-manager` | nobody yet | 1 | … waiting |

        - until 20 Nov 2026, 00:00 UTC [lee](https://github/lee) may sign for [rosa](https://github/rosa)
        ");
        signed_by(s, "lee", &format!("/approve release-manager {}", revision(s))).await;
        assert_eq!(phase(s), "Approved");
        assert_snapshot!(signatures(s), @r"
        | group | signed by | needed | |
        |---|---|---|---|
        | `qa` | [quinn](https://github/quinn) | 1 | ✓ complete |
        | `release-manager` | [lee](https://github/lee) for [rosa](https://github/rosa) | 1 | ✓ complete |

        - until 20 Nov 2026, 00:00 UTC [lee](https://github/lee) may sign for [rosa](https://github/rosa)
        ");
        let run = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        // It ends by itself: what is signed later does not count.
        s.pass(19 * 24 * 3600);
        s.settle().await;
        assert!(!shown(s).contains("may sign for"), "{}", shown(s));
    })
    .await;
}

#[tokio::test]
async fn who_stands_in_signs_no_own_work_and_hands_nothing_on() {
    scenario(async |s| {
        december(s, TRAIN).await;
        signed_by(s, "rosa", "/delegate @ana until 2026-11-20").await;
        signed_by(s, "ana", &format!("/approve release-manager {}", revision(s))).await;
        signed_by(s, "ana", "/delegate @lee until 2026-11-20").await;
        signed_by(s, "lee", &format!("/approve release-manager {}", revision(s))).await;
        signed_by(s, "quinn", &format!("/approve qa {}", revision(s))).await;
        assert_eq!(phase(s), "Go/no-go");
        assert_snapshot!(s.sentences(record(s)).join("\n"), @r"
        @ana Nobody signs for what they worked on themselves; somebody else of the group does.
        @ana `/delegate`: only who is in a group that signs, or manages releases, lets somebody stand in.
        @lee That is for the members of `release-manager` (rosa).
        ");
        signed_by(s, "rosa", "/delegate cancel").await;
        signed_by(s, "rosa", &format!("/approve release-manager {}", revision(s))).await;
        assert_eq!(phase(s), "Approved");
    })
    .await;
}

#[tokio::test]
async fn groups_that_sign_in_order_count_only_in_their_turn() {
    scenario(async |s| {
        december(s, &format!("{TRAIN}    order: [qa, release-manager]\n")).await;
        signed_by(s, "rosa", &format!("/approve release-manager {}", revision(s))).await;
        assert_snapshot!(s.sentences(record(s)).join("\n"), @"@rosa It is not the turn of `release-manager` yet: `qa` signs first, so this does not count. Then comment `/approve release-manager 9ac13026`.");
        assert_snapshot!(blocks(s), @r"
        - qa: 0 of 1 approvals on the current revision; waiting for [quinn](https://github/quinn). **Cure:** [quinn](https://github/quinn) comments `/approve qa 9ac13026` on [#2](https://github/acme/web/issues/2).
        - release-manager: 0 of 1 approvals on the current revision; waiting for [rosa](https://github/rosa). [rosa](https://github/rosa) signed before the groups ahead of `release-manager` were complete; that does not count. **Cure:** [rosa](https://github/rosa) comments `/approve release-manager 9ac13026` on [#2](https://github/acme/web/issues/2).
        ");
        let run = deploys(s, WEB).await;
        signed_by(s, "quinn", &format!("/approve qa {}", revision(s))).await;
        assert_eq!((phase(s).as_str(), stands(s, WEB, run).as_str()), ("Go/no-go", "waiting -"));
        signed_by(s, "rosa", &format!("/approve release-manager {}", revision(s))).await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn policy_says_who_signs_again_after_which_change() {
    scenario(async |s| {
        let rules = format!("{TRAIN}    resign: {{ text: [qa], commits: [release-manager] }}\n");
        let issue = december(s, &rules).await;
        both_sign(s).await;
        assert_eq!(phase(s), "Approved");
        let before = revision(s);
        s.by("sam").edit_issue(issue, Edit { title: Some("Export everything"), body: None });
        s.settle().await;
        assert_ne!(revision(s), before);
        assert_snapshot!(blocks(s), @"- qa: 0 of 1 approvals on the current revision; waiting for [quinn](https://github/quinn). [quinn](https://github/quinn) signed an earlier revision; since then [#1](https://github/acme/web/issues/1)'s text changed. **Cure:** [quinn](https://github/quinn) comments `/approve qa 2e0639ef` on [#2](https://github/acme/web/issues/2).");
        let run = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, run), "waiting -");
        signed_by(s, "quinn", &format!("/approve qa {}", revision(s))).await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

const HOUR: i64 = 3600;

#[tokio::test]
async fn a_signature_that_waits_is_asked_for_again_in_working_hours_and_once_for_each_step() {
    scenario(async |s| {
        let people =
            "version: 1\nmode: enforce\nroles: { triager: [acme/triage], release-manager: [rosa] }\n";
        let groups = "groups: { qa: [quinn, lee, ana] }\n";
        s.policy_file(
            "acme/.github",
            &format!("{people}{groups}{}", TRAIN.replace("release-manager: 1, ", "")),
        )
        .await;
        s.by("rosa").create_milestone(WEB, "2026.12", day("2026-12-03"));
        s.settle().await;
        built(s, "Export", "export", WEB).await;
        locked(s).await;
        // It is Monday noon: four working hours end at four, eight on Tuesday at noon.
        s.pass(4 * HOUR - 60);
        s.settle().await;
        assert_eq!(s.sentences(record(s)), Vec::<String>::new());
        s.pass(120);
        s.settle().await;
        s.pass(HOUR);
        s.settle().await;
        assert_eq!(s.sentences(record(s)).len(), 1);
        s.pass(19 * HOUR);
        s.settle().await;
        s.pass(24 * HOUR);
        s.settle().await;
        s.pass(72 * HOUR);
        s.settle().await;
        assert_snapshot!(s.sentences(record(s)).join("\n"), @r"
        @quinn @lee @ana: release **2026.12** waits for 1 of `qa` since 2 Nov 2026, 12:00 UTC. Whoever agrees comments `/approve qa 4e6f0087` here.
        @quinn @lee @ana: release **2026.12** waits for 1 of `qa` since 2 Nov 2026, 12:00 UTC. Any other of `qa` may sign, too: `/approve qa 4e6f0087`.
        @rosa: release **2026.12** waits for 1 of `qa` since 2 Nov 2026, 12:00 UTC, and was reminded twice. Who can sign may let somebody stand in: `/delegate @x until DATE`.
        ");
        signed_by(s, "quinn", &format!("/approve qa {}", revision(s))).await;
        assert_eq!(phase(s), "Approved");
    })
    .await;
}

/// A release of which nobody is left in `qa` who could sign.
async fn nobody_is_left(s: &Scene) {
    s.github().add_team("acme", "qa", &["ana"]);
    let rules = s.policy_text(TRAIN).replace("qa: [quinn]", "qa: [acme/qa]");
    s.policy_file("acme/.github", &rules).await;
    s.by("rosa").create_milestone(WEB, "2026.12", day("2026-12-03"));
    s.by("rosa").protect(WEB, "production", true, true);
    s.settle().await;
    built(s, "Export", "export", WEB).await;
    locked(s).await;
}

#[tokio::test]
async fn what_a_substitute_signs_counts_from_the_appointment_on_and_until_it_is_taken_back() {
    scenario(async |s| {
        nobody_is_left(s).await;
        let approves = async |who: &str, group: &str| {
            signed_by(s, who, &format!("/approve {group} {}", revision(s))).await;
        };
        approves("lee", "qa").await;
        signed_by(s, "rosa", "/substitute @lee for qa nobody is left").await;
        approves("rosa", "release-manager").await;
        assert_snapshot!(blocks(s), @"- qa: 0 of 1 approvals on the current revision; waiting for [lee](https://github/lee). **Cure:** [lee](https://github/lee) comments `/approve qa f8befacb` on [#2](https://github/acme/web/issues/2).");
        approves("lee", "qa").await;
        assert_eq!(phase(s), "Approved");
        signed_by(s, "quinn", "/substitute cancel @lee for qa I do not like it").await;
        signed_by(s, "rosa", "/substitute cancel @lee for business").await;
        signed_by(s, "rosa", "/substitute cancel @lee").await;
        assert_eq!(phase(s), "Approved");
        signed_by(s, "rosa", "/substitute cancel @Lee for qa").await;
        assert_ne!(phase(s), "Approved");
        assert!(blocks(s).contains("nobody can give what is missing"), "{}", blocks(s));
        signed_by(s, "rosa", "/substitute cancel").await;
        assert_snapshot!(s.sentences(record(s)).join("\n"), @"
        @lee That is for the members of `qa` (acme/qa).
        @quinn `/substitute`: only a release manager (rosa) decides that.
        @rosa `/substitute`: lee is no substitute for `business` here; the record names those who are.
        @rosa `/substitute`: it takes `cancel` alone, or with somebody and a group (`cancel @x for GROUP`) behind it.
        @rosa `/substitute`: there is no substitute here.
        ");
        assert_snapshot!(part(s, "Substitutes"), @"
        Substitutes, as an exception

        - [lee](https://github/lee) counted as one of `qa`: nobody is left ([rosa](https://github/rosa), 2 Nov 2026, 12:00 UTC); taken back ([rosa](https://github/rosa), 2 Nov 2026, 12:00 UTC)
        ");
        // Whoever is appointed again signs again.
        signed_by(s, "rosa", "/substitute @lee for qa still nobody").await;
        assert!(blocks(s).contains("qa: 0 of 1 approvals"), "{}", blocks(s));
        let run = deploys(s, WEB).await;
        assert_eq!(stands(s, WEB, run), "waiting -");
        approves("lee", "qa").await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
    })
    .await;
}

/// The part of the record under this heading.
fn part(s: &Scene, heading: &str) -> String {
    let text = shown(s);
    text.split("### ").find(|part| part.starts_with(heading)).unwrap_or_default().trim().to_owned()
}

#[tokio::test]
async fn where_nobody_is_left_who_could_sign_that_comes_first_and_a_release_manager_appoints_a_substitute() {
    scenario(async |s| {
        nobody_is_left(s).await;
        assert_snapshot!(blocks(s), @"
        - qa: 0 of 1 approvals on the current revision, and nobody can give what is missing: too few are in `qa` who did not work on it and do not sign for another group. **Cure:** a release manager ([rosa](https://github/rosa)) comments `/substitute @x for qa WHY` on [#2](https://github/acme/web/issues/2), and that person counts as one of `qa` for this release, which is recorded as an exception.
        - release-manager: 0 of 1 approvals on the current revision; waiting for [rosa](https://github/rosa). **Cure:** [rosa](https://github/rosa) comments `/approve release-manager f8befacb` on [#2](https://github/acme/web/issues/2).
        ");
        signed_by(s, "quinn", "/substitute @lee for qa nobody is left").await;
        for words in ["@rosa for qa away", "@ana for qa away", "@lee for qo away", "@nobody for qa away", "@lee qa"] {
            signed_by(s, "rosa", &format!("/substitute {words}")).await;
        }
        assert_snapshot!(s.sentences(record(s)).join("\n"), @"
        @quinn `/substitute`: only a release manager (rosa) decides that.
        @rosa `/substitute`: nobody appoints themselves.
        @rosa `/substitute`: ana worked on what it ships, and nobody signs for that.
        @rosa `/substitute`: the policy knows no group `qo`.
        @rosa `/substitute`: there is no such person on GitHub.
        @rosa `/substitute`: it takes somebody, a group and a reason (`@x for GROUP WHY`) behind it.
        ");
        signed_by(s, "rosa", "/substitute @lee for qa *Ana* built all of it").await;
        assert_snapshot!(part(s, "Substitutes"), @r"
        Substitutes, as an exception

        - [lee](https://github/lee) counts as one of `qa`: \*Ana\* built all of it ([rosa](https://github/rosa), 2 Nov 2026, 12:00 UTC)
        ");
        assert_snapshot!(blocks(s), @"
        - qa: 0 of 1 approvals on the current revision; waiting for [lee](https://github/lee). **Cure:** [lee](https://github/lee) comments `/approve qa f8befacb` on [#2](https://github/acme/web/issues/2).
        - release-manager: 0 of 1 approvals on the current revision; waiting for [rosa](https://github/rosa). **Cure:** [rosa](https://github/rosa) comments `/approve release-manager f8befacb` on [#2](https://github/acme/web/issues/2).
        ");
        let run = deploys(s, WEB).await;
        signed_by(s, "lee", &format!("/approve qa {}", revision(s))).await;
        signed_by(s, "rosa", &format!("/approve release-manager {}", revision(s))).await;
        assert_eq!(stands(s, WEB, run), "in_progress -", "{}", said(s, WEB, run));
        s.github().finish_run(WEB, run, true);
        s.settle().await;
        // The next release knows nothing of it.
        let next = s.accepted("Import").await;
        s.by("rosa").create_milestone(WEB, "2027.01", day("2027-01-07"));
        s.by("rosa").set_milestone(next, "2027.01");
        s.settle().await;
        let pull = s.pull_request(WEB, "import", &format!("Closes #{}", next.number)).await;
        s.by("ana").merge(pull.at);
        s.settle().await;
        let other = s.record_of(WEB, "Release 2027.01")[0];
        s.by("rosa").comment(other, "/lock");
        s.settle().await;
        let text = s.readable(s.github().issue(other)["body"].as_str().unwrap_or_default());
        assert!(text.contains("nobody can give what is missing"), "{text}");
    })
    .await;
}
