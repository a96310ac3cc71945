//! What a token of ours looks like: `cgt_`, 256 random bits and a checksum over both, all in hexadecimal, so that scanners
//! for secrets recognise one, and a mistyped one is told without a look into the database. It is kept as its digest alone.

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// What stands before.
pub const PREFIX: &str = "cgt_";
/// Of the random part, and of the checksum.
const DIGITS: (usize, usize) = (64, 8);

/// Makes one of random bytes.
#[must_use]
pub fn write(random: [u8; 32]) -> SecretString {
    let body = format!("{PREFIX}{}", hex::encode(random));
    let sum = checksum(body.as_bytes());
    SecretString::from(format!("{body}{sum:08x}"))
}

/// By what it is known; `None`: it is no such token.
#[must_use]
pub fn digest(text: &str) -> Option<String> {
    let rest = text.strip_prefix(PREFIX)?;
    let (body, sum) = text.split_at_checked(PREFIX.len() + DIGITS.0)?;
    let is_hexadecimal = rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let is_whole = sum.len() == DIGITS.1 && is_hexadecimal;
    (is_whole && sum == format!("{:08x}", checksum(body.as_bytes())))
        .then(|| hex::encode(Sha256::digest(text)))
}

/// By what a new one is known.
#[must_use]
pub fn digest_of(secret: &SecretString) -> String {
    hex::encode(Sha256::digest(secret.expose_secret()))
}

/// CRC-32 as in ISO 3309, which the scanners of secrets compute too.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_token_is_recognised_and_a_mistyped_one_is_none() {
        let secret = write([0xa5; 32]);
        let text = secret.expose_secret();
        assert_eq!(text, &format!("cgt_{}8323e036", "a5".repeat(32)));
        assert_eq!(digest(text), Some(digest_of(&secret)));
        let other = text.replace("cgt_a", "cgt_b");
        for wrong in [&other, &text.to_uppercase(), &text[..75], &format!("{text}0"), "cgt_", "", "cgt_é"] {
            assert_eq!(digest(wrong), None, "{wrong}");
        }
        assert!(!format!("{secret:?}").contains("a5a5"));
    }
}
