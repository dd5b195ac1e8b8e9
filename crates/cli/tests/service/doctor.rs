//! What `drishtiksha doctor` says of the servers of an installation.

use crate::home::Home;
use crate::process::Launch;

fn doctor(home: &Home, database: &str, redis: &str) -> String {
    let launch = Launch::new(&["doctor"], &home.path(""), home.path("doctor.log"))
        .env("DATABASE_URL", database)
        .env("REDIS_URL", redis);
    let output = launch.command().output().expect("the program can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn doctor_tells_of_each_server_how_it_is_and_the_way_out() {
    let home = Home::new();
    let mut redis = dk_testkit::redis::Server::start().expect("Redis starts");
    let database = dk_testkit::postgres::shared().and_then(|shared| shared.empty_database());
    let database = database.expect("a database").url;
    redis.command("CONFIG SET maxmemory-policy allkeys-lru").expect("Redis answers");
    let told = doctor(&home, &database, &redis.url());
    for part in [
        "ok      database: PostgreSQL",
        "missing database: it has no tables yet",
        "hint: run `drishtiksha migrate`",
        "ok      Redis 7",
        "maxmemory-policy is allkeys-lru",
        "config set maxmemory-policy noeviction",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let migrate = Launch::new(&["migrate"], &home.path(""), home.path("migrate.log"));
    let migrated = migrate.env("DATABASE_URL", database.as_str()).command().status();
    assert!(migrated.expect("the program can be started").success());
    redis.command("CONFIG SET maxmemory-policy noeviction").expect("Redis answers");
    let told = doctor(&home, &database, &redis.url());
    assert!(told.contains("ok      database: its tables are up to date"), "{told}");
    assert!(told.contains("ok      Redis: full memory evicts no job"), "{told}");
    redis.stop().expect("Redis stops");
    let away = doctor(&home, "postgres://postgres@127.0.0.1:1/none", &redis.url());
    assert!(away.contains("missing database: ") && away.contains("hint: check DATABASE_URL"), "{away}");
    assert!(away.contains("missing Redis: ") && away.contains("hint: check REDIS_URL"), "{away}");
}
