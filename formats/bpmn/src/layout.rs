//! A drawing for a process that has none: columns from left to right, one row for each branch of the list.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::Model;
use crate::edit::all_ids;
use crate::graph::Graph;
use crate::model::*;
use crate::outline::{Arrangement, Kind, flow_nodes, kind_of};

/// Sizes that modelling programs use.
const TASK: (f64, f64) = (100.0, 80.0);
const EVENT: f64 = 36.0;
const GATEWAY: f64 = 50.0;
/// Between columns, for the lines that go up and down there.
const COLUMN_GAP: f64 = 60.0;
/// Between rows: half a boundary event, its name, and the lines that pass below.
const ROW_GAP: f64 = 60.0;
/// Around the content of a sub-process, and of the drawing.
const MARGIN: f64 = 40.0;
/// From the left edge of an activity to its first boundary event, and between two.
const EVENT_GAP: f64 = 14.0;
/// From the lower edge of a row to the lines below it: boundary events reach half their height down.
const UNDER_EVENTS: f64 = EVENT / 2.0 + LANE;
/// Between lines that lead back.
const LANE: f64 = 10.0;

impl Model {
    /// The model with a drawing of its executable process. Where every node and every way is drawn, and nothing that does
    /// not exist, it stays as it is; otherwise all of the process is drawn anew, since old places leave no room for what
    /// is new. Then its lanes, its pool, data and annotations are in the model, but not in the drawing; what is drawn of other
    /// processes stays.
    #[must_use]
    pub fn with_layout(&self) -> Self {
        let Some(process) = crate::graph::executable(&self.definitions) else { return self.clone() };
        if self.graph.nodes.is_empty() || self.is_drawn() {
            return self.clone();
        }
        let items = draw(self);
        let mut definitions = self.definitions.clone();
        let id = process.base.id.clone();
        let ours = self.ids_of_process(process);
        let mut kept = None;
        let mut place = None;
        let mut at = 0;
        definitions.diagrams.retain_mut(|diagram| {
            let plane = &mut diagram.plane;
            let of_process = plane.element.as_deref() == Some(id.as_str());
            let before = plane.items.len();
            plane.items.retain(|item| element_of(item).is_none_or(|element| !ours.contains(element)));
            let goes = of_process || (plane.items.len() < before && plane.items.is_empty());
            if goes {
                kept = kept.take().or_else(|| Some((diagram.id.clone(), plane.id.clone())));
                place.get_or_insert(at);
            } else {
                at += 1;
            }
            !goes
        });
        let (diagram_id, plane_id) = kept.unwrap_or_default();
        let mut taken = other_ids(&definitions);
        let diagram_id = diagram_id.unwrap_or_else(|| free(&mut taken, &format!("{id}_diagram")));
        let plane_id = plane_id.unwrap_or_else(|| free(&mut taken, &format!("{id}_plane")));
        let named = |item: PlaneItem| match item {
            PlaneItem::Shape(shape) => {
                let id = free(&mut taken, &format!("{}_di", shape.element.as_deref().unwrap_or_default()));
                PlaneItem::Shape(Shape { id: Some(id), ..shape })
            }
            PlaneItem::Edge(edge) => {
                let id = free(&mut taken, &format!("{}_di", edge.element.as_deref().unwrap_or_default()));
                PlaneItem::Edge(Edge { id: Some(id), ..edge })
            }
        };
        let items = items.into_iter().map(named).collect();
        let plane = Plane { id: Some(plane_id), element: Some(id), items, ..Plane::default() };
        let diagram = Diagram { id: Some(diagram_id), plane, ..Diagram::default() };
        definitions.diagrams.insert(place.unwrap_or(0), diagram);
        Self { definitions, graph: self.graph.clone() }
    }

    /// Ids of what is to be drawn.
    fn drawn_ids(&self) -> impl Iterator<Item = &str> {
        let nodes = self.graph.nodes.iter().map(|node| node.id.as_str());
        nodes.chain(self.graph.flows.iter().map(|flow| flow.id.as_str()))
    }

    /// Ids of everything that a drawing of the process may show.
    fn ids_of_process(&self, process: &Process) -> HashSet<String> {
        let mut found = HashSet::new();
        all_ids(&process.content, &mut found);
        for root in &self.definitions.roots {
            let Root::Collaboration(collaboration) = root else { continue };
            let own = collaboration.participants.iter().filter(|p| p.process.as_deref() == Some(&process.base.id));
            found.extend(own.map(|participant| participant.base.id.clone()));
            let ends = |flow: &&MessageFlow| found.contains(&flow.source) || found.contains(&flow.target);
            let lost: Vec<_> = collaboration.message_flows.iter().filter(ends).map(|f| f.base.id.clone()).collect();
            found.extend(lost);
        }
        found
    }

    /// Every node and way has its shape or edge.
    fn is_drawn(&self) -> bool {
        let items = self.definitions.diagrams.iter().flat_map(|diagram| &diagram.plane.items);
        let drawn: HashSet<&str> = items.filter_map(element_of).collect();
        self.drawn_ids().all(|id| drawn.contains(id))
    }
}

fn element_of(item: &PlaneItem) -> Option<&str> {
    match item {
        PlaneItem::Shape(shape) => shape.element.as_deref(),
        PlaneItem::Edge(edge) => edge.element.as_deref(),
    }
}

/// Ids that the new drawing must not use: everything else in the file.
fn other_ids(definitions: &Definitions) -> HashSet<String> {
    let xml = bpmn_model::write(definitions);
    let document = roxmltree::Document::parse(&xml);
    let ids = document.iter().flat_map(|document| document.descendants().filter_map(|node| node.attribute("id")));
    ids.map(str::to_owned).collect()
}

fn free(taken: &mut HashSet<String>, wanted: &str) -> String {
    let mut id = wanted.to_owned();
    let mut number = 1;
    while !taken.insert(id.clone()) {
        number += 1;
        id = format!("{wanted}-{number}");
    }
    id
}

/// Where a node is, as seen from the upper left corner of its level; later of the drawing.
#[derive(Clone, Copy, Default)]
struct Box {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Box {
    fn middle(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    fn right(&self) -> f64 {
        self.x + self.width
    }

    fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

#[derive(Clone, Copy, Default)]
struct Cell {
    column: usize,
    row: usize,
}

struct Drawing<'m> {
    graph: &'m Graph,
    kinds: Vec<Kind>,
    arrangement: Arrangement,
    /// Boundary events that are drawn on their activity.
    carried: Vec<bool>,
    boxes: Vec<Box>,
    cells: Vec<Cell>,
    lines: Vec<Vec<Point>>,
    /// For each node the lower edge of its row.
    floors: Vec<f64>,
}

fn draw(model: &Model) -> Vec<PlaneItem> {
    let graph = &model.graph;
    let kinds: Vec<Kind> = flow_nodes(&model.definitions).into_iter().map(kind_of).collect();
    let arrangement = Arrangement::of(graph, &kinds);
    let count = graph.nodes.len();
    let is_carried = |node: usize| {
        let Some(host) = graph.nodes[node].host else { return false };
        graph.nodes[host].parent == graph.nodes[node].parent && is_activity(kinds[host])
    };
    let mut drawing = Drawing {
        graph,
        carried: (0..count).map(is_carried).collect(),
        kinds,
        arrangement,
        boxes: vec![Box::default(); count],
        cells: vec![Cell::default(); count],
        lines: vec![Vec::new(); graph.flows.len()],
        floors: vec![0.0; count],
    };
    let mut levels: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for &node in &drawing.arrangement.order {
        levels.entry(graph.nodes[node].parent).or_default().push(node);
    }
    // What is inside comes after what is around it in the graph: from the end on, contents are drawn first.
    for around in (0..count).rev().map(Some).chain([None]) {
        if let Some(nodes) = levels.get(&around) {
            let (width, height) = drawing.level(nodes);
            if let Some(around) = around {
                (drawing.boxes[around].width, drawing.boxes[around].height) = (width, height);
            }
        }
    }
    drawing.place_contents();
    drawing.items()
}

fn is_activity(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        UserTask
            | ServiceTask
            | BusinessRuleTask
            | SendTask
            | ReceiveTask
            | ManualTask
            | ScriptTask
            | Task
            | CallActivity
            | SubProcess
            | EventSubProcess
    )
}

fn is_gateway(kind: Kind) -> bool {
    matches!(kind, Kind::Exclusive | Kind::Parallel | Kind::Inclusive | Kind::EventBased | Kind::Complex)
}

impl Drawing<'_> {
    /// Draws one level from its own corner on and returns its size.
    fn level(&mut self, nodes: &[usize]) -> (f64, f64) {
        let placed: Vec<usize> = nodes.iter().copied().filter(|&node| !self.carried[node]).collect();
        for &node in &placed {
            self.size(node);
        }
        self.columns(nodes);
        let rows = self.rows(&placed);
        // A boundary event goes with its activity; its branch begins below it.
        for &node in nodes.iter().filter(|&&node| self.carried[node]) {
            if let Some(host) = self.graph.nodes[node].host {
                self.cells[node] = self.cells[host];
            }
        }
        let (mut width, mut height) = self.coordinates(&placed);
        for &node in nodes.iter().filter(|&&node| self.carried[node]) {
            if let Some(host) = self.graph.nodes[node].host {
                self.floors[node] = self.floors[host];
            }
        }
        for &node in &placed {
            self.hang(node);
        }
        let flows = nodes.iter().flat_map(|&node| self.graph.nodes[node].outgoing.iter().copied());
        let mut back = 0;
        // Boundary events reach below the last row, and lines pass there.
        height += UNDER_EVENTS + 2.0 * LANE;
        for flow in flows.collect::<Vec<_>>() {
            let below = height + LANE * f64::from(back);
            let (line, leads_back) = self.line(flow, &rows, below);
            back += u32::from(leads_back);
            self.lines[flow] = line;
        }
        if back > 0 {
            height += LANE * f64::from(back);
        }
        width += MARGIN;
        height += MARGIN;
        (width.max(TASK.0), height.max(TASK.1))
    }

    fn size(&mut self, node: usize) {
        let here = &mut self.boxes[node];
        let (width, height) = match self.kinds[node] {
            // That of its content, when it has some.
            Kind::SubProcess | Kind::EventSubProcess => (here.width.max(TASK.0), here.height.max(TASK.1)),
            kind if is_gateway(kind) => (GATEWAY, GATEWAY),
            kind if is_activity(kind) => TASK,
            _ => (EVENT, EVENT),
        };
        let events = self.graph.nodes[node].boundary.iter().filter(|&&event| self.carried[event]).count();
        #[expect(clippy::cast_precision_loss, reason = "a file has 10,000 elements at most")]
        let needed = EVENT_GAP + events as f64 * (EVENT + EVENT_GAP);
        (here.width, here.height) = (width.max(needed), height);
    }

    /// The longest way forward gives the column.
    fn columns(&mut self, nodes: &[usize]) {
        let mut sorted = nodes.to_vec();
        sorted.sort_by_key(|&node| self.arrangement.rank[node]);
        for &node in &sorted {
            let next = if self.carried[node] { self.cells[node].column } else { self.cells[node].column + 1 };
            let from = self.graph.nodes[node].host.filter(|_| self.carried[node]);
            let next = from.map_or(next, |host| self.cells[host].column + 1);
            let successors: Vec<usize> = self.graph.successors(node).collect();
            for to in successors {
                let goes_on = self.arrangement.rank[to] > self.arrangement.rank[node];
                if goes_on && !self.carried[to] && self.graph.nodes[to].parent == self.graph.nodes[node].parent {
                    self.cells[to].column = self.cells[to].column.max(next);
                }
            }
        }
    }

    /// Each sequence of the list gets a row in which its columns are free, below that of its gateway; returns the columns
    /// taken in each row.
    fn rows(&mut self, placed: &[usize]) -> Vec<BTreeSet<usize>> {
        let mut rows: Vec<BTreeSet<usize>> = Vec::new();
        // Sequences in the order of the list, with their nodes.
        let mut of: HashMap<usize, usize> = HashMap::new();
        let mut sequences: Vec<(usize, Vec<usize>)> = Vec::new();
        for &node in placed {
            let sequence = self.arrangement.places[node].sequence;
            let at = *of.entry(sequence).or_insert_with(|| {
                sequences.push((sequence, Vec::new()));
                sequences.len() - 1
            });
            sequences[at].1.push(node);
        }
        // The lowest row below each node, by the branches that go out from it.
        let mut lowest: HashMap<usize, usize> = HashMap::new();
        let mut free = Free::default();
        for (sequence, members) in sequences {
            let owner = self.arrangement.sequences[sequence].owner.filter(|&owner| self.same_level(owner, members[0]));
            let first = owner.map_or(0, |owner| {
                let is_event = self.arrangement.places[members[0]].branch_of.is_none();
                let own = self.cells[owner].row + usize::from(is_event);
                lowest.get(&owner).map_or(own, |low| own.max(low + 1))
            });
            let columns = members.iter().map(|&node| self.cells[node].column);
            let (from, to) = columns.fold((usize::MAX, 0), |(low, high), column| (low.min(column), high.max(column)));
            let is_free = |row: &BTreeSet<usize>| row.range(from..=to).next().is_none();
            let mut row = first;
            while rows.get(row).is_some_and(|row| !is_free(row)) {
                row += 1;
            }
            let mut deepest = row;
            for node in members {
                let column = self.cells[node].column;
                let row = free.take(column, row);
                self.cells[node].row = row;
                if rows.len() <= row {
                    rows.resize_with(row + 1, BTreeSet::new);
                }
                rows[row].insert(column);
                deepest = deepest.max(row);
            }
            let mut above = owner;
            while let Some(node) = above {
                let low = lowest.entry(node).or_insert(deepest);
                *low = deepest.max(*low);
                let sequence = self.arrangement.places[node].sequence;
                above = self.arrangement.sequences[sequence].owner.filter(|&owner| self.same_level(owner, node));
            }
        }
        rows
    }

    fn same_level(&self, a: usize, b: usize) -> bool {
        self.graph.nodes[a].parent == self.graph.nodes[b].parent
    }

    /// Widths of columns and heights of rows give the places; returns the size of it all.
    fn coordinates(&mut self, placed: &[usize]) -> (f64, f64) {
        let (mut widths, mut heights) = (Vec::new(), Vec::new());
        let widen = |sizes: &mut Vec<f64>, at: usize, size: f64| {
            if sizes.len() <= at {
                sizes.resize(at + 1, 0.0);
            }
            sizes[at] = sizes[at].max(size);
        };
        for &node in placed {
            widen(&mut widths, self.cells[node].column, self.boxes[node].width);
            widen(&mut heights, self.cells[node].row, self.boxes[node].height);
        }
        let (xs, width) = starts(&widths, COLUMN_GAP);
        let (ys, height) = starts(&heights, ROW_GAP);
        for &node in placed {
            let Cell { column, row } = self.cells[node];
            let here = &mut self.boxes[node];
            here.x = xs[column] + (widths[column] - here.width) / 2.0;
            here.y = ys[row] + (heights[row] - here.height) / 2.0;
            self.floors[node] = ys[row] + heights[row];
        }
        (width, height)
    }

    /// Boundary events sit on the lower edge of their activity.
    fn hang(&mut self, host: usize) {
        let around = self.boxes[host];
        let mut x = around.x + EVENT_GAP;
        for &event in self.graph.nodes[host].boundary.iter().filter(|&&event| self.carried[event]) {
            self.boxes[event] = Box { x, y: around.bottom() - EVENT / 2.0, width: EVENT, height: EVENT };
            x += EVENT + EVENT_GAP;
        }
    }

    /// The line of a way, and whether it leads back. `below` is free of everything.
    fn line(&self, flow: usize, rows: &[BTreeSet<usize>], below: f64) -> (Vec<Point>, bool) {
        let flow = &self.graph.flows[flow];
        let (source, target) = (self.boxes[flow.source], self.boxes[flow.target]);
        let (from, to) = (self.cells[flow.source], self.cells[flow.target]);
        let (carried, into_event) = (self.carried[flow.source], self.carried[flow.target]);
        let (gap, floor) = (COLUMN_GAP / 2.0, self.floors[flow.source]);
        let ((source_x, source_y), (target_x, target_y)) = (source.middle(), target.middle());
        let points = |list: &[(f64, f64)]| -> Vec<Point> {
            let mut points: Vec<Point> = Vec::with_capacity(list.len());
            for &(x, y) in list {
                let point = Point { x, y };
                if points.last() != Some(&point) {
                    points.push(point);
                }
            }
            points
        };
        if into_event || to.column <= from.column {
            let enter = target.x - gap;
            let mut line = if carried {
                let leave =
                    source_x.max(self.boxes[self.graph.nodes[flow.source].host.unwrap_or(flow.source)].right() + gap);
                let under = floor + UNDER_EVENTS;
                vec![(source_x, source.bottom()), (source_x, under), (leave, under), (leave, below)]
            } else {
                let leave = source.right() + gap;
                vec![(source.right(), source_y), (leave, source_y), (leave, below)]
            };
            line.extend([(enter, below), (enter, target_y), (target.x, target_y)]);
            return (points(&line), true);
        }
        let is_free = |row: usize| {
            let between = from.column + 1..to.column;
            between.is_empty() || rows.get(row).is_none_or(|row| row.range(between).next().is_none())
        };
        let enter = target.x - gap;
        let line = if carried && to.row > from.row && is_free(to.row) {
            vec![(source_x, source.bottom()), (source_x, target_y), (target.x, target_y)]
        } else if carried {
            let under = floor + UNDER_EVENTS;
            vec![
                (source_x, source.bottom()),
                (source_x, under),
                (enter, under),
                (enter, target_y),
                (target.x, target_y),
            ]
        } else if from.row == to.row && is_free(to.row) {
            vec![(source.right(), source_y), (target.x, target_y)]
        } else if from.row != to.row && is_free(to.row) && is_gateway(self.kinds[flow.source]) {
            let edge = if to.row > from.row { source.bottom() } else { source.y };
            vec![(source_x, edge), (source_x, target_y), (target.x, target_y)]
        } else if is_free(to.row) {
            let leave = source.right() + gap;
            vec![(source.right(), source_y), (leave, source_y), (leave, target_y), (target.x, target_y)]
        } else if is_free(from.row) && is_gateway(self.kinds[flow.target]) && to.row != from.row {
            let edge = if to.row > from.row { target.y } else { target.bottom() };
            vec![(source.right(), source_y), (target_x, source_y), (target_x, edge)]
        } else if is_free(from.row) {
            vec![(source.right(), source_y), (enter, source_y), (enter, target_y), (target.x, target_y)]
        } else {
            let leave = source.right() + gap;
            let under = floor + UNDER_EVENTS + LANE;
            vec![
                (source.right(), source_y),
                (leave, source_y),
                (leave, under),
                (enter, under),
                (enter, target_y),
                (target.x, target_y),
            ]
        };
        (points(&line), false)
    }

    /// Moves what is inside sub-processes to where these are.
    fn place_contents(&mut self) {
        for node in 0..self.graph.nodes.len() {
            let (x, y) = self.graph.nodes[node].parent.map_or((0.0, 0.0), |around| {
                let around = self.boxes[around];
                (around.x, around.y)
            });
            self.boxes[node].x += x;
            self.boxes[node].y += y;
            for &flow in &self.graph.nodes[node].outgoing {
                for point in &mut self.lines[flow] {
                    point.x += x;
                    point.y += y;
                }
            }
        }
    }

    fn items(self) -> Vec<PlaneItem> {
        let shape = |(node, here): (usize, &Box)| {
            let kind = self.kinds[node];
            let bounds = Bounds { x: here.x, y: here.y, width: here.width, height: here.height };
            let is_expanded = matches!(kind, Kind::SubProcess | Kind::EventSubProcess).then_some(true);
            let is_marker_visible = (kind == Kind::Exclusive).then_some(true);
            let element = Some(self.graph.nodes[node].id.clone());
            PlaneItem::Shape(Shape { element, bounds, is_expanded, is_marker_visible, ..Shape::default() })
        };
        let mut items: Vec<PlaneItem> = self.boxes.iter().enumerate().map(shape).collect();
        items.extend(self.lines.iter().enumerate().map(|(flow, line)| {
            let element = Some(self.graph.flows[flow].id.clone());
            PlaneItem::Edge(Edge { element, waypoints: line.clone(), ..Edge::default() })
        }));
        items
    }
}

/// Where each column or row begins, and where the last one ends.
fn starts(sizes: &[f64], gap: f64) -> (Vec<f64>, f64) {
    let mut at = MARGIN;
    let starts = sizes
        .iter()
        .map(|size| {
            let start = at;
            at += size + gap;
            start
        })
        .collect();
    (starts, at - gap.min(at))
}

/// Finds the next free row of a column, without looking at each taken one again.
#[derive(Default)]
struct Free {
    next: HashMap<(usize, usize), usize>,
}

impl Free {
    /// Takes the first free row from this one on.
    fn take(&mut self, column: usize, row: usize) -> usize {
        let mut passed = Vec::new();
        let mut at = row;
        while let Some(&next) = self.next.get(&(column, at)) {
            passed.push(at);
            at = next;
        }
        for row in passed {
            self.next.insert((column, row), at + 1);
        }
        self.next.insert((column, at), at + 1);
        at
    }
}
