//! What the module desk shows to others: commands, events, ids, views
