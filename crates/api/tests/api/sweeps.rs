//! The sweep of stored files without rows, over stores in memory: which files it may touch at all.

use dk_app::ports::{Library as _, Mark, Storage as _};
use dk_app::service::sweep_orphans;
use time::Duration;

use crate::client::{Client, Form, PICTURE};
use crate::world::World;

async fn upload(world: &World, owner: &Client, many: usize) {
    for _ in 0..many {
        assert_eq!(owner.upload(&Form::new().file("a.png", PICTURE)).await.status, 202);
    }
    assert!(world.disk.counts().0 >= many);
}

/// Files of uploads that were cut before their rows were written.
async fn cut(world: &World, many: usize) {
    for _ in 0..many {
        let mut incoming = world.disk.receive().await.unwrap();
        incoming.write(PICTURE.into()).await.unwrap();
        let staged = incoming.finish().await.unwrap();
        let id = dk_app::ports::Ambient::id(&*world.clock).into();
        world.disk.keep(staged, dk_domain::MediaKind::Image, id).await.unwrap();
    }
}

async fn sweep(world: &World) -> usize {
    sweep_orphans(&world.ports, Duration::ZERO).await.unwrap()
}

#[tokio::test]
async fn orphans_are_removed_however_many_once_files_and_rows_are_known_to_belong_together() {
    let world = World::new();
    let olga = world.person("olga").await;
    upload(&world, &olga, 3).await;
    cut(&world, 2).await;
    assert_eq!(sweep(&world).await, 2);
    assert_eq!(world.disk.mark().await.unwrap(), Some(world.store.mark().await.unwrap()));
    cut(&world, 50).await;
    assert_eq!(sweep(&world).await, 50);
    assert_eq!(world.disk.counts().0, 3);
    assert_eq!(world.store.mark().await.unwrap().sweeps, 2);
}

#[tokio::test]
async fn files_with_the_mark_of_another_installation_are_left_alone() {
    let world = World::new();
    let olga = world.person("olga").await;
    upload(&world, &olga, 30).await;
    cut(&world, 1).await;
    let other = Mark { installation: uuid::Uuid::from_u128(7), sweeps: 0 };
    world.disk.leave_mark(other).await.unwrap();
    assert_eq!(sweep(&world).await, 0);
    assert_eq!(world.disk.counts().0, 31);
    assert_eq!(world.disk.mark().await.unwrap(), Some(other), "it stays theirs");
}

#[tokio::test]
async fn files_that_are_newer_than_the_database_are_left_alone() {
    let world = World::new();
    let olga = world.person("olga").await;
    upload(&world, &olga, 3).await;
    assert_eq!(sweep(&world).await, 0);
    // As after a restored backup: the files have seen one more sweep.
    let ours = world.store.mark().await.unwrap();
    let ahead = Mark { sweeps: ours.sweeps + 1, ..ours };
    world.disk.leave_mark(ahead).await.unwrap();
    cut(&world, 1).await;
    assert_eq!(sweep(&world).await, 0);
    assert_eq!(world.disk.counts().0, 4);
    // An operator decides that these rows are the truth.
    world.disk.leave_mark(ours).await.unwrap();
    assert_eq!(sweep(&world).await, 1);
}

#[tokio::test]
async fn many_orphans_in_a_storage_without_a_mark_are_those_of_somebody_else() {
    let world = World::new();
    let olga = world.person("olga").await;
    cut(&world, 1).await;
    assert_eq!(sweep(&world).await, 0, "nothing of what is there is known");
    upload(&world, &olga, 20).await;
    cut(&world, 11).await;
    assert_eq!(sweep(&world).await, 0);
    assert_eq!((world.disk.counts().0, world.disk.mark().await.unwrap()), (32, None));
}
