//! Full text: a rebuildable cache fed by the journal
