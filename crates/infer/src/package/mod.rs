//! Model packages: a folder with a manifest, a card, golden scores and weights. Reads them, checks them,
//! and says why one is refused. Runs nothing.

mod golden;
mod manifest;
mod manifest_file;
mod picture_rule;
mod registry;
mod store;
mod sums;

pub use golden::{Golden, GoldenCase, GoldenError};
pub use manifest::{
    Activation, Aggregate, Archive, Compare, EmbeddingRule, FaceAlign, FaceDecode, FaceDetectorRule,
    FaceRule, FaceShape, HeadFile, HubFile, LipSyncRule, Manifest, ManifestError, Net, Pad, Pipeline,
    Registry as PackageRegistry, SequenceRule, SequenceStep, SoundRule, Source, VideoRule, WeightsFile,
};
pub use picture_rule::{Colour, Filter, Layout, PictureRule, Resize};
pub use registry::{Entry, Head, Package, Refusal, Registry, Root};
pub(crate) use store::open_regular;
pub use store::{Download, Store, StoreError, checksum};
