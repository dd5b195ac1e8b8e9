//! The ML server's HTTP edge and its client.
