'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const versions = data.versions;
const NS = 'http://www.w3.org/2000/svg';
const CHAR = 7.3, LINE = 16, PAD = 10, GAP = 18, LAYER = 46, COLUMN = 26;

/* What is shown. Frames are known by their path of titles, so that they stay folded from version to version. */
const shown = { version: versions.length - 1, compare: false, folded: new Set() };

/* --- drawing ------------------------------------------------------------------------------------------------ */

function element(name, attributes, parent, text) {
  const it = document.createElementNS(NS, name);
  for (const key in attributes) it.setAttribute(key, attributes[key]);
  if (text !== undefined) it.textContent = text;
  if (parent) parent.appendChild(it);
  return it;
}

function words(lines, x, y, parent, attributes) {
  lines.forEach((line, at) => element('text', { x, y: y + at * LINE, ...attributes }, parent, line));
}

function split(text) {
  return text ? text.split('\n') : [];
}

function width(lines) {
  return Math.max(0, ...lines.map((line) => line.length)) * CHAR;
}

/* Every layout is { w, h, draw(parent, x, y) }. */

function frame(it, path, parts) {
  const folded = shown.folded.has(path);
  const title = (folded ? '▸ ' : '▾ ') + (it.title || '…');
  const lines = split(title);
  const inside = folded ? null : parts();
  const head = lines.length * LINE + PAD;
  const w = Math.max(width(lines), inside ? inside.w : 0) + 2 * PAD;
  const h = head + (inside && inside.h ? inside.h + PAD : 0) + PAD / 2;
  return {
    w, h,
    draw(parent, x, y) {
      const g = element('g', { class: 'frame ' + it.kind + mark(it), transform: `translate(${x} ${y})` }, parent);
      element('rect', { width: w, height: h, rx: 4 }, g);
      words(lines, PAD, LINE, g, { class: 'title', 'data-path': path });
      if (it.detail) element('title', {}, g, it.detail);
      if (inside) inside.draw(g, (w - inside.w) / 2, head);
    },
  };
}

/* Parts below each other, with arrows between them. */
function stack(parts) {
  const w = Math.max(0, ...parts.map((part) => part.w));
  const h = parts.reduce((sum, part) => sum + part.h, 0) + GAP * Math.max(0, parts.length - 1);
  return {
    w, h,
    draw(parent, x, y) {
      parts.forEach((part, at) => {
        part.draw(parent, x + (w - part.w) / 2, y);
        y += part.h;
        if (at + 1 < parts.length) {
          const middle = x + w / 2;
          element('path', { d: `M${middle} ${y}L${middle} ${y + GAP}`, stroke: '#8899aa', 'marker-end': 'url(#arrow)' }, parent);
          y += GAP;
        }
      });
    },
  };
}

function block(it, path) {
  if (it.kind === 'step') return step(it);
  if (it.graph) return frame(it, path, () => graph(it.graph, path));
  return frame(it, path, () => stack(it.parts.map((part, at) => block(part, `${path}/${at}:${part.title}`))));
}

function step(it) {
  const lines = split(it.title);
  const w = width(lines) + 2 * PAD, h = lines.length * LINE + PAD;
  return {
    w, h,
    draw(parent, x, y) {
      const g = element('g', { class: 'step' + mark(it), transform: `translate(${x} ${y})` }, parent);
      element('rect', { width: w, height: h, rx: h / 2, fill: '#fff', stroke: '#ccb' }, g);
      words(lines, PAD, LINE, g, {});
    },
  };
}

function node(it, path) {
  if (it.graph) return frame(it, path, () => graph(it.graph, path));
  if (it.inner) return frame({ ...it, kind: 'nested' }, path, () => stack([block(it.inner, path + '/inner')]));
  const lines = split(it.title);
  const extra = it.kind === 'access' ? 3 * PAD : 2 * PAD;
  const w = Math.max(30, width(lines) + extra), h = Math.max(1, lines.length) * LINE + PAD;
  return {
    w, h,
    draw(parent, x, y) {
      const kind = `node ${it.kind}${it.transient ? ' transient' : ''}${mark(it)}`;
      const g = element('g', { class: kind, transform: `translate(${x} ${y})` }, parent);
      if (it.kind === 'access') {
        element('ellipse', { class: 'shape', cx: w / 2, cy: h / 2, rx: w / 2, ry: h / 2 }, g);
      } else {
        element('path', { class: 'shape', d: outline(it.kind, w, h) }, g);
      }
      const left = it.kind === 'access' ? (w - width(lines)) / 2 : PAD;
      words(lines, left, LINE + 1, g, {});
      if (it.detail) element('title', {}, g, it.detail);
    },
  };
}

/* Entries are narrow at the top, exits at the bottom. */
function outline(kind, w, h) {
  const cut = 8;
  if (kind === 'entry') return `M${cut} 0L${w - cut} 0L${w} ${h}L0 ${h}Z`;
  if (kind === 'exit') return `M0 0L${w} 0L${w - cut} ${h}L${cut} ${h}Z`;
  return `M0 0L${w} 0L${w} ${h}L0 ${h}Z`;
}

/* Dataflow in layers: every node below those that lead to it, near the middle of its neighbours. */
function graph(it, path) {
  const nodes = it.nodes.map((node_, at) => ({ it: node_, at, layer: 0, into: [], from: [], box: node(node_, `${path}/${node_.title}#${at}`) }));
  const byId = new Map(nodes.map((node_) => [node_.it.id, node_]));
  const edges = it.edges.map((edge) => ({ it: edge, src: byId.get(edge.from), dst: byId.get(edge.to) })).filter((edge) => edge.src && edge.dst);
  for (const edge of edges) { edge.src.into.push(edge.dst); edge.dst.from.push(edge.src); }
  assignLayers(nodes);
  const layers = [];
  for (const node_ of nodes) (layers[node_.layer] ||= []).push(node_);
  order(layers);
  return place(layers, edges);
}

function assignLayers(nodes) {
  const waiting = new Map(nodes.map((node_) => [node_, node_.from.length]));
  const ready = nodes.filter((node_) => node_.from.length === 0);
  while (ready.length) {
    const node_ = ready.shift();
    for (const next of node_.into) {
      next.layer = Math.max(next.layer, node_.layer + 1);
      waiting.set(next, waiting.get(next) - 1);
      if (waiting.get(next) === 0) ready.push(next);
    }
  }
  /* Sources stand directly above what they lead to. */
  for (const node_ of nodes) {
    if (node_.from.length === 0 && node_.into.length) node_.layer = Math.min(...node_.into.map((next) => next.layer)) - 1;
  }
  const least = Math.min(0, ...nodes.map((node_) => node_.layer));
  for (const node_ of nodes) node_.layer = Math.max(0, node_.layer - least);
}

function order(layers) {
  for (let at = 0; at < layers.length; at++) layers[at] ||= [];
  const number = () => layers.forEach((layer) => layer.forEach((node_, at) => { node_.order = (at + 0.5) / layer.length; }));
  const middle = (all, otherwise) => (all.length ? all.reduce((sum, node_) => sum + node_.order, 0) / all.length : otherwise);
  number();
  for (let round = 0; round < 6; round++) {
    const down = round % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      layer.forEach((node_) => { node_.wish = middle(down ? node_.from : node_.into, node_.order); });
      layer.sort((a, b) => a.wish - b.wish || a.at - b.at);
      layer.forEach((node_, at) => { node_.order = (at + 0.5) / layer.length; });
    }
    number();
  }
}

function place(layers, edges) {
  const widths = layers.map((layer) => layer.reduce((sum, node_) => sum + node_.box.w, 0) + COLUMN * Math.max(0, layer.length - 1));
  const labels = Math.max(0, ...edges.map((edge) => edge.it.label.length * 6));
  const w = Math.max(0, ...widths) + labels;
  let y = 0, below = 0;
  layers.forEach((layer, at) => {
    let x = (w - widths[at]) / 2;
    const tallest = Math.max(0, ...layer.map((node_) => node_.box.h));
    for (const node_ of layer) {
      node_.x = x;
      node_.y = y + (tallest - node_.box.h) / 2;
      x += node_.box.w + COLUMN;
    }
    /* Labels of edges to one node stand below each other. */
    const next = layers[at + 1] || [];
    below = LAYER + 11 * Math.max(0, ...next.map((node_) => node_.from.length - 1));
    y += tallest + below;
  });
  attach(edges);
  const h = Math.max(0, y - below);
  return {
    w, h,
    draw(parent, x, y_) {
      const g = element('g', { transform: `translate(${x} ${y_})` }, parent);
      for (const edge of edges) drawEdge(edge, g);
      for (const layer of layers) for (const node_ of layer) node_.box.draw(g, node_.x, node_.y);
    },
  };
}

/* Edges at one side of a node are spread over it, in the order of their other ends. */
function attach(edges) {
  const spread = (end, other) => {
    const groups = new Map();
    for (const edge of edges) groups.set(edge[end], [...(groups.get(edge[end]) || []), edge]);
    for (const [node_, group] of groups) {
      group.sort((a, b) => a[other].x + a[other].box.w / 2 - b[other].x - b[other].box.w / 2);
      group.forEach((edge, at) => {
        edge[end + 'X'] = node_.x + (node_.box.w * (at + 1)) / (group.length + 1);
        edge[end + 'At'] = at - (group.length - 1) / 2;
      });
    }
  };
  spread('src', 'dst');
  spread('dst', 'src');
}

function drawEdge(edge, parent) {
  const [x1, y1] = [edge.srcX, edge.src.y + edge.src.box.h];
  const [x2, y2] = [edge.dstX, edge.dst.y];
  const bend = Math.max(14, (y2 - y1) / 2);
  const d = `M${x1} ${y1}C${x1} ${y1 + bend},${x2} ${y2 - bend},${x2} ${y2}`;
  const g = element('g', { class: 'edge' }, parent);
  element('path', { class: 'wide', d }, g);
  element('path', { class: 'thin' + (edge.it.label ? '' : ' order'), d, 'marker-end': 'url(#arrow)' }, g);
  element('text', { x: (x1 + x2) / 2 + 4, y: (y1 + y2) / 2 + 4 + edge.dstAt * 12 }, g, edge.it.label);
  element('title', {}, g, edge.it.detail);
}

/* --- what a pass changed ------------------------------------------------------------------------------------ */

let others = null, othersMark = '';

function signature(it) {
  return it.kind + '|' + it.title + '|' + (it.detail || '');
}

function signatures(it, into) {
  into.add(signature(it));
  for (const part of it.parts || []) signatures(part, into);
  for (const node_ of it.graph ? it.graph.nodes : []) signatures(node_, into);
  if (it.inner) signatures(it.inner, into);
  return into;
}

function mark(it) {
  return others && !others.has(signature(it)) ? othersMark : '';
}

/* --- panes -------------------------------------------------------------------------------------------------- */

const panes = { before: { box: null }, after: { box: null } };

function render(pane, version, other, marking, keep) {
  const root = document.getElementById(pane);
  root.textContent = '';
  const svg = element('svg', { xmlns: NS }, root);
  const defs = element('defs', {}, svg);
  const arrow = element('marker', { id: 'arrow', markerWidth: 8, markerHeight: 6, refX: 8, refY: 3, orient: 'auto' }, defs);
  element('path', { d: 'M0 0L8 3L0 6z', fill: '#555' }, arrow);
  others = other === null ? null : signatures(versions[other].graph, new Set());
  othersMark = marking;
  const it = versions[version].graph;
  const whole = block(it, it.title);
  whole.draw(svg, 0, 0);
  const state = panes[pane];
  state.svg = svg;
  state.size = [whole.w, whole.h];
  if (!keep || !state.box) state.box = fitted(root, state.size);
  show(state);
  listen(svg, state);
}

function fitted(root, [w, h]) {
  const [pw, ph] = [root.clientWidth || 800, root.clientHeight || 600];
  const scale = Math.min(1.5, (pw - 20) / w, (ph - 20) / h);
  const [bw, bh] = [pw / scale, ph / scale];
  return [(w - bw) / 2, Math.min(-10, (h - bh) / 2), bw, bh];
}

function show(state) {
  state.svg.setAttribute('viewBox', state.box.join(' '));
}

function listen(svg, state) {
  svg.addEventListener('wheel', (event) => {
    event.preventDefault();
    const factor = Math.exp(event.deltaY * 0.0015);
    const area = svg.getBoundingClientRect();
    const [x, y, w, h] = state.box;
    const px = x + ((event.clientX - area.left) / area.width) * w;
    const py = y + ((event.clientY - area.top) / area.height) * h;
    state.box = [px - (px - x) * factor, py - (py - y) * factor, w * factor, h * factor];
    show(state);
  }, { passive: false });
  svg.addEventListener('pointerdown', (start) => {
    const [x, y, w, h] = state.box;
    const area = svg.getBoundingClientRect();
    const move = (event) => {
      state.box = [x - ((event.clientX - start.clientX) / area.width) * w, y - ((event.clientY - start.clientY) / area.height) * h, w, h];
      show(state);
    };
    const stop = () => { window.removeEventListener('pointermove', move); window.removeEventListener('pointerup', stop); };
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', stop);
  });
  svg.addEventListener('click', (event) => {
    const path = event.target.getAttribute && event.target.getAttribute('data-path');
    if (!path) return;
    if (!shown.folded.delete(path)) shown.folded.add(path);
    draw(true);
  });
}

function draw(keep) {
  const { version } = shown;
  const compare = shown.compare && version > 0;
  const before = document.getElementById('before');
  before.hidden = !compare;
  if (compare) render('before', version - 1, version, ' gone', keep);
  render('after', version, compare ? version - 1 : null, ' new', keep);
  document.getElementById('version').value = version;
  document.getElementById('compare').checked = shown.compare;
}

/* --- controls ----------------------------------------------------------------------------------------------- */

function paths(it, path, into) {
  if (it.parts || it.graph || it.inner) into.add(path);
  (it.parts || []).forEach((part, at) => paths(part, `${path}/${at}:${part.title}`, into));
  (it.graph ? it.graph.nodes : []).forEach((node_, at) => paths(node_, `${path}/${node_.title}#${at}`, into));
  if (it.inner) paths(it.inner, path + '/inner', into);
  return into;
}

function foldAll() {
  const { graph: it } = versions[shown.version];
  shown.folded = paths(it, it.title, new Set());
  shown.folded.delete(it.title);
}

function go(version) {
  shown.version = Math.min(versions.length - 1, Math.max(0, version));
  draw(false);
}

/* The address can say what to show: #version=2&compare&fold */
function fromAddress() {
  for (const word of location.hash.slice(1).split('&')) {
    const [key, value] = word.split('=');
    if (key === 'version') shown.version = Math.min(versions.length - 1, Math.max(0, Number(value) || 0));
    if (key === 'compare') shown.compare = true;
    if (key === 'fold') foldAll();
  }
}

const select = document.getElementById('version');
versions.forEach((version, at) => {
  const option = document.createElement('option');
  option.value = at;
  option.textContent = `${at}. ${version.title}`;
  select.appendChild(option);
});
select.addEventListener('change', () => go(Number(select.value)));
document.getElementById('earlier').addEventListener('click', () => go(shown.version - 1));
document.getElementById('later').addEventListener('click', () => go(shown.version + 1));
document.getElementById('compare').addEventListener('change', (event) => { shown.compare = event.target.checked; draw(false); });
document.getElementById('fold').addEventListener('click', () => { foldAll(); draw(false); });
document.getElementById('unfold').addEventListener('click', () => { shown.folded.clear(); draw(false); });
document.getElementById('fit').addEventListener('click', () => draw(false));
window.addEventListener('resize', () => draw(false));
window.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowLeft') go(shown.version - 1);
  if (event.key === 'ArrowRight') go(shown.version + 1);
  if (event.key === '0') draw(false);
  if (event.key === 'c') { shown.compare = !shown.compare; draw(false); }
});
fromAddress();
draw(false);
