//! Typed ids, actor, clock, deadlines, money, errors, permissions, commands and events
