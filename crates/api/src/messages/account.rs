//! People, sessions and keys.

#![expect(clippy::trivially_copy_pass_by_ref, reason = "checks get their empty context by reference")]

use std::fmt;

use dk_app::account::{CreatedKey, NewPassword};
use dk_app::ports::{ApiKey, User};
use dk_domain::Email;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::words;

/// A new account.
#[derive(Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignUpBody {
    /// E-mail address; upper and lower case are the same.
    #[garde(custom(check_address))]
    #[schema(format = Email, max_length = 254)]
    pub email: String,
    /// 12 to 128 characters.
    #[garde(custom(check_password))]
    #[schema(format = Password, min_length = 12, max_length = 128)]
    pub password: String,
    /// First name.
    #[garde(custom(check_name))]
    #[schema(min_length = 1, max_length = 100)]
    pub first_name: String,
    /// Last name.
    #[garde(custom(check_name))]
    #[schema(min_length = 1, max_length = 100)]
    pub last_name: String,
}

/// An attempt to sign in.
#[derive(Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogInBody {
    /// E-mail address.
    #[garde(custom(check_address))]
    #[schema(format = Email, max_length = 254)]
    pub email: String,
    /// The password.
    #[garde(length(chars, min = 1, max = 1024))]
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    pub password: String,
}

/// What a sign-in brings.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenBody {
    /// Access token, for `Authorization: Bearer`.
    pub token: String,
    /// When the token ends.
    #[schema(schema_with = words::date_time)]
    pub expires_at: String,
    /// Who signed in.
    pub user: UserBody,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct UserBody {
    /// Id.
    #[schema(schema_with = words::id)]
    pub id: String,
    /// E-mail address.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// What the person may do.
    #[schema(schema_with = words::role)]
    pub role: String,
    /// A person who is not active can do nothing.
    pub is_active: bool,
    /// Somebody else chose the password: nothing but changing it is possible.
    pub must_change_password: bool,
    /// When the account was made.
    #[schema(schema_with = words::date_time)]
    pub created_at: String,
    /// When it was last changed.
    #[schema(schema_with = words::date_time)]
    pub updated_at: String,
}

impl From<&User> for UserBody {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.to_string(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            role: user.role.to_string(),
            is_active: user.is_active,
            must_change_password: user.must_change_password,
            created_at: words::moment(user.created_at),
            updated_at: words::moment(user.updated_at),
        }
    }
}

/// A part of the list of people.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserList {
    /// Newest first.
    pub items: Vec<UserBody>,
    /// For the next part; null at the end.
    pub next_cursor: Option<String>,
}

/// What people may change of themselves.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfilePatch {
    /// First name.
    #[garde(inner(custom(check_name)))]
    #[schema(min_length = 1, max_length = 100)]
    pub first_name: Option<String>,
    /// Last name.
    #[garde(inner(custom(check_name)))]
    #[schema(min_length = 1, max_length = 100)]
    pub last_name: Option<String>,
}

/// What administrators may change of people.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserPatch {
    /// What the person may do.
    #[garde(inner(custom(check_role)))]
    #[schema(schema_with = words::role_or_null)]
    pub role: Option<String>,
    /// Switching it off ends every session of the person.
    #[garde(skip)]
    pub is_active: Option<bool>,
}

/// A change of one's own password.
#[derive(Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordChange {
    /// The password so far.
    #[garde(length(chars, min = 1, max = 1024))]
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    pub current_password: String,
    /// The new one, 12 to 128 characters.
    #[garde(custom(check_password))]
    #[schema(format = Password, min_length = 12, max_length = 128)]
    pub new_password: String,
}

/// A key that is asked for.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKeyNew {
    /// What the person calls it.
    #[garde(custom(check_name))]
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What it may do; `read` unless told otherwise.
    #[garde(inner(custom(check_scope)))]
    #[schema(schema_with = words::scope)]
    pub scope: Option<String>,
    /// When it ends; never unless told otherwise.
    #[garde(inner(custom(check_moment)))]
    #[schema(schema_with = words::date_time_or_null)]
    pub expires_at: Option<String>,
}

/// A key for programs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey)]
pub struct ApiKeyBody {
    /// Id.
    #[schema(schema_with = words::id)]
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// First characters, to tell keys apart.
    pub prefix: String,
    /// What it may do.
    #[schema(schema_with = words::scope)]
    pub scope: String,
    /// When it ends.
    #[schema(schema_with = words::date_time_or_null)]
    pub expires_at: Option<String>,
    /// Last use, to the minute.
    #[schema(schema_with = words::date_time_or_null)]
    pub last_used_at: Option<String>,
    /// When it was made.
    #[schema(schema_with = words::date_time)]
    pub created_at: String,
}

impl From<&ApiKey> for ApiKeyBody {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            prefix: key.prefix.clone(),
            scope: key.scope.to_string(),
            expires_at: words::moment_or_none(key.expires_at),
            last_used_at: words::moment_or_none(key.last_used_at),
            created_at: words::moment(key.created_at),
        }
    }
}

/// Every key of a person.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyList {
    /// Newest first.
    pub items: Vec<ApiKeyBody>,
}

/// A key with its secret.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyCreated {
    /// The secret, shown this once.
    pub key: String,
    /// What stays visible of it.
    pub api_key: ApiKeyBody,
}

impl From<&CreatedKey> for ApiKeyCreated {
    fn from(created: &CreatedKey) -> Self {
        Self { key: created.text.reveal(), api_key: ApiKeyBody::from(&created.key) }
    }
}

macro_rules! redacted {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

redacted! { SignUpBody LogInBody TokenBody PasswordChange ApiKeyCreated }

pub(super) type Checked = Result<(), garde::Error>;

pub(super) fn check_address(text: &str, _: &()) -> Checked {
    text.parse::<Email>().map(|_| ()).map_err(garde::Error::new)
}

pub(super) fn check_password(text: &str, _: &()) -> Checked {
    text.parse::<NewPassword>().map(|_| ()).map_err(garde::Error::new)
}

pub(super) fn check_name(text: &str, _: &()) -> Checked {
    let length = text.trim().chars().take(101).count();
    if (1..=100).contains(&length) && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(garde::Error::new("expected 1 to 100 characters, without control characters"))
    }
}

fn check_role(text: &str, _: &()) -> Checked {
    text.parse::<dk_domain::Role>().map(|_| ()).map_err(garde::Error::new)
}

fn check_scope(text: &str, _: &()) -> Checked {
    text.parse::<dk_domain::Scope>().map(|_| ()).map_err(garde::Error::new)
}

fn check_moment(text: &str, _: &()) -> Checked {
    let parsed = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339);
    parsed.map(|_| ()).map_err(|_| garde::Error::new("expected a moment such as 2030-01-31T12:00:00Z"))
}
