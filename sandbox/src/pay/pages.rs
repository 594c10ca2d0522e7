//! The pay page: a button for each way a payment can go.

use std::sync::Arc;

use axum::extract::{Path, RawForm, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use url::Url;

use super::{Due, Status, Transaction, notify, settle_later};
use crate::app::App;
use crate::http::AppState;
use crate::pages;

/// A button of the pay page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Pay,
    Refuse,
    Cancel,
    PayLater,
    PayWithTwoNotifications,
    PayAndForgeReturn,
    PretendToPay,
    PayWithoutReturn,
    PayAfterCancel,
}

impl Choice {
    pub const ALL: [Self; 9] = [
        Self::Pay,
        Self::Refuse,
        Self::Cancel,
        Self::PayLater,
        Self::PayWithTwoNotifications,
        Self::PayAndForgeReturn,
        Self::PretendToPay,
        Self::PayWithoutReturn,
        Self::PayAfterCancel,
    ];

    /// Value of the form field `choice`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Pay => "bezahlen",
            Self::Refuse => "ablehnen",
            Self::Cancel => "abbrechen",
            Self::PayLater => "spaeter",
            Self::PayWithTwoNotifications => "doppelt",
            Self::PayAndForgeReturn => "verfaelscht",
            Self::PretendToPay => "vorgetaeuscht",
            Self::PayWithoutReturn => "ohne-ruecksprung",
            Self::PayAfterCancel => "abbrechen-und-bezahlen",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Pay => "Bezahlen",
            Self::Refuse => "Zahlung ablehnen lassen",
            Self::Cancel => "Abbrechen",
            Self::PayLater => "Später bezahlen",
            Self::PayWithTwoNotifications => "Bezahlen mit doppelter Benachrichtigung",
            Self::PayAndForgeReturn => "Bezahlen und Rücksprung verfälschen",
            Self::PretendToPay => "Nicht bezahlen und Rücksprung verfälschen",
            Self::PayWithoutReturn => "Bezahlen ohne Rücksprung",
            Self::PayAfterCancel => "Abbrechen und dann doch bezahlen",
        }
    }

    pub fn explanation(self) -> &'static str {
        match self {
            Self::Pay => "Die Zahlung gelingt sofort (PAYED).",
            Self::Refuse => "Die Bank lehnt ab (FAILED).",
            Self::Cancel => "Sie brechen ab (CANCELED).",
            Self::PayLater => "Sie kehren ohne Ergebnis zurück, die Zahlung gelingt kurz danach (INITIAL, dann PAYED).",
            Self::PayWithTwoNotifications => "Die Zahlung gelingt und wird zweimal gemeldet (PAYED).",
            Self::PayAndForgeReturn => {
                "Die Zahlung gelingt, aber die Rücksprungadresse behauptet das Gegenteil (PAYED)."
            }
            Self::PretendToPay => "Nichts wird bezahlt, aber die Rücksprungadresse behauptet es (INITIAL).",
            Self::PayWithoutReturn => "Die Zahlung gelingt, aber Sie kehren nicht zurück (PAYED).",
            Self::PayAfterCancel => "Erst abgebrochen, kurz danach doch bezahlt (CANCELED, dann PAYED).",
        }
    }

    fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.key() == key)
    }

    fn status(self) -> Status {
        match self {
            Self::Pay | Self::PayWithTwoNotifications | Self::PayAndForgeReturn | Self::PayWithoutReturn => {
                Status::Payed
            }
            Self::Refuse => Status::Failed,
            Self::Cancel | Self::PayAfterCancel => Status::Canceled,
            Self::PayLater | Self::PretendToPay => Status::Initial,
        }
    }

    /// Whether the payment succeeds some time after the browser has gone back.
    fn pays_later(self) -> bool {
        matches!(self, Self::PayLater | Self::PayAfterCancel)
    }

    fn notifications(self) -> usize {
        match self {
            Self::PayLater | Self::PretendToPay => 0,
            Self::PayWithTwoNotifications => 2,
            _ => 1,
        }
    }
}

/// `GET /pay/seite/{id}`
pub async fn choose(State(app): AppState, Path(id): Path<String>) -> Response {
    let ledger = app.payments.state();
    match ledger.transactions.get(&id) {
        None => unknown(),
        Some(transaction) if transaction.status != Status::Initial || transaction.due.is_some() => settled(transaction),
        Some(transaction) => pages::render(
            StatusCode::OK,
            &pages::Pay {
                id: &transaction.id,
                amount: pages::euros(transaction.request.gros_amount.cents().unwrap_or_default()),
                purpose: &transaction.request.purpose,
                reference: &transaction.reference,
                choices: &Choice::ALL,
            },
        ),
    }
}

fn unknown() -> Response {
    pages::message(StatusCode::NOT_FOUND, "Zahlung nicht gefunden", "Zu dieser Adresse gibt es keine Zahlung.")
}

fn settled(transaction: &Transaction) -> Response {
    let result = match (transaction.status, transaction.due) {
        (Status::Initial, _) => "Die Zahlung ist vorgemerkt.",
        (Status::Payed, _) => "Die Zahlung ist schon erfolgt.",
        (Status::Failed, _) => "Die Zahlung wurde abgelehnt.",
        (Status::Canceled, _) => "Die Zahlung wurde abgebrochen.",
    };
    pages::message(StatusCode::CONFLICT, "Zahlung abgeschlossen", result)
}

/// `POST /pay/seite/{id}`: carries out the choice and sends the browser back.
pub async fn chosen(State(app): AppState, Path(id): Path<String>, RawForm(form): RawForm) -> Response {
    let key = url::form_urlencoded::parse(&form).find(|(name, _)| name == "choice").map(|(_, value)| value);
    let Some(choice) = key.and_then(|key| Choice::of(&key)) else {
        return pages::message(
            StatusCode::BAD_REQUEST,
            "Auswahl unbekannt",
            "Wählen Sie einen der Knöpfe der Bezahlseite.",
        );
    };
    match carry_out(&app, &id, choice) {
        Outcome::Done(transaction) => go_back(&transaction, choice),
        Outcome::SettledBefore(transaction) => settled(&transaction),
        Outcome::Unknown => unknown(),
    }
}

enum Outcome {
    Done(Transaction),
    SettledBefore(Transaction),
    Unknown,
}

fn carry_out(app: &Arc<App>, id: &str, choice: Choice) -> Outcome {
    let due = choice.pays_later().then(|| Due {
        at: app.now() + SignedDuration::try_from(app.payments.pay_later_after).unwrap_or(SignedDuration::ZERO),
        status: Status::Payed,
    });
    let mut fresh = true;
    let transaction = app.payments.change(id, |transaction| {
        fresh = transaction.status == Status::Initial && transaction.due.is_none();
        if fresh {
            transaction.status = choice.status();
            transaction.detail = choice.explanation().to_owned();
            transaction.due = due;
        }
    });
    let Some(transaction) = transaction else { return Outcome::Unknown };
    if !fresh {
        return Outcome::SettledBefore(transaction);
    }
    notify(app, &transaction, choice.notifications());
    if let Some(due) = due {
        settle_later(Arc::clone(app), transaction.id.clone(), due.at);
    }
    Outcome::Done(transaction)
}

fn go_back(transaction: &Transaction, choice: Choice) -> Response {
    if choice == Choice::PayWithoutReturn {
        return pages::message(StatusCode::OK, "Bezahlt", "Sie können dieses Fenster schließen.");
    }
    let Ok(mut url) = Url::parse(&transaction.request.redirect_url) else { return unknown() };
    let forged: &[(&str, &str)] = match choice {
        Choice::PayAndForgeReturn => &[("status", "FAILED"), ("transactionId", "00000000-0000-4000-8000-000000000000")],
        Choice::PretendToPay => &[("status", "PAYED"), ("transactionId", &transaction.id)],
        _ => &[],
    };
    if !forged.is_empty() {
        url.query_pairs_mut().extend_pairs(forged);
    }
    (StatusCode::SEE_OTHER, [(header::LOCATION, String::from(url))]).into_response()
}
