//! Who a login is.

use serde::Deserialize;

use crate::{
    domain::{
        effect::Lane,
        ids::{AccountId, Actor},
    },
    github::{
        GitHub, Place,
        access::{self, Call},
        auth::{Access, Scope},
        budget::Cost,
        client::{Request, encoded},
        trouble::Trouble,
    },
};

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    #[serde(rename = "type")]
    kind: String,
}

impl GitHub {
    /// The person with this login.
    ///
    /// # Errors
    /// When there is none, or GitHub does not say; as a sentence.
    pub async fn user(&self, place: &Place, login: &str) -> Result<Actor, String> {
        let Some(installation) = place.installation else {
            return Err("the App is not installed on this account".into());
        };
        let access = Access { installation, repo: place.names.keys().next().copied(), scope: Scope::Read };
        let call = Call { access, cost: Cost::Read, lane: Lane::Gate };
        let request = Request::get(format!("/users/{}", encoded(login.trim_start_matches('@'))));
        let answer = self.ask(call, &request).await;
        let user: Result<User, Trouble> = answer.and_then(|answer| access::parse(&answer.body));
        match user {
            Ok(User { id, login, kind }) if kind == "User" => {
                Ok(Actor { id: AccountId(id), login, person: true })
            }
            Ok(_) => Err(format!("{login} is no person\n  cure: name somebody on call by login")),
            Err(Trouble::NotFound) => {
                Err(format!("GitHub knows nobody called {login}\n  cure: name somebody on call by login"))
            }
            Err(trouble) => Err(trouble.sentence(self.clock.now())),
        }
    }
}
