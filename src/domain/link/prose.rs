//! Which words of a Markdown text are its author's own: what is quoted, shown as code or hidden says nothing.

/// The lines of `text` without quotes, fenced, indented and inline code, and HTML comments.
pub fn own_words(text: &str) -> Vec<String> {
    let mut reader = Reader::default();
    text.lines().filter_map(|line| reader.read(line)).collect()
}

#[derive(Debug)]
enum Inside {
    Prose { after_blank: bool },
    Fence { mark: char, length: usize },
    Indented,
    Comment,
}

#[derive(Debug)]
struct Reader(Inside);

impl Default for Reader {
    fn default() -> Self {
        Self(Inside::Prose { after_blank: true })
    }
}

impl Reader {
    fn read(&mut self, line: &str) -> Option<String> {
        match self.0 {
            Inside::Fence { mark, length } => {
                if fence(line).is_some_and(|(other, long, rest)| {
                    other == mark && long >= length && rest.trim().is_empty()
                }) {
                    self.0 = Inside::Prose { after_blank: true };
                }
                None
            }
            Inside::Comment => self.words(line),
            Inside::Prose { after_blank: true } | Inside::Indented if is_indented(line) => {
                self.0 = Inside::Indented;
                None
            }
            Inside::Prose { .. } | Inside::Indented => self.prose(line),
        }
    }

    fn prose(&mut self, line: &str) -> Option<String> {
        if let Some((mark, length, _)) = fence(line) {
            self.0 = Inside::Fence { mark, length };
            return None;
        }
        self.0 = Inside::Prose { after_blank: line.trim().is_empty() };
        if line.trim_start().starts_with('>') { None } else { self.words(line) }
    }

    /// The line without inline code and comments; a comment may begin or end in it.
    fn words(&mut self, line: &str) -> Option<String> {
        let (mut words, mut rest) = (String::new(), line);
        loop {
            if matches!(self.0, Inside::Comment) {
                let (_, after) = rest.split_once("-->")?;
                self.0 = Inside::Prose { after_blank: false };
                rest = after;
            }
            let Some(at) = [rest.find("<!--"), rest.find('`')].into_iter().flatten().min() else {
                words.push_str(rest);
                return Some(words);
            };
            let (before, special) = rest.split_at(at);
            words.push_str(before);
            if let Some(comment) = special.strip_prefix("<!--") {
                self.0 = Inside::Comment;
                if !comment.contains("-->") {
                    return Some(words);
                }
                rest = comment;
            } else {
                rest = after_code(special, &mut words);
            }
        }
    }
}

/// What follows the inline code that `text` begins with. Back-ticks without a counterpart are words.
fn after_code<'a>(text: &'a str, words: &mut String) -> &'a str {
    let inside = text.trim_start_matches('`');
    let ticks = text.get(..text.len() - inside.len()).unwrap_or_default();
    let mut from = inside;
    while let Some(at) = from.find('`') {
        let (_, run) = from.split_at(at);
        let after = run.trim_start_matches('`');
        if run.len() - after.len() == ticks.len() {
            words.push('`');
            return after;
        }
        from = after;
    }
    words.push_str(ticks);
    inside
}

/// The mark of a code fence, how often it stands there, and what follows.
fn fence(line: &str) -> Option<(char, usize, &str)> {
    let text = line.trim_start();
    let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = text.trim_start_matches(mark);
    let length = text.len() - rest.len();
    let is_fence = length >= 3 && !is_indented(line) && !(mark == '`' && rest.contains('`'));
    is_fence.then_some((mark, length, rest))
}

fn is_indented(line: &str) -> bool {
    (line.starts_with("    ") || line.starts_with('\t')) && !line.trim().is_empty()
}
