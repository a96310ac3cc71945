//! What must never happen.

/// Something that must never happen, and has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Wrong(u16);

impl Wrong {
    pub const UNAPPROVED: u16 = 1;
    pub const OVERTAKEN: u16 = 2;
    pub const OLD: u16 = 4;
    pub const UNCHECKED: u16 = 8;
    pub const TWO_AT_ONCE: u16 = 16;
    pub const NOT_ACCEPTED: u16 = 32;
    pub const FROZEN: u16 = 64;
    pub const OTHER_ATTEMPT: u16 = 128;
    pub const SENT_LATE: u16 = 256;
    pub const NOT_ITS_OWN: u16 = 512;
    pub const OWED: u16 = 1024;

    /// Each, and in words that it does not happen.
    pub const ALL: [(u16, &'static str); 11] = [
        (Self::UNAPPROVED, "no allow for a commit that lacks a required approval"),
        (Self::OVERTAKEN, "no allow that a restriction had overtaken which we had acknowledged"),
        (Self::OLD, "no allow by what GitHub said more than ten seconds ago"),
        (Self::UNCHECKED, "no allow for a commit whose check had not passed"),
        (Self::TWO_AT_ONCE, "no two deployments at once"),
        (Self::NOT_ACCEPTED, "no allow for a change that nobody accepted"),
        (Self::FROZEN, "no allow in a freeze"),
        (Self::OTHER_ATTEMPT, "no answer goes to another attempt than the one that was judged"),
        (Self::SENT_LATE, "no allow is sent that is too old or overtaken by what we had acknowledged"),
        (Self::NOT_ITS_OWN, "an emergency opens nothing that is not wholly its own"),
        (Self::OWED, "what is overdue for an emergency holds everything else back"),
    ];

    pub const fn is(self, what: u16) -> bool {
        self.0 & what != 0
    }

    pub fn note(&mut self, what: u16, is_so: bool) {
        if is_so {
            self.0 |= what;
        }
    }
}
