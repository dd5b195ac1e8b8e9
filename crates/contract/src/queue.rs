//! The promises of [`dk_app::ports::JobQueue`].
