//! Form definitions: read, render, validate, resume, print
