//! Change a password. Every other session of the person ends with it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use dk_domain::{SessionId, UserId};

use super::log_in::take;
use super::{AccountRules, note, recheck};
use crate::ports::{PasswordError, SetPassword, StoreError};
use crate::service::Ports;

/// A password that may be set: 12 to 128 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword(String);

/// Why a text may not be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has 12 to 128 characters")]
pub struct NewPasswordError;

impl NewPassword {
    /// Fewest and most characters.
    pub const LENGTH: std::ops::RangeInclusive<usize> = 12..=128;

    /// The password, to be hashed.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for NewPassword {
    type Err = NewPasswordError;

    fn from_str(text: &str) -> Result<Self, NewPasswordError> {
        // Counting stops early: a text of megabytes is refused without being walked through.
        let length = text.chars().take(Self::LENGTH.end() + 1).count();
        if Self::LENGTH.contains(&length) { Ok(Self(text.to_owned())) } else { Err(NewPasswordError) }
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// A change of one's own password.
#[derive(Clone)]
pub struct ChangePassword {
    /// Whose.
    pub user: UserId,
    /// The session that stays.
    pub keep: Option<SessionId>,
    /// The password so far.
    pub current: String,
    /// The new one.
    pub new: NewPassword,
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The password so far is another one.
    #[error("the current password is wrong")]
    Wrong,
    /// The new one is the one so far.
    #[error("the new password is the current one")]
    Same,
    /// Too often wrong.
    #[error("too many attempts to change the password")]
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password could not be compared or hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// Changes one's own password.
pub async fn change_password(
    ports: &Ports,
    rules: &AccountRules,
    change: ChangePassword,
) -> Result<(), ChangePasswordError> {
    let counter = format!("password:{}", change.user);
    let taken = take(ports, &counter, rules.log_in_per_account_and_address).await;
    taken.map_err(|retry_after| ChangePasswordError::TooMany { retry_after })?;
    let stored = ports.accounts.password(change.user).await?;
    if !ports.passwords.check(&change.current, stored.as_ref()).await? {
        note(ports, Some(change.user), "password_refused", change.user.to_string()).await;
        return Err(ChangePasswordError::Wrong);
    }
    ports.limiter.forget(&counter).await;
    if change.new.reveal() == change.current {
        return Err(ChangePasswordError::Same);
    }
    let hash = ports.passwords.hash(change.new.reveal()).await?;
    let set = SetPassword { hash, replaces: stored, must_change: false, keep: change.keep };
    if !ports.accounts.set_password(change.user, &set, ports.ambient.now()).await? {
        // Another change came first: the current password is not that one any more.
        return Err(ChangePasswordError::Wrong);
    }
    note(ports, Some(change.user), "password_changed", change.user.to_string()).await;
    recheck(ports, change.user).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_counted_in_characters_and_never_shown() {
        assert!("é".repeat(12).parse::<NewPassword>().is_ok());
        assert!("é".repeat(11).parse::<NewPassword>().is_err());
        assert!("x".repeat(129).parse::<NewPassword>().is_err());
        let shown = format!("{:?}", "correct horse".parse::<NewPassword>().unwrap());
        assert!(!shown.contains("horse"), "{shown}");
    }
}
