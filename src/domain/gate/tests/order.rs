//! One deployment at a time, and the newest first.

use super::*;

#[test]
fn one_deployment_goes_at_a_time_and_the_newest_first() {
    let with = |in_the_way| to("").but(|it| it.in_the_way = in_the_way);
    all_are_so(vec![
        ("nothing is in the way", with(InTheWay::Nothing), "allow"),
        ("a newer one waits", with(InTheWay::Newer(9)), "deny superseded"),
        ("another one runs", with(InTheWay::Running), "pending deployment_running"),
        (
            "a way back waits for what runs, too",
            with(InTheWay::Running).but(|it| {
                it.ran = Some(deployed('c'));
                it.brings = Ok(Brings { goes_back: true, ..brings(&[]) });
            }),
            "pending deployment_running",
        ),
    ]);
}
