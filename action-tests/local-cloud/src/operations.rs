//! Which operations are modelled. axum has no list of a router's routes but in its `Debug`, so that is read; who uses
//! the list finds each route that was asked for in it, and so notices when a later axum writes another text.

use std::collections::HashMap;

use axum::Router;

/// One operation: the method, and the path's template with its provider's base.
pub type Operation = (String, String);

/// All routes with their methods, sorted by path. `HEAD` comes with `GET` and is left out.
pub(crate) fn of(router: &Router) -> Vec<Operation> {
    let text = format!("{router:?}");
    // What follows are the fallbacks, which have numbers of their own.
    let text = text.split("fallback_router").next().unwrap_or_default();
    let mut paths = HashMap::new();
    let mut methods = HashMap::new();
    for entry in text.split("RouteId(").skip(1) {
        let Some((id, value)) = entry.split_once("): ") else {
            continue;
        };
        if let Some(path) = value.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
            paths.insert(id, path);
        } else if let Some((_, allowed)) = value.split_once(r#"allow_header: Bytes(b""#) {
            methods.insert(id, allowed.split('"').next().unwrap_or_default());
        }
    }
    let mut operations: Vec<Operation> = methods
        .into_iter()
        .filter_map(|(id, methods)| Some((*paths.get(id)?, methods)))
        .flat_map(|(path, methods)| {
            methods
                .split(',')
                .map(move |method| (method.to_owned(), path.to_owned()))
        })
        .filter(|(method, _)| method != "HEAD")
        .collect();
    operations.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    operations
}

#[cfg(test)]
mod tests {
    use axum::routing::get;

    use super::*;

    #[test]
    fn each_method_of_each_route_is_listed() {
        let things = Router::new().route("/{id}", get(|| async {}).patch(|| async {}));
        let router = Router::new()
            .route("/", get(|| async {}))
            .nest("/things", things)
            .fallback(|| async {});
        let listed: Vec<String> = of(&router)
            .iter()
            .map(|(method, path)| format!("{method} {path}"))
            .collect();
        assert_eq!(listed, ["GET /", "GET /things/{id}", "PATCH /things/{id}"]);
    }
}
