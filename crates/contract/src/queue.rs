//! The promises of [`dk_app::ports::JobQueue`]. [`crate::queue_suite`] makes a test of each.

pub mod standing;
pub mod support;
pub mod working;

pub use support::Bench;

/// One test per promise. `$open` is an async function from the pause before a second attempt to a [`Bench`] with an
/// empty queue that makes three attempts and looks for jobs at least every second.
#[macro_export]
macro_rules! queue_suite {
    ($open:ident) => {
        $crate::queue_suite! { @ $open;
            standing {
                a_run_is_one_job_per_model_and_a_finaliser_that_waits_for_them
                adding_twice_changes_nothing
                what_had_ended_begins_anew_with_its_finaliser
                a_run_without_models_is_finalised_at_once
                a_job_that_joins_a_run_is_waited_for_too
                jobs_go_by_place_and_by_age_within_a_place
                jobs_that_wait_can_be_removed_and_added_again
                a_running_job_is_not_removed_and_one_that_waits_for_its_next_attempt_is
                dead_letters_are_listed_newest_first_and_stay_until_they_are_forgotten
                only_a_dead_letter_is_read_or_forgotten
                a_dead_letter_stays_until_it_is_enqueued_anew
            }
            working {
                a_failure_that_may_pass_is_tried_three_times
                a_failure_that_cannot_pass_is_never_tried_again
                a_panic_is_a_failed_attempt_and_the_worker_goes_on
                at_most_as_many_jobs_run_at_once_as_was_asked_for
                two_workers_never_run_the_same_attempt
                a_worker_that_must_go_lets_its_job_finish_within_the_grace_and_takes_no_other
                a_job_that_outlasts_the_grace_is_stopped_and_given_back_without_counting_an_attempt
                a_worker_that_is_idle_stops_at_once
            }
        }
    };
    (@ $open:ident; $($part:ident { $($promise:ident)* })*) => {$(
        mod $part {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    let backoff = $crate::queue::$part::backoff(stringify!($promise));
                    $crate::queue::$part::$promise(&super::$open(backoff).await).await;
                }
            )*
        }
    )*};
}
