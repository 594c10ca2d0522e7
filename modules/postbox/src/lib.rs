//! The module postbox
