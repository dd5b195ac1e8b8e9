//! Random orders of what happens to a run, on both databases with the same answers.

use dk_contract::store::Stores;
use dk_contract::store::orders::{MODELS, Step, any_order_counts_right};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::support::{self, Fresh};

fn step() -> impl Strategy<Value = Step> {
    let which = 0..MODELS.len();
    prop_oneof![
        3 => which.clone().prop_map(Step::Start),
        3 => which.clone().prop_map(Step::Answer),
        2 => which.clone().prop_map(Step::Fail),
        2 => which.clone().prop_map(Step::Retry),
        2 => which.prop_map(Step::Reopen),
        1 => Just(Step::Conclude),
        1 => Just(Step::Cancel),
    ]
}

/// What only the rows tell: the count of a run under way is that of its unfinished analyses.
const MISCOUNTED: &str = "select count(*) as runs from analysis_runs run where remaining <> (select count(*)
    from deepfake_analyses part where part.analysis_run_id = run.id and part.status in ('PENDING', 'PROCESSING'))";
/// What both databases must agree on, without ids.
const OUTCOME: &str =
    "select run.status || ' ' || run.remaining || ' ' || part.model_name || ' ' || part.status
    || ' ' || part.attempts as line from analysis_runs run
    join deepfake_analyses part on part.analysis_run_id = run.id where run.id = $1 order by part.model_name";

/// A store, and a way to its rows.
struct Side {
    stores: Stores,
    raw: DatabaseConnection,
}

impl Side {
    async fn new(fresh: Fresh) -> Self {
        let raw = sea_orm::Database::connect(&fresh.url).await.unwrap();
        Self { stores: support::stores(fresh), raw }
    }

    async fn outcome(&self, steps: &[Step]) -> Vec<String> {
        let run = any_order_counts_right(&self.stores, steps).await;
        let backend = self.raw.get_database_backend();
        let miscounted = Statement::from_string(backend, MISCOUNTED);
        let miscounted = self.raw.query_one_raw(miscounted).await.unwrap().unwrap();
        assert_eq!(miscounted.try_get::<i64>("", "runs").unwrap(), 0);
        let outcome = Statement::from_sql_and_values(backend, OUTCOME, [run.get().into()]);
        let lines = self.raw.query_all_raw(outcome).await.unwrap();
        lines.iter().map(|row| row.try_get("", "line").unwrap()).collect()
    }
}

#[test]
fn any_order_of_steps_counts_right_and_ends_once_on_both_databases() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (sqlite, postgres) = runtime.block_on(async {
        (Side::new(support::sqlite().await).await, Side::new(support::postgres().await).await)
    });
    let config =
        ProptestConfig { cases: 48, max_shrink_iters: 100, failure_persistence: None, ..Default::default() };
    let orders = proptest::collection::vec(step(), 1..24);
    let agree = |steps: Vec<Step>| {
        runtime.block_on(async {
            assert_eq!(sqlite.outcome(&steps).await, postgres.outcome(&steps).await);
        });
        Ok(())
    };
    TestRunner::new(config).run(&orders, agree).unwrap();
}
