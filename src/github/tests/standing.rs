//! How we stand with GitHub, by what it answers.

use super::*;

#[tokio::test]
async fn our_standing_is_what_github_said_last_to_what_the_app_signed() {
    let stage = Stage::new().await;
    assert_eq!(stage.github.stands().accepted, None);
    let app = json!({"id": APP, "slug": "changegate"});
    for (said, accepted) in [
        (say(500, json!({})), None),
        (say(200, app.clone()), Some(true)),
        (say(401, json!({})), Some(false)),
        (say(502, json!({})), Some(false)),
        (say(404, json!({})), Some(true)),
    ] {
        stage.on("GET /app", said);
        drop(stage.github.app().await);
        assert_eq!(stage.github.stands().accepted, accepted);
    }
}

#[tokio::test]
async fn our_clock_is_compared_with_the_date_of_each_answer() {
    let stage = Stage::new().await;
    for (seconds, ahead) in [(-90, 90), (0, 0), (75, -75)] {
        let there = stage.clock.now() + SignedDuration::from_secs(seconds);
        let date = there.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        stage.on("GET /app", say(200, json!({"id": APP, "slug": "changegate"})).header("date", date));
        stage.github.app().await.unwrap();
        assert_eq!(stage.github.stands().ahead, Some(ahead));
    }
}
