//! The storage against its promises and against what goes wrong: full disks, cut connections, refusals.

mod cloudinary;
mod disk_full;
mod local;
mod memory;
mod proxy;
mod s3;
mod stand_in;
mod world;
