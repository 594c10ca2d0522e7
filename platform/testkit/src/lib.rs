//! A test city in process, on both databases, with its sandbox peers
