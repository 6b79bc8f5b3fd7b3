//! The variables that lead a command to its branch: the URLs, and what the manifest lists.

use actions_core::neon::Connection;
use actions_core::secret::ExposeSecret as _;

use crate::session::Session;
use crate::variables::Part;

const URL: &str = "DATABASE_URL";
const POOLED: &str = "DATABASE_URL_POOLED";

/// Their names.
pub(super) fn names(session: &Session<'_>) -> Vec<String> {
    let listed = session
        .inputs
        .subject
        .database
        .iter()
        .flat_map(|database| &database.variables);
    [URL, POOLED]
        .map(str::to_owned)
        .into_iter()
        .chain(listed.cloned())
        .collect()
}

/// The same with their values.
pub(super) fn values(session: &Session<'_>, connection: &Connection) -> Vec<(String, String)> {
    let value = |name: &str| match Part::of(name) {
        Part::Url if name == POOLED => connection.pooled.expose_secret().to_owned(),
        Part::Url => connection.direct.expose_secret().to_owned(),
        Part::Host => connection.host.clone(),
        Part::Port => connection.port.to_string(),
        Part::Role => connection.role.clone(),
        Part::Password => connection.password.expose_secret().to_owned(),
        Part::Database => connection.database.clone(),
    };
    names(session)
        .into_iter()
        .map(|name| {
            let value = value(&name);
            (name, value)
        })
        .collect()
}
