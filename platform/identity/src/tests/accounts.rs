use kernel::{Level, Principal};

use super::*;
use crate::{MailKind, close_account, contact, own_account, rename_account, session};

async fn mailed(world: &World, email: &str) -> String {
    let mail = db::write!(world.test.db, |tx| {
        world.identity.start_registration(tx, &world.nobody(), &at("192.0.2.1"), email, Some("/antrag/7")).await
    });
    mail.unwrap().unwrap().token.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_comes_into_being_by_the_mailed_link_and_once() {
    for world in worlds().await {
        let db = &world.test.db;
        let token = mailed(&world, " Erika.Muster@Beispiel.example").await;
        let page = world.identity.registering(&mut db.read().await.unwrap(), &world.nobody(), &token).await.unwrap();
        assert_eq!((page.email.as_str(), page.existing), ("Erika.Muster@Beispiel.example", 0));
        assert_eq!(code_of(world.sign_in(&at("192.0.2.1"), MAIL, PASSWORD).await), "sign-in-failed");

        let (nobody, client) = (world.nobody(), at("192.0.2.1"));
        let finish =
            |password: &'static str| world.identity.finish_registration(db, &nobody, &client, &token, "", password);
        assert_eq!(code_of(finish("zu kurz").await), "password: password-short");
        let (session, next) = finish(PASSWORD).await.unwrap();
        assert_eq!(next.as_deref(), Some("/antrag/7"));
        let view = world.resolve(&session.token).await.unwrap();
        assert!(matches!(view.principal, Principal::Citizen { level: Level::Basis, .. }));
        assert_eq!(view.display, "Erika.Muster@Beispiel.example");
        assert_eq!(code_of(finish("Noch ein Passwort").await), "link-expired");
        world.session(&at("192.0.2.1"), "ERIKA.muster@beispiel.example ", PASSWORD).await;
        assert_eq!(
            world.journal().await,
            ["identity.account-opened", "identity.session-started", "identity.session-started"]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_with_its_time_and_serves_its_purpose_only() {
    for world in worlds().await {
        let db = &world.test.db;
        let token = mailed(&world, MAIL).await;
        let rx = &mut db.read().await.unwrap();
        assert_eq!(code_of(world.identity.resetting(rx, &world.nobody(), &token).await), "link-expired");
        world.later(48 * 3600 - 1);
        assert!(world.identity.registering(rx, &world.nobody(), &token).await.is_ok());
        world.later(1);
        let looked = world.identity.registering(rx, &world.nobody(), &token).await;
        assert_eq!(looked.err().unwrap().code(), "link-expired");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn couples_share_an_address_and_their_passwords_tell_them_apart() {
    for world in worlds().await {
        let db = &world.test.db;
        let erika = world.account(MAIL, PASSWORD).await;
        let taken = world.identity.seed_account(db, &world.system(), MAIL, "Max", PASSWORD).await;
        assert_eq!(code_of(taken), "password: password-of-other-account");
        let max = world.account(MAIL, "Wolken über Lank").await;
        for (password, account) in [(PASSWORD, erika), ("Wolken über Lank", max)] {
            let session = world.session(&at("192.0.2.1"), MAIL, password).await;
            let view = world.resolve(&session.token).await.unwrap();
            assert!(matches!(view.principal, Principal::Citizen { account: a, .. } if a == account));
        }
        // Nor by changing it later.
        let cx = world.citizen(max, Level::Basis);
        let keep = world.session(&at("192.0.2.1"), MAIL, "Wolken über Lank").await.id;
        let change =
            world.identity.change_password(db, &cx, &at("192.0.2.1"), keep, "Wolken über Lank", PASSWORD).await;
        assert_eq!(code_of(change), "password: password-of-other-account");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_by_mail_signs_out_everywhere_and_leaves_the_second_factor() {
    for world in worlds().await {
        let db = &world.test.db;
        let account = world.account(MAIL, PASSWORD).await;
        let other = world.account(MAIL, "Wolken über Lank").await;
        let stranger = world.account("max@beispiel.example", "Nebel am Langst").await;
        let (secret, _) = world.factor(&world.citizen(account, Level::Basis)).await;
        let SignedIn::SecondFactor(ticket) = world.sign_in(&at("192.0.2.1"), MAIL, PASSWORD).await.unwrap() else {
            panic!("no second factor asked for")
        };
        let code = world.code(&secret);
        let side = crate::SignInSide::Citizen;
        let nobody = world.nobody();
        let client = at("192.0.2.1");
        let signed = world.identity.second_factor(db, &nobody, &client, side, &ticket, &code).await;
        let session = signed.unwrap().0;
        let kept = world.session(&client, MAIL, "Wolken über Lank").await;

        let mail = db::write!(db, |tx| { world.identity.start_reset(tx, &nobody, &client, MAIL).await });
        let mail = mail.unwrap().unwrap();
        assert_eq!(mail.kind, MailKind::Reset);
        let token = mail.token.unwrap();
        let choices = world.identity.resetting(&mut db.read().await.unwrap(), &nobody, &token).await.unwrap();
        assert_eq!(choices.iter().map(|c| c.account).collect::<Vec<_>>(), [account, other]);
        let set =
            |who, password: &'static str| world.identity.finish_reset(db, &nobody, &client, &token, who, password);
        assert_eq!(code_of(set(stranger, "Ganz neues Wort").await), "not-found");
        assert_eq!(code_of(set(account, "Wolken über Lank").await), "password: password-of-other-account");
        let (notice, device) = set(account, "Ganz neues Wort").await.unwrap();
        assert_eq!((notice.kind, notice.to.as_str()), (MailKind::PasswordChanged, MAIL));
        assert!(device.is_some(), "whoever owns the mailbox has a known browser now");
        assert_eq!(code_of(set(account, "Noch ein neues Wort").await), "link-expired");

        assert!(world.resolve(&session.token).await.is_none());
        assert!(world.resolve(&kept.token).await.is_some(), "the other account of the address is another's");
        assert_eq!(code_of(world.sign_in(&client, MAIL, PASSWORD).await), "sign-in-failed");
        let again = world.sign_in(&client, MAIL, "Ganz neues Wort").await.unwrap();
        assert!(matches!(again, SignedIn::SecondFactor(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_an_unknown_address_looks_the_same_and_mails_are_limited() {
    for world in worlds().await {
        world.account(MAIL, PASSWORD).await;
        let db = &world.test.db;
        let ask = |email: &'static str, n: usize| {
            let client = at(&format!("192.0.{n}.1"));
            let world = &world;
            async move {
                db::write!(world.test.db, |tx| {
                    world.identity.start_reset(tx, &world.nobody(), &client, email).await
                })
            }
        };
        let unknown = ask("niemand@beispiel.example", 0).await.unwrap().unwrap();
        assert_eq!((unknown.kind, unknown.token), (MailKind::ResetUnknown, None));
        for n in 1..=4 {
            assert!(ask(MAIL, n).await.unwrap().is_some());
        }
        assert!(ask(MAIL, 5).await.unwrap().is_none(), "nobody's mailbox is filled by strangers");
        world.later(3601);
        assert!(ask(MAIL, 6).await.unwrap().is_some());
        let mut refused = 0;
        for _ in 0..12 {
            let client = at("198.51.100.1");
            let asked = db::write!(db, |tx| {
                world.identity.start_registration(tx, &world.nobody(), &client, "x@beispiel.example", None).await
            });
            refused += i32::from(matches!(asked, Err(Error::Throttled { .. })));
        }
        assert!(refused > 0, "one network cannot ask without end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_password_is_changed_with_the_old_one_and_other_sessions_end() {
    for world in worlds().await {
        let db = &world.test.db;
        let account = world.account(MAIL, PASSWORD).await;
        let client = at("192.0.2.1");
        let here = world.session(&client, MAIL, PASSWORD).await;
        let there = world.session(&client, MAIL, PASSWORD).await;
        let cx = world.citizen(account, Level::Basis);
        let change =
            |old: &'static str, new: &'static str| world.identity.change_password(db, &cx, &client, here.id, old, new);
        assert_eq!(code_of(change("falsch geraten", "Ganz neues Wort").await), "old_password: password-wrong");
        assert_eq!(code_of(change(PASSWORD, "1234567890").await), "password: password-common");
        let notice = change(PASSWORD, "Ganz neues Wort").await.unwrap().unwrap();
        assert_eq!(notice.kind, MailKind::PasswordChanged);
        assert!(world.resolve(&here.token).await.is_some());
        assert!(world.resolve(&there.token).await.is_none());
        for _ in 0..5 {
            let _ = change("falsch geraten", "Ganz neues Wort").await;
        }
        assert_eq!(code_of(change("Ganz neues Wort", "Wieder ein neues").await), "throttled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_changes_after_its_mailbox_and_the_password_agree() {
    for world in worlds().await {
        let db = &world.test.db;
        let account = world.account(MAIL, PASSWORD).await;
        let other = world.account("max@beispiel.example", "Nebel am Langst").await;
        let client = at("192.0.2.1");
        let cx = world.citizen(account, Level::Basis);
        let mail =
            db::write!(db, |tx| { world.identity.start_email_change(tx, &cx, &client, "neu@beispiel.example").await });
        let mail = mail.unwrap().unwrap();
        assert_eq!((mail.kind, mail.to.as_str()), (MailKind::Email, "neu@beispiel.example"));
        let token = mail.token.unwrap();
        let strange = world.citizen(other, Level::Basis);
        let foreign = world.identity.finish_email_change(db, &strange, &client, &token, "Nebel am Langst").await;
        assert_eq!(code_of(foreign), "link-expired");
        let wrong = world.identity.finish_email_change(db, &cx, &client, &token, "falsch geraten").await;
        assert_eq!(code_of(wrong), "password: password-wrong");
        let notice = world.identity.finish_email_change(db, &cx, &client, &token, PASSWORD).await.unwrap().unwrap();
        assert_eq!((notice.kind, notice.to.as_str()), (MailKind::EmailChanged, MAIL));
        assert_eq!(code_of(world.sign_in(&client, MAIL, PASSWORD).await), "sign-in-failed");
        world.session(&client, "neu@beispiel.example", PASSWORD).await;
        let found = contact(&mut db.read().await.unwrap(), account).await.unwrap().unwrap();
        assert_eq!(found.0, "neu@beispiel.example");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_leaves_its_id_and_nothing_of_the_person() {
    for world in worlds().await {
        let db = &world.test.db;
        let account = world.account(MAIL, PASSWORD).await;
        let client = at("192.0.2.1");
        let session = world.session(&client, MAIL, PASSWORD).await;
        let cx = world.citizen(account, Level::Basis);
        world.factor(&cx).await;
        db::write!(db, |tx| {
            rename_account(tx, &cx, "  Mein   Konto ").await?;
            assert_eq!(own_account(tx, &cx).await?.label, "Mein Konto");
            close_account(tx, &cx).await
        })
        .unwrap();
        assert!(world.resolve(&session.token).await.is_none());
        assert_eq!(code_of(world.sign_in(&client, MAIL, PASSWORD).await), "sign-in-failed");
        let mut rx = db.read().await.unwrap();
        assert!(contact(&mut rx, account).await.unwrap().is_none());
        let sql = "SELECT label, email FROM identity_account WHERE tenant = $1 AND id = $2";
        let left = rx.one::<(String, Option<String>)>(sql, db::params![account]).await.unwrap();
        assert_eq!(left, (String::new(), None));
        let sql = "SELECT COUNT(*) AS n FROM identity_factor WHERE tenant = $1";
        assert_eq!(rx.one::<(i64,)>(sql, &[]).await.unwrap().0, 0);
        assert!(session::list(&mut rx, &cx).await.unwrap().is_empty());
        drop(rx);
        // The address was in the entry of the opening.
        journal::settle(db).await.unwrap();
        let mut rx = db.read().await.unwrap();
        let sql = "SELECT COUNT(*) AS n FROM journal_entry
                   WHERE tenant = $1 AND subject_id = $2 AND private IS NOT NULL";
        assert_eq!(rx.one::<(i64,)>(sql, db::params![account]).await.unwrap().0, 0);
    }
}
