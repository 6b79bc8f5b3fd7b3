//! What a plan allows, and how fast the double works. All of it can be seeded.

use anyhow::bail;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Limits and speeds that hold for all projects.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Settings {
    /// `free_v3`, `launch_v3` or `scale_v3`, as `project.owner.subscription_type` says.
    pub(crate) subscription: String,
    /// Most branches per project.
    pub(crate) branches_limit: usize,
    /// Most branches without a parent.
    pub(crate) root_branches_limit: usize,
    pub(crate) protected_branches_limit: usize,
    /// Most computes active at once, those of the default branch not counted.
    pub(crate) active_endpoints_limit: usize,
    /// How long each operation runs, in milliseconds of the cloud's clock.
    pub(crate) operation_ms: i64,
    /// Whether running operations lock their project (423), as Neon's do.
    pub(crate) lock: bool,
    /// How many reads of a new branch by its id are answered 404.
    pub(crate) not_found_after_create: u32,
    /// Branches per page when the request has no `limit`.
    pub(crate) page_size: usize,
    /// Off: passwords can be reset but not revealed (412).
    pub(crate) store_passwords: bool,
    /// Restore window in seconds.
    pub(crate) history_retention_seconds: i64,
    /// What is wrong with the front.
    pub(crate) front: Flaw,
    /// How long a suspended compute takes to wake, in milliseconds of the machine's clock.
    pub(crate) wake_ms: u64,
}

/// What may be wrong with the front.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Flaw {
    #[default]
    None,
    /// It answers the question for TLS with no.
    TlsRefused,
    /// Its certificate is signed by nobody.
    TlsUntrusted,
    /// Its certificate is for another name.
    TlsOtherName,
    /// It does not know the compute that the client names.
    UnknownEndpoint,
    PasswordRefused,
    NoDatabase,
    Disabled,
    Quota,
    /// Whoever logs in waits for ever.
    NeverWakes,
    /// It hangs up after the login.
    HangsUp,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            subscription: "launch_v3".to_owned(),
            branches_limit: 5000,
            root_branches_limit: 5,
            protected_branches_limit: 2,
            active_endpoints_limit: 20,
            operation_ms: 150,
            lock: true,
            not_found_after_create: 0,
            page_size: 10_000,
            store_passwords: true,
            history_retention_seconds: 86_400,
            front: Flaw::None,
            wake_ms: 0,
        }
    }
}

impl Settings {
    /// The Free plan has a fixed autosuspend time.
    pub(crate) fn fixed_suspend_timeout(&self) -> bool {
        self.subscription.starts_with("free")
    }

    /// Takes the limits of a plan by name.
    fn plan(&mut self, name: &str) -> anyhow::Result<()> {
        let (branches, roots, protected, retention) = match name {
            "free" => (10, 3, 0, 6 * 3600),
            "launch" => (5000, 5, 2, 86_400),
            "scale" => (5000, 25, 5, 30 * 86_400),
            other => bail!("unknown plan `{other}`; known are `free`, `launch` and `scale`"),
        };
        self.subscription = format!("{name}_v3");
        self.branches_limit = branches;
        self.root_branches_limit = roots;
        self.protected_branches_limit = protected;
        self.history_retention_seconds = retention;
        Ok(())
    }

    /// Merges `{"plan": …, "operation_ms": …}`; a plan is taken first, single limits override it.
    pub(crate) fn seed(&mut self, value: &Value) -> anyhow::Result<()> {
        let Some(fields) = value.as_object() else {
            bail!("neon `settings` is an object");
        };
        if let Some(plan) = fields.get("plan") {
            self.plan(plan.as_str().unwrap_or_default())?;
        }
        for (name, value) in fields.iter().filter(|(name, _)| *name != "plan") {
            let number = || number(name, value);
            match name.as_str() {
                "branches_limit" => self.branches_limit = usize::try_from(number()?)?,
                "root_branches_limit" => self.root_branches_limit = usize::try_from(number()?)?,
                "protected_branches_limit" => {
                    self.protected_branches_limit = usize::try_from(number()?)?;
                }
                "active_endpoints_limit" => {
                    self.active_endpoints_limit = usize::try_from(number()?)?;
                }
                "operation_ms" => self.operation_ms = number()?,
                "not_found_after_create" => self.not_found_after_create = u32::try_from(number()?)?,
                "page_size" => self.page_size = usize::try_from(number()?)?.max(1),
                "history_retention_seconds" => self.history_retention_seconds = number()?,
                "front" => self.front = Flaw::deserialize(value)?,
                "wake_ms" => self.wake_ms = u64::try_from(number()?)?,
                "lock" => self.lock = flag(name, value)?,
                "store_passwords" => self.store_passwords = flag(name, value)?,
                other => bail!("unknown key `{other}` in neon `settings`"),
            }
        }
        Ok(())
    }
}

fn number(name: &str, value: &Value) -> anyhow::Result<i64> {
    match value.as_i64() {
        Some(number) if number >= 0 => Ok(number),
        _ => bail!("neon setting `{name}` is a number, not negative"),
    }
}

fn flag(name: &str, value: &Value) -> anyhow::Result<bool> {
    let Some(flag) = value.as_bool() else {
        bail!("neon setting `{name}` is true or false");
    };
    Ok(flag)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_comes_first_whatever_the_order() {
        let mut settings = Settings::default();
        settings.seed(&json!({"branches_limit": 3, "plan": "free"})).unwrap();
        assert_eq!(settings.branches_limit, 3);
        assert_eq!(settings.root_branches_limit, 3);
        assert!(settings.fixed_suspend_timeout());
        let error = settings.seed(&json!({"operations_ms": 3})).unwrap_err();
        assert!(error.to_string().contains("`operations_ms`"));
    }
}
