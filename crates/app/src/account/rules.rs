//! What the configuration says about accounts.

use std::time::Duration;

use crate::ports::Quota;

/// Rules for accounts.
#[derive(Debug, Clone)]
pub struct AccountRules {
    /// Whether anyone may make an account.
    pub sign_up_open: bool,
    /// A session ends when it was not used for so long.
    pub session_length: time::Duration,
    /// How long a refresh token that was just replaced is still taken for that of another tab.
    pub refresh_grace: time::Duration,
    /// Attempts to sign in to one account from one address.
    pub log_in_per_account_and_address: Quota,
    /// Attempts to sign in to one account from anywhere.
    pub log_in_per_account: Quota,
    /// Attempts to sign in from one address to any account.
    pub log_in_per_address: Quota,
    /// Accounts made from one address.
    pub sign_up_per_address: Quota,
    /// Keys that one person may have.
    pub max_api_keys: usize,
}

const QUARTER_HOUR: Duration = Duration::from_mins(15);

impl Default for AccountRules {
    fn default() -> Self {
        Self {
            sign_up_open: true,
            session_length: time::Duration::days(30),
            refresh_grace: time::Duration::seconds(30),
            log_in_per_account_and_address: Quota { limit: 10, window: QUARTER_HOUR },
            log_in_per_account: Quota { limit: 100, window: QUARTER_HOUR },
            log_in_per_address: Quota { limit: 100, window: QUARTER_HOUR },
            sign_up_per_address: Quota { limit: 100, window: Duration::from_hours(1) },
            max_api_keys: 50,
        }
    }
}
