//! The module `accounts` (Servicekonto, Anmeldung): pages on which citizens, guests and staff sign in, keep their account
//! in order and represent each other. What is decided here is which page comes next; the rules are in `identity`.

mod city;
mod mails;
mod next;
mod oidc;
mod pages;
mod qr;

use house::{Access, Holds, Key, Menu, Module, Retention, Table, job};
use identity::perm;

/// eID login of the operator's configuration (`peers.eid`), as an OpenID Connect client.
pub use oidc::Oidc;

pub const MODULE: Module = Module {
    name: "accounts",
    migrations: Some(db::migrations!("accounts": "0001_init")),
    permissions: perm::ALL,
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        use pages::{citizen, counter, eid, factor, guest, password, people, register, sessions, staff};
        r.get(Access::Public, "/anmelden", citizen::show);
        r.post(Access::Public, "/anmelden", citizen::sign_in);
        r.get(Access::Public, "/anmelden/code", citizen::show_code);
        r.post(Access::Public, "/anmelden/code", citizen::code);
        r.post(Access::Public, "/anmelden/eid", eid::begin);
        r.get(Access::Public, "/anmelden/eid/zurueck", eid::finish);
        r.get(Access::Public, "/registrieren", register::show);
        r.post(Access::Public, "/registrieren", register::start);
        r.get(Access::Public, "/registrieren/{token}", register::show_link);
        r.post(Access::Public, "/registrieren/{token}", register::finish);
        r.get(Access::Public, "/passwort-vergessen", password::show_forgotten);
        r.post(Access::Public, "/passwort-vergessen", password::forgotten);
        r.get(Access::Public, "/passwort-neu/{token}", password::show_reset);
        r.post(Access::Public, "/passwort-neu/{token}", password::reset);
        r.get(Access::Public, "/abholen", guest::show);
        r.post(Access::Public, "/abholen", guest::redeem);
        r.post(Access::EverySide, "/abmelden", sessions::sign_out);
        r.post(Access::EverySide, "/sitzung/verlaengern", sessions::extend);
        r.get(Access::Citizen, "/konto", citizen::account);
        r.get(Access::Citizen, "/konto/bezeichnung", citizen::show_label);
        r.post(Access::Citizen, "/konto/bezeichnung", citizen::label);
        r.get(Access::Citizen, "/konto/email", citizen::show_email);
        r.post(Access::Citizen, "/konto/email", citizen::email);
        r.get(Access::Citizen, "/konto/email/{token}", citizen::show_email_link);
        r.post(Access::Citizen, "/konto/email/{token}", citizen::email_link);
        r.get(Access::Citizen, "/konto/passwort", password::show_change);
        r.post(Access::Citizen, "/konto/passwort", password::change);
        r.get(Access::Citizen, "/konto/zweiter-faktor", factor::show);
        r.post(Access::Citizen, "/konto/zweiter-faktor", factor::finish);
        r.post(Access::Citizen, "/konto/zweiter-faktor/entfernen", factor::remove);
        r.post(Access::Citizen, "/konto/zweiter-faktor/codes", factor::recovery);
        r.get(Access::Citizen, "/konto/vor-ort", citizen::show_onsite);
        r.post(Access::Citizen, "/konto/vor-ort", citizen::onsite);
        r.get(Access::Citizen, "/konto/sitzungen", sessions::show);
        r.post(Access::Citizen, "/konto/sitzungen", sessions::end);
        r.get(Access::Citizen, "/konto/schliessen", citizen::show_close);
        r.post(Access::Citizen, "/konto/schliessen", citizen::close);
        r.get(Access::Public, "/intern/anmelden", staff::show);
        r.post(Access::Public, "/intern/anmelden", staff::sign_in);
        r.get(Access::Public, "/intern/anmelden/code", staff::show_code);
        r.post(Access::Public, "/intern/anmelden/code", staff::code);
        r.get(Access::Public, "/intern/anmelden/einrichten", staff::show_set_up);
        r.post(Access::Public, "/intern/anmelden/einrichten", staff::set_up);
        r.get(Access::Public, "/intern/passwort-vergessen", staff::show_forgotten);
        r.post(Access::Public, "/intern/passwort-vergessen", staff::forgotten);
        r.get(Access::Public, "/intern/passwort-neu/{token}", staff::show_reset);
        r.post(Access::Public, "/intern/passwort-neu/{token}", staff::reset);
        r.get(Access::AnyStaff, "/intern/konto", staff::account);
        r.get(Access::AnyStaff, "/intern/konto/passwort", password::show_change);
        r.post(Access::AnyStaff, "/intern/konto/passwort", password::change);
        r.get(Access::AnyStaff, "/intern/konto/zweiter-faktor", factor::show);
        r.post(Access::AnyStaff, "/intern/konto/zweiter-faktor", factor::finish);
        r.post(Access::AnyStaff, "/intern/konto/zweiter-faktor/entfernen", factor::remove);
        r.post(Access::AnyStaff, "/intern/konto/zweiter-faktor/codes", factor::recovery);
        r.get(Access::AnyStaff, "/intern/konto/sitzungen", sessions::show);
        r.post(Access::AnyStaff, "/intern/konto/sitzungen", sessions::end);
        r.get(Access::AnyStaff, "/intern/vertretung", staff::deputies);
        r.post(Access::AnyStaff, "/intern/vertretung", staff::set_deputy);
        r.post(Access::AnyStaff, "/intern/vertretung/{id}/beenden", staff::end_deputy);
        r.get(Access::Staff(perm::STAFF), "/intern/personal", people::list);
        r.get(Access::Staff(perm::STAFF), "/intern/personal/neu", people::show_new);
        r.post(Access::Staff(perm::STAFF), "/intern/personal/neu", people::add);
        r.get(Access::Staff(perm::STAFF), "/intern/personal/{id}", people::show);
        r.post(Access::Staff(perm::STAFF), "/intern/personal/{id}/rolle", people::give);
        r.post(Access::Staff(perm::STAFF), "/intern/personal/{id}/rolle/{grant}/beenden", people::end);
        r.post(Access::Staff(perm::STAFF), "/intern/personal/{id}/einheit", people::change_unit);
        r.post(Access::Staff(perm::STAFF), "/intern/personal/{id}/einladen", people::invite);
        r.post(Access::Staff(perm::STAFF), "/intern/personal/{id}/zustand", people::set_state);
        r.get(Access::Staff(perm::ONSITE), "/intern/vor-ort", counter::show);
        r.post(Access::Staff(perm::ONSITE), "/intern/vor-ort", counter::look);
        r.post(Access::Staff(perm::ONSITE), "/intern/vor-ort/bestaetigen", counter::confirm);
        r.get(Access::Staff(perm::RESET_FACTOR), "/intern/vor-ort/hilfe", counter::show_help);
        r.post(Access::Staff(perm::RESET_FACTOR), "/intern/vor-ort/hilfe", counter::help);
        r.post(Access::Staff(perm::RESET_FACTOR), "/intern/vor-ort/hilfe/faktor", counter::reset_factor);
    },
    jobs: |j| {
        j.on(job!(mails::send: mails::SendMail));
        j.on(job!(city::upkeep: city::Upkeep));
        j.every("5 0 * * *", &city::Upkeep {});
    },
    menu: &[
        Menu { label: "accounts-menu-account", href: "/konto", access: Access::Citizen, order: 90 },
        Menu { label: "accounts-menu-claim", href: "/abholen", access: Access::Public, order: 30 },
        Menu {
            label: "accounts-menu-counter",
            href: "/intern/vor-ort",
            access: Access::Staff(perm::ONSITE),
            order: 40,
        },
        Menu {
            label: "accounts-menu-help",
            href: "/intern/vor-ort/hilfe",
            access: Access::Staff(perm::RESET_FACTOR),
            order: 41,
        },
        Menu { label: "accounts-menu-people", href: "/intern/personal", access: Access::Staff(perm::STAFF), order: 84 },
        Menu { label: "accounts-menu-deputies", href: "/intern/vertretung", access: Access::AnyStaff, order: 85 },
        Menu { label: "accounts-menu-account", href: "/intern/konto", access: Access::AnyStaff, order: 90 },
    ],
    tables: TABLES,
    check_content: city::check,
    seed: Some(city::seed),
    ..Module::EMPTY
};

const TABLES: &[Table] = &[
    Table {
        name: "accounts_mail",
        holds: Holds::NoPerson("mails on their way, gone within minutes; told to the addressee anyway"),
    },
    Table {
        name: "identity_account",
        holds: Holds::Person {
            by: Key::Account,
            export:
                "SELECT label, email, state, lang, created_at, password_at, signed_in_on, onsite_on, onsite_document,
                            onsite_unit FROM identity_account WHERE tenant = $1 AND id = $2",
            erase: "DELETE FROM identity_account WHERE tenant = $1 AND id = $2",
            retention: Retention::WithAccount,
        },
    },
    Table {
        name: "identity_person",
        holds: Holds::Person {
            by: Key::Account,
            export: "SELECT source, level, data, read_at FROM identity_person WHERE tenant = $1 AND account = $2",
            erase: "DELETE FROM identity_person WHERE tenant = $1 AND account = $2",
            retention: Retention::WithAccount,
        },
    },
    Table {
        name: "identity_external",
        holds: Holds::Person {
            by: Key::Account,
            export: "SELECT source, linked_at FROM identity_external WHERE tenant = $1 AND account = $2",
            erase: "DELETE FROM identity_external WHERE tenant = $1 AND account = $2",
            retention: Retention::WithAccount,
        },
    },
    Table {
        name: "identity_factor",
        holds: Holds::Person {
            by: Key::Account,
            export: "SELECT confirmed_at FROM identity_factor WHERE tenant = $1 AND owner = $2",
            erase: "DELETE FROM identity_factor WHERE tenant = $1 AND owner = $2",
            retention: Retention::WithAccount,
        },
    },
    Table { name: "identity_recovery", holds: Holds::NoPerson("hashes of random codes") },
    Table {
        name: "identity_device",
        holds: Holds::Person {
            by: Key::Account,
            export: "SELECT expires_at FROM identity_device WHERE tenant = $1 AND owner = $2",
            erase: "DELETE FROM identity_device WHERE tenant = $1 AND owner = $2",
            retention: Retention::Days(180, "Art. 32 DSGVO"),
        },
    },
    Table {
        name: "identity_session",
        holds: Holds::Person {
            by: Key::Account,
            export: "SELECT kind, level, source, agent, created_at, seen_at, ended_at FROM identity_session
                     WHERE tenant = $1 AND owner = $2",
            erase: "DELETE FROM identity_session WHERE tenant = $1 AND owner = $2",
            retention: Retention::Days(30, "Art. 32 DSGVO"),
        },
    },
    Table { name: "identity_ticket", holds: Holds::NoPerson("single-use secrets, gone within days") },
    Table { name: "identity_attempt", holds: Holds::NoPerson("keyed hashes, gone within hours") },
    Table { name: "identity_claim", holds: Holds::NoPerson("hashes of random codes") },
    Table {
        name: "identity_staff",
        holds: Holds::Person {
            by: Key::Staff,
            export: "SELECT login, name, email, unit, state, lang, created_at, password_at FROM identity_staff
                     WHERE tenant = $1 AND id = $2",
            // The login, which must stay unique, is taken away by `identity::forget_staff`.
            erase: "UPDATE identity_staff SET name = '–', email = '', password = NULL, password_params = NULL,
                      password_at = NULL WHERE tenant = $1 AND id = $2",
            retention: Retention::WithStaff,
        },
    },
    Table {
        name: "identity_grant",
        holds: Holds::Person {
            by: Key::Staff,
            export: "SELECT role, unit, from_day, to_day FROM identity_grant WHERE tenant = $1 AND staff = $2",
            erase: "DELETE FROM identity_grant WHERE tenant = $1 AND staff = $2",
            retention: Retention::WithStaff,
        },
    },
    Table {
        name: "identity_deputy",
        holds: Holds::Person {
            by: Key::Staff,
            export: "SELECT absent, deputy, from_day, to_day FROM identity_deputy
                     WHERE tenant = $1 AND (absent = $2 OR deputy = $2)",
            erase: "DELETE FROM identity_deputy WHERE tenant = $1 AND (absent = $2 OR deputy = $2)",
            retention: Retention::WithStaff,
        },
    },
    Table {
        name: "identity_access",
        holds: Holds::Person {
            by: Key::Staff,
            export: "SELECT cls FROM identity_access WHERE tenant = $1 AND actor = $2",
            erase: "DELETE FROM identity_access WHERE tenant = $1 AND actor = $2",
            retention: Retention::WithStaff,
        },
    },
    Table { name: "identity_class", holds: Holds::NoPerson("access classes") },
    Table { name: "identity_unit", holds: Holds::NoPerson("organisation units") },
    Table { name: "identity_role", holds: Holds::NoPerson("roles") },
    Table { name: "identity_role_permission", holds: Holds::NoPerson("roles") },
    Table { name: "identity_role_special", holds: Holds::NoPerson("roles") },
];

#[cfg(test)]
mod tests;
