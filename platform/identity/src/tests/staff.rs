use kernel::Principal;

use super::*;
use crate::{
    MailKind, NewStaff, SignInSide, add_staff, all_staff, perm, reset_staff_factor, session, set_staff_active,
};

fn mia() -> NewStaff {
    NewStaff {
        login: " M.Muster ".into(),
        name: "Mia  Muster".into(),
        email: "mia@stadt.example".into(),
        unit: "buergerbuero".into(),
    }
}

async fn hired(world: &World) -> StaffId {
    world.organisation().await;
    let id = db::write!(world.test.db, |tx| { add_staff(tx, &world.system(), &mia()).await }).unwrap();
    world.identity.seed_staff_password(&world.test.db, &world.system(), id, PASSWORD).await.unwrap();
    id
}

async fn staff_sign_in(world: &World, login: &str, password: &str) -> Result<SignedIn> {
    world.identity.staff_sign_in(&world.test.db, &world.nobody(), &at("192.0.2.1"), login, password).await
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_set_up_a_second_factor_at_their_first_sign_in() {
    for world in worlds().await {
        let db = &world.test.db;
        let id = hired(&world).await;
        let (nobody, client, side) = (world.nobody(), at("192.0.2.1"), SignInSide::Staff);
        assert_eq!(code_of(staff_sign_in(&world, "m.muster", "falsch geraten").await), "sign-in-failed");
        assert_eq!(code_of(staff_sign_in(&world, "niemand", PASSWORD).await), "sign-in-failed");
        let SignedIn::SetUpFactor(token) = staff_sign_in(&world, "M.MUSTER", PASSWORD).await.unwrap() else {
            panic!("no second factor to set up")
        };
        let factor = world.identity.staff_factor_to_set_up(db, &nobody, &token, "Stadt Meer").await.unwrap();
        let shown_again = world.identity.staff_factor_to_set_up(db, &nobody, &token, "Stadt Meer").await.unwrap();
        assert_eq!(factor.secret, shown_again.secret);
        let wrong = world.identity.second_factor(db, &nobody, &client, side, &token, "000000").await;
        assert_eq!(code_of(wrong), "code: code-wrong");
        let code = world.code(&factor.secret);
        let citizen = world.identity.second_factor(db, &nobody, &client, SignInSide::Citizen, &token, &code).await;
        assert_eq!(code_of(citizen), "link-expired", "a ticket of the other side");
        let (session, recovery) =
            world.identity.second_factor(db, &nobody, &client, side, &token, &code).await.unwrap();
        assert_eq!(recovery.len(), 10);
        let view = world.resolve(&session.token).await.unwrap();
        assert!(matches!(view.principal, Principal::Staff { user, .. } if user == id));
        assert_eq!((view.display.as_str(), view.unit_name.as_str()), ("Mia Muster", "Bürgerbüro"));
        world.later(60 * 60);
        assert!(world.resolve(&session.token).await.is_some(), "sixty minutes for staff");

        assert!(matches!(staff_sign_in(&world, "m.muster", PASSWORD).await.unwrap(), SignedIn::SecondFactor(_)));
        assert_eq!(
            code_of(world.identity.remove_factor(db, &world.clerk(id, &[]), &client, &code).await),
            "factor-needed"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_city_may_leave_the_second_factor_to_its_staff() {
    for world in worlds_with(Policy { staff_second_factor: false, ..Policy::default() }).await {
        hired(&world).await;
        done(staff_sign_in(&world, "m.muster", PASSWORD).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_of_citizens_and_staff_are_worlds_apart() {
    for world in worlds_with(Policy { staff_second_factor: false, ..Policy::default() }).await {
        hired(&world).await;
        world.account("mia@stadt.example", "Nebel am Langst").await;
        assert_eq!(code_of(world.sign_in(&at("192.0.2.1"), "m.muster", PASSWORD).await), "sign-in-failed");
        assert_eq!(code_of(staff_sign_in(&world, "mia@stadt.example", "Nebel am Langst").await), "sign-in-failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_are_added_with_the_right_to_it_and_checked_data() {
    for world in worlds().await {
        let db = &world.test.db;
        let id = hired(&world).await;
        let add = |cx: Cx, new: NewStaff| async move { db::write!(db, |tx| { add_staff(tx, &cx, &new).await }) };
        assert_eq!(code_of(add(world.clerk(id, &[]), mia()).await), "forbidden");
        assert_eq!(code_of(add(world.system(), mia()).await), "login: taken");
        let other = |change: fn(&mut NewStaff)| {
            let mut new = NewStaff { login: "n".into(), ..mia() };
            change(&mut new);
            new
        };
        assert_eq!(code_of(add(world.system(), other(|n| n.login = "n n".into())).await), "login: characters");
        assert_eq!(code_of(add(world.system(), other(|n| n.unit = "nirgends".into())).await), "unit: unknown");
        assert_eq!(code_of(add(world.system(), other(|n| n.name = " ".into())).await), "name: required");
        assert_eq!(code_of(add(world.system(), other(|n| n.email = "x".into())).await), "email: email-invalid");
        add(world.clerk(id, &[perm::STAFF]), other(|_| {})).await.unwrap();
        assert_eq!(all_staff(&mut db.read().await.unwrap()).await.unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_sets_the_first_password_and_ends_the_one_before() {
    for world in worlds_with(Policy { staff_second_factor: false, ..Policy::default() }).await {
        let db = &world.test.db;
        let id = hired(&world).await;
        let nobody = world.nobody();
        let invite = || async { db::write!(db, |tx| { world.identity.invite_staff(tx, &world.system(), id).await }) };
        let first = invite().await.unwrap().token.unwrap();
        let mail = invite().await.unwrap();
        assert_eq!((mail.kind, mail.to.as_str()), (MailKind::StaffInvitation, "mia@stadt.example"));
        let token = mail.token.unwrap();
        let rx = &mut db.read().await.unwrap();
        assert_eq!(code_of(world.identity.staff_resetting(rx, &nobody, &first).await), "link-expired");
        assert_eq!(world.identity.staff_resetting(rx, &nobody, &token).await.unwrap(), "m.muster");
        let session = done(staff_sign_in(&world, "m.muster", PASSWORD).await.unwrap());
        let short = world.identity.finish_staff_reset(db, &nobody, &token, "kurz").await;
        assert_eq!(code_of(short), "password: password-short");
        world.identity.finish_staff_reset(db, &nobody, &token, "Ganz neues Wort").await.unwrap();
        assert!(world.resolve(&session.token).await.is_none());
        assert_eq!(code_of(staff_sign_in(&world, "m.muster", PASSWORD).await), "sign-in-failed");
        let here = done(staff_sign_in(&world, "m.muster", "Ganz neues Wort").await.unwrap());
        let again = world.identity.finish_staff_reset(db, &nobody, &token, "Noch ein Wort mehr").await;
        assert_eq!(code_of(again), "link-expired");
        let unknown =
            db::write!(db, |tx| { world.identity.start_staff_reset(tx, &nobody, &at("192.0.2.1"), "niemand").await });
        assert!(unknown.unwrap().is_none());
        let own = world.clerk(id, &[]);
        let change = |old: &'static str, new: &'static str| {
            let (world, own) = (&world, &own);
            async move { world.identity.change_staff_password(db, own, &at("192.0.2.1"), here.id, old, new).await }
        };
        assert_eq!(code_of(change("falsch geraten", "Wieder ein neues").await), "old_password: password-wrong");
        change("Ganz neues Wort", "Wieder ein neues").await.unwrap();
        done(staff_sign_in(&world, "m.muster", "Wieder ein neues").await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_is_signed_out_and_nobody_removes_themselves() {
    for world in worlds_with(Policy { staff_second_factor: false, ..Policy::default() }).await {
        let db = &world.test.db;
        let id = hired(&world).await;
        let session = done(staff_sign_in(&world, "m.muster", PASSWORD).await.unwrap());
        let set = |cx: Cx, active| async move { db::write!(db, |tx| { set_staff_active(tx, &cx, id, active).await }) };
        assert_eq!(code_of(set(world.clerk(id, &[perm::STAFF]), false).await), "own-rights");
        set(world.system(), false).await.unwrap();
        assert!(world.resolve(&session.token).await.is_none());
        assert_eq!(code_of(staff_sign_in(&world, "m.muster", PASSWORD).await), "sign-in-failed");
        set(world.system(), true).await.unwrap();
        done(staff_sign_in(&world, "m.muster", PASSWORD).await.unwrap());
        let own: Result<()> =
            db::write!(db, |tx| { reset_staff_factor(tx, &world.clerk(id, &[perm::STAFF]), id).await });
        assert_eq!(code_of(own), "own-rights");
        assert_eq!(session::list(&mut db.read().await.unwrap(), &world.clerk(id, &[])).await.unwrap().len(), 1);
    }
}
