//! FEEL, the one expression language: conditions and computed values in forms, processes and decisions
