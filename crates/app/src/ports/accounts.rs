//! People, their sessions and keys.

use async_trait::async_trait;
use dk_domain::{ApiKeyId, Email, Role, Scope, SessionId, UserId};
use time::OffsetDateTime;

use super::{Page, Paged, StoreError};

/// A person with an account. Never holds the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Id.
    pub id: UserId,
    /// Address, unique.
    pub email: Email,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// What the person may do.
    pub role: Role,
    /// A person who is not active can do nothing.
    pub is_active: bool,
    /// Somebody else chose the password: the person must choose another one before anything else.
    pub must_change_password: bool,
    /// When the account was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

/// A password as it is stored: an argon2id or bcrypt string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// The SHA-256 of a secret that is random enough to need no salt (refresh tokens, API keys).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash(pub [u8; 32]);

/// What came of adding a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddUser {
    /// Added.
    Added,
    /// Somebody has this address already.
    EmailTaken,
}

/// What to change; `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserEdit {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Role.
    pub role: Option<Role>,
    /// Active; switching it off ends every session of the person.
    pub is_active: Option<bool>,
}

/// Another password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPassword {
    /// How it is stored.
    pub hash: PasswordHash,
    /// The stored one that was found right; without it, whatever is stored is replaced.
    pub replaces: Option<PasswordHash>,
    /// Whether the person must choose another one at the next sign-in.
    pub must_change: bool,
    /// The session that does not end with it.
    pub keep: Option<SessionId>,
}

/// How a refresh token is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenHashes {
    /// Of the part that all tokens of one session share, and nobody else knows.
    pub family: SecretHash,
    /// Of the part that is new in each token.
    pub token: SecretHash,
}

/// A sign-in that begins.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Id; access tokens carry it.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// Of the first refresh token.
    pub hashes: TokenHashes,
    /// What the client calls itself, shortened.
    pub user_agent: String,
    /// Where it came from, as limits count addresses.
    pub address: String,
    /// Begin.
    pub created_at: OffsetDateTime,
    /// The session ends then unless it is refreshed before.
    pub expires_at: OffsetDateTime,
}

/// An open session, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Id.
    pub id: SessionId,
    /// What the client called itself when it began.
    pub user_agent: String,
    /// Where it came from when it began.
    pub address: String,
    /// Begin.
    pub created_at: OffsetDateTime,
    /// When its refresh token was last exchanged; the begin when it never was.
    pub last_used_at: OffsetDateTime,
    /// The session ends then unless it is refreshed before.
    pub expires_at: OffsetDateTime,
}

/// A refresh token that is presented for the next one of its session.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// The session that the token says it is of.
    pub session: SessionId,
    /// The token.
    pub presented: TokenHashes,
    /// The new part of the next token.
    pub next: SecretHash,
    /// When the session ends after this, unless it is refreshed again.
    pub expires_at: OffsetDateTime,
    /// Now.
    pub now: OffsetDateTime,
    /// How long a replaced token is still taken for that of another tab.
    pub grace: time::Duration,
}

/// What came of presenting a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The token was the current one and has been replaced.
    Rotated(User),
    /// The token was replaced a moment ago, by another tab of the same browser: not replaced again.
    JustRotated(User),
    /// A token of this session that was replaced long ago came back: somebody copied it. The session has been ended.
    Reused(UserId),
    /// No such open session, or a token that was never one of it: that proves nothing and ends nothing.
    Unknown,
}

/// Who is behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The person, active.
    pub user: User,
    /// What the credential allows; people with a password may write.
    pub scope: Scope,
    /// The session of an access token.
    pub session: Option<SessionId>,
    /// The key, where one was used.
    pub api_key: Option<ApiKeyId>,
}

/// A key for programs. The secret itself is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Id.
    pub id: ApiKeyId,
    /// Whose.
    pub user_id: UserId,
    /// What the person calls it.
    pub name: String,
    /// First characters, to tell keys apart.
    pub prefix: String,
    /// What it may do.
    pub scope: Scope,
    /// End, where there is one.
    pub expires_at: Option<OffsetDateTime>,
    /// Last use, to the minute.
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// Something that somebody did to an account or to somebody's media.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// Who did it, where that is known.
    pub actor: Option<UserId>,
    /// What, such as `login_failed` or `role_changed`.
    pub action: &'static str,
    /// To what: an id, never private data.
    pub subject: String,
    /// When.
    pub at: OffsetDateTime,
}

/// Accounts, sessions, keys and the audit log.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Adds a person.
    async fn add_user(&self, user: &User, password: &PasswordHash) -> Result<AddUser, StoreError>;
    /// Adds a person if there is no account at all; false when there is one.
    async fn add_first_user(&self, user: &User, password: &PasswordHash) -> Result<bool, StoreError>;
    /// One person.
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;
    /// One person by address, with the stored password.
    async fn user_by_email(&self, email: &Email) -> Result<Option<(User, PasswordHash)>, StoreError>;
    /// The stored password.
    async fn password(&self, id: UserId) -> Result<Option<PasswordHash>, StoreError>;
    /// People in order of id (newest first); `text` is looked for in address and names.
    async fn users(&self, text: Option<&str>, page: &Page) -> Result<Paged<User>, StoreError>;
    /// Whether there is an account.
    async fn has_users(&self) -> Result<bool, StoreError>;
    /// Changes a person; `None` when there is none. Refuses nothing: rules are the use-case's.
    async fn edit_user(
        &self,
        id: UserId,
        edit: &UserEdit,
        now: OffsetDateTime,
    ) -> Result<Option<User>, StoreError>;
    /// How many active administrators there are.
    async fn count_admins(&self) -> Result<u64, StoreError>;
    /// Stores another password and ends the other sessions; false, and nothing is done, when there is no such person
    /// or the password to be replaced is not the stored one any more.
    async fn set_password(
        &self,
        id: UserId,
        change: &SetPassword,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Replaces the hash of the same password by a newer kind, if it is still `old`.
    async fn upgrade_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError>;

    /// Begins a session for a person whose password was found to be `verified`; false, and nothing is done, when it
    /// is another one by now or the person is not active: a sign-in never outlives a change that it raced with.
    async fn open_session(&self, session: &NewSession, verified: &PasswordHash) -> Result<bool, StoreError>;
    /// Exchanges a refresh token.
    async fn rotate_session(&self, exchange: &Exchange) -> Result<Rotation, StoreError>;
    /// The newest open sessions of a person, newest first, at most `limit`.
    async fn sessions(
        &self,
        user: UserId,
        limit: u16,
        now: OffsetDateTime,
    ) -> Result<Vec<Session>, StoreError>;
    /// The active person of an open session; one query, because every request asks.
    async fn session_user(&self, id: SessionId, now: OffsetDateTime) -> Result<Option<User>, StoreError>;
    /// Ends a session of a person; false when the person has no such session, or it has ended before.
    async fn end_session(&self, user: UserId, id: SessionId) -> Result<bool, StoreError>;
    /// Ends every session of a person but `keep`.
    async fn end_sessions(&self, user: UserId, keep: Option<SessionId>) -> Result<(), StoreError>;

    /// Adds a key.
    async fn add_api_key(&self, key: &ApiKey, secret: &SecretHash) -> Result<(), StoreError>;
    /// The key and its active owner; notes the use, at most once a minute.
    async fn api_key_user(
        &self,
        secret: &SecretHash,
        now: OffsetDateTime,
    ) -> Result<Option<(ApiKey, User)>, StoreError>;
    /// Keys of a person, newest first.
    async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKey>, StoreError>;
    /// Removes a key; false when the person has no such key.
    async fn revoke_api_key(&self, user: UserId, id: ApiKeyId) -> Result<bool, StoreError>;

    /// Notes what somebody did.
    async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError>;
    /// Removes sessions and idempotency keys that ended before `before`; says how many rows went.
    async fn forget_ended(&self, before: OffsetDateTime) -> Result<u64, StoreError>;
    /// Whether the database answers; used by the readiness check.
    async fn ping(&self) -> Result<(), StoreError>;
}
