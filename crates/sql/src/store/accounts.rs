//! The port [`Accounts`]: which piece of work answers which call.

use async_trait::async_trait;
use dk_app::ports::{
    Accounts, AddUser, ApiKey, AuditEntry, Exchange, NewSession, Page, Paged, PasswordHash, Rotation,
    SecretHash, Session, SetPassword, StoreError, User, UserEdit,
};
use dk_domain::{ApiKeyId, Email, SessionId, UserId};
use sea_orm::{ConnectionTrait, Statement};
use time::OffsetDateTime;

use super::{Store, idempotency, keys, people, sessions};
use crate::look::Sight;

#[async_trait]
impl Accounts for Store {
    async fn add_user(&self, user: &User, password: &PasswordHash) -> Result<AddUser, StoreError> {
        self.db.timed("add an account", people::add(&self.db, user, password)).await
    }

    async fn add_first_user(&self, user: &User, password: &PasswordHash) -> Result<bool, StoreError> {
        self.db.timed("add the first account", people::add_first(&self.db, user, password)).await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.db.timed("read an account", people::one(&self.db, id)).await
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<(User, PasswordHash)>, StoreError> {
        self.db.timed("find an account", people::by_email(&self.db, email)).await
    }

    async fn password(&self, id: UserId) -> Result<Option<PasswordHash>, StoreError> {
        self.db.timed("read a password hash", people::password(&self.db, id)).await
    }

    async fn users(&self, text: Option<&str>, page: &Page) -> Result<Paged<User>, StoreError> {
        let ask = self.db.look(
            "list accounts",
            Sight::Each,
            |_| true,
            move |view| Box::pin(people::list(view, text, page)),
        );
        ask.await
    }

    async fn has_users(&self) -> Result<bool, StoreError> {
        self.db.timed("look for any account", people::any(&self.db)).await
    }

    async fn edit_user(
        &self,
        id: UserId,
        edit: &UserEdit,
        now: OffsetDateTime,
    ) -> Result<Option<User>, StoreError> {
        self.db.timed("change an account", people::edit(&self.db, id, edit, now)).await
    }

    async fn count_admins(&self) -> Result<u64, StoreError> {
        self.db.timed("count administrators", people::count_admins(&self.db)).await
    }

    async fn set_password(
        &self,
        id: UserId,
        change: &SetPassword,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.db.timed("change a password", people::set_password(&self.db, id, change, now)).await
    }

    async fn upgrade_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        self.db.timed("renew a password hash", people::upgrade_password(&self.db, id, old, new)).await
    }

    async fn open_session(&self, session: &NewSession, verified: &PasswordHash) -> Result<bool, StoreError> {
        self.db.timed("open a session", sessions::open(&self.db, session, verified)).await
    }

    async fn rotate_session(&self, exchange: &Exchange) -> Result<Rotation, StoreError> {
        self.db.timed("refresh a session", sessions::rotate(&self.db, exchange)).await
    }

    async fn sessions(
        &self,
        user: UserId,
        limit: u16,
        now: OffsetDateTime,
    ) -> Result<Vec<Session>, StoreError> {
        self.db.timed("list sessions", sessions::list(&self.db, user, limit, now)).await
    }

    async fn session_user(&self, id: SessionId, now: OffsetDateTime) -> Result<Option<User>, StoreError> {
        self.db.timed("look up a session", sessions::user_of(&self.db, id, now)).await
    }

    async fn end_session(&self, user: UserId, id: SessionId) -> Result<bool, StoreError> {
        self.db.timed("end a session", sessions::end(&self.db, user, id, self.ambient.now())).await
    }

    async fn end_sessions(&self, user: UserId, keep: Option<SessionId>) -> Result<(), StoreError> {
        let end = async {
            let tx = self.db.begin().await?;
            sessions::end_all(&tx, user, keep, self.ambient.now()).await?;
            Ok(tx.commit().await?)
        };
        self.db.timed("end sessions", end).await
    }

    async fn add_api_key(&self, key: &ApiKey, secret: &SecretHash) -> Result<(), StoreError> {
        self.db.timed("add a key", keys::add(&self.db, key, secret)).await
    }

    async fn api_key_user(
        &self,
        secret: &SecretHash,
        now: OffsetDateTime,
    ) -> Result<Option<(ApiKey, User)>, StoreError> {
        self.db.timed("look up a key", keys::owner(&self.db, secret, now)).await
    }

    async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKey>, StoreError> {
        self.db.timed("list keys", keys::list(&self.db, user)).await
    }

    async fn revoke_api_key(&self, user: UserId, id: ApiKeyId) -> Result<bool, StoreError> {
        self.db.timed("revoke a key", keys::revoke(&self.db, user, id)).await
    }

    async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.db.timed("note an action", people::audit(&self.db, entry)).await
    }

    async fn forget_ended(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let forget = async {
            let tx = self.db.begin().await?;
            let rows = sessions::forget(&tx, before).await? + idempotency::forget(&tx, before).await?;
            tx.commit().await?;
            Ok(rows)
        };
        self.db.timed("forget ended sessions", forget).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let ask = async {
            let ask = Statement::from_string(self.db.backend(), "select 1");
            self.db.read().query_one_raw(ask).await?;
            Ok(())
        };
        self.db.timed("ask whether the database answers", ask).await
    }
}
