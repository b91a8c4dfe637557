//! The cases: operations with their operands, the program that performs them, and what it starts from.

use super::Arrays;
use dacec_ir::builder::SdfgBuilder;
use dacec_ir::interp::{Element, Tensor};
use dacec_ir::library::blas::{
    Blas, Factor, Form, RankUpdate, Side, Size, Trans, Triangle, Triangular, operand_type,
};
use dacec_ir::library::{LibraryOp, Property};
use dacec_ir::{DType, Expr, IndexMap, Sdfg};
use dacec_runtime::ArrayBuf;
use num_complex::{Complex32, Complex64};
use serde_json::{Value, json};

/// Where an operand is: container and subset.
pub(super) type Place = (String, String);

/// One operation with its operands.
#[derive(Debug)]
pub(super) struct Case {
    op: Blas,
    operands: Vec<(&'static str, Place)>,
    pub(super) result: Place,
}

/// How an operand lies in its container.
#[derive(Clone, Copy, Debug)]
enum Layout {
    /// It is all of it.
    Whole,
    /// It is a part.
    Part,
    /// It is every second element along each dimension.
    Stepped,
}

const LAYOUTS: [Layout; 3] = [Layout::Whole, Layout::Part, Layout::Stepped];

impl Layout {
    fn name(self) -> &'static str {
        match self {
            Layout::Whole => "whole",
            Layout::Part => "part",
            Layout::Stepped => "stepped",
        }
    }

    fn subset(self, size: &str) -> String {
        match self {
            Layout::Whole => format!("0:{size}"),
            Layout::Part => format!("1:{size} + 1"),
            Layout::Stepped => format!("1:2*{size} + 1:2"),
        }
    }

    fn extent(self, size: &str) -> String {
        match self {
            Layout::Whole => size.to_owned(),
            Layout::Part => format!("{size} + 3"),
            Layout::Stepped => format!("2*{size} + 2"),
        }
    }
}

fn symbol(size: Size) -> &'static str {
    match size {
        Size::M => "m",
        Size::N => "n",
        Size::K => "k",
    }
}

fn sizes(form: Form) -> Vec<&'static str> {
    match form {
        Form::Matrix(rows, columns) => vec![symbol(rows), symbol(columns)],
        Form::Vector(len) => vec![symbol(len)],
        Form::Number | Form::Real => Vec::new(),
    }
}

/// The place of an operand; containers for inputs are shared by cases.
fn place(prefix: &str, form: Form, layout: Layout) -> Place {
    let sizes = sizes(form);
    if sizes.is_empty() {
        return (format!("{prefix}_one"), "0".to_owned());
    }
    let subset: Vec<String> = sizes.iter().map(|size| layout.subset(size)).collect();
    (format!("{prefix}_{}_{}", sizes.concat(), layout.name()), subset.join(", "))
}

/// Operations in every form: all choices that are no numbers, with factors of every kind.
fn operations() -> Vec<Blas> {
    let forms = [Trans::No, Trans::Transposed, Trans::Adjoint];
    let sides = [Side::Left, Side::Right];
    let triangles = [Triangle::Lower, Triangle::Upper];
    let flags = [false, true];
    let kinds =
        [(Factor::Operand, Factor::Operand), (Factor::ONE, Factor::ZERO), (Factor::Number(1.5), Factor::ONE)];
    let mut factors = kinds.iter().copied().cycle();
    let mut next = move || factors.next().expect("a cycle has no end");
    let mut all = Vec::new();
    for a in forms {
        for b in forms {
            let (alpha, beta) = next();
            all.push(Blas::Gemm { a, b, alpha, beta });
        }
        for (alpha, beta) in kinds {
            all.push(Blas::Gemv { a, alpha, beta });
        }
    }
    for conjugate in flags {
        all.extend([Blas::Dot { conjugate }, Blas::Ger { conjugate, alpha: next().0 }]);
    }
    for alpha in [Factor::Operand, Factor::Number(-2.0)] {
        all.extend([Blas::Axpy { alpha }, Blas::Scal { alpha }]);
    }
    all.extend([Blas::Nrm2, Blas::CholeskyInPlace, Blas::LuInPlace]);
    for triangle in triangles {
        for hermitian in flags {
            for transposed in flags {
                let (alpha, beta) = next();
                let update = RankUpdate { triangle, transposed, hermitian, alpha, beta };
                all.extend([Blas::Syrk(update), Blas::Syr2k(update)]);
            }
            for side in sides {
                let (alpha, beta) = next();
                all.push(Blas::Symm { side, triangle, hermitian, alpha, beta });
            }
        }
        for (side, unit) in sides.into_iter().flat_map(|side| flags.map(|unit| (side, unit))) {
            for a in forms {
                let it = Triangular { side, triangle, a, unit, alpha: next().0 };
                all.extend([Blas::Trmm(it), Blas::Trsm(it)]);
            }
        }
    }
    all
}

/// All cases; the layouts of operands, and whether the result is in place, take turns.
pub(super) fn cases(dtype: DType) -> Vec<Case> {
    let conjugates = |op: &Blas| {
        let text = format!("{op:?}");
        text.contains("Adjoint") || text.contains("hermitian: true") || text.contains("conjugate: true")
    };
    // Without imaginary parts these are the same operations again: one of each kind is enough.
    let kept = |(at, op): &(usize, Blas)| dtype.is_complex() || !conjugates(op) || at % 5 == 0;
    let operations = operations().into_iter().enumerate().filter(kept);
    operations.map(|(at, op)| case(at, op)).collect()
}

fn case(at: usize, op: Blas) -> Case {
    let mut layouts = (at..).map(|turn| LAYOUTS[turn % 3]);
    let mut layout = || layouts.next().expect("there is no end");
    let (_, form) = op.result();
    let target = place(&format!("r{at}"), form, layout());
    let mut operands: Vec<(&'static str, Place)> = Vec::new();
    for (number, (name, form)) in op.operands().into_iter().enumerate() {
        operands.push((name, place(["in", "other"][number], form, layout())));
    }
    if let Some(old) = op.old() {
        let elsewhere = at % 7 == 3;
        let place = if elsewhere { place("old", form, layout()) } else { target.clone() };
        operands.push((old, place));
    }
    for (factor, name, container) in [(op.alpha(), "_alpha", "alpha"), (op.beta(), "_beta", "beta")] {
        if factor == Factor::Operand {
            operands.push((name, (container.to_owned(), "0".to_owned())));
        }
    }
    Case { op, operands, result: target }
}

impl Case {
    /// What the oracle needs to know.
    pub(super) fn to_json(&self) -> Value {
        let mut value = json!({ "op": self.op.name(), "result": self.result });
        for (name, property) in self.op.properties() {
            value[name] = match property {
                Property::Bool(flag) => json!(flag),
                Property::Float(number) => json!(number),
                Property::Text(text) => json!(text),
                other => panic!("{other:?} is no property of BLAS"),
            };
        }
        value["operands"] =
            self.operands.iter().map(|(name, place)| ((*name).to_owned(), json!(place))).collect();
        value
    }
}

/// The containers of cases with their forms and layouts.
fn containers(cases: &[Case], dtype: DType) -> IndexMap<String, (DType, Vec<String>)> {
    let mut found = IndexMap::default();
    let mut add = |place: &Place, form: Form| {
        let layout = LAYOUTS.into_iter().find(|it| place.0.ends_with(it.name()));
        let extents: Vec<String> = match layout {
            Some(layout) => sizes(form).iter().map(|size| layout.extent(size)).collect(),
            None => vec!["1".to_owned()],
        };
        found.insert(place.0.clone(), (operand_type(form, dtype), extents));
    };
    for case in cases {
        let (_, form) = case.op.result();
        add(&case.result, form);
        let forms = case.op.operands();
        for (name, place) in &case.operands {
            let own = forms.iter().find(|it| it.0 == *name).map(|it| it.1);
            let factor = matches!(*name, "_alpha" | "_beta").then_some(Form::Number);
            add(place, own.or(factor).unwrap_or(form));
        }
    }
    found
}

/// One state for each case.
pub(super) fn program(cases: &[Case], dtype: DType) -> Sdfg {
    let mut builder = SdfgBuilder::new("blas_cases");
    for (name, (dtype, extents)) in containers(cases, dtype) {
        let shape: Vec<Expr> =
            extents.iter().map(|text| Expr::parse(text).expect("an extent is an expression")).collect();
        builder.array(&name, dtype, shape);
    }
    for (at, case) in cases.iter().enumerate() {
        let operands: Vec<(&str, &str, &str)> =
            case.operands.iter().map(|(name, place)| (*name, &*place.0, &*place.1)).collect();
        let result = (case.op.result().0, &*case.result.0, &*case.result.1);
        builder.state(&format!("case_{at}")).library_with("op", case.op, &operands, &[result]);
    }
    builder.build()
}

/// Random containers; square matrices are easy to divide by.
pub(super) fn inputs(cases: &[Case], [m, n, k]: [i64; 3], dtype: DType) -> Arrays {
    let value = |name: &dacec_ir::Name| match name.as_str() {
        "m" => Some(m),
        "n" => Some(n),
        "k" => Some(k),
        _ => None,
    };
    let mut arrays = Arrays::default();
    for (seed, (name, (dtype, extents))) in containers(cases, dtype).into_iter().enumerate() {
        let extent = |text: &String| -> usize {
            let extent = Expr::parse(text).expect("an extent is an expression");
            extent.eval(&value).expect("all symbols are known") as usize
        };
        let shape: Vec<usize> = extents.iter().map(extent).collect();
        let factorized = |case: &Case| {
            let own = || case.operands.iter().map(|(_, place)| place).chain([&case.result]);
            matches!(case.op, Blas::CholeskyInPlace | Blas::LuInPlace) && own().any(|place| place.0 == name)
        };
        let divided = ["in_mm", "in_nn"].iter().any(|prefix| name.starts_with(prefix));
        let square = divided || cases.iter().any(factorized);
        arrays.insert(name.as_str().into(), random(dtype, &shape, seed as u64, square));
    }
    arrays
}

fn random(dtype: DType, shape: &[usize], seed: u64, square: bool) -> ArrayBuf {
    let mut tensor = Tensor::random(dtype, shape, seed);
    if square {
        let columns = shape[1];
        for at in 0..tensor.len() {
            let (i, j) = (at / columns, at % columns);
            let old = tensor.get(at).to_complex();
            let shift = if i == j { 2.0 } else { 0.0 };
            let new = Complex64::new(old.re / 16.0 + shift, old.im / 16.0);
            tensor.set(at, dacec_ir::interp::Value::complex(new, DType::Complex128).cast(dtype));
        }
    }
    match dtype {
        DType::Float32 => buffer::<f32>(&tensor),
        DType::Float64 => buffer::<f64>(&tensor),
        DType::Complex64 => buffer::<Complex32>(&tensor),
        _ => buffer::<Complex64>(&tensor),
    }
}

fn buffer<T: Element + dacec_runtime::Element>(tensor: &Tensor) -> ArrayBuf {
    let elements = tensor.as_slice::<T>().expect("the type was looked at");
    ArrayBuf::from_slice(tensor.shape(), elements).expect("there is memory")
}
