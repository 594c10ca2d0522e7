//! Layout, components and texts on the KERN design system
