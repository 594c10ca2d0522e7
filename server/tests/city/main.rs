//! The whole house on a test city: how it holds together, who gets where, and the two services from click to delivery.

mod applications;
mod backup;
mod begins;
mod blocked;
mod capture;
mod circulation;
mod coverage;
mod desk;
mod documents;
mod evidence;
mod files;
mod hostile;
mod kills;
mod manipulation;
mod persons;
mod processes;
mod program;
mod scanner;
mod search;
mod start;
mod structure;
mod timeline;
mod walks;
mod work;
mod workers;
