//! Documents on disk: written durably, addressed by id, checked by hash
