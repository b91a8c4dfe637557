//! SDFGs for Graphviz.
//!
//! Blocks of control flow, map scopes and nested SDFGs are clusters; dataflow edges carry their memlets, dashed edges
//! show the order of blocks. Ovals are containers (dashed if internal to the program), trapezia open and close maps.

use crate::drawing::{self, Shape};
use crate::text::outline::{Item, outline};
use crate::{Block, Node, NodeId, Region, Sdfg, State};
use std::fmt::Write;

/// The picture of an SDFG as text in Graphviz's language, DOT.
pub fn to_dot(sdfg: &Sdfg) -> String {
    let mut printer = Printer::default();
    printer.line("digraph sdfg {");
    printer.depth = 1;
    printer.line("compound = true; newrank = true; fontname = Helvetica;");
    printer.line("node [fontname = Helvetica, fontsize = 11]; edge [fontname = Helvetica, fontsize = 9];");
    printer.cluster(&signature(sdfg), "solid", |this| this.region(sdfg, &sdfg.body));
    printer.depth = 0;
    printer.line("}");
    printer.out
}

fn signature(sdfg: &Sdfg) -> String {
    let arguments: Vec<String> = sdfg
        .arguments
        .iter()
        .chain(&sdfg.returns)
        .map(|name| sdfg.container(name).map_or_else(|| name.to_string(), |data| format!("{name}: {data}")))
        .collect();
    format!("{}({})", sdfg.name, arguments.join(", "))
}

#[derive(Default)]
struct Printer {
    out: String,
    depth: usize,
    clusters: usize,
    anchors: usize,
    states: usize,
}

/// A cluster, with the invisible node in it at which edges between clusters are attached.
#[derive(Clone, Copy)]
struct Cluster {
    number: usize,
    anchor: usize,
}

impl Printer {
    fn line(&mut self, text: &str) {
        // A `String` accepts everything that is written to it.
        let _ = writeln!(self.out, "{:width$}{text}", "", width = 2 * self.depth);
    }

    fn cluster(&mut self, label: &str, style: &str, inside: impl FnOnce(&mut Self)) -> Cluster {
        let cluster = Cluster { number: self.clusters, anchor: self.anchors };
        self.clusters += 1;
        self.anchors += 1;
        self.line(&format!("subgraph cluster{} {{", cluster.number));
        self.depth += 1;
        self.line(&format!("label = {}; style = {style};", Escaped(label)));
        self.line(&format!("a{} [style = invis, shape = point, width = 0];", cluster.anchor));
        inside(self);
        self.depth -= 1;
        self.line("}");
        cluster
    }

    fn region(&mut self, sdfg: &Sdfg, region: &Region) {
        let mut last: Option<Cluster> = None;
        for block in &region.blocks {
            let next = self.block(sdfg, block);
            if let Some(last) = last {
                self.line(&format!(
                    "a{} -> a{} [ltail = cluster{}, lhead = cluster{}, style = dashed];",
                    last.anchor, next.anchor, last.number, next.number
                ));
            }
            last = Some(next);
        }
    }

    fn block(&mut self, sdfg: &Sdfg, block: &Block) -> Cluster {
        match block {
            Block::State(state) => self.cluster(&state.label, "filled", |this| {
                this.line("fillcolor = \"#f4f8ff\";");
                let number = this.states;
                this.states += 1;
                this.state(sdfg, state, number);
            }),
            Block::Assign(all) => self.cluster(&drawing::assignments(all), "rounded", |_| {}),
            Block::Loop(it) => {
                self.cluster(&drawing::repeat(it), "solid", |this| this.region(sdfg, &it.body))
            }
            Block::Conditional(it) => self.cluster("", "dotted", |this| {
                for (at, branch) in it.branches.iter().enumerate() {
                    let label = drawing::branch(branch, at == 0);
                    this.cluster(&label, "solid", |this| this.region(sdfg, &branch.body));
                }
            }),
            Block::Machine(it) => self.cluster(&it.label, "solid", |this| {
                for (at, vertex) in it.vertices.iter().enumerate() {
                    let label = drawing::vertex(it, at);
                    this.cluster(&label, "solid", |this| this.region(sdfg, &vertex.body));
                }
            }),
            Block::Effect(it) => self.cluster(&drawing::effect(it), "rounded", |_| {}),
            Block::Break => self.cluster("break", "rounded", |_| {}),
            Block::Continue => self.cluster("continue", "rounded", |_| {}),
            Block::Return => self.cluster("return", "rounded", |_| {}),
        }
    }

    fn state(&mut self, sdfg: &Sdfg, state: &State, number: usize) {
        self.items(sdfg, state, number, &outline(state));
        for edge in state.edges() {
            let style = if edge.memlet().is_some() { "" } else { ", style = dotted" };
            let label = Escaped(&drawing::edge(edge)).to_string();
            self.line(&format!(
                "{} -> {} [label = {label}{style}];",
                id(number, edge.src),
                id(number, edge.dst)
            ));
        }
    }

    fn items(&mut self, sdfg: &Sdfg, state: &State, number: usize, items: &[Item]) {
        for item in items {
            match item {
                Item::Node(node) => self.node(sdfg, state, number, *node),
                Item::Scope { entry, inside, exit } => {
                    let label = state.node(*entry).as_map().map(|map| map.label.clone()).unwrap_or_default();
                    self.cluster(&label, "dotted", |this| {
                        this.node(sdfg, state, number, *entry);
                        this.items(sdfg, state, number, inside);
                        this.node(sdfg, state, number, *exit);
                    });
                }
            }
        }
    }

    fn node(&mut self, sdfg: &Sdfg, state: &State, number: usize, node: NodeId) {
        let drawn = drawing::node(sdfg, state, state.node(node));
        let shape = match drawn.shape {
            Shape::Oval => "ellipse",
            Shape::Box => "box",
            Shape::Opening => "trapezium",
            Shape::Closing => "invtrapezium",
        };
        let style = if drawn.transient { ", style = dashed" } else { "" };
        self.line(&format!(
            "{} [label = {}, shape = {shape}{style}];",
            id(number, node),
            Escaped(&drawn.text)
        ));
        if let Node::Nested(nested) = state.node(node) {
            let inner = &nested.sdfg;
            self.cluster(&signature(inner), "solid", |this| this.region(inner, &inner.body));
        }
    }
}

fn id(state: usize, node: NodeId) -> String {
    format!("s{state}_{node}")
}

/// A text in quotes; lines are flushed left.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let newline = if self.0.contains('\n') { "\\l" } else { "" };
        let text = self.0.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\l");
        write!(f, "\"{text}{newline}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_scopes_and_memlets_are_drawn() {
        let text = r#"sdfg f(x) {
  symbol N: int64
  data x: float64[N]
  transient t: float64

  loop l for k in 0:N {
    state s {
      n0 = access x
      n0 -> n1.IN_x: x[0:N]
      n1 = map m(i in 0:N) {
        n1.OUT_x -> n2.a: x[i]
        n2 = tasklet t(a: float64) -> (b: float64) { b = a }
        n2.b -> n3.IN_t: t
      } n3
      n3.OUT_t -> n4: t
      n4 = access t
    }
    assign N = 1, k = 2
    break
  }
}
"#;
        let dot = to_dot(&crate::text::parse(text).unwrap());
        for expected in [
            "label = \"f(x: float64[N])\"; style = solid;",
            "label = \"for k in 0:N\"",
            "s0_n2 [label = \"b = a\", shape = box];",
            "s0_n4 [label = \"t\", shape = ellipse, style = dashed];",
            "s0_n1 -> s0_n2 [label = \"x[i]\"];",
            "label = \"N = 1\\lk = 2\\l\"; style = rounded;",
            "a2 -> a4 [ltail = cluster2, lhead = cluster4, style = dashed];",
        ] {
            assert!(dot.contains(expected), "{expected}\n{dot}");
        }
        assert_eq!(dot.matches('{').count(), dot.matches('}').count());
    }
}
