//! Ports of servers that are told beforehand where to listen.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::bail;

const PATIENCE: Duration = Duration::from_secs(20);

/// One that nobody uses now.
pub(crate) fn free() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Waits until a child listens on its port.
#[expect(clippy::disallowed_methods, reason = "a port tells nobody when it begins to listen")]
pub(crate) fn wait_for(child: &mut Child, name: &str, port: u16) -> anyhow::Result<()> {
    let begin = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if let Some(status) = child.try_wait()? {
            bail!("{name} ended with {status}");
        }
        if begin.elapsed() > PATIENCE {
            bail!("{name} does not listen on port {port}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
