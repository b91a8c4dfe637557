use super::*;
use crate::apply_everywhere;
use crate::library::{ExpandLibrary, Expansions, refusals};
use crate::pass::{Context, Options};
use crate::simplify;
use dacec_ir::builder::SdfgBuilder;
use dacec_ir::library::callback::Host;
use dacec_ir::{Array, Expr, Node, Sdfg, TaskletCode};

/// A call of a function of `x`, every second element of it or all, with a host of that name.
fn program(host: Host, place: &str, subset: &str) -> Sdfg {
    let (n, callback) = (Expr::sym("N"), "x: float64[n], k: int64 -> y: float64[n]");
    let callback = CodeCallback::new("scaled", callback, host).expect("a signature");
    let mut program = SdfgBuilder::new("calling");
    program.array("x", DType::Float64, [n.clone() * 2]).array("y", DType::Float64, [n]);
    program.scalar("k", DType::Int64).array(place, DType::Int64, [Expr::int(2)]);
    let mut operands = vec![("x", "x", subset), ("k", "k", ""), ("y", "y", "0:N")];
    operands.extend((host != Host::None).then_some(("_host", place, "0:2")));
    operands.extend((host == Host::Changed).then_some(("_host_after", place, "0:2")));
    program.state("s").library("call", callback, &operands);
    program.build()
}

fn expand(sdfg: &mut Sdfg) {
    // Whether it did is asked of the result.
    let _ = apply_everywhere(&ExpandLibrary::default(), sdfg, &mut Context::new(Options::default()));
}

fn clean(sdfg: &mut Sdfg) {
    let _ = simplify().run(sdfg, &mut Context::new(Options::default())).expect("passes keep rules");
}

/// The calls after expansion; the reasons of refusals otherwise.
fn calls(sdfg: &Sdfg, implementation: Option<&str>) -> Result<Vec<String>, String> {
    let mut sdfg = sdfg.clone();
    sdfg.visit_states_mut(&mut |state| {
        for id in state.node_ids() {
            if let Node::Library(node) = state.node_mut(id) {
                node.implementation = implementation.map(Name::from);
            }
        }
    });
    expand(&mut sdfg);
    let refused = refusals(&sdfg, &Expansions::default());
    if let Some(refusal) = refused.first() {
        return Err(refusal.to_string());
    }
    let text = sdfg.to_string();
    Ok(text
        .lines()
        .filter_map(|line| Some(line.split_once("{ ")?.1.trim_end_matches(" }").to_owned()))
        .collect())
}

#[test]
fn the_host_decides_who_is_called() {
    let all = "0:N";
    let by_symbol = calls(&program(Host::None, "host", all), None).expect("it is linked");
    assert_eq!(by_symbol, [r#"call "symbol:scaled"(&x, (N), (1), int64: k, &y, (N), (1))"#]);
    let stepped = calls(&program(Host::None, "host", "1:2*N:2"), None).expect("it is linked");
    assert_eq!(stepped, [r#"call "symbol:scaled"(&x, (N), (2), int64: k, &y, (N), (1))"#]);
    for host in [Host::Read, Host::Changed] {
        let by_pointer = calls(&program(host, "host", all), None).expect("there is an address");
        assert_eq!(by_pointer, [r#"call pointer("scaled", &_host, &x, (N), (1), int64: k, &y, (N), (1))"#]);
        let by_name = calls(&program(host, "host", all), Some("symbol")).expect("it is linked");
        assert_eq!(by_name, by_symbol);
        let by_python = calls(&program(host, INTERPRETER, all), None).expect("the interpreter calls");
        assert!(
            by_python[0].starts_with("call python(")
                && by_python[0].ends_with("&_host, &x, &k, &y, (N), (N))")
        );
    }
}

#[test]
fn what_cannot_be_called_says_why() {
    let refused = |sdfg: &Sdfg, implementation| calls(sdfg, implementation).expect_err("it is refused");
    let plain = program(Host::None, "host", "0:N");
    assert!(refused(&plain, Some("python")).contains("python: no interpreter is the host"));
    assert!(refused(&plain, Some("pointer")).contains("pointer: there is no host"));
    let gaps = refused(&program(Host::Changed, INTERPRETER, "0:2*N:2"), None);
    assert!(gaps.contains("python: `x` has gaps"), "{gaps}");
    assert!(gaps.contains("symbol: the host is the interpreter of Python"), "{gaps}");
    let mut small = program(Host::Changed, "host", "0:N");
    small.containers.insert("host".into(), Array::new(DType::Int32, [Expr::int(2)]).into());
    assert!(refused(&small, None).contains("the host is no vector of two 64-bit integers"));
    let shorter = refused(&program(Host::None, "host", "1:N"), None);
    assert!(shorter.contains("`y` has N elements where N - 1 are declared"), "{shorter}");
}

/// Nobody reads what the function computes.
fn unread(host: Host) -> Sdfg {
    let mut sdfg = program(host, "host", "0:N");
    sdfg.containers.insert("y".into(), Array::transient(DType::Float64, [Expr::sym("N")]).into());
    sdfg.arguments.retain(|name| name != "y");
    // A host that is internal does not make the call superfluous.
    sdfg.containers.insert("host".into(), Array::transient(DType::Int64, [Expr::int(2)]).into());
    sdfg.arguments.retain(|name| name != "host");
    sdfg
}

#[test]
fn effects_are_kept() {
    let count = |sdfg: &Sdfg| {
        sdfg.body.states().iter().flat_map(|it| it.nodes()).filter(|(_, it)| is_call(it)).count()
    };
    for expanded in [false, true] {
        for (host, left) in [(Host::Changed, 1), (Host::Read, 0), (Host::None, 0)] {
            let mut sdfg = unread(host);
            if expanded {
                expand(&mut sdfg);
            }
            assert_eq!(count(&sdfg), 1);
            clean(&mut sdfg);
            assert_eq!(count(&sdfg), left, "{host:?}, expanded: {expanded}");
        }
    }
}

fn is_call(node: &Node) -> bool {
    match node {
        Node::Library(_) => true,
        Node::Tasklet(tasklet) => matches!(tasklet.code, TaskletCode::External(_)),
        _ => false,
    }
}

/// Two calls of functions with different hosts stay in order.
#[test]
fn states_with_effects_are_not_fused() {
    let mut program = SdfgBuilder::new("calling");
    program.array("a", DType::Int64, [Expr::int(2)]).array("b", DType::Int64, [Expr::int(2)]);
    for host in ["a", "b"] {
        let callback = CodeCallback::new(&format!("call_{host}"), "", Host::Changed).expect("a signature");
        program.state(host).library(host, callback, &[("_host", host, "0:2"), ("_host_after", host, "0:2")]);
    }
    let mut sdfg = program.build();
    clean(&mut sdfg);
    assert_eq!(sdfg.body.states().len(), 2);
    expand(&mut sdfg);
    clean(&mut sdfg);
    assert_eq!(sdfg.body.states().len(), 2);
}
