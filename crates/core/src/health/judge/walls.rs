//! What stands before an application and answers in its place: bot protection, logins, parking pages.

use url::Url;

use super::{Reason, Verdict, content};
use crate::health::{Answer, Expect};

const ACCESS: &str = "send an Access service token as `headers`: `CF-Access-Client-Id` and `CF-Access-Client-Secret`, and let a policy of action Service Auth accept it; or let the health path bypass Access";
const CHALLENGE: &str = "let the health path pass: a WAF custom rule with action Skip (managed rules, Super Bot Fight Mode, rate limiting) for the path or for a secret header that you send with `headers`; Bot Fight Mode and Under Attack mode know no such rule and are switched off under Security → Settings";
const VERCEL: &str = "send the project's bypass secret as header `x-vercel-protection-bypass` (Settings → Deployment Protection → Protection Bypass for Automation)";
const NETLIFY: &str = "take the password protection off this deploy, or check one that has none (Site configuration → Access & security → Visitor access)";

/// A wall that is never the application, whatever status is expected.
pub(super) fn in_front(expect: &Expect, answer: &Answer) -> Option<Verdict> {
    if let Some(mitigated) = answer.header("cf-mitigated") {
        // The only value that Cloudflare documents is `challenge`.
        let why = format!(
            "Cloudflare's bot protection answered {} (cf-mitigated: {})",
            answer.status,
            short(mitigated)
        );
        return Some(Verdict::never(why, CHALLENGE));
    }
    if let Some(mitigated) = answer.header("x-vercel-mitigated") {
        let why = format!(
            "Vercel's firewall answered {} (x-vercel-mitigated: {})",
            answer.status,
            short(mitigated)
        );
        return Some(Verdict::never(why, VERCEL));
    }
    if is_access_path(&answer.path) {
        return Some(Verdict::never("Cloudflare Access asks for a login", ACCESS));
    }
    if !(300..400).contains(&answer.status) {
        return None;
    }
    // A check that looks at the very redirect wants the wall to be there.
    if expect
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("location"))
    {
        return None;
    }
    login_page(answer.header("location")?)
}

/// What a redirect's goal is, when it is a login of the platform's and not the application's.
fn login_page(location: &str) -> Option<Verdict> {
    // A path alone is joined to any host.
    let base = Url::parse("http://here.invalid/").ok()?;
    let to = base.join(location).ok()?;
    let host = to.host_str().unwrap_or_default();
    let under = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    if under("cloudflareaccess.com") || is_access_path(to.path()) {
        return Some(Verdict::never(
            "Cloudflare Access asks for a login (a redirect to its login page)",
            ACCESS,
        ));
    }
    if host == "vercel.com" && to.path().starts_with("/sso-api") {
        return Some(Verdict::never(
            "Vercel's deployment protection asks for a login",
            VERCEL,
        ));
    }
    None
}

/// Whether redirects end here: what is behind such a page is never the application.
pub(in crate::health) fn is_login_page(location: &Url) -> bool {
    login_page(location.as_str()).is_some()
}

fn is_access_path(path: &str) -> bool {
    path.starts_with("/cdn-cgi/access/")
}

/// What a 401 or 403 means, and which key opens it.
pub(super) fn login(answer: &Answer, code: Option<u32>) -> Verdict {
    let status = answer.status;
    let asks = answer.header("www-authenticate").unwrap_or_default().to_lowercase();
    let server = answer.header("server").unwrap_or_default().to_lowercase();
    let cookies = || answer.headers("set-cookie");
    if asks.starts_with("cloudflare-access") || cookies().any(|cookie| cookie.starts_with("CF_AppSession")) {
        return Verdict::never(
            format!("it answered {status}: Cloudflare Access asks for a login"),
            ACCESS,
        );
    }
    if cookies().any(|cookie| cookie.starts_with("_vercel_sso_nonce")) || (status == 401 && server == "vercel") {
        let why = format!("it answered {status}: Vercel's deployment protection asks for a login");
        return Verdict::never(why, VERCEL);
    }
    if status == 401 && server == "netlify" {
        return Verdict::never(
            format!("it answered {status}: Netlify asks for the site's password"),
            NETLIFY,
        );
    }
    if asks.starts_with("basic") {
        return Verdict::never(
            format!("it answered {status}: the endpoint wants user and password (HTTP Basic)"),
            "write them into the URL, `https://user:password@host/health`, from secrets",
        );
    }
    match code {
        Some(code @ (1006..=1012 | 1020 | 1106)) => Verdict::never(
            format!("it answered {status}: a rule of Cloudflare's firewall refuses this machine (error {code})"),
            "look at Security → Events for the rule, and let the health path pass with a WAF custom rule of action Skip",
        ),
        _ => Verdict::never(
            format!("it answered {status}: the endpoint wants a login"),
            "let the health path through, or pass the credentials it wants as a header",
        ),
    }
}

/// What only pages of domain parking hold: their scripts' hosts, and the sentences of the large ones.
const PARKED: &[&str] = &[
    "parkingcrew.net",
    "sedoparking.com",
    "bodis.com",
    "parklogic.com",
    "parking-lander",
    "window.location.href=\"/lander\"",
    "afternic.com/forsale",
    "hugedomains.com/domain_profile",
    "this domain is parked",
    "domain is parked free",
    "this domain is for sale",
    "this domain may be for sale",
    "buy this domain",
];

/// A page that sells or parks the domain, where nobody has said what the page is to hold.
pub(super) fn parked(expect: &Expect, answer: &Answer) -> Option<Verdict> {
    if !expect.body.is_empty() || !expect.json.is_empty() {
        return None;
    }
    let title = content::html_title(answer)?;
    let text = String::from_utf8_lossy(answer.body.get(..1 << 16).unwrap_or(&answer.body)).to_lowercase();
    PARKED.iter().any(|mark| text.contains(mark)).then(|| {
        Verdict::never(
            Reason::from(format!("a parking page answers{title}: the domain leads to whoever sells it")),
            "look at the domain's name servers and at the hostname's records: they point to a registrar's parking service",
        )
    })
}

fn short(value: &str) -> String {
    crate::text::shorten(value, 40)
}
