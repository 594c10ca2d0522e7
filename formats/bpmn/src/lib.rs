//! BPMN 2.0.2 process models: read, check and step, without I/O
