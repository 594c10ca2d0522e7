//! Accounts, sessions, trust levels, roles, deputies, access classes
