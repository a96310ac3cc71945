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

    /// A line for each value, with the way to it.
    fn lines(value: &Value) -> String {
        let below = |(name, value): (String, &Value)| {
            let lines = lines(value);
            lines.lines().map(|line| format!("{name}.{line}")).collect::<Vec<_>>().join("\n")
        };
        match value {
            Value::Object(keys) => {
                keys.iter().map(|(key, value)| below((key.clone(), value))).collect::<Vec<_>>().join("\n")
            }
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(n, value)| below((n.to_string(), value)))
                .collect::<Vec<_>>()
                .join("\n"),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => format!("= {value}"),
        }
    }

    #[test]
    fn slack_shows_links_and_nothing_that_somebody_wrote_as_anything_but_text() {
        let slack = slack(&message(), "https://github.com");
        insta::assert_snapshot!(lines(&slack), @r#"
        text.= "<https://github.com/acme/web/issues/12|acme/web#12> &lt;!channel&gt; *bold* &lt;https://evil.example|free&gt;: accepted by kim\nrelease 2026.12 of customer: locked by kim\nand 3 more\nWaiting for a decision: 5, 2 of them overdue. The oldest: <https://github.com/acme/web/issues/12|acme/web#12> Old &amp; tired: asked for on 3 Nov 2026"
        blocks.0.type.= "rich_text"
        blocks.0.elements.0.type.= "rich_text_list"
        blocks.0.elements.0.style.= "bullet"
        blocks.0.elements.0.elements.0.type.= "rich_text_section"
        blocks.0.elements.0.elements.0.elements.0.type.= "link"
        blocks.0.elements.0.elements.0.elements.0.url.= "https://github.com/acme/web/issues/12"
        blocks.0.elements.0.elements.0.elements.0.text.= "acme/web#12"
        blocks.0.elements.0.elements.0.elements.1.type.= "text"
        blocks.0.elements.0.elements.0.elements.1.text.= " <!channel> *bold* <https://evil.example|free>: accepted by kim"
        blocks.0.elements.0.elements.1.type.= "rich_text_section"
        blocks.0.elements.0.elements.1.elements.0.type.= "text"
        blocks.0.elements.0.elements.1.elements.0.text.= "release 2026.12 of customer"
        blocks.0.elements.0.elements.1.elements.0.style.bold.= true
        blocks.0.elements.0.elements.1.elements.1.type.= "text"
        blocks.0.elements.0.elements.1.elements.1.text.= ": locked by kim"
        blocks.0.elements.1.type.= "rich_text_section"
        blocks.0.elements.1.elements.0.type.= "text"
        blocks.0.elements.1.elements.0.text.= "and 3 more"
        blocks.0.elements.2.type.= "rich_text_section"
        blocks.0.elements.2.elements.0.type.= "text"
        blocks.0.elements.2.elements.0.text.= "Waiting for a decision: 5, 2 of them overdue. The oldest: "
        blocks.0.elements.2.elements.1.type.= "link"
        blocks.0.elements.2.elements.1.url.= "https://github.com/acme/web/issues/12"
        blocks.0.elements.2.elements.1.text.= "acme/web#12"
        blocks.0.elements.2.elements.2.type.= "text"
        blocks.0.elements.2.elements.2.text.= " Old & tired: asked for on 3 Nov 2026"
        unfurl_links.= false
        "#);
    }

    #[test]
    fn teams_shows_a_card_of_plain_text() {
        let teams = teams(&message(), "https://github.com");
        insta::assert_snapshot!(lines(&teams), @r#"
        type.= "message"
        summary.= "acme/web#12 <!channel> *bold* <https://evil.example|free>: accepted by kim (and 4 more)"
        attachments.0.contentType.= "application/vnd.microsoft.card.adaptive"
        attachments.0.contentUrl.= null
        attachments.0.content.$schema.= "http://adaptivecards.io/schemas/adaptive-card.json"
        attachments.0.content.type.= "AdaptiveCard"
        attachments.0.content.version.= "1.4"
        attachments.0.content.fallbackText.= "acme/web#12 <!channel> *bold* <https://evil.example|free>: accepted by kim (and 4 more)"
        attachments.0.content.body.0.type.= "RichTextBlock"
        attachments.0.content.body.0.inlines.0.type.= "TextRun"
        attachments.0.content.body.0.inlines.0.text.= "acme/web#12"
        attachments.0.content.body.0.inlines.0.weight.= "Bolder"
        attachments.0.content.body.0.inlines.0.selectAction.type.= "Action.OpenUrl"
        attachments.0.content.body.0.inlines.0.selectAction.url.= "https://github.com/acme/web/issues/12"
        attachments.0.content.body.0.inlines.1.type.= "TextRun"
        attachments.0.content.body.0.inlines.1.text.= " <!channel> *bold* <https://evil.example|free>: accepted by kim"
        attachments.0.content.body.1.type.= "RichTextBlock"
        attachments.0.content.body.1.inlines.0.type.= "TextRun"
        attachments.0.content.body.1.inlines.0.text.= "release 2026.12 of customer"
        attachments.0.content.body.1.inlines.0.weight.= "Bolder"
        attachments.0.content.body.1.inlines.1.type.= "TextRun"
        attachments.0.content.body.1.inlines.1.text.= ": locked by kim"
        attachments.0.content.body.2.type.= "TextBlock"
        attachments.0.content.body.2.text.= "and 3 more"
        attachments.0.content.body.2.isSubtle.= true
        attachments.0.content.body.3.type.= "RichTextBlock"
        attachments.0.content.body.3.inlines.0.type.= "TextRun"
        attachments.0.content.body.3.inlines.0.text.= "Waiting for a decision: 5, 2 of them overdue. The oldest: "
        attachments.0.content.body.3.inlines.1.type.= "TextRun"
        attachments.0.content.body.3.inlines.1.text.= "acme/web#12"
        attachments.0.content.body.3.inlines.1.weight.= "Bolder"
        attachments.0.content.body.3.inlines.1.selectAction.type.= "Action.OpenUrl"
        attachments.0.content.body.3.inlines.1.selectAction.url.= "https://github.com/acme/web/issues/12"
        attachments.0.content.body.3.inlines.2.type.= "TextRun"
        attachments.0.content.body.3.inlines.2.text.= " Old & tired: asked for on 3 Nov 2026"
        attachments.0.content.msteams.width.= "Full"
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
