//! Which lines of a Markdown text their author says in the open: what is quoted, shown as code or hidden in a
//! comment is not said.
//!
//! Where GitHub's rendering could be read in two ways, a line counts as not said.

/// One line of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What the reader sees of it: without HTML comments.
    pub text: String,
    /// The same without inline code, of which one back-tick is left.
    pub words: String,
    /// In what it stands.
    pub stands: Stands,
}

/// In what a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// In the open.
    Open,
    /// In a quotation.
    Quote,
    /// In a fenced, indented, inline or HTML code block, or on the fence itself.
    Code,
    /// Behind the end of a comment: to be seen, but no beginning of a line.
    Behind,
    /// In a comment.
    Hidden,
}

/// The words of the lines that are said in the open.
pub fn open_words(text: &str) -> impl Iterator<Item = String> {
    lines(text).into_iter().filter(|line| line.stands == Stands::Open).map(|line| line.words)
}

/// The lines of `text`, in order. Ends of lines may be `\n`, `\r\n` or `\r`.
#[must_use]
pub fn lines(text: &str) -> Vec<Line> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let all: Vec<&str> = text.split('\n').collect();
    let last_end = all.iter().rposition(|line| line.contains("-->")).map_or(usize::MAX, |at| all.len() - at);
    let mut reader = Reader { block: Block::None, span: None, last_end };
    (0..all.len()).map(|at| reader.read(all.get(at..).unwrap_or_default())).collect()
}

/// The columns of blank space that a line begins with; a tab counts four.
#[must_use]
pub fn indentation(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

#[derive(Debug)]
enum Block {
    None,
    Fence {
        mark: char,
        length: usize,
    },
    /// An HTML element whose content is shown as it is, until this closing tag.
    Raw(&'static str),
    Comment,
}

#[derive(Debug)]
struct Reader {
    block: Block,
    /// The length of the run of back-ticks that closes the inline code we are in.
    span: Option<usize>,
    /// How many lines are left at the last one that can end a comment.
    last_end: usize,
}

const RAW: [(&str, &str); 4] =
    [("<pre", "</pre>"), ("<script", "</script>"), ("<style", "</style>"), ("<textarea", "</textarea>")];

impl Reader {
    /// Reads the first of `rest`; the others are looked at for what closes what it opens.
    fn read(&mut self, rest: &[&str]) -> Line {
        let line = rest.first().copied().unwrap_or_default();
        match self.block {
            Block::Fence { mark, length } => {
                if closes_fence(line, mark, length) {
                    self.block = Block::None;
                }
                stands(line, Stands::Code)
            }
            Block::Raw(end) => {
                if line.to_ascii_lowercase().contains(end) {
                    self.block = Block::None;
                }
                stands(line, Stands::Code)
            }
            Block::Comment => match line.split_once("-->") {
                None => stands("", Stands::Hidden),
                Some((_, after)) => {
                    self.block = Block::None;
                    self.inline(after, rest, Stands::Behind)
                }
            },
            Block::None => self.open(line, rest),
        }
    }

    fn open(&mut self, line: &str, rest: &[&str]) -> Line {
        if line.trim().is_empty() {
            self.span = None;
            return stands("", Stands::Open);
        }
        if let Some((mark, length)) = fence(line) {
            (self.block, self.span) = (Block::Fence { mark, length }, None);
            return stands(line, Stands::Code);
        }
        if let Some(end) = raw(line) {
            if !line.to_ascii_lowercase().contains(end) {
                (self.block, self.span) = (Block::Raw(end), None);
            }
            return stands(line, Stands::Code);
        }
        if line.trim_start().starts_with('>') {
            self.span = None;
            return stands(line, Stands::Quote);
        }
        let begins = if self.span.is_some() || indentation(line) >= 4 { Stands::Code } else { Stands::Open };
        self.inline(line, rest, begins)
    }

    /// What is to be seen of a line; opens and closes inline code and comments.
    fn inline(&mut self, line: &str, rest: &[&str], stands: Stands) -> Line {
        let mut read = Line { text: String::new(), words: String::new(), stands };
        let mut left = line;
        let end = line.rfind("-->");
        while let Some(c) = left.chars().next() {
            let in_code = self.span.is_some();
            let run = left.len() - left.trim_start_matches('`').len();
            let mut step = c.len_utf8();
            if run > 0 {
                step = run;
                self.span = match self.span {
                    Some(length) if length == run => None,
                    Some(length) => Some(length),
                    None => is_closed(run, left.get(run..).unwrap_or_default(), rest).then_some(run),
                };
            } else if self.span.is_none() && c == '\\' {
                step += left.chars().nth(1).map_or(0, char::len_utf8);
            } else if self.span.is_none() && left.starts_with("<!--") {
                let here = line.len() - left.len();
                match end.filter(|end| *end >= here).and_then(|_| left.split_once("-->")) {
                    Some((_, after)) => {
                        left = after;
                        continue;
                    }
                    None if read.text.trim().is_empty() || rest.len() > self.last_end => {
                        self.block = Block::Comment;
                        return read;
                    }
                    None => {}
                }
            }
            let (seen, after) = left.split_at(step);
            read.text.push_str(seen);
            match (in_code, self.span.is_some()) {
                (false, false) => read.words.push_str(seen),
                (true, false) => read.words.push('`'),
                (false | true, true) => {}
            }
            left = after;
        }
        read
    }
}

fn stands(line: &str, stands: Stands) -> Line {
    Line { text: line.into(), words: line.into(), stands }
}

/// Whether a run of back-ticks of this length follows, before the paragraph ends.
fn is_closed(length: usize, here: &str, rest: &[&str]) -> bool {
    let goes_on = |line: &&&str| {
        !line.trim().is_empty() && fence(line).is_none() && !line.trim_start().starts_with('>')
    };
    let later = rest.iter().skip(1).take_while(goes_on).copied();
    std::iter::once(here).chain(later).any(|line| runs(line).any(|run| run == length))
}

/// The lengths of the runs of back-ticks in a line.
fn runs(line: &str) -> impl Iterator<Item = usize> {
    line.split(|c| c != '`').map(str::len).filter(|length| *length > 0)
}

/// The mark and the length of the fence that a line opens, in a list too.
fn fence(line: &str) -> Option<(char, usize)> {
    let text = without_list_marks(line);
    let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let info = text.trim_start_matches(mark);
    let length = text.len() - info.len();
    (length >= 3 && !(mark == '`' && info.contains('`'))).then_some((mark, length))
}

fn closes_fence(line: &str, mark: char, length: usize) -> bool {
    let text = line.trim();
    text.chars().all(|c| c == mark) && text.len() >= length
}

fn without_list_marks(line: &str) -> &str {
    let mut text = line.trim_start();
    loop {
        let after = match text.strip_prefix(['-', '*', '+']) {
            Some(after) => after,
            None => match text.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(['.', ')']) {
                Some(after) if text.starts_with(|c: char| c.is_ascii_digit()) => after,
                Some(_) | None => return text,
            },
        };
        if !after.starts_with([' ', '\t']) {
            return text;
        }
        text = after.trim_start();
    }
}

/// The closing tag of the element that a line opens, where its content is shown as it is.
fn raw(line: &str) -> Option<&'static str> {
    let text = line.trim_start().to_ascii_lowercase();
    RAW.into_iter().find_map(|(start, end)| {
        let after = text.strip_prefix(start)?;
        after.chars().next().is_none_or(|c| c.is_whitespace() || c == '>').then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> String {
        let open = lines(text).into_iter().filter(|line| line.stands == Stands::Open);
        open.map(|line| line.text).collect::<Vec<_>>().join("/")
    }

    #[test]
    fn only_what_is_said_in_the_open_is_read() {
        for (text, expected) in [
            ("a\r\nb\rc\nd", "a/b/c/d"),
            ("a\n> b\nc", "a/c"),
            ("a\n```\nb\n```\nc", "a/c"),
            ("a\n~~~ text\n```\nb\n~~~\nc", "a/c"),
            ("````\n```\nb\n````\nc", "c"),
            ("```\nnever closed", ""),
            ("- ```\n  b\n  ```\nc", "c"),
            ("1. ~~~\n   b\n   ~~~\nc", "c"),
            ("`one\ntwo` three\nfour", "`one/four"),
            ("`not closed\ntwo", "`not closed/two"),
            ("`not closed\n\ntwo`", "`not closed//two`"),
            ("\\`one\ntwo` three", "\\`one/two` three"),
            ("``one\n` two\n`` three\nfour", "``one/four"),
            ("a <!-- b --> c", "a  c"),
            ("a <!-- b\nc\nd --> e\nf", "a /f"),
            ("<!-- never closed\n\nb", ""),
            ("a <!-- never closed\nb", "a <!-- never closed/b"),
            ("`<!--` a\nb", "`<!--` a/b"),
            ("<pre>\na\n</pre>\nb", "b"),
            ("<PRE class='x'>\na\n\nb</PRE>\nc", "c"),
            ("<preview>\na", "<preview>/a"),
            ("    code\na", "a"),
            ("\tcode\na", "a"),
        ] {
            assert_eq!(open(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_words_of_a_line_are_what_is_no_code() {
        for (text, expected) in [
            ("a `b` c", "a ` c"),
            ("``a ` b`` c `d", "` c `d"),
            ("a \\`b` c", "a \\`b` c"),
            ("a `b\nc` d\ne", "a /e"),
            ("a `<!-- b -->` c <!-- d -->e", "a ` c e"),
        ] {
            assert_eq!(open_words(text).collect::<Vec<_>>().join("/"), expected, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_that_opens_and_never_closes_is_read_in_one_go() {
        for piece in ["<!--", "x<!--\n", "x`", "x`\n", "> ", "- ", "~~~\n", "<pre>\n", "\\`"] {
            let text = format!("x{}", piece.repeat(65_536 / piece.len()));
            assert!(!lines(&text).is_empty());
        }
        let runs: String = (1..360).map(|length| format!("x{}", "`".repeat(length))).collect();
        assert_eq!(lines(&runs).len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn every_text_has_as_many_lines_as_it_has_lines(text in "[a`~<>!\\-\\\\ \t\r\n#/é]{0,60}") {
            let count = text.replace("\r\n", "\n").replace('\r', "\n").split('\n').count();
            proptest::prop_assert_eq!(lines(&text).len(), count);
        }

        #[test]
        fn any_text_can_be_read(text in proptest::prelude::any::<String>()) {
            proptest::prop_assert!(!lines(&text).is_empty());
        }
    }
}
