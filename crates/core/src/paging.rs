//! Lists of several pages, which may shift while they are read: something that goes from the first page while the
//! second is on its way takes another thing's place out of both.

use std::collections::BTreeSet;
use std::time::Duration;

/// More pages than that are a list that leads in circles.
pub(crate) const MOST_PAGES: u64 = 1000;
/// How often a list is read until two readings agree.
const READINGS: u32 = 6;
/// The first wait between two readings that differ; it doubles.
const PAUSE: Duration = Duration::from_millis(200);

/// How sure a list is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By what it tells: its total stays the same and fits, nothing comes twice. One thing that goes and one that comes
    /// between two pages could still hide a third.
    Told,
    /// Where something counts as gone because it is not listed: two readings in a row are the same.
    Twice,
}

/// One reading of a list, page after page.
#[derive(Debug)]
pub(crate) struct Reading<T> {
    pub(crate) pages: Vec<Vec<T>>,
    /// How many things there are, as far as it was told.
    pub(crate) total: Option<u64>,
    /// The total changed from one page to the next.
    pub(crate) moved: bool,
    /// It ended with a page that says so: one that is empty, or not full. Else by the total.
    pub(crate) ended: bool,
}

impl<T> Reading<T> {
    /// A list that came whole.
    pub(crate) fn whole(page: Vec<T>) -> Self {
        Self {
            pages: vec![page],
            total: None,
            moved: false,
            ended: true,
        }
    }

    fn ids(&self, id: impl Fn(&T) -> String) -> Vec<String> {
        self.pages.iter().flatten().map(id).collect()
    }
}

/// What reading a list came to.
#[derive(Debug)]
pub(crate) enum List<T> {
    /// All that there is, each once.
    Proven(Vec<T>),
    /// It never held still, or the totals never fitted: it may lack things.
    Unproven,
}

/// Reads a list. One that contradicts itself, or one of several pages that needs proof, is read until two readings in a
/// row are the same, without things told twice, and came to an end.
///
/// # Errors
/// Those of `read`.
pub(crate) async fn settled<T, E>(
    proof: Proof,
    id: impl Fn(&T) -> String,
    read: impl AsyncFn() -> Result<Reading<T>, E>,
) -> Result<List<T>, E> {
    let mut before: Option<Vec<String>> = None;
    for number in 1..=READINGS {
        let reading = read().await?;
        let ids = reading.ids(&id);
        let distinct = ids.iter().collect::<BTreeSet<_>>().len();
        let as_told = reading.total.is_none_or(|total| total == distinct as u64);
        let held_still = match &before {
            None => as_told && !reading.moved && (proof == Proof::Told || reading.pages.len() <= 1),
            Some(before) => *before == ids && (as_told || reading.ended),
        };
        if held_still && distinct == ids.len() {
            return Ok(List::Proven(reading.pages.into_iter().flatten().collect()));
        }
        // The second reading follows at once: mostly it is the same.
        if before.is_some() && number < READINGS {
            tracing::info!("the list changes while it is read; reading it again");
            tokio::time::sleep(PAUSE * 2_u32.saturating_pow(number - 2)).await;
        }
        before = Some(ids);
    }
    Ok(List::Unproven)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;

    use super::*;

    async fn read(readings: &[(&[&[&str]], Option<u64>)]) -> (Option<Vec<String>>, usize) {
        read_for(Proof::Twice, readings).await
    }

    async fn read_for(proof: Proof, readings: &[(&[&[&str]], Option<u64>)]) -> (Option<Vec<String>>, usize) {
        let left: RefCell<VecDeque<_>> = RefCell::new(readings.iter().collect());
        let list = settled(proof, String::clone, async || {
            let mut left = left.borrow_mut();
            let (pages, total) = if left.len() > 1 {
                left.pop_front()
            } else {
                left.front().copied()
            }
            .unwrap();
            let pages = pages
                .iter()
                .map(|page| page.iter().map(|it| (*it).to_owned()).collect());
            Ok::<_, ()>(Reading {
                pages: pages.collect(),
                total: *total,
                moved: false,
                ended: false,
            })
        })
        .await
        .unwrap();
        let used = readings.len() - left.borrow().len();
        match list {
            List::Proven(all) => (Some(all), used),
            List::Unproven => (None, used),
        }
    }

    fn all(list: &(Option<Vec<String>>, usize)) -> String {
        list.0.as_ref().map(|all| all.concat()).unwrap_or_default()
    }

    #[tokio::test]
    async fn one_page_is_read_once() {
        let list = read(&[(&[&["a", "b"]], Some(2)), (&[&["x"]], None)]).await;
        assert_eq!((all(&list), list.1), ("ab".to_owned(), 1));
    }

    #[tokio::test]
    async fn several_pages_are_proven_by_a_second_reading() {
        let still: (&[&[&str]], _) = (&[&["a", "b"], &["c"]], Some(3));
        assert_eq!(all(&read(&[still, still]).await), "abc");
    }

    #[tokio::test]
    async fn what_a_list_tells_of_itself_is_believed_unless_it_contradicts_itself() {
        let still: (&[&[&str]], _) = (&[&["a", "b"], &["c"]], Some(3));
        let list = read_for(Proof::Told, &[still, (&[], None)]).await;
        assert_eq!((all(&list), list.1), ("abc".to_owned(), 1));
        let fewer: (&[&[&str]], _) = (&[&["a", "b"], &["c"]], Some(4));
        let whole: (&[&[&str]], _) = (&[&["a", "b"], &["c", "d"]], Some(4));
        assert_eq!(all(&read_for(Proof::Told, &[fewer, whole, whole]).await), "abcd");
    }

    #[tokio::test]
    async fn what_slipped_between_two_pages_is_found() {
        // `a` went and `d` came while the second page was on its way: `c` moved into the first, and the total stayed.
        let moved: (&[&[&str]], _) = (&[&["a", "b"], &["d"]], Some(3));
        let still: (&[&[&str]], _) = (&[&["b", "c"], &["d"]], Some(3));
        assert_eq!(all(&read(&[moved, still, still]).await), "bcd");
    }

    #[tokio::test]
    async fn what_cannot_be_proven_is_not_claimed() {
        let twice: (&[&[&str]], _) = (&[&["a", "b"], &["b"]], Some(3));
        assert_eq!(read(&[twice, twice]).await.0, None);
        let fewer: (&[&[&str]], _) = (&[&["a", "b"], &["c"]], Some(4));
        assert_eq!(read(&[fewer, fewer]).await.0, None);
    }
}
