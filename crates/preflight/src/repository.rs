//! What `.git` tells of a repository, without asking git.

use std::path::{Path, PathBuf};

/// The top of the repository that `folder` is in.
pub(crate) fn top(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .find(|above| above.join(".git").exists())
        .map(Path::to_owned)
}

/// `owner/name`, where the remote `origin` (or the only one) is at `server`.
pub(crate) fn name(top: &Path, server: &str) -> Option<String> {
    let config = std::fs::read_to_string(common(top)?.join("config")).ok()?;
    let remotes = remotes(&config);
    let origin = remotes.iter().find(|(name, _)| name == "origin");
    let (_, url) = origin.or(match &remotes[..] {
        [only] => Some(only),
        _ => None,
    })?;
    of_url(url, server)
}

/// The folder with the configuration: in a worktree `.git` is a file that leads to it.
pub(crate) fn common(top: &Path) -> Option<PathBuf> {
    let git = top.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = std::fs::read_to_string(git).ok()?;
    let own = top.join(text.trim().strip_prefix("gitdir:")?.trim());
    match std::fs::read_to_string(own.join("commondir")) {
        Ok(common) => Some(own.join(common.trim())),
        Err(_) => Some(own),
    }
}

/// Name and URL of each remote.
fn remotes(config: &str) -> Vec<(String, String)> {
    let mut remotes = Vec::new();
    let mut here = None;
    for line in config.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            here = section
                .strip_prefix("remote ")
                .map(|name| name.trim().trim_matches('"').to_owned());
        } else if let (Some(name), Some((key, url))) = (&here, line.split_once('='))
            && key.trim().eq_ignore_ascii_case("url")
        {
            remotes.push((name.clone(), url.trim().trim_matches('"').to_owned()));
        }
    }
    remotes
}

/// `owner/name` of a remote's URL: `https://…`, `ssh://…`, or `git@host:owner/name.git`.
fn of_url(url: &str, server: &str) -> Option<String> {
    let server = server
        .split_once("://")
        .map_or(server, |(_, host)| host)
        .trim_end_matches('/');
    let (authority, path) = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        None => url.split_once(':')?,
    };
    let host = authority.rsplit('@').next()?.split(':').next()?;
    // GitHub answers ssh at port 443 under a name of its own.
    if host != server && host.strip_prefix("ssh.") != Some(server) {
        return None;
    }
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let (owner, name) = path.split_once('/')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let right = |part: &str| !part.is_empty() && part.chars().all(plain);
    (right(owner) && right(name)).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_tells_the_repository_in_each_form() {
        for (url, name) in [
            ("https://github.com/acme/shop.git", Some("acme/shop")),
            ("https://github.com/acme/shop", Some("acme/shop")),
            ("https://user@github.com/acme/shop/", Some("acme/shop")),
            ("git@github.com:acme/shop.git", Some("acme/shop")),
            ("ssh://git@github.com/acme/my.shop.git", Some("acme/my.shop")),
            ("ssh://git@ssh.github.com:443/acme/shop.git", Some("acme/shop")),
            ("https://gitlab.com/acme/shop.git", None),
            ("https://notgithub.com/acme/shop", None),
            ("https://github.com/acme", None),
            ("https://github.com/acme/shop/tree", None),
            ("../shop.git", None),
            ("/srv/git/shop.git", None),
        ] {
            assert_eq!(of_url(url, "https://github.com").as_deref(), name, "{url}");
        }
        let enterprise = "https://git.acme.com/acme/shop.git";
        assert_eq!(of_url(enterprise, "https://git.acme.com").as_deref(), Some("acme/shop"));
    }

    #[test]
    fn origin_counts_before_others_and_a_worktree_leads_to_its_repository() {
        let temp = tempfile::tempdir().unwrap();
        let git = temp.path().join("shop/.git");
        std::fs::create_dir_all(git.join("worktrees/next")).unwrap();
        let config = "[core]\n\tbare = false\n[remote \"fork\"]\n\turl = git@github.com:me/shop.git\n\
            [remote \"origin\"]\n\turl = git@github.com:acme/shop.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n\
            [branch \"main\"]\n\tremote = origin\n";
        std::fs::write(git.join("config"), config).unwrap();
        std::fs::write(git.join("worktrees/next/commondir"), "../..\n").unwrap();
        let next = temp.path().join("next");
        std::fs::create_dir_all(next.join("deep/er")).unwrap();
        let leads = format!("gitdir: {}\n", git.join("worktrees/next").display());
        std::fs::write(next.join(".git"), leads).unwrap();
        assert_eq!(top(&next.join("deep/er")).as_deref(), Some(&*next));
        for top in [temp.path().join("shop"), next] {
            assert_eq!(name(&top, "https://github.com").as_deref(), Some("acme/shop"));
        }
        let two = config.replace("origin", "upstream");
        std::fs::write(git.join("config"), two).unwrap();
        assert_eq!(
            name(&temp.path().join("shop"), "https://github.com"),
            None,
            "nobody can know which"
        );
    }
}
