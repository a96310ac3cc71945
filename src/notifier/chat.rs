//! Messages as chats take them. What people wrote stands in them as plain text: it formats nothing and calls nobody.

use serde_json::{Value, json};

use crate::domain::notification::{Item, Message};

/// Teams takes messages of 28 kB at most; some is left for what stands around them.
const TEAMS: usize = 25_000;

/// A message as Slack's incoming webhooks take it, in blocks of text that is not formatted; and as one text, for notices on a
/// screen, and for those who take the same and know no blocks.
#[must_use]
pub fn slack(message: &Message, web_url: &str) -> Value {
    let plain = |text: String| json!({ "type": "text", "text": text });
    let section = |elements: Vec<Value>| json!({ "type": "rich_text_section", "elements": elements });
    let line = |item: &Item| {
        let name = match &item.path {
            Some(path) => json!({ "type": "link", "url": format!("{web_url}/{path}"), "text": item.name }),
            None => json!({ "type": "text", "text": item.name, "style": { "bold": true } }),
        };
        vec![name, plain(behind(item))]
    };
    let items: Vec<Value> = message.items.iter().map(|item| section(line(item))).collect();
    let items = (!items.is_empty())
        .then(|| json!({ "type": "rich_text_list", "style": "bullet", "elements": items }));
    let more = more(message).map(|more| section(vec![plain(more)]));
    let queue = message.queue.iter().map(|queue| {
        let before = vec![plain(format!("{} ", queue.sentence()))];
        section([before, line(&queue.oldest)].concat())
    });
    let elements: Vec<Value> = items.into_iter().chain(more).chain(queue).collect();
    let block = json!({ "type": "rich_text", "elements": elements });
    json!({ "text": slack_text(message, web_url), "blocks": [block], "unfurl_links": false })
}

/// Without these three characters nothing is a mention or a link (<https://docs.slack.dev/messaging/formatting-message-text>).
fn slack_text(message: &Message, web_url: &str) -> String {
    let bare = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let line = |item: &Item| {
        let name = bare(&item.name);
        let name = item.path.as_ref().map_or(name.clone(), |path| format!("<{web_url}/{path}|{name}>"));
        format!("{name}{}", bare(&behind(item)))
    };
    let items = message.items.iter().map(line);
    let queue = message.queue.iter().map(|queue| format!("{} {}", queue.sentence(), line(&queue.oldest)));
    items.chain(more(message)).chain(queue).collect::<Vec<_>>().join("\n")
}

/// A message as workflows of Teams take it: an Adaptive Card of blocks of plain text.
#[must_use]
pub fn teams(message: &Message, web_url: &str) -> Value {
    let mut message = message.clone();
    loop {
        let card = card(&message, web_url);
        if message.items.len() <= 1 || card.to_string().len() <= TEAMS {
            return card;
        }
        message.items.pop();
        message.more += 1;
    }
}

fn card(message: &Message, web_url: &str) -> Value {
    let line = |before: Option<String>, item: &Item| {
        let mut name = json!({ "type": "TextRun", "text": item.name, "weight": "Bolder" });
        if let Some(path) = &item.path {
            name["selectAction"] = json!({ "type": "Action.OpenUrl", "url": format!("{web_url}/{path}") });
        }
        let before = before.map(|text| json!({ "type": "TextRun", "text": format!("{text} ") }));
        let behind = json!({ "type": "TextRun", "text": behind(item) });
        let inlines: Vec<Value> = before.into_iter().chain([name, behind]).collect();
        json!({ "type": "RichTextBlock", "inlines": inlines })
    };
    let items = message.items.iter().map(|item| line(None, item));
    let more = more(message).map(|text| json!({ "type": "TextBlock", "text": text, "isSubtle": true }));
    let queue = message.queue.iter().map(|queue| line(Some(queue.sentence()), &queue.oldest));
    let body: Vec<Value> = items.chain(more).chain(queue).collect();
    let content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": message.subject(),
        "body": body,
        "msteams": { "width": "Full" },
    });
    let attachment = json!({
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": null,
        "content": content,
    });
    json!({ "type": "message", "summary": message.subject(), "attachments": [attachment] })
}

/// What stands behind the name.
pub(super) fn behind(item: &Item) -> String {
    let title = item.title.as_ref().map(|title| format!(" {title}")).unwrap_or_default();
    format!("{title}: {}", item.said)
}

pub(super) fn more(message: &Message) -> Option<String> {
    (message.more > 0).then(|| format!("and {} more", message.more))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notification::Queue;

    fn item(title: &str, said: &str) -> Item {
        Item {
            name: "acme/web#12".into(),
            path: Some("acme/web/issues/12".into()),
            title: Some(title.into()),
            said: said.into(),
        }
    }

    fn message() -> Message {
        let release = Item {
            name: "release 2026.12 of customer".into(),
            path: None,
            title: None,
            said: "locked by kim".into(),
        };
        let queue = Queue { waiting: 5, overdue: 2, oldest: item("Old & tired", "asked for on 3 Nov 2026") };
        Message {
            owner: "acme".into(),
            items: vec![item("<!channel> *bold* <https://evil.example|free>", "accepted by kim"), release],
            more: 3,
            queue: Some(queue),
        }
    }

    #[test]
    fn slack_shows_links_and_nothing_that_somebody_wrote_as_anything_but_text() {
        let slack = slack(&message(), "https://github.com");
        insta::assert_snapshot!(serde_json::to_string_pretty(&slack).unwrap(), @r#"
        {
          "text": "<https://github.com/acme/web/issues/12|acme/web#12> &lt;!channel&gt; *bold* &lt;https://evil.example|free&gt;: accepted by kim\nrelease 2026.12 of customer: locked by kim\nand 3 more\nWaiting for a decision: 5, 2 of them overdue. The oldest: <https://github.com/acme/web/issues/12|acme/web#12> Old &amp; tired: asked for on 3 Nov 2026",
          "blocks": [
            {
              "type": "rich_text",
              "elements": [
                {
                  "type": "rich_text_list",
                  "style": "bullet",
                  "elements": [
                    {
                      "type": "rich_text_section",
                      "elements": [
                        {
                          "type": "link",
                          "url": "https://github.com/acme/web/issues/12",
                          "text": "acme/web#12"
                        },
                        {
                          "type": "text",
                          "text": " <!channel> *bold* <https://evil.example|free>: accepted by kim"
                        }
                      ]
                    },
                    {
                      "type": "rich_text_section",
                      "elements": [
                        {
                          "type": "text",
                          "text": "release 2026.12 of customer",
                          "style": {
                            "bold": true
                          }
                        },
                        {
                          "type": "text",
                          "text": ": locked by kim"
                        }
                      ]
                    }
                  ]
                },
                {
                  "type": "rich_text_section",
                  "elements": [
                    {
                      "type": "text",
                      "text": "and 3 more"
                    }
                  ]
                },
                {
                  "type": "rich_text_section",
                  "elements": [
                    {
                      "type": "text",
                      "text": "Waiting for a decision: 5, 2 of them overdue. The oldest: "
                    },
                    {
                      "type": "link",
                      "url": "https://github.com/acme/web/issues/12",
                      "text": "acme/web#12"
                    },
                    {
                      "type": "text",
                      "text": " Old & tired: asked for on 3 Nov 2026"
                    }
                  ]
                }
              ]
            }
          ],
          "unfurl_links": false
        }
        "#);
    }

    #[test]
    fn teams_shows_a_card_of_plain_text() {
        let teams = teams(&message(), "https://github.com");
        insta::assert_snapshot!(serde_json::to_string_pretty(&teams).unwrap(), @r#"
        {
          "type": "message",
          "summary": "acme/web#12: accepted by kim (and 4 more)",
          "attachments": [
            {
              "contentType": "application/vnd.microsoft.card.adaptive",
              "contentUrl": null,
              "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "fallbackText": "acme/web#12: accepted by kim (and 4 more)",
                "body": [
                  {
                    "type": "RichTextBlock",
                    "inlines": [
                      {
                        "type": "TextRun",
                        "text": "acme/web#12",
                        "weight": "Bolder",
                        "selectAction": {
                          "type": "Action.OpenUrl",
                          "url": "https://github.com/acme/web/issues/12"
                        }
                      },
                      {
                        "type": "TextRun",
                        "text": " <!channel> *bold* <https://evil.example|free>: accepted by kim"
                      }
                    ]
                  },
                  {
                    "type": "RichTextBlock",
                    "inlines": [
                      {
                        "type": "TextRun",
                        "text": "release 2026.12 of customer",
                        "weight": "Bolder"
                      },
                      {
                        "type": "TextRun",
                        "text": ": locked by kim"
                      }
                    ]
                  },
                  {
                    "type": "TextBlock",
                    "text": "and 3 more",
                    "isSubtle": true
                  },
                  {
                    "type": "RichTextBlock",
                    "inlines": [
                      {
                        "type": "TextRun",
                        "text": "Waiting for a decision: 5, 2 of them overdue. The oldest: "
                      },
                      {
                        "type": "TextRun",
                        "text": "acme/web#12",
                        "weight": "Bolder",
                        "selectAction": {
                          "type": "Action.OpenUrl",
                          "url": "https://github.com/acme/web/issues/12"
                        }
                      },
                      {
                        "type": "TextRun",
                        "text": " Old & tired: asked for on 3 Nov 2026"
                      }
                    ]
                  }
                ],
                "msteams": {
                  "width": "Full"
                }
              }
            }
          ]
        }
        "#);
    }

    #[test]
    fn teams_is_sent_what_it_takes_and_the_rest_is_counted() {
        let long = "𝕏".repeat(200);
        let message = Message { items: vec![item(&long, &long); 20], ..message() };
        let card = teams(&message, "https://github.com").to_string();
        assert!(card.len() <= TEAMS, "{}", card.len());
        let shown = card.matches("RichTextBlock").count() - 1;
        assert!((10..20).contains(&shown), "{shown}");
        assert!(card.contains(&format!("and {} more", 3 + 20 - shown)));
    }
}
