//! Lists of several pages.

use serde::de::DeserializeOwned;

use super::envelope::{self, Opened, Page};
use super::error::{Cause, Error};
use super::{Call, Reader};
use crate::paging::{self, List, MOST_PAGES, Proof, Reading};

impl Reader {
    /// All of a list, whole and each thing once, also when it changes meanwhile.
    ///
    /// # Errors
    /// Beside refusals: a list of several pages that never held still, or told more than it gave.
    pub(crate) async fn pages<T: DeserializeOwned>(
        &self,
        call: Call,
        per_page: u64,
        proof: Proof,
        id: impl Fn(&T) -> String,
    ) -> Result<Vec<T>, Error> {
        match paging::settled(proof, id, async || self.reading(&call, per_page).await).await? {
            List::Proven(all) => Ok(all),
            List::Unproven => Err(call.error(Cause::Unproven)),
        }
    }

    /// One reading. Some lists have no pages at all: they answer whole, without `result_info`.
    async fn reading<T: DeserializeOwned>(&self, call: &Call, per_page: u64) -> Result<Reading<T>, Error> {
        let mut reading = Reading {
            pages: Vec::new(),
            total: None,
            moved: false,
            ended: false,
        };
        let mut sum = 0;
        for page in 1..=MOST_PAGES {
            let answer = self.send(call, Some((page, per_page)), &mut self.tries()).await?;
            let opened: Opened<Vec<T>> =
                envelope::open(&answer, self.needs(call).as_ref()).map_err(|cause| call.error(cause))?;
            let found = opened.result.len() as u64;
            let Some(info) = opened.page else {
                return Ok(Reading::whole(opened.result));
            };
            // A list that knows no pages answers whole each time: its second answer would be the first again.
            if page > 1 && info.number != Some(page) {
                reading.ended = true;
                return Ok(reading);
            }
            sum += found;
            reading.moved |= page > 1 && info.total_count != reading.total;
            reading.total = info.total_count;
            if found > 0 {
                reading.pages.push(opened.result);
            }
            match end(info, page, found, sum, per_page) {
                End::NotYet => {}
                End::ByTotal => return Ok(reading),
                End::Told => {
                    reading.ended = true;
                    return Ok(reading);
                }
            }
        }
        Err(call.error(Cause::Unproven))
    }
}

/// Whether a page ends its list.
#[derive(Debug, PartialEq, Eq)]
enum End {
    NotYet,
    /// As many as there are were told.
    ByTotal,
    /// Nothing can follow.
    Told,
}

/// By `total_count`, else by `total_pages`, else with the first page that is not full; an empty one ends any list.
fn end(info: Page, page: u64, found: u64, sum: u64, per_page: u64) -> End {
    let full = info.size.filter(|told| *told > 0).unwrap_or(per_page);
    match (info.total_count, info.total_pages) {
        _ if found == 0 => End::Told,
        (Some(total), _) if sum >= total => End::ByTotal,
        (None, Some(pages)) if page >= pages => End::ByTotal,
        (None, None) if found < full.min(per_page) => End::Told,
        _ => End::NotYet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_by_what_it_tells() {
        let info = |total_count, total_pages, size| Page {
            number: None,
            size,
            total_count,
            total_pages,
        };
        for (told, page, found, sum, expected) in [
            (info(Some(3), Some(2), None), 1, 2, 2, End::NotYet),
            (info(Some(3), Some(2), None), 2, 1, 3, End::ByTotal),
            // Fewer than it says: what is missing may follow.
            (info(Some(3), Some(1), None), 1, 2, 2, End::NotYet),
            (info(Some(3), Some(1), None), 2, 0, 2, End::Told),
            (info(None, Some(2), None), 1, 1, 1, End::NotYet),
            (info(None, Some(2), None), 2, 2, 4, End::ByTotal),
            (info(None, None, None), 1, 2, 2, End::NotYet),
            (info(None, None, None), 2, 1, 3, End::Told),
            // Asked for two at once, given one: a full page.
            (info(None, None, Some(1)), 1, 1, 1, End::NotYet),
        ] {
            assert_eq!(end(told, page, found, sum, 2), expected, "{told:?}, page {page}");
        }
    }
}
