//! Everything that is held about oneself, to read and to take away: `/v1/me/export`.

use std::{borrow::Cow, collections::BTreeMap};

use authz::{Permit, permission::ExportOwn};
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use domain::export::{
    ExportFormat, Sheet, SheetColumn,
    own::{OWN, OwnKind},
};
use endpoint::{App, Door, Fault, Filters, Kind, Pages, Problem, into_csv, wants_csv};
use http::{HeaderMap, Uri};
use serde::{Deserialize, Serialize};
use store::OwnSection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
#[must_use]
pub fn door() -> Door {
    Door {
        name: "me-export", heading: "自分のデータの取得", routes: OpenApiRouter::new().routes(routes!(read))
    }
}

/// What is asked for.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    kind: Option<String>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

impl ExportQuery {
    /// The kind, if one is named.
    fn kind(&self) -> Result<Option<OwnKind>, Problem> {
        let Some(name) = &self.kind else { return Ok(None) };
        let known = OWN.iter().find(|row| row.name == name).map(|row| row.kind);
        known.map(Some).ok_or_else(|| {
            let names: Vec<&str> = OWN.iter().map(|row| row.name).collect();
            let detail = format!("種別は次のいずれかで指定してください：{}", names.join("、"));
            Problem::new(Kind::Invalid).with(Fault::at("kind", "unknown_kind", detail))
        })
    }
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
struct OwnExport {
    /// 種別ごとの記録。記録が多い種別は、次のページに続きます。
    sections: Vec<SectionView>,
    /// 次のページの位置。最後のページでは null です。
    next_cursor: Option<String>,
}

/// What is held of one kind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnExportSection)]
struct SectionView {
    /// 種別。
    #[schema(example = "checkups")]
    kind: &'static str,
    /// 種別の名称。
    #[schema(example = "健康診断")]
    title: &'static str,
    /// 項目。
    columns: Vec<ColumnView>,
    /// 記録。項目の名前と値の組です。
    rows: Vec<BTreeMap<&'static str, Cow<'static, str>>>,
}

/// A column.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnExportColumn)]
struct ColumnView {
    /// 名前。
    #[schema(example = "examined_on")]
    name: &'static str,
    /// 見出し。
    #[schema(example = "受診日")]
    title: &'static str,
}

impl From<OwnSection> for SectionView {
    fn from(OwnSection { kind, lines }: OwnSection) -> Self {
        let row = kind.row();
        let columns = row.columns.iter().map(|(name, title)| ColumnView { name, title }).collect();
        let named = |cells: Vec<Cow<'static, str>>| row.columns.iter().map(|(name, _)| *name).zip(cells).collect();
        Self { kind: row.name, title: row.japanese, columns, rows: lines.into_iter().map(named).collect() }
    }
}

/// The lines of one kind as a file.
fn file(kind: OwnKind, sections: &[OwnSection]) -> Result<Vec<u8>, Problem> {
    let mut sheet = Sheet::of(ExportFormat::CsvUtf8, kind.row().columns.iter().map(SheetColumn::from).collect());
    sections.iter().flat_map(|section| &section.lines).for_each(|cells| sheet.row(cells));
    sheet.into_bytes().map_err(|error| store::Error::Internal(error.to_string()).into())
}

/// Reads it.
#[utoipa::path(
    get, path = "/v1/me/export", operation_id = "exportOwnData", summary = "自分に関するデータをすべて取得する",
    description = "自分に関して保有されているデータ（従業員情報、有害業務の従事歴、所属、アカウント、健康診断、就業判定、受診勧奨、受診希望、労働時間、面談・面接指導、疲労蓄積度、ストレスチェックの回答と結果、ライフログ、健康ポイント、開示等の請求、閲覧履歴）を、種別ごとに返します。next_cursor がなくなるまで読み進めてください。kind に種別を1つ指定し、Accept: text/csv とすると、そのページを CSV（UTF-8、BOM付き）で返します。続きは Link ヘッダーに示します。ストレスチェックの結果は、実施者が確定した後に含まれます。面談は、経過と、医師の意見、事業者の決定です。面談記録や保健指導の内容など、担当者の記録は含みません。",
    params(
        ("kind" = Option<String>, Query, description = "種別（省略するとすべて）", example = "checkups"),
        ("cursor" = Option<String>, Query, description = "次のページの位置")
    ),
    security(("token" = ["me.export"])),
    responses((status = 200, description = "自分に関するデータ", content((OwnExport = "application/json"), (String = "text/csv"))))
)]
async fn read(
    State(app): State<App>,
    permit: Permit<ExportOwn>,
    uri: Uri,
    headers: HeaderMap,
    Filters(query): Filters<ExportQuery>,
) -> Result<Response, Problem> {
    let only = query.kind()?;
    let pages = Pages::of(&app, &permit, "me-export", &query);
    let from = pages.after(query.cursor.as_deref()).await?;
    let (sections, next) = app.store.own_records(&permit, only, from).await?;
    let file = only.filter(|_| wants_csv(&headers)).map(|kind| file(kind, &sections)).transpose()?;
    let sections: Vec<_> = sections.into_iter().map(SectionView::from).collect();
    let answer = pages.answer(&uri, next, |next_cursor| OwnExport { sections, next_cursor }).await?.into_response();
    match (file, only) {
        (Some(file), Some(kind)) => into_csv(answer, &format!("{}.csv", kind.row().name), &file),
        _ => Ok(answer),
    }
}
