//! The variables of a command that runs on a copy: those that lead to it, and those that lead past it.

use actions_core::neon::Doors;

/// Our own inputs begin like this; they hold the API key, and the command of `run` does not get to see them.
pub(crate) const OUR_INPUTS: &str = "INPUT_";

/// The variables that lead past the copy: by name, without those that are set to it.
pub(crate) fn ways_past<'a>(
    variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    doors: &Doors,
    set: &[String],
) -> Vec<&'a str> {
    variables
        .into_iter()
        .filter(|(name, _)| !name.starts_with(OUR_INPUTS) && set.iter().all(|known| known != name))
        .filter(|(_, value)| doors.lead_through(value))
        .map(|(name, _)| name)
        .collect()
}

/// What a variable that the manifest lists holds, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The whole direct URL: a migration must not go through the pooler.
    Url,
    Host,
    Port,
    Role,
    Password,
    Database,
}

impl Part {
    /// `PGHOST`, `POSTGRES_HOST` and their like hold a part; whatever has no such end, a URL.
    pub(crate) fn of(name: &str) -> Self {
        let name = name.to_uppercase();
        // Vercel's and Neon's own integrations write `PGHOST_UNPOOLED`, too.
        let name = name.strip_suffix("_UNPOOLED").unwrap_or(&name);
        let ends = [
            ("HOST", Self::Host),
            ("PORT", Self::Port),
            ("USER", Self::Role),
            ("PASSWORD", Self::Password),
            ("DATABASE", Self::Database),
        ];
        let found = ends.into_iter().find(|(end, _)| name.ends_with(end));
        found.map_or(Self::Url, |(_, part)| part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variables_name_says_what_it_holds() {
        for (name, part) in [
            ("DIRECT_DATABASE_URL", Part::Url),
            ("DATABASE_URL_UNPOOLED", Part::Url),
            ("POSTGRES_URL_NON_POOLING", Part::Url),
            ("PGHOST", Part::Host),
            ("PGHOST_UNPOOLED", Part::Host),
            ("postgres_host", Part::Host),
            ("PGPORT", Part::Port),
            ("POSTGRES_USER", Part::Role),
            ("PGPASSWORD", Part::Password),
            ("PGDATABASE", Part::Database),
        ] {
            assert_eq!(Part::of(name), part, "{name}");
        }
    }
}
