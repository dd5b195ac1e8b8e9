//! A person's own names.

use dk_domain::UserId;

use crate::ports::{StoreError, User, UserEdit};
use crate::service::Ports;

/// What people may change of themselves; `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileEdit {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
}

/// Changes one's own names; `None` when the account has gone meanwhile.
pub async fn edit_profile(
    ports: &Ports,
    user: UserId,
    edit: ProfileEdit,
) -> Result<Option<User>, StoreError> {
    let edit =
        UserEdit { first_name: edit.first_name, last_name: edit.last_name, role: None, is_active: None };
    ports.accounts.edit_user(user, &edit, ports.ambient.now()).await
}
