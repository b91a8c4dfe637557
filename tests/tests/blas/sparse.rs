//! Products with sparse matrices, compared with dense ones: interpreted and compiled, on empty rows and empty matrices.

use dacec::{Compiler, Options, interpret};
use dacec_ir::builder::SdfgBuilder;
use dacec_ir::library::Csr;
use dacec_ir::library::blas::Factor;
use dacec_ir::{DType, Expr, Name, Sdfg, interp};
use dacec_runtime::{Arguments, ArrayBuf, Cache, Element, ScalarValue};
use indexmap::IndexMap;

/// `C = alpha*A@B + beta*C` and `y = A@B[:, 0]`, with `A` of n rows and m columns, and `B` and `C` of k columns.
fn program(index: DType) -> Sdfg {
    let [n, m, k, z] = ["n", "m", "k", "z"].map(Expr::sym);
    let mut program = SdfgBuilder::new("sparse");
    program.array("rows", index, [&n + 1]).array("cols", DType::Int64, [z.clone()]);
    program.array("vals", DType::Float64, [z]).array("B", DType::Float64, [m, k.clone()]);
    program.array("C", DType::Float64, [n.clone(), k]).array("y", DType::Float64, [n]);
    program.scalar("beta", DType::Float64);
    let sparse = [("_a_rows", "rows", "0:n + 1"), ("_a_cols", "cols", "0:z"), ("_a_vals", "vals", "0:z")];
    let whole =
        [("_b", "B", "0:m, 0:k"), ("_cin", "C", "0:n, 0:k"), ("_beta", "beta", ""), ("_c", "C", "0:n, 0:k")];
    let op = Csr { vector: false, alpha: Factor::Number(-2.0), beta: Factor::Operand };
    program.state("matrix").library("product", op, &[&sparse[..], &whole].concat());
    let column = [("_b", "B", "0:m, 0"), ("_c", "y", "0:n")];
    let op = Csr { vector: true, alpha: Factor::ONE, beta: Factor::ZERO };
    program.state("vector").library("product", op, &[&sparse[..], &column].concat());
    program.build()
}

type Arrays = IndexMap<Name, ArrayBuf>;

fn buffer<T: Element>(shape: &[usize], elements: &[T]) -> ArrayBuf {
    ArrayBuf::from_slice(shape, elements).expect("there is memory")
}

/// Arguments for a matrix with every third element, and no elements in every fourth row; and the results.
fn example([n, m, k]: [usize; 3], beta: f64, index: DType) -> (Arrays, Vec<f64>, Vec<f64>) {
    let dense = |i: usize, j: usize| match i % 4 != 1 && (i + j).is_multiple_of(3) {
        true => (i as f64) - 2.0 * (j as f64) + 0.5,
        false => 0.0,
    };
    let (mut rows, mut cols, mut vals) = (vec![0_i64], Vec::new(), Vec::new());
    for i in 0..n {
        for j in (0..m).filter(|&j| dense(i, j) != 0.0) {
            cols.push(j as i64);
            vals.push(dense(i, j));
        }
        rows.push(cols.len() as i64);
    }
    let b: Vec<f64> = (0..m * k).map(|at| (at % 13) as f64 - 5.0).collect();
    let c: Vec<f64> = (0..n * k).map(|at| (at % 7) as f64).collect();
    let product = |i: usize, j: usize| (0..m).map(|l| dense(i, l) * b[l * k + j]).sum::<f64>();
    let expected = (0..n * k).map(|at| -2.0 * product(at / k, at % k) + beta * c[at]).collect();
    let vector = (0..n).map(|i| product(i, 0)).collect();
    let narrow: Vec<i32> = rows.iter().map(|&at| at as i32).collect();
    let rows = match index {
        DType::Int32 => buffer(&[n + 1], &narrow),
        _ => buffer(&[n + 1], &rows),
    };
    let arrays = [
        ("rows", rows),
        ("cols", buffer(&[cols.len()], &cols)),
        ("vals", buffer(&[vals.len()], &vals)),
        ("B", buffer(&[m, k], &b)),
        ("C", buffer(&[n, k], &c)),
        ("y", buffer(&[n], &vec![0.0; n])),
    ];
    (arrays.into_iter().map(|(name, array)| (name.into(), array)).collect(), expected, vector)
}

fn check(what: &str, arrays: &Arrays, c: &[f64], y: &[f64]) {
    for (name, expected) in [("C", c), ("y", y)] {
        let actual = arrays[name].as_slice::<f64>().expect("doubles");
        for (at, (a, b)) in actual.iter().zip(expected).enumerate() {
            assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{what}: {name}[{at}] is {a} and not {b}");
        }
    }
}

/// A compiler that computes sparse products in one way.
fn compiler(implementation: &str) -> Compiler {
    let implementations = Csr::NAMES.map(|op| (op.into(), implementation.into())).to_vec();
    let options = Options { implementations, ..Options::default() };
    let cache = Cache::private().expect("a private cache can be made");
    Compiler::with_cache(options, cache).expect("there is a C++ compiler")
}

#[test]
fn sparse_products_are_those_of_dense_matrices() {
    for (index, implementation) in [
        (DType::Int32, "built-in"),
        (DType::Int64, "built-in"),
        (DType::Int32, "pure"),
        (DType::Int64, "pure"),
    ] {
        let compiler = compiler(implementation);
        let program = program(index);
        let loaded =
            compiler.compile(program.clone()).expect("it can be compiled").load().expect("it was compiled");
        for sizes in [[1, 1, 1], [7, 5, 3], [4, 9, 1], [300, 200, 20]] {
            for beta in [0.5, 0.0] {
                let what = format!("{implementation} {index} {sizes:?} {beta}");
                let (arrays, c, y) = example(sizes, beta, index);
                let mut after = arrays.clone();
                let mut arguments = Arguments::new().scalar("beta", beta);
                for (name, array) in &mut after {
                    arguments = arguments.array(name.clone(), array);
                }
                loaded.call(&mut arguments).unwrap_or_else(|error| panic!("{what}: {error}"));
                drop(arguments);
                check(&what, &after, &c, &y);
                if sizes[0] < 100 {
                    let symbols =
                        ["n", "m", "k"].into_iter().zip(sizes.map(|size| ScalarValue::Int(size as i128)));
                    let mut values: IndexMap<Name, ScalarValue> =
                        symbols.map(|(name, value)| (name.into(), value)).collect();
                    values.insert("z".into(), ScalarValue::Int(arrays["vals"].len() as i128));
                    values.insert("beta".into(), ScalarValue::Float(beta));
                    let options = interp::Options::default();
                    let after = interpret::run(&program, &values, &arrays, &options);
                    check(&what, &after.unwrap_or_else(|error| panic!("{what}: {error}")), &c, &y);
                }
            }
        }
    }
}

#[test]
fn indices_of_other_types_are_refused() {
    let message = compiler("built-in").compile(program(DType::Int16)).unwrap_err().to_string();
    assert!(message.contains("built-in: `_a_rows` has elements of int16"), "{message}");
}
