//! People and keys.

use dk_app::ports::{ApiKey, SecretHash, Session, User};
use dk_domain::{ApiKeyId, SessionId, UserId};

use crate::database::word;
use crate::entity::{api_keys, sessions, users};
use crate::fault::Fault;

pub(crate) fn user(row: users::Model) -> Result<User, Fault> {
    Ok(User {
        id: UserId::from(row.id),
        email: word(&row.email)?,
        first_name: row.first_name,
        last_name: row.last_name,
        role: word(&row.role)?,
        is_active: row.is_active,
        must_change_password: row.must_change_password,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

pub(crate) fn api_key(row: api_keys::Model) -> Result<ApiKey, Fault> {
    Ok(ApiKey {
        id: ApiKeyId::from(row.id),
        user_id: UserId::from(row.user_id),
        name: row.name,
        prefix: row.prefix,
        scope: word(&row.scope)?,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        created_at: row.created_at,
    })
}

pub(crate) fn session(row: sessions::Model) -> Session {
    Session {
        id: SessionId::from(row.id),
        user_agent: row.user_agent,
        address: row.address,
        created_at: row.created_at,
        last_used_at: row.rotated_at.unwrap_or(row.created_at),
        expires_at: row.expires_at,
    }
}

pub(crate) fn hash_bytes(hash: &SecretHash) -> Vec<u8> {
    hash.0.to_vec()
}
