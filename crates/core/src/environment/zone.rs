//! Names of records, as people write them, in their zone.

use crate::naming;

/// Endings by which a name reads as that of another zone, beside the zone's own.
const ENDINGS: [&str; 7] = ["biz", "co", "com", "info", "io", "net", "org"];

/// The full name of a record: `@` is the zone itself, a name that ends in the zone stays, the rest is relative.
///
/// # Errors
/// The name is another zone's: it ends in a dot, or as domains do, and is not in this zone.
pub fn in_zone(name: &str, zone: &str) -> Result<String, String> {
    let written = name.trim();
    let name = naming::domain(written);
    if written == "@" || name == zone {
        return Ok(zone.to_owned());
    }
    if name.ends_with(&format!(".{zone}")) {
        return Ok(name);
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    let own_ending = zone.rsplit('.').next();
    let is_elsewhere = ending.is_some_and(|ending| Some(ending) == own_ending || ENDINGS.contains(&ending));
    if written.ends_with('.') || is_elsewhere {
        return Err(format!(
            "record `{written}` is not in zone `{zone}`; write `{name}.{zone}` if that is meant"
        ));
    }
    Ok(format!("{name}.{zone}"))
}

/// The full hostname of a name that is relative to the zone; `@` is the zone itself, a full name stays.
pub(super) fn hostname_in_zone(name: &str, zone: &str) -> String {
    let full = naming::domain(name);
    if name.trim() == "@" || full == zone {
        zone.to_owned()
    } else if full.ends_with(&format!(".{zone}")) {
        full
    } else {
        naming::domain(&format!("{}.{zone}", name.trim()))
    }
}
