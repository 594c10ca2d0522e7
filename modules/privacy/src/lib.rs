//! The module privacy: notices, processing register, data-subject export, deletion run
