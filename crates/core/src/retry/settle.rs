//! Creates: asked for again only when a look has shown that they did not work.

use super::Tries;

/// How something that was asked for came to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written<T> {
    /// Made now.
    Made(T),
    /// Found after an answer that left open whether it was made: by us, as far as anybody can tell.
    Recovered(T),
    /// It was there before.
    Existed(T),
}

impl<T> Written<T> {
    /// Found to be there: since when, depends on whether an earlier try of ours may have made it.
    pub fn found(tries: &Tries, it: T) -> Self {
        if tries.are_unclear() {
            Self::Recovered(it)
        } else {
            Self::Existed(it)
        }
    }

    /// Whether something is other than before.
    pub fn changed(&self) -> bool {
        !matches!(self, Self::Existed(_))
    }

    /// What is there.
    pub fn get(&self) -> &T {
        match self {
            Self::Made(it) | Self::Recovered(it) | Self::Existed(it) => it,
        }
    }

    /// What is there.
    pub fn into_inner(self) -> T {
        match self {
            Self::Made(it) | Self::Recovered(it) | Self::Existed(it) => it,
        }
    }
}

/// What a failed create leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing: it is an error.
    None,
    /// The thing is there already, it is said.
    Taken,
    /// The thing may have been made.
    Unclear,
}

/// Asks for something that must not be made twice. After an unclear failure it waits as long as it was asked to, looks
/// whether the thing is there, and asks again only when it is not. What is said to be there is looked at at once.
///
/// # Errors
/// The last failure of `ask`, when the thing is not there and patience or [`Patience::creates`] ended; one that leaves
/// no doubt; or a failure to look.
pub async fn settled<T, E: std::fmt::Display>(
    tries: &mut Tries,
    ask: impl AsyncFn(&mut Tries) -> Result<T, E>,
    doubt: impl Fn(&E) -> Doubt,
    look: impl AsyncFn() -> Result<Option<T>, E>,
) -> Result<Written<T>, E> {
    for asked in 1.. {
        let error = match ask(tries).await {
            Ok(made) => return Ok(Written::Made(made)),
            Err(error) => error,
        };
        let doubt = doubt(&error);
        if doubt == Doubt::None {
            return Err(error);
        }
        tracing::info!("{error}; looking whether it is there");
        if doubt == Doubt::Taken
            && let Some(found) = look().await?
        {
            return Ok(Written::found(tries, found));
        }
        let more = asked < tries.creates && tries.pause().await;
        if doubt == Doubt::Unclear || more {
            // Right before the next try: what was under way is there by now.
            if let Some(found) = look().await? {
                return Ok(Written::found(tries, found));
            }
        }
        if !more {
            return Err(error);
        }
    }
    unreachable!("the loop ends by returning")
}
