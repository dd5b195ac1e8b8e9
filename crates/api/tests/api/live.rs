//! Live events through the real `socket.io-client`.
