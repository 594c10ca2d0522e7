//! What the module records shows to others: commands, events, ids, views
