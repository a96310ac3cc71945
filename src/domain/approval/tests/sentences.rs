//! What is said, word for word.

use super::*;

fn said(desk: &Desk) -> String {
    told(&desk.findings())
}

#[test]
fn who_has_signed_and_who_is_waited_for() {
    let mut desk = desk().with("quinn", "/approve qa", 100);
    desk.groups[1].asked = Some(time(3_840));
    insta::assert_snapshot!(said(&desk), @"
    Pass approved: signed by `qa`
      qa: 1 of 1 approvals on the current revision, by @quinn.
      names: quinn
    Pending approvals_missing: signed by `business`
      business: 0 of 1 approvals on the current revision; waiting for @dana or @lee (asked 23 Nov 2026, 10:04 UTC).
      title: business: 0 of 1 approvals on the current revision
      cure: @dana or @lee comments `/approve business 76831434` on #200
      names: acme/web/issues/200, dana, lee
    ");
}

#[test]
fn a_team_is_named_where_the_people_are_many_or_not_known() {
    let mut desk = Desk::of(vec![group("qa", 2, &["quinn"]), group("review", 1, &["quinn"])]);
    for group in &mut desk.groups {
        (group.whole, group.listed) = (false, vec![whom("acme/qa"), whom("dana"), whom("quinn")]);
    }
    desk.work = vec![work(128, &["quinn"])];
    insta::assert_snapshot!(said(&desk), @"
    Pending approvals_missing: signed by `qa`
      qa: 0 of 2 approvals on the current revision; waiting for @acme/qa or @dana.
      title: qa: 0 of 2 approvals on the current revision
      cure: 2 of @acme/qa or @dana each comment `/approve qa 76831434` on #200
      names: acme/web/issues/200, dana, orgs/acme/teams/qa
    Pending approvals_missing: signed by `review`
      review: 0 of 1 approvals on the current revision; waiting for @acme/qa or @dana.
      title: review: 0 of 1 approvals on the current revision
      cure: @acme/qa or @dana approves #200 in a review
      names: acme/web/issues/200, dana, orgs/acme/teams/qa
    ");
}

#[test]
fn who_signed_an_earlier_revision_is_told_what_has_changed() {
    let mut desk = desk().with("quinn", "/approve qa", 100);
    desk.turns(content(&[(128, "one, and more"), (130, "x")], 'b'), 200);
    insta::assert_snapshot!(said(&desk), @"
    Pending approvals_missing: signed by `qa`
      qa: 0 of 1 approvals on the current revision; waiting for @max or @quinn. @quinn signed an earlier revision; since then #128's text changed; acme/web moved from `aaaaaaa` to `bbbbbbb`; #130 joined.
      title: qa: 0 of 1 approvals on the current revision
      cure: @max or @quinn comments `/approve qa 098ea7f5` on #200
      names: acme/web/issues/128, acme/web/issues/130, acme/web/issues/200, max, quinn
    Pending approvals_missing: signed by `business`
      business: 0 of 1 approvals on the current revision; waiting for @dana or @lee.
      title: business: 0 of 1 approvals on the current revision
      cure: @dana or @lee comments `/approve business 098ea7f5` on #200
      names: acme/web/issues/200, dana, lee
    ");
}

#[test]
fn who_worked_on_a_part_needs_a_second_member_for_it() {
    let mut desk = desk().with("quinn", "/approve qa", 100).with("dana", "/approve", 100);
    desk.work = vec![work(128, &["quinn"]), work(129, &["ana"]), work(130, &["quinn"])];
    insta::assert_snapshot!(said(&desk), @"
    Pending approval_own_work: signed by `qa`
      qa: 0 of 1 approvals on the current revision: @quinn worked on #128 and #130 and does not count there; waiting for @max.
      title: qa: another member signs for #128 and #130
      cure: @max, who did not work on #128 and #130, comments `/approve qa 76831434` on #200
      names: acme/web/issues/128, acme/web/issues/130, acme/web/issues/200, max, quinn
    Pass approved: signed by `business`
      business: 1 of 1 approvals on the current revision, by @dana.
      names: dana
    ");
}

#[test]
fn a_group_that_nobody_can_complete_comes_first_and_says_who_may_help() {
    let mut desk = desk().with("dana", "/approve", 100).with("lee", "/hold `wait`", 100);
    desk.work = vec![work(128, &["quinn", "max"])];
    insta::assert_snapshot!(said(&desk), @"
    Fail group_cannot_reach: signed by `qa`
      qa: 0 of 1 approvals on the current revision, and nobody can give what is missing: too few are in `qa` who did not work on it and do not sign for another group.
      title: qa: nobody can give the missing approval
      cure: a release manager (@acme/release-managers) comments `/substitute @x for qa WHY` on #200, and that person counts as one of `qa` for this release, which is recorded as an exception
      names: acme/web/issues/200, orgs/acme/teams/release-managers
    Pending held: nobody holds it
      @lee holds it on 23 Nov 2026, 09:01 UTC: “'wait'”.
      title: @lee holds it
      cure: @lee, or another member of `business` who worked on none of it, comments `/unhold` on #200
      names: acme/web/issues/200, lee
    Pass approved: signed by `business`
      business: 1 of 1 approvals on the current revision, by @dana.
      names: dana
    ");
}

#[test]
fn rejections_and_holds_name_the_person_the_reason_and_who_may_lift_them() {
    let desk = desk().with("dana", "/reject `rm -rf` is\tnot a plan", 100).with("quinn", "/hold legal", 200);
    insta::assert_snapshot!(said(&desk), @"
    Fail rejected: nobody rejects it
      @dana rejected it on 23 Nov 2026, 09:01 UTC: “'rm -rf' is not a plan”.
      title: @dana rejected it
      cure: @dana, or another member of `business` who worked on none of it, comments `/reject cancel` on #200
      names: acme/web/issues/200, dana
    Pending held: nobody holds it
      @quinn holds it on 23 Nov 2026, 09:03 UTC: “legal”.
      title: @quinn holds it
      cure: @quinn, or another member of `qa` who worked on none of it, comments `/unhold` on #200
      names: acme/web/issues/200, quinn
    Pending approvals_missing: signed by `qa`
      qa: 0 of 1 approvals on the current revision; waiting for @max or @quinn.
      title: qa: 0 of 1 approvals on the current revision
      cure: @max or @quinn comments `/approve qa 76831434` on #200
      names: acme/web/issues/200, max, quinn
    Pending approvals_missing: signed by `business`
      business: 0 of 1 approvals on the current revision; waiting for @dana or @lee.
      title: business: 0 of 1 approvals on the current revision
      cure: @dana or @lee comments `/approve business 76831434` on #200
      names: acme/web/issues/200, dana, lee
    ");
}

#[test]
fn what_is_not_known_is_said_and_is_never_a_pass() {
    let mut desk = desk().unknown("qa", "ugo").with("ugo", "/approve qa", 100).with("ugo", "/hold wait", 100);
    desk.work[0].unknown = Some("GitHub could not be reached since 09:00 UTC".into());
    insta::assert_snapshot!(said(&desk), @"
    Unknown held: nobody holds it
      @ugo holds it on 23 Nov 2026, 09:01 UTC: “wait”. Whether @ugo may is not known: GitHub could not be reached since 09:00 UTC.
      title: @ugo holds it
      cure: @ugo comments `/unhold` on #200
      names: acme/web/issues/200, ugo
    Unknown approval_work_unknown: it is known who worked on each change
      Who worked on #128 could not be found out: GitHub could not be reached since 09:00 UTC.
      title: who worked on #128 is not known
      cure: it is looked up again by itself; `/recheck` in a comment does it at once
      names: acme/web/issues/128
    Unknown approval_unknown: signed by `qa`
      qa: 0 of 1 approvals on the current revision; whether @ugo is in `qa` is not known: GitHub could not be reached since 09:00 UTC.
      title: whether @ugo is in `qa` is not known
      cure: it is looked up again by itself; `/recheck` in a comment does it at once
      names: ugo
    Pending approvals_missing: signed by `business`
      business: 0 of 1 approvals on the current revision; waiting for @dana or @lee.
      title: business: 0 of 1 approvals on the current revision
      cure: @dana or @lee comments `/approve business 76831434` on #200
      names: acme/web/issues/200, dana, lee
    ");
    desk.history = History::default();
    insta::assert_snapshot!(said(&desk), @"
    Unknown revision_unknown: what is to be signed is known
      What is to be signed has not been put together yet.
      title: what is to be signed is not known yet
      cure: nobody need do anything: it is put together by itself
      names:
    ");
}

#[test]
fn a_commit_of_somebody_unknown_is_named() {
    let mut desk = desk().with("quinn", "/approve qa", 100).with("dana", "/approve", 100);
    desk.work[0].unattributed = vec![sha('b'), sha('c')];
    insta::assert_snapshot!(said(&desk), @"
    Fail approval_unattributed: it is known who worked on each change
      Somebody wrote commit `bbbbbbb` (and 1 more) of #128 whom GitHub knows only by mail, so nobody's approval counts for #128.
      title: #128 has a commit of somebody unknown
      cure: that person adds the mail address to the GitHub account, or the commit is written again with a known one; then comment `/recheck`
      names: acme/web/issues/128
    Pass approved: signed by `qa`
      qa: 1 of 1 approvals on the current revision, by @quinn.
      names: quinn
    Pass approved: signed by `business`
      business: 1 of 1 approvals on the current revision, by @dana.
      names: dana
    ");
}

#[test]
fn a_signature_before_its_turn_is_said_not_to_count() {
    let mut desk = desk().with("dana", "/approve business", 100);
    desk.terms.ordered = 2;
    insta::assert_snapshot!(told(&desk.findings()[1..]), @"
    Pending approvals_missing: signed by `business`
      business: 0 of 1 approvals on the current revision; waiting for @dana or @lee. @dana signed before the groups ahead of `business` were complete; that does not count.
      title: business: 0 of 1 approvals on the current revision
      cure: @dana or @lee comments `/approve business 76831434` on #200
      names: acme/web/issues/200, dana, lee
    ");
}

#[test]
fn who_signs_out_of_turn_is_told_who_signs_first() {
    let mut desk = desk();
    desk.terms.ordered = 2;
    let early = desk.with("dana", "/approve business", 100);
    insta::assert_snapshot!(early.reply(), @"It is not the turn of `business` yet: `qa` signs first, so this does not count. Then comment `/approve business 76831434`.");
    let mut later = early.clone();
    later.says("quinn", "/approve qa", 101);
    assert_eq!(later.ruling(), Ruling::Taken);
    assert!(!later.is_complete());
    let (act, ruling) = (&later.ledger.acts()[0], &later.judged().standing.rulings[0].1);
    let reply = later.with_setting(|setting| reply(act, ruling, &later.case(), setting)).unwrap().0;
    insta::assert_snapshot!(reply, @"That was before the turn of `business` and does not count; it is its turn now: comment `/approve business 76831434`.");
    later.says("dana", "/approve business", 102);
    assert!(later.is_complete());
    let mut only_first = early;
    only_first.terms.ordered = 1;
    assert_eq!(only_first.ruling(), Ruling::Taken);
}

#[test]
fn a_delegate_is_named_with_whom_they_stand_in_for() {
    let mut desk = desk();
    let (from, to) = (actor("quinn"), actor("sam"));
    desk.delegations.push(Delegation { from, to, since: time(0), until: time(500) });
    let desk = desk.with("sam", "/approve qa", 100);
    insta::assert_snapshot!(told(&desk.findings()[..1]), @"
    Pass approved: signed by `qa`
      qa: 1 of 1 approvals on the current revision, by @sam for @quinn.
      names: quinn, sam
    ");
}

#[test]
fn replies_say_why_not_and_what_would() {
    let reply = |by: &str, words: &str, second: i64| {
        let mut desk = desk();
        desk.turns(release("two"), 50);
        desk.with(by, words, second).reply()
    };
    let first = desk().short();
    let replies = [
        reply("quinn", "/approve qa", 60),
        reply("quinn", "/approve", 60),
        reply("quinn", &format!("/approve qa {first}"), 200),
        reply("quinn", "/approve qa 0000000", 200),
        reply("quinn", "/approve quality", 200),
        reply("quinn", "/approve looks good to me", 200),
        reply("quinn", "/approve qa business", 200),
        reply("sam", "/approve qa", 200),
        reply("sam", "/approve", 200),
        reply("quinn", "/reject", 200),
        reply("quinn", "/hold", 200),
        reply("quinn", "/unhold", 200),
        reply("quinn", "/reject cancel", 200),
        reply("quinn", "/approve cancel", 200),
        reply("quinn", "/approve qa", 200),
    ];
    insta::assert_snapshot!(replies.join("\n"), @"
    It is not certain what you have seen: the record had not shown this revision for long enough. To sign what there is now, comment `/approve qa 0eb3060b`.
    It is not certain what you have seen: the record had not shown this revision for long enough. To sign what there is now, comment `/approve qa 0eb3060b`.
    That is an approval of `76831434`; since then #128's text changed. To sign what there is now, comment `/approve qa 0eb3060b`.
    There was no revision `0000000` here. To sign what there is now, comment `/approve qa 0eb3060b`.
    There is no group “quality”; those that sign are `qa` and `business`.
    That is not understood: `/approve` takes a group and a revision behind it, and nothing else. To sign what there is now, comment `/approve qa 0eb3060b`.
    That is not understood: “qa” and “business” are not a group and a revision; sign for one group in each line. To sign what there is now, comment `/approve qa 0eb3060b`.
    That is for the members of `qa` (quinn, max).
    That is for those who sign: the members of `qa` and `business`.
    It takes a reason behind it: `/reject` and why.
    It takes a reason behind it: `/hold` and why.
    There is no hold that you may lift; its author does, or another member of the same group who worked on none of it.
    There is no rejection that you may lift; its author does, or another member of the same group who worked on none of it.
    There is no approval of yours to take back.
    nothing
    ");
    let mut own = desk();
    own.work = vec![work(128, &["quinn"])];
    insta::assert_snapshot!(own.with("quinn", "/approve qa", 100).reply(), @"Nobody signs for what they worked on themselves; somebody else of the group does.");
}
