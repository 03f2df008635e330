//! Lists in pages: where a caller's cursor points, and what the next one is. A cursor is good for its own list, its filters and its caller alone.

use authz::{Permission, Permit};
use http::Uri;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Answer, App, Problem};

/// Which page of a list without filters.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// How many things at most, unchecked.
    #[serde(skip_serializing)]
    pub limit: Option<usize>,
    /// Where the page begins.
    #[serde(skip_serializing)]
    pub cursor: Option<String>,
}

/// One list, as one caller asks for it.
#[derive(Debug, Clone, Copy)]
pub struct Pages<'a, P, F> {
    app: &'a App,
    permit: &'a Permit<P>,
    list: &'static str,
    filters: &'a F,
}

impl<'a, P: Permission, F: Serialize> Pages<'a, P, F> {
    /// The list of this name. `filters` is what it is asked for, without limit and cursor: another question has other cursors.
    #[must_use]
    pub const fn of(app: &'a App, permit: &'a Permit<P>, list: &'static str, filters: &'a F) -> Self {
        Self { app, permit, list, filters }
    }

    /// Where the page begins: after what the cursor says, or at the beginning.
    pub async fn after<T: DeserializeOwned>(&self, cursor: Option<&str>) -> Result<Option<T>, Problem> {
        match cursor {
            Some(cursor) => Ok(Some(self.app.store.position(self.permit, self.list, self.filters, cursor).await?)),
            None => Ok(None),
        }
    }

    /// The page as an answer, with the cursor of the next one in `body` and in its link.
    pub async fn answer<T: Serialize, B: Serialize>(
        &self,
        uri: &Uri,
        next: Option<T>,
        body: impl FnOnce(Option<String>) -> B,
    ) -> Result<Answer, Problem> {
        let cursor = match next {
            Some(next) => Some(self.app.store.cursor(self.permit, self.list, self.filters, &next).await?),
            None => None,
        };
        Ok(Answer::ok(&body(cursor.clone()))?.next_page(uri, cursor.as_deref()))
    }
}
