//! The drawing of the tables is that of a database which the migrations have just made.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement};

use crate::support;

/// Table, column, type.
const COLUMNS: &str = "select table_name::text as a, column_name::text as b, udt_name::text as c \
    from information_schema.columns where table_schema = 'public' and table_name <> 'seaql_migrations' \
    order by table_name, ordinal_position";
/// Table, columns, kind of key: `p` or `u`.
const KEYS: &str = "select conrelid::regclass::text as a, \
    (select string_agg(attname::text, ',' order by attnum) from pg_attribute where attrelid = conrelid and attnum = any(conkey)) as b, \
    contype::text as c from pg_constraint \
    where connamespace = 'public'::regnamespace and contype in ('p', 'u') order by 1, 2";
/// Table, columns, table that is referred to and what happens when its row goes.
const REFERENCES: &str = "select conrelid::regclass::text as a, \
    (select string_agg(attname::text, ',' order by attnum) from pg_attribute where attrelid = conrelid and attnum = any(conkey)) as b, \
    confrelid::regclass::text || ' ' || confdeltype::text as c from pg_constraint \
    where connamespace = 'public'::regnamespace and contype = 'f' order by 3, 1, 2";
/// Table, columns in their order, method, of the indexes that are no primary keys.
const INDEXES: &str = "select indrelid::regclass::text as a, \
    (select string_agg(attname::text, ',' order by place) from unnest(indkey) with ordinality as of(number, place) \
     join pg_attribute on attrelid = indrelid and attnum = number) as b, amname::text as c \
    from pg_index join pg_class on pg_class.oid = indexrelid join pg_am on pg_am.oid = relam \
    where relnamespace = 'public'::regnamespace and not indisprimary and indkey[0] <> 0 order by 1, 2, 3";

/// Which colour a table has; what is not named here serves the service itself.
const SUBJECTS: [(&str, &[&str]); 4] = [
    ("who", &["users", "sessions", "api_keys"]),
    ("media", &["media", "analysis_runs", "uploads", "upload_parts"]),
    ("results", &["deepfake_analyses"]),
    ("watching", &["server_health"]),
];

/// Three texts of a row.
type Row = (String, String, String);

async fn rows(raw: &DatabaseConnection, query: &str) -> Vec<Row> {
    let rows = raw.query_all_raw(Statement::from_string(raw.get_database_backend(), query)).await.unwrap();
    let text = |row: &QueryResult, name: &str| row.try_get::<String>("", name).unwrap();
    rows.iter().map(|row| (text(row, "a"), text(row, "b"), text(row, "c"))).collect()
}

/// Whether one of the rows is about this table and, among others, this column.
fn has(rows: &[Row], table: &str, column: &str, kind: Option<&str>) -> bool {
    let of = |(of, columns, is): &&Row| {
        of == table && columns.split(',').any(|name| name == column) && kind.is_none_or(|kind| is == kind)
    };
    rows.iter().any(|row| of(&row))
}

/// What is said behind a column: keys, and indexes that begin with it.
fn marks(table: &str, column: &str, keys: &[Row], references: &[Row], indexes: &[Row]) -> String {
    let alone = keys.iter().any(|(of, columns, kind)| of == table && kind == "u" && columns == column);
    let marks: Vec<&str> = [
        (has(keys, table, column, Some("p")), "PK"),
        (has(references, table, column, None), "FK"),
        (alone, "UK"),
    ]
    .into_iter()
    .filter_map(|(holds, mark)| holds.then_some(mark))
    .collect();
    let mut text = if marks.is_empty() { String::new() } else { format!(" {}", marks.join(", ")) };
    let begins = |columns: &str| columns.split(',').next() == Some(column);
    let with: Vec<String> = indexes
        .iter()
        .filter(|(of, columns, _)| of == table && begins(columns))
        .map(|(_, columns, method)| match (columns.split_once(','), method.as_str()) {
            (Some((_, others)), _) => format!("index, then {}", others.replace(',', ", ")),
            (None, "btree") => "index".to_owned(),
            (None, method) => format!("{method} index"),
        })
        .collect();
    if !with.is_empty() {
        write!(text, " \"{}\"", with.join("; ")).unwrap();
    }
    text
}

async fn drawn(raw: &DatabaseConnection) -> String {
    let (columns, keys) = (rows(raw, COLUMNS).await, rows(raw, KEYS).await);
    let (references, indexes) = (rows(raw, REFERENCES).await, rows(raw, INDEXES).await);
    let mut text = String::from(
        "erDiagram\n  accTitle: The tables of the service\n  accDescr: People own media, media have runs, runs have \
         analyses; the other tables serve sessions, uploads, events and jobs.\n",
    );
    for (table, column, to) in &references {
        let (to, on_delete) = to.split_once(' ').unwrap();
        // `c` removes the row with what it refers to; otherwise the reference is forgotten.
        let (left, what) = if on_delete == "c" { ("||", "") } else { ("|o", ", or none") };
        writeln!(text, "  {to} {left}--o{{ {table} : \"{column}{what}\"").unwrap();
    }
    let mut tables: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (table, column, kind) in &columns {
        tables.entry(table).or_default().push((column, kind));
    }
    for (table, columns) in &tables {
        let subject =
            SUBJECTS.iter().find(|(_, names)| names.contains(table)).map_or("own", |(name, _)| name);
        writeln!(text, "  {table}:::{subject} {{").unwrap();
        for (column, kind) in columns {
            writeln!(text, "    {kind} {column}{}", marks(table, column, &keys, &references, &indexes))
                .unwrap();
        }
        text.push_str("  }\n");
    }
    text
}

/// To write it anew: `UPDATE_DIAGRAMS=1` before this test, then `make diagrams`.
#[tokio::test]
async fn the_diagram_of_the_tables_is_that_of_the_migrations() {
    let fresh = support::postgres().await;
    let raw = sea_orm::Database::connect(&fresh.url).await.unwrap();
    let made = drawn(&raw).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/diagrams/tables.mmd");
    if std::env::var_os("UPDATE_DIAGRAMS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "docs/diagrams/tables.mmd is old, docs/develop.md says how to renew it:\n{made}"
    );
}
