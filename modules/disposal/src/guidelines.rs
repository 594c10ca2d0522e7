//! The city's rules beside the buttons that they govern.

use contract_guidelines::Beside;
use db::Rx;
use house::{Call, Req};
use kernel::{Error, Result};
use ui::Guideline;

/// The paragraphs that govern a button; none in a city without written rules.
pub async fn beside(rq: &Req, rx: &mut Rx, button: &'static str) -> Result<Vec<Guideline>> {
    let found = match rq.cx.ask(rx, Beside { button }).await {
        Ok(found) => found,
        Err(Error::NotAvailable(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let found = found.into_iter().map(|paragraph| Guideline {
        title: paragraph.title,
        source: paragraph.source,
        version: paragraph.version,
        text: paragraph.text,
        href: paragraph.href,
        acknowledge: if paragraph.acknowledged { String::new() } else { paragraph.acknowledge_href },
    });
    Ok(found.collect())
}
