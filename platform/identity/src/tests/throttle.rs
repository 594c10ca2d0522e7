use super::*;

/// Wrong passwords until one is not heard; how many were.
async fn heard(world: &World, client: &Client, email: &str, most: usize) -> usize {
    for n in 0..most {
        if code_of(world.sign_in(client, email, "falsch geraten").await) == "throttled" {
            return n;
        }
    }
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_addresses_wrong_passwords_and_nonsense_get_one_answer_and_one_wait() {
    for world in worlds().await {
        world.account(MAIL, PASSWORD).await;
        for email in [MAIL, "niemand@beispiel.example", "kein @ Zeichen", "", &"x".repeat(5000)] {
            let client = at("192.0.2.1");
            assert_eq!(heard(&world, &client, email, 20).await, 5, "{email}");
            world.later(3600 * 2);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_grow_and_end_and_a_right_password_ends_them_early() {
    for world in worlds().await {
        world.account(MAIL, PASSWORD).await;
        let client = at("192.0.2.1");
        assert_eq!(heard(&world, &client, MAIL, 20).await, 5);
        let Err(Error::Throttled { seconds }) = world.sign_in(&client, MAIL, PASSWORD).await else {
            panic!("a right password inside the wait is not heard")
        };
        assert!((1..=3).contains(&seconds), "{seconds}");
        let mut waits = Vec::new();
        for _ in 0..6 {
            let Err(Error::Throttled { seconds }) = world.sign_in(&client, MAIL, "falsch geraten").await else {
                panic!("no wait")
            };
            waits.push(seconds);
            world.later(i64::from(seconds));
            assert_eq!(code_of(world.sign_in(&client, MAIL, "falsch geraten").await), "sign-in-failed");
        }
        assert!(waits.windows(2).all(|w| w[1] > w[0]), "{waits:?}");
        world.later(900);
        world.session(&client, MAIL, PASSWORD).await;
        assert_eq!(heard(&world, &client, MAIL, 20).await, 5, "everything is forgotten after the right one");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_from_everywhere_do_not_lock_the_owner_out() {
    for world in worlds().await {
        world.account(MAIL, PASSWORD).await;
        let home = world.session(&at("203.0.113.5"), MAIL, PASSWORD).await;
        let device = home.device.expect("a first sign-in makes the browser known");
        // 60 networks, two guesses each.
        for n in 0..60 {
            heard(&world, &at(&format!("192.0.{n}.1")), MAIL, 2).await;
        }
        // Known browser: as if nothing had happened, from anywhere.
        assert_eq!(heard(&world, &known_at("203.0.113.5", &device), MAIL, 20).await, 5);
        world.later(5);
        world.session(&known_at("192.0.0.9", &device), MAIL, PASSWORD).await;
        // Unknown browser at a new place: heard at once, and again after a minute.
        world.session(&at("198.51.100.1"), MAIL, PASSWORD).await;
        let travelling = at("198.51.101.1");
        assert_eq!(heard(&world, &travelling, MAIL, 20).await, 1, "less is forgiven while under attack");
        world.later(61);
        world.session(&travelling, MAIL, PASSWORD).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_tries_many_accounts_slows_down_and_known_browsers_in_it_do_not() {
    for world in worlds().await {
        world.account(MAIL, PASSWORD).await;
        let device = world.session(&at("192.0.2.1"), MAIL, PASSWORD).await.device.unwrap();
        let mut refused = 0;
        for n in 0..40 {
            let email = format!("person{n}@beispiel.example");
            refused +=
                i32::from(code_of(world.sign_in(&at("192.0.2.77"), &email, "falsch geraten").await) == "throttled");
        }
        assert_eq!(refused, 10, "thirty are free");
        assert_eq!(code_of(world.sign_in(&at("192.0.2.1"), MAIL, PASSWORD).await), "throttled");
        world.session(&known_at("192.0.2.1", &device), MAIL, PASSWORD).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_goes_on_asking_cannot_keep_the_owner_from_a_new_password() {
    for world in worlds().await {
        world.account(MAIL, PASSWORD).await;
        let db = &world.test.db;
        let (mut sent, mut hours) = (0, [0; 3]);
        // Every ten minutes from another network, for three hours.
        for n in 0..18 {
            let stranger = at(&format!("192.0.{n}.1"));
            let mail = db::write!(db, |tx| { world.identity.start_reset(tx, &world.nobody(), &stranger, MAIL).await });
            let came = i32::from(mail.unwrap().is_some());
            sent += came;
            hours[n / 6] += came;
            world.later(600);
        }
        assert_eq!((sent, hours), (12, [4, 4, 4]), "each hour has its mails");
        let owner = at("203.0.113.5");
        let mail = db::write!(db, |tx| { world.identity.start_reset(tx, &world.nobody(), &owner, MAIL).await });
        assert!(mail.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_guesses_at_one_moment_are_counted_each() {
    for world in worlds().await {
        world.account(MAIL, PASSWORD).await;
        let world = Arc::new(world);
        let tasks: Vec<_> = (0..24)
            .map(|_| {
                let world = world.clone();
                tokio::spawn(async move { code_of(world.sign_in(&at("192.0.2.1"), MAIL, "falsch geraten").await) })
            })
            .collect();
        let mut heard = 0;
        for task in tasks {
            heard += i32::from(task.await.unwrap() == "sign-in-failed");
        }
        assert!(heard <= 5, "{heard} guesses were heard");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_cookie_of_somebody_else_is_worth_nothing() {
    for world in worlds().await {
        world.account(MAIL, PASSWORD).await;
        world.account("max@beispiel.example", "Nebel am Langst").await;
        let max = world.session(&at("192.0.2.1"), "max@beispiel.example", "Nebel am Langst").await;
        let attacker = known_at("198.51.100.1", &max.device.unwrap());
        assert_eq!(heard(&world, &attacker, MAIL, 20).await, 5);
        assert_eq!(heard(&world, &known_at("198.51.100.1", &"A".repeat(43)), MAIL, 20).await, 0, "same bucket");
    }
}
