//! An issue's text as the answers to a form: GitHub writes each field as a heading with its answer below.
//!
//! GitHub enforces `required` only in public repositories, and people edit the text afterwards, so what is missing
//! is found in the text itself.

use super::markdown::{self, Stands};

/// An issue's text, read as a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// What stands before the first heading; everything, where there is none.
    pub before: String,
    /// The headings with their answers, in the order of the text; a heading may occur twice.
    pub answers: Vec<Answer>,
}

/// A heading and what was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub heading: String,
    /// Without HTML comments; empty where nothing was answered.
    pub text: String,
    /// The boxes to tick, in order.
    pub boxes: Vec<Tick>,
    /// The lines below the heading as they were written, HTML comments and all: whatever a reader may be shown of the
    /// answer is in them. Ticks, blanks at the ends of lines and empty lines around it are left out.
    pub written: String,
}

/// A box to tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    pub label: String,
    pub ticked: bool,
}

/// What GitHub writes for a field that was left empty.
const NO_RESPONSE: &str = "_No response_";

/// Reads an issue's text. Every text is a form, if only one without answers.
#[must_use]
pub fn parse(body: &str) -> Form {
    let mut form = Form::default();
    let (mut text, mut written) = (Vec::new(), Vec::new());
    for (line, raw) in lines(body) {
        match heading(&line) {
            Some(heading) => {
                form.close(&text, &written);
                (text, written) = (Vec::new(), Vec::new());
                form.answers.push(Answer { heading, ..Answer::default() });
            }
            None => {
                written.push(raw);
                text.extend((line.stands != Stands::Hidden).then_some(line));
            }
        }
    }
    form.close(&text, &written);
    form
}

/// The whole text as [`Answer::written`] has a part of it.
#[must_use]
pub fn written(body: &str) -> String {
    joined(&lines(body).map(|(_, raw)| raw).collect::<Vec<_>>())
}

/// Each line as it is read, and as it was written but for ticks and blanks at its end.
fn lines(body: &str) -> impl Iterator<Item = (markdown::Line, String)> {
    let raw = body.replace("\r\n", "\n").replace('\r', "\n");
    let raw: Vec<String> = raw.split('\n').map(|line| line.trim_end().to_owned()).collect();
    markdown::lines(body).into_iter().zip(raw).map(|(line, raw)| {
        let raw = if line.stands == Stands::Code { raw } else { unticked(raw) };
        (line, raw)
    })
}

fn unticked(raw: String) -> String {
    match (tick(&raw), raw.split_once('[')) {
        (Some(Tick { label, .. }), Some((before, _))) => format!("{before}[ ] {label}"),
        (Some(_), None) | (None, _) => raw,
    }
}

fn joined(lines: &[String]) -> String {
    lines.join("\n").trim_matches('\n').to_owned()
}

impl Form {
    /// Which of the required fields have no answer, as the policy writes them.
    #[must_use]
    pub fn missing<S: AsRef<str>>(&self, required: &[S]) -> Vec<String> {
        let missing = required.iter().map(AsRef::as_ref).filter(|field| !self.answers_to(field));
        missing.map(str::to_owned).collect()
    }

    /// Whether a heading names the field and something is answered below it.
    fn answers_to(&self, field: &str) -> bool {
        self.answers_of(field).any(Answer::says_something)
    }

    /// The answers to a field, in the order of the text; a heading may occur twice.
    pub fn answers_of<'a>(&'a self, field: &str) -> impl Iterator<Item = &'a Answer> {
        let field = bare(field);
        self.answers.iter().filter(move |answer| bare(&answer.heading) == field)
    }

    fn close(&mut self, lines: &[markdown::Line], written: &[String]) {
        let whole = lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
        let whole = whole.trim();
        let Some(answer) = self.answers.last_mut() else {
            self.before = whole.into();
            return;
        };
        answer.text = if whole.eq_ignore_ascii_case(NO_RESPONSE) { String::new() } else { whole.into() };
        let ticks = lines.iter().filter(|line| line.stands != Stands::Code);
        answer.boxes = ticks.filter_map(|line| tick(&line.text)).collect();
        answer.written = joined(written);
    }
}

impl Answer {
    /// Boxes alone are an answer when one is ticked.
    fn says_something(&self) -> bool {
        let only_boxes = self.text.lines().all(|line| line.trim().is_empty() || tick(line).is_some());
        !self.text.is_empty() && (!only_boxes || self.boxes.iter().any(|tick| tick.ticked))
    }
}

/// `### What`; deeper headings belong to the answer.
fn heading(line: &markdown::Line) -> Option<String> {
    if line.stands != Stands::Open {
        return None;
    }
    let text = line.text.trim_start();
    let after = text.trim_start_matches('#');
    let level = text.len() - after.len();
    let is_heading = (1..=3).contains(&level) && (after.is_empty() || after.starts_with([' ', '\t']));
    is_heading.then(|| after.trim().trim_end_matches('#').trim_end().to_owned())
}

/// `- [x] I have read it`.
fn tick(line: &str) -> Option<Tick> {
    let item = line.trim_start().strip_prefix(['-', '*', '+'])?.trim_start().strip_prefix('[')?;
    let (mark, label) = item.split_once(']')?;
    let ticked = match mark {
        "x" | "X" => true,
        " " | "" => false,
        _ => return None,
    };
    Some(Tick { label: label.trim().into(), ticked })
}

/// Case, space, emphasis and a closing question mark or colon do not matter.
pub(super) fn bare(heading: &str) -> String {
    let kept = heading.chars().filter(|c| !matches!(c, '?' | ':' | '*'));
    let kept: String = kept.collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: [&str; 3] = ["What is needed", "Why", "Who is affected"];

    fn missing(body: &str) -> String {
        parse(body).missing(&REQUIRED).join(", ")
    }

    #[test]
    fn a_required_field_is_missing_unless_something_is_answered_below_its_heading() {
        for (body, expected) in [
            ("", "What is needed, Why, Who is affected"),
            ("Please make it faster.", "What is needed, Why, Who is affected"),
            ("### What is needed\n\nSpeed\n\n### Why\n\nMoney\n\n### Who is affected\n\nSales", ""),
            ("### what IS needed?\r\n\r\nSpeed\r\n\r\n### Why:\r\n\r\nMoney", "Who is affected"),
            ("### **Why?**\nMoney", "What is needed, Who is affected"),
            ("### Why\n\n_No response_", "What is needed, Why, Who is affected"),
            ("### Why\n\n_no response_\n\n### Why\n\nMoney", "What is needed, Who is affected"),
            ("### Why\n\nMoney\n\n### Why\n\n_No response_", "What is needed, Who is affected"),
            ("### Why\n\n<!-- say why -->", "What is needed, Why, Who is affected"),
            ("### Why\n\n<!-- say\nwhy --> Money", "What is needed, Who is affected"),
            ("<!--\n### Why\n\nMoney\n-->", "What is needed, Why, Who is affected"),
            ("```\n### Why\n\nMoney\n```", "What is needed, Why, Who is affected"),
            ("> ### Why\n> Money", "What is needed, Why, Who is affected"),
            ("    ### Why\n\nMoney", "What is needed, Why, Who is affected"),
            ("### Why\n\n```\n### Who is affected\n```\n", "What is needed, Who is affected"),
            ("### Why\n\n- [ ] Law\n- [ ] Money", "What is needed, Why, Who is affected"),
            ("### Why\n\n- [ ] Law\n- [X] Money", "What is needed, Who is affected"),
            ("### Why\n\n- [ ] Law\nand more", "What is needed, Who is affected"),
            ("# Why\n\nMoney\n\n## Who is affected ##\nSales", "What is needed"),
            ("### Why\n\n#### In short\n\nMoney", "What is needed, Who is affected"),
            ("###Why\n\nMoney", "What is needed, Why, Who is affected"),
            ("### What   is needed\n\nx", "Why, Who is affected"),
        ] {
            assert_eq!(missing(body), expected, "{body:?}");
        }
    }

    #[test]
    fn answers_keep_their_order_and_their_boxes() {
        let form = parse("Hello\n\n### A\n\none\ntwo\n\n### B\n\n- [x] ready\n- [ ] steady\n\n### A\n");
        assert_eq!(form.before, "Hello");
        let headings: Vec<&str> = form.answers.iter().map(|answer| answer.heading.as_str()).collect();
        assert_eq!(headings, ["A", "B", "A"]);
        assert_eq!(form.answers[0].text, "one\ntwo");
        let ready = Tick { label: "ready".into(), ticked: true };
        let steady = Tick { label: "steady".into(), ticked: false };
        assert_eq!(form.answers[1].boxes, [ready, steady]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_form(body in proptest::prelude::any::<String>()) {
            let form = parse(&body);
            proptest::prop_assert!(form.missing(&REQUIRED).len() <= REQUIRED.len());
        }

        #[test]
        fn any_arrangement_of_marks_is_a_form(body in "[#`\\-\\[\\]xX<>! _\r\n\tWhy]{0,80}") {
            let form = parse(&body);
            proptest::prop_assert!(form.missing(&REQUIRED).len() <= REQUIRED.len());
        }

        #[test]
        fn an_answered_form_misses_nothing(answer in "[a-z]{1,20}") {
            let body: String = REQUIRED.map(|field| format!("### {field}\n\n{answer}\n\n")).concat();
            proptest::prop_assert_eq!(parse(&body).missing(&REQUIRED), Vec::<String>::new());
        }
    }
}
