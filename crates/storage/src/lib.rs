//! Where uploaded files are kept: a folder, S3, or Cloudinary. Every kind receives a file on this machine first,
//! hashes it while it comes, and stores it under a key made of its content and its medium. Never looks into a file,
//! never sees the name a client gave it, and gives no file to the public.

mod cloudinary;
mod fault;
mod key;
mod local;
mod mark;
mod measured;
mod options;
mod s3;
mod staging;

use std::sync::Arc;

use dk_app::ports::{Ambient, Storage, StorageError};

pub use options::{CloudinaryOptions, LocalOptions, Options, Patience, S3Keys, S3Options, Secret};

use cloudinary::Cloudinary;
use local::Local;
use measured::Measured;
use s3::S3;

/// Opens a storage: makes its folders and removes what an earlier run left half received. Does not ask a remote
/// storage anything yet; [`Storage::ping`] does.
pub async fn open(options: Options, ambient: Arc<dyn Ambient>) -> Result<Arc<dyn Storage>, StorageError> {
    Ok(match options {
        Options::Local(options) => Arc::new(Measured::new(Local::open(options, ambient).await?, "local")),
        Options::S3(options) => Arc::new(Measured::new(S3::open(options, ambient).await?, "s3")),
        Options::Cloudinary(options) => {
            Arc::new(Measured::new(Cloudinary::open(options, ambient).await?, "cloudinary"))
        }
    })
}
