//! People and keys.

use dk_app::ports::{AddUser, ApiKey, Page, PasswordHash, SetPassword, User, UserEdit};
use dk_domain::{ApiKeyId, Role, Scope, UserId};

use super::Stores;
use super::world::{at, id, member, person, secret};

fn hash(text: &str) -> PasswordHash {
    PasswordHash(text.to_owned())
}

/// The second account with an address is refused, whoever asks.
pub async fn an_address_is_taken_once(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let again = stores.accounts.add_user(&person("ada@example.org"), &hash("x")).await.unwrap();
    assert_eq!(again, AddUser::EmailTaken);
    let page = Page { limit: 10, before: None };
    assert_eq!(stores.accounts.users(None, &page).await.unwrap().items.len(), 1);
    assert_eq!(stores.accounts.user(ada.id).await.unwrap(), Some(ada));
}

/// Only an empty installation gets a first account, and of two at once one is it.
pub async fn the_first_account_is_added_once(stores: &Stores) {
    let accounts = &stores.accounts;
    assert!(!accounts.has_users().await.unwrap());
    let (ada, bob) = (person("ada@example.org"), person("bob@example.org"));
    let one = hash("one");
    let (a, b) = tokio::join!(accounts.add_first_user(&ada, &one), accounts.add_first_user(&bob, &one));
    assert!(a.unwrap() != b.unwrap());
    assert!(accounts.has_users().await.unwrap());
    assert!(!accounts.add_first_user(&person("eve@example.org"), &one).await.unwrap());
    let page = Page { limit: 10, before: None };
    assert_eq!(accounts.users(None, &page).await.unwrap().items.len(), 1);
}

/// Whether the person must choose another one is part of it; what was replaced meanwhile stays.
pub async fn a_password_replaces_the_one_that_was_checked_and_no_other(stores: &Stores) {
    let ada = User { must_change_password: true, ..person("ada@example.org") };
    stores.accounts.add_user(&ada, &hash("made")).await.unwrap();
    assert!(stores.accounts.user(ada.id).await.unwrap().unwrap().must_change_password);
    let set = |new: &str, replaces: Option<&str>, must_change: bool| SetPassword {
        hash: hash(new),
        replaces: replaces.map(hash),
        must_change,
        keep: None,
    };
    let accounts = &stores.accounts;
    let now = at(5);
    assert!(!accounts.set_password(ada.id, &set("own", Some("other"), false), now).await.unwrap());
    assert_eq!(accounts.password(ada.id).await.unwrap(), Some(hash("made")));
    assert!(accounts.set_password(ada.id, &set("own", Some("made"), false), now).await.unwrap());
    let changed = accounts.user(ada.id).await.unwrap().unwrap();
    assert_eq!((changed.must_change_password, changed.updated_at), (false, now));
    // An operator replaces whatever there is.
    assert!(accounts.set_password(ada.id, &set("given", None, true), now).await.unwrap());
    assert_eq!(accounts.password(ada.id).await.unwrap(), Some(hash("given")));
    assert!(accounts.user(ada.id).await.unwrap().unwrap().must_change_password);
    let nobody = UserId::from(id());
    assert!(!accounts.set_password(nobody, &set("own", None, false), now).await.unwrap());
}

/// What was stored comes back the same.
pub async fn a_person_is_found_by_id_and_by_address(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    assert_eq!(stores.accounts.user(ada.id).await.unwrap().as_ref(), Some(&ada));
    let (found, password) = stores.accounts.user_by_email(&ada.email).await.unwrap().unwrap();
    assert_eq!((found, password), (ada.clone(), hash("hash")));
    assert_eq!(stores.accounts.password(ada.id).await.unwrap(), Some(hash("hash")));
    let nobody = UserId::from(id());
    assert_eq!(stores.accounts.user(nobody).await.unwrap(), None);
    assert_eq!(stores.accounts.password(nobody).await.unwrap(), None);
    let address = "nobody@example.org".parse().unwrap();
    assert!(stores.accounts.user_by_email(&address).await.unwrap().is_none());
    stores.accounts.ping().await.unwrap();
}

/// Lists in parts; the text is taken literally.
pub async fn people_are_listed_newest_first_and_found_by_text(stores: &Stores) {
    let mut all: Vec<User> = Vec::new();
    for name in ["a", "b", "c_d", "e"] {
        all.insert(0, member(stores, &format!("{name}@example.org")).await);
    }
    let accounts = &stores.accounts;
    let first = accounts.users(None, &Page { limit: 3, before: None }).await.unwrap();
    assert_eq!(first.items, all[..3]);
    let rest = accounts.users(None, &Page { limit: 3, before: first.next }).await.unwrap();
    assert_eq!((rest.items.as_slice(), rest.next), (&all[3..], None));
    let page = Page { limit: 10, before: None };
    assert_eq!(accounts.users(Some("C_D@"), &page).await.unwrap().items, [all[1].clone()]);
    assert_eq!(accounts.users(Some("_"), &page).await.unwrap().items, [all[1].clone()]);
    assert!(accounts.users(Some("%"), &page).await.unwrap().items.is_empty());
    assert_eq!(accounts.users(Some("ada love"), &page).await.unwrap().items.len(), 4);
}

/// What is not named stays.
pub async fn an_edit_changes_what_it_names_and_nothing_else(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let bob = member(stores, "bob@example.org").await;
    assert_eq!(stores.accounts.count_admins().await.unwrap(), 0);
    let edit =
        UserEdit { first_name: Some("Augusta".to_owned()), role: Some(Role::Admin), ..UserEdit::default() };
    let edited = stores.accounts.edit_user(ada.id, &edit, at(9)).await.unwrap().unwrap();
    let expected =
        User { first_name: "Augusta".to_owned(), role: Role::Admin, updated_at: at(9), ..ada.clone() };
    assert_eq!(edited, expected);
    assert_eq!(stores.accounts.user(ada.id).await.unwrap(), Some(expected));
    assert_eq!(stores.accounts.user(bob.id).await.unwrap(), Some(bob));
    assert_eq!(stores.accounts.count_admins().await.unwrap(), 1);
    let page = Page { limit: 10, before: None };
    assert_eq!(stores.accounts.users(Some("augusta"), &page).await.unwrap().items.len(), 1);
    assert_eq!(stores.accounts.edit_user(UserId::from(id()), &edit, at(9)).await.unwrap(), None);
    let off = UserEdit { is_active: Some(false), ..UserEdit::default() };
    stores.accounts.edit_user(ada.id, &off, at(10)).await.unwrap();
    assert_eq!(stores.accounts.count_admins().await.unwrap(), 0);
}

/// A password that was changed meanwhile is not overwritten.
pub async fn a_hash_is_renewed_only_while_it_is_the_old_one(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    stores.accounts.upgrade_password(ada.id, &hash("hash"), &hash("newer")).await.unwrap();
    assert_eq!(stores.accounts.password(ada.id).await.unwrap(), Some(hash("newer")));
    stores.accounts.upgrade_password(ada.id, &hash("hash"), &hash("newest")).await.unwrap();
    assert_eq!(stores.accounts.password(ada.id).await.unwrap(), Some(hash("newer")));
}

fn key(owner: &User, name: &str) -> ApiKey {
    ApiKey {
        id: ApiKeyId::from(id()),
        user_id: owner.id,
        name: name.to_owned(),
        prefix: "dk_abcd".to_owned(),
        scope: Scope::Read,
        expires_at: None,
        last_used_at: None,
        created_at: at(0),
    }
}

/// Only by its secret, only until its end, only its owner can revoke it.
pub async fn a_key_opens_until_it_is_over_or_revoked(stores: &Stores) {
    let (ada, bob) = (member(stores, "ada@example.org").await, member(stores, "bob@example.org").await);
    let accounts = &stores.accounts;
    let (for_ever, short) =
        (key(&ada, "for ever"), ApiKey { expires_at: Some(at(60)), ..key(&ada, "short") });
    let (one, other) = (secret(), secret());
    accounts.add_api_key(&for_ever, &one).await.unwrap();
    accounts.add_api_key(&short, &other).await.unwrap();
    assert_eq!(accounts.api_keys(ada.id).await.unwrap(), [short.clone(), for_ever.clone()]);
    assert!(accounts.api_keys(bob.id).await.unwrap().is_empty());
    assert_eq!(accounts.api_key_user(&other, at(59)).await.unwrap().unwrap().1, ada);
    assert!(accounts.api_key_user(&other, at(60)).await.unwrap().is_none());
    assert!(accounts.api_key_user(&secret(), at(1)).await.unwrap().is_none());
    assert!(!accounts.revoke_api_key(bob.id, for_ever.id).await.unwrap());
    assert!(accounts.api_key_user(&one, at(1)).await.unwrap().is_some());
    assert!(accounts.revoke_api_key(ada.id, for_ever.id).await.unwrap());
    assert!(!accounts.revoke_api_key(ada.id, for_ever.id).await.unwrap());
    assert!(accounts.api_key_user(&one, at(1)).await.unwrap().is_none());
}

/// A write for each request would be too many.
pub async fn the_use_of_a_key_is_noted_once_a_minute(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let one = secret();
    stores.accounts.add_api_key(&key(&ada, "key"), &one).await.unwrap();
    for (now, noted) in [(10, 10), (50, 10), (75, 75)] {
        stores.accounts.api_key_user(&one, at(now)).await.unwrap().unwrap();
        let keys = stores.accounts.api_keys(ada.id).await.unwrap();
        assert_eq!(keys[0].last_used_at, Some(at(noted)));
    }
}

/// Neither session nor key works for a person who is not active, until the person is active again.
pub async fn a_person_who_is_switched_off_is_nobody(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let one = secret();
    stores.accounts.add_api_key(&key(&ada, "key"), &one).await.unwrap();
    let session = super::sessions::open(stores, &ada).await;
    let switch = |on| UserEdit { is_active: Some(on), ..UserEdit::default() };
    stores.accounts.edit_user(ada.id, &switch(false), at(2)).await.unwrap();
    assert!(stores.accounts.api_key_user(&one, at(3)).await.unwrap().is_none());
    assert!(stores.accounts.session_user(session.id, at(3)).await.unwrap().is_none());
    stores.accounts.edit_user(ada.id, &switch(true), at(4)).await.unwrap();
    assert!(stores.accounts.api_key_user(&one, at(5)).await.unwrap().is_some());
    assert!(stores.accounts.session_user(session.id, at(5)).await.unwrap().is_none(), "sessions were ended");
}
