//! Faults on demand: what GitHub and the network do on bad days, asked for from outside.

use super::world::World;

/// Which requests a fault hits.
#[derive(Clone, Debug)]
pub enum On {
    /// A method and the beginning of a path.
    Rest(&'static str, String),
    /// Any GraphQL query.
    Graphql,
    /// Every request with a token of this installation.
    Installation(u64),
    /// Every request.
    Everything,
}

impl On {
    /// Requests with this method whose path begins so.
    pub fn rest(method: &'static str, path: &str) -> Self {
        Self::Rest(method, path.to_owned())
    }

    pub(super) fn hits(&self, method: &str, path: &str, installation: Option<u64>) -> bool {
        match self {
            Self::Rest(wanted, prefix) => method == *wanted && path.starts_with(prefix.as_str()),
            Self::Graphql => path == "/graphql",
            Self::Installation(number) => installation == Some(*number),
            Self::Everything => true,
        }
    }
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This 5xx, and nothing was done.
    ErrorBefore(u16),
    /// This 5xx, though the work was done.
    ErrorAfter(u16),
    /// The work was done, but the connection breaks before the answer.
    LostAnswer,
    /// No answer ever comes, and the connection stays.
    Silence,
    /// 401, as for a token that was revoked.
    Unauthorized,
    /// 403 of a secondary rate limit, with `retry-after` in seconds.
    Forbidden { retry_after: u32 },
    /// 429, with `retry-after` in seconds.
    TooMany { retry_after: u32 },
    /// 404, as for an object so fresh that not every replica knows it.
    NotFound,
    /// Answered from a copy of everything as it was when the fault was asked for. Only reads are.
    Stale,
}

/// What goes wrong with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// Never sent; the log shows a failed attempt.
    Drop,
    /// Sent twice.
    Duplicate,
    /// Sent with the next call of `deliver`, after everything that is pending then.
    Late,
}

#[derive(Debug)]
struct Rule {
    on: On,
    fault: Fault,
    left: u32,
    before: Option<Box<World>>,
}

/// The faults still to come, in the order in which they were asked for.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Rule>);

/// A fault that hits now.
pub(super) struct Struck {
    pub fault: Fault,
    /// For stale reads: the world of then.
    pub world: Option<Box<World>>,
}

impl Faults {
    pub fn add(&mut self, on: On, fault: Fault, times: u32, world: &World) {
        let before = (fault == Fault::Stale).then(|| Box::new(world.clone()));
        self.0.push(Rule { on, fault, left: times, before });
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The first fault that hits this request; it is used up once.
    pub fn strike(&mut self, method: &str, path: &str, installation: Option<u64>) -> Option<Struck> {
        let reads = method == "GET" || path == "/graphql";
        let hit =
            |rule: &Rule| rule.on.hits(method, path, installation) && (reads || rule.fault != Fault::Stale);
        let place = self.0.iter().position(hit)?;
        let rule = self.0.get_mut(place)?;
        rule.left = rule.left.saturating_sub(1);
        if rule.left == 0 {
            let Rule { fault, before, .. } = self.0.remove(place);
            return Some(Struck { fault, world: before });
        }
        Some(Struck { fault: rule.fault, world: rule.before.clone() })
    }
}
