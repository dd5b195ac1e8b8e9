//! Live events over Socket.IO: each person hears of the own media, in order, without gaps, also after a reconnect.
//!
//! One listener per API server takes signals from the bus and hands them to the connections of the person they
//! are for. Each connection delivers by number: what is missing, whether it was lost on the way or came while the
//! client was slow or away, is read from the rows.

mod connect;
mod connection;
mod hub;
mod pace;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use dk_app::StopToken;
use dk_app::ports::Signal;
use futures_util::StreamExt as _;
use socketioxide::{SocketIo, TransportType};

use crate::app::App;
use hub::Hub;

/// Where clients connect.
pub(crate) const PATH: &str = "/socket.io";
/// Clients send a token and a number, nothing larger.
const MAX_MESSAGE_BYTES: usize = 16 * 1024;
/// A client that opens a connection and does not say who it is.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// When to listen to the bus again after that failed.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// The routes of live events, and a task that serves them until `stop`.
pub(crate) fn routes(app: &App, stop: &StopToken) -> Router {
    let hub = Arc::new(Hub::new(app.config.sockets_per_user));
    let (service, io) = SocketIo::builder()
        .req_path(PATH)
        .transports([TransportType::Websocket, TransportType::Polling])
        .max_buffer_size(app.config.socket_buffer)
        .max_payload(MAX_MESSAGE_BYTES as u64)
        .ws_max_message_size(MAX_MESSAGE_BYTES)
        .ws_max_frame_size(MAX_MESSAGE_BYTES)
        .connect_timeout(CONNECT_TIMEOUT)
        .build_svc();
    connect::serve(&io, app, &hub);
    tokio::spawn(listen(app.clone(), hub, io, stop.clone()));
    Router::new().route_service(PATH, service.clone()).route_service(&format!("{PATH}/"), service)
}

/// Takes signals from the bus until told to stop, then closes every connection, so that clients go elsewhere.
async fn listen(app: App, hub: Arc<Hub>, io: SocketIo, stop: StopToken) {
    tokio::select! {
        () = stop.stopped() => {}
        () = hear(&app, &hub) => {}
    }
    io.close().await;
}

async fn hear(app: &App, hub: &Hub) {
    loop {
        match app.ports.bus.listen().await {
            Ok(mut signals) => {
                // What was sent while nobody listened is in the rows.
                hub.catch_up();
                while let Some(signal) = signals.next().await {
                    match signal {
                        Signal::Event(event) => hub.event(&Arc::new(*event)),
                        Signal::Recheck(user) => hub.recheck(user),
                        Signal::Cancel(_) => {}
                    }
                }
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "live events are not heard now");
            }
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}
