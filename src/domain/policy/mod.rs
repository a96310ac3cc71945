//! (to come)
#[derive(Debug, Clone, PartialEq)]
pub struct Policy;
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scope {
    Organisation,
    Repository,
    Alone,
}
#[derive(Debug)]
pub struct PolicyError;
impl std::fmt::Display for PolicyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("")
    }
}
pub const PATH: &str = ".github/changegate.yml";
#[derive(Debug, Clone, PartialEq)]
pub struct EffectivePolicy;
impl EffectivePolicy {
    pub fn of(_: Option<Policy>, _: Option<Policy>) -> Option<Self> {
        None
    }
    pub fn release_of(&self, _: &str, _: &str) -> Option<super::ids::ReleaseId> {
        None
    }
}
pub fn parse(_: &str, _: &str, _: Scope) -> Result<Policy, Vec<PolicyError>> {
    Ok(Policy)
}
