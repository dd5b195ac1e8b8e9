//! Sessions and their refresh tokens.

use dk_app::ports::{NewSession, PasswordHash, Rotation, SecretHash, User};
use dk_domain::SessionId;
use time::{Duration, OffsetDateTime};

use super::Stores;
use super::world::{at, id, member, secret};

const GRACE: Duration = Duration::seconds(10);

/// A session of one day.
pub(super) async fn open(stores: &Stores, user: &User) -> NewSession {
    let session = NewSession {
        id: SessionId::from(id()),
        user_id: user.id,
        token: secret(),
        user_agent: "a browser".to_owned(),
        created_at: at(0),
        expires_at: at(86_400),
    };
    stores.accounts.open_session(&session).await.unwrap();
    session
}

async fn rotate(
    stores: &Stores,
    session: &NewSession,
    presented: &SecretHash,
    next: &SecretHash,
    now: OffsetDateTime,
) -> Rotation {
    let accounts = &stores.accounts;
    accounts.rotate_session(session.id, presented, next, at(100_000), now, GRACE).await.unwrap()
}

/// The current token is exchanged; an older one ends the session for the thief and the owner alike.
pub async fn a_refresh_token_is_exchanged_and_a_stolen_one_ends_the_session(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let session = open(stores, &ada).await;
    let (second, third) = (secret(), secret());
    assert_eq!(
        rotate(stores, &session, &session.token, &second, at(100)).await,
        Rotation::Rotated(ada.clone())
    );
    assert_eq!(rotate(stores, &session, &second, &third, at(200)).await, Rotation::Rotated(ada.clone()));
    // The end has moved with the exchange.
    assert_eq!(stores.accounts.session_user(session.id, at(90_000)).await.unwrap(), Some(ada.clone()));
    assert_eq!(rotate(stores, &session, &session.token, &secret(), at(201)).await, Rotation::Reused(ada.id));
    assert_eq!(rotate(stores, &session, &third, &secret(), at(202)).await, Rotation::Unknown);
    assert_eq!(stores.accounts.session_user(session.id, at(202)).await.unwrap(), None);
}

/// The token before the current one is harmless for a while, and a sign of theft after it.
pub async fn a_token_replaced_a_moment_ago_is_that_of_another_tab(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let session = open(stores, &ada).await;
    let second = secret();
    rotate(stores, &session, &session.token, &second, at(100)).await;
    let other_tab = rotate(stores, &session, &session.token, &secret(), at(110)).await;
    assert_eq!(other_tab, Rotation::JustRotated(ada.clone()));
    // Nothing was replaced by that.
    assert_eq!(rotate(stores, &session, &second, &secret(), at(120)).await, Rotation::Rotated(ada.clone()));
    assert_eq!(rotate(stores, &session, &second, &secret(), at(131)).await, Rotation::Reused(ada.id));
}

/// Ended, expired and made up.
pub async fn a_session_that_is_over_is_unknown(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let session = open(stores, &ada).await;
    assert_eq!(stores.accounts.session_user(session.id, at(86_399)).await.unwrap(), Some(ada.clone()));
    assert_eq!(stores.accounts.session_user(session.id, at(86_400)).await.unwrap(), None);
    assert_eq!(rotate(stores, &session, &session.token, &secret(), at(86_400)).await, Rotation::Unknown);
    stores.accounts.end_session(session.id).await.unwrap();
    stores.accounts.end_session(session.id).await.unwrap();
    assert_eq!(stores.accounts.session_user(session.id, at(1)).await.unwrap(), None);
    assert_eq!(rotate(stores, &session, &session.token, &secret(), at(1)).await, Rotation::Unknown);
    let made_up = NewSession { id: SessionId::from(id()), ..session };
    assert_eq!(rotate(stores, &made_up, &secret(), &secret(), at(1)).await, Rotation::Unknown);
    assert_eq!(stores.accounts.session_user(made_up.id, at(1)).await.unwrap(), None);
}

/// Whoever changes the password stays signed in; nobody else does.
pub async fn another_password_ends_every_other_session(stores: &Stores) {
    let (ada, bob) = (member(stores, "ada@example.org").await, member(stores, "bob@example.org").await);
    let (here, there) = (open(stores, &ada).await, open(stores, &ada).await);
    let of_bob = open(stores, &bob).await;
    let password = PasswordHash("other".to_owned());
    stores.accounts.set_password(ada.id, &password, Some(here.id), at(5)).await.unwrap();
    assert_eq!(stores.accounts.password(ada.id).await.unwrap(), Some(password));
    assert!(stores.accounts.session_user(here.id, at(6)).await.unwrap().is_some());
    assert!(stores.accounts.session_user(there.id, at(6)).await.unwrap().is_none());
    stores.accounts.end_sessions(ada.id, None).await.unwrap();
    assert!(stores.accounts.session_user(here.id, at(6)).await.unwrap().is_none());
    assert!(stores.accounts.session_user(of_bob.id, at(6)).await.unwrap().is_some());
}

/// Rows of sessions that nobody can use go away, the others stay.
pub async fn what_has_ended_is_forgotten(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (open_one, ended) = (open(stores, &ada).await, open(stores, &ada).await);
    // Ended by a token that is not of this session, so at a moment that the test knows.
    assert_eq!(rotate(stores, &ended, &secret(), &secret(), at(50)).await, Rotation::Reused(ada.id));
    assert_eq!(stores.accounts.forget_ended(at(50)).await.unwrap(), 0);
    assert_eq!(stores.accounts.forget_ended(at(51)).await.unwrap(), 1);
    assert!(stores.accounts.session_user(open_one.id, at(51)).await.unwrap().is_some());
    assert_eq!(stores.accounts.forget_ended(at(90_000)).await.unwrap(), 1);
}

/// One of them replaces the token, the other is told that it has been replaced just now.
pub async fn of_two_tabs_that_refresh_at_once_one_is_told_so(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let session = open(stores, &ada).await;
    let (one, other) = (secret(), secret());
    let (a, b) = tokio::join!(
        rotate(stores, &session, &session.token, &one, at(100)),
        rotate(stores, &session, &session.token, &other, at(100)),
    );
    let rotated = Rotation::Rotated(ada.clone());
    let just = Rotation::JustRotated(ada);
    assert!((a == rotated && b == just) || (a == just && b == rotated), "{a:?} and {b:?}");
}
