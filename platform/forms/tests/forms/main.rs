mod cities;
mod common;
mod fields;
mod load;
mod properties;
mod render;
mod walk;
