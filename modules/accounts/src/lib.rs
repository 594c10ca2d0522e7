//! The module accounts: sign-in pages of citizens and staff
