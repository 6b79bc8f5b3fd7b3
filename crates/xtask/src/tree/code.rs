//! Rust files are to be read in one sitting.

use super::Problem;

/// The ceiling for one file, without the tests at its end.
const LINES: usize = 400;

pub(super) fn short_file(path: &str, text: &str) -> Vec<Problem> {
    if path.contains("/tests/") || path.ends_with("/tests.rs") {
        return Vec::new();
    }
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
    if lines > LINES {
        vec![Problem::new(
            path,
            0,
            format!("{lines} lines before its tests, more than {LINES}"),
        )]
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_do_not_count() {
        let code = "x\n".repeat(LINES);
        assert_eq!(short_file("a.rs", &format!("{code}#[cfg(test)]\n{code}")), []);
        assert_eq!(short_file("a.rs", &format!("{code}x\n")).len(), 1);
        assert_eq!(short_file("crates/a/tests/a.rs", &format!("{code}x\n")), []);
    }
}
