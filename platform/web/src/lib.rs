//! HTTP glue: typed routes, sessions, CSRF, CSP, forms and their errors
