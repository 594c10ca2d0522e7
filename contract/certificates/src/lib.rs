//! What the module certificates shows to others: commands, events, ids, views
