//! Whole SDFGs.

use super::*;
use crate::builder::{SdfgBuilder, name};
use crate::{DType, Expr};

fn sym(name: &str) -> Expr {
    Expr::sym(name)
}

#[test]
fn a_map_computes_every_element() {
    let mut b = SdfgBuilder::new("axpy");
    b.scalar("a", DType::Float64).array("x", DType::Float64, [sym("N")]).array(
        "y",
        DType::Float64,
        [sym("N")],
    );
    let inputs = [("a", "a", ""), ("xi", "x", "i"), ("yi", "y", "i")];
    b.state("s").map("m", &[("i", "0:N")], &inputs, name("a") * name("xi") + name("yi"), ("y", "i"));
    let mut arguments = Arguments::from([
        ("a".into(), Tensor::scalar(2.0)),
        ("x".into(), Tensor::vector(vec![1.0, 2.0])),
        ("y".into(), Tensor::vector(vec![10.0, 20.0])),
    ]);
    run(&b.build(), &mut arguments, &[]).expect("a valid program");
    assert_eq!(arguments["y"], Tensor::vector(vec![12.0, 24.0]));
}
