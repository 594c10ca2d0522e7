//! THE list of modules.

use house::Module;

/// Every room of the house, in the order of their menus and migrations.
pub const MODULES: &[Module] = &[
    accounts::MODULE,
    services::MODULE,
    records::MODULE,
    annotations::MODULE,
    circulation::MODULE,
    disposal::MODULE,
    desk::MODULE,
    workshop::MODULE,
    processes::MODULE,
    registers::MODULE,
    payments::MODULE,
    certificates::MODULE,
    postbox::MODULE,
    privacy::MODULE,
    evidence::MODULE,
    sharing::MODULE,
    specialist::MODULE,
    guidelines::MODULE,
    exchange::MODULE,
    access::MODULE,
];
