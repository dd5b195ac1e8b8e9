//! The promises of the stores of rows: accounts, library, runs, uploads, outbox, health log.
//! [`crate::store_suite`] makes a test of each.

pub mod accounts;
pub mod at_once;
pub mod health;
pub mod library;
pub mod orders;
pub mod outbox;
pub mod runs;
pub mod sessions;
pub mod uploads;
pub mod world;

use std::any::Any;
use std::sync::Arc;

use dk_app::ports::{Accounts, HealthLog, Library, Outbox, Runs, Uploads};

/// One empty store, seen through all its ports.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the port of its name")]
pub struct Stores {
    pub accounts: Arc<dyn Accounts>,
    pub library: Arc<dyn Library>,
    pub runs: Arc<dyn Runs>,
    pub uploads: Arc<dyn Uploads>,
    pub outbox: Arc<dyn Outbox>,
    pub health: Arc<dyn HealthLog>,
    keep: Arc<dyn Any + Send + Sync>,
}

impl Stores {
    /// The ports of one store; `keep` (a folder, a server) lives as long as they do.
    pub fn new<S>(store: S, keep: impl Any + Send + Sync) -> Self
    where
        S: Accounts + Library + Runs + Uploads + Outbox + HealthLog + 'static,
    {
        let store = Arc::new(store);
        Self {
            accounts: store.clone(),
            library: store.clone(),
            runs: store.clone(),
            uploads: store.clone(),
            outbox: store.clone(),
            health: store,
            keep: Arc::new(keep),
        }
    }

    /// What was given to be kept.
    pub fn kept<T: Any>(&self) -> Option<&T> {
        self.keep.downcast_ref()
    }
}

/// One test per promise. `$open` is an async function that returns an empty [`Stores`].
#[macro_export]
macro_rules! store_suite {
    ($open:ident) => {
        $crate::store_suite! { @ $open;
            accounts {
                an_address_is_taken_once
                the_first_account_is_added_once
                a_password_replaces_the_one_that_was_checked_and_no_other
                a_person_is_found_by_id_and_by_address
                people_are_listed_newest_first_and_found_by_text
                an_edit_changes_what_it_names_and_nothing_else
                a_hash_is_renewed_only_while_it_is_the_old_one
                a_key_opens_until_it_is_over_or_revoked
                the_use_of_a_key_is_noted_once_a_minute
                a_person_who_is_switched_off_is_nobody
            }
            sessions {
                a_refresh_token_is_exchanged_and_a_stolen_one_ends_the_session
                a_token_replaced_a_moment_ago_is_that_of_another_tab
                a_session_that_is_over_is_unknown
                another_password_ends_every_other_session
                a_sign_in_with_a_password_that_was_changed_meanwhile_begins_no_session
                a_sign_in_and_a_change_of_password_at_once_leave_no_session
                a_token_that_was_never_one_of_the_session_ends_nothing
                open_sessions_are_listed_to_their_owner_who_may_end_them
                what_has_ended_is_forgotten
                of_two_tabs_that_refresh_at_once_one_is_told_so
            }
            library {
                media_are_listed_newest_first_in_parts
                media_are_listed_in_the_order_that_is_asked_for
                a_filter_lets_through_what_it_names
                text_is_looked_for_literally_and_in_any_case
                what_belongs_to_somebody_else_is_not_there
                a_description_is_changed_by_its_owner
                a_removed_medium_leaves_nothing_but_an_errand
                payloads_come_back_as_they_were
                media_that_exist_are_told_from_those_that_do_not
                a_store_has_a_mark_of_its_own_that_counts_sweeps
            }
            runs {
                an_accepted_file_has_rows_an_errand_and_an_event
                the_same_key_leads_to_the_same_medium_for_a_day
                the_same_key_on_another_request_is_taken
                another_run_begins_when_the_last_one_has_ended
                a_run_is_planned_once_and_every_model_has_its_row
                a_run_that_waits_says_why
                the_backlog_counts_other_unfinished_runs_of_the_owner
                a_run_goes_from_queued_to_its_verdict
                ending_twice_changes_nothing
                a_run_without_an_answer_has_failed_and_says_nothing
                a_run_with_some_answers_is_partly_analysed
                a_run_that_no_model_takes_says_so
                another_attempt_is_announced_and_counted
                progress_is_kept_until_the_end_and_not_after
                a_cancelled_run_stays_cancelled
                a_failed_analysis_gets_another_chance
                runs_that_stand_still_are_found
                the_safety_net_ends_nothing_that_is_under_way
                events_are_numbered_without_a_gap_and_replayed
            }
            at_once {
                of_twenty_that_end_a_run_one_ends_it
                of_two_that_ask_for_another_run_one_gets_it
                an_upload_sent_many_times_at_once_is_accepted_once
                events_of_many_runs_at_once_have_no_gap
                errands_are_taken_by_one_of_many
                an_end_and_a_cancellation_at_once_leave_one_end
            }
            uploads {
                an_upload_is_its_owners_until_its_time_is_over
                parts_count_where_the_upload_ends_and_nowhere_else
                an_upload_becomes_one_medium_and_its_parts_go
                an_upload_that_was_taken_back_becomes_nothing
                a_refused_upload_says_why_again
                so_many_uploads_are_open_at_a_time_and_so_many_parts_lie_in_one
                an_upload_that_was_left_whole_is_found_once
                of_many_that_put_one_upload_together_one_makes_the_medium
            }
            outbox {
                errands_come_in_order_and_are_leased
                an_errand_that_is_put_off_comes_later
            }
            health {
                looks_at_servers_are_listed_newest_first_and_forgotten
            }
        }
    };
    (@ $open:ident; $($part:ident { $($promise:ident)* })*) => {$(
        mod $part {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    $crate::store::$part::$promise(&super::$open().await).await;
                }
            )*
        }
    )*};
}
