//! Live news between processes, by publish and subscribe. Nothing is kept: who does not listen misses it.

use std::time::Duration;

use async_trait::async_trait;
use dk_app::ports::{Bus, BusError, Signal};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use redis::RedisError;
use redis::aio::PubSub;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::Redis;
use crate::signal::{CONTROL, EVENTS, Unreadable, read_control, read_event, write};

/// A dead server must not hold up the work that has something to tell.
const SEND_PATIENCE: Duration = Duration::from_secs(1);
const SUBSCRIBE_PATIENCE: Duration = Duration::from_secs(2);
/// A connection over which nothing comes may be dead without having ended.
const PING_EVERY: Duration = Duration::from_secs(10);
const PING_PATIENCE: Duration = Duration::from_secs(5);
/// A listener may be this many signals behind before it loses the oldest.
const BACKLOG: usize = 4096;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The bus of all processes that use the same server and prefix.
#[derive(Debug, Clone)]
pub struct RedisBus {
    redis: Redis,
}

impl RedisBus {
    pub(crate) fn new(redis: Redis) -> Self {
        Self { redis }
    }
}

#[async_trait]
impl Bus for RedisBus {
    async fn send(&self, signal: &Signal) -> Result<(), BusError> {
        let (channel, text) = write(signal).map_err(|error| BusError(error.into()))?;
        let mut command = redis::cmd("PUBLISH");
        command.arg(self.redis.name(channel)).arg(text);
        match timeout(SEND_PATIENCE, self.redis.ask::<()>(&command)).await {
            Ok(Ok(())) => {
                metrics::counter!("bus_messages_total", "direction" => "sent").increment(1);
                Ok(())
            }
            Ok(Err(error)) => Err(BusError(error.into())),
            Err(late) => Err(BusError(late.into())),
        }
    }

    async fn listen(&self) -> Result<BoxStream<'static, Signal>, BusError> {
        let (signals, receiver) = broadcast::channel(BACKLOG);
        let (tried, first_try) = oneshot::channel();
        let task = tokio::spawn(subscribe_for_ever(self.redis.clone(), signals, tried));
        let listener = Listener { receiver, _task: EndsWithListener(task) };
        // What is sent from now on is heard, unless the server is away: then as soon as it is back.
        let _ = first_try.await;
        Ok(stream::unfold(listener, |mut listener| async { Some((listener.next().await?, listener)) })
            .boxed())
    }

    async fn ping(&self) -> Result<(), BusError> {
        match timeout(SEND_PATIENCE, self.redis.ping()).await {
            Ok(answer) => answer.map_err(|error| BusError(error.into())),
            Err(late) => Err(BusError(late.into())),
        }
    }
}

struct Listener {
    receiver: broadcast::Receiver<Signal>,
    _task: EndsWithListener,
}

struct EndsWithListener(JoinHandle<()>);

impl Drop for EndsWithListener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Listener {
    async fn next(&mut self) -> Option<Signal> {
        loop {
            match self.receiver.recv().await {
                Ok(signal) => return Some(signal),
                Err(RecvError::Lagged(lost)) => {
                    metrics::counter!("bus_messages_lost_total").increment(lost);
                    tracing::warn!(lost, "a listener was too slow for the bus");
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

async fn subscribe_for_ever(redis: Redis, signals: broadcast::Sender<Signal>, tried: oneshot::Sender<()>) {
    let mut tried = Some(tried);
    let mut pause = FIRST_PAUSE;
    let mut is_down = false;
    loop {
        let subscribed = subscribe(&redis).await;
        let connected = subscribed.is_ok();
        if is_down && connected {
            tracing::info!("live news are heard again");
        }
        if let Some(tried) = tried.take() {
            // Nobody waits any more: the listener was dropped, and this task ends with it.
            let _ = tried.send(());
        }
        let why = match subscribed {
            Ok(pubsub) => {
                pause = FIRST_PAUSE;
                forward(pubsub, &redis, &signals).await
            }
            Err(error) => error.to_string(),
        };
        // One line for a server that is away, however long that takes.
        if connected || !is_down {
            tracing::warn!(error = why, "live news are not heard until Redis is back");
        }
        is_down = true;
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn subscribe(redis: &Redis) -> Result<PubSub, RedisError> {
    let connect = async {
        let mut pubsub = redis.client().get_async_pubsub().await?;
        pubsub.subscribe(&[redis.name(EVENTS), redis.name(CONTROL)]).await?;
        Ok(pubsub)
    };
    timeout(SUBSCRIBE_PATIENCE, connect)
        .await
        .unwrap_or_else(|late| Err(RedisError::from(std::io::Error::new(std::io::ErrorKind::TimedOut, late))))
}

/// Passes messages on until the connection ends; says why it did.
async fn forward(pubsub: PubSub, redis: &Redis, signals: &broadcast::Sender<Signal>) -> String {
    let control = redis.name(CONTROL);
    let (mut sink, mut messages) = pubsub.split();
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.reset();
    loop {
        tokio::select! {
            message = messages.next() => {
                let Some(message) = message else { return "the connection has ended".to_owned() };
                let text = message.get_payload_bytes();
                let read = if message.get_channel_name() == control { read_control(text) } else { read_event(text) };
                pass_on(read, signals);
            }
            _ = pings.tick() => match timeout(PING_PATIENCE, sink.ping::<redis::Value>()).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return error.to_string(),
                Err(_) => return "the server does not answer".to_owned(),
            }
        }
    }
}

fn pass_on(read: Result<Signal, Unreadable>, signals: &broadcast::Sender<Signal>) {
    match read {
        Ok(signal) => {
            metrics::counter!("bus_messages_total", "direction" => "received").increment(1);
            // An error means that the listener has gone: this task ends with it.
            let _ = signals.send(signal);
        }
        Err(error) => {
            metrics::counter!("bus_messages_unreadable_total").increment(1);
            tracing::warn!(error = &error as &dyn std::error::Error, "a message on the bus was skipped");
        }
    }
}
