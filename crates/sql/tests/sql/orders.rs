//! Random orders of what happens to a run, on both databases with the same answers.

use dk_contract::store::orders::{MODELS, Step, any_order_counts_right};
use proptest::prelude::*;
use sea_orm::{ConnectionTrait, Statement};

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
    join deepfake_analyses part on part.analysis_run_id = run.id order by part.model_name";

async fn outcome(fresh: Fresh, steps: &[Step]) -> Vec<String> {
    let url = fresh.url.clone();
    let stores = support::stores(fresh);
    any_order_counts_right(&stores, steps).await;
    let raw = sea_orm::Database::connect(url).await.unwrap();
    let ask = |sql: &str| Statement::from_string(raw.get_database_backend(), sql);
    let miscounted = raw.query_one_raw(ask(MISCOUNTED)).await.unwrap().unwrap();
    assert_eq!(miscounted.try_get::<i64>("", "runs").unwrap(), 0);
    let lines = raw.query_all_raw(ask(OUTCOME)).await.unwrap();
    raw.close().await.unwrap();
    lines.iter().map(|row| row.try_get("", "line").unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_steps_counts_right_and_ends_once_on_both_databases(
        steps in proptest::collection::vec(step(), 1..24),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let (sqlite, postgres) = (support::sqlite().await, support::postgres().await);
            assert_eq!(outcome(sqlite, &steps).await, outcome(postgres, &steps).await);
        });
    }
}
