//! The whole house on a test city: how it holds together, who gets where, and the two services from click to delivery.

mod applications;
mod backup;
mod blocked;
mod circulation;
mod coverage;
mod design;
mod desk;
mod evidence;
mod files;
mod hostile;
mod kills;
mod manipulation;
mod persons;
mod processes;
mod program;
mod search;
mod start;
mod structure;
mod timeline;
mod walks;
