//! How often somebody may ask.

use std::time::Duration;

use dk_app::ports::Quota;

use crate::world::World;

fn quota(limit: u32) -> Quota {
    Quota { limit, window: Duration::from_mins(1) }
}

#[tokio::test]
async fn one_person_is_limited_whatever_the_address_and_is_told_how_far() {
    let world = World::with(|config| config.per_user = quota(3));
    let olga = world.person("olga").await;
    for left in ["2", "1", "0"] {
        let answer = olga.get("/api/v1/auth/profile").await;
        assert_eq!((answer.status.as_u16(), answer.header("ratelimit-remaining")), (200, left));
        assert_eq!(answer.header("ratelimit-limit"), "3");
    }
    let refused = olga.clone().from([198, 51, 100, 1]).get("/api/v1/auth/profile").await;
    refused.is_problem(429, "rate_limited");
    assert_eq!((refused.header("retry-after"), refused.header("ratelimit-reset")), ("60", "60"));
    let otto = world.person("otto").await;
    assert_eq!(otto.get("/api/v1/auth/profile").await.status, 200);
    world.clock.forward(time::Duration::minutes(2));
    assert_eq!(olga.get("/api/v1/auth/profile").await.status, 200);
}

#[tokio::test]
async fn one_address_is_limited_even_without_a_credential() {
    let world = World::with(|config| config.per_address = quota(2));
    for _ in 0..2 {
        world.anyone().get("/api/v1/media").await.is_problem(401, "unauthorized");
    }
    world.anyone().get("/api/v1/media").await.is_problem(429, "rate_limited");
    world.anyone().from([198, 51, 100, 1]).get("/api/v1/media").await.is_problem(401, "unauthorized");
    // A probe is never refused.
    assert_eq!(world.anyone().get("/api/health").await.status, 200);
}

#[tokio::test]
async fn only_a_trusted_proxy_says_where_somebody_comes_from() {
    let limited = |proxies: &[&str]| {
        let proxies: Vec<_> = proxies.iter().map(|text| text.parse().unwrap()).collect();
        World::with(move |config| {
            config.per_address = quota(1);
            config.trusted_proxies = proxies;
        })
    };
    for (world, second) in [(limited(&[]), 429), (limited(&["192.0.2.0/24"]), 401)] {
        let ask = |address: &str| {
            let client = world.anyone().with("x-forwarded-for", address);
            async move { client.get("/api/v1/media").await.status.as_u16() }
        };
        assert_eq!(ask("203.0.113.1").await, 401);
        assert_eq!(ask("203.0.113.2").await, second);
    }
}

#[tokio::test]
async fn one_person_uploads_only_so_often() {
    let world = World::with(|config| config.uploads_per_user = quota(1));
    let olga = world.person("olga").await;
    olga.picture().await;
    let form = crate::client::Form::new().file("a.png", crate::client::PICTURE);
    olga.upload(&form).await.is_problem(429, "rate_limited");
}
