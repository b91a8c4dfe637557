//! Random programs that are valid, for round trips through files: every block, node and memlet in odd combinations.
//!
//! A program is decided by a list of bytes, which shrink well: where the list ends, every choice is the first one.

use crate::Sdfg;
use proptest::collection::vec;
use proptest::prelude::*;
use std::fmt::Write;

/// Random valid programs.
pub(super) fn programs() -> impl Strategy<Value = Sdfg> {
    vec(any::<u8>(), 0..120).prop_map(|bytes| {
        let text = Generator { bytes, at: 0, text: HEAD.to_owned(), labels: 0, loops: Vec::new() }.program();
        crate::text::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    })
}

const HEAD: &str = "\
sdfg program(A, B, c, n, far) -> (__return, total) timer {
  symbol N: int64
  symbol k: int64
  symbol m: int32
  data A: float64[N]
  data B: float32[N, 4]
  data c: int32[8]
  data n: int64
  data far: float64[N] offset [-1]
  data __return: float64[4]
  data total: float64
  transient t: float64[N] heap
  transient s: float64 call
  transient w: float32[4, 4] strides [1, 4] register persistent
  transient q: stream float64 state
  transient Q: stream float64[3] capacity (4)
  transient h: float32x4[N]
  transient z: float64 state zeroed
  view shown: float64[2, 2]
  reference r: float64[4]
  constant table: float64[4] = [0.5, -1.5, 1e300, @inf]

  assign k = 1, m = int32(2)
  state begin timer {
    n0 = access z
    n0 -> n1: z to [1]
    n1 = access far
  }
";

struct Generator {
    bytes: Vec<u8>,
    at: usize,
    text: String,
    labels: usize,
    /// Variables of the counted loops around; `None` for others.
    loops: Vec<Option<String>>,
}

impl Generator {
    fn program(mut self) -> String {
        self.region(0);
        self.text += "}\n";
        self.text
    }

    fn pick(&mut self, count: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % count
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.pick(all.len())]
    }

    fn label(&mut self) -> String {
        self.labels += 1;
        format!("b{}", self.labels)
    }

    fn line(&mut self, text: &str) {
        // A `String` accepts everything that is written to it.
        let _ = writeln!(self.text, "{text}");
    }

    fn region(&mut self, depth: usize) {
        for _ in 0..self.pick(5) {
            self.block(depth);
        }
    }

    fn block(&mut self, depth: usize) {
        let kinds = if depth < 3 { 15 } else { 12 };
        match self.pick(kinds) {
            0 => self.map(),
            1 => self.copy(),
            2 => self.value(),
            3 => self.reduce(),
            4 => self.assign(),
            5 if !self.loops.is_empty() => {
                let jump = self.one_of(&["break", "continue"]);
                let condition = self.condition();
                self.line(&format!("if {condition} {{ {jump} }}"));
            }
            5 => self.nested(),
            6 => self.view(),
            7 => self.reference(),
            8 => self.stream(),
            9 => self.constant(),
            10 => self.vector(),
            11 => self.ranged(),
            12 => self.conditional(depth),
            13 => self.repeat(depth),
            _ => self.map(),
        }
    }

    /// An element that exists for every size of the arrays.
    fn index(&mut self) -> String {
        let counted: Vec<String> = self.loops.iter().flatten().cloned().collect();
        match self.pick(2 + counted.len()) {
            0 => "0".to_owned(),
            1 => "k % 3".to_owned(),
            at => format!("{} % 4", counted[at - 2]),
        }
    }

    /// A value of type float64 made of the connectors `a: float64` and `b: float32`.
    fn float(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self
                .one_of(&["a", "float64(b)", "2.5", "-0.0", "1e300", "float64($k)", "@inf"])
                .to_owned();
        }
        let (x, y) = (self.float(depth - 1), self.float(depth - 1));
        match self.pick(9) {
            0 => format!("({x} + {y})"),
            1 => format!("({x} - {y})"),
            2 => format!("({x}*{y})"),
            3 => format!("(-{x})"),
            4 => format!("({x} if {} else {y})", self.test(depth - 1)),
            5 => format!("sqrt(abs({x}))"),
            6 => format!("min({x}, {y})"),
            7 => format!("float64(float32({x})*b)"),
            _ => format!("float64({})", self.integer(depth - 1)),
        }
    }

    /// A value of type int64.
    fn integer(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.one_of(&["3", "$k", "$(2*k + N//2)", "int64(a)", "int64(7i32)"]).to_owned();
        }
        let (x, y) = (self.integer(depth - 1), self.integer(depth - 1));
        match self.pick(4) {
            0 => format!("({x} + {y})"),
            1 => format!("({x} // 3)"),
            2 => format!("({x} & {y})"),
            _ => format!("max({x}, {y})"),
        }
    }

    fn test(&mut self, depth: usize) -> String {
        let (x, y) = (self.float(depth), self.float(depth));
        match self.pick(4) {
            0 => format!("({x} < {y})"),
            1 => format!("(not {x} == {y})"),
            2 => format!("($k > 2 and {x} >= 0.0)"),
            _ => format!("($k == 1 or {x} != {y})"),
        }
    }

    /// A condition on control flow.
    fn condition(&mut self) -> String {
        self.one_of(&[
            "n > 3",
            "$k < 4",
            "not s > 1.5",
            "A[$(k % 3)] < 0.5 and $m == 2",
            "float64(c[2]) >= total",
            "n % 2 == 0 or $N > 5",
        ])
        .to_owned()
    }

    fn map(&mut self) {
        let label = self.label();
        let range = self.one_of(&["0:N", "1:N - 1", "0:N:2", "0:min(N, k + 3)"]);
        let schedule = self.one_of(&["", " sequential", " multicore"]);
        let (value, column) = (self.float(2), self.one_of(&["0", "k % 4", "3"]));
        let wcr = self.one_of(&["", " wcr sum", " wcr max"]);
        self.line(&format!(
            "state {label} {{
    n0 = access A
    n1 = access B
    n0 -> n2.IN_A: A[0:N]
    n1 -> n2.IN_B: B[0:N, {column}]
    n2 = map {label}(i in {range}){schedule} {{
      n2.OUT_A -> n3.a: A[i]
      n2.OUT_B -> n3.b: B[i, {column}]
      n3 = tasklet f(a: float64, b: float32) -> (o: float64) {{ o = {value} }}
      n3.o -> n4.IN_t: t[i]{wcr}
    }} n4
    n4.OUT_t -> n5: t[0:N]{wcr}
    n5 = access t
  }}"
        ));
    }

    /// A map whose range comes from data.
    fn ranged(&mut self) {
        let (label, value) = (self.label(), self.one_of(&["a", "float64($count)", "a*2.0"]));
        let timer = self.one_of(&["", " timer"]);
        let volume = self.one_of(&["", " volume (2*N)", " volume (0)"]);
        let (start, stop) =
            (self.one_of(&["0", "k % 3"]), self.one_of(&["1:count", "count:N + 1", "1:N + 1:count"]));
        self.line(&format!(
            "state {label} {{
    n0 = access c
    n1 = access A
    n0 -> n2.count: c[{start}]
    n1 -> n2.IN_A: A[0:N]{volume}
    n2 = map {label}(i in {stop}){timer} {{
      n2.OUT_A -> n3.a: A[i - 1]
      n3 = tasklet f(a: float64) -> (b: float64) {{ b = {value} }}
      n3.b -> n4.IN_far: far[i] dynamic
    }} n4
    n4.OUT_far -> n5: far[1:N + 1] dynamic{volume}
    n5 = access far
  }}"
        ));
    }

    fn copy(&mut self) {
        let label = self.label();
        let (from, to, memlet) = [
            ("A", "t", "A[0:N] to [0:N]"),
            ("t", "A", "t[0:N - 1] to [1:N]"),
            ("B", "w", "B[0:4, 0:4] to [0:4, 0:4]"),
            ("w", "B", "w[3:-1:-1, 2] to [0:4, 1]"),
            ("A", "__return", "A[0:4] to [0:4]"),
            ("A", "A", "A[0:2] to [4:6]"),
        ][self.pick(6)];
        self.line(&format!(
            "state {label} {{\n    n0 = access {from}\n    n0 -> n1: {memlet}\n    n1 = access {to}\n  }}"
        ));
    }

    /// Reads through a view, or writes.
    fn view(&mut self) {
        let label = self.label();
        let lines = self.one_of(&[
            "n0 = access A\n n0 -> n1.views: A[0:4]\n n1 = access shown\n n1 -> n2: shown[1, 0:2] to [0:2]\n n2 = access t",
            "n0 = access t\n n0 -> n1.views: t[k % 2:k % 2 + 4]\n n1 = access shown\n n1 -> n2: shown[0, 1] to []\n n2 = access s",
            "n0 = access t\n n0 -> n1: t[0:4] to [0:2, 0:2]\n n1 = access shown\n n1.views -> n2: __return[0:4]\n\
             n2 = access __return",
        ]);
        self.line(&format!("state {label} {{\n{lines}\n}}"));
    }

    fn reference(&mut self) {
        let (first, second) = (self.label(), self.label());
        let (name, at) = (self.one_of(&["A", "t"]), self.one_of(&["0", "k % 3"]));
        self.line(&format!(
            "state {first} {{\n n0 = access {name}\n n0 -> n1.set: {name}[{at}:{at} + 4]\n n1 = access r\n}}
             state {second} {{\n n0 = access r\n n0 -> n1: r[0:2] to [2:4]\n n1 = access __return\n}}"
        ));
    }

    fn stream(&mut self) {
        let (label, other) = (self.label(), self.label());
        let until = self.one_of(&["", " until (s > 1.5)", " until (A[0] > 2.0 or total == 1e300)"]);
        let (wcr, value) = (self.one_of(&["sum", "(old*new + 1.5)", "(max(old, new)*2.0)"]), self.float(1));
        let value = value.replace("float64(b)", "a").replace("*b)", ")");
        self.line(&format!(
            "state {label} {{
    n0 = access A
    n0 -> n1: A[0:2] to []
    n1 = access q
    n1 -> n2.IN_stream: q
    n2 = consume {label}(p in 0:2){until} {{
      n2.OUT_stream -> n3.a: q
      n3 = tasklet f(a: float64) -> (o: float64) {{ o = {value} }}
      n3.o -> n4.IN_total: total wcr {wcr}
    }} n4
    n4.OUT_total -> n5: total wcr {wcr}
    n5 = access total
  }}
  state {other} {{
    n0 = access t
    n0 -> n1: t[1:3] to [k % 3]
    n1 = access Q
  }}"
        ));
    }

    fn constant(&mut self) {
        let (label, index) = (self.label(), self.one_of(&["0", "3", "k % 4"]));
        self.line(&format!(
            "state {label} {{\n n0 = access table\n n0 -> n1.x: table[{index}]\n\
             n1 = tasklet g(x: float64) -> (o: float64) {{ o = x + 1.0 }}\n n1.o -> n2: s\n n2 = access s\n}}"
        ));
    }

    fn vector(&mut self) {
        let label = self.label();
        let value =
            self.one_of(&["x*x + float32x4(0.5f32)", "max(x, -x)", "sqrt(x)/x", "float32x4(float32($k))"]);
        self.line(&format!(
            "state {label} {{\n n0 = access h\n n0 -> n1.x: h[0]\n\
             n1 = tasklet g(x: float32x4) -> (o: float32x4) {{ o = {value} }}\n n1.o -> n2: h[N - 1]\n n2 = access h\n}}"
        ));
    }

    fn value(&mut self) {
        let (label, index) = (self.label(), self.index());
        let target = self.one_of(&["s", "total"]);
        let (value, other, test) = (self.float(2), self.float(1), self.test(1));
        let body = match self.pick(3) {
            0 => format!("{{ o = {value} }}"),
            1 => format!(
                "{{\n      if {test} {{\n        o = {value}\n      }} else {{\n        o = {other}\n      }}\n    }}"
            ),
            _ => format!("{{\n      v = {value}\n      o = v + a\n    }}"),
        };
        self.line(&format!(
            "state {label} {{
    n0 = access A
    n1 = access B
    n0 -> n2.a: A[{index}]
    n1 -> n2.b: B[{index}, 0]
    n2 = tasklet g(a: float64, b: float32) -> (o: float64) {body}
    n2.o -> n3: {target}
    n3 = access {target}
  }}"
        ));
    }

    fn reduce(&mut self) {
        let label = self.label();
        let wcr = self.one_of(&["sum", "product", "min", "max"]);
        let accumulate = self.one_of(&["", ", accumulate = True"]);
        self.line(&format!(
            "state {label} {{
    n0 = access t
    n0 -> n1._in: t[0:N]
    n1 = library r Reduce(wcr = \"{wcr}\"{accumulate})
    n1._out -> n2: total
    n2 = access total
  }}"
        ));
    }

    fn assign(&mut self) {
        let value = self.one_of(&[
            "k = $(k + 1)",
            "k = n % 5",
            "k = int64(c[$(k % 8)])",
            "m = int32($k), k = int64($m)",
        ]);
        self.line(&format!("assign {value}"));
    }

    fn nested(&mut self) {
        let label = self.label();
        let value = self.one_of(&["a*2.0", "a + float64($L)", "min(a, float64($k))"]);
        self.line(&format!(
            "state {label} {{
    n0 = access A
    n0 -> n1.x: A[0:N]
    n1 = nested (x) -> (y) with [L = N, k = k + 1] sdfg inner(x, y) {{
      symbol L: int64
      symbol k: int64
      data x: float64[L]
      data y: float64[L]

      state only {{
        n0 = access x
        n0 -> n1.a: x[k % 2]
        n1 = tasklet h(a: float64) -> (o: float64) {{ o = {value} }}
        n1.o -> n2: y[0]
        n2 = access y
      }}
    }}
    n1.y -> n2: t[0:N]
    n2 = access t
  }}"
        ));
    }

    fn conditional(&mut self, depth: usize) {
        let condition = self.condition();
        self.line(&format!("if {condition} {{"));
        self.region(depth + 1);
        for _ in 0..self.pick(2) {
            let condition = self.condition();
            self.line(&format!("}} elif {condition} {{"));
            self.region(depth + 1);
        }
        if self.pick(2) == 1 {
            self.line("} else {");
            self.region(depth + 1);
        }
        self.line("}");
    }

    fn repeat(&mut self, depth: usize) {
        let label = self.label();
        let kind = self.pick(4);
        let (open, close, counter) = match kind {
            0 | 1 => {
                let range = self.one_of(&["0:3", "N - 1:-1:-1", "0:k + 2", "1:N:2"]);
                let variable = format!("i{}", self.labels);
                (format!("loop {label} for {variable} in {range} {{"), "}".to_owned(), Some(variable))
            }
            2 => (format!("loop {label} while {} {{", self.condition()), "}".to_owned(), None),
            _ => (format!("loop {label} do {{"), format!("}} while {}", self.condition()), None),
        };
        self.line(&open);
        self.loops.push(counter);
        self.region(depth + 1);
        self.loops.pop();
        self.line(&close);
    }
}
