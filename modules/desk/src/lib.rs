//! The module desk
