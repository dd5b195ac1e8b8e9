//! People, sessions and keys in memory.

use async_trait::async_trait;
use dk_app::ports::{
    Accounts, AddUser, ApiKey, AuditEntry, NewSession, Page, Paged, PasswordHash, Rotation, SecretHash,
    StoreError, User, UserEdit,
};
use dk_domain::{ApiKeyId, Email, Role, SessionId, UserId};
use time::OffsetDateTime;

use super::rows::{Rows, Session};

#[async_trait]
impl Accounts for Rows {
    async fn add_user(&self, user: &User, password: &PasswordHash) -> Result<AddUser, StoreError> {
        let mut tables = self.open("add a person").await?;
        if tables.users.iter().any(|(other, _)| other.email == user.email) {
            return Ok(AddUser::EmailTaken);
        }
        tables.users.push((user.clone(), password.clone()));
        Ok(AddUser::Added)
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.open("read a person").await?.user(id).cloned())
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<(User, PasswordHash)>, StoreError> {
        Ok(self.open("read a person").await?.users.iter().find(|(user, _)| user.email == *email).cloned())
    }

    async fn password(&self, id: UserId) -> Result<Option<PasswordHash>, StoreError> {
        let tables = self.open("read a password").await?;
        Ok(tables.users.iter().find(|(user, _)| user.id == id).map(|(_, password)| password.clone()))
    }

    async fn users(&self, text: Option<&str>, page: &Page) -> Result<Paged<User>, StoreError> {
        let tables = self.open("list people").await?;
        let mut found: Vec<User> = tables.users.iter().map(|(user, _)| user.clone()).collect();
        found.retain(|user| text.is_none_or(|text| user.email.as_str().contains(text)));
        Ok(paged(found, page, |user| user.id.get()))
    }

    async fn count_users(&self) -> Result<u64, StoreError> {
        Ok(self.open("count people").await?.users.len() as u64)
    }

    async fn edit_user(
        &self,
        id: UserId,
        edit: &UserEdit,
        now: OffsetDateTime,
    ) -> Result<Option<User>, StoreError> {
        let mut tables = self.open("change a person").await?;
        let Some((user, _)) = tables.users.iter_mut().find(|(user, _)| user.id == id) else {
            return Ok(None);
        };
        user.first_name = edit.first_name.clone().unwrap_or(user.first_name.clone());
        user.last_name = edit.last_name.clone().unwrap_or(user.last_name.clone());
        user.role = edit.role.unwrap_or(user.role);
        user.is_active = edit.is_active.unwrap_or(user.is_active);
        user.updated_at = now;
        let user = user.clone();
        for session in tables.sessions.iter_mut().filter(|session| session.row.user_id == id) {
            session.has_ended |= !user.is_active;
        }
        Ok(Some(user))
    }

    async fn count_admins(&self) -> Result<u64, StoreError> {
        let tables = self.open("count administrators").await?;
        let admins = tables.users.iter().filter(|(user, _)| user.is_active && user.role == Role::Admin);
        Ok(admins.count() as u64)
    }

    async fn set_password(
        &self,
        id: UserId,
        password: &PasswordHash,
        keep: Option<SessionId>,
        _: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut tables = self.open("change a password").await?;
        for (user, stored) in &mut tables.users {
            if user.id == id {
                *stored = password.clone();
            }
        }
        for session in tables.sessions.iter_mut().filter(|session| session.row.user_id == id) {
            session.has_ended |= Some(session.row.id) != keep;
        }
        Ok(())
    }

    async fn upgrade_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        let mut tables = self.open("change a password").await?;
        for (user, stored) in &mut tables.users {
            if user.id == id && stored == old {
                *stored = new.clone();
            }
        }
        Ok(())
    }

    async fn open_session(&self, session: &NewSession) -> Result<(), StoreError> {
        let session = Session { row: session.clone(), replaced: None, has_ended: false };
        self.open("begin a session").await?.sessions.push(session);
        Ok(())
    }

    async fn rotate_session(
        &self,
        id: SessionId,
        presented: &SecretHash,
        next: &SecretHash,
        expires_at: OffsetDateTime,
        now: OffsetDateTime,
        grace: time::Duration,
    ) -> Result<Rotation, StoreError> {
        let mut tables = self.open("refresh a session").await?;
        let open = |session: &&mut Session| !session.has_ended && session.row.expires_at > now;
        let Some(session) = tables.sessions.iter_mut().filter(open).find(|session| session.row.id == id)
        else {
            return Ok(Rotation::Unknown);
        };
        let owner = session.row.user_id;
        let rotated = if session.row.token == *presented {
            session.replaced = Some((*presented, now));
            session.row.token = *next;
            session.row.expires_at = expires_at;
            true
        } else if session.replaced.is_some_and(|(old, at)| old == *presented && now - at <= grace) {
            false
        } else {
            session.has_ended = true;
            return Ok(Rotation::Reused(owner));
        };
        let user = tables.user(owner).filter(|user| user.is_active).cloned();
        Ok(match user {
            None => Rotation::Unknown,
            Some(user) if rotated => Rotation::Rotated(user),
            Some(user) => Rotation::JustRotated(user),
        })
    }

    async fn session_user(&self, id: SessionId, now: OffsetDateTime) -> Result<Option<User>, StoreError> {
        let tables = self.open("read a session").await?;
        let open = |session: &&Session| !session.has_ended && session.row.expires_at > now;
        let session = tables.sessions.iter().filter(open).find(|session| session.row.id == id);
        let user = session.and_then(|session| tables.user(session.row.user_id));
        Ok(user.filter(|user| user.is_active).cloned())
    }

    async fn end_session(&self, id: SessionId) -> Result<(), StoreError> {
        Self::end_session(self, id);
        Ok(())
    }

    async fn end_sessions(&self, user: UserId, keep: Option<SessionId>) -> Result<(), StoreError> {
        for session in &mut self.open("end sessions").await?.sessions {
            session.has_ended |= session.row.user_id == user && Some(session.row.id) != keep;
        }
        Ok(())
    }

    async fn add_api_key(&self, key: &ApiKey, secret: &SecretHash) -> Result<(), StoreError> {
        self.open("add a key").await?.keys.push((key.clone(), *secret));
        Ok(())
    }

    async fn api_key_user(
        &self,
        secret: &SecretHash,
        now: OffsetDateTime,
    ) -> Result<Option<(ApiKey, User)>, StoreError> {
        let mut tables = self.open("read a key").await?;
        let Some((key, _)) = tables.keys.iter_mut().find(|(_, other)| other == secret) else {
            return Ok(None);
        };
        key.last_used_at = Some(now);
        let key = key.clone();
        let user = tables.user(key.user_id).filter(|user| user.is_active).cloned();
        Ok(user.filter(|_| key.expires_at.is_none_or(|end| end > now)).map(|user| (key, user)))
    }

    async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKey>, StoreError> {
        let tables = self.open("list keys").await?;
        Ok(tables
            .keys
            .iter()
            .rev()
            .filter(|(key, _)| key.user_id == user)
            .map(|(key, _)| key.clone())
            .collect())
    }

    async fn revoke_api_key(&self, user: UserId, id: ApiKeyId) -> Result<bool, StoreError> {
        let mut tables = self.open("revoke a key").await?;
        let before = tables.keys.len();
        tables.keys.retain(|(key, _)| key.user_id != user || key.id != id);
        Ok(tables.keys.len() < before)
    }

    async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.open("note an act").await?.audit.push(entry.action);
        Ok(())
    }

    async fn forget_ended(&self, _: OffsetDateTime) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.open("answer").await.map(|_| ())
    }
}

/// A part of a list, newest first.
pub(super) fn paged<T>(mut all: Vec<T>, page: &Page, id: impl Fn(&T) -> uuid::Uuid) -> Paged<T> {
    all.sort_by_key(|item| std::cmp::Reverse(id(item)));
    all.retain(|item| page.before.is_none_or(|before| id(item) < before));
    let more = all.len() > usize::from(page.limit);
    all.truncate(usize::from(page.limit));
    let next = all.last().map(&id).filter(|_| more);
    Paged { items: all, next }
}
