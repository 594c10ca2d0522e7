//! Versioned texts, forms, processes and fees of a city
