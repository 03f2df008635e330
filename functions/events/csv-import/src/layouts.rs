//! Which of a tenant's layouts a file is read by: the one that was asked for, or the one whose headers it has.

use std::{collections::BTreeMap, sync::Arc};

use authz::ImportRight;
use domain::{
    intake::{FaultCode, layout::Layout},
    table::cells_of_row,
};
use store::{Error, Import, ImportLayout, LayoutUsed, Stored};

use crate::{Importer, records::encoding_named, source::Source};

/// A layout, as an import goes by it.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) used: LayoutUsed,
    pub(crate) layout: Arc<Layout>,
}

impl From<Stored<ImportLayout>> for Chosen {
    fn from(Stored { record, version }: Stored<ImportLayout>) -> Self {
        let ImportLayout { name, layout, .. } = record;
        Self { used: LayoutUsed { name, version }, layout: Arc::new(layout) }
    }
}

/// The layout that a file is to be read by; none: our own names. Fails with a code where the one that was asked for is not there.
pub(crate) async fn chosen(
    importer: &Importer,
    right: &ImportRight,
    import: &Import,
    source: &Source,
) -> Result<Result<Option<Chosen>, FaultCode>, Error> {
    if let Some(name) = &import.options.layout {
        return match importer.store.import_layout(right, name).await {
            Ok(layout) => Ok(Ok(Some(layout.into()))),
            Err(Error::NotFound) => Ok(Err(FaultCode::LayoutUnknown)),
            Err(error) => Err(error),
        };
    }
    let layouts = importer.store.import_layouts(right).await?;
    let encoding = import.options.encoding.as_deref().filter(|_| matches!(source, Source::Text(_)));
    let encoding = encoding.and_then(encoding_named);
    let mut heads: BTreeMap<Option<String>, Option<Vec<u8>>> = BTreeMap::new();
    for layout in &layouts {
        let sheet = &layout.record.layout.draft().sheet;
        if !heads.contains_key(sheet) {
            heads.insert(sheet.clone(), source.head(sheet.as_deref()).await?);
        }
    }
    let fitting = layouts.into_iter().filter(|layout| {
        let draft = layout.record.layout.draft();
        let head = heads.get(&draft.sheet).and_then(Option::as_ref);
        let header = head.and_then(|head| cells_of_row(head, draft.header_row, encoding));
        header.is_some_and(|cells| {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            layout.record.layout.fits(&cells)
        })
    });
    // Of two that fit, the one that was confirmed last.
    Ok(Ok(fitting.max_by_key(|layout| layout.record.updated_at).map(Chosen::from)))
}

/// The layout that the check of an import has kept.
pub(crate) async fn kept(
    importer: &Importer,
    right: &ImportRight,
    import: &Import,
) -> Result<Option<Arc<Layout>>, Error> {
    if import.layout.is_none() {
        return Ok(None);
    }
    let kept = importer.store.kept_import_layout(right, import.id).await?;
    kept.map(Arc::new).map(Some).ok_or_else(|| Error::Internal("an import without its layout".to_owned()))
}
