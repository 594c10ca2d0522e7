use std::collections::BTreeMap;
use std::sync::Mutex;

use kernel::{Level, Principal};

use super::*;
use crate::{
    Address, Document, ExternalPerson, Linking, LoginSource, Person, Request, Returned, SELF_STATED, VOR_ORT,
    counter_search, external, own_account, perm, person_of, state_person, upkeep, withdraw_onsite,
};

/// A login source that says what the test tells it to.
struct Cards {
    next: Mutex<Option<ExternalPerson>>,
    seen: Mutex<Option<Request>>,
}

impl Cards {
    fn new() -> Self {
        Cards { next: Mutex::new(None), seen: Mutex::new(None) }
    }
}

impl LoginSource for Cards {
    fn key(&self) -> &str {
        "eid"
    }

    fn begin<'a>(&'a self, request: &'a Request) -> external::Answer<'a, String> {
        *self.seen.lock().unwrap() = Some(request.clone());
        Box::pin(async move { Ok(format!("https://eid.example/?state={}", request.state)) })
    }

    fn finish<'a>(&'a self, returned: &'a Returned) -> external::Answer<'a, ExternalPerson> {
        let seen = self.seen.lock().unwrap().clone().unwrap();
        assert_eq!((&seen.nonce, &seen.verifier), (&returned.nonce, &returned.verifier));
        let next = self.next.lock().unwrap().clone();
        Box::pin(async move { next.ok_or_else(|| Error::refused("external-cancelled")) })
    }
}

fn erika(street: &str) -> Person {
    Person {
        family_name: "Muster-Linde".into(),
        given_names: "Erika Maria".into(),
        birth_date: Some("1984-06-12".parse().unwrap()),
        address: Some(Address {
            street: street.into(),
            postal_code: "40667".into(),
            city: "Meerbusch".into(),
            country: "DE".into(),
        }),
    }
}

fn card(subject: &str, level: Level, person: Person) -> ExternalPerson {
    ExternalPerson { subject: subject.into(), level, person: Some(person) }
}

async fn go(world: &World, cx: &Cx, cards: &Cards, who: ExternalPerson, linking: Linking) -> Result<NewSession> {
    let db = &world.test.db;
    *cards.next.lock().unwrap() = Some(who);
    let begun =
        world.identity.begin_external(db, cx, cards, "http://localhost/zurueck", Some("/antrag"), linking).await?;
    let state = cards.seen.lock().unwrap().clone().unwrap().state;
    let params = BTreeMap::from([("state".to_owned(), state)]);
    let client = at("192.0.2.1");
    let done = world.identity.finish_external(db, cx, &client, cards, params, Some(&begun.browser)).await;
    done.map(|(session, next)| {
        assert_eq!(next.as_deref(), Some("/antrag"));
        session
    })
}

async fn actor(world: &World, session: &NewSession) -> Cx {
    world.cx(world.resolve(&session.token).await.unwrap().principal)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_level_is_that_of_the_session_and_the_account_is_found_again() {
    for world in worlds().await {
        let cards = Cards::new();
        let nobody = world.nobody();
        let high =
            go(&world, &nobody, &cards, card("a", Level::Hoch, erika("Musterweg 1")), Linking::Never).await.unwrap();
        let cx = actor(&world, &high).await;
        assert_eq!(cx.actor.level(), Some(Level::Hoch));
        let rx = &mut world.test.db.read().await.unwrap();
        let known = person_of(rx, &cx.actor).await.unwrap().unwrap();
        assert_eq!((known.person, known.source.as_str(), known.level), (erika("Musterweg 1"), "eid", Level::Hoch));
        // The same card read at a lower level: same account, other level, and no person at that level.
        let low = go(&world, &nobody, &cards, card("a", Level::Substantiell, erika("Musterweg 1")), Linking::Never)
            .await
            .unwrap();
        let low_cx = actor(&world, &low).await;
        assert_eq!(low_cx.actor.account(), cx.actor.account());
        assert_eq!(low_cx.actor.level(), Some(Level::Substantiell));
        let other =
            go(&world, &nobody, &cards, card("b", Level::Hoch, erika("Musterweg 1")), Linking::Never).await.unwrap();
        assert_ne!(actor(&world, &other).await.actor.account(), cx.actor.account(), "another card, another account");
        let sql = "SELECT subject FROM identity_external WHERE tenant = $1 ORDER BY linked_at";
        let rows = rx.list::<(Vec<u8>,)>(sql, &[]).await.unwrap();
        assert!(rows.iter().all(|(s,)| s.len() == 32), "the pseudonym is stored as a keyed hash");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_person_is_read_anew_and_the_old_address_goes() {
    for world in worlds().await {
        let cards = Cards::new();
        let nobody = world.nobody();
        let db = &world.test.db;
        go(&world, &nobody, &cards, card("a", Level::Hoch, erika("Musterweg 1")), Linking::Never).await.unwrap();
        world.later(3600);
        let session =
            go(&world, &nobody, &cards, card("a", Level::Hoch, erika("Seestraße 2")), Linking::Never).await.unwrap();
        let cx = actor(&world, &session).await;
        let known = person_of(&mut db.read().await.unwrap(), &cx.actor).await.unwrap().unwrap();
        assert_eq!(known.person, erika("Seestraße 2"));
        let count = || async {
            let sql = "SELECT COUNT(*) AS n FROM identity_person WHERE tenant = $1";
            db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap().0
        };
        db::write!(db, |tx| { upkeep(tx, &world.system()).await }).unwrap();
        assert_eq!(count().await, 2, "a kept session relies on the first");
        world.later(45 * 24 * 3600);
        db::write!(db, |tx| { upkeep(tx, &world.system()).await }).unwrap();
        assert_eq!(count().await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_that_went_comes_back_and_once() {
    for world in worlds().await {
        let (db, nobody, cards) = (&world.test.db, world.nobody(), Cards::new());
        *cards.next.lock().unwrap() = Some(card("a", Level::Hoch, erika("Musterweg 1")));
        let client = at("192.0.2.1");
        let back = |state: String, browser: Option<String>| {
            let (world, nobody, cards, client) = (&world, &nobody, &cards, &client);
            async move {
                let params = BTreeMap::from([("state".to_owned(), state)]);
                let done = world.identity.finish_external(db, nobody, client, cards, params, browser.as_deref()).await;
                code_of(done)
            }
        };
        let go = || async {
            let begun =
                world.identity.begin_external(db, &nobody, &cards, "http://x", None, Linking::Never).await.unwrap();
            (cards.seen.lock().unwrap().clone().unwrap().state, begun.browser)
        };
        let (state, browser) = go().await;
        assert_eq!(back(state.clone(), None).await, "link-expired");
        assert_eq!(back(state, Some(browser.clone())).await, "link-expired", "used up");
        let (state, _) = go().await;
        assert_eq!(back(state, Some(browser.clone())).await, "link-expired", "the cookie of another way out");
        let (state, browser) = go().await;
        world.later(20 * 60);
        assert_eq!(back(state, Some(browser.clone())).await, "link-expired", "too late");
        let (state, browser) = go().await;
        *cards.next.lock().unwrap() = None;
        assert_eq!(back(state, Some(browser)).await, "external-cancelled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_linked_with_the_signed_in_account_of_the_same_person() {
    for world in worlds().await {
        let cards = Cards::new();
        let account = world.account(MAIL, PASSWORD).await;
        let max = world.account(MAIL, "Wolken über Lank").await;
        let cx = world.citizen(account, Level::Basis);
        let linked =
            go(&world, &cx, &cards, card("a", Level::Hoch, erika("Musterweg 1")), Linking::Only).await.unwrap();
        assert_eq!(actor(&world, &linked).await.actor.account(), Some(account));
        let taken =
            go(&world, &world.citizen(max, Level::Basis), &cards, card("a", Level::Hoch, erika("x")), Linking::Only)
                .await;
        assert_eq!(code_of(taken), "external-linked-elsewhere");
        let mut other = erika("Musterweg 1");
        other.given_names = "Max".into();
        let strange = go(&world, &cx, &cards, card("b", Level::Hoch, other), Linking::Only).await;
        assert_eq!(code_of(strange), "person-differs", "an account belongs to one person");
        let nobody = go(&world, &world.nobody(), &cards, card("c", Level::Hoch, erika("x")), Linking::Only).await;
        assert_eq!(code_of(nobody), "sign-in");
        // A sign-in with the password has not become "hoch" by this.
        let session = world.session(&at("192.0.2.1"), MAIL, PASSWORD).await;
        let plain = actor(&world, &session).await;
        assert_eq!(plain.actor.level(), Some(Level::Basis));
        let known = person_of(&mut world.test.db.read().await.unwrap(), &plain.actor).await.unwrap();
        assert_eq!(known, None, "what the card said is not shown below its level");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_read_while_signed_in_is_linked_or_its_own_account_goes_on() {
    for world in worlds().await {
        let cards = Cards::new();
        let account = world.account(MAIL, PASSWORD).await;
        let cx = world.citizen(account, Level::Basis);
        let own =
            go(&world, &world.nobody(), &cards, card("a", Level::Hoch, erika("x")), Linking::Never).await.unwrap();
        let own = world.resolve(&own.token).await.unwrap();
        assert_eq!(own.continues, None);

        // The card has an account: the person is signed in there, and it is known where they came from.
        let went_on = go(&world, &cx, &cards, card("a", Level::Hoch, erika("x")), Linking::WhenNew).await.unwrap();
        let went_on = world.resolve(&went_on.token).await.unwrap();
        let account_of = |session: &Session| world.cx(session.principal.clone()).actor.account();
        assert_eq!(account_of(&went_on), account_of(&own));
        assert_eq!(went_on.continues, Some(account));

        // A new card is not tied to an account of which nothing was proved: it may be the family's tablet.
        let new = go(&world, &cx, &cards, card("d", Level::Hoch, erika("x")), Linking::WhenNew).await.unwrap();
        let new = world.resolve(&new.token).await.unwrap();
        assert_ne!(account_of(&new), Some(account));
        assert_eq!(new.continues, Some(account));

        // It is, once the account is known to be the same person's.
        let asked = go(&world, &cx, &cards, card("e", Level::Hoch, erika("x")), Linking::Only).await.unwrap();
        assert_eq!(account_of(&world.resolve(&asked.token).await.unwrap()), Some(account));
        let linked = go(&world, &cx, &cards, card("b", Level::Hoch, erika("x")), Linking::WhenNew).await.unwrap();
        let linked = world.resolve(&linked.token).await.unwrap();
        assert!(matches!(linked.principal, Principal::Citizen { account: a, level: Level::Hoch } if a == account));
        assert_eq!(linked.continues, None);

        let mut other = erika("x");
        other.given_names = "Max".into();
        let strange = go(&world, &cx, &cards, card("c", Level::Hoch, other), Linking::WhenNew).await;
        assert_eq!(code_of(strange), "person-differs", "somebody else's card does not go on with what this one began");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vor_ort_needs_clerk_code_document_and_then_a_second_factor() {
    for world in worlds().await {
        let db = &world.test.db;
        let account = world.account(MAIL, PASSWORD).await;
        let cx = world.citizen(account, Level::Basis);
        let clerk_id = StaffId::from_uuid(world.sources.uuid());
        let clerk = world.clerk(clerk_id, &[perm::ONSITE]);
        db::write!(db, |tx| { state_person(tx, &cx, erika("Musterweg 1")).await }).unwrap();
        let code = db::write!(db, |tx| { world.identity.make_counter_code(tx, &cx).await }).unwrap();

        let mut rx = db.read().await.unwrap();
        let strange = world.identity.account_at_counter(&mut rx, &world.clerk(clerk_id, &[]), &code).await;
        assert_eq!(code_of(strange), "forbidden");
        let found = world.identity.account_at_counter(&mut rx, &clerk, &code.to_lowercase()).await.unwrap();
        assert_eq!((found.account, found.onsite), (account, false));
        assert_eq!(found.known.unwrap().source, SELF_STATED);
        drop(rx);

        let confirm = |cx: Cx, code: String, person: Person| {
            let world = &world;
            async move {
                db::write!(db, |tx| {
                    let document = Document::Personalausweis;
                    world.identity.confirm_onsite(tx, &cx, &code, document, person.clone()).await
                })
            }
        };
        assert_eq!(code_of(confirm(cx.clone(), code.clone(), erika("Musterweg 1")).await), "forbidden");
        assert_eq!(code_of(confirm(clerk.clone(), "3333-3333".into(), erika("x")).await), "code: code-unknown");
        let mut without = erika("Musterweg 1");
        without.birth_date = None;
        assert_eq!(code_of(confirm(clerk.clone(), code.clone(), without).await), "birth_date: required");
        assert_eq!(confirm(clerk.clone(), code.clone(), erika("Musterweg 1")).await.unwrap(), account);
        assert_eq!(code_of(confirm(clerk.clone(), code, erika("x")).await), "code: code-unknown", "used up");

        // Without a second factor it does not count.
        let plain = world.session(&at("192.0.2.1"), MAIL, PASSWORD).await;
        assert_eq!(plain.level, Some(Level::Basis));
        let (secret, _) = world.factor(&cx).await;
        let SignedIn::SecondFactor(ticket) = world.sign_in(&at("192.0.2.1"), MAIL, PASSWORD).await.unwrap() else {
            panic!("no second factor")
        };
        let side = crate::SignInSide::Citizen;
        let code = world.code(&secret);
        let signed = world.identity.second_factor(db, &world.nobody(), &at("192.0.2.1"), side, &ticket, &code).await;
        let session = signed.unwrap().0;
        assert_eq!(session.level, Some(Level::VorOrt));
        let checked = actor(&world, &session).await;
        let mut rx = db.read().await.unwrap();
        let known = person_of(&mut rx, &checked.actor).await.unwrap().unwrap();
        assert_eq!((known.source.as_str(), known.level), (VOR_ORT, Level::VorOrt));
        let overview = own_account(&mut rx, &checked).await.unwrap();
        assert_eq!(overview.onsite, Some((checked.today(), "personalausweis".into())));
        drop(rx);

        db::write!(db, |tx| { withdraw_onsite(tx, &clerk, account).await }).unwrap();
        assert!(world.resolve(&session.token).await.is_none());
        assert!(world.resolve(&plain.token).await.is_some(), "a session below that level goes on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counter_does_not_tie_another_person_to_a_linked_account() {
    for world in worlds().await {
        let (db, cards) = (&world.test.db, Cards::new());
        let session = go(&world, &world.nobody(), &cards, card("a", Level::Hoch, erika("Musterweg 1")), Linking::Never)
            .await
            .unwrap();
        let cx = actor(&world, &session).await;
        let clerk = world.clerk(StaffId::from_uuid(world.sources.uuid()), &[perm::ONSITE]);
        let code = db::write!(db, |tx| { world.identity.make_counter_code(tx, &cx).await }).unwrap();
        let mut other = erika("Musterweg 1");
        other.birth_date = Some("1985-06-12".parse().unwrap());
        let refused: Result<AccountId> = db::write!(db, |tx| {
            world.identity.confirm_onsite(tx, &clerk, &code, Document::Reisepass, other.clone()).await
        });
        assert_eq!(code_of(refused), "person-differs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counter_finds_by_address_or_by_name_and_birth_date() {
    for world in worlds().await {
        let db = &world.test.db;
        let account = world.account(MAIL, PASSWORD).await;
        let other = world.account(MAIL, "Wolken über Lank").await;
        let cx = world.citizen(account, Level::Basis);
        db::write!(db, |tx| { state_person(tx, &cx, erika("Musterweg 1")).await }).unwrap();
        let clerk = world.clerk(StaffId::from_uuid(world.sources.uuid()), &[perm::ONSITE]);
        let birth = Some("1984-06-12".parse().unwrap());
        let find = |cx: Cx, email: &'static str, name: &'static str, birth| async move {
            let found = counter_search(&mut db.read().await.unwrap(), &cx, email, name, birth).await?;
            Ok(found.into_iter().map(|f| f.account).collect::<Vec<_>>())
        };
        assert_eq!(find(clerk.clone(), " ERIKA.muster@beispiel.example", "", None).await.unwrap(), [account, other]);
        assert_eq!(find(clerk.clone(), "", "muster-linde", birth).await.unwrap(), [account]);
        assert_eq!(find(clerk.clone(), MAIL, "muster-linde", birth).await.unwrap(), [account]);
        assert_eq!(find(clerk.clone(), "", "muster", birth).await.unwrap(), []);
        assert_eq!(code_of(find(clerk.clone(), "", "muster-linde", None).await), "email: search-too-wide");
        assert_eq!(code_of(find(cx, MAIL, "", None).await), "forbidden");
        assert!(matches!(clerk.actor.principal, Principal::Staff { .. }));
    }
}
