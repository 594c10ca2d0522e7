use kernel::Level;

use super::*;
use crate::{SignInSide, own_factor, perm, reset_account_factor};

async fn ticket(world: &World, client: &Client) -> String {
    match world.sign_in(client, MAIL, PASSWORD).await.unwrap() {
        SignedIn::SecondFactor(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

async fn step(world: &World, client: &Client, ticket: &str, code: &str) -> Result<NewSession> {
    let done =
        world.identity.second_factor(&world.test.db, &world.nobody(), client, SignInSide::Citizen, ticket, code).await;
    done.map(|(session, _)| session)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_needed_and_good_once() {
    for world in worlds().await {
        let account = world.account(MAIL, PASSWORD).await;
        let (secret, _) = world.factor(&world.citizen(account, Level::Basis)).await;
        let client = at("192.0.2.1");
        let first = ticket(&world, &client).await;
        assert_eq!(code_of(step(&world, &client, &first, "000 000").await), "code: code-wrong");
        let code = world.code(&secret);
        let session = step(&world, &client, &first, &code).await.unwrap();
        assert!(world.resolve(&session.token).await.unwrap().second_factor);
        let second = ticket(&world, &client).await;
        assert_eq!(code_of(step(&world, &client, &second, &code).await), "code: code-wrong", "used before");
        world.later(30);
        step(&world, &client, &second, &world.code(&secret)).await.unwrap();
        assert_eq!(code_of(step(&world, &client, &second, &world.code(&secret)).await), "link-expired");
        let sql = "SELECT secret FROM identity_factor WHERE tenant = $1";
        let mut rx = world.test.db.read().await.unwrap();
        let (stored,) = rx.one::<(Vec<u8>,)>(sql, &[]).await.unwrap();
        let plain = data_encoding::BASE32_NOPAD.decode(secret.replace(' ', "").as_bytes()).unwrap();
        assert!(!stored.windows(plain.len()).any(|w| w == plain), "the secret is enveloped");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_wrong_codes_or_ten_minutes_the_password_is_asked_again() {
    for world in worlds().await {
        let account = world.account(MAIL, PASSWORD).await;
        let (secret, _) = world.factor(&world.citizen(account, Level::Basis)).await;
        let client = at("192.0.2.1");
        let first = ticket(&world, &client).await;
        for _ in 0..5 {
            assert_eq!(code_of(step(&world, &client, &first, "000000").await), "code: code-wrong");
        }
        assert_eq!(code_of(step(&world, &client, &first, &world.code(&secret)).await), "link-expired");
        let second = ticket(&world, &client).await;
        assert_eq!(code_of(step(&world, &client, &second, &world.code(&secret)).await), "throttled");
        world.later(3);
        step(&world, &client, &second, &world.code(&secret)).await.unwrap();
        let third = ticket(&world, &client).await;
        world.later(601);
        assert_eq!(code_of(step(&world, &client, &third, &world.code(&secret)).await), "link-expired");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_work_once_each_and_are_replaced_together() {
    for world in worlds().await {
        let account = world.account(MAIL, PASSWORD).await;
        let cx = world.citizen(account, Level::Basis);
        let (secret, codes) = world.factor(&cx).await;
        assert_eq!(codes.len(), 10);
        let client = at("192.0.2.1");
        let token = ticket(&world, &client).await;
        step(&world, &client, &token, &codes[3].to_lowercase()).await.unwrap();
        let token = ticket(&world, &client).await;
        assert_eq!(code_of(step(&world, &client, &token, &codes[3]).await), "code: code-wrong");
        let db = &world.test.db;
        let left = own_factor(&mut db.read().await.unwrap(), &cx).await.unwrap().recovery_left;
        assert_eq!(left, 9);
        let fresh = world.identity.renew_recovery_codes(db, &cx, &client, &world.code(&secret)).await.unwrap();
        assert_eq!(code_of(step(&world, &client, &token, &codes[4]).await), "code: code-wrong");
        step(&world, &client, &token, &fresh[0]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_replaced_or_removed_with_a_code_of_it_only() {
    for world in worlds().await {
        let account = world.account(MAIL, PASSWORD).await;
        let cx = world.citizen(account, Level::Basis);
        let (old, _) = world.factor(&cx).await;
        let (db, client) = (&world.test.db, at("192.0.2.1"));
        let new = db::write!(db, |tx| { world.identity.start_factor(tx, &cx, "Stadt", "x").await }).unwrap();
        let finish = |code: String, current: String| {
            let (world, cx, client) = (&world, &cx, &client);
            async move { world.identity.finish_factor(db, cx, client, &code, &current).await }
        };
        assert_eq!(code_of(finish(world.code(&new.secret), String::new()).await), "current: code-wrong");
        assert_eq!(code_of(finish("123456".into(), world.code(&old)).await), "code: code-wrong");
        world.later(30);
        finish(world.code(&new.secret), world.code(&old)).await.unwrap();
        world.later(30);
        let remove = |code: String| {
            let (world, cx, client) = (&world, &cx, &client);
            async move { world.identity.remove_factor(db, cx, client, &code).await }
        };
        assert_eq!(code_of(remove(world.code(&old)).await), "code: code-wrong");
        remove(world.code(&new.secret)).await.unwrap();
        world.session(&client, MAIL, PASSWORD).await;
        assert_eq!(code_of(remove(world.code(&new.secret)).await), "code: code-wrong", "nothing to remove");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_known_to_strangers_is_worth_nothing_until_replaced_and_the_owner_can() {
    for world in worlds().await {
        let account = world.account(MAIL, PASSWORD).await;
        let cx = world.citizen(account, Level::Basis);
        let (secret, _) = world.factor(&cx).await;
        let home = at("203.0.113.5");
        let token = ticket(&world, &home).await;
        let device = step(&world, &home, &token, &world.code(&secret)).await.unwrap().device.unwrap();
        world.later(30);
        let mut wrong = 0;
        for n in 0..60 {
            let client = at(&format!("192.0.{n}.1"));
            match world.sign_in(&client, MAIL, PASSWORD).await {
                Ok(SignedIn::SecondFactor(token)) => {
                    wrong += i32::from(code_of(step(&world, &client, &token, "000000").await) == "code: code-wrong");
                }
                Err(error) => assert_eq!(error.code(), "password-burnt"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(wrong, 30);
        assert_eq!(code_of(world.sign_in(&at("198.51.100.1"), MAIL, PASSWORD).await), "password-burnt");
        // The owner's browser is known.
        let known = known_at("203.0.113.5", &device);
        let token = ticket(&world, &known).await;
        step(&world, &known, &token, &world.code(&secret)).await.unwrap();
        world.later(30);
        // And by mail from anywhere.
        let (db, nobody, far) = (&world.test.db, world.nobody(), at("198.51.100.1"));
        let mail = db::write!(db, |tx| { world.identity.start_reset(tx, &nobody, &far, MAIL).await });
        let token = mail.unwrap().unwrap().token.unwrap();
        world.identity.finish_reset(db, &nobody, &far, &token, account, "Ganz neues Wort").await.unwrap();
        let far = at("198.51.100.200");
        let SignedIn::SecondFactor(token) = world.sign_in(&far, MAIL, "Ganz neues Wort").await.unwrap() else {
            panic!("no second factor")
        };
        step(&world, &far, &token, &world.code(&secret)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_takes_a_lost_second_factor_away_with_the_right_to_it() {
    for world in worlds().await {
        let db = &world.test.db;
        let account = world.account(MAIL, PASSWORD).await;
        world.factor(&world.citizen(account, Level::Basis)).await;
        let clerk = StaffId::from_uuid(world.sources.uuid());
        let reset = |cx: Cx| async move { db::write!(db, |tx| { reset_account_factor(tx, &cx, account).await }) };
        assert_eq!(code_of(reset(world.clerk(clerk, &[perm::ONSITE])).await), "forbidden");
        assert_eq!(code_of(reset(world.citizen(account, Level::Basis)).await), "forbidden");
        reset(world.clerk(clerk, &[perm::RESET_FACTOR])).await.unwrap();
        world.session(&at("192.0.2.1"), MAIL, PASSWORD).await;
        assert_eq!(code_of(reset(world.clerk(clerk, &[perm::RESET_FACTOR])).await), "not-found");
    }
}
