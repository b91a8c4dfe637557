use super::*;
use crate::Node;
use crate::builder::SdfgBuilder;
use crate::interp::{self, Value};
use crate::library::from_properties;

fn blur() -> CodeCallback {
    let signature = "image: float64[h, w], k: int64 -> out: float64[h, 2*w]";
    CodeCallback::new("blur", signature, Host::Changed).expect("a signature")
}

#[test]
fn a_signature_is_what_it_is_printed_as() {
    let callback = blur();
    assert_eq!(callback.signature(), "image: float64[h, w], k: int64 -> out: float64[h, 2*w]");
    assert_eq!(callback.inputs(), ["image", "k", "_host"]);
    assert_eq!(callback.outputs(), ["out", "_host_after"]);
    assert_eq!(["image", "k", "out", "_host"].map(|it| callback.operand_rank(it)), [2, 0, 2, 1].map(Some));
    for host in [Host::None, Host::Read, Host::Changed] {
        let callback = CodeCallback { host, ..callback.clone() };
        let properties: Vec<(String, Property)> =
            callback.properties().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let again = from_properties("Callback", &properties).expect("the operation is known");
        assert_eq!(again.properties(), callback.properties());
        assert_eq!(again.has_effects(), host == Host::Changed);
    }
}

#[test]
fn bad_signatures_say_why() {
    let refused = |function: &str, signature: &str| {
        CodeCallback::new(function, signature, Host::None).expect_err("it is wrong").to_string()
    };
    assert!(refused("a b", "").contains("`a b` is no name of a function"));
    assert!(refused("f", "x").contains("`x` has no type"));
    assert!(refused("f", "x: text").contains("`text` is no type of numbers"));
    assert!(refused("f", "x: float64, x: int64").contains("`x` is taken"));
    assert!(refused("f", "_host: float64").contains("`_host` is taken"));
    assert!(refused("f", "1x: float64").contains("no name of an operand"));
    assert!(refused("f", "x: float64[2*n]").contains("no extent is `n` alone"));
    assert!(refused("f", "x: float64[").contains("no type of numbers"));
    let unknown = from_properties("Callback", &[("function".to_owned(), Property::Text("f".to_owned()))]);
    assert!(unknown.is_err_and(|error| error.to_string().contains("signature")));
}

#[test]
fn operands_have_the_declared_types_and_shapes() {
    let operand = |dtype: DType, shape: &[&str]| {
        let shape: Vec<Expr> = shape.iter().map(|it| Expr::parse(it).expect("an extent")).collect();
        OperandType { dtype, strides: vec![Expr::one(); shape.len()], shape }
    };
    let check = |image: &[&str], out: &[&str], dtype: DType| {
        let list = [("image", operand(dtype, image)), ("out", operand(DType::Float64, out))];
        let operands = list.map(|(name, it)| (Name::from(name), it)).into_iter().collect();
        blur().check_operands(&operands, &Facts::default())
    };
    assert_eq!(check(&["N", "M"], &["N", "2*M"], DType::Float64), Ok(()));
    // Not known is no contradiction: the function is told the extents.
    assert_eq!(check(&["N", "M"], &["K", "2*M"], DType::Float64), Ok(()));
    let refused = check(&["N", "M"], &["N", "2*M + 1"], DType::Float64).expect_err("shapes differ");
    assert!(refused.contains("`out` has 2*M + 1 elements where 2*M are declared"), "{refused}");
    assert!(check(&["N", "M"], &["N", "2*M"], DType::Float32).is_err_and(|it| it.contains("float32")));
    assert!(check(&["N"], &["N", "2*M"], DType::Float64).is_err_and(|it| it.contains("1 dimensions")));
}

/// `y[0:N] = doubled(x[0:N], k)`, with effects.
fn program(callback: CodeCallback) -> crate::Sdfg {
    let n = Expr::sym("N");
    let mut program = SdfgBuilder::new("calling");
    program.array("x", DType::Float64, [n.clone()]).array("y", DType::Float64, [n]);
    program.scalar("k", DType::Int64).array("host", DType::Int64, [Expr::int(2)]);
    let host = ("host", "0:2");
    program.state("s").library(
        "call",
        callback,
        &[
            ("x", "x", "0:N"),
            ("k", "k", ""),
            ("_host", host.0, host.1),
            ("y", "y", "0:N"),
            ("_host_after", host.0, host.1),
        ],
    );
    program.build()
}

#[test]
fn the_interpreter_needs_a_meaning() {
    let callback = || {
        CodeCallback::new("scaled", "x: float64[n], k: int64 -> y: float64[n]", Host::Changed)
            .expect("a signature")
    };
    let arguments = || {
        let list = [("x", Tensor::vector(vec![1.0, 2.0])), ("y", Tensor::vector(vec![0.0; 2]))];
        let mut arguments: interp::Arguments =
            list.into_iter().map(|(name, it)| (Name::from(name), it)).collect();
        arguments.insert("k".into(), Tensor::scalar(3_i64));
        arguments.insert("host".into(), Tensor::vector(vec![7_i64, 8]));
        arguments
    };
    let refused = interp::run(&program(callback()), &mut arguments(), &[]).expect_err("nobody gives it");
    assert!(refused.to_string().contains("the function `scaled` is outside of the program"), "{refused}");

    let scaled = callback().meaning(|inputs, outputs| {
        let k = inputs[1].get(0).to_f64();
        for at in 0..inputs[0].len() {
            outputs[0].set(at, Value::float(k * inputs[0].get(at).to_f64(), DType::Float64));
        }
        Ok(())
    });
    let mut after = arguments();
    interp::run(&program(scaled), &mut after, &[]).expect("it has a meaning");
    assert_eq!(after["y"], Tensor::vector(vec![3.0, 6.0]));
    assert_eq!(after["host"], Tensor::vector(vec![7_i64, 8]));
}

#[test]
fn files_that_call_functions_are_trusted() {
    let sdfg = program(
        CodeCallback::new("f", "x: float64[n], k: int64 -> y: float64[n]", Host::Changed)
            .expect("a signature"),
    );
    let text = sdfg.to_string();
    assert_eq!(crate::text::parse(&text).expect("what was printed can be read").to_string(), text);
    let file = crate::json::to_string(&sdfg);
    let refused = crate::json::from_slice(file.as_bytes()).expect_err("it is not trusted");
    assert!(refused.message().contains("accepted only from a file that is trusted"), "{refused}");
    let options = crate::json::ReadOptions { trust_code: true, ..Default::default() };
    let again = crate::json::from_slice_with(file.as_bytes(), options).expect("it is trusted");
    let states = again.body.states();
    let node = states[0].nodes().find(|(_, node)| matches!(node, Node::Library(_)));
    assert!(node.is_some_and(|(_, node)| node.has_effects()));
    assert!(again.has_effects());
}
