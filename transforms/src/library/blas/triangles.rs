//! Operations with triangles of matrices as an SDFG of their own.
//!
//! ```text
//! Syrk   for i { map j <= i { C[i, j] = beta*C[i, j] };    map j <= i, k { C[i, j] += alpha*A[i, k]*A[j, k] } }
//! Trsm   for i { map j, k < i { X[i, j] -= A[i, k]*X[k, j] }; map j { X[i, j] /= A[i, i] } }
//! Cholesky   for t { C[t, t] = sqrt(C[t, t]); map i > t { C[i, t] /= C[t, t] }; for i > t { map t < j <= i { C[i, j] -= C[i, t]*C[j, t] } } }
//! ```

use super::{Call, factor, op_of, size};
use dacec_ir::builder::{Input, SdfgBuilder};
use dacec_ir::library::blas::{RankUpdate, Side, Size, Trans, Triangle, Triangular};
use dacec_ir::library::{Blas, LibraryOp};
use dacec_ir::{
    Array, BinaryOp, Constant, DType, Data, Expr, Function, IndexMap, Name, NestedSdfg, Node, Scalar,
    ScalarExpr, State, Wcr,
};

/// Replaces the node by a nested SDFG.
pub(super) fn expand(state: &mut State, call: &Call, op: &Blas) {
    let body = Body { call, op, dtype: call.output(op.result().0).dtype };
    let mut builder = SdfgBuilder::new(op.name().to_lowercase());
    match op {
        Blas::Syrk(update) => body.update(&mut builder, update, &[("_a", "_a")]),
        Blas::Syr2k(update) => body.update(&mut builder, update, &[("_a", "_b"), ("_b", "_a")]),
        Blas::Symm { side, triangle, hermitian, .. } => {
            body.symmetric(&mut builder, *side, *triangle, *hermitian);
        }
        Blas::Trmm(it) => body.multiply(&mut builder, it),
        Blas::Trsm(it) => body.solve(&mut builder, it),
        Blas::CholeskyInPlace => body.cholesky(&mut builder),
        Blas::LuInPlace => body.lu(&mut builder),
        _ => unreachable!("the caller has sorted operations"),
    }
    let nested = body.nested(builder);
    body.connect(state, nested);
}

struct Body<'c> {
    call: &'c Call,
    op: &'c Blas,
    dtype: DType,
}

fn of(name: &str) -> ScalarExpr {
    ScalarExpr::name(name)
}

fn times(a: ScalarExpr, b: ScalarExpr) -> ScalarExpr {
    ScalarExpr::binary(BinaryOp::Mul, a, b)
}

impl Body<'_> {
    fn conj_if(&self, conjugate: bool, value: ScalarExpr) -> ScalarExpr {
        let conjugate = conjugate && self.dtype.is_complex();
        if conjugate { ScalarExpr::call(Function::Conj, value) } else { value }
    }

    /// A number without its imaginary part.
    fn real(&self, value: ScalarExpr) -> ScalarExpr {
        if !self.dtype.is_complex() {
            return value;
        }
        let real = ScalarExpr::call(Function::Real, value);
        real.cast(self.dtype.real(), self.dtype)
    }

    fn alpha(&self) -> ScalarExpr {
        factor(self.call, self.op.alpha(), "_alpha", self.dtype)
    }

    /// Inputs of a tasklet, with the factors that its value uses.
    fn with_factors<'n>(&self, inputs: &[Input<'n>], value: &ScalarExpr) -> Vec<Input<'n>> {
        let names = value.names();
        let factors = ["_alpha", "_beta"].into_iter().filter(|factor| names.iter().any(|it| it == factor));
        inputs.iter().copied().chain(factors.map(|name| (name, name, ""))).collect()
    }

    /// `c = beta * c` over a map.
    fn start(&self, builder: &mut SdfgBuilder, range: (&str, &str), at: &str) {
        if self.is_overwritten() {
            let zero = ScalarExpr::from(Constant::of_int(0, self.dtype));
            builder.state("start").map("start", &[range], &[], zero, ("_c", at));
            return;
        }
        let value = times(factor(self.call, self.op.beta(), "_beta", self.dtype), of("c"));
        let inputs = self.with_factors(&[("c", "_c", at)], &value);
        builder.state("start").map("start", &[range], &inputs, value, ("_c", at));
    }

    /// Drops the imaginary parts on the diagonal of the result.
    fn make_diagonal_real(&self, builder: &mut SdfgBuilder, label: &str) {
        if self.dtype.is_complex() {
            let (at, real) = ("__i, __i", self.real(of("c")));
            builder.state(label).map(label, &[("__i", "0:__n")], &[("c", "_c", at)], real, ("_c", at));
        }
    }

    fn is_overwritten(&self) -> bool {
        self.op.beta() == dacec_ir::library::blas::Factor::ZERO
    }

    fn update(&self, builder: &mut SdfgBuilder, it: &RankUpdate, products: &[(&'static str, &'static str)]) {
        self.declare(builder);
        let inner = if it.triangle == Triangle::Lower { "0:__i + 1" } else { "__i:__n" };
        if it.hermitian && !self.is_overwritten() {
            self.make_diagonal_real(builder, "before");
        }
        let at = |index: &str| if it.transposed { format!("__k, {index}") } else { format!("{index}, __k") };
        builder.for_loop("__i", 0, Expr::sym("__n"), |builder| {
            self.start(builder, ("__j", inner), "__i, __j");
            for (number, (x, y)) in products.iter().enumerate() {
                let (first, second) = (at("__i"), at("__j"));
                let alpha = self.conj_if(it.hermitian && number == 1, self.alpha());
                let left = self.conj_if(it.hermitian && it.transposed, of("x"));
                let right = self.conj_if(it.hermitian && !it.transposed, of("y"));
                let dims = [("__j", inner), ("__k", "0:__terms")];
                let value = times(alpha, times(left, right));
                let inputs = self.with_factors(&[("x", x, &first), ("y", y, &second)], &value);
                let result = ("_c", "__i, __j");
                let mut state = builder.state(&format!("product_{number}"));
                state.reduction("product", &dims, &inputs, value, result, Wcr::Sum);
            }
        });
        if it.hermitian {
            self.make_diagonal_real(builder, "behind");
        }
    }

    fn symmetric(&self, builder: &mut SdfgBuilder, side: Side, triangle: Triangle, hermitian: bool) {
        self.declare(builder);
        // The element of the symmetric matrix at (row, column), and of the other operand.
        let (row, column, other, range) = match side {
            Side::Left => ("__i", "__k", "__k, __j", ("__j", "0:__n")),
            Side::Right => ("__k", "__j", "__i, __k", ("__i", "0:__m")),
        };
        let stored = |below: bool| (triangle == Triangle::Lower) == below;
        // On the left, k < i is below the diagonal; on the right, k < j is above it.
        let (middle, extent) = if side == Side::Left { ("__i", "__m") } else { ("__j", "__n") };
        builder.for_loop(middle, 0, Expr::sym(extent), |builder| {
            self.start(builder, range, "__i, __j");
            for (label, terms, below) in [
                ("before", format!("0:{middle}"), side == Side::Left),
                ("behind", format!("{middle} + 1:{extent}"), side == Side::Right),
            ] {
                let at = if stored(below) { format!("{row}, {column}") } else { format!("{column}, {row}") };
                let s = self.conj_if(hermitian && !stored(below), of("s"));
                let value = times(self.alpha(), times(s, of("b")));
                let inputs = self.with_factors(&[("s", "_a", &at), ("b", "_b", other)], &value);
                let dims = [range, ("__k", &*terms)];
                builder.state(label).reduction(label, &dims, &inputs, value, ("_c", "__i, __j"), Wcr::Sum);
            }
            let at = format!("{middle}, {middle}");
            let s = if hermitian { self.real(of("s")) } else { of("s") };
            let value = ScalarExpr::binary(BinaryOp::Add, of("c"), times(self.alpha(), times(s, of("b"))));
            let operands = [("s", "_a", &*at), ("b", "_b", "__i, __j"), ("c", "_c", "__i, __j")];
            let inputs = self.with_factors(&operands, &value);
            builder.state("diagonal").map("diagonal", &[range], &inputs, value, ("_c", "__i, __j"));
        });
    }

    fn multiply(&self, builder: &mut SdfgBuilder, it: &Triangular) {
        self.declare(builder);
        let walk = Walk::of(it);
        // Rows that are still needed are not yet written: the last ones of a lower triangle come first.
        let row = if walk.upper { "__t".to_owned() } else { format!("{} - 1 - __t", walk.size) };
        builder.for_loop("__t", 0, Expr::sym(walk.size), |builder| {
            let (own, diagonal) = (walk.other(&row, "__j"), format!("{row}, {row}"));
            let value = match it.unit {
                true => times(self.alpha(), of("c")),
                false => times(self.alpha(), times(self.conj_if(walk.conjugate, of("a")), of("c"))),
            };
            let mut inputs = self.with_factors(&[("c", "_c", &own)], &value);
            if !it.unit {
                inputs.push(("a", "_a", &diagonal));
            }
            let columns = [("__j", walk.columns)];
            builder.state("diagonal").map("diagonal", &columns, &inputs, value, ("_c", &own));
            let value = times(self.alpha(), times(self.conj_if(walk.conjugate, of("a")), of("b")));
            self.sum(builder, &walk, &row, value, walk.upper);
        });
    }

    fn solve(&self, builder: &mut SdfgBuilder, it: &Triangular) {
        self.declare(builder);
        let walk = Walk::of(it);
        let scaled = times(self.alpha(), of("c"));
        let all = [("__i", "0:__m"), ("__j", "0:__n")];
        let inputs = self.with_factors(&[("c", "_c", "__i, __j")], &scaled);
        builder.state("start").map("start", &all, &inputs, scaled, ("_c", "__i, __j"));
        let row = if walk.upper { format!("{} - 1 - __t", walk.size) } else { "__t".to_owned() };
        builder.for_loop("__t", 0, Expr::sym(walk.size), |builder| {
            let minus = ScalarExpr::from(Constant::of_int(-1, self.dtype));
            let value = times(minus, times(self.conj_if(walk.conjugate, of("a")), of("b")));
            self.sum(builder, &walk, &row, value, walk.upper);
            if !it.unit {
                let (own, diagonal) = (walk.other(&row, "__j"), format!("{row}, {row}"));
                let divisor = self.conj_if(walk.conjugate, of("a"));
                let value = ScalarExpr::binary(BinaryOp::Div, of("c"), divisor);
                let inputs = [("c", "_c", &*own), ("a", "_a", &*diagonal)];
                builder.state("divide").map("divide", &[("__j", walk.columns)], &inputs, value, ("_c", &own));
            }
        });
    }

    /// One column after the other, and what it means for those behind.
    fn cholesky(&self, builder: &mut SdfgBuilder) {
        self.declare(builder);
        builder.for_loop("__t", 0, Expr::sym("__n"), |builder| {
            let pivot = ("_c", "__t, __t");
            let root = match self.dtype.is_complex() {
                false => ScalarExpr::call(Function::Sqrt, of("c")),
                true => {
                    let real = ScalarExpr::call(Function::Real, of("c"));
                    ScalarExpr::call(Function::Sqrt, real).cast(self.dtype.real(), self.dtype)
                }
            };
            builder.state("root").tasklet("root", &[("c", "_c", "__t, __t")], root, pivot);
            self.divide_column(builder);
            let value = times(of("x"), self.conj_if(true, of("y")));
            builder.for_loop("__i", Expr::sym("__t") + 1, Expr::sym("__n"), |builder| {
                let range = [("__j", "__t + 1:__i + 1")];
                let rows = [("x", "_c", "__i, __t"), ("y", "_c", "__j, __t")];
                self.subtract(builder, &range, rows, value);
            });
        });
    }

    fn lu(&self, builder: &mut SdfgBuilder) {
        self.declare(builder);
        builder.for_loop("__t", 0, Expr::sym("__n"), |builder| {
            self.divide_column(builder);
            let range = [("__i", "__t + 1:__n"), ("__j", "__t + 1:__n")];
            let value = times(of("x"), of("y"));
            self.subtract(builder, &range, [("x", "_c", "__i, __t"), ("y", "_c", "__t, __j")], value);
        });
    }

    /// Divides what is below the diagonal in column `__t`.
    fn divide_column(&self, builder: &mut SdfgBuilder) {
        let value = ScalarExpr::binary(BinaryOp::Div, of("c"), of("d"));
        let inputs = [("c", "_c", "__i, __t"), ("d", "_c", "__t, __t")];
        let range = [("__i", "__t + 1:__n")];
        builder.state("divide").map("divide", &range, &inputs, value, ("_c", "__i, __t"));
    }

    /// `_c[__i, __j] -= value` over a map.
    fn subtract(
        &self,
        builder: &mut SdfgBuilder,
        range: &[(&str, &str)],
        [x, y]: [Input<'_>; 2],
        value: ScalarExpr,
    ) {
        let inputs = [("c", "_c", "__i, __j"), x, y];
        let value = ScalarExpr::binary(BinaryOp::Sub, of("c"), value);
        builder.state("rest").map("rest", range, &inputs, value, ("_c", "__i, __j"));
    }

    /// Adds products of one row of the triangle with rows before it, or behind it.
    fn sum(&self, builder: &mut SdfgBuilder, walk: &Walk, row: &str, value: ScalarExpr, behind: bool) {
        let range = if behind { format!("{row} + 1:{}", walk.size) } else { format!("0:{row}") };
        let element = if walk.flipped { format!("__k, {row}") } else { format!("{row}, __k") };
        let (from, to) = (walk.other("__k", "__j"), walk.other(row, "__j"));
        let inputs = self.with_factors(&[("a", "_a", &element), ("b", "_c", &from)], &value);
        let dims = [("__j", walk.columns), ("__k", &*range)];
        builder.state("sum").reduction("sum", &dims, &inputs, value, ("_c", &to), Wcr::Sum);
    }

    /// Containers for the operands. Names begin with underscores: strides keep the caller's symbols.
    fn declare(&self, builder: &mut SdfgBuilder) {
        for (name, data) in self.containers() {
            builder.argument(&name, data);
        }
    }

    fn containers(&self) -> IndexMap<Name, Data> {
        let mut containers = IndexMap::default();
        let op = self.op;
        let mut operands = op.operands();
        operands.push(op.result());
        for (name, form) in operands {
            let operand = match op.result().0 == name {
                true => self.call.output(name),
                false => self.call.input(name),
            };
            let named = form.sizes().into_iter();
            let shape: Vec<Expr> = named.map(|size| Expr::sym(symbol(size))).collect();
            let array = Array { strides: operand.strides.clone(), ..Array::new(operand.dtype, shape) };
            containers.insert(name.into(), array.into());
        }
        for name in ["_alpha", "_beta"] {
            if let Some(operand) = self.call.inputs.get(name) {
                containers.insert(name.into(), Scalar::new(operand.dtype).into());
            }
        }
        containers
    }

    fn nested(&self, builder: SdfgBuilder) -> NestedSdfg {
        let mut sdfg = builder.build();
        let symbols = sdfg.free_symbols();
        sdfg.symbols = symbols.iter().map(|symbol| (symbol.clone(), DType::Int64)).collect();
        let sizes = [Size::M, Size::N, Size::K].map(|it| (symbol(it), size(self.call, self.op, it)));
        let value = |name: &Name| {
            let size = sizes.iter().find(|(symbol, _)| name == symbol);
            size.map_or_else(|| Expr::sym(name), |(_, extent)| extent.clone())
        };
        let symbols = symbols.iter().map(|name| (name.clone(), value(name))).collect();
        let (result, old) = (self.op.result().0, self.op.old());
        let mut inputs: Vec<Name> = self.call.inputs.keys().cloned().collect();
        inputs.iter_mut().filter(|name| old == Some(name.as_str())).for_each(|name| *name = result.into());
        NestedSdfg { sdfg, inputs, outputs: vec![result.into()], symbols, span: self.call.span }
    }

    fn connect(&self, state: &mut State, nested: NestedSdfg) {
        let call = self.call;
        let (result, old) = (self.op.result().0, op_of(call).and_then(Blas::old));
        let node = state.add_node(Node::Nested(Box::new(nested)));
        for (name, operand) in &call.inputs {
            let inner = if old == Some(name.as_str()) { result } else { name.as_str() };
            let (from, conn) = &operand.end;
            state.connect((*from, conn.as_deref()), (node, Some(inner)), operand.memlet.clone());
        }
        let operand = call.output(result);
        let (to, conn) = &operand.end;
        state.connect((node, Some(result)), (*to, conn.as_deref()), operand.memlet.clone());
        call.replace(state, (node, node));
    }
}

/// The symbol of a size inside.
fn symbol(size: Size) -> &'static str {
    match size {
        Size::M => "__m",
        Size::N => "__n",
        Size::K => "__terms",
    }
}

/// How a triangular matrix is gone through, as if it were on the left.
struct Walk {
    /// Whether the stored element at (row, column) is that at (column, row).
    flipped: bool,
    upper: bool,
    conjugate: bool,
    right: bool,
    /// The symbol of the triangle's extent.
    size: &'static str,
    /// The range of the other operand's columns.
    columns: &'static str,
}

impl Walk {
    fn of(it: &Triangular) -> Walk {
        let right = it.side == Side::Right;
        let flipped = (it.a != Trans::No) != right;
        Walk {
            flipped,
            upper: (it.triangle == Triangle::Upper) != flipped,
            conjugate: it.a == Trans::Adjoint,
            right,
            size: if right { "__n" } else { "__m" },
            columns: if right { "0:__m" } else { "0:__n" },
        }
    }

    /// The other operand's element in that row and column.
    fn other(&self, row: &str, column: &str) -> String {
        if self.right { format!("{column}, {row}") } else { format!("{row}, {column}") }
    }
}
