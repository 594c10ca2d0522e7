//! Keeps a letter and its combining marks together.
//!
//! Typst starts a new run of text for every mark that is raised or lowered, and each run then stands for the whole
//! cluster: `A̋` would be found, copied and read aloud as `A̋A̋`. Names in DIN 91379 are full of such letters, so the runs
//! are joined again before the PDF is written.

use typst::layout::{Abs, Em, Frame, FrameItem, GroupItem, Point};
use typst::model::Document as _;
use typst::text::{Glyph, TextItem};
use typst_layout::{Page, PagedDocument};

/// Runs that continue each other touch within this distance.
const TOUCH: f64 = 0.001;

pub(crate) fn join(document: PagedDocument) -> PagedDocument {
    if !document.pages().iter().any(|page| has_split(&page.frame)) {
        return document;
    }
    let pages = document.pages().iter().map(|page| Page { frame: joined(&page.frame), ..page.clone() }).collect();
    PagedDocument::new(pages, document.info().clone())
}

fn has_split(frame: &Frame) -> bool {
    let mut before: Option<&(Point, FrameItem)> = None;
    for item in frame.items() {
        match &item.1 {
            FrameItem::Group(group) if has_split(&group.frame) => return true,
            FrameItem::Text(text) => {
                if let Some((at, FrameItem::Text(run))) = before
                    && continues(*at, run, item.0, text)
                {
                    return true;
                }
                before = Some(item);
            }
            // Lines such as the one under a word stand between its runs.
            FrameItem::Shape(..) => {}
            _ => before = None,
        }
    }
    false
}

fn joined(frame: &Frame) -> Frame {
    let mut items: Vec<(Point, FrameItem)> = Vec::with_capacity(frame.items().len());
    let mut run_before: Option<usize> = None;
    for (at, item) in frame.items() {
        match item {
            FrameItem::Group(group) => {
                items.push((*at, FrameItem::Group(GroupItem { frame: joined(&group.frame), ..group.clone() })));
                run_before = None;
            }
            FrameItem::Text(text) => {
                let before = run_before.and_then(|index| items.get_mut(index));
                if let Some((start, FrameItem::Text(run))) = before
                    && continues(*start, run, *at, text)
                {
                    append(run, text, start.y - at.y);
                } else {
                    run_before = Some(items.len());
                    items.push((*at, item.clone()));
                }
            }
            FrameItem::Shape(..) => items.push((*at, item.clone())),
            _ => {
                items.push((*at, item.clone()));
                run_before = None;
            }
        }
    }
    let mut whole = Frame::new(frame.size(), frame.kind());
    if frame.has_baseline() {
        whole.set_baseline(frame.baseline());
    }
    whole.push_multiple(items);
    whole
}

/// The cluster that a glyph is part of, and where it stands in the source.
fn cluster<'a>(run: &'a TextItem, glyph: &Glyph) -> Option<&'a str> {
    run.text.get(glyph.range())
}

/// Whether `next` goes on inside the cluster with which `run` ends: a mark, which takes no room of its own, as opposed to
/// the same letter written twice.
fn continues(run_at: Point, run: &TextItem, next_at: Point, next: &TextItem) -> bool {
    let (Some(last), Some(first)) = (run.glyphs.last(), next.glyphs.first()) else { return false };
    let touches = |a: Abs, b: Abs| (a - b).abs().to_pt() < TOUCH;
    first.x_advance == Em::zero()
        && last.span == first.span
        && cluster(run, last).is_some_and(|text| text.chars().nth(1).is_some() && Some(text) == cluster(next, first))
        && touches(run_at.x + run.width(), next_at.x)
        && run.font == next.font
        && run.size == next.size
        && run.fill == next.fill
        && run.stroke == next.stroke
}

/// Adds the glyphs of `next`, raised by `rise`, to `run`.
fn append(run: &mut TextItem, next: &TextItem, rise: Abs) {
    let (Some(last), Some(first)) = (run.glyphs.last(), next.glyphs.first()) else { return };
    let shared_start = last.range.start;
    let shared_end = first.range.end;
    let added = next.text.get(usize::from(shared_end)..).unwrap_or_default();
    let rise = Em::from_abs(rise, run.size);
    let moved: Option<Vec<Glyph>> = next
        .glyphs
        .iter()
        .map(|glyph| {
            let shift = |at: u16| at.checked_sub(first.range.start)?.checked_add(shared_start);
            let range = shift(glyph.range.start)?..shift(glyph.range.end)?;
            Some(Glyph { range, y_offset: glyph.y_offset + rise, ..glyph.clone() })
        })
        .collect();
    if let Some(moved) = moved {
        run.text.push_str(added);
        run.glyphs.extend(moved);
    }
}
