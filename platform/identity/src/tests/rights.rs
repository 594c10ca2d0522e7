use kernel::{Date, Grants};

use super::*;
use crate::{
    GrantId, NewStaff,
    access::{self, Confidentiality, class_for, classes_of},
    add_staff, deputies_of, end_deputy, end_grant, give_grant, grants_of, load_organisation, perm, represented_by,
    set_deputy, set_staff_active, units, upkeep,
};

async fn hire(world: &World, login: &str) -> StaffId {
    let new = NewStaff {
        login: login.into(),
        name: login.to_uppercase(),
        email: format!("{login}@stadt.example"),
        unit: "buergerbuero".into(),
    };
    db::write!(world.test.db, |tx| { add_staff(tx, &world.system(), &new).await }).unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

async fn give(world: &World, who: StaffId, role: &str, unit: Option<&str>, from: &str, to: Option<&str>) -> GrantId {
    let to = to.map(day);
    db::write!(world.test.db, |tx| { give_grant(tx, &world.system(), who, role, unit, day(from), to).await }).unwrap()
}

async fn grants(world: &World, who: StaffId, on: &str) -> Grants {
    grants_of(&mut world.test.db.read().await.unwrap(), who, day(on)).await.unwrap()
}

async fn class(world: &World, unit: &str, confidentiality: Confidentiality, special: Option<&str>) -> i64 {
    let today = world.system().today();
    db::write!(world.test.db, |tx| { class_for(tx, today, unit, confidentiality, special).await }).unwrap()
}

async fn sees(world: &World, who: StaffId) -> Vec<i64> {
    classes_of(&mut world.test.db.read().await.unwrap(), who).await.unwrap()
}

fn sorted(mut classes: Vec<i64>) -> Vec<i64> {
    classes.sort_unstable();
    classes
}

/// Today is Monday, 23 November 2026.
#[tokio::test(flavor = "multi_thread")]
async fn roles_hold_in_their_units_and_below_and_on_their_days() {
    for world in worlds().await {
        world.organisation().await;
        let mia = hire(&world, "mia").await;
        give(&world, mia, "sachbearbeitung", Some("buergerbuero"), "2026-11-01", None).await;
        give(&world, mia, "leitung", Some("dezernat-2"), "2026-11-10", Some("2026-11-20")).await;
        let before = grants(&world, mia, "2026-11-09").await;
        assert!(before.in_unit(VIEW, "buergerbuero") && !before.in_unit(VIEW, "standesamt"));
        let during = grants(&world, mia, "2026-11-10").await;
        assert!(during.in_unit(DECIDE, "standesamt") && during.in_unit(DECIDE, "dezernat-2"));
        assert!(!during.in_unit(VIEW, "kaemmerei"));
        assert!(grants(&world, mia, "2026-11-20").await.in_unit(DECIDE, "standesamt"), "the last day counts");
        assert!(!grants(&world, mia, "2026-11-21").await.anywhere(DECIDE));
        assert!(!grants(&world, mia, "2026-10-31").await.anywhere(VIEW));
        give(&world, mia, "sachbearbeitung", None, "2026-11-22", None).await;
        assert!(grants(&world, mia, "2026-11-22").await.in_unit(VIEW, "kaemmerei"), "the whole city");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deputy_holds_what_may_be_represented_on_the_days_of_representation() {
    for world in worlds().await {
        world.organisation().await;
        let (mia, ben, cem) = (hire(&world, "mia").await, hire(&world, "ben").await, hire(&world, "cem").await);
        give(&world, mia, "leitung", Some("standesamt"), "2026-01-01", Some("2026-11-30")).await;
        give(&world, mia, "sperrvermerke", Some("standesamt"), "2026-01-01", None).await;
        let db = &world.test.db;
        let set = |cx: Cx, absent, deputy, from: &'static str, to: &'static str| async move {
            db::write!(db, |tx| { set_deputy(tx, &cx, absent, deputy, day(from), day(to)).await })
        };
        let me = world.clerk(mia, &[]);
        set(me.clone(), mia, ben, "2026-11-24", "2026-12-04").await.unwrap();
        set(world.clerk(ben, &[]), ben, cem, "2026-11-24", "2026-12-04").await.unwrap();
        assert!(!grants(&world, ben, "2026-11-23").await.anywhere(DECIDE));
        assert!(grants(&world, ben, "2026-11-24").await.in_unit(DECIDE, "standesamt"));
        assert!(!grants(&world, ben, "2026-12-01").await.anywhere(DECIDE), "what the absent one lost is lost");
        assert!(!grants(&world, cem, "2026-11-24").await.anywhere(DECIDE), "a deputy's deputy gains nothing");
        let rx = &mut db.read().await.unwrap();
        assert_eq!(represented_by(rx, ben, day("2026-11-24")).await.unwrap(), [mia]);
        assert_eq!(deputies_of(rx, Some(mia), day("2026-11-23")).await.unwrap().len(), 1);
        assert_eq!(deputies_of(rx, None, day("2026-11-23")).await.unwrap().len(), 2);

        // Ben sees the confidential records then, and not the special list whose role is personal.
        let normal = class(&world, "standesamt", Confidentiality::Normal, None).await;
        let confidential = class(&world, "standesamt", Confidentiality::Vertraulich, None).await;
        let special = class(&world, "standesamt", Confidentiality::Normal, Some("sperrvermerk")).await;
        assert_eq!(sees(&world, mia).await, sorted(vec![normal, confidential, special]));
        assert!(sees(&world, ben).await.is_empty());
        world.later(24 * 3600);
        db::write!(db, |tx| { upkeep(tx, &world.system()).await }).unwrap();
        assert_eq!(sees(&world, ben).await, sorted(vec![normal, confidential]));

        let id = deputies_of(&mut db.read().await.unwrap(), Some(mia), day("2026-11-24")).await.unwrap()[0].id;
        let stop = |cx: Cx| async move { db::write!(db, |tx| { end_deputy(tx, &cx, id).await }) };
        assert_eq!(code_of(stop(world.clerk(cem, &[])).await), "not-found");
        stop(me).await.unwrap();
        assert!(sees(&world, ben).await.is_empty());
        assert!(!grants(&world, ben, "2026-11-24").await.anywhere(DECIDE));

        assert_eq!(code_of(set(world.clerk(cem, &[]), mia, ben, "2026-11-24", "2026-11-25").await), "forbidden");
        let boss = world.clerk(cem, &[perm::DEPUTIES]);
        set(boss.clone(), mia, ben, "2026-11-24", "2026-11-25").await.unwrap();
        assert_eq!(code_of(set(boss.clone(), mia, mia, "2026-11-24", "2026-11-25").await), "deputy: unknown");
        assert_eq!(code_of(set(boss.clone(), mia, ben, "2026-11-24", "2026-11-23").await), "to: before-start");
        assert_eq!(code_of(set(boss.clone(), mia, ben, "2026-11-01", "2026-11-02").await), "to: in-the-past");
        assert_eq!(code_of(set(boss, mia, ben, "2026-11-24", "2028-01-01").await), "to: too-late");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn access_follows_every_change_in_the_same_transaction() {
    for world in worlds().await {
        world.organisation().await;
        let db = &world.test.db;
        let mia = hire(&world, "mia").await;
        let office = class(&world, "buergerbuero", Confidentiality::Normal, None).await;
        let registry = class(&world, "standesamt", Confidentiality::Normal, None).await;
        let grant = give(&world, mia, "sachbearbeitung", Some("dezernat-2"), "2026-11-01", None).await;
        assert_eq!(sees(&world, mia).await, sorted(vec![office, registry]));
        // A class made later is seen by those who hold it already.
        let above = class(&world, "dezernat-2", Confidentiality::Normal, None).await;
        let confidential = class(&world, "buergerbuero", Confidentiality::Vertraulich, None).await;
        class(&world, "kaemmerei", Confidentiality::Normal, None).await;
        assert_eq!(sees(&world, mia).await, sorted(vec![office, registry, above]));
        let lead = give(&world, mia, "leitung", Some("buergerbuero"), "2026-11-23", None).await;
        assert_eq!(sees(&world, mia).await, sorted(vec![office, registry, above, confidential]));

        let system = world.system();
        let system = &system;
        let end = |id, last: &'static str| async move {
            db::write!(db, |tx| { end_grant(tx, system, id, day(last)).await }).unwrap();
        };
        end(lead, "2026-11-22").await;
        assert_eq!(sees(&world, mia).await, sorted(vec![office, registry, above]));
        end(grant, "2026-11-23").await;
        assert_eq!(sees(&world, mia).await.len(), 3, "the last day is today");
        world.later(24 * 3600);
        db::write!(db, |tx| { upkeep(tx, &world.system()).await }).unwrap();
        assert!(sees(&world, mia).await.is_empty());

        // A role without a clearance opens no record, in none of its units.
        give(&world, mia, "schalter", None, "2026-11-01", None).await;
        assert!(sees(&world, mia).await.is_empty());
        give(&world, mia, "sachbearbeitung", Some("standesamt"), "2026-11-01", None).await;
        // The Standesamt moves below the Kämmerei, and the role sees more.
        let moved = CITY
            .replace(
                "name = \"Standesamt\"\n    parent = \"dezernat-2\"",
                "name = \"Standesamt\"\n    parent = \"kaemmerei\"",
            )
            .replace(
                "clearance = \"normal\"\n    permissions = [\"records.view\"]\n    [[role]]\n    key = \"leitung\"",
                "permissions = []\n    clearance = \"vertraulich\"\n    [[role]]\n    key = \"leitung\"",
            );
        assert_ne!(moved, CITY);
        let organisation: Organisation = toml::from_str(&moved).unwrap();
        let secret = class(&world, "standesamt", Confidentiality::Vertraulich, None).await;
        assert_eq!(sees(&world, mia).await, [registry]);
        let load =
            || async { db::write!(db, |tx| { load_organisation(tx, &world.system(), &organisation).await }).unwrap() };
        assert!(load().await);
        assert!(!load().await, "nothing new");
        assert_eq!(sees(&world, mia).await, sorted(vec![registry, secret]));
        assert!(!grants(&world, mia, "2026-11-24").await.anywhere(VIEW));
        assert_eq!(units(&mut db.read().await.unwrap()).await.unwrap().under("kaemmerei"), ["kaemmerei", "standesamt"]);

        db::write!(db, |tx| { set_staff_active(tx, &world.system(), mia, false).await }).unwrap();
        assert!(sees(&world, mia).await.is_empty());
        let changed = db::write!(db, |tx| { access::recompute(tx, world.system().today()).await }).unwrap();
        assert_eq!(changed, 0, "what was kept up to date is what is computed afresh");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn classes_are_found_again_and_units_must_exist() {
    for world in worlds().await {
        world.organisation().await;
        let db = &world.test.db;
        let one = class(&world, "standesamt", Confidentiality::Normal, None).await;
        assert_eq!(class(&world, "standesamt", Confidentiality::Normal, None).await, one);
        assert_ne!(class(&world, "standesamt", Confidentiality::Normal, Some("sperrvermerk")).await, one);
        let unknown: Result<i64> =
            db::write!(db, |tx| { class_for(tx, day("2026-11-23"), "nirgends", Confidentiality::Normal, None).await });
        assert_eq!(code_of(unknown), "not-found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_class_is_seen_by_each_of_its_units_and_ends_with_the_share() {
    for world in worlds().await {
        world.organisation().await;
        let (db, today) = (&world.test.db, world.system().today());
        let mia = hire(&world, "mia").await;
        give(&world, mia, "sachbearbeitung", Some("buergerbuero"), "2026-11-01", None).await;
        let alone = class(&world, "standesamt", Confidentiality::Normal, None).await;
        assert_eq!(sees(&world, mia).await, Vec::<i64>::new());
        let with = ["buergerbuero".to_owned()];
        let shared: i64 =
            db::write!(db, |tx| { access::class_shared(tx, today, alone, "standesamt", &with).await }).unwrap();
        assert_ne!(shared, alone);
        assert_eq!(sees(&world, mia).await, [shared]);
        db::write!(db, |tx| { access::recompute(tx, today).await }).unwrap();
        assert_eq!(sees(&world, mia).await, [shared], "the same by the nightly computation");
        let again: i64 =
            db::write!(db, |tx| { access::class_shared(tx, today, shared, "standesamt", &[]).await }).unwrap();
        assert_eq!(again, alone);
        let moved: i64 = db::write!(db, |tx| { access::class_in(tx, today, shared, "standesamt").await }).unwrap();
        assert_eq!(moved, alone, "who was invited is not taken along");

        // The Standesamt is sealed afterwards.
        let sealed = CITY.replace("name = \"Standesamt\"", "name = \"Standesamt\"\n    sealed = true");
        assert_ne!(sealed, CITY);
        let organisation: Organisation = toml::from_str(&sealed).unwrap();
        let loaded: bool =
            db::write!(db, |tx| { load_organisation(tx, &world.system(), &organisation).await }).unwrap();
        assert!(loaded);
        assert_eq!(sees(&world, mia).await, Vec::<i64>::new(), "what it had shared is its own again");
        let still: i64 =
            db::write!(db, |tx| { access::class_shared(tx, today, shared, "standesamt", &with).await }).unwrap();
        assert_eq!(still, alone, "whoever takes part yet");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_given_by_others_and_with_sense() {
    for world in worlds().await {
        world.organisation().await;
        let db = &world.test.db;
        let (mia, ben) = (hire(&world, "mia").await, hire(&world, "ben").await);
        let boss = world.chief(mia, &[perm::STAFF]);
        let give = |cx: Cx, who, role: &'static str, unit: Option<&'static str>, from: &'static str, to| async move {
            db::write!(db, |tx| { give_grant(tx, &cx, who, role, unit, day(from), to).await })
        };
        let today = "2026-11-23";
        assert_eq!(code_of(give(world.clerk(mia, &[]), ben, "leitung", None, today, None).await), "forbidden");
        assert_eq!(code_of(give(boss.clone(), mia, "leitung", None, today, None).await), "own-rights");
        assert_eq!(code_of(give(boss.clone(), ben, "chef", None, today, None).await), "role: unknown");
        assert_eq!(code_of(give(boss.clone(), ben, "leitung", Some("x"), today, None).await), "unit: unknown");
        let early = Some(day("2026-11-22"));
        assert_eq!(code_of(give(boss.clone(), ben, "leitung", None, today, early).await), "to: before-start");
        let id = give(boss, ben, "leitung", None, today, None).await.unwrap();
        let own = world.chief(ben, &[perm::STAFF]);
        let ended: Result<()> = db::write!(db, |tx| { end_grant(tx, &own, id, day(today)).await });
        assert_eq!(code_of(ended), "own-rights");
        assert!(world.journal().await.contains(&"identity.granted".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_gives_roles_reaches_none_by_a_detour() {
    for world in worlds().await {
        world.organisation().await;
        let db = &world.test.db;
        let (mia, ben) = (hire(&world, "mia").await, hire(&world, "ben").await);
        let today = day("2026-11-23");
        let boss = world.chief(mia, &[perm::STAFF, perm::DEPUTIES]);
        db::write!(db, |tx| { give_grant(tx, &boss, ben, "leitung", None, today, None).await }).unwrap();
        // The deputy of a colleague would have the colleague's role.
        let set: Result<_> = db::write!(db, |tx| { set_deputy(tx, &boss, ben, mia, today, today).await });
        assert_eq!(code_of(set), "own-rights");
        let by_ben = world.clerk(ben, &[]);
        db::write!(db, |tx| { set_deputy(tx, &by_ben, ben, mia, today, today).await }).unwrap();

        // Who gives roles in one office gives none elsewhere, and ends none there.
        let head = world.clerk(mia, &[perm::STAFF]);
        for unit in [None, Some("standesamt")] {
            let given: Result<_> =
                db::write!(db, |tx| { give_grant(tx, &head, ben, "leitung", unit, today, None).await });
            assert_eq!(code_of(given), "forbidden", "{unit:?}");
        }
        let here = Some("buergerbuero");
        let id = db::write!(db, |tx| { give_grant(tx, &head, ben, "leitung", here, today, None).await }).unwrap();
        db::write!(db, |tx| { end_grant(tx, &head, id, today).await }).unwrap();
        let far = give(&world, ben, "leitung", Some("standesamt"), "2026-11-23", None).await;
        let ended: Result<()> = db::write!(db, |tx| { end_grant(tx, &head, far, today).await });
        assert_eq!(code_of(ended), "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_has_ended_is_not_lengthened_by_ending_it_again() {
    for world in worlds().await {
        world.organisation().await;
        let db = &world.test.db;
        let mia = hire(&world, "mia").await;
        let id = give(&world, mia, "leitung", None, "2026-11-01", Some("2026-11-10")).await;
        for last in ["2026-11-22", "2026-11-10"] {
            db::write!(db, |tx| { end_grant(tx, &world.system(), id, day(last)).await }).unwrap();
            let held = crate::grants_held(&mut db.read().await.unwrap(), mia).await.unwrap();
            assert_eq!(held[0].to_day, Some(day("2026-11-10")));
        }
        assert!(!world.journal().await.contains(&"identity.grant-ended".to_owned()), "nothing has changed");
        db::write!(db, |tx| { end_grant(tx, &world.system(), id, day("2026-11-09")).await }).unwrap();
        let held = crate::grants_held(&mut db.read().await.unwrap(), mia).await.unwrap();
        assert_eq!(held[0].to_day, Some(day("2026-11-09")));
    }
}
