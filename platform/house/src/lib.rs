//! How rooms register and talk: Module, App, commands, events, panels
