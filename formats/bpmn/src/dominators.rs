//! Which node every way to a node passes last: the structure behind branches and the places where they join.
//!
//! The algorithm of Lengauer and Tarjan (1979) with path compression; nothing here calls itself, so that long processes are
//! no deep ones.

/// The order and the dominators of one level of a process.
#[derive(Debug, Default)]
pub(crate) struct Dominators {
    /// The nodes that are dominated by no other one, in the order they are to be read.
    pub roots: Vec<usize>,
    /// For each node the nodes it dominates directly, what comes first first.
    pub children: Vec<Vec<usize>>,
    /// Number in an order in which every way goes forward, except those that come back.
    pub rank: Vec<usize>,
    /// The start from which the node was found; ways between those of different starts do not count.
    pub phase: Vec<usize>,
    /// Ways forward that lead there, of those that count.
    pub entries: Vec<usize>,
}

const NONE: usize = usize::MAX;

impl Dominators {
    /// What `first` leads to, and then what each of `others` leads to that has not been found yet.
    pub fn of(successors: &[Vec<usize>], first: &[usize], others: &[usize]) -> Self {
        let mut search = Search::new(successors);
        for &start in first {
            search.visit(start, 0);
        }
        let mut phase = 0;
        for &start in others {
            if search.number[start] == NONE {
                phase += 1;
                search.visit(start, phase);
            }
        }
        search.finish(first)
    }
}

/// Depth-first search, numbering from 1; number 0 is what stands before all starts.
struct Search<'a> {
    successors: &'a [Vec<usize>],
    number: Vec<usize>,
    phase: Vec<usize>,
    /// By number: node, and number of the one it was found from.
    found: Vec<usize>,
    parent: Vec<usize>,
    /// Nodes in the order in which they were left.
    left: Vec<usize>,
}

impl<'a> Search<'a> {
    fn new(successors: &'a [Vec<usize>]) -> Self {
        let count = successors.len();
        Self {
            successors,
            number: vec![NONE; count],
            phase: vec![0; count],
            found: vec![NONE],
            parent: vec![NONE],
            left: Vec::with_capacity(count),
        }
    }

    fn enter(&mut self, node: usize, parent: usize, phase: usize) {
        self.number[node] = self.found.len();
        self.phase[node] = phase;
        self.found.push(node);
        self.parent.push(parent);
    }

    fn visit(&mut self, start: usize, phase: usize) {
        if self.number[start] != NONE {
            return;
        }
        self.enter(start, 0, phase);
        // From the last way on, so that in the order of leaving, turned round, the first way comes first.
        let mut open = vec![(start, self.successors[start].len())];
        while let Some((node, left)) = open.last_mut() {
            if *left == 0 {
                self.left.push(*node);
                open.pop();
                continue;
            }
            *left -= 1;
            let (node, next) = (*node, self.successors[*node][*left]);
            if self.number[next] == NONE {
                self.enter(next, self.number[node], phase);
                open.push((next, self.successors[next].len()));
            }
        }
    }

    fn finish(self, first: &[usize]) -> Dominators {
        let count = self.successors.len();
        let mut rank = vec![0; count];
        for (at, &node) in self.left.iter().rev().enumerate() {
            rank[node] = at;
        }
        let counts = |from: usize, to: usize| self.number[from] != NONE && self.phase[from] == self.phase[to];
        let mut predecessors: Vec<Vec<usize>> = vec![Vec::new(); self.found.len()];
        for (from, next) in self.successors.iter().enumerate() {
            for &to in next.iter().filter(|&&to| counts(from, to)) {
                predecessors[self.number[to]].push(self.number[from]);
            }
        }
        // A start of the first phase may have been found from an earlier one.
        for &start in first.iter().filter(|&&start| self.parent[self.number[start]] != 0) {
            predecessors[self.number[start]].push(0);
        }
        let dominator = self.dominators(&predecessors);
        let mut children = vec![Vec::new(); count];
        let mut roots = Vec::new();
        for (&above, &node) in dominator.iter().zip(&self.found).skip(1) {
            match above {
                0 => roots.push(node),
                above => children[self.found[above]].push(node),
            }
        }
        for below in &mut children {
            below.sort_by_key(|&node| rank[node]);
        }
        let inside = intervals(&roots, &children);
        let mut entries = vec![0; count];
        for (from, next) in self.successors.iter().enumerate() {
            for &to in next.iter().filter(|&&to| counts(from, to)) {
                let comes_back = inside[to].0 <= inside[from].0 && inside[from].1 <= inside[to].1;
                entries[to] += usize::from(!comes_back);
            }
        }
        Dominators { roots, children, rank, phase: self.phase, entries }
    }

    /// The direct dominator of each number.
    fn dominators(&self, predecessors: &[Vec<usize>]) -> Vec<usize> {
        let count = self.found.len();
        let mut forest = Forest { semi: (0..count).collect(), label: (0..count).collect(), above: vec![NONE; count] };
        let mut dominator = vec![0; count];
        let mut bucket: Vec<Vec<usize>> = vec![Vec::new(); count];
        for node in (1..count).rev() {
            let parent = self.parent[node];
            forest.semi[node] = parent;
            for &from in &predecessors[node] {
                let best = forest.best(from);
                forest.semi[node] = forest.semi[node].min(forest.semi[best]);
            }
            bucket[forest.semi[node]].push(node);
            forest.above[node] = parent;
            for other in std::mem::take(&mut bucket[parent]) {
                let best = forest.best(other);
                dominator[other] = if forest.semi[best] < forest.semi[other] { best } else { parent };
            }
        }
        for node in 1..count {
            if dominator[node] != forest.semi[node] {
                dominator[node] = dominator[dominator[node]];
            }
        }
        dominator
    }
}

/// The forest of the algorithm: nodes that have been treated, linked to what they were found from.
struct Forest {
    semi: Vec<usize>,
    label: Vec<usize>,
    above: Vec<usize>,
}

impl Forest {
    /// The node with the lowest semidominator on the way up from here, without the top.
    fn best(&mut self, node: usize) -> usize {
        if self.above[node] == NONE {
            return node;
        }
        let mut path = vec![node];
        let mut at = node;
        while self.above[self.above[at]] != NONE {
            at = self.above[at];
            path.push(at);
        }
        path.pop();
        for &node in path.iter().rev() {
            let above = self.above[node];
            if self.semi[self.label[above]] < self.semi[self.label[node]] {
                self.label[node] = self.label[above];
            }
            self.above[node] = self.above[above];
        }
        self.label[node]
    }
}

/// For each node where its part of the tree begins and ends.
fn intervals(roots: &[usize], children: &[Vec<usize>]) -> Vec<(usize, usize)> {
    let mut found = vec![(0, 0); children.len()];
    let mut at = 0;
    for &root in roots {
        let mut open = vec![(root, 0)];
        while let Some((node, next)) = open.last_mut() {
            let node = *node;
            if *next == 0 {
                at += 1;
                found[node].0 = at;
            }
            match children[node].get(*next) {
                Some(&child) => {
                    *next += 1;
                    open.push((child, 0));
                }
                None => {
                    found[node].1 = at;
                    open.pop();
                }
            }
        }
    }
    found
}
