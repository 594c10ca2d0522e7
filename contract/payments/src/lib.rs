//! What the module payments shows to others: commands, events, ids, views
