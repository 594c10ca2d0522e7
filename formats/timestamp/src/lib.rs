//! Time-stamps (Zeitstempel) of a time-stamping authority, without I/O, clock or randomness.
//!
//! - [`Request`] is what the authority is asked: the hash and a number used once, never the thing itself.
//! - [`verify`] reads the answer and checks everything in it, offline, against [`Anchors`]: the certificates of the
//!   authorities that one trusts.
//!
//! Sources: RFC 3161 (time-stamp protocol), RFC 5816 (ESSCertIDv2), RFC 5652 (signed data), RFC 5035 (which certificate
//! signed), RFC 5280 (certificates), ITU-T X.690 (DER). The reader is strict DER: what an encoder may choose in BER is
//! refused, so nothing can be read in two ways.

mod certificate;
mod der;
mod fault;
mod oid;
mod request;
mod response;
mod signature;
mod signed;

pub use certificate::Anchors;
pub use fault::Fault;
pub use request::{QUERY_TYPE, Request};
pub use response::{Expected, MAX_ANSWER, Stamp, verify};
