//! The cases: operations with their operands, the program that performs them, and what it starts from.

use super::Arrays;
use dacec_ir::builder::SdfgBuilder;
use dacec_ir::interp::{Element, Tensor, Value};
use dacec_ir::library::{LibraryOp, Property, from_properties};
use dacec_ir::node::LibraryNode;
use dacec_ir::{DType, Expr, Memlet, Node, Sdfg, Subset};
use dacec_runtime::ArrayBuf;
use num_complex::{Complex32, Complex64};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// An operand: its connector, its extents, its type.
type Operand = (&'static str, Vec<&'static str>, Kind);

/// What the elements of an operand are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Numbers of the type that is tested.
    Numbers,
    /// The same in ascending order.
    Sorted,
    /// Positions.
    Positions,
    /// One seed.
    Seed,
}

/// One operation with its operands.
#[derive(Clone, Debug)]
pub(super) struct Case {
    at: usize,
    op: Arc<dyn LibraryOp>,
    operands: Vec<Operand>,
    /// Whether operands are every second element of larger arrays.
    stepped: bool,
}

fn property(text: &str) -> Property {
    match text {
        "True" => Property::Bool(true),
        _ if text.starts_with('[') => {
            let numbers = text.trim_matches(['[', ']']).split(',').map(str::trim);
            Property::Ints(numbers.map(|it| it.parse().expect("an integer")).collect())
        }
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(value), _) => Property::Int(value),
            (_, Ok(value)) => Property::Float(value),
            _ => Property::Text(text.to_owned()),
        },
    }
}

/// An operation, its properties, and its operands.
type Described = (&'static str, Vec<(&'static str, &'static str)>, Vec<Operand>);

/// All cases that make sense for a type; each once with whole arrays, and once with every second element.
pub(super) fn cases(dtype: DType) -> Vec<Case> {
    let mut list: Vec<Described> = Vec::new();
    let of = |name: &'static str, shape: &[&'static str]| (name, shape.to_vec(), Kind::Numbers);
    let mut add = |op: &'static str, properties: &[(&'static str, &'static str)], operands: Vec<Operand>| {
        list.push((op, properties.to_vec(), operands));
    };
    let one = |shape: &[&'static str]| vec![of("_in", shape), of("_out", shape)];
    add("Transpose", &[("axes", "[1, 0]")], vec![of("_inp", &["n", "m"]), of("_out", &["m", "n"])]);
    let axes = [("axes", "[2, 0, 1]")];
    add("Transpose", &axes, vec![of("_inp", &["n", "m", "3"]), of("_out", &["3", "n", "m"])]);
    add("Scan", &[("wcr", "sum")], one(&["n"]));
    add("Scan", &[("wcr", "product"), ("rank", "2")], one(&["n", "m"]));
    add("Scan", &[("wcr", "sum"), ("exclusive", "True"), ("rank", "2")], one(&["m", "n"]));
    add("Copy", &[("rank", "2")], one(&["n", "m"]));
    add("Fill", &[("value", "7.0"), ("rank", "2")], vec![of("_out", &["n", "m"])]);
    for (subscripts, shapes) in [
        ("ij,jk->ik", [&["n", "m"][..], &["m", "n"], &["n", "n"]]),
        ("bij,bjk->bik", [&["3", "n", "m"], &["3", "m", "5"], &["3", "n", "5"]]),
        ("bji,bkj->bik", [&["3", "m", "n"], &["3", "5", "m"], &["3", "n", "5"]]),
        ("bij,jk->bik", [&["3", "n", "m"], &["m", "5"], &["3", "n", "5"]]),
        ("i,j->ij", [&["n"], &["m"], &["n", "m"]]),
        ("ijk,jkl->il", [&["n", "m", "3"], &["m", "3", "4"], &["n", "4"]]),
        ("ij,jkl->ikl", [&["n", "m"], &["m", "3", "4"], &["n", "3", "4"]]),
        ("ij,j->i", [&["n", "m"], &["m"], &["n"]]),
    ] {
        let [a, b, c] = shapes;
        add("Einsum", &[("subscripts", subscripts)], vec![of("_in0", a), of("_in1", b), of("_out", c)]);
    }
    let three =
        vec![of("_in0", &["n", "m"]), of("_in1", &["m", "3"]), of("_in2", &["3", "n"]), of("_out", &["n"])];
    add("Einsum", &[("subscripts", "ij,jk,kl->i")], three);
    add("Einsum", &[("subscripts", "ij->j")], vec![of("_in0", &["n", "m"]), of("_out", &["m"])]);
    let image = of("_in", &["2", "3", "n + 2", "m + 2"]);
    let filter = of("_filter", &["4", "3", "3", "3"]);
    let plain = [("strides", "[1, 1]"), ("padding", "[0, 0]")];
    add("Convolution", &plain, vec![image.clone(), filter.clone(), of("_out", &["2", "4", "n", "m"])]);
    let wide = [("strides", "[2, 2]"), ("padding", "[1, 1]")];
    let halves = of("_out", &["2", "4", "(n + 1)//2 + 1", "(m + 1)//2 + 1"]);
    add("Convolution", &wide, vec![image.clone(), filter, halves]);
    let signal =
        vec![of("_in", &["1", "2", "n + 4"]), of("_filter", &["3", "2", "5"]), of("_out", &["1", "3", "n"])];
    add("Convolution", &[("strides", "[1]"), ("padding", "[0]")], signal);
    if !dtype.is_complex() {
        let points =
            [("code", "p0 + p1 + p2 - p3"), ("offsets", "[-1, 0, 1, 0, 0, -1, 0, 1]"), ("rank", "2")];
        let grid: &[&'static str] = &["n + 1", "m + 2"];
        add("Stencil", &points, vec![of("_in", grid), of("_old", grid), of("_out", grid)]);
        add("Scan", &[("wcr", "max")], one(&["n"]));
        add("Scan", &[("wcr", "min"), ("rank", "2")], one(&["n", "m"]));
        add("Sort", &[], one(&["n"]));
        add("Sort", &[("rank", "2")], one(&["m", "n"]));
        let positions =
            |shape: &[&'static str]| vec![of("_in", shape), ("_out", shape.to_vec(), Kind::Positions)];
        add("Sort", &[("positions", "True")], positions(&["n"]));
        add("Sort", &[("positions", "True"), ("rank", "2")], positions(&["m", "n"]));
        let search =
            || vec![("_a", vec!["n"], Kind::Sorted), of("_v", &["m"]), ("_out", vec!["m"], Kind::Positions)];
        add("SearchSorted", &[], search());
        add("SearchSorted", &[("right", "True")], search());
        let counts = vec![
            of("_in", &["n"]),
            ("_edges", vec!["m + 1"], Kind::Sorted),
            ("_out", vec!["m"], Kind::Positions),
        ];
        add("Histogram", &[], counts);
        let pooled = of("_out", &["2", "3", "n//2 + 1", "m//2 + 1"]);
        let window = [("window", "[2, 2]"), ("strides", "[2, 2]")];
        add("Pooling", &window, vec![image.clone(), pooled.clone()]);
        if dtype.is_float() {
            let mean = [("mean", "True"), ("window", "[2, 2]"), ("strides", "[2, 2]")];
            add("Pooling", &mean, vec![image, pooled]);
            add("Random", &[], vec![("_seed", vec!["1"], Kind::Seed), of("_out", &["n"])]);
        }
    }
    let ops = list.into_iter().flat_map(|it| [(it.clone(), false), (it, true)]).enumerate();
    ops.map(|(at, ((name, properties, operands), stepped))| {
        let properties: Vec<(String, Property)> =
            properties.iter().map(|(name, value)| ((*name).to_owned(), property(value))).collect();
        let op = from_properties(name, &properties).unwrap_or_else(|error| panic!("{name}: {error}"));
        Case { at, op, operands, stepped }
    })
    .collect()
}

impl Case {
    fn container(&self, connector: &str) -> String {
        format!("c{}{connector}", self.at)
    }

    /// The container of the result.
    pub(super) fn result(&self) -> &'static str {
        self.container("_out").leak()
    }

    fn subset(&self, shape: &[&str], kind: Kind) -> String {
        if kind == Kind::Seed {
            return "0".to_owned();
        }
        let range = |extent: &&str| match self.stepped {
            false => format!("0:{extent}"),
            true => format!("1:2*({extent}) + 1:2"),
        };
        shape.iter().map(range).collect::<Vec<_>>().join(", ")
    }

    fn extents(&self, shape: &[&str], kind: Kind) -> Vec<Expr> {
        let extent = |text: &&str| {
            let extent = Expr::parse(text).expect("an extent is an expression");
            if self.stepped && kind != Kind::Seed { 2 * extent + 2 } else { extent }
        };
        shape.iter().map(extent).collect()
    }

    /// What the oracle needs to know.
    pub(super) fn to_json(&self) -> Json {
        let mut value = json!({ "op": self.op.name() });
        for (name, property) in self.op.properties() {
            value[name] = match property {
                Property::Bool(flag) => json!(flag),
                Property::Int(number) => json!(number),
                Property::Float(number) => json!(number),
                Property::Ints(numbers) => json!(numbers),
                Property::Text(text) => json!(text),
            };
        }
        let place = |(name, shape, kind): &Operand| {
            let subset = if *kind == Kind::Seed { ":".to_owned() } else { self.subset(shape, *kind) };
            ((*name).to_owned(), json!([self.container(name), subset]))
        };
        value["operands"] = self.operands.iter().map(place).collect();
        value
    }
}

fn element_type(kind: Kind, dtype: DType) -> DType {
    match kind {
        Kind::Numbers | Kind::Sorted => dtype,
        Kind::Positions => DType::Int64,
        Kind::Seed => DType::UInt64,
    }
}

/// One state for each case.
pub(super) fn program(cases: &[Case], dtype: DType) -> Sdfg {
    let mut builder = SdfgBuilder::new("nodes");
    for case in cases {
        for (name, shape, kind) in &case.operands {
            builder.array(&case.container(name), element_type(*kind, dtype), case.extents(shape, *kind));
        }
    }
    for case in cases {
        let state = builder.state(&format!("case_{}", case.at)).state;
        let op = case.op.clone();
        let outputs = op.outputs();
        let node = LibraryNode { label: "op".into(), op, implementation: None, span: Default::default() };
        let node = state.add_node(Node::Library(node));
        for (name, shape, kind) in &case.operands {
            let access = state.add_access(case.container(name));
            let subset = Subset::parse(&case.subset(shape, *kind)).expect("a subset");
            let memlet = Memlet::new(case.container(name), subset);
            match outputs.iter().any(|it| it == name) {
                true => state.connect((node, Some(name)), (access, None), memlet),
                false => state.connect((access, None), (node, Some(name)), memlet),
            };
        }
    }
    builder.build()
}

/// Random containers.
pub(super) fn inputs(cases: &[Case], [n, m]: [i64; 2], dtype: DType) -> Arrays {
    let value = |name: &dacec_ir::Name| Some(if name == "n" { n } else { m });
    let mut arrays = Arrays::default();
    for case in cases {
        for (name, shape, kind) in &case.operands {
            let extents = case.extents(shape, *kind);
            let shape: Vec<usize> =
                extents.iter().map(|it| it.eval(&value).expect("all symbols are known") as usize).collect();
            let dtype = element_type(*kind, dtype);
            let mut tensor = Tensor::random(dtype, &shape, (arrays.len() + 1) as u64);
            let compared = ["Sort", "Pooling", "Histogram", "SearchSorted"].contains(&case.op.name());
            if *kind == Kind::Sorted {
                ascending(&mut tensor);
            } else if compared && dtype.is_float() && *name != "_out" {
                for at in (1..tensor.len()).step_by(5) {
                    tensor.set(at, Value::float(f64::NAN, dtype));
                }
            } else if *kind == Kind::Numbers && *name != "_out" && !case.stepped && tensor.len() > 2 {
                // What follows in a running sum is no number either, so it comes late.
                let at = tensor.len() * 2 / 3;
                if dtype.is_complex() {
                    tensor.set(at, Value::complex(Complex64::new(f64::NAN, 1.0), dtype));
                } else if dtype.is_float() {
                    tensor.set(at, Value::float(f64::NAN, dtype));
                }
            }
            arrays.insert(case.container(name).into(), to_buffer(&tensor));
        }
    }
    arrays
}

fn ascending(tensor: &mut Tensor) {
    let mut values: Vec<Value> = (0..tensor.len()).map(|at| tensor.get(at)).collect();
    values.sort_by(|a, b| a.to_f64().total_cmp(&b.to_f64()));
    values.into_iter().enumerate().for_each(|(at, value)| tensor.set(at, value));
}

fn to_buffer(tensor: &Tensor) -> ArrayBuf {
    match tensor.dtype() {
        DType::Float32 => buffer::<f32>(tensor),
        DType::Float64 => buffer::<f64>(tensor),
        DType::Complex64 => buffer::<Complex32>(tensor),
        DType::Complex128 => buffer::<Complex64>(tensor),
        DType::Int32 => buffer::<i32>(tensor),
        DType::UInt8 => buffer::<u8>(tensor),
        DType::UInt64 => buffer::<u64>(tensor),
        _ => buffer::<i64>(tensor),
    }
}

fn buffer<T: Element + dacec_runtime::Element>(tensor: &Tensor) -> ArrayBuf {
    let elements = tensor.as_slice::<T>().expect("the type was looked at");
    ArrayBuf::from_slice(tensor.shape(), elements).expect("there is memory")
}

/// Elements as complex numbers.
pub(super) fn values(array: &ArrayBuf) -> Vec<Complex64> {
    let mut all = Vec::new();
    let mut real = |it: f64| all.push(Complex64::from(it));
    match array.dtype() {
        DType::Float32 => array.as_slice::<f32>().expect("floats").iter().for_each(|&x| real(x.into())),
        DType::Float64 => array.as_slice::<f64>().expect("doubles").iter().for_each(|&x| real(x)),
        DType::Int32 => array.as_slice::<i32>().expect("integers").iter().for_each(|&x| real(x.into())),
        DType::UInt8 => array.as_slice::<u8>().expect("integers").iter().for_each(|&x| real(x.into())),
        DType::Int64 => array.as_slice::<i64>().expect("integers").iter().for_each(|&x| real(x as f64)),
        DType::UInt64 => array.as_slice::<u64>().expect("integers").iter().for_each(|&x| real(x as f64)),
        DType::Complex64 => {
            let wide = |z: &Complex32| Complex64::new(z.re.into(), z.im.into());
            return array.as_slice::<Complex32>().expect("complex floats").iter().map(wide).collect();
        }
        _ => return array.as_slice::<Complex64>().expect("complex doubles").to_vec(),
    }
    all
}
