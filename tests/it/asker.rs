//! Who asks with a token of ours: found by its digest, in its own tenant, while it counts.

use changegate::{
    admin::{self, Answer, NewToken, Order},
    domain::asker::{Deed, Kind},
    gate::asker::{Askers, NotAsked, Settings, secret},
};
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};

use crate::support::{Scene, scenario};

fn askers(s: &Scene) -> Askers {
    let settings = Settings {
        host: "127.0.0.1".into(),
        github_web_url: "https://github.com".into(),
        public_url: Some("https://changegate.example.com".into()),
        issuers: vec![],
    };
    Askers::new(settings, s.stage.app.store.clone(), s.stage.clock.clone()).unwrap()
}

/// A token made as the command line makes it, and its id.
async fn made(s: &Scene, byte: u8, repository: &str, days: i64) -> Result<(SecretString, String), String> {
    let secret = secret::write([byte; 32]);
    let at = s.stage.clock.now();
    let order = Order::TokenCreate(NewToken {
        digest: secret::digest_of(&secret),
        name: "CI".into(),
        repository: repository.parse().unwrap(),
        environment: Some("production".into()),
        whole_account: false,
        may: [Deed::Gate].into(),
        at,
        expires_at: at + SignedDuration::from_hours(24 * days),
    });
    match admin::answer(&s.stage.app.store, order).await {
        Answer::Token(token) => Ok((secret, token.grant.id)),
        other => Err(format!("{other:?}")),
    }
}

async fn who(askers: &Askers, secret: &SecretString) -> String {
    match askers.who(Some(&format!("Bearer {}", secret.expose_secret())), None).await {
        Ok(asker) => match asker.kind {
            Kind::Token(grant) => format!("{} for {}", grant.name, grant.repository_name),
            other => format!("{other:?}"),
        },
        Err(NotAsked::Refused(refused)) => refused.reason.code().into(),
        Err(NotAsked::Unavailable(why)) => why,
    }
}

#[tokio::test]
async fn a_token_counts_until_it_is_over_taken_back_or_its_repository_is_gone() {
    scenario(async |s| {
        let askers = askers(s);
        let (web, id) = made(s, 1, "acme/web", 30).await.unwrap();
        let (billing, _) = made(s, 2, "acme/billing", 90).await.unwrap();
        assert_eq!(who(&askers, &web).await, "CI for acme/web");
        assert_eq!(who(&askers, &billing).await, "CI for acme/billing");
        assert_eq!(who(&askers, &secret::write([3; 32])).await, "token_unknown");
        assert_eq!(who(&askers, &SecretString::from("cgt_123".to_owned())).await, "token_unknown");
        let answer =
            admin::answer(&s.stage.app.store, Order::TokenRevoke { id, at: s.stage.clock.now() }).await;
        assert!(matches!(answer, Answer::TokenRevoked(_)), "{answer:?}");
        assert_eq!(who(&askers, &web).await, "token_unknown");
        s.by("rosa").remove_from_installation("acme/billing");
        s.settle().await;
        assert_eq!(who(&askers, &billing).await, "unknown_repository");
        s.by("rosa").add_to_installation("acme/billing");
        s.settle().await;
        assert_eq!(who(&askers, &billing).await, "CI for acme/billing");
        s.by("rosa").suspend("acme");
        s.settle().await;
        assert_eq!(who(&askers, &billing).await, "unknown_repository");
        s.by("rosa").unsuspend("acme");
        s.settle().await;
        s.pass(90 * 24 * 60 * 60);
        assert_eq!(who(&askers, &billing).await, "token_unknown");
        s.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_token_is_for_a_repository_that_is_known_and_for_90_days_at_most() {
    scenario(async |s| {
        let refused = made(s, 1, "acme/nothing", 30).await.unwrap_err();
        assert!(refused.contains("knows no repository acme/nothing"), "{refused}");
        for days in [0, 91] {
            let refused = made(s, 1, "acme/web", days).await.unwrap_err();
            assert!(refused.contains("at most 90 days"), "{refused}");
        }
        assert_eq!(s.stage.app.store.tokens().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn who_shows_nothing_is_told_what_to_send() {
    scenario(async |s| {
        let askers = askers(s);
        for (header, code) in [
            (None, "no_credentials"),
            (Some(""), "no_credentials"),
            (Some("Bearer"), "no_credentials"),
            (Some("Bearer   "), "no_credentials"),
            (Some("Basic dTpw"), "no_credentials"),
            (Some("Bearer nonsense"), "token_malformed"),
            (Some("bearer nonsense"), "token_malformed"),
        ] {
            let Err(NotAsked::Refused(refused)) = askers.who(header, None).await else {
                panic!("{header:?}")
            };
            assert_eq!(refused.reason.code(), code, "{header:?}");
        }
    })
    .await;
}
