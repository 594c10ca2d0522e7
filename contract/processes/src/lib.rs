//! What the module processes shows to others: commands, events, ids, views
