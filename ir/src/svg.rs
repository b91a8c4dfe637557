//! SDFGs as pictures without Graphviz.
//!
//! Control flow is a tree, so its blocks are drawn as nested frames from top to bottom; each state holds its dataflow,
//! laid out in layers by the `layout-rs` crate. Where Graphviz is present, it makes better pictures of
//! [`to_dot`](crate::dot::to_dot)'s text.

use crate::drawing::{self, Shape};
use crate::text::outline::{flatten, outline};
use crate::{Block, Node, NodeId, Region, Sdfg, State};
use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::Point;
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

const MARGIN: f64 = 10.0;
const LINE: f64 = 18.0;
const FONT: f64 = 13.0;

/// The picture of an SDFG as an SVG document.
pub fn to_svg(sdfg: &Sdfg) -> String {
    let whole = frame(&sdfg.name, "#ffffff", false, &[function(sdfg)]);
    let arrow = "<defs><marker id=\"arrow\" markerWidth=\"8\" markerHeight=\"6\" refX=\"8\" refY=\"3\" \
                 orient=\"auto-start-reverse\"><path d=\"M0 0L8 3L0 6z\"/></marker></defs>";
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
         font-family=\"Helvetica, sans-serif\" font-size=\"{FONT}\">\n{arrow}\n{}</svg>\n",
        whole.body,
        w = whole.width,
        h = whole.height
    )
}

/// A finished part of the picture, with its corner at the origin.
#[derive(Default)]
struct Picture {
    body: String,
    width: f64,
    height: f64,
}

fn function(sdfg: &Sdfg) -> Picture {
    let lines: Vec<String> = sdfg.containers.iter().map(|(name, data)| format!("{name}: {data}")).collect();
    stack(&[words(&lines.join("\n")), region(sdfg, &sdfg.body)])
}

fn region(sdfg: &Sdfg, region: &Region) -> Picture {
    stack(&region.blocks.iter().map(|it| block(sdfg, it)).collect::<Vec<_>>())
}

fn block(sdfg: &Sdfg, block: &Block) -> Picture {
    match block {
        Block::State(it) => {
            let mut parts = vec![state(sdfg, it)];
            for (_, node) in it.nodes() {
                if let Node::Nested(nested) = node {
                    parts.push(frame(&nested.sdfg.name, "#ffffff", true, &[function(&nested.sdfg)]));
                }
            }
            frame(&it.label, "#f4f8ff", false, &parts)
        }
        Block::Assign(all) => words(&drawing::assignments(all)),
        Block::Loop(it) => frame(&drawing::repeat(it), "#ffffff", false, &[region(sdfg, &it.body)]),
        Block::Conditional(it) => {
            let branches = it.branches.iter().enumerate().map(|(at, branch)| {
                frame(&drawing::branch(branch, at == 0), "#ffffff", true, &[region(sdfg, &branch.body)])
            });
            stack(&branches.collect::<Vec<_>>())
        }
        Block::Machine(it) => {
            let vertices = it.vertices.iter().enumerate().map(|(at, vertex)| {
                frame(&drawing::vertex(it, at), "#ffffff", true, &[region(sdfg, &vertex.body)])
            });
            frame(&it.label, "#ffffff", false, &vertices.collect::<Vec<_>>())
        }
        Block::Effect(it) => words(&drawing::effect(it)),
        Block::Break => words("break"),
        Block::Continue => words("continue"),
        Block::Return => words("return"),
    }
}

/// Parts below each other.
fn stack(parts: &[Picture]) -> Picture {
    let mut whole = Picture { body: String::new(), width: 0.0, height: 0.0 };
    for part in parts.iter().filter(|part| part.height > 0.0) {
        let y = if whole.height > 0.0 { whole.height + MARGIN } else { 0.0 };
        whole.body += &format!("<g transform=\"translate(0 {y})\">\n{}</g>\n", part.body);
        whole.width = whole.width.max(part.width);
        whole.height = y + part.height;
    }
    whole
}

/// Parts below each other in a box with a title.
fn frame(title: &str, fill: &str, dashed: bool, parts: &[Picture]) -> Picture {
    let inside = stack(&[words(title), stack(parts)]);
    let (width, height) = (inside.width + 2.0 * MARGIN, inside.height + 2.0 * MARGIN);
    let dash = if dashed { " stroke-dasharray=\"4 3\"" } else { "" };
    let body = format!(
        "<rect width=\"{width}\" height=\"{height}\" rx=\"4\" fill=\"{fill}\" stroke=\"#8899aa\"{dash}/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\">\n{}</g>\n",
        inside.body
    );
    Picture { body, width, height }
}

/// Lines of text.
fn words(text: &str) -> Picture {
    let mut body = String::new();
    let (mut width, mut height) = (0.0, 0.0f64);
    for line in text.lines() {
        height += LINE;
        width = f64::max(width, 0.65 * FONT * line.chars().count() as f64);
        body += &format!("<text x=\"0\" y=\"{}\">{}</text>\n", height - 0.3 * LINE, escape(line));
    }
    Picture { body, width, height }
}

/// The dataflow of a state, in layers.
fn state(sdfg: &Sdfg, state: &State) -> Picture {
    if state.is_empty() {
        return Picture::default();
    }
    let canvas = quietly(|| drawn(sdfg, state, true)).unwrap_or_else(|| drawn(sdfg, state, false));
    Picture { body: canvas.body, width: canvas.width, height: canvas.height }
}

/// The nodes in their layers; `aligned` moves them within these such that edges run straight.
fn drawn(sdfg: &Sdfg, state: &State, aligned: bool) -> Canvas {
    let mut canvas = Canvas::default();
    let mut graph = VisualGraph::new(Orientation::TopToBottom);
    let order = flatten(&outline(state));
    let handles: BTreeMap<NodeId, _> =
        order.iter().map(|&id| (id, graph.add_node(element(sdfg, state, state.node(id))))).collect();
    let places: BTreeMap<NodeId, usize> = order.iter().enumerate().map(|(at, &id)| (id, at)).collect();
    let pairs: BTreeSet<(usize, usize)> = state
        .edges()
        .map(|edge| (places[&edge.src], places[&edge.dst]))
        .map(|(a, b)| (a.min(b), a.max(b)))
        .filter(|(a, b)| a != b)
        .collect();
    for (a, b) in pairs {
        let (src, dst) = (order[a], order[b]);
        graph.add_edge(arrow(state, src, dst), handles[&src], handles[&dst]);
    }
    graph.do_it(false, false, !aligned, &mut canvas);
    canvas
}

/// What `f` gives; `None` if it panics, of which nothing is printed. The library that aligns nodes takes some graphs, whose
/// nodes differ much in width, for impossible.
fn quietly<T>(f: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Mutex<()> = Mutex::new(());
    let _guard = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let (before, own) = (Arc::new(panic::take_hook()), std::thread::current().id());
    let others = Arc::clone(&before);
    panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() != own {
            (**others)(info);
        }
    }));
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    drop(panic::take_hook());
    if let Ok(before) = Arc::try_unwrap(before) {
        panic::set_hook(before);
    }
    result.ok()
}

/// One arrow for all edges between two nodes: the layout takes neither parallel edges nor cycles, which only malformed
/// states have. An edge that leads back from `dst` is an arrow head at `src`.
fn arrow(state: &State, src: NodeId, dst: NodeId) -> Arrow {
    let forward = edges_between(state, src, dst);
    let back = edges_between(state, dst, src);
    let head = |edges: &[_]| if edges.is_empty() { LineEndKind::None } else { LineEndKind::Arrow };
    let (start, end) = (head(&back), head(&forward));
    let labels: Vec<String> = forward.into_iter().chain(back).filter(|label| !label.is_empty()).collect();
    let style = if labels.is_empty() { LineStyleKind::Dotted } else { LineStyleKind::Normal };
    Arrow::new(start, end, style, &labels.join("\n"), &look("white"), &None, &None)
}

fn edges_between(state: &State, src: NodeId, dst: NodeId) -> Vec<String> {
    state.out_edges(src).into_iter().filter(|edge| edge.dst == dst).map(drawing::edge).collect()
}

fn element(sdfg: &Sdfg, state: &State, node: &Node) -> Element {
    let drawn = drawing::node(sdfg, state, node);
    let columns = drawn.text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    let lines = drawn.text.lines().count();
    let size = Point::new(0.65 * FONT * columns as f64 + 30.0, LINE * lines as f64 + 14.0);
    let (shape, fill) = match drawn.shape {
        Shape::Oval if drawn.transient => (ShapeKind::new_circle(&drawn.text), "lightgray"),
        Shape::Oval => (ShapeKind::new_circle(&drawn.text), "lightblue"),
        Shape::Box => (ShapeKind::new_box(&drawn.text), "white"),
        Shape::Opening | Shape::Closing => (ShapeKind::new_box(&drawn.text), "lightyellow"),
    };
    Element::create(shape, look(fill), Orientation::TopToBottom, size)
}

fn look(fill: &str) -> StyleAttr {
    StyleAttr::new(Color::fast("black"), 1, Some(Color::fast(fill)), 3, FONT as usize)
}

/// Takes drawing calls of the layout.
#[derive(Default)]
struct Canvas {
    body: String,
    width: f64,
    height: f64,
}

impl Canvas {
    fn include(&mut self, corner: Point) {
        self.width = self.width.max(corner.x + 2.0);
        self.height = self.height.max(corner.y + 2.0);
    }

    /// Fill and line of a shape.
    fn paint(look: &StyleAttr) -> String {
        let fill = look.fill_color.map_or_else(|| "none".to_owned(), |color| color.to_web_color());
        format!("fill=\"{fill}\" stroke=\"{}\"", look.line_color.to_web_color())
    }
}

impl RenderBackend for Canvas {
    fn draw_rect(
        &mut self,
        at: Point,
        size: Point,
        look: &StyleAttr,
        _properties: Option<String>,
        _clip: Option<ClipHandle>,
    ) {
        self.include(at.add(size));
        let (paint, rounded) = (Canvas::paint(look), look.rounded);
        self.body += &format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{rounded}\" {paint}/>\n",
            at.x, at.y, size.x, size.y
        );
    }

    fn draw_line(&mut self, start: Point, stop: Point, look: &StyleAttr, _properties: Option<String>) {
        self.include(start);
        self.include(stop);
        let paint = Canvas::paint(look);
        self.body += &format!(
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" {paint}/>\n",
            start.x, start.y, stop.x, stop.y
        );
    }

    fn draw_circle(&mut self, center: Point, size: Point, look: &StyleAttr, _properties: Option<String>) {
        let half = size.scale(0.5);
        self.include(center.add(half));
        let paint = Canvas::paint(look);
        self.body += &format!(
            "<ellipse cx=\"{}\" cy=\"{}\" rx=\"{}\" ry=\"{}\" {paint}/>\n",
            center.x, center.y, half.x, half.y
        );
    }

    fn draw_text(&mut self, center: Point, text: &str, _look: &StyleAttr) {
        let lines = text.lines().count() as f64;
        let first = center.y - 0.65 * FONT * (lines - 1.0) + 0.35 * FONT;
        for (at, line) in text.lines().enumerate() {
            let y = first + 1.3 * FONT * at as f64;
            let line = escape(line);
            self.body +=
                &format!("<text x=\"{}\" y=\"{y}\" text-anchor=\"middle\">{line}</text>\n", center.x);
        }
    }

    /// The first pair of points is the start and where the line heads from there; each other pair where the line comes
    /// from, and the point that it reaches.
    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        dashed: bool,
        (tail, head): (bool, bool),
        look: &StyleAttr,
        _properties: Option<String>,
        text: &str,
    ) {
        let [first, second, rest @ ..] = path else { return };
        let mut line = format!(
            "M{} {}C{} {},{} {},{} {}",
            first.0.x, first.0.y, first.1.x, first.1.y, second.0.x, second.0.y, second.1.x, second.1.y
        );
        for (from, to) in rest {
            line += &format!("S{} {},{} {}", from.x, from.y, to.x, to.y);
        }
        for (a, b) in path {
            self.include(*a);
            self.include(*b);
        }
        let dash = if dashed { " stroke-dasharray=\"3 3\"" } else { "" };
        let tail = if tail { " marker-start=\"url(#arrow)\"" } else { "" };
        let head = if head { " marker-end=\"url(#arrow)\"" } else { "" };
        self.body += &format!("<path d=\"{line}\" fill=\"none\" stroke=\"black\"{dash}{tail}{head}/>\n");
        // A label makes the layout put a point on the path, in the middle of the space that it keeps for the label.
        let (from, to) = (first.0, second.1);
        let place = if rest.is_empty() { from.add(to).scale(0.5) } else { path[(path.len() - 1) / 2].1 };
        self.draw_text(place, text, look);
    }

    fn create_clip(&mut self, _at: Point, _size: Point, _rounded: usize) -> ClipHandle {
        0
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::generate::small_sdfgs;
    use proptest::prelude::*;

    #[test]
    fn a_state_is_drawn_with_its_memlets() {
        let text = r#"sdfg f(x) {
  symbol N: int64
  data x: float64[N]
  data y: float64

  loop l for k in 0:N {
    state s {
      n0 = access x
      n0 -> n1.a: x[k]
      n1 = tasklet t(a: float64) -> (b: bool) { b = a < 1.0 }
      n1.b -> n2: y
      n2 = access y
    }
  }
}
"#;
        let svg = to_svg(&crate::text::parse(text).unwrap());
        for expected in
            [">for k in 0:N</text>", ">b = a &lt; 1.0</text>", ">x[k]</text>", "<ellipse", "marker-end"]
        {
            assert!(svg.contains(expected), "{expected}\n{svg}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever the graph is, there is a picture, and the same one each time.
        #[test]
        fn every_graph_has_a_picture(sdfg in small_sdfgs()) {
            let svg = to_svg(&sdfg);
            prop_assert!(!svg.contains("NaN"));
            prop_assert_eq!(svg, to_svg(&sdfg));
        }
    }
}
