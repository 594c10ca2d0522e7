//! What is wrong with a draft, before anybody can release it.

use content::{Content, Item};
use house::App;
use process_rules::rules;

use super::{service::file_of, store::Draft};

/// Something that has to be put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Id of the element; empty where it concerns the file, or another one.
    pub element: String,
    /// Name of the element, or of the file that would break.
    pub name: String,
    /// Place in the text of the draft, both from 1; 0 for another file.
    pub line: u32,
    pub column: u32,
    /// German, as the check says it.
    pub message: String,
}

/// The room whose check of the city's data is [`rules::check`]; here its faults are told with their places.
const RUNS_PROCESSES: &str = "processes";

/// What the check says in the words of the file, and what to do in the words of the pages.
const PLAIN: [(&str, &str); 4] = [
    ("Hier fehlt meer:form.", "Wählen Sie für diesen Schritt ein Formular."),
    ("Hier fehlt meer:command.", "Wählen Sie, was das Programm in diesem Schritt tun soll."),
    ("Hier fehlt meer:decision.", "Wählen Sie für diesen Schritt eine Entscheidung."),
    ("Hier fehlt meer:unit.", "Wählen Sie, wer diesen Schritt macht."),
];

fn plain(message: String) -> String {
    let found = PLAIN.iter().find(|(said, _)| *said == message);
    found.map_or(message, |(_, plain)| (*plain).to_owned())
}

/// The city's data as they would be with this draft.
pub fn with(content: &Content, draft: &Draft) -> Content {
    let released = content.get(&draft.kind, &draft.key);
    content.with(Item {
        kind: draft.kind.clone(),
        key: draft.key.clone(),
        version: released.as_ref().map_or(0, |item| item.version) + 1,
        name: released.map_or_else(|| file_of(draft), |item| item.name.clone()),
        body: draft.body.as_str().into(),
    })
}

/// What is wrong with the draft, and with the processes that its release would break.
pub fn of(app: &App, content: &Content, draft: &Draft) -> Vec<Finding> {
    found(app, &with(content, draft), draft)
}

fn found(app: &App, content: &Content, draft: &Draft) -> Vec<Finding> {
    let finding = |fault: rules::Fault| {
        let error = fault.error;
        if fault.kind == draft.kind && fault.key == draft.key {
            let name = error.name.unwrap_or_else(|| error.element.clone());
            let (line, column, message) = (error.line, error.column, plain(error.message));
            Finding { element: error.element, name, line, column, message }
        } else {
            let what = error.name.unwrap_or(error.element);
            let message = if what.is_empty() { error.message } else { format!("„{what}“: {}", error.message) };
            Finding { element: String::new(), name: fault.file, line: 0, column: 0, message }
        }
    };
    rules::faults(app, content).into_iter().map(finding).collect()
}

/// The same, and what the other rooms say: with one fault the city does not open any more.
pub fn whole(app: &App, content: &Content, draft: &Draft) -> Vec<Finding> {
    let content = with(content, draft);
    let mut all = found(app, &content, draft);
    let others = app.modules.iter().filter(|module| module.name != RUNS_PROCESSES);
    let said = others.flat_map(|module| (module.check_content)(app, &content));
    all.extend(said.map(|message| Finding {
        element: String::new(),
        name: String::new(),
        line: 0,
        column: 0,
        message,
    }));
    all
}
