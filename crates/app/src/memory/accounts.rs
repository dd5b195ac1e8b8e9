//! The port [`Accounts`].

use async_trait::async_trait;
use dk_domain::{ApiKeyId, Email, Role, SessionId, UserId};
use time::{Duration, OffsetDateTime};

use super::{MemoryStore, OpenSession, Person, State, holds};
use crate::ports::{
    Accounts, AddUser, ApiKey, AuditEntry, Exchange, NewSession, Page, Paged, PasswordHash, Rotation,
    SecretHash, Session, SetPassword, StoreError, User, UserEdit,
};

impl State {
    fn add(&mut self, user: &User, password: &PasswordHash) {
        let person = Person { user: user.clone(), password: password.clone(), last_event: 0 };
        self.people.insert(user.id, person);
    }

    fn user(&self, id: UserId) -> Option<User> {
        self.people.get(&id).map(|person| person.user.clone())
    }

    fn active(&self, id: UserId) -> Option<User> {
        self.user(id).filter(|user| user.is_active)
    }

    fn open_session(&mut self, id: SessionId, now: OffsetDateTime) -> Option<&mut OpenSession> {
        self.sessions.get_mut(&id).filter(|one| one.ended_at.is_none() && one.expires_at > now)
    }

    fn end_sessions(&mut self, user: UserId, keep: Option<SessionId>, now: OffsetDateTime) {
        for session in self.sessions.values_mut() {
            if session.begun.user_id == user && Some(session.begun.id) != keep {
                session.ended_at.get_or_insert(now);
            }
        }
    }
}

#[async_trait]
impl Accounts for MemoryStore {
    async fn add_user(&self, user: &User, password: &PasswordHash) -> Result<AddUser, StoreError> {
        let mut state = self.lock();
        if state.people.values().any(|person| person.user.email == user.email) {
            return Ok(AddUser::EmailTaken);
        }
        state.add(user, password);
        Ok(AddUser::Added)
    }

    async fn add_first_user(&self, user: &User, password: &PasswordHash) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let is_first = state.people.is_empty();
        if is_first {
            state.add(user, password);
        }
        Ok(is_first)
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.lock().user(id))
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let state = self.lock();
        let found = state.people.values().find(|person| person.user.email == *email);
        Ok(found.map(|person| (person.user.clone(), person.password.clone())))
    }

    async fn password(&self, id: UserId) -> Result<Option<PasswordHash>, StoreError> {
        Ok(self.lock().people.get(&id).map(|person| person.password.clone()))
    }

    async fn users(&self, text: Option<&str>, page: &Page) -> Result<Paged<User>, StoreError> {
        let state = self.lock();
        let shown = |user: &User| {
            let name = format!("{} {}", user.first_name, user.last_name);
            text.is_none_or(|text| holds(&[user.email.as_str(), &name], text))
        };
        let all = state.people.values().rev().map(|person| &person.user);
        Ok(paged(all.filter(|user| shown(user)).cloned(), page, |user| user.id.get()))
    }

    async fn has_users(&self) -> Result<bool, StoreError> {
        Ok(!self.lock().people.is_empty())
    }

    async fn edit_user(
        &self,
        id: UserId,
        edit: &UserEdit,
        now: OffsetDateTime,
    ) -> Result<Option<User>, StoreError> {
        let mut state = self.lock();
        let Some(person) = state.people.get_mut(&id) else { return Ok(None) };
        let user = &mut person.user;
        if let Some(name) = &edit.first_name {
            user.first_name.clone_from(name);
        }
        if let Some(name) = &edit.last_name {
            user.last_name.clone_from(name);
        }
        user.role = edit.role.unwrap_or(user.role);
        user.is_active = edit.is_active.unwrap_or(user.is_active);
        user.updated_at = now;
        let user = user.clone();
        if edit.is_active == Some(false) {
            state.end_sessions(id, None, now);
        }
        Ok(Some(user))
    }

    async fn count_admins(&self) -> Result<u64, StoreError> {
        let state = self.lock();
        let is_admin = |person: &&Person| person.user.role == Role::Admin && person.user.is_active;
        Ok(state.people.values().filter(is_admin).count() as u64)
    }

    async fn set_password(
        &self,
        id: UserId,
        change: &SetPassword,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let Some(person) = state.people.get_mut(&id) else { return Ok(false) };
        if change.replaces.as_ref().is_some_and(|expected| *expected != person.password) {
            return Ok(false);
        }
        person.password = change.hash.clone();
        person.user.must_change_password = change.must_change;
        person.user.updated_at = now;
        state.end_sessions(id, change.keep, now);
        Ok(true)
    }

    async fn upgrade_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        if let Some(person) = self.lock().people.get_mut(&id).filter(|person| person.password == *old) {
            person.password = new.clone();
        }
        Ok(())
    }

    async fn open_session(&self, session: &NewSession, verified: &PasswordHash) -> Result<bool, StoreError> {
        let row = OpenSession {
            begun: session.clone(),
            token: session.hashes.token,
            previous: None,
            expires_at: session.expires_at,
            ended_at: None,
        };
        let mut state = self.lock();
        let owner = state.people.get(&session.user_id);
        let may = owner.is_some_and(|person| person.user.is_active && person.password == *verified);
        if may {
            state.sessions.insert(session.id, row);
        }
        Ok(may)
    }

    async fn rotate_session(&self, exchange: &Exchange) -> Result<Rotation, StoreError> {
        let Exchange { session: id, presented, now, .. } = *exchange;
        let mut state = self.lock();
        let owner = state.open_session(id, now).map(|session| session.begun.user_id);
        let Some(user) = owner.and_then(|owner| state.active(owner)) else { return Ok(Rotation::Unknown) };
        let Some(session) = state.open_session(id, now) else { return Ok(Rotation::Unknown) };
        if session.begun.hashes.family != presented.family {
            return Ok(Rotation::Unknown);
        }
        let just =
            |(old, at): (SecretHash, OffsetDateTime)| old == presented.token && now - at <= exchange.grace;
        Ok(if session.token == presented.token {
            session.previous = Some((session.token, now));
            session.token = exchange.next;
            session.expires_at = exchange.expires_at;
            Rotation::Rotated(user)
        } else if session.previous.is_some_and(just) {
            Rotation::JustRotated(user)
        } else {
            session.ended_at = Some(now);
            Rotation::Reused(user.id)
        })
    }

    async fn session_user(&self, id: SessionId, now: OffsetDateTime) -> Result<Option<User>, StoreError> {
        let mut state = self.lock();
        let owner = state.open_session(id, now).map(|session| session.begun.user_id);
        Ok(owner.and_then(|owner| state.active(owner)))
    }

    async fn sessions(
        &self,
        user: UserId,
        limit: u16,
        now: OffsetDateTime,
    ) -> Result<Vec<Session>, StoreError> {
        let state = self.lock();
        let is_open = |one: &&OpenSession| one.ended_at.is_none() && one.expires_at > now;
        let own = state.sessions.values().filter(|one| one.begun.user_id == user).filter(is_open);
        let mut own: Vec<Session> = own.map(OpenSession::shown).collect();
        own.sort_by_key(|session| std::cmp::Reverse(session.id));
        own.truncate(usize::from(limit));
        Ok(own)
    }

    async fn end_session(&self, user: UserId, id: SessionId) -> Result<bool, StoreError> {
        let now = self.ambient.now();
        let mut state = self.lock();
        let own = state.sessions.get_mut(&id).filter(|one| one.begun.user_id == user);
        let Some(session) = own.filter(|one| one.ended_at.is_none()) else { return Ok(false) };
        session.ended_at = Some(now);
        Ok(true)
    }

    async fn end_sessions(&self, user: UserId, keep: Option<SessionId>) -> Result<(), StoreError> {
        let now = self.ambient.now();
        self.lock().end_sessions(user, keep, now);
        Ok(())
    }

    async fn add_api_key(&self, key: &ApiKey, secret: &SecretHash) -> Result<(), StoreError> {
        self.lock().keys.push((key.clone(), *secret));
        Ok(())
    }

    async fn api_key_user(
        &self,
        secret: &SecretHash,
        now: OffsetDateTime,
    ) -> Result<Option<(ApiKey, User)>, StoreError> {
        let mut state = self.lock();
        let Some(at) = state.keys.iter().position(|(_, hash)| hash == secret) else { return Ok(None) };
        let Some(user) = state.active(state.keys[at].0.user_id) else { return Ok(None) };
        let key = &mut state.keys[at].0;
        if key.expires_at.is_some_and(|end| end <= now) {
            return Ok(None);
        }
        if key.last_used_at.is_none_or(|last| now - last >= Duration::minutes(1)) {
            key.last_used_at = Some(now);
        }
        Ok(Some((key.clone(), user)))
    }

    async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKey>, StoreError> {
        let state = self.lock();
        let own = state.keys.iter().map(|(key, _)| key).filter(|key| key.user_id == user);
        let mut keys: Vec<ApiKey> = own.cloned().collect();
        keys.sort_by_key(|key| std::cmp::Reverse(key.id));
        Ok(keys)
    }

    async fn revoke_api_key(&self, user: UserId, id: ApiKeyId) -> Result<bool, StoreError> {
        let keys = &mut self.lock().keys;
        let before = keys.len();
        keys.retain(|(key, _)| key.user_id != user || key.id != id);
        Ok(keys.len() < before)
    }

    async fn audit(&self, _entry: &AuditEntry) -> Result<(), StoreError> {
        // Nothing reads it back through a port.
        Ok(())
    }

    async fn forget_ended(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let count = |state: &State| state.sessions.len() + state.requests.len();
        let there = count(&state);
        let is_over =
            |one: &OpenSession| one.ended_at.is_some_and(|at| at < before) || one.expires_at < before;
        state.sessions.retain(|_, session| !is_over(session));
        state.requests.retain(|_, (_, (.., expires_at))| *expires_at >= before);
        Ok((there - count(&state)) as u64)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl OpenSession {
    fn shown(&self) -> Session {
        Session {
            id: self.begun.id,
            user_agent: self.begun.user_agent.clone(),
            address: self.begun.address.clone(),
            created_at: self.begun.created_at,
            last_used_at: self.previous.map_or(self.begun.created_at, |(_, at)| at),
            expires_at: self.expires_at,
        }
    }
}

/// The part of a list, newest first, that a page asks for.
pub(super) fn paged<T>(
    newest_first: impl Iterator<Item = T>,
    page: &Page,
    id: impl Fn(&T) -> uuid::Uuid,
) -> Paged<T> {
    let limit = usize::from(page.limit);
    let older = newest_first.filter(|item| page.before.is_none_or(|before| id(item) < before));
    let mut items: Vec<T> = older.take(limit + 1).collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(id);
    Paged { items, next }
}
