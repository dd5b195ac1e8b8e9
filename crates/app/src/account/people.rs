//! What administrators do to accounts. Somebody must stay who can undo it: the last active administrator can
//! neither be disabled nor made an ordinary person.

use dk_domain::{Role, UserId};

use super::{note, recheck};
use crate::ports::{StoreError, User, UserEdit};
use crate::service::Ports;

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditPersonError {
    /// Nobody would be left to manage accounts.
    #[error("this is the last active administrator")]
    LastAdmin,
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes role or activity of a person; `None` when there is none.
pub async fn edit_person(
    ports: &Ports,
    actor: UserId,
    id: UserId,
    role: Option<Role>,
    is_active: Option<bool>,
) -> Result<Option<User>, EditPersonError> {
    let Some(before) = ports.accounts.user(id).await? else {
        return Ok(None);
    };
    let edit = UserEdit { role, is_active, ..UserEdit::default() };
    let steps_down = is_admin(&before) && (role == Some(Role::User) || is_active == Some(false));
    if steps_down && ports.accounts.count_admins().await? <= 1 {
        return Err(EditPersonError::LastAdmin);
    }
    let now = ports.ambient.now();
    let Some(after) = ports.accounts.edit_user(id, &edit, now).await? else {
        return Ok(None);
    };
    // Two administrators who disable each other at the same moment both got here: whoever sees that nobody is left
    // takes the change back.
    if steps_down && ports.accounts.count_admins().await? == 0 {
        let back =
            UserEdit { role: Some(before.role), is_active: Some(before.is_active), ..UserEdit::default() };
        ports.accounts.edit_user(id, &back, now).await?;
        return Err(EditPersonError::LastAdmin);
    }
    if before.role != after.role {
        note(ports, Some(actor), role_action(after.role), id.to_string()).await;
    }
    if before.is_active != after.is_active {
        let action = if after.is_active { "account_enabled" } else { "account_disabled" };
        note(ports, Some(actor), action, id.to_string()).await;
        recheck(ports, id).await;
    }
    Ok(Some(after))
}

fn is_admin(user: &User) -> bool {
    user.is_active && user.role == Role::Admin
}

fn role_action(role: Role) -> &'static str {
    match role {
        Role::Admin => "role_changed_to_admin",
        Role::User => "role_changed_to_user",
    }
}
