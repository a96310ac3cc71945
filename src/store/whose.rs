//! Through which installation a delivery came, seen at a glance. Nothing is decided by it: it only shares out the queue of
//! what is to be routed, before anybody has read the bodies.

/// How GitHub writes it. Inside a text of a body the quotes would be escaped.
const INSTALLATION: &[u8] = b"\"installation\":{\"id\":";
/// How far from its end a body is looked through: GitHub writes the installation last.
const FAR: usize = 64 * 1024;

/// The number of the installation; empty where it is not seen.
pub(super) fn whose(body: &[u8]) -> String {
    let end = body.get(body.len().saturating_sub(FAR)..).unwrap_or(body);
    let place = end.windows(INSTALLATION.len()).rposition(|part| part == INSTALLATION);
    let after = place.and_then(|place| end.get(place + INSTALLATION.len()..)).unwrap_or_default();
    let digits = after.iter().take(20).take_while(|byte| byte.is_ascii_digit());
    digits.map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installation_is_seen_where_github_writes_it_and_nowhere_else() {
        for (body, seen) in [
            (r#"{"issue":{},"installation":{"id":77,"node_id":"x"}}"#, "77"),
            (r#"{"installation":{"id":77},"issue":{"body":"\"installation\":{\"id\":78}"}}"#, "77"),
            (r#"{"installation":{"id":null}}"#, ""),
            (r#"{"installation":{"node_id":"x","id":77}}"#, ""),
            (r#"{"action":"opened"}"#, ""),
            ("", ""),
        ] {
            assert_eq!(whose(body.as_bytes()), seen, "{body}");
        }
        let long = format!(r#"{{"body":"{}","installation":{{"id":77}}}}"#, "x".repeat(FAR));
        assert_eq!(whose(long.as_bytes()), "77");
    }
}
