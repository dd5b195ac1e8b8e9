//! The mark of this database, by which stored files are told from those of another one.

use dk_app::ports::Mark;
use sea_orm::EntityTrait;
use sea_orm::sea_query::{Expr, ExprTrait};

use crate::database::Database;
use crate::entity::installation::{Column, Entity, Model};
use crate::fault::Fault;
use crate::rows::unsigned;

pub(super) async fn mark(db: &Database) -> Result<Mark, Fault> {
    read(Entity::find().one(&db.read()).await?)
}

pub(super) async fn begin_sweep(db: &Database) -> Result<Mark, Fault> {
    let tx = db.begin().await?;
    Entity::update_many().col_expr(Column::Sweeps, Expr::col(Column::Sweeps).add(1)).exec(&tx).await?;
    let mark = read(Entity::find().one(&tx).await?)?;
    tx.commit().await?;
    Ok(mark)
}

fn read(row: Option<Model>) -> Result<Mark, Fault> {
    let row = row.ok_or_else(|| sea_orm::DbErr::RecordNotFound("the installation has no row".to_owned()))?;
    Ok(Mark { installation: row.id, sweeps: unsigned(row.sweeps)? })
}
