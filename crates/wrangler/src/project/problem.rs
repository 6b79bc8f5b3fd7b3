//! What is wrong with a service in an environment, and what of its configuration is meant.

/// Which rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// It is deployed by wrangler alone, or not at all.
    Refused,
    /// The configuration names another Cloudflare account.
    Account,
    /// wrangler refuses a custom domain like that.
    CustomDomain,
    /// It reaches out of its environment.
    Isolation,
    /// The same, by a key of the configuration that nobody knows.
    UnknownKey,
    /// One name for two things.
    Clash,
    /// A binding that leads nowhere.
    WithoutId,
    /// A Worker without code is given what only code can use.
    WithoutCode,
    /// No compatibility date, or one that cannot be.
    Date,
    /// Bindings that stand at the top level only.
    NotInherited,
    /// Another environment's section cannot be read, so that nothing can be compared with it.
    Unread,
    /// The manifest names what no service has.
    Unused,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub rule: Rule,
    /// What of the configuration it is about, as that has it: a binding's name, a key, a text; may be empty.
    pub about: String,
    /// A sentence, without what has it.
    pub text: String,
}

impl Problem {
    pub(super) fn new(rule: Rule, about: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            rule,
            about: about.into(),
            text: text.into(),
        }
    }
}
