//! A port that is listened on, and what is served there until the process must go.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use dk_app::StopToken;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::failure::Failure;

/// A port that was opened.
pub(super) struct Listening {
    listener: TcpListener,
    pub(super) address: SocketAddr,
}

/// Opens a port; `setting` is what to change when somebody else has it.
pub(super) async fn listen(host: IpAddr, port: u16, setting: &str) -> Result<Listening, Failure> {
    let cannot = |error: std::io::Error| {
        let error =
            anyhow::Error::new(error).context(format!("cannot listen on {}", SocketAddr::new(host, port)));
        Failure::not_done(error, format!("another program may have it: set {setting} to a free port"))
    };
    let listener = TcpListener::bind((host, port)).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    Ok(Listening { listener, address })
}

impl Listening {
    /// Answers requests; when told to stop, takes no new ones and ends when the last has been answered.
    pub(super) fn serve(
        self,
        router: Router,
        stop: &StopToken,
    ) -> impl Future<Output = anyhow::Result<()>> + use<> {
        let stop = stop.clone();
        async move {
            let (sender, stopped) = oneshot::channel();
            let _watch = stop.on_stop(move || {
                // Nobody waits any more when serving has ended by itself.
                let _ = sender.send(());
            });
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(self.listener, service)
                .with_graceful_shutdown(async move {
                    let _ = stopped.await;
                })
                .await?;
            Ok(())
        }
    }
}
