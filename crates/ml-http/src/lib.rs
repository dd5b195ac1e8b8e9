//! The ML server's HTTP edge and its client, and the same work done in this process.
//!
//! [`MlServer`] answers over HTTP, [`Fleet`] asks several such servers, [`InProcess`] needs none. All three give
//! exactly the model that was asked for, never another one in its place. Nothing here knows how a model works, and
//! nothing is kept: files that a server holds are copies, and go when room is needed.

mod answer;
mod fleet;
mod host;
mod in_process;
mod key;
mod message;
mod server;
mod stopping;

pub use fleet::{Fleet, FleetError, FleetSettings};
pub use host::{TICKS_PER_SEC, cpu_ticks};
pub use in_process::InProcess;
pub use key::ApiKey;
pub use message::{
    BlobStats, CpuStats, DeviceStats, LatencyStats, MemoryStats, ModelStats, PackageMessage, StatsMessage,
    card_message, read_card,
};
pub use server::{BlobSettings, MlServer, MlSettings, RefusedModel, StartError};
