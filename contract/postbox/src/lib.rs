//! What the module postbox shows to others: commands, events, ids, views
