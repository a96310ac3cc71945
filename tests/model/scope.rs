//! What happens in a run of the model, and what settling and sending make sure of.

/// What happens at all: the parts of the world that a run of the model looks at.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    pub replicas: usize,
    pub signing: Signing,
    /// The change request and the policy file are edited.
    pub edits: bool,
    /// Checks are run again; GitHub is down.
    pub outages: bool,
    /// Which attempts are started.
    pub attempts: &'static [usize],
    /// Effects are sent twice, deliveries come again under another name, jobs are cancelled or started by hand.
    pub mischief: bool,
    /// An emergency is declared, signed and looked back on.
    pub emergencies: bool,
    /// Time passes: an hour at once.
    pub phases: u8,
}

/// What people do about our pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// It was approved and merged at the beginning, and nothing changes about that.
    Settled,
    /// It was merged; approvals come and go.
    Reviews,
    /// Before it is merged, somebody pushes, too.
    Pushes,
}

/// What settling and sending make sure of. Each is there because something goes wrong without it.
#[derive(Debug, Clone, Copy)]
pub struct Shell {
    pub checks_the_lease: bool,
    pub checks_the_read_set: bool,
    pub waits_for_what_was_acknowledged: bool,
    pub refuses_old_facts: bool,
    pub keeps_effects_per_attempt: bool,
    pub sends_only_what_holds: bool,
}

impl Shell {
    pub const WHOLE: Self = Self {
        checks_the_lease: true,
        checks_the_read_set: true,
        waits_for_what_was_acknowledged: true,
        refuses_old_facts: true,
        keeps_effects_per_attempt: true,
        sends_only_what_holds: true,
    };
}
