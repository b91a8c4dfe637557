//! Random statements with something between the memory outside and the computations: scalars and rows that live inside of
//! a map, views, calls inside of a map, writes that may not happen; over ranges that may be empty.
//!
//! They are texts with holes, since a graph with four nodes in a map is easier to read as text.

use super::ARRAYS;
use dacec_ir::Data;
use dacec_ir::builder::SdfgBuilder;
use proptest::prelude::*;

/// The symbol in the bounds of some ranges, no more than 5 and perhaps negative.
pub(crate) const BOUND: &str = "K";

/// Values of [`BOUND`] with which programs are run.
pub(crate) const BOUNDS: [i64; 2] = [-1, 5];

/// What a statement does.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// `for i: v = source[i + near]/2; target[i + 2] = v + other[i + 2]; D[i + 2, 3] = v*v`
    Scalar,
    /// `for i: v = source[i + 2]; row[0:6] = E[i + 1, 0:6]*v; D[i + 1, l] = row[l] + v` for `l` in another range
    Row,
    /// `target[2:8] = 2*view of source`, or the same into a view of target, or through rows of a matrix
    View,
    /// `v = 1; for i: v = source[i + near]; q = i + 4`, and then `target[q] = v`
    Last,
    /// `for i in 2:8: v = 0; for m: v += E[i, m]*source[m + near]; target[i] = v`
    Inner,
    /// `for i in 2:8: for m: target[i] += E[i, m]*source[m + near]` by a map
    Sums,
    /// `target[…] = source[…]`, between parts of different shapes
    Parts,
    /// `for i: if source[i + near] < 0.5: target[i + 2] = …`, decided in a tasklet
    Sometimes,
    /// `for i: target[i + 2] = other[int(4*source[i + near]) + 3]`, the whole array being passed to a tasklet
    Gather,
    /// `for i: target[i + 2] = f(source[i + near:i + near + 4])`, with names inside of `f` that are also used outside
    Call,
    /// `n[0:6] = 3; for i in 0:5: n[i] or n[i + 1] = 2; for j in 0:n[i]: D[i, j] = source[j + near] + n`, n in memory
    Bound,
    /// `if K + near < 2: fail`, between states or in a loop, `if i + near < 2: fail` in a loop
    Check,
}

const FORMS: [Form; 12] = [
    Form::Scalar,
    Form::Row,
    Form::View,
    Form::Last,
    Form::Inner,
    Form::Sums,
    Form::Parts,
    Form::Sometimes,
    Form::Gather,
    Form::Call,
    Form::Bound,
    Form::Check,
];

/// Ranges whose indices lie between -1 and 8.
const RANGES: [&str; 6] = ["2:8", "2:K + 1", "K:8", "0:K", "1:8:3", "K + 1:7:2"];

/// A statement: what it does, where, and with which variation of the form.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    form: Form,
    target: usize,
    source: usize,
    other: usize,
    near: i64,
    range: usize,
    variation: usize,
}

/// Any of them.
pub(crate) fn scope() -> impl Strategy<Value = Scope> {
    let array = || 0..ARRAYS.len();
    let form = prop::sample::select(&FORMS[..]);
    (form, array(), array(), array(), 1_i64..=4, 0..RANGES.len(), 0_usize..3).prop_map(
        |(form, target, source, other, near, range, variation)| {
            // Iterations of maps write no element that another one reads.
            let near = if source == target { 2 } else { near };
            Scope { form, target, source, other, near, range, variation }
        },
    )
}

impl Scope {
    /// Adds the statement; `at` is part of the names of what it needs.
    pub(crate) fn add(&self, b: &mut SdfgBuilder, at: &str) {
        let text = self.text();
        let holes = [
            ("<target>", ARRAYS[self.target]),
            ("<source>", ARRAYS[self.source]),
            ("<other>", ARRAYS[self.other]),
            ("<near>", &*self.near.to_string()),
            ("<range>", RANGES[self.range]),
            ("<at>", at),
        ];
        let text = holes.iter().fold(text, |text, (hole, what)| text.replace(hole, what));
        let parsed = dacec_ir::text::parse(&format!("sdfg f() {{\n{text}\n}}"));
        let parsed = parsed.unwrap_or_else(|error| panic!("{error}\n{text}"));
        for (name, data) in parsed.containers {
            let shape = data.shape().to_vec();
            match data {
                Data::View(_) => b.view(&name, data.dtype(), shape),
                _ if shape.is_empty() => b.local(&name, data.dtype()),
                _ => b.transient(&name, data.dtype(), shape),
            };
        }
        for block in parsed.body.blocks {
            b.push(block);
        }
    }

    /// Whether the target may not be what else is read.
    fn other_than_target(&self) -> usize {
        if self.other == self.target { (self.other + 1) % ARRAYS.len() } else { self.other }
    }

    fn text(&self) -> String {
        match self.form {
            Form::Scalar => in_map(SCALAR, self.variation > 0),
            Form::Row => ROW.replace("<columns>", ["6", "K", "K + 1"][self.variation]),
            Form::View => VIEWS[self.variation].to_owned(),
            Form::Last => LAST.to_owned(),
            Form::Inner => INNER.to_owned(),
            Form::Sums => SUMS.replace("<source>", ARRAYS[self.other_than_target()]),
            Form::Parts => PARTS[self.variation].replace("<source>", ARRAYS[self.other_than_target()]),
            Form::Sometimes => in_map(SOMETIMES, self.variation == 0),
            Form::Gather => GATHER.replace("<other>", ARRAYS[self.other_than_target()]),
            Form::Bound => BOUNDS_IN_MEMORY.replace("<ahead>", &self.variation.min(1).to_string()),
            Form::Check => CHECKS[self.variation].replace("<first>", FIRST),
            Form::Call => CALL.replace("<source>", ARRAYS[self.other_than_target()]),
        }
    }
}

/// The body of a map from `a` and `b` to `x` and `y`, or of a loop.
fn in_map(body: &str, map: bool) -> String {
    let arrays = [("<a>", "n0"), ("<b>", "n1"), ("<x>", "n8"), ("<y>", "n9")];
    let borders = [("<a>", "m.OUT_a"), ("<b>", "m.OUT_b"), ("<x>", "e.IN_x"), ("<y>", "e.IN_y")];
    let inside = |ends: &[(&str, &str)]| ends.iter().fold(body.to_owned(), |text, (a, b)| text.replace(a, b));
    if !map {
        let accesses = "n0 = access <source>\nn1 = access <other>\nn8 = access <target>\nn9 = access D\n";
        return format!(
            "transient v<at>: float64\nloop l<at> for i in <range> {{ state s<at> {{\n{accesses}{}\n}} }}",
            inside(&arrays)
        );
    }
    format!(
        "transient v<at>: float64
        state s<at> {{
          n0 = access <source>
          n1 = access <other>
          n0 -> m.IN_a: <source>[0:24]
          n1 -> m.IN_b: <other>[0:24]
          m = map m(i in <range>) {{\n{}\n}} e
          e.OUT_x -> n8: <target>[0:24]
          e.OUT_y -> n9: D[0:24, 0:24]
          n8 = access <target>
          n9 = access D
        }}",
        inside(&borders)
    )
}

const SCALAR: &str = "
    <a> -> n3.a: <source>[i + <near>]
    n3 = tasklet first(a: float64) -> (o: float64) { o = a*0.5 }
    n3.o -> n4: v<at>
    n4 = access v<at>
    n4 -> n5.a: v<at>
    <b> -> n5.b: <other>[i + 2]
    n5 = tasklet second(a: float64, b: float64) -> (o: float64) { o = a + b }
    n4 -> n6.a: v<at>
    n6 = tasklet third(a: float64) -> (o: float64) { o = a*a }
    n5.o -> <x>: <target>[i + 2]
    n6.o -> <y>: D[i + 2, 3]";

const SOMETIMES: &str = "
    <a> -> n3.a: <source>[i + <near>]
    <b> -> n3.b: <other>[i + 2]
    n3 = tasklet perhaps(a: float64, b: float64) -> (o: float64, p: float64) {
      if a < 0.5 {
        o = a + b
      }
      p = b
    }
    n3.o -> <x>: <target>[i + 2] dynamic
    n3.p -> n4: v<at>
    n4 = access v<at>
    n4 -> n5.a: v<at>
    n5 = tasklet more(a: float64) -> (o: float64) { o = a + 1.0 }
    n5.o -> <y>: D[i + 2, 3]";

const ROW: &str = "
    transient v<at>: float64
    transient row<at>: float64[6]
    state s<at> {
      n0 = access <source>
      n1 = access E
      n0 -> m.IN_a: <source>[0:24]
      n1 -> m.IN_b: E[0:24, 0:24]
      m = map outer(i in <range>) {
        m.OUT_a -> n2.a: <source>[i + 2]
        n2 = tasklet one(a: float64) -> (o: float64) { o = a - 1.0 }
        n2.o -> n3: v<at>
        n3 = access v<at>
        n3 -> p.IN_v: v<at>
        m.OUT_b -> p.IN_b: E[i + 1, 0:6]
        p = map inner(j in 0:6) {
          p.OUT_v -> n4.v: v<at>
          p.OUT_b -> n4.b: E[i + 1, j]
          n4 = tasklet two(v: float64, b: float64) -> (o: float64) { o = v*b }
          n4.o -> q.IN_row: row<at>[j]
        } q
        q.OUT_row -> n5: row<at>[0:6]
        n5 = access row<at>
        n5 -> r.IN_row: row<at>[0:6]
        n3 -> r.IN_v: v<at>
        r = map next(l in 0:<columns>) {
          r.OUT_row -> n6.a: row<at>[l]
          r.OUT_v -> n6.v: v<at>
          n6 = tasklet three(a: float64, v: float64) -> (o: float64) { o = a + v }
          n6.o -> s.IN_D: D[i + 1, l]
        } s
        s.OUT_D -> e.IN_D: D[i + 1, 0:6] dynamic
      } e
      e.OUT_D -> n7: D[0:24, 0:24] dynamic
      n7 = access D
    }";

const VIEWS: [&str; 3] = [
    "
    view w<at>: float64[6]
    state s<at> {
      n0 = access <source>
      n0 -> n1.views: <source>[<near>:<near> + 6]
      n1 = access w<at>
      n1 -> m.IN_w: w<at>[0:6]
      m = map m(i in 0:6) {
        m.OUT_w -> n2.a: w<at>[i]
        n2 = tasklet double(a: float64) -> (o: float64) { o = a*2.0 }
        n2.o -> e.IN_x: <target>[i + 2]
      } e
      e.OUT_x -> n3: <target>[2:8]
      n3 = access <target>
    }",
    "
    view w<at>: float64[6]
    state s<at> {
      n0 = access <source>
      n0 -> m.IN_a: <source>[0:24]
      m = map m(i in 0:6) {
        m.OUT_a -> n2.a: <source>[i + <near>]
        n2 = tasklet double(a: float64) -> (o: float64) { o = a*2.0 }
        n2.o -> e.IN_w: w<at>[i]
      } e
      e.OUT_w -> n3: w<at>[0:6]
      n3 = access w<at>
      n3.views -> n4: <target>[2:8]
      n4 = access <target>
    }",
    "
    view w<at>: float64[6]
    loop l<at> for i in <range> { state s<at> {
      n0 = access D
      n0 -> n1.views: D[i + <near>, 2:8]
      n1 = access w<at>
      n1 -> m.IN_w: w<at>[0:6]
      m = map m(j in 0:6) {
        m.OUT_w -> n2.a: w<at>[j]
        n2 = tasklet double(a: float64) -> (o: float64) { o = a*0.5 }
        n2.o -> e.IN_x: D[i + 2, j + 2]
      } e
      e.OUT_x -> n3: D[i + 2, 2:8]
      n3 = access D
    } }",
];

const LAST: &str = "
    transient v<at>: float64
    state before<at> {
      n0 = tasklet one() -> (o: float64) { o = 1.0 }
      n0.o -> n1: v<at>
      n1 = access v<at>
    }
    assign q<at> = 3
    loop l<at> for i in <range> {
      state s<at> {
        n0 = access <source>
        n0 -> n1.a: <source>[i + <near>]
        n1 = tasklet next(a: float64) -> (o: float64) { o = a + 1.0 }
        n1.o -> n2: v<at>
        n2 = access v<at>
      }
      assign q<at> = $(i + 4)
    }
    state after<at> {
      n0 = access v<at>
      n0 -> n1.a: v<at>
      n1 = tasklet use(a: float64) -> (o: float64) { o = a*2.0 }
      n1.o -> n2: <target>[q<at>]
      n2 = access <target>
    }";

const INNER: &str = "
    transient v<at>: float64
    loop l<at> for i in 2:8 {
      state before<at> {
        n0 = tasklet zero() -> (o: float64) { o = 0.0 }
        n0.o -> n1: v<at>
        n1 = access v<at>
      }
      loop k<at> for m in <range> {
        state s<at> {
          n0 = access v<at>
          n1 = access E
          n2 = access <source>
          n0 -> n3.v: v<at>
          n1 -> n3.a: E[i, m + 1]
          n2 -> n3.b: <source>[m + <near>]
          n3 = tasklet add(v: float64, a: float64, b: float64) -> (o: float64) { o = v + a*b }
          n3.o -> n4: v<at>
          n4 = access v<at>
        }
      }
      state after<at> {
        n0 = access v<at>
        n0 -> n1.v: v<at>
        n1 = tasklet store(v: float64) -> (o: float64) { o = v }
        n1.o -> n2: <target>[i]
        n2 = access <target>
      }
    }";

const SUMS: &str = "
    state before<at> {
      m = map zero(i in 2:8) {
        m -> n0
        n0 = tasklet zero() -> (o: float64) { o = 0.0 }
        n0.o -> e.IN_x: <target>[i]
      } e
      e.OUT_x -> n1: <target>[2:8]
      n1 = access <target>
    }
    state s<at> {
      n0 = access E
      n1 = access <source>
      n0 -> m.IN_a: E[0:24, 0:24]
      n1 -> m.IN_b: <source>[0:24]
      m = map sums(i in 2:8, m in <range>) {
        m.OUT_a -> n2.a: E[i, m + 1]
        m.OUT_b -> n2.b: <source>[m + <near>]
        n2 = tasklet product(a: float64, b: float64) -> (o: float64) { o = a*b }
        n2.o -> e.IN_x: <target>[i] wcr sum
      } e
      e.OUT_x -> n3: <target>[2:8] wcr sum
      n3 = access <target>
    }";

const PARTS: [&str; 3] = [
    "
    state s<at> {
      n0 = access <source>
      n1 = access <target>
      n0 -> n1: <source>[<near>:<near> + 12:2] to [3:9]
    }",
    "
    state s<at> {
      n0 = access D
      n1 = access <target>
      n0 -> n1: <target>[3:9] to [2:8, <near>]
    }
    state t<at> {
      n0 = access <source>
      n1 = access D
      n0 -> n1: <source>[3:9] to [<near>, 1:13:2]
    }",
    "
    transient x<at>: float64[6]
    state s<at> {
      n0 = access <source>
      n1 = access x<at>
      n2 = access <target>
      n0 -> n1: x<at>[0:6] to [<near>:<near> + 6]
      n1 -> n2: x<at>[0:5] to [3:13:2]
    }",
];

const GATHER: &str = "
    state s<at> {
      n0 = access <source>
      n1 = access <other>
      n0 -> m.IN_a: <source>[0:24]
      n1 -> m.IN_b: <other>[0:24]
      m = map gather(i in <range>) {
        m.OUT_a -> n2.a: <source>[i + <near>]
        m.OUT_b -> n2.b: <other>[0:24] dynamic
        n2 = tasklet pick(a: float64, b: float64[1]) -> (o: float64) { o = b[6 if a < 0.5 else 2] }
        n2.o -> e.IN_x: <target>[i + 2]
      } e
      e.OUT_x -> n3: <target>[0:24]
      n3 = access <target>
    }";

const CALL: &str = "
    state s<at> {
      n0 = access <source>
      n0 -> m.IN_a: <source>[0:24]
      m = map calls(i in <range>) {
        m.OUT_a -> n1.x: <source>[i + <near>:i + <near> + 4]
        n1 = nested (x) -> (y) with [n = i] sdfg callee<at>(x, y) {
          symbol n: int64
          symbol K: int64
          data x: float64[4]
          data y: float64
          transient v: float64

          assign K = $(n + 3)
          state first {
            n0 = access x
            n0 -> n1.a: x[1]
            n1 = tasklet half(a: float64) -> (o: float64) { o = a*0.5 }
            n1.o -> n2: v
            n2 = access v
          }
          loop l for i in n + 1:K {
            state next {
              n0 = access x
              n0 -> n1.a: x[i - n]
              n2 = access v
              n2 -> n1.b: v
              n1 = tasklet add(a: float64, b: float64) -> (o: float64) { o = a + b*0.5 }
              n1.o -> n3: v
              n3 = access v
            }
          }
          state last {
            n0 = access v
            n0 -> n1.a: v
            n1 = tasklet store(a: float64) -> (o: float64) { o = a }
            n1.o -> n2: y
            n2 = access y
          }
        }
        n1.y -> e.IN_x: <target>[i + 2]
      } e
      e.OUT_x -> n2: <target>[0:24]
      n2 = access <target>
    }";

const BOUNDS_IN_MEMORY: &str = "
    transient n<at>: int64[6]
    state count<at> {
      m = map count(i in 0:6) {
        m -> n0
        n0 = tasklet three() -> (o: int64) { o = 3 }
        n0.o -> e.IN_n: n<at>[i]
      } e
      e.OUT_n -> n1: n<at>[0:6]
      n1 = access n<at>
    }
    loop l<at> for i in 0:5 {
      state less<at> {
        n0 = tasklet two() -> (o: int64) { o = 2 }
        n0.o -> n1: n<at>[i + <ahead>]
        n1 = access n<at>
      }
      loop k<at> for j in 0:n<at>[i] {
        state s<at> {
          n0 = access <source>
          n0 -> n1.a: <source>[j + <near>]
          n1 = tasklet half(a: float64) -> (o: float64) { o = a*0.5 }
          n1.o -> n2: D[i, j]
          n2 = access D
        }
      }
    }";

/// A state that writes an element.
const FIRST: &str = "
    state first<at> {
      n0 = access <source>
      n0 -> n1.a: <source>[5]
      n1 = tasklet half(a: float64) -> (o: float64) { o = a*0.5 }
      n1.o -> n2: <target>[3]
      n2 = access <target>
    }";

const CHECKS: [&str; 3] = [
    "<first>
    if $(K + <near> < 2) { fail \"K is too small for <at>\" }",
    "loop l<at> for i in <range> {
      <first>
      if $(K + <near> < 2) { fail \"K is too small for <at>\" }
    }",
    "loop l<at> for i in <range> {
      if $(i + <near> < 2) { fail \"i is too small for <at>\" }
      <first>
    }",
];
