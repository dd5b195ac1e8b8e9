//! Children with few rights: a program that works on untrusted bytes reads what it is told to, writes no
//! file, opens no socket, starts no process, and ends when its time, memory or output is used up.
//!
//! How it is done: the child that we start is our own executable (the [`Launcher`]). It lowers its limits,
//! gives its rights up and then becomes the program through `exec`. Nothing here is unsafe code, and the
//! parent keeps its rights. Layers that the kernel lacks are left out; [`Layers`] tells which ones work.

mod clock;
mod command;
mod launch;
mod layers;
#[cfg(target_os = "linux")]
mod linux;
mod running;

pub(crate) use command::STDIN;
pub use command::{ChildError, ChildLimits, Command, Launcher, Output};
pub use launch::main;
pub use layers::{Enforcement, Layers};
pub use running::Running;
