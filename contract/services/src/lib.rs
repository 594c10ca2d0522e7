//! What the module services shows to others: commands, events, ids, views
