//! Products with sparse matrices, compared with dense ones: interpreted and compiled, on empty rows and empty matrices.

use dacec::{Compiler, Options, interpret};
use dacec_ir::builder::SdfgBuilder;
use dacec_ir::library::Csr;
use dacec_ir::library::blas::Factor;
use dacec_ir::{DType, Expr, IndexMap, Name, Sdfg, interp};
use dacec_runtime::{Arguments, ArrayBuf, Cache, Element, ScalarValue};
use num_complex::{Complex32, Complex64};

/// `C = alpha*A@B + beta*C` and `y = A@B[:, 0]`, with `A` of n rows and m columns, and `B` and `C` of k columns.
fn program(index: DType, dtype: DType) -> Sdfg {
    let [n, m, k, z] = ["n", "m", "k", "z"].map(Expr::sym);
    let mut program = SdfgBuilder::new("sparse");
    program.array("rows", index, [&n + 1]).array("cols", DType::Int64, [z.clone()]);
    program.array("vals", dtype, [z]).array("B", dtype, [m, k.clone()]);
    program.array("C", dtype, [n.clone(), k]).array("y", dtype, [n]);
    program.scalar("beta", dtype);
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

/// Real numbers as elements of a type.
fn typed(shape: &[usize], elements: &[f64], dtype: DType) -> ArrayBuf {
    let narrow = |x: &f64| *x as f32;
    match dtype {
        DType::Float32 => buffer(shape, &elements.iter().map(narrow).collect::<Vec<_>>()),
        DType::Complex64 => {
            let complex = elements.iter().map(|x| Complex32::from(narrow(x)));
            buffer(shape, &complex.collect::<Vec<_>>())
        }
        DType::Complex128 => buffer(shape, &elements.iter().map(|&x| Complex64::from(x)).collect::<Vec<_>>()),
        _ => buffer(shape, elements),
    }
}

fn number(value: f64, dtype: DType) -> ScalarValue {
    if dtype.is_complex() { ScalarValue::Complex(value.into()) } else { ScalarValue::Float(value) }
}

/// Arguments for a matrix with every third element, and no elements in every fourth row; and the results.
fn example([n, m, k]: [usize; 3], beta: f64, [index, dtype]: [DType; 2]) -> (Arrays, Vec<f64>, Vec<f64>) {
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
        ("vals", typed(&[vals.len()], &vals, dtype)),
        ("B", typed(&[m, k], &b, dtype)),
        ("C", typed(&[n, k], &c, dtype)),
        ("y", typed(&[n], &vec![0.0; n], dtype)),
    ];
    (arrays.into_iter().map(|(name, array)| (name.into(), array)).collect(), expected, vector)
}

fn check(what: &str, arrays: &Arrays, c: &[f64], y: &[f64]) {
    for (name, expected) in [("C", c), ("y", y)] {
        let actual = super::values(&arrays[name]);
        let tolerance = if arrays[name].dtype().real() == DType::Float32 { 1e-5 } else { 1e-12 };
        assert_eq!(actual.len(), expected.len(), "{what}: {name}");
        for (at, (a, b)) in actual.iter().zip(expected).enumerate() {
            assert!(
                (a - b).norm() <= tolerance * b.abs().max(1.0),
                "{what}: {name}[{at}] is {a} and not {b}"
            );
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
    let types = [
        [DType::Int32, DType::Float64],
        [DType::Int64, DType::Float32],
        [DType::Int32, DType::Complex64],
        [DType::Int64, DType::Complex128],
    ];
    for ([index, dtype], implementation) in types.into_iter().flat_map(|it| [(it, "built-in"), (it, "pure")])
    {
        let compiler = compiler(implementation);
        let program = program(index, dtype);
        let loaded =
            compiler.compile(program.clone()).expect("it can be compiled").load().expect("it was compiled");
        for sizes in [[1, 1, 1], [7, 5, 3], [4, 9, 1], [0, 3, 2], [3, 1, 2], [300, 200, 20]] {
            for beta in [0.5, 0.0] {
                let what = format!("{implementation} {index} {dtype} {sizes:?} {beta}");
                let (arrays, c, y) = example(sizes, beta, [index, dtype]);
                let mut after = arrays.clone();
                let mut arguments = Arguments::default().scalar("beta", number(beta, dtype));
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
                    values.insert("beta".into(), number(beta, dtype));
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
    let message =
        compiler("built-in").compile(program(DType::Int16, DType::Float64)).unwrap_err().to_string();
    assert!(message.contains("built-in: `_a_rows` has elements of int16"), "{message}");
}
