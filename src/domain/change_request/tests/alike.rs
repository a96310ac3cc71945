//! What a request looks like that was asked for before.

use super::*;
use crate::domain::change_request::alike::Alike;

fn found(world: &World) -> Option<(String, Vec<String>)> {
    let Alike { title, found } = world.request().alike.clone()?;
    Some((
        title,
        found.iter().map(|like| format!("{}#{} {}", like.name, like.at.number, like.title)).collect(),
    ))
}

fn like(repo: crate::domain::ids::RepoId, number: u64, title: &str) -> (IssueRef, String) {
    (IssueRef { repo, number }, title.into())
}

#[test]
fn it_is_looked_for_when_the_request_is_new_or_called_otherwise_and_what_not_everybody_may_read_is_left_out()
{
    let mut world = World::new();
    world.alike = vec![like(BILLING, 3, "Secret dark mode"), like(WEB, 4, "Dark mode")];
    let labelled = world.label("sam", "change-request");
    world.deliver(&[labelled]);
    let title = world.issue().title.clone();
    assert_eq!(found(&world), Some((title, vec!["acme/web#4 Dark mode".into()])));

    world.alike = vec![like(WEB, 5, "A louder bell")];
    let commented = world.comment("sam", "Please");
    world.deliver(&[commented]);
    assert_eq!(found(&world).unwrap().1, ["acme/web#4 Dark mode"], "nothing was asked");
    let renamed = world.change("sam", IssueChange::Edited, |issue| issue.title = "Louder bell".into());
    world.deliver(&[renamed]);
    assert_eq!(found(&world), Some(("Louder bell".into(), vec!["acme/web#5 A louder bell".into()])));

    let accepted = world.comment("tess", "/accept");
    world.settle(&[accepted]);
    assert_eq!(found(&world), None, "it is decided");
}
