//! Merkle tree, proofs and signed checkpoints of a transparency log (RFC 6962, C2SP)
