//! Finding branches.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::api::Ask;
use super::error::Error;
use super::types::{Annotation, Branch, KeyKind, OneBranch, Project};
use super::{Endpoint, Reader};
use crate::paging::{self, List, MOST_PAGES, Proof, Reading};

/// Branches per page; Neon allows 10,000.
const PAGE: usize = 1000;

#[derive(Deserialize)]
struct Page {
    branches: Vec<Branch>,
    #[serde(default)]
    annotations: BTreeMap<String, Annotation>,
    #[serde(default)]
    pagination: Cursor,
}

#[derive(Default, Deserialize)]
struct Cursor {
    next: Option<String>,
}

impl Page {
    fn join(mut self) -> (Vec<Branch>, Option<String>) {
        for branch in &mut self.branches {
            if let Some(annotation) = self.annotations.remove(&branch.id) {
                branch.annotation = annotation.value;
            }
        }
        (self.branches, self.pagination.next)
    }
}

impl Reader {
    /// All branches, oldest first, also when some come and go meanwhile.
    ///
    /// # Errors
    /// Beside refusals: a list of several pages that never held still, or led in circles.
    pub async fn branches(&self) -> Result<Vec<Branch>, Error> {
        let id = |branch: &Branch| branch.id.clone();
        match paging::settled(Proof::Twice, id, async || self.reading().await).await? {
            List::Proven(all) => Ok(all),
            List::Unproven => Err(Error::Unproven),
        }
    }

    /// Neon names a next page on the last one, too, so only an empty page ends the list.
    async fn reading(&self) -> Result<Reading<Branch>, Error> {
        let mut pages: Vec<Vec<Branch>> = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let (branches, next) = self.page(None, cursor.as_deref()).await?;
            let at_the_end = branches.is_empty() || next.is_none();
            if !branches.is_empty() {
                // The same page once more: the cursor leads in circles.
                let ids = |page: &[Branch]| page.iter().map(|branch| branch.id.clone()).collect::<Vec<_>>();
                if pages.last().is_some_and(|last| ids(last) == ids(&branches)) {
                    return Err(Error::Unproven);
                }
                pages.push(branches);
            }
            if at_the_end {
                return Ok(Reading {
                    pages,
                    total: None,
                    moved: false,
                    ended: true,
                });
            }
            cursor = next;
        }
        Err(Error::Unproven)
    }

    /// The branch with exactly this name, or with this id. Neon's search finds parts of both.
    pub async fn named(&self, name: &str) -> Result<Option<Branch>, Error> {
        let mut cursor: Option<String> = None;
        loop {
            let (branches, next) = self.page(Some(name), cursor.as_deref()).await?;
            let count = branches.len();
            if let Some(found) = exact(branches, name) {
                return Ok(Some(found));
            }
            if count < PAGE || next.is_none() || next == cursor {
                return Ok(None);
            }
            cursor = next;
        }
    }

    async fn page(&self, search: Option<&str>, cursor: Option<&str>) -> Result<(Vec<Branch>, Option<String>), Error> {
        // Sorted by what does not change while we read: the default is the time of the last change.
        let mut ask = Ask::get("/branches")
            .query("limit", PAGE.to_string())
            .query("sort_by", "created_at")
            .query("sort_order", "asc");
        if let Some(search) = search {
            ask = ask.query("search", search);
        }
        if let Some(cursor) = cursor {
            ask = ask.query("cursor", cursor);
        }
        Ok(self.api.read::<Page>(&ask).await?.join())
    }

    /// The branch with this id.
    pub async fn branch(&self, id: &str) -> Result<Option<Branch>, Error> {
        let found: Option<OneBranch> = self.api.find(&Ask::get(format!("/branches/{id}"))).await?;
        Ok(found.map(OneBranch::join))
    }

    /// A branch that was just made, which Neon may not know yet.
    pub async fn new_branch(&self, id: &str) -> Result<Branch, Error> {
        let ask = Ask::get(format!("/branches/{id}")).young();
        Ok(self.api.read::<OneBranch>(&ask).await?.join())
    }

    /// How many branches the project has.
    pub async fn count(&self) -> Result<usize, Error> {
        #[derive(Deserialize)]
        struct Count {
            count: usize,
        }
        Ok(self.api.read::<Count>(&Ask::get("/branches/count")).await?.count)
    }

    /// The project itself: its limits and its history window.
    pub async fn project(&self) -> Result<Project, Error> {
        #[derive(Deserialize)]
        struct One {
            project: Project,
        }
        Ok(self.api.read::<One>(&Ask::get("")).await?.project)
    }

    /// Whose the key is; `None` for a kind that is not known here.
    ///
    /// Source: `GET /auth` of Neon's API description.
    pub async fn key_kind(&self) -> Result<Option<KeyKind>, Error> {
        #[derive(Deserialize)]
        struct Auth {
            auth_method: String,
        }
        let auth: Auth = self.api.read(&Ask::get("/auth").outside()).await?;
        Ok(match auth.auth_method.as_str() {
            "api_key_user" => Some(KeyKind::Personal),
            "api_key_org" => Some(KeyKind::Organization),
            _ => None,
        })
    }

    /// The names of the branch's roles.
    pub async fn roles(&self, branch: &Branch) -> Result<Vec<String>, Error> {
        self.names_of(branch, "roles").await
    }

    /// The names of the branch's databases.
    pub async fn databases(&self, branch: &Branch) -> Result<Vec<String>, Error> {
        self.names_of(branch, "databases").await
    }

    async fn names_of(&self, branch: &Branch, what: &str) -> Result<Vec<String>, Error> {
        let ask = Ask::get(format!("/branches/{}/{what}", branch.id));
        let list: serde_json::Value = self.api.read(&ask).await?;
        let name = |one: &serde_json::Value| one["name"].as_str().map(str::to_owned);
        Ok(list[what].as_array().into_iter().flatten().filter_map(name).collect())
    }

    /// The branch's computes.
    pub async fn endpoints(&self, branch: &str) -> Result<Vec<Endpoint>, Error> {
        #[derive(Deserialize)]
        struct List {
            endpoints: Vec<Endpoint>,
        }
        let ask = Ask::get(format!("/branches/{branch}/endpoints")).young();
        Ok(self.api.read::<List>(&ask).await?.endpoints)
    }
}

fn exact(branches: Vec<Branch>, name: &str) -> Option<Branch> {
    branches
        .into_iter()
        .find(|branch| branch.name == name || branch.id == name)
}

#[cfg(test)]
mod tests {
    use axum::extract::{Query, RawQuery, State};
    use axum::routing::get;
    use axum::{Json, Router};
    use serde_json::{Value, json};

    use super::*;

    /// Pages of two out of five branches, with a next page on every one, as Neon has it.
    async fn page(
        State(heeds_cursor): State<bool>,
        Query(query): Query<BTreeMap<String, String>>,
        RawQuery(raw): RawQuery,
    ) -> Json<Value> {
        assert!(raw.unwrap().contains("sort_by=created_at"));
        let from = query.get("cursor").filter(|_| heeds_cursor);
        let from: usize = from.map_or(0, |cursor| cursor.parse().unwrap());
        let to = (from + 2).min(5);
        let branches: Vec<Value> = (from..to)
            .map(|n| json!({"id": format!("br-{n}"), "name": format!("b{n}")}))
            .collect();
        let annotations = json!({"br-3": {"object": {"type": "console/branch", "id": "br-3"}, "value": {"k": "v"}}});
        Json(json!({"branches": branches, "annotations": annotations, "pagination": {"next": to.to_string()}}))
    }

    async fn reader(heeds_cursor: bool) -> Reader {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/projects/p/branches", get(page))
            .with_state(heeds_cursor);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Reader::new(crate::http::client().unwrap(), &url, "p", crate::secret::secret("key"))
    }

    #[tokio::test]
    async fn every_page_is_read_and_the_last_one_known() {
        let all = reader(true).await.branches().await.unwrap();
        let names: Vec<&str> = all.iter().map(|branch| branch.name.as_str()).collect();
        assert_eq!(names, ["b0", "b1", "b2", "b3", "b4"]);
        assert_eq!(all[3].annotation["k"], "v");
        assert!(all[2].annotation.is_empty());
    }

    #[tokio::test]
    async fn a_cursor_that_leads_in_circles_is_no_list() {
        let error = reader(false).await.branches().await.unwrap_err();
        assert!(matches!(error, Error::Unproven), "{error}");
    }

    #[test]
    fn a_part_of_a_name_is_another_branch() {
        let branch = |name: &str| -> Branch { serde_json::from_value(json!({"id": "br-x", "name": name})).unwrap() };
        let found = exact(vec![branch("preview-pr-421"), branch("preview-pr-42")], "preview-pr-42").unwrap();
        assert_eq!(found.name, "preview-pr-42");
        assert!(exact(vec![branch("preview-pr-421")], "preview-pr-42").is_none());
    }
}
