//! The cookies of one check: kept from answer to answer (RFC 6265 §5), and forgotten with the check.

use url::Url;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    /// Not for the hosts under its domain.
    host_only: bool,
    path: String,
    secure: bool,
}

/// A jar of cookies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Jar(Vec<Cookie>);

impl Jar {
    /// Takes one `Set-Cookie` of an answer from `url`. One for another site is not taken.
    pub(super) fn take(&mut self, url: &Url, set_cookie: &str) {
        let host = url.host_str().unwrap_or_default().to_lowercase();
        let mut parts = set_cookie.split(';');
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let mut cookie = Cookie {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            domain: host.clone(),
            host_only: true,
            path: default_path(url.path()),
            secure: false,
        };
        let (mut max_age, mut expires) = (None, None);
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "domain" => {
                    let domain = value.trim_start_matches('.').to_lowercase();
                    // There is no list of public suffixes here; a cookie for a whole `com` is not taken.
                    if !domain.is_empty() && domain != host {
                        if !domain.contains('.') || !host.ends_with(&format!(".{domain}")) {
                            return;
                        }
                        cookie.domain = domain;
                    }
                    cookie.host_only = false;
                }
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "secure" => cookie.secure = true,
                "max-age" => max_age = value.parse::<i64>().ok(),
                "expires" => expires = jiff::fmt::rfc2822::parse(&value.replace('-', " ")).ok(),
                _ => {}
            }
        }
        if cookie.name.is_empty() {
            return;
        }
        self.0
            .retain(|known| (&known.name, &known.domain, &known.path) != (&cookie.name, &cookie.domain, &cookie.path));
        let over = match (max_age, expires) {
            (Some(seconds), _) => seconds <= 0,
            (None, Some(end)) => end.timestamp() <= jiff::Timestamp::now(),
            (None, None) => false,
        };
        if !over {
            self.0.push(cookie);
        }
    }

    /// The `Cookie` header for a request to `url`, beside the one that the user gives.
    pub(super) fn header(&self, url: &Url, given: Option<&str>) -> Option<String> {
        let host = url.host_str().unwrap_or_default().to_lowercase();
        let fits = |cookie: &&Cookie| {
            let domain = host == cookie.domain || (!cookie.host_only && host.ends_with(&format!(".{}", cookie.domain)));
            // Browsers send secure cookies to loopback, too.
            let secure =
                !cookie.secure || url.scheme() == "https" || crate::http::is_localhost(&host) || host == "127.0.0.1";
            domain && secure && is_under(url.path(), &cookie.path)
        };
        let names: Vec<&str> = given
            .iter()
            .flat_map(|given| given.split(';'))
            .filter_map(|pair| Some(pair.split_once('=')?.0.trim()))
            .collect();
        let own = self
            .0
            .iter()
            .filter(fits)
            .filter(|cookie| !names.contains(&cookie.name.as_str()));
        let all: Vec<String> = given
            .map(str::to_owned)
            .into_iter()
            .chain(own.map(|cookie| format!("{}={}", cookie.name, cookie.value)))
            .collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

/// The folder of a path, without its last slash.
fn default_path(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
    }
}

fn is_under(path: &str, of_cookie: &str) -> bool {
    path == of_cookie
        || path
            .strip_prefix(of_cookie)
            .is_some_and(|rest| of_cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn jar(from: &str, cookies: &[&str]) -> Jar {
        let mut jar = Jar::default();
        for cookie in cookies {
            jar.take(&url(from), cookie);
        }
        jar
    }

    #[test]
    fn cookies_go_where_they_belong() {
        let jar = jar(
            "https://app.example.com/login/now",
            &[
                "sid=1; Path=/; HttpOnly; SameSite=Lax",
                "here=2",
                "all=3; Domain=.example.com; Path=/",
                "safe=4; Secure; Path=/",
                "foreign=5; Domain=other.com",
                "wide=6; Domain=com",
                "old=7; Max-Age=0; Path=/",
                "gone=8; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Path=/",
                "later=9; Expires=Wed, 21-Oct-2093 07:28:00 GMT; Path=/",
            ],
        );
        let sent = |to: &str| jar.header(&url(to), None).unwrap_or_default();
        assert_eq!(sent("https://app.example.com/"), "sid=1; all=3; safe=4; later=9");
        assert_eq!(
            sent("https://app.example.com/login/x"),
            "sid=1; here=2; all=3; safe=4; later=9"
        );
        assert_eq!(sent("https://app.example.com/loginx"), "sid=1; all=3; safe=4; later=9");
        assert_eq!(sent("http://app.example.com/"), "sid=1; all=3; later=9");
        assert_eq!(sent("https://www.example.com/"), "all=3");
        assert_eq!(sent("https://notexample.com/"), "");
    }

    #[test]
    fn the_last_value_counts_and_the_users_own_goes_first() {
        let mut jar = jar("http://a.b/", &["sid=1", "sid=2"]);
        assert_eq!(jar.header(&url("http://a.b/"), None).unwrap(), "sid=2");
        assert_eq!(
            jar.header(&url("http://a.b/"), Some("x=1; sid=9")).unwrap(),
            "x=1; sid=9"
        );
        jar.take(&url("http://a.b/"), "sid=; Max-Age=-1");
        assert_eq!(jar, Jar::default());
    }
}
