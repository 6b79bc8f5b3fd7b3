//! In which order services are deployed: waves, each of which needs only earlier ones. Cleanup goes backwards.

use indexmap::IndexMap;

/// Services that need each other, as a path that ends where it began.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("services need each other in a circle: {}", .0.join(" → "))]
pub struct Cycle(pub Vec<String>);

/// The waves of a graph from service to what it needs. Needs that are no services are ignored here.
///
/// # Errors
/// [`Cycle`] with the path.
pub fn waves(needs: &IndexMap<String, Vec<String>>) -> Result<Vec<Vec<String>>, Cycle> {
    let mut done: Vec<&str> = Vec::new();
    let mut waves = Vec::new();
    while done.len() < needs.len() {
        let ready: Vec<&str> = needs
            .iter()
            .filter(|(key, _)| !done.contains(&key.as_str()))
            .filter(|(_, needed)| {
                needed
                    .iter()
                    .all(|need| done.contains(&need.as_str()) || !needs.contains_key(need))
            })
            .map(|(key, _)| key.as_str())
            .collect();
        if ready.is_empty() {
            return Err(cycle(needs, &done));
        }
        done.extend(&ready);
        waves.push(ready.into_iter().map(str::to_owned).collect());
    }
    Ok(waves)
}

/// Follows needs among the services that are left until one comes up again.
fn cycle(needs: &IndexMap<String, Vec<String>>, done: &[&str]) -> Cycle {
    let left = |key: &str| needs.contains_key(key) && !done.contains(&key);
    let mut path: Vec<String> = Vec::new();
    let mut at = needs.keys().find(|key| left(key)).cloned();
    while let Some(key) = at {
        if let Some(start) = path.iter().position(|seen| *seen == key) {
            path.drain(..start);
            path.push(key);
            break;
        }
        at = needs[&key].iter().find(|need| left(need)).cloned();
        path.push(key);
    }
    Cycle(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> IndexMap<String, Vec<String>> {
        edges
            .iter()
            .map(|(key, needs)| ((*key).to_owned(), needs.iter().map(|need| (*need).to_owned()).collect()))
            .collect()
    }

    #[test]
    fn callees_come_first() {
        let graph = graph(&[
            ("web", &["content", "auth"]),
            ("content", &["identity"]),
            ("identity", &[]),
            ("auth", &[]),
        ]);
        assert_eq!(
            waves(&graph).unwrap(),
            [vec!["identity", "auth"], vec!["content"], vec!["web"]]
        );
    }

    #[test]
    fn a_circle_is_told_as_a_path() {
        let graph = graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]);
        assert_eq!(
            waves(&graph).unwrap_err().to_string(),
            "services need each other in a circle: b → c → b"
        );
    }

    #[test]
    fn a_service_that_needs_itself() {
        assert_eq!(
            waves(&graph(&[("a", &["a"])])).unwrap_err(),
            Cycle(vec!["a".into(), "a".into()])
        );
    }
}
