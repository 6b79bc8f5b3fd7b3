//! KV namespaces, found by their titles.

use serde::Deserialize;
use serde_json::json;

use super::{Call, Error, Needs, Permission, Reader, Writer};
use crate::paging::Proof;
use crate::retry::Written;

/// A page of the list; Cloudflare allows 100.
const PER_PAGE: u64 = 100;
/// A namespace with this title exists.
const TITLE_TAKEN: u32 = 10014;
/// No such namespace. On other routes 10013 means "unknown error", with status 500.
const NO_NAMESPACE: u32 = 10013;

/// A KV namespace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KvNamespace {
    /// 32 hexadecimal digits.
    pub id: String,
    pub title: String,
}

impl Reader {
    /// Every KV namespace of the account.
    pub async fn kv_namespaces(&self) -> Result<Vec<KvNamespace>, Error> {
        let call = Call::get(
            self.account_path("/storage/kv/namespaces"),
            "list the KV namespaces of the account",
        );
        let call = call.needs(Needs::account(Permission::KvRead, self.account()));
        self.pages(call, PER_PAGE, Proof::Twice, |namespace: &KvNamespace| {
            namespace.id.clone()
        })
        .await
    }
}

impl Writer {
    /// Makes a namespace with this title, or finds the one that another run, or a try of ours, has made meanwhile.
    pub async fn create_kv_namespace(&self, title: &str) -> Result<Written<KvNamespace>, Error> {
        let reader = self.reader();
        let call = Call::post(
            reader.account_path("/storage/kv/namespaces"),
            format!("create KV namespace `{title}`"),
        );
        let call = call
            .needs(Needs::account(Permission::KvEdit, reader.account()))
            .json(json!({ "title": title }));
        let look = async || {
            let all = reader.kv_namespaces().await?;
            Ok(all.into_iter().find(|found| found.title == title))
        };
        self.create(&call, |made| made, |error| error.doubt(&[TITLE_TAKEN]), look)
            .await
    }

    /// Deletes a namespace and what it holds; `false` when it was gone already. Delete the Workers that bind it first.
    pub async fn delete_kv_namespace(&self, namespace: &KvNamespace) -> Result<bool, Error> {
        let reader = self.reader();
        let call = Call::delete(
            reader.account_path(&format!("/storage/kv/namespaces/{}", namespace.id)),
            format!("delete KV namespace `{}`", namespace.title),
        )
        .needs(Needs::account(Permission::KvEdit, reader.account()));
        let is_gone = |error: &Error| error.has(NO_NAMESPACE) && error.status() == Some(404);
        self.remove(call, is_gone).await
    }
}
