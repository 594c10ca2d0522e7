use kernel::{CaseId, Level, Principal};

use super::*;
use crate::{Client, SessionId, revoke_claims, session, upkeep};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_thirty_minutes_without_use_and_after_twelve_hours_with_it() {
    for world in worlds().await {
        world.account(MAIL, PASSWORD).await;
        let session = world.session(&at("192.0.2.1"), MAIL, PASSWORD).await;
        world.later(30 * 60);
        let view = world.resolve(&session.token).await.expect("thirty minutes are promised");
        assert!((1800..=1860).contains(&view.expires_in), "{}", view.expires_in);
        world.later(31 * 60);
        assert!(world.resolve(&session.token).await.is_none());

        let busy = world.session(&at("192.0.2.1"), MAIL, PASSWORD).await;
        for _ in 0..(12 * 60 / 20 - 1) {
            world.later(20 * 60);
            assert!(world.resolve(&busy.token).await.is_some());
        }
        world.later(20 * 60 - 1);
        assert_eq!(world.resolve(&busy.token).await.expect("the last second").expires_in, 1);
        world.later(1);
        assert!(world.resolve(&busy.token).await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn last_seen_is_written_at_most_once_a_minute() {
    for world in worlds().await {
        world.account(MAIL, PASSWORD).await;
        let session = world.session(&at("192.0.2.1"), MAIL, PASSWORD).await;
        let before = world.test.db.commit_count();
        for _ in 0..59 {
            world.later(1);
            world.resolve(&session.token).await.unwrap();
        }
        assert_eq!(world.test.db.commit_count(), before);
        for _ in 0..10 {
            world.later(1);
            world.resolve(&session.token).await.unwrap();
        }
        assert_eq!(world.test.db.commit_count(), before + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_changed_and_overlong_tokens_are_nobody() {
    for world in worlds().await {
        world.account(MAIL, PASSWORD).await;
        let session = world.session(&at("192.0.2.1"), MAIL, PASSWORD).await;
        let mut changed = session.token.clone();
        changed.pop();
        changed.push(if session.token.ends_with('A') { 'B' } else { 'A' });
        for token in ["", "x", &changed, &session.token.repeat(1000), "ä\u{0}'"] {
            assert!(world.resolve(token).await.is_none());
        }
        let mut rx = world.test.db.read().await.unwrap();
        let sql = "SELECT token FROM identity_session WHERE tenant = $1";
        let (stored,) = rx.one::<(Vec<u8>,)>(sql, &[]).await.unwrap();
        assert_ne!(stored, session.token.as_bytes(), "the table must not hold what the cookie holds");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_sign_in_replaces_the_session_of_this_browser_only() {
    for world in worlds().await {
        world.account(MAIL, PASSWORD).await;
        let first = world.session(&at("192.0.2.1"), MAIL, PASSWORD).await;
        let other = world.session(&at("192.0.2.1"), MAIL, PASSWORD).await;
        let browser = Client::new("192.0.2.1".parse().unwrap(), "", None, Some(first.id));
        let second = world.session(&browser, MAIL, PASSWORD).await;
        assert!(world.resolve(&first.token).await.is_none());
        assert!(world.resolve(&other.token).await.is_some());
        assert!(world.resolve(&second.token).await.is_some());
        assert!(world.journal().await.contains(&"identity.session-ended".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sees_and_ends_the_own_sessions_only() {
    for world in worlds().await {
        let db = &world.test.db;
        let erika = world.account(MAIL, PASSWORD).await;
        let max = world.account(MAIL, "Wolken über Lank").await;
        let first = world.session(&at("192.0.2.1"), MAIL, PASSWORD).await;
        world.later(60);
        let second = world.session(&at("198.51.100.1"), MAIL, PASSWORD).await;
        let foreign = world.session(&at("192.0.2.1"), MAIL, "Wolken über Lank").await;
        let cx = world.citizen(erika, Level::Basis);
        let lines = session::list(&mut db.read().await.unwrap(), &cx).await.unwrap();
        assert_eq!(lines.iter().map(|l| l.id).collect::<Vec<SessionId>>(), [second.id, first.id]);
        assert_eq!((lines[0].agent.as_str(), lines[0].source.as_str()), ("Firefox", "password"));

        let end = |cx: Cx, id| async move { db::write!(db, |tx| { session::end(tx, &cx, id).await }) };
        assert_eq!(code_of(end(cx.clone(), foreign.id).await), "not-found");
        assert_eq!(code_of(end(world.nobody(), first.id).await), "sign-in");
        end(cx.clone(), first.id).await.unwrap();
        assert_eq!(code_of(end(cx.clone(), first.id).await), "not-found");
        assert!(world.resolve(&first.token).await.is_none());

        let third = world.session(&at("192.0.2.1"), MAIL, PASSWORD).await;
        let ended = db::write!(db, |tx| { session::end_others(tx, &cx, second.id).await });
        assert_eq!(ended.unwrap(), 1);
        assert!(world.resolve(&third.token).await.is_none());
        assert!(world.resolve(&second.token).await.is_some());
        assert!(world.resolve(&foreign.token).await.is_some());
        db::write!(db, |tx| { session::sign_out(tx, &world.citizen(max, Level::Basis), foreign.id).await }).unwrap();
        assert!(world.resolve(&foreign.token).await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_code_opens_one_case_until_it_is_taken_back() {
    for world in worlds().await {
        let db = &world.test.db;
        let case = CaseId::from_uuid(world.sources.uuid());
        let until = world.sources.now() + jiff::SignedDuration::from_hours(24);
        let issue = || async {
            db::write!(db, |tx| { world.identity.issue_claim(tx, &world.system(), case, until).await }).unwrap()
        };
        let code = issue().await;
        assert_eq!(code.len(), 7 * 4 + 6);
        let client = at("192.0.2.1");
        let nobody = world.nobody();
        let typed = code.to_lowercase().replace('-', " ");
        let session = world.identity.redeem_claim(db, &nobody, &client, &typed).await.unwrap();
        let view = world.resolve(&session.token).await.unwrap();
        assert!(matches!(view.principal, Principal::Guest { case: c } if c == case));
        assert!(session.device.is_none());
        let again = world.identity.redeem_claim(db, &nobody, &client, &code).await.unwrap();

        db::write!(db, |tx| { revoke_claims(tx, &world.system(), case).await }).unwrap();
        assert!(world.resolve(&session.token).await.is_none());
        assert!(world.resolve(&again.token).await.is_none());
        assert_eq!(code_of(world.identity.redeem_claim(db, &nobody, &client, &code).await), "code: code-unknown");

        let code = issue().await;
        let session = world.identity.redeem_claim(db, &nobody, &client, &code).await.unwrap();
        world.later(20 * 60);
        assert!(world.resolve(&session.token).await.is_some());
        world.later(24 * 3600);
        assert_eq!(code_of(world.identity.redeem_claim(db, &nobody, &client, &code).await), "code: code-unknown");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_claim_codes_gets_slower_and_does_not_stop_the_neighbour() {
    for world in worlds().await {
        let db = &world.test.db;
        let nobody = world.nobody();
        let case = CaseId::from_uuid(world.sources.uuid());
        let until = world.sources.now() + jiff::SignedDuration::from_hours(24);
        let code = db::write!(db, |tx| { world.identity.issue_claim(tx, &world.system(), case, until).await });
        let code = code.unwrap();
        let guess = |ip: &'static str, typed: String| {
            let (world, nobody) = (&world, &nobody);
            async move { world.identity.redeem_claim(db, nobody, &at(ip), &typed).await }
        };
        let mut heard = 0;
        for n in 0..10 {
            let typed = if n % 2 == 0 { "kein Code".to_owned() } else { "3".repeat(28) };
            heard += i32::from(code_of(guess("192.0.2.1", typed).await) == "code: code-unknown");
        }
        assert_eq!(heard, 5);
        assert_eq!(code_of(guess("192.0.2.200", code.clone()).await), "throttled", "same network");
        assert!(guess("198.51.100.1", code.clone()).await.is_ok());
        world.later(3);
        assert!(guess("192.0.2.1", code).await.is_ok(), "a short wait is enough");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn upkeep_removes_what_expired_and_nothing_else() {
    for world in worlds().await {
        let db = &world.test.db;
        world.account(MAIL, PASSWORD).await;
        let old = world.session(&at("192.0.2.1"), MAIL, PASSWORD).await;
        let _ = world.sign_in(&at("192.0.2.1"), MAIL, "falsch geraten").await;
        world.later(31 * 24 * 3600);
        let new = world.session(&at("192.0.2.1"), MAIL, PASSWORD).await;
        let _ = world.sign_in(&at("198.51.100.1"), MAIL, "falsch geraten").await;
        db::write!(db, |tx| { upkeep(tx, &world.system()).await }).unwrap();
        let mut rx = db.read().await.unwrap();
        let sql = "SELECT id FROM identity_session WHERE tenant = $1";
        assert_eq!(rx.one::<(SessionId,)>(sql, &[]).await.unwrap().0, new.id);
        let sql = "SELECT COUNT(*) AS n FROM identity_attempt WHERE tenant = $1 AND expires_at <= $2";
        assert_eq!(rx.one::<(i64,)>(sql, db::params![world.sources.now()]).await.unwrap().0, 0);
        let sql = "SELECT COUNT(*) AS n FROM identity_attempt WHERE tenant = $1";
        assert!(rx.one::<(i64,)>(sql, &[]).await.unwrap().0 > 0);
        drop(rx);
        assert!(world.resolve(&old.token).await.is_none());
        assert!(world.resolve(&new.token).await.is_some());
    }
}
