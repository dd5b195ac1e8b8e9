//! Sessions and their refresh tokens.

use dk_app::ports::{
    Exchange, NewSession, PasswordHash, Rotation, SecretHash, SetPassword, TokenHashes, User, UserEdit,
};
use dk_domain::SessionId;
use time::{Duration, OffsetDateTime};

use super::Stores;
use super::world::{at, id, member, password, secret};

const GRACE: Duration = Duration::seconds(10);

/// A session of one day.
pub(super) async fn open(stores: &Stores, user: &User) -> NewSession {
    let session = begin(user);
    assert!(stores.accounts.open_session(&session, &password()).await.unwrap());
    session
}

fn begin(user: &User) -> NewSession {
    NewSession {
        id: SessionId::from(id()),
        user_id: user.id,
        hashes: TokenHashes { family: secret(), token: secret() },
        user_agent: "a browser".to_owned(),
        address: "192.0.2.7".to_owned(),
        created_at: at(0),
        expires_at: at(86_400),
    }
}

async fn rotate(
    stores: &Stores,
    session: &NewSession,
    presented: &SecretHash,
    next: &SecretHash,
    now: OffsetDateTime,
) -> Rotation {
    let presented = TokenHashes { token: *presented, ..session.hashes };
    let exchange =
        Exchange { session: session.id, presented, next: *next, expires_at: at(100_000), now, grace: GRACE };
    stores.accounts.rotate_session(&exchange).await.unwrap()
}

/// The current token is exchanged; an older one ends the session for the thief and the owner alike.
pub async fn a_refresh_token_is_exchanged_and_a_stolen_one_ends_the_session(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let session = open(stores, &ada).await;
    let (second, third) = (secret(), secret());
    assert_eq!(
        rotate(stores, &session, &session.hashes.token, &second, at(100)).await,
        Rotation::Rotated(ada.clone())
    );
    assert_eq!(rotate(stores, &session, &second, &third, at(200)).await, Rotation::Rotated(ada.clone()));
    // The end has moved with the exchange.
    assert_eq!(stores.accounts.session_user(session.id, at(90_000)).await.unwrap(), Some(ada.clone()));
    assert_eq!(
        rotate(stores, &session, &session.hashes.token, &secret(), at(201)).await,
        Rotation::Reused(ada.id)
    );
    assert_eq!(rotate(stores, &session, &third, &secret(), at(202)).await, Rotation::Unknown);
    assert_eq!(stores.accounts.session_user(session.id, at(202)).await.unwrap(), None);
}

/// The token before the current one is harmless for a while, and a sign of theft after it.
pub async fn a_token_replaced_a_moment_ago_is_that_of_another_tab(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let session = open(stores, &ada).await;
    let second = secret();
    rotate(stores, &session, &session.hashes.token, &second, at(100)).await;
    let other_tab = rotate(stores, &session, &session.hashes.token, &secret(), at(110)).await;
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
    assert_eq!(
        rotate(stores, &session, &session.hashes.token, &secret(), at(86_400)).await,
        Rotation::Unknown
    );
    assert!(stores.accounts.end_session(ada.id, session.id).await.unwrap());
    assert!(!stores.accounts.end_session(ada.id, session.id).await.unwrap());
    assert_eq!(stores.accounts.session_user(session.id, at(1)).await.unwrap(), None);
    assert_eq!(rotate(stores, &session, &session.hashes.token, &secret(), at(1)).await, Rotation::Unknown);
    let made_up = NewSession { id: SessionId::from(id()), ..session };
    assert_eq!(rotate(stores, &made_up, &secret(), &secret(), at(1)).await, Rotation::Unknown);
    assert_eq!(stores.accounts.session_user(made_up.id, at(1)).await.unwrap(), None);
}

/// Whoever changes the password stays signed in; nobody else does.
pub async fn another_password_ends_every_other_session(stores: &Stores) {
    let (ada, bob) = (member(stores, "ada@example.org").await, member(stores, "bob@example.org").await);
    let (here, there) = (open(stores, &ada).await, open(stores, &ada).await);
    let of_bob = open(stores, &bob).await;
    assert!(stores.accounts.set_password(ada.id, &other_password(Some(here.id)), at(5)).await.unwrap());
    assert!(stores.accounts.session_user(here.id, at(6)).await.unwrap().is_some());
    assert!(stores.accounts.session_user(there.id, at(6)).await.unwrap().is_none());
    stores.accounts.end_sessions(ada.id, None).await.unwrap();
    assert!(stores.accounts.session_user(here.id, at(6)).await.unwrap().is_none());
    assert!(stores.accounts.session_user(of_bob.id, at(6)).await.unwrap().is_some());
}

fn other_password(keep: Option<SessionId>) -> SetPassword {
    SetPassword {
        hash: PasswordHash("other".to_owned()),
        replaces: Some(password()),
        must_change: false,
        keep,
    }
}

/// The password was right when it was checked; by the time the session begins it is not.
pub async fn a_sign_in_with_a_password_that_was_changed_meanwhile_begins_no_session(stores: &Stores) {
    let (ada, bob) = (member(stores, "ada@example.org").await, member(stores, "bob@example.org").await);
    assert!(stores.accounts.set_password(ada.id, &other_password(None), at(5)).await.unwrap());
    let late = begin(&ada);
    assert!(!stores.accounts.open_session(&late, &password()).await.unwrap());
    assert!(stores.accounts.session_user(late.id, at(6)).await.unwrap().is_none());
    let off = UserEdit { is_active: Some(false), ..UserEdit::default() };
    stores.accounts.edit_user(bob.id, &off, at(5)).await.unwrap();
    assert!(!stores.accounts.open_session(&begin(&bob), &password()).await.unwrap());
}

/// Whichever comes first: no session is left that was opened with the password before.
pub async fn a_sign_in_and_a_change_of_password_at_once_leave_no_session(stores: &Stores) {
    let accounts = &stores.accounts;
    for name in ["a", "b", "c", "d"] {
        let user = member(stores, &format!("{name}@example.org")).await;
        let sessions = [begin(&user), begin(&user), begin(&user)];
        let (before, change) = (password(), other_password(None));
        let (.., changed) = tokio::join!(
            accounts.open_session(&sessions[0], &before),
            accounts.open_session(&sessions[1], &before),
            accounts.open_session(&sessions[2], &before),
            accounts.set_password(user.id, &change, at(5)),
        );
        assert!(changed.unwrap());
        assert!(accounts.sessions(user.id, 10, at(6)).await.unwrap().is_empty());
    }
}

/// Whoever guesses the id of a session ends nothing with it.
pub async fn a_token_that_was_never_one_of_the_session_ends_nothing(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let session = open(stores, &ada).await;
    let guessed = NewSession { hashes: TokenHashes { family: secret(), token: secret() }, ..session.clone() };
    assert_eq!(rotate(stores, &guessed, &secret(), &secret(), at(50)).await, Rotation::Unknown);
    // The right secret of the last token does not help without that of the family.
    assert_eq!(rotate(stores, &guessed, &session.hashes.token, &secret(), at(50)).await, Rotation::Unknown);
    assert_eq!(stores.accounts.session_user(session.id, at(50)).await.unwrap(), Some(ada.clone()));
    let rotated = rotate(stores, &session, &session.hashes.token, &secret(), at(51)).await;
    assert_eq!(rotated, Rotation::Rotated(ada));
}

/// What the owner sees of them, and that nobody else sees or ends them.
pub async fn open_sessions_are_listed_to_their_owner_who_may_end_them(stores: &Stores) {
    let (ada, bob) = (member(stores, "ada@example.org").await, member(stores, "bob@example.org").await);
    let (first, second, ended) =
        (open(stores, &ada).await, open(stores, &ada).await, open(stores, &ada).await);
    let accounts = &stores.accounts;
    assert!(accounts.end_session(ada.id, ended.id).await.unwrap());
    rotate(stores, &first, &first.hashes.token, &secret(), at(100)).await;
    let listed = accounts.sessions(ada.id, 10, at(200)).await.unwrap();
    let ids: Vec<SessionId> = listed.iter().map(|session| session.id).collect();
    assert_eq!(ids, [second.id, first.id]);
    assert_eq!((listed[0].last_used_at, listed[1].last_used_at), (at(0), at(100)));
    assert_eq!((listed[0].expires_at, listed[1].expires_at), (at(86_400), at(100_000)));
    assert_eq!((listed[0].user_agent.as_str(), listed[0].address.as_str()), ("a browser", "192.0.2.7"));
    assert_eq!(accounts.sessions(ada.id, 1, at(200)).await.unwrap(), listed[..1]);
    assert!(accounts.sessions(bob.id, 10, at(200)).await.unwrap().is_empty());
    assert!(accounts.sessions(ada.id, 10, at(100_000)).await.unwrap().is_empty());
    assert!(!accounts.end_session(bob.id, first.id).await.unwrap());
    assert!(accounts.session_user(first.id, at(200)).await.unwrap().is_some());
}

/// Rows of sessions that nobody can use go away, the others stay.
pub async fn what_has_ended_is_forgotten(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (open_one, ended) = (open(stores, &ada).await, open(stores, &ada).await);
    // Ended by a token that was never current, so at a moment that the test knows.
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
        rotate(stores, &session, &session.hashes.token, &one, at(100)),
        rotate(stores, &session, &session.hashes.token, &other, at(100)),
    );
    let rotated = Rotation::Rotated(ada.clone());
    let just = Rotation::JustRotated(ada);
    assert!((a == rotated && b == just) || (a == just && b == rotated), "{a:?} and {b:?}");
}
