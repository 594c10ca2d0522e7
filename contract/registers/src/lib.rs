//! What the module registers shows to others: commands, events, ids, views
