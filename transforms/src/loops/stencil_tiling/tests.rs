use super::*;
use crate::map::testing::{apply, maps, refusals};
use dacec_ir::builder::{Code, SdfgBuilder, name, value};
use dacec_ir::interp::testing::{outcome, random_arguments};
use dacec_ir::{Wcr, interp};

fn tiling(time_tile: i64, tile_sizes: &[i64]) -> StencilTiling {
    StencilTiling { time_tile, tile_sizes: tile_sizes.to_vec() }
}

/// Tiles a program, and compares every bit.
fn check(tiling: &StencilTiling, before: &Sdfg, symbols: &[(&str, i64)]) -> Sdfg {
    let after = apply(tiling, before, symbols);
    assert!(!maps(before).is_empty() && after.to_string().contains("_tile_body"), "{after}");
    let arguments = random_arguments(before, symbols, 7).expect("arguments");
    let result = |sdfg: &Sdfg| outcome(sdfg, symbols, &arguments, &interp::Options::default());
    assert_eq!(result(before).expect("runs"), result(&after).expect("runs"), "{symbols:?}");
    after
}

fn third() -> Code {
    (name("a") + name("b") + name("c")) * value(0.33333)
}

/// `for t in 1:T { map i in 1:N - 1 { B[i] = A[i - 1] + A[i] + A[i + 1] }  map i in range { A[i] = … B … } }`
fn jacobi(range: &str, reads: [&str; 3]) -> Sdfg {
    let n = Expr::sym("N");
    let mut b = SdfgBuilder::new("jacobi");
    b.array("A", DType::Float64, [n.clone()]).array("B", DType::Float64, [n]);
    b.for_loop("t", 1, Expr::sym("T"), |b| {
        let inputs = [("a", "A", "i - 1"), ("b", "A", "i"), ("c", "A", "i + 1")];
        b.state("f").map("f", &[("i", "1:N - 1")], &inputs, third(), ("B", "i"));
        let inputs = [("a", "B", reads[0]), ("b", "B", reads[1]), ("c", "B", reads[2])];
        b.state("g").map("g", &[("i", range)], &inputs, third(), ("A", "i"));
    });
    b.build()
}

const NEIGHBOURS: [&str; 3] = ["i - 1", "i", "i + 1"];

#[test]
fn steps_of_one_dimension_share_a_tile() {
    for (n, t) in [(2, 4), (3, 2), (7, 1), (8, 4), (20, 9), (31, 4)] {
        let after = check(&tiling(3, &[4]), &jacobi("1:N - 1", NEIGHBOURS), &[("N", n), ("T", t)]);
        assert!(after.containers.contains_key("A_next") && after.containers.contains_key("B_next"));
    }
    check(&tiling(2, &[5]), &jacobi("2:N - 3", ["i + 2", "i", "i + 3"]), &[("N", 17), ("T", 8)]);
}

#[test]
fn a_tiled_loop_is_not_tiled_again() {
    let symbols = [("N", 20), ("T", 9)];
    let after = check(&tiling(3, &[4]), &jacobi("1:N - 1", NEIGHBOURS), &symbols);
    let mut again = after.clone();
    let pass = crate::everywhere("stencil-tiling", "tiles", tiling(3, &[4]));
    let changed = crate::run_pass(&pass, &mut again, &mut crate::Context::default());
    assert!(!changed.expect("no check is set").any());
}

/// Two fields on grids that lie apart, with a coefficient that changes in time, as in `fdtd_2d`.
#[test]
fn fields_of_several_dimensions_are_tiled() {
    let (n, m) = (Expr::sym("N"), Expr::sym("M"));
    let mut b = SdfgBuilder::new("fields");
    b.array("E", DType::Float64, [n.clone(), m.clone()]).array(
        "H",
        DType::Float64,
        [m.clone(), n.clone() - 1],
    );
    b.array("f", DType::Float64, [Expr::sym("T")]);
    b.for_loop("t", 0, Expr::sym("T"), |b| {
        let dims = [("i", "1:N"), ("j", "0:M")];
        let inputs = [("a", "E", "i, j"), ("b", "H", "j, i - 1"), ("c", "f", "t")];
        b.state("f").map("f", &dims, &inputs, third(), ("E", "i, j"));
        let dims = [("j", "0:M - 1"), ("i", "0:N - 1")];
        let inputs = [("a", "H", "j, i"), ("b", "E", "i + 1, j"), ("c", "E", "i, j + 1")];
        b.state("g").map("g", &dims, &inputs, third(), ("H", "j, i"));
    });
    let sdfg = b.build();
    // Dimensions are those of the arrays: `E` and `H` must agree in which is which.
    assert_eq!(
        refusals(&tiling(2, &[3]), &sdfg),
        ["`H[j, i - 1]` is at no constant distance of what is written"]
    );
    let mut b = SdfgBuilder::new("fields");
    b.array("E", DType::Float64, [n.clone(), m.clone()]).array("H", DType::Float64, [n - 1, m]);
    b.array("f", DType::Float64, [Expr::sym("T")]);
    b.for_loop("t", 0, Expr::sym("T"), |b| {
        let dims = [("i", "1:N - 1"), ("j", "0:M")];
        let inputs = [("a", "E", "i, j"), ("b", "H", "i - 1, j"), ("c", "f", "t")];
        b.state("f").map("f", &dims, &inputs, third(), ("E", "i, j"));
        let dims = [("j", "0:M - 1"), ("i", "0:N - 1")];
        let inputs = [("a", "H", "i, j"), ("b", "E", "i + 1, j"), ("c", "E", "i, j + 1")];
        b.state("g").map("g", &dims, &inputs, third(), ("H", "i, j"));
    });
    let sdfg = b.build();
    for (n, m, t) in [(3, 2, 3), (6, 9, 5), (9, 5, 4)] {
        check(&tiling(2, &[3, 2]), &sdfg, &[("N", n), ("M", m), ("T", t)]);
    }
}

/// `for t { map j { E[edge, j] = f[t] }  map i, j { E[i, j] = E[i, j] + E[i - 1, j] … } }`
#[test]
fn a_border_may_be_given_in_each_step() {
    let (n, m) = (Expr::sym("N"), Expr::sym("M"));
    for edge in ["0", "2", "N - 1"] {
        let mut b = SdfgBuilder::new("border");
        b.array("E", DType::Float64, [n.clone(), m.clone()]).array(
            "H",
            DType::Float64,
            [n.clone(), m.clone()],
        );
        b.array("f", DType::Float64, [Expr::sym("T")]).local("s", DType::Float64);
        b.for_loop("t", 0, Expr::sym("T"), |b| {
            let to = format!("{edge}, j");
            let mut state = b.state("f");
            state.tasklet("s", &[("a", "f", "t")], name("a") * value(2.0), ("s", ""));
            state.map("f", &[("j", "0:M")], &[("a", "s", "")], name("a"), ("E", &to));
            let [write, read] = state.state.accesses(&"s".into())[..] else { unreachable!("two accesses") };
            merge(state.state, write, read);
            let dims = [("i", "1:N"), ("j", "1:M")];
            let inputs = [("a", "E", "i, j"), ("b", "E", "i - 1, j"), ("c", "E", "i, j - 1")];
            b.state("g").map("g", &dims, &inputs, third(), ("H", "i, j"));
            let inputs = [("a", "E", "i, j"), ("b", "H", "i, j"), ("c", "H", "i - 1, j")];
            b.state("h").map("h", &dims, &inputs, third(), ("E", "i, j"));
        });
        let sdfg = b.build();
        for (n, m, t) in [(3, 2, 3), (10, 7, 5)] {
            check(&tiling(2, &[3, 4]), &sdfg, &[("N", n), ("M", m), ("T", t)]);
        }
    }
}

#[test]
fn numbers_inside_of_maps_belong_to_the_tile() {
    let text = "sdfg p(A, B) { symbol N: int64\n symbol T: int64\n data A: float64[N]\n data B: float64[N]\n \
                transient s: float64\n loop l for t in 0:T { state f {\n n0 = access A\n \
                n0 -> n1.IN_A: A[0:N]\n n1 = map f(i in 1:N) {\n n1.OUT_A -> n2.a: A[i - 1]\n \
                n2 = tasklet h(a: float64) -> (o: float64) { o = a*0.5 }\n n2.o -> n3: s\n \
                n3 = access s\n n3 -> n4.a: s\n n4 = tasklet g(a: float64) -> (o: float64) { o = a + 1.0 }\n \
                n4.o -> n5.IN_B: B[i]\n } n5\n n5.OUT_B -> n6: B[1:N]\n n6 = access B\n }\n state g {\n \
                n0 = access B\n n0 -> n1.IN_B: B[0:N]\n n1 = map g(i in 0:N) {\n n1.OUT_B -> n2.a: B[i]\n \
                n2 = tasklet c(a: float64) -> (o: float64) { o = a }\n n2.o -> n3.IN_A: A[i]\n } n3\n \
                n3.OUT_A -> n4: A[0:N]\n n4 = access A\n } } }";
    let after =
        check(&tiling(2, &[3]), &dacec_ir::text::parse(text).expect("a valid text"), &[("N", 8), ("T", 5)]);
    assert!(!after.containers.contains_key("s"), "the number is one of the tile's");
}

/// Makes what one node reads be read from another one.
fn merge(state: &mut State, write: NodeId, read: NodeId) {
    let edges: Vec<EdgeId> = state.out_edges(read).iter().map(|edge| edge.id).collect();
    for edge in edges {
        state.move_source(edge, write, None);
    }
    state.remove_node(read);
}

#[test]
fn numbers_that_steps_hand_on_are_refused() {
    let n = Expr::sym("N");
    for (from, reason) in
        [("A", "`A[0]` is read once for all elements"), ("f", "node n6 is not part of a map")]
    {
        let mut b = SdfgBuilder::new("numbers");
        b.array("A", DType::Float64, [n.clone()]).array("B", DType::Float64, [n.clone()]);
        b.array("f", DType::Float64, [n.clone()]).local("s", DType::Float64);
        b.for_loop("t", 0, Expr::sym("T"), |b| {
            let mut state = b.state("f");
            let inputs = [("a", "A", "i - 1"), ("b", "s", "")];
            // The number of the step before, where it is not merged with what the tasklet computes.
            state.map("f", &[("i", "1:N")], &inputs, name("a") + name("b"), ("B", "i"));
            state.tasklet("s", &[("a", from, "0")], name("a"), ("s", ""));
            if from == "A" {
                let [read, write] = state.state.accesses(&"s".into())[..] else {
                    unreachable!("two accesses")
                };
                merge(state.state, write, read);
            }
            b.state("g").map("g", &[("i", "1:N")], &[("a", "B", "i")], name("a"), ("A", "i"));
        });
        assert_eq!(refusals(&tiling(2, &[4]), &b.build()), [reason]);
    }
}

#[test]
fn elements_that_move_with_time_are_refused() {
    let mut b = SdfgBuilder::new("moving");
    b.array("A", DType::Float64, [Expr::sym("N") + Expr::sym("T")]);
    b.for_loop("t", 0, Expr::sym("T"), |b| {
        let inputs = [("a", "A", "i + t"), ("b", "A", "i + t")];
        b.state("f").map("f", &[("i", "0:N")], &inputs, name("a") + name("b"), ("A", "i + t"));
    });
    assert_eq!(refusals(&tiling(2, &[4]), &b.build()), ["`A[i + t]` does not tell the iteration"]);
}

#[test]
fn what_is_no_stencil_is_refused() {
    let why = |sdfg: &Sdfg| refusals(&tiling(2, &[4]), sdfg);
    assert_eq!(
        why(&jacobi("0:N//2", ["2*i", "i", "i"])),
        ["`B[2*i]` is at no constant distance of what is written"]
    );
    assert_eq!(why(&jacobi("t:N", ["i", "i", "i"])), ["the range t:N changes from step to step"]);
    assert_eq!(why(&jacobi("0:N:2", ["i", "i", "i"])), ["`g` has a schedule or steps"]);
    let mut sums = SdfgBuilder::new("sums");
    sums.array("A", DType::Float64, [Expr::sym("N")]);
    sums.for_loop("t", 0, Expr::sym("T"), |b| {
        let dims = [("i", "1:N")];
        b.state("s").reduction("m", &dims, &[("a", "A", "i")], name("a"), ("A", "i"), Wcr::Sum);
    });
    assert_eq!(why(&sums.build()).len(), 1);
    assert_eq!(refusals(&tiling(1, &[4]), &jacobi("1:N - 1", NEIGHBOURS)), ["a tile of 1 elements is none"]);
}

#[test]
fn what_is_copied_between_the_maps_is_refused() {
    let n = Expr::sym("N");
    let mut b = SdfgBuilder::new("copied");
    b.array("A", DType::Float64, [n.clone()]).array("B", DType::Float64, [n]);
    b.for_loop("t", 0, Expr::sym("T"), |b| {
        let inputs = [("a", "A", "i - 1"), ("b", "A", "i + 1")];
        b.state("f").map("f", &[("i", "1:N - 1")], &inputs, name("a") + name("b"), ("B", "i"));
        b.state("g").copy(("B", "0:N"), ("A", "0:N"));
    });
    assert_eq!(refusals(&tiling(2, &[4]), &b.build()), ["node n0 is not part of a map"]);
}
