//! Where a secret's value comes from, by its name: a table of what vendors call theirs, and what a team makes itself.

/// What a name looks like, where its value is made, and what an example holds.
struct Known {
    /// All of these words are parts of the name.
    words: &'static [&'static str],
    how: &'static str,
    example: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        words: &["STRIPE", "WEBHOOK"],
        how: "Stripe → Developers → Webhooks → the endpoint → Signing secret: <https://dashboard.stripe.com/webhooks>",
        example: "whsec_",
    },
    Known {
        words: &["STRIPE"],
        how: "Stripe → Developers → API keys: <https://dashboard.stripe.com/apikeys>",
        example: "sk_test_",
    },
    Known {
        words: &["RESEND"],
        how: "<https://resend.com/api-keys>",
        example: "re_",
    },
    Known {
        words: &["RUNPOD"],
        how: "<https://console.runpod.io/user/settings> → API keys",
        example: "",
    },
    Known {
        words: &["R2"],
        how: "Cloudflare → R2 → Manage API tokens; each token has an access key id and a secret access key",
        example: "",
    },
    Known {
        words: &["SENTRY"],
        how: "Sentry → Settings → Projects → Client Keys (DSN)",
        example: "",
    },
    Known {
        words: &["OPENAI"],
        how: "<https://platform.openai.com/api-keys>",
        example: "sk-",
    },
    Known {
        words: &["GITHUB", "CLIENT"],
        how: "GitHub → Settings → Developer settings → OAuth Apps: <https://github.com/settings/developers>",
        example: "",
    },
    Known {
        words: &["GOOGLE", "CLIENT"],
        how: "<https://console.cloud.google.com/apis/credentials>",
        example: "",
    },
    Known {
        words: &["DATABASE", "URL"],
        how: "the connection string of a database of your own: Neon → your branch → Connect",
        example: "postgresql://user:password@localhost:5432/",
    },
];

const RANDOM: &str = "`openssl rand -base64 32`, a value of its own for each environment";

fn known(name: &str) -> Option<&'static Known> {
    let parts: Vec<&str> = name.split('_').collect();
    KNOWN
        .iter()
        .find(|known| known.words.iter().all(|word| parts.contains(word)))
}

/// How to make it.
pub(crate) fn how(name: &str) -> &'static str {
    match known(name) {
        Some(known) => known.how,
        None if is_random(name) => RANDOM,
        None => "from whoever issues it",
    }
}

/// What stands in an example.
pub(crate) fn example(name: &str) -> &'static str {
    known(name).map_or("", |known| known.example)
}

/// Whether the team makes the value itself, of anything random, to sign or encrypt with: its strength is its length. What
/// a vendor issues is as long as the vendor likes.
pub(crate) fn is_random(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    if known(&name).is_some() || name.contains("CLIENT_SECRET") {
        return false;
    }
    // `SESSION_SECRET`, `SESSION_SECRET_PRODUCTION`; a `…_SECRET_KEY`, `…_SECRET_ACCESS_KEY` or `…_SECRET_ID` is a vendor's.
    let behind = format!("_{name}")
        .rsplit_once("_SECRET")
        .map(|(_, behind)| behind.to_owned());
    let issued = ["_KEY", "_ID", "_ACCESS"];
    let made = behind.is_some_and(|behind| {
        behind.is_empty() || behind.starts_with('_') && !issued.iter().any(|of| behind.starts_with(of))
    });
    made || ["_SALT", "_PEPPER", "ENCRYPTION_KEY", "SIGNING_KEY"]
        .iter()
        .any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_way() {
        for (name, expected) in [
            ("STRIPE_SECRET_KEY", "API keys"),
            ("STRIPE_PRODUCTION_PAYMENT_WEBHOOK_SECRET", "Signing secret"),
            ("BETTER_AUTH_SECRET", "openssl"),
            ("SESSION_SECRET_PRODUCTION", "openssl"),
            ("WORKER_SHARED_SECRET", "openssl"),
            ("R2_SECRET_ACCESS_KEY", "R2"),
            ("GITHUB_CLIENT_SECRET", "OAuth"),
            ("ACME_CLIENT_SECRET", "issues it"),
            ("PARTNER_API_KEY", "issues it"),
        ] {
            assert!(how(name).contains(expected), "{name}: {}", how(name));
        }
    }

    #[test]
    fn what_a_team_makes_and_what_a_vendor_issues() {
        for name in [
            "SESSION_SECRET",
            "session_secret",
            "SECRET",
            "SECRET_PREVIEW",
            "SESSION_SECRET_PRODUCTION",
            "SESSION_SECRET_V2",
            "GITHUB_WEBHOOK_SECRET",
            "PASSWORD_SALT",
            "COOKIE_SIGNING_KEY",
        ] {
            assert!(is_random(name), "{name}");
        }
        for name in [
            "STRIPE_WEBHOOK_SECRET",
            "STRIPE_SECRET_KEY",
            "ACME_CLIENT_SECRET",
            "GOOGLE_CLIENT_SECRET_PREVIEW",
            "AWS_SECRET_ACCESS_KEY",
            "TWILIO_SECRET_ID",
            "ACME_SECRETS",
            "PARTNER_API_KEY",
        ] {
            assert!(!is_random(name), "{name}");
        }
    }
}
