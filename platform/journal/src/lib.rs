//! The journal: append, numbering, Merkle tree, proofs, subscriptions, checkpoints
