//! What can go wrong with a call, as a person reads it, and the remedy.

use std::fmt;

use super::Needs;
use crate::retry::{Doubt, NoAnswer};

/// A call that failed: what it was to do, and why it could not.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing}")]
pub struct Error {
    /// The intent, as it reads after "could not".
    pub doing: String,
    /// Why.
    #[source]
    pub cause: Cause,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// Cloudflare answered that it will not.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// Nothing usable came back from the network.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// Something else answered (an error page, a challenge), or the answer has another shape than documented.
    #[error(
        "Cloudflare answered {status}{} with something that cannot be read ({problem}): {excerpt}",
        with_ray(ray)
    )]
    Unreadable {
        status: u16,
        ray: String,
        problem: String,
        excerpt: String,
        /// `cf-mitigated: challenge`: a firewall in front of the API wants a browser.
        challenged: bool,
    },
    /// A list of several pages that changed each time it was read, gave other than it told, or never ended.
    #[error("the list changed each time it was read, so that it may lack something")]
    Unproven,
    /// A fact of the account that makes the call pointless, found by us.
    #[error("{problem}")]
    Unfit { problem: String, remedy: String },
}

/// A refusal: status, codes of both levels of the envelope, and the request's id.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub status: u16,
    /// In the order in which the envelope tells them, each `error_chain` after its parent.
    pub codes: Vec<Code>,
    /// `cf-ray`, which Cloudflare's support asks for; empty when absent.
    pub ray: String,
    pub needs: Option<Needs>,
    /// An earlier try of the same call may have been carried out.
    pub after_unclear: bool,
}

/// One error of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    pub code: u32,
    pub message: String,
}

fn with_ray(ray: &str) -> String {
    if ray.is_empty() {
        String::new()
    } else {
        format!(" (ray {ray})")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut facts: Vec<String> = Vec::new();
        if !self.codes.is_empty() {
            let codes: Vec<String> = self.codes.iter().map(|code| code.code.to_string()).collect();
            facts.push(format!("code {}", codes.join(", ")));
        }
        if !self.ray.is_empty() {
            facts.push(format!("ray {}", self.ray));
        }
        write!(f, "Cloudflare answered {}", self.status)?;
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        let mut messages: Vec<&str> = Vec::new();
        for code in &self.codes {
            let message = code.message.trim();
            if !message.is_empty() && !messages.contains(&message) {
                messages.push(message);
            }
        }
        if messages.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", messages.join(": "))
    }
}

impl std::error::Error for Refusal {}

/// Refusals with a remedy that does not depend on the call.
const REMEDIES: &[(u32, &str)] = &[
    (
        1000,
        "the API token is not valid (revoked, or cut when it was copied): make a new one and store it as the secret `CLOUDFLARE_API_TOKEN`",
    ),
    (
        1038,
        "Cloudflare's DNS API refuses zones under .cf, .ga, .gq, .ml and .tk: edit their records in the dashboard",
    ),
    (
        6003,
        "the API token is malformed: the secret is to hold the token alone, without quotes, spaces or a line break, and not the global API key",
    ),
    (
        6111,
        "the API token is malformed: the secret is to hold the token alone, without quotes, spaces or a line break, and not the global API key",
    ),
    (9106, "no API token arrived: is the secret `CLOUDFLARE_API_TOKEN` set?"),
    (
        10405,
        "this kind of token is not accepted here: use an API token, not a global API key or an origin key",
    ),
    // Names of these codes: wrangler 4.164.
    (
        100_402,
        "the `exports` of the wrangler configuration do not fit the Durable Objects that are there: a class that is gone from the code stays in `exports`, as `deleted`, `renamed` or `transferred`",
    ),
    (
        100_405,
        "versions that share the traffic are to have the same Durable Object `exports`: give one of them all of it",
    ),
    (9300, "the zone's plan has no tags on DNS records: leave `tags` out"),
    (
        81045,
        "the zone's quota of DNS records is used up (200 on new Free zones): delete records that are no longer needed",
    ),
];

/// Codes that mean: this token may not do this here.
const FORBIDDEN: &[u32] = &[9109, 10000, 10023];
/// Codes that mean: no such account or zone, or none that this token can see.
const NO_ROUTE: &[u32] = &[7000, 7003];

impl Refusal {
    /// Whether any level of the envelope names this code.
    pub fn has(&self, code: u32) -> bool {
        self.codes.iter().any(|found| found.code == code)
    }

    fn has_any(&self, codes: &[u32]) -> bool {
        codes.iter().any(|code| self.has(*code))
    }

    fn hint(&self) -> Option<String> {
        if let Some((_, remedy)) = REMEDIES.iter().find(|(code, _)| self.has(*code)) {
            return Some((*remedy).to_owned());
        }
        if self.has_any(NO_ROUTE) {
            let on = self
                .needs
                .as_ref()
                .map(|needs| format!(" for {}", needs.on))
                .unwrap_or_default();
            return Some(format!(
                "Cloudflare finds no such account or zone{on}: check `cloudflare-account-id` and `cloudflare-zone-id`, and that the token includes them"
            ));
        }
        if self.status == 429 {
            return Some(
                "Cloudflare allows 1200 requests in five minutes for one token, the dashboard's included: wait, or use a token of its own here"
                    .to_owned(),
            );
        }
        if self.has_any(FORBIDDEN) || matches!(self.status, 401 | 403) {
            return Some(match &self.needs {
                Some(needs) => format!("the token needs {needs}; edit it under API Tokens in the dashboard"),
                None => "the token lacks a permission for this: edit it under API Tokens in the dashboard".to_owned(),
            });
        }
        None
    }
}

impl Error {
    /// A fact of the account that makes the call pointless, and what to do about it.
    pub(crate) fn unfit(doing: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            doing: doing.into(),
            cause: Cause::Unfit {
                problem: problem.into(),
                remedy: remedy.into(),
            },
        }
    }

    /// The refusal, when Cloudflare answered.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.cause {
            Cause::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether Cloudflare refused with this code, on either level of the envelope.
    pub fn has(&self, code: u32) -> bool {
        self.refusal().is_some_and(|refusal| refusal.has(code))
    }

    /// Whether Cloudflare refused with one of these codes.
    pub fn has_any(&self, codes: &[u32]) -> bool {
        self.refusal().is_some_and(|refusal| refusal.has_any(codes))
    }

    /// The answer's status, when there was one.
    pub fn status(&self) -> Option<u16> {
        match &self.cause {
            Cause::Refused(refusal) => Some(refusal.status),
            Cause::Unreadable { status, .. } => Some(*status),
            Cause::NoAnswer(_) | Cause::Unproven | Cause::Unfit { .. } => None,
        }
    }

    /// Whether the call may have been carried out all the same: no answer came, a 408 or 5xx, or a success that cannot
    /// be read. Look before asking again.
    pub fn is_unclear(&self) -> bool {
        match &self.cause {
            Cause::Refused(refusal) => matches!(refusal.status, 408 | 500..),
            Cause::NoAnswer(lost) => matches!(lost, NoAnswer::Ambiguous { .. }),
            Cause::Unreadable { status, .. } => matches!(status, 200..300 | 408 | 500..),
            Cause::Unproven | Cause::Unfit { .. } => false,
        }
    }

    /// What the failure of a create leaves open; `taken` are the codes that say that the thing exists.
    pub(crate) fn doubt(&self, taken: &[u32]) -> Doubt {
        if self.has_any(taken) {
            Doubt::Taken
        } else if self.is_unclear() {
            Doubt::Unclear
        } else {
            Doubt::None
        }
    }

    /// Whether this refusal says that the thing of the call is not there: by one of these codes, or by a 404 that is
    /// not about the account or the zone. The page of a proxy in between is no refusal.
    pub(crate) fn is_absent(&self, codes: &[u32]) -> bool {
        self.has_any(codes) || self.is_refused_with(404) && !self.has_any(NO_ROUTE)
    }

    /// Whether Cloudflare refused with this status, in an answer that is one of its API.
    pub(crate) fn is_refused_with(&self, status: u16) -> bool {
        self.refusal().is_some_and(|refusal| refusal.status == status)
    }

    /// The same, after a try that may have been carried out.
    pub(crate) fn after_unclear(mut self) -> Self {
        if let Cause::Refused(refusal) = &mut self.cause {
            refusal.after_unclear = true;
        }
        self
    }

    /// Whether what was asked for may have been done, now or by an earlier try.
    pub fn may_be_done(&self) -> bool {
        self.is_unclear() || self.is_after_unclear()
    }

    /// Whether this refusal follows a try of the same call that may have been carried out: "gone" may be our own doing.
    pub fn is_after_unclear(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.after_unclear)
    }

    /// Whether the token may not do this.
    pub fn is_forbidden(&self) -> bool {
        self.refusal()
            .is_some_and(|refusal| refusal.has_any(FORBIDDEN) || matches!(refusal.status, 401 | 403))
    }

    /// Whether Cloudflare itself refused, with a code of its own: a page of a firewall or a proxy in between has none.
    pub fn is_its_own(&self) -> bool {
        self.refusal()
            .is_some_and(|refusal| refusal.codes.iter().any(|code| code.code != 0))
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match &self.cause {
            Cause::Refused(refusal) => refusal.hint(),
            Cause::Unreadable { challenged: true, .. } => Some(
                "a firewall asks this runner for a browser check: allow the runner's address, or use another runner"
                    .to_owned(),
            ),
            Cause::Unreadable { status, .. } if *status >= 500 => {
                Some("Cloudflare seems to be in trouble: see www.cloudflarestatus.com and run again".to_owned())
            }
            Cause::Unreadable { .. } => Some("check `cloudflare-api-url`: it is to end in `/client/v4`".to_owned()),
            Cause::NoAnswer(lost) => lost.hint("cloudflare-api-url", "cloudflare-api-token"),
            Cause::Unproven => Some("run again when fewer other runs change the account".to_owned()),
            Cause::Unfit { remedy, .. } => Some(remedy.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudflare::Permission;

    fn refused(status: u16, codes: &[(u32, &str)], needs: Option<Needs>) -> Error {
        let code = |(code, message): &(u32, &str)| Code {
            code: *code,
            message: (*message).to_owned(),
        };
        Error {
            doing: "list the DNS records of `example.com`".to_owned(),
            cause: Cause::Refused(Box::new(Refusal {
                status,
                codes: codes.iter().map(code).collect(),
                ray: "8a1".to_owned(),
                needs,
                after_unclear: false,
            })),
        }
    }

    #[test]
    fn only_an_answer_of_the_api_says_that_a_thing_is_not_there() {
        let page = Error {
            doing: "delete it".to_owned(),
            cause: Cause::Unreadable {
                status: 404,
                ray: String::new(),
                problem: "no JSON".to_owned(),
                excerpt: "<html>".to_owned(),
                challenged: false,
            },
        };
        assert!(!page.is_absent(&[]));
        assert!(refused(404, &[], None).is_absent(&[]));
        assert!(!refused(404, &[(7003, "")], None).is_absent(&[]));
    }

    #[test]
    fn a_missing_permission_is_named_with_its_menus() {
        let needs = Needs::zone(Permission::DnsEdit, "example.com");
        let error = refused(403, &[(10000, "Authentication error")], Some(needs));
        insta::assert_snapshot!(crate::error::render(&error.into()), @r"
        could not list the DNS records of `example.com`
        caused by: Cloudflare answered 403 (code 10000, ray 8a1): Authentication error
        hint: the token needs Zone → DNS → Edit on zone `example.com`; edit it under API Tokens in the dashboard
        ");
    }

    #[test]
    fn the_useful_code_of_the_lower_level_is_told_and_found() {
        let error = refused(
            400,
            &[
                (1004, "DNS Validation Error"),
                (9300, "DNS record has 1 tags, exceeding the quota of 0."),
            ],
            None,
        );
        assert!(error.has(9300));
        insta::assert_snapshot!(crate::error::render(&error.into()), @r"
        could not list the DNS records of `example.com`
        caused by: Cloudflare answered 400 (code 1004, 9300, ray 8a1): DNS Validation Error: DNS record has 1 tags, exceeding the quota of 0.
        hint: the zone's plan has no tags on DNS records: leave `tags` out
        ");
    }

    #[test]
    fn each_trouble_with_a_token_has_its_own_remedy() {
        let needs = || Some(Needs::zone(Permission::DnsRead, "023e"));
        let hint = |status, code| refused(status, &[(code, "")], needs()).hint().unwrap_or_default();
        assert!(hint(401, 1000).contains("not valid"));
        assert!(hint(400, 6003).contains("malformed"));
        assert!(hint(403, 9109).contains("Zone → DNS → Read on zone `023e`"));
        assert!(hint(404, 7003).contains("`cloudflare-zone-id`"));
        assert!(hint(429, 971).contains("1200 requests"));
        assert!(hint(400, 100_402).contains("stays in `exports`"));
        assert!(refused(409, &[(100_116, "in use")], None).hint().is_none());
    }
}
