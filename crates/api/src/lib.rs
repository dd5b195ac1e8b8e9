//! HTTP and Socket.IO edge for people.
