//! What the module `postbox` (Postfach und Postausgang) shows to others: deliver a document, ask the applicant.

use kernel::{CaseId, Command, DocumentId, Event, Id, Subject, TaskOutcome, TaskToken};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

kernel::id!(
    /// A message in a postbox (Nachricht).
    MessageId, MessageKind, "message"
);

/// Process task: delivers a document of the case, into the postbox or as a letter on the print stack.
/// Result: `delivered` = `postbox` or `letter`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Deliver {
    pub case: CaseId,
    pub token: TaskToken,
    pub document: DocumentId,
    /// `postbox` or `letter`; a case without account always goes by letter.
    pub channel: String,
    /// Code of the message text (`message-<code>`), e.g. `certificate-ready`.
    pub subject: String,
}

impl Command for Deliver {
    const NAME: &'static str = "postbox.deliver";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

/// Process task: tells the applicant something without a document, e.g. that the certificate is on its way.
/// Result: `notified` = `postbox` or `letter`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Notify {
    pub case: CaseId,
    pub token: TaskToken,
    /// Code of the message text (`message-<code>`), e.g. `urkunde-versandt`.
    pub subject: String,
}

impl Command for Notify {
    const NAME: &'static str = "postbox.notify";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

/// Process task: asks the applicant back with the clerk's text and waits for the reply. Result: `reply` = `yes`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AskApplicant {
    pub case: CaseId,
    pub token: TaskToken,
    /// Element id of the user task whose texts hold the question.
    pub task: String,
}

impl Command for AskApplicant {
    const NAME: &'static str = "postbox.ask-applicant";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

/// A document or message lies in the postbox (Bereitstellung).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivered {
    pub message: MessageId,
    pub case: CaseId,
    /// `postbox` or `letter`.
    pub channel: String,
}

impl Event for Delivered {
    const NAME: &'static str = "postbox.delivered";
    fn subject(&self) -> Subject {
        let id: Id<MessageKind> = self.message;
        id.into()
    }
}
