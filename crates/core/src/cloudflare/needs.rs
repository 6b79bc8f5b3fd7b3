//! The token permissions that calls need, as the dashboard names them.

use std::fmt;

/// A permission group of an API token, with the level that a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    ZoneRead,
    DnsRead,
    DnsEdit,
    WorkersRoutesRead,
    WorkersRoutesEdit,
    SslRead,
    SslEdit,
    WorkersScriptsRead,
    WorkersScriptsEdit,
    KvRead,
    KvEdit,
    R2Read,
    D1Read,
    /// For the project's wrangler only: our own client attaches no consumers.
    QueuesEdit,
    AccountSettingsRead,
}

impl Permission {
    /// The three menus of the token editor: scope, group, level.
    pub fn menus(self) -> &'static str {
        match self {
            Self::ZoneRead => "Zone → Zone → Read",
            Self::DnsRead => "Zone → DNS → Read",
            Self::DnsEdit => "Zone → DNS → Edit",
            Self::WorkersRoutesRead => "Zone → Workers Routes → Read",
            Self::WorkersRoutesEdit => "Zone → Workers Routes → Edit",
            Self::SslRead => "Zone → SSL and Certificates → Read",
            Self::SslEdit => "Zone → SSL and Certificates → Edit",
            Self::WorkersScriptsRead => "Account → Workers Scripts → Read",
            Self::WorkersScriptsEdit => "Account → Workers Scripts → Edit",
            Self::KvRead => "Account → Workers KV Storage → Read",
            Self::KvEdit => "Account → Workers KV Storage → Edit",
            Self::R2Read => "Account → Workers R2 Storage → Read",
            Self::D1Read => "Account → D1 → Read",
            Self::QueuesEdit => "Account → Queues → Edit",
            Self::AccountSettingsRead => "Account → Account Settings → Read",
        }
    }
}

impl Permission {
    /// Scope and group, without the level: `Zone → DNS`.
    pub fn group(self) -> &'static str {
        self.menus().rsplit_once(" → ").map_or(self.menus(), |(group, _)| group)
    }

    /// Whether it allows changes; a read is in it.
    pub fn is_edit(self) -> bool {
        self.menus().ends_with(" → Edit")
    }

    /// Whether it is one of a zone.
    pub fn is_of_zone(self) -> bool {
        self.menus().starts_with("Zone → ")
    }

    /// Whether a token with the permission group of this name, as the API calls them (`DNS Write`), has it.
    ///
    /// Source: the list of token permissions in Cloudflare's documentation, which calls some levels `Edit` still.
    pub fn is_in(self, group: &str) -> bool {
        let Some((_, name)) = self.group().split_once(" → ") else {
            return false;
        };
        let level = group.strip_prefix(name).map(str::trim);
        match level {
            Some("Write" | "Edit") => true,
            Some("Read") => !self.is_edit(),
            _ => false,
        }
    }
}

/// A permission, and the zone or account that it is needed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    pub permission: Permission,
    /// ``zone `example.com` `` or ``account `0123…` ``.
    pub on: String,
}

impl Needs {
    /// On a zone, by name (or by id while the name is unknown).
    pub fn zone(permission: Permission, zone: &str) -> Self {
        Self {
            permission,
            on: format!("zone `{zone}`"),
        }
    }

    /// On an account, by id.
    pub fn account(permission: Permission, account: &str) -> Self {
        Self {
            permission,
            on: format!("account `{account}`"),
        }
    }
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.permission.menus(), self.on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_holds_its_read_under_the_names_of_the_api() {
        assert!(Permission::DnsEdit.is_in("DNS Write") && Permission::DnsRead.is_in("DNS Write"));
        assert!(Permission::DnsRead.is_in("DNS Read") && !Permission::DnsEdit.is_in("DNS Read"));
        assert!(!Permission::DnsRead.is_in("DNS Firewall Read"));
        assert!(Permission::WorkersScriptsEdit.is_in("Workers Scripts Write"));
        assert_eq!(Permission::KvEdit.group(), Permission::KvRead.group());
        assert!(Permission::ZoneRead.is_of_zone() && !Permission::KvRead.is_of_zone());
    }
}
