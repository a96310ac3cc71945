//! What is deployed is what its branch or tag still holds.

use super::*;

#[test]
fn a_branch_or_tag_that_was_moved_lets_nothing_through() {
    let points = |points: Points| to("").but(|it| it.candidate.points = points).from(Some("v1"));
    let back = |it: Deployment| {
        it.but(|it| {
            it.ran = Some(deployed('c'));
            it.brings = Ok(Brings { goes_back: true, ..brings(&[]) });
        })
    };
    all_are_so(vec![
        ("it holds the commit", points(Points::Here), "allow"),
        ("a tag points elsewhere", points(Points::Tag(sha('d'))), "deny ref_moved"),
        ("somebody pushed over the branch", points(Points::Branch), "deny ref_moved"),
        ("it was deleted", points(Points::Nowhere), "deny ref_moved"),
        ("nobody knows", points(Points::Unknown("GitHub is away".into())), "unavailable ref_unknown"),
        ("what ran there may come back from anywhere", back(points(Points::Branch)), "allow"),
    ]);
}
