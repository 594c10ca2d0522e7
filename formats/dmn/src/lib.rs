//! DMN decision models: read, check and evaluate
