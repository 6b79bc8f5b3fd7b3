//! npm lock files name versions and hashes; the registry is the reader's own.

use super::Problem;

pub(super) fn no_download_host(path: &str, text: &str) -> Vec<Problem> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| line.trim_start().starts_with("\"resolved\": \"http"))
        .map(|(index, _)| {
            Problem::new(
                path,
                index + 1,
                "names a download host; set `omit-lockfile-registry-resolved=true` in .npmrc",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_found_and_a_workspace_link_is_not() {
        let text = "{\n  \"resolved\": \"https://registry.example/a.tgz\",\n  \"resolved\": \"workers/auth\"\n}\n";
        assert_eq!(no_download_host("x", text).len(), 1);
    }
}
