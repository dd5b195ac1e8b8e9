//! Lets clients in: who they are, how many connections they have, and from which event on they want to hear.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef, TryData};
use socketioxide::handler::ConnectHandler as _;
use tokio::sync::mpsc::{Sender, channel};

use super::connection::{Connection, Request, Room};
use super::hub::{Hub, Listener};
use crate::app::App;
use crate::auth::{Admission, admit, password_is_due};

/// What a client says of itself when it connects.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Auth {
    token: String,
    last_event_id: Option<u64>,
}

/// What a client asks for later.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resume {
    last_event_id: u64,
}

/// Why a client is not let in; the word is the message of its `connect_error`.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    Unauthorized,
    PasswordChangeRequired,
    TooManyConnections,
    Unavailable,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unauthorized => "unauthorized",
            Self::PasswordChangeRequired => "password_change_required",
            Self::TooManyConnections => "too_many_connections",
            Self::Unavailable => "unavailable",
        })
    }
}

/// What is known of a client that was let in and is not served yet.
struct Arrival {
    admission: Admission,
    listener: Listener,
    last_event: Option<u64>,
}

/// Its place among the extensions of the socket, from which it is taken once.
#[derive(Clone)]
struct Guest(Arc<Mutex<Option<Arrival>>>);

/// Serves the one namespace there is.
pub(super) fn serve(io: &SocketIo, app: &App, hub: &Arc<Hub>) {
    let (door_app, door_hub) = (app.clone(), Arc::clone(hub));
    let door = move |socket: SocketRef, auth: TryData<Auth>| {
        let (app, hub) = (door_app.clone(), Arc::clone(&door_hub));
        async move { let_in(&app, &hub, &socket, auth).await }
    };
    let inside_app = app.clone();
    let inside = move |socket: SocketRef| {
        let app = inside_app.clone();
        async move { welcome(app, socket) }
    };
    io.ns("/", inside.with(door));
}

async fn let_in(app: &App, hub: &Arc<Hub>, socket: &SocketRef, auth: TryData<Auth>) -> Result<(), Refusal> {
    let TryData(auth) = auth;
    let auth = auth.map_err(|_| Refusal::Unauthorized)?;
    let admitted = admit(app, &auth.token).await.map_err(|error| {
        tracing::warn!(error = &error as &dyn std::error::Error, "a live connection could not be let in");
        Refusal::Unavailable
    })?;
    let admission = admitted.ok_or(Refusal::Unauthorized)?;
    if password_is_due(&admission.caller) {
        return Err(Refusal::PasswordChangeRequired);
    }
    let listener = hub.join(admission.caller.user.id).ok_or(Refusal::TooManyConnections)?;
    let arrival = Arrival { admission, listener, last_event: auth.last_event_id };
    socket.extensions.insert(Guest(Arc::new(Mutex::new(Some(arrival)))));
    Ok(())
}

fn welcome(app: App, socket: SocketRef) {
    let guest = socket.extensions.get::<Guest>();
    let guest = guest.and_then(|guest| guest.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    let Some(Arrival { admission, listener, last_event }) = guest else { return };
    // The room that the contract names; each connection delivers to itself, because each has its own place in the
    // list of events.
    socket.join(Room::of(admission.caller.user.id).0);
    let (requests, asked) = channel(4);
    listen_to_client(&socket, &requests);
    // Dropping the only sender that stays ends the connection's task.
    let end = Arc::new(Mutex::new(Some(requests)));
    socket.on_disconnect(move || {
        let end = Arc::clone(&end);
        async move {
            end.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    });
    let connection = Connection::new(app, socket, admission, listener, asked);
    tokio::spawn(connection.run(last_event));
}

fn listen_to_client(socket: &SocketRef, requests: &Sender<Request>) {
    let weak = requests.downgrade();
    socket.on("resume", move |Data(resume): Data<Resume>, ack: AckSender| {
        let requests = weak.upgrade();
        async move { ask(requests, Request::Resume(resume.last_event_id, ack)) }
    });
    let weak = requests.downgrade();
    socket.on("sync", move |ack: AckSender| {
        let requests = weak.upgrade();
        async move { ask(requests, Request::Sync(ack)) }
    });
}

/// A client that asks faster than it is answered is not answered; it asks again.
fn ask(requests: Option<Sender<Request>>, request: Request) {
    if let Some(requests) = requests {
        let _ = requests.try_send(request);
    }
}
