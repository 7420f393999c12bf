//! The database as an async trait: once for generic code, and once for `dyn`.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::shared::{self, App, Database, Link, Result};
use crate::step2::Pool;

// ANCHOR: links
/// Where the links are. The `+ Send` is for callers that spawn; `async fn` in a trait would not promise it.
pub trait Links: Send + Sync {
    /// Stores a URL and returns its code.
    fn add(&self, url: String) -> impl Future<Output = Result<i64>> + Send;
    /// Finds a link.
    fn find(&self, code: i64) -> impl Future<Output = Result<Link>> + Send;
    /// All URLs, oldest first.
    fn urls(&self) -> impl Future<Output = Result<Vec<String>>> + Send;
}

/// The links in `SQLite`: each call goes to the blocking pool by itself.
#[derive(Clone)]
pub struct Sqlite {
    database: Database,
    pool: Pool,
}

// In the implementation `async fn` will do: the compiler sees the future, and checks that it is `Send`.
impl Links for Sqlite {
    async fn add(&self, url: String) -> Result<i64> {
        let database = self.database.clone();
        self.pool.call(move || database.with(|db| shared::add(db, &url))).await
    }

    async fn find(&self, code: i64) -> Result<Link> {
        let database = self.database.clone();
        self.pool.call(move || database.with(|db| shared::find(db, code))).await
    }

    async fn urls(&self) -> Result<Vec<String>> {
        let database = self.database.clone();
        self.pool.call(move || database.with(shared::urls)).await
    }
}
// ANCHOR_END: links

impl Sqlite {
    /// The links of `app`.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self { database: app.database.clone(), pool: Pool::new(app) }
    }
}

// ANCHOR: dyn
/// [`Links`] for `dyn`. A caller that does not know the type cannot know the size of its future, so the future is boxed.
pub trait DynLinks: Send + Sync {
    /// [`Links::add`].
    fn add_boxed(&self, url: String) -> BoxFuture<'_, Result<i64>>;
    /// [`Links::find`].
    fn find_boxed(&self, code: i64) -> BoxFuture<'_, Result<Link>>;
    /// [`Links::urls`].
    fn urls_boxed(&self) -> BoxFuture<'_, Result<Vec<String>>>;
}

impl<L: Links> DynLinks for L {
    fn add_boxed(&self, url: String) -> BoxFuture<'_, Result<i64>> {
        Box::pin(self.add(url))
    }

    fn find_boxed(&self, code: i64) -> BoxFuture<'_, Result<Link>> {
        Box::pin(self.find(code))
    }

    fn urls_boxed(&self) -> BoxFuture<'_, Result<Vec<String>>> {
        Box::pin(self.urls())
    }
}

/// And back, so that generic code takes a `dyn` as well.
impl Links for Arc<dyn DynLinks> {
    async fn add(&self, url: String) -> Result<i64> {
        self.as_ref().add_boxed(url).await
    }

    async fn find(&self, code: i64) -> Result<Link> {
        self.as_ref().find_boxed(code).await
    }

    async fn urls(&self) -> Result<Vec<String>> {
        self.as_ref().urls_boxed().await
    }
}
// ANCHOR_END: dyn
