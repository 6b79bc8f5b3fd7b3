//! Expressions, as far as `action.yml` may use them: `${{ context.name }}`, and text around it.

use anyhow::{Context as _, Result};

/// The text with the value of each expression in its place; `value` answers what a name stands for.
///
/// # Errors
/// An expression that is not closed, or that `value` does not know: operators and functions are not played.
pub(crate) fn evaluate(text: &str, value: impl Fn(&str) -> Result<String>) -> Result<String> {
    let (mut done, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, after) = after
            .split_once("}}")
            .with_context(|| format!("`{text}` has an expression without an end"))?;
        done.push_str(before);
        done.push_str(&value(expression.trim())?);
        rest = after;
    }
    done.push_str(rest);
    Ok(done)
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    fn of(text: &str) -> Result<String> {
        evaluate(text, |name| match name {
            "github.token" => Ok("t".to_owned()),
            other => bail!("no `{other}`"),
        })
    }

    #[test]
    fn names_are_replaced_and_text_stays() {
        assert_eq!(of("plain").unwrap(), "plain");
        assert_eq!(of("${{ github.token }}").unwrap(), "t");
        assert_eq!(of("a ${{github.token}} b ${{ github.token }}").unwrap(), "a t b t");
    }

    #[test]
    fn what_is_not_known_fails() {
        assert!(
            of("${{ github.tokem }}")
                .unwrap_err()
                .to_string()
                .contains("github.tokem")
        );
        assert!(of("${{ github.token || 'x' }}").is_err());
        assert!(of("${{ github.token").is_err());
    }
}
