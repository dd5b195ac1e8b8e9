//! Redis: a server forgets or keeps as it was told, comes back on its port, hangs when it is frozen; Node is at hand.

use dk_testkit::node;
use dk_testkit::redis::{Keep, Server};

#[test]
fn a_stopped_server_comes_back_on_its_port_with_what_it_was_told_to_keep() {
    for (keep, left) in [(Keep::Everything, "$1"), (Keep::Nothing, "$-1")] {
        let mut server = Server::start_with(keep).unwrap();
        let url = server.url();
        assert_eq!(server.command("SET a 1").unwrap(), "+OK");
        server.stop().unwrap();
        assert!(server.command("PING").is_err());
        server.start_again().unwrap();
        assert_eq!(server.url(), url);
        assert_eq!(server.command("GET a").unwrap(), left);
        server.kill().unwrap();
        server.start_again().unwrap();
        assert_eq!(server.command("GET a").unwrap(), left, "{keep:?}, killed");
    }
}

#[test]
fn two_servers_know_nothing_of_each_other() {
    let (one, other) = (Server::start().unwrap(), Server::start().unwrap());
    one.command("SET a 1").unwrap();
    assert_eq!(other.command("GET a").unwrap(), "$-1");
    one.flush().unwrap();
    assert_eq!(one.command("GET a").unwrap(), "$-1");
}

#[test]
fn a_frozen_server_answers_when_it_is_thawed() {
    let server = Server::start().unwrap();
    server.freeze().unwrap();
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| server.command("PING").unwrap());
        server.thaw().unwrap();
        assert_eq!(answer.join().unwrap(), "+PONG");
    });
}

#[test]
fn a_script_sees_the_packages_of_node() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("names.cjs");
    let script = "for (const name of ['bullmq', '@bull-board/api/bullMQAdapter', 'ioredis', 'socket.io-client'])\n  \
                  console.log(typeof require(name), process.argv[2]);\n";
    std::fs::write(&path, script).unwrap();
    let said = node::run(&path, &["here"]).unwrap();
    assert_eq!(said.lines().count(), 4, "{said}");
    assert!(said.lines().all(|line| line.ends_with(" here") && !line.starts_with("undefined")), "{said}");
}
