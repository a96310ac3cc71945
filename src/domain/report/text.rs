//! (to come)

pub fn escape(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '!' | '&' => safe.extend(['\\', c]),
            '@' | '#' => safe.extend([c, '\u{200b}']),
            '\r' | '\n' => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}
