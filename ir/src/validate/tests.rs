//! For every rule an SDFG that breaks it and nothing else, made by changing a valid one.

use super::rules::*;
use super::*;
use crate::text::generate::small_sdfgs;
use crate::{Block, Edge, Loop, Node, Region, State, text};
use proptest::prelude::*;

/// Uses most of the IR: a map, a copy, a nested SDFG, a loop, a condition, an assignment, a library node.
const VALID: &str = r#"
sdfg f(A, B, n) {
  symbol N: int64
  symbol k: int64
  data A: float64[N, N]
  data B: float64[N]
  data n: int64
  transient t: float64[N]
  transient s: float64

  assign k = n
  loop outer for i in 0:N {
    if $k > 0 {
      state compute {
        n0 = access A
        n0 -> n1.IN_A: A[i, 0:N]
        n1 = map rows(j in 0:N) {
          n1.OUT_A -> n2.a: A[i, j]
          n2 = tasklet twice(a: float64) -> (out: float64) { out = a + a }
          n2.out -> n3.IN_t: t[j]
        } n3
        n3.OUT_t -> n4: t[0:N]
        n4 = access t
        n4 -> n5: t[0:N] to [0:N]
        n5 = access B
      }
    } else {
      break
    }
  }
  state call {
    m0 = access B
    m0 -> m1.x: B[0:N]
    m1 = nested (x) -> (y) with [M = N] sdfg g(x, y) {
      symbol M: int64
      data x: float64[M]
      data y: float64
      state first {
        g0 = access x
        g0 -> g1.v: x[0]
        g1 = tasklet first(v: float64) -> (out: float64) { out = v }
        g1.out -> g2: y
        g2 = access y
      }
    }
    m1.y -> m2: s
    m2 = access s
  }
}
"#;

fn violations(sdfg: &Sdfg) -> Vec<Violation> {
    validate(sdfg).err().unwrap_or_default()
}

fn parsed(text: &str) -> Sdfg {
    text::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The valid SDFG with one text replaced by another breaks just this rule, with a message that holds `message`.
#[track_caller]
fn breaks(rule: &Rule, replaced: &str, by: &str, message: &str) {
    assert!(VALID.contains(replaced), "`{replaced}` is not in the text");
    found(rule, &violations(&parsed(&VALID.replace(replaced, by))), message);
}

/// A rewritten SDFG breaks just this rule.
#[track_caller]
fn breaks_after(rule: &Rule, change: impl FnOnce(&mut Sdfg), message: &str) {
    let mut sdfg = parsed(VALID);
    change(&mut sdfg);
    found(rule, &violations(&sdfg), message);
}

/// A state with these lines, in an SDFG with some containers, breaks just this rule.
#[track_caller]
fn state_breaks(rule: &Rule, lines: &str, message: &str) {
    found(rule, &violations(&with_state(lines)), message);
}

fn with_state(lines: &str) -> Sdfg {
    parsed(&format!(
        "sdfg f(A, B, x) {{\n symbol N: int64\n data A: float64[N]\n data B: float64[N]\n data x: float64\n \
         transient t: float64[4]\n transient b: bool\n transient k: int64\n transient s: float64\n \
         state s0 {{\n{lines}\n}}\n}}\n"
    ))
}

#[track_caller]
fn found(rule: &Rule, violations: &[Violation], message: &str) {
    let all: Vec<String> = violations.iter().map(Violation::to_string).collect();
    assert!(!all.is_empty(), "nothing is found");
    for violation in violations {
        assert_eq!(violation.rule.code, rule.code, "{all:#?}");
    }
    assert!(all.iter().any(|text| text.contains(message)), "`{message}` is not in {all:#?}");
}

/// Calls `change` on the state `compute`.
fn in_compute(sdfg: &mut Sdfg, change: impl Fn(&mut State)) {
    sdfg.body.visit_states_mut(&mut |state| {
        if state.label == "compute" {
            change(state);
        }
    });
}

#[test]
fn the_valid_one_is_valid() {
    assert_eq!(validate(&parsed(VALID)), Ok(()));
    assert_eq!(validate(&with_state("")), Ok(()));
}

#[test]
fn rules_have_codes_in_order_and_texts() {
    for (k, rule) in RULES.iter().enumerate() {
        assert_eq!(rule.code, format!("V{:03}", k + 1));
        assert!(rule.text.ends_with('.') && !rule.title.ends_with('.'), "{}", rule.code);
    }
}

#[test]
fn every_violation_is_reported_with_its_place() {
    let text = VALID.replace("A[i, j]", "A[i]").replace("break", "continue").replace("out = v", "out = w");
    let found = violations(&parsed(&text));
    let codes: Vec<&str> = found.iter().map(|violation| violation.rule.code).collect();
    assert_eq!(codes, [RANKS.code, TYPES.code]);
    assert_eq!(found[1].place, ["SDFG `f`", "state `call`", "SDFG `g`", "state `first`", "tasklet `first`"]);
}

#[test]
fn names_are_identifiers() {
    breaks(
        &IDENTIFIERS,
        "transient s:",
        "transient s: float64\n transient \"a-b\":",
        "a container is called `a-b`",
    );
    breaks(&IDENTIFIERS, "state call", "state \"to call\"", "a state is called `to call`");
    breaks(&IDENTIFIERS, "sdfg f(", "sdfg \"1\"(", "the SDFG is called `1`");
}

#[test]
fn a_name_has_one_meaning() {
    breaks(
        &DISTINCT_NAMES,
        "symbol k: int64",
        "symbol k: int64\n symbol s: int64",
        "`s` is a container and a symbol",
    );
    breaks_after(
        &DISTINCT_NAMES,
        |sdfg| {
            let Some(Block::Loop(outer)) = sdfg.body.blocks.get_mut(1) else { panic!("a loop") };
            let bounds = (crate::Expr::zero(), crate::Expr::int(3), crate::Expr::one());
            outer.body.blocks.push(Block::Loop(Box::new(Loop::counted(
                "again",
                "i",
                bounds,
                Region::default(),
            ))));
        },
        "the loop variable `i` is defined already",
    );
    breaks(&DISTINCT_NAMES, "j in 0:N) {", "j in 0:N, s in 0:1) {", "the parameter `s` of the map `rows`");
}

#[test]
fn arguments_are_the_visible_containers() {
    breaks(&INTERFACE, "f(A, B, n)", "f(A, B, n, s)", "`s` is transient");
    breaks(&INTERFACE, "f(A, B, n)", "f(A, B, n, A)", "`A` is listed twice");
    breaks(&INTERFACE, "f(A, B, n)", "f(A, B, n, C)", "`C` is no container");
    breaks(&INTERFACE, "f(A, B, n)", "f(A, B)", "`n` is visible to the caller");
}

#[test]
fn arrays_have_shapes() {
    breaks_after(
        &SHAPES,
        |sdfg| sdfg.containers.extend([("v".into(), crate::Array::transient(crate::DType::Int8, []).into())]),
        "the array `v` has no dimensions",
    );
    breaks_after(
        &SHAPES,
        |sdfg| {
            let array = crate::Array {
                strides: Vec::new(),
                ..crate::Array::transient(crate::DType::Int8, [4.into()])
            };
            sdfg.containers.insert("v".into(), array.into());
        },
        "1 dimensions and 0 strides",
    );
    breaks(&SHAPES, "transient s:", "transient v: int8[-2]\n transient s:", "the extent -2");
    breaks_after(
        &SHAPES,
        |sdfg| sdfg.symbols.extend([("q".into(), crate::DType::Float32)]),
        "the symbol `q` is of type float32",
    );
}

#[test]
fn symbols_are_defined() {
    breaks(&SYMBOLS, "A[i, j]", "A[i, m]", "uses `m`");
    breaks(&SYMBOLS, "t[0:N] to [0:N]", "t[0:N] to [j:N]", "uses `j`");
    breaks(&SYMBOLS, "i in 0:N", "i in m:N", "uses `m`");
    breaks(&SYMBOLS, "$k > 0", "$m > 0", "uses `m`");
    breaks(&SYMBOLS, "assign k = n", "assign q = n", "`q` is not declared");
    breaks(&SYMBOLS, "M = N", "M = j", "`M` of `g` uses `j`");
    breaks(&SYMBOLS, "out = a + a", "out = a + float64($q)", "`q` uses `q`");
    breaks(&SYMBOLS, "data B: float64[N]", "data B: float64[Q]", "the unknown symbol `Q`");
}

#[test]
fn jumps_are_in_loops() {
    breaks(&JUMPS, "assign k = n", "assign k = n\n continue", "a continue is outside of any loop");
}

#[test]
fn loop_variables_are_not_assigned() {
    breaks(&VARIABLES, "      break\n", "      assign i = 3\n", "`i` is assigned in its loop");
}

#[test]
fn control_flow_has_types() {
    breaks(&CONDITIONS, "$k > 0", "n", "a condition is of type int64");
    breaks(&CONDITIONS, "$k > 0", "n > 0.5", "operands of types int64 and float64");
    breaks(&CONDITIONS, "assign k = n", "assign k = s", "a value of type float64");
    breaks(&CONDITIONS, "$k > 0", "B[0, 0] > 0.0", "`B` has 1 dimensions and is read with 2");
}

#[test]
fn states_have_different_labels() {
    breaks(&LABELS, "state call", "state compute", "two states are called `compute`");
}

#[test]
fn states_have_no_cycles() {
    state_breaks(
        &ACYCLIC,
        "n0 = access A\nn1 = access B\nn0 -> n1\nn1 -> n0",
        "the graph of `s0` has a cycle",
    );
}

#[test]
fn maps_are_opened_and_closed() {
    let in_map = |change: fn(&mut crate::Map)| {
        move |sdfg: &mut Sdfg| {
            in_compute(sdfg, |state| {
                for id in state.node_ids() {
                    if let Node::MapEntry(map) = state.node_mut(id) {
                        change(map);
                    }
                }
            });
        }
    };
    breaks_after(&MAPS, in_map(|map| map.ranges.push(crate::Range::new(0, 2))), "1 parameters and 2 ranges");
    breaks_after(&MAPS, in_map(|map| map.collapse = 2), "collapses 2 of 1 dimensions");
    breaks_after(
        &MAPS,
        |sdfg| {
            in_compute(sdfg, |state| {
                let (entry, _) =
                    state.add_map("other", [("q".into(), crate::Range::new(0, 2))], Default::default());
                for id in state.node_ids() {
                    if let Node::MapExit { entry: it } = state.node_mut(id)
                        && *it != entry
                    {
                        *it = entry;
                    }
                }
            })
        },
        "has no exit of its own",
    );
}

#[test]
fn steps_have_a_direction() {
    breaks(&STEPS, "j in 0:N)", "j in 0:N:0)", "the map `rows` has the step 0");
    breaks(&STEPS, "i in 0:N {", "i in 0:N:0 {", "the loop over `i` has a step of 0");
    breaks(&STEPS, "t[0:N] to", "t[0:N:0] to", "has a step of 0");
}

#[test]
fn edges_stay_in_their_scope() {
    state_breaks(
        &SCOPES,
        "n0 = access t\nn1 = map m(i in 0:4) {\nn1 -> n2\nn2 = access s\nn2 -> n3\n} n3\nn0 -> n2",
        "crosses the border of a map",
    );
    breaks_after(
        &SCOPES,
        |sdfg| {
            in_compute(sdfg, |state| {
                let entry = state.nodes().find(|(_, node)| node.as_map().is_some()).map(|(id, _)| id);
                let inside = state.add_access("s");
                state.order(entry.expect("a map"), inside);
            })
        },
        "does not lead to the exit",
    );
}

#[test]
fn edges_are_attached_to_connectors() {
    let tasklet = |edges: &str| {
        format!(
            "n0 = access A\n n1 = access B\n n2 = tasklet t(a: float64) -> (o: float64) {{ o = a }}\n{edges}"
        )
    };
    let breaks = |edges: &str, message| state_breaks(&CONNECTORS, &tasklet(edges), message);
    breaks("n2.o -> n1: B[0]", "nothing is attached to the input `a`");
    breaks("n0 -> n2.a: A[0]\n n0 -> n2.a: A[1]\n n2.o -> n1: B[0]", "2 edges lead to the input `a`");
    breaks("n0 -> n2.a: A[0]\n n2.o -> n1: B[0]\n n2 -> n1: B[1]", "is attached to no connector");
    breaks("n0 -> n2.a: A[0]\n n2.o -> n1: B[0]\n n0.q -> n2", "has the connector `q`");
    breaks("n0 -> n2.a: A[0]", "nothing is attached to the output `o`");
}

#[test]
fn what_enters_a_map_continues() {
    breaks(&PAIRS, "n1.OUT_A -> n2.a", "n1.OUT_B -> n2.a", "nothing enters n1 for `OUT_B`");
    let map = |edges: &str| {
        format!(
            "n0 = access A\nn9 = access B\nn0 -> n1.IN_A: A[0:N]\nn1 = map m(i in 0:N) {{\n{edges}\n\
             n2 = tasklet t(a: float64) -> (o: float64) {{ o = a }}\nn2.o -> n3.IN_B: B[i]\n}} n3\n\
             n3.OUT_B -> n9: B[0:N]"
        )
    };
    assert_eq!(validate(&with_state(&map("n1.OUT_A -> n2.a: A[i]"))), Ok(()));
    let twice =
        map("n1.OUT_A -> n2.a: A[i]\n").replace("n3.OUT_B -> n9", "n0 -> n1.IN_A: A[0:N]\nn3.OUT_B -> n9");
    state_breaks(&PAIRS, &twice, "2 edges enter n2 for `OUT_A`");
}

#[test]
fn accesses_name_containers() {
    state_breaks(&CONTAINERS, "n0 = access Q", "n0 accesses `Q`");
    breaks(&CONTAINERS, "t[0:N] to [0:N]", "q[0:N] to [0:N]", "`q`, which does not exist");
}

#[test]
fn a_memlet_is_about_an_end_of_its_path() {
    breaks(&PATHS, "n1.OUT_A -> n2.a: A[i, j]", "n1.OUT_A -> n2.a: B[j]", "`B[j]` neither comes from");
    breaks(&PATHS, "n2.a: A[i, j]", "n2.a: A[i, j] to [0]", "which is no container");
}

#[test]
fn subsets_have_the_dimensions_of_their_container() {
    breaks(&RANKS, "n2.a: A[i, j]", "n2.a: A[j]", "has 1 dimensions where `A` has 2");
    breaks(&RANKS, "to [0:N]", "to [0:N, 0]", "has 2 dimensions where `B` has 1");
}

#[test]
fn subsets_lie_in_their_container() {
    breaks(&BOUNDS, "n2.a: A[i, j]", "n2.a: A[i, j - N]", "is not in 0:N");
    breaks(&BOUNDS, "n2.a: A[i, j]", "n2.a: A[N + i, j]", "N + i is not in 0:N");
    breaks(&BOUNDS, "t[0:N] to [0:N]", "t[0:N] to [1:N + 1]", "leaves `B`: 1:N + 1 is not in 0:N");
}

#[test]
fn what_only_may_leave_a_container_is_no_violation() {
    for subset in ["A[i - 1, j]", "A[i, j + 1]", "A[k, j]", "A[i, i + j]"] {
        let sdfg = parsed(&VALID.replace("n2.a: A[i, j]", &format!("n2.a: {subset}")));
        assert_eq!(validate(&sdfg), Ok(()), "{subset}");
    }
    // Nothing gets there.
    let dead = VALID.replace("i in 0:N {", "i in N:N {").replace("n2.a: A[i, j]", "n2.a: A[N, j]");
    assert_eq!(validate(&parsed(&dead)), Ok(()));
    // The condition no longer holds where the symbol has changed.
    let changed = VALID
        .replace("if $k > 0 {", "if $k < 0 {\n assign k = $(-k)")
        .replace("n2.a: A[i, j]", "n2.a: A[k, j]");
    assert_eq!(validate(&parsed(&changed)), Ok(()));
}

#[test]
fn copies_move_as_many_elements_as_they_write() {
    breaks(&COPIES, "t[0:N] to [0:N]", "t[0:N - 1] to [0:N]", "copies N - 1 elements to N of `B`");
    breaks(&COPIES, "t[0:N] to [0:N]", "t[0:N - 1]", "copies N - 1 elements to N of `B`");
    state_breaks(&COPIES, "n0 = access b\nn1 = access s\nn0 -> n1: b", "copies between bool and float64");
}

#[test]
fn conflicts_are_resolved_on_writes() {
    breaks(&RESOLUTIONS, "n2.a: A[i, j]", "n2.a: A[i, j] wcr sum", "is a read and has a conflict resolution");
    breaks(&RESOLUTIONS, "n3.IN_t: t[j]", "n3.IN_t: t[j] wcr bitxor", "float64 has no operation `bitxor`");
    state_breaks(
        &RESOLUTIONS,
        "n0 = access A\nn1 = tasklet mm(a: float64[1]) -> (c: float64[1]) { call f(&a, &c) }\nn2 = access B\n\
         n0 -> n1.a: A[0:N]\nn1.c -> n2: B[0:N] wcr sum",
        "has a conflict resolution, which the routine `f` ignores",
    );
}

/// A rule that nothing breaks may as well not be there.
#[test]
fn every_rule_has_a_test() {
    let constants = include_str!("rules.rs").lines().filter_map(|line| {
        let (name, text) = line.trim().split_once(" = \"V")?;
        Some((name, format!("V{}", text.get(..3)?)))
    });
    let constants: Vec<_> = constants.collect();
    assert_eq!(constants.len(), RULES.len());
    for (rule, (name, code)) in RULES.iter().zip(constants) {
        assert_eq!(rule.code, code);
        assert!(include_str!("tests.rs").contains(&format!("&{name},")), "{name} has no test");
    }
}

#[test]
fn zeros_have_a_beginning() {
    breaks(&ZEROS, "data B: float64[N]", "data B: float64[N] zeroed", "`B` belongs to the caller");
    let more = |line: &str| format!("{line}\n  transient s:");
    breaks(
        &ZEROS,
        "transient s:",
        &more("transient p: pointer_int8 zeroed"),
        "zeros, which pointer_int8 has not",
    );
    breaks(&ZEROS, "transient s:", &more("transient v: int8[k] call zeroed"), "where `k` has no value");
}

#[test]
fn only_arguments_may_be_none() {
    let valid = VALID.replace("data B: float64[N]", "data B: float64[N] optional");
    assert_eq!(validate(&parsed(&valid.replace("if $k > 0", "if not is_none(B)"))), Ok(()));
    breaks(&OPTIONAL, "transient t: float64[N]", "transient t: float64[N] optional", "`t` is optional");
    breaks(&OPTIONAL, "if $k > 0", "if is_none(t)", "`t` is no array argument");
    breaks(&OPTIONAL, "data x: float64[M]", "data x: float64[M] optional", "is passed to `g` is there");
}

#[test]
fn connectors_fit_their_memlets() {
    breaks(&PORTS, "t[j]\n", "t[j:j + 2]\n", "`out` has 0 dimensions, `t[j:j + 2]` has 1");
    state_breaks(
        &PORTS,
        "n0 = access x\nn1 = tasklet t(a: float32) -> (o: bool) { o = a > 0.0f32 }\nn2 = access b\n\
         n0 -> n1.a: x\nn1.o -> n2: b",
        "`a` is of type float32, `x` of type float64",
    );
}

#[test]
fn tasklets_have_types() {
    let breaks = |code: &str, message| breaks(&TYPES, "{ out = a + a }", code, message);
    breaks("{ out = a + 1 }", "operands of types float64 and int64");
    breaks("{ out = b }", "`b` is not defined");
    breaks("{ out = a > 0.0 }", "`out` is of type float64 and is given a value of type bool");
    breaks("{ a = 1.0\n out = a }", "the input `a` is assigned");
    breaks("{ out = a[0] }", "`a` has 0 dimensions and is read with 1 indices");
    breaks("{ v = a\n v = 1\n out = a }", "`v` is of type float64 and is given a value of type int64");
    breaks("{ if a > 0.0 { v = a }\n out = v }", "`v` is not defined");
    breaks("{ if a { out = a } else { out = a } }", "a condition is of type float64");
}

#[test]
fn outputs_get_values() {
    breaks(
        &OUTPUTS,
        "{ out = a + a }",
        "{ if a > 0.0 { out = a } }",
        "`out` does not get a value on every path",
    );
    let dynamic =
        VALID.replace("{ out = a + a }", "{ if a > 0.0 { out = a } }").replace("t[j]\n", "t[j] dynamic\n");
    assert_eq!(validate(&parsed(&dynamic)), Ok(()));
}

#[test]
fn nested_sdfgs_are_called_completely() {
    breaks(&CALLS, "with [M = N] ", "", "the symbol `M` of `g` has no value");
    breaks(&CALLS, "M = N", "M = N + 1", "`x` is declared as float64[M], what is passed is `B[0:N]`");
    breaks(
        &CALLS,
        "sdfg g(x, y) {",
        "sdfg g(x, y, z) {\n data z: float64",
        "the argument `z` of `g` is not passed",
    );
    breaks(&CALLS, "transient s: float64", "transient s: float32", "`y` is of type float64");
}

#[test]
fn conflicting_accesses_are_ordered() {
    let copies = |order: &str| {
        format!(
            "n0 = access A\nn1 = access B\nn0 -> n1: A[0:N]\nn2 = access t\nn3 = access A\nn2 -> n3: t[0:4] to [0:4]\n{order}"
        )
    };
    assert_eq!(validate(&with_state(&copies("n1 -> n2"))), Ok(()));
    state_breaks(&ORDER, &copies(""), "share elements and are not ordered");
    let disjoint = copies("").replace("A[0:N]", "A[4:N] to [4:N]");
    assert_eq!(validate(&with_state(&disjoint)), Ok(()));
}

#[test]
fn conflicting_maps_are_ordered() {
    let maps = |second: &str, order: &str| {
        let map = |entry: &str, subset: &str| {
            format!(
                "{entry} = map m(i in 0:N) {{\n{entry} -> {entry}t\n\
                 {entry}t = tasklet t() -> (o: float64) {{ o = 1.0 }}\n{entry}t.o -> {entry}x.IN_A: A[{subset}]\n\
                 }} {entry}x\n{entry}x.OUT_A -> {entry}a: A[0:N]\n{entry}a = access A\n"
            )
        };
        with_state(&format!("{}{}{order}", map("p", "i"), map("q", second)))
    };
    assert_eq!(validate(&maps("i", "pa -> q")), Ok(()));
    found(&ORDER, &violations(&maps("i", "")), "share elements and are not ordered");
    // What is between the bounds is not known: the subset outside of the map is too large.
    assert_eq!(validate(&maps("i*i % 2", "pa -> q")).map_err(|found| found[0].rule.code), Ok(()));
}

#[test]
fn inside_of_a_map_too() {
    state_breaks(
        &ORDER,
        "n0 = access A\nn9 = access A\nn8 = access B\nn0 -> n1.IN_A: A[0:N]\nn1 = map m(i in 0:N) {\n\
         n1.OUT_A -> n2.a: A[i]\nn2 = tasklet one(a: float64) -> (o: float64) { o = a }\nn2.o -> n3.IN_B: B[i]\n\
         n1.OUT_A -> n4.a: A[i]\nn4 = tasklet two(a: float64) -> (o: float64) { o = a }\nn4.o -> n3.IN_A: A[i]\n\
         } n3\nn3.OUT_A -> n9: A[0:N]\nn3.OUT_B -> n8: B[0:N]",
        "share elements and are not ordered",
    );
}

#[test]
fn iterations_do_not_write_the_same_element() {
    breaks(
        &RACES,
        "n3.IN_t: t[j]",
        "n3.IN_t: t[i]",
        "the iterations of map `rows` over `j` all write `t[i]`",
    );
    let reduction =
        VALID.replace("n3.IN_t: t[j]", "n3.IN_t: t[i] wcr sum").replace("t[0:N]\n", "t[i] wcr sum\n");
    assert_eq!(validate(&parsed(&reduction)), Ok(()));
    let once = VALID.replace("j in 0:N)", "j in i:i + 1)").replace("n3.IN_t: t[j]", "n3.IN_t: t[i]");
    assert_eq!(validate(&parsed(&once)), Ok(()));
}

#[test]
fn a_container_of_one_iteration_has_no_races() {
    let map = |uses: &str| {
        with_state(&format!(
            "n0 = access B\nn1 = map m(i in 0:N) {{\nn1 -> n2\n\
             n2 = tasklet one() -> (o: float64) {{ o = 1.0 }}\nn2.o -> n4: s\nn4 = access s\nn4 -> n5.v: s\n\
             n5 = tasklet two(v: float64) -> (o: float64) {{ o = v }}\nn5.o -> n3.IN_B: B[i]\n}} n3\n\
             n3.OUT_B -> n0: B[0:N]\n{uses}"
        ))
    };
    assert_eq!(validate(&map("")), Ok(()));
    found(&RACES, &violations(&map("n6 = access s\nn0 -> n6: B[0]")), "all write `s`");
}

#[test]
fn a_dangling_node_is_found() {
    breaks_after(
        &PAIRS,
        |sdfg| {
            in_compute(sdfg, |state| {
                let ids = state.node_ids();
                let source =
                    ids.iter().find(|id| state.node(**id).as_access().is_some()).copied().expect("an access");
                let entry =
                    ids.iter().find(|id| state.node(**id).as_map().is_some()).copied().expect("a map");
                let memlet = crate::Memlet::new("A", crate::Subset::parse("i, 0:N").expect("a subset"));
                let edge = Edge { src_conn: None, dst_conn: Some("IN_q".into()), memlet: Some(memlet) };
                state.add_edge(source, entry, edge);
            })
        },
        "`IN_q` of n1 does not continue",
    );
}

/// An SDFG with one container of every kind that stands for memory of others, is constant or is a queue.
fn with_kinds(lines: &str) -> Sdfg {
    parsed(&format!(
        "sdfg f(A, B, p.x, p.y) {{\n symbol N: int64\n symbol k: int64\n structure p[N] {{ x, y }}\n data A: float64[N]\n \
         data B: float64[N]\n data p.x: float64[N, 3]\n data p.y: float64[N]\n view v: float64[4]\n \
         reference r: float64[4]\n transient S: stream float64\n transient Q: stream float64[8]\n \
         transient t: float64[4]\n transient i: int64[4]\n transient b: bool\n \
         constant c: float64[4] = [1.0, 2.0, 3.0, 4.0]\n state s0 {{\n{lines}\n}}\n}}\n"
    ))
}

#[track_caller]
fn kinds_break(rule: &Rule, lines: &str, message: &str) {
    found(rule, &violations(&with_kinds(lines)), message);
}

/// Reads a view, sets and reads a reference, consumes a stream, uses a constant and a member.
const KINDS: &str = "n0 = access A\n n0 -> n1.views: A[2:6]\n n1 = access v\n n2 = access t\n n1 -> n2: v[0:4]\n \
    n3 = access B\n n3 -> n4.set: B[0:4]\n n4 = access r\n n5 = access p.y\n n4 -> n5: r[0:4] to [0:4]\n \
    n6 = access c\n n7 = access S\n n6 -> n7: c[0:4]\n n7 -> n8.IN_stream: S\n n8 = consume m(e in 0:2) {\n \
    n8.OUT_stream -> n9.x: S\n n9 = tasklet t(x: float64) -> (o: float64) { o = x }\n \
    n9.o -> n10.IN_A: A[0] wcr (old + new*new)\n } n10\n n10.OUT_A -> n11: A[0] wcr (old + new*new)\n n11 = access A";

#[test]
fn every_kind_of_container_can_be_valid() {
    assert_eq!(validate(&with_kinds("")), Ok(()));
    assert_eq!(validate(&with_kinds(KINDS)), Ok(()));
}

#[test]
fn views_show_one_container() {
    kinds_break(&VIEWS, "n0 = access t\nn1 = access v\nn1 -> n0: v[0:4]", "has 0 edges at `views`");
    kinds_break(&VIEWS, "n0 = access A\nn1 = access t\nn0 -> n1.views: A[0:4]", "is no view");
    kinds_break(&VIEWS, "n0 = access i\nn1 = access v\nn0 -> n1.views: i[0:4]", "`i[0:4]` of type int64");
    kinds_break(&VIEWS, "n0 = access S\nn1 = access v\nn0 -> n1.views: S", "stands for the stream `S`");
    kinds_break(&VIEWS, "n0 = access A\nn1 = access v\nn0 -> n1.views", "shows nothing");
    kinds_break(
        &VIEWS,
        "n0 = access A\nn1 = access v\nn0 -> n1.views: A[0:4]\nn2 = access t\nn2 -> n1: t[0:4]",
        "is written, and the edge that it writes leads into it",
    );
    kinds_break(
        &VIEWS,
        "n0 = access A\nn1 = access v\nn2 = access v\nn0 -> n1.views: A[0:4]\nn0 -> n2.views: A[4:8]",
        "shows `A[0:4]` and `A[4:8]` in one scope",
    );
    let read =
        with_kinds("").to_string().replace("  state s0", "  assign k = $N if v[0] > 1.0 else $N\n  state s0");
    found(&VIEWS, &violations(&parsed(&read)), "control flow reads the view `v`");
}

#[test]
fn references_are_set() {
    kinds_break(&REFERENCES, "n0 = access r\nn1 = access t\nn0 -> n1: r[0:4]", "is used and never set");
    kinds_break(
        &REFERENCES,
        "n0 = access A\nn1 = access t\nn0 -> n1.set: A[0:4]",
        "is set and is no reference",
    );
    kinds_break(&REFERENCES, "n0 = access A\nn1 = access r\nn0 -> n1.set", "an edge without a memlet");
    kinds_break(&REFERENCES, "n0 = access i\nn1 = access r\nn0 -> n1.set: i[0:4]", "is of type float64");
}

#[test]
fn streams_are_queues() {
    kinds_break(
        &STREAMS,
        "n0 = access t\nn1 = access S\nn0 -> n1: t[0:4] wcr sum",
        "has a conflict resolution",
    );
    kinds_break(
        &STREAMS,
        "n0 = tasklet t() -> (o: float64[1]) { o[0] = 1.0 }\nn0.o -> n1: Q[0:8]\nn1 = access Q",
        "is not one element of one queue",
    );
    let read =
        with_kinds("").to_string().replace("  state s0", "  assign k = $N if S > 1.0 else $N\n  state s0");
    found(&STREAMS, &violations(&parsed(&read)), "control flow reads the stream `S`");
    kinds_break(
        &STREAMS,
        "n0 = access S\nn0 -> n1._in: S\nn1 = library r Reduce(wcr = \"sum\")\nn1._out -> n2: t[0]\nn2 = access t",
        "the library node `r` uses a stream",
    );
}

#[test]
fn streams_are_passed_as_streams() {
    let call = |kind: &str| {
        with_kinds(&format!(
            "n0 = access S\nn0 -> n1.q: S\nn1 = nested (q) -> (y) sdfg g(q, y) {{\n data q: {kind} float64\n \
             data y: float64\n state g0 {{ g0 = access q\n g1 = access y\n g0 -> g1: q }}\n }}\n\
             n1.y -> n2: t[0]\nn2 = access t"
        ))
    };
    assert_eq!(validate(&call("stream")), Ok(()));
    found(&CALLS, &violations(&call("")), "`q` is declared as float64");
}

#[test]
fn constants_are_not_written() {
    kinds_break(
        &CONSTANTS,
        "n0 = access t\nn1 = access c\nn0 -> n1: t[0:4]",
        "the constant `c` is written at n1",
    );
}

#[test]
fn consume_scopes_take_from_one_queue() {
    let breaks = |from: &str, to: &str, message: &str| {
        assert!(KINDS.contains(from), "{from}");
        kinds_break(&CONSUME, &KINDS.replace(from, to), message);
    };
    breaks("consume m(e in 0:2)", "consume m(e in 0:2, g in 0:2)", "has 2 parameters");
    let array = KINDS.replace("n8.OUT_stream -> n9.x: S", "n8.OUT_stream -> n9.x: A[0]");
    kinds_break(
        &CONSUME,
        &array.replace("n7 -> n8.IN_stream: S", "n0 -> n8.IN_stream: A[0]"),
        "no queue enters",
    );
    breaks("consume m(e in 0:2)", "consume m(e in 0:2) by 0", "takes 0 elements at a time");
    breaks("consume m(e in 0:2)", "consume m(e in 0:2) by 2", "do not go to one container of as many");
    let until = KINDS.replace("consume m(e in 0:2)", "consume m(e in 0:2) until (b)");
    assert_eq!(validate(&with_kinds(&until)), Ok(()));
    kinds_break(&CONDITIONS, &until.replace("(b)", "(k)"), "`k` is not defined");
}

#[test]
fn tiles_lie_side_by_side() {
    let copy = |range: &str| format!("n0 = access A\n n1 = access B\n n0 -> n1: A[{range}] to [0:4]");
    assert_eq!(validate(&with_kinds(&copy("0:8:4:2"))), Ok(()));
    kinds_break(&TILES, &copy("0:2:2:4"), "has tiles of 4 with a step of 2");
    kinds_break(&TILES, &copy("0:4:4:N"), "has tiles of N with a step of 4");
    kinds_break(&BOUNDS, &copy("N - 1:N + 7:4:2"), "leaves `A`");
    kinds_break(
        &TILES,
        "n0 = access A\nn1 = access v\nn0 -> n1.views: A[0:8:4:2]",
        "tells what a container stands for",
    );
    let map = "n0 = access A\n n0 -> n1.IN_A: A[0:8]\n n1 = map m(e in 0:8:4:2) {\n n1.OUT_A -> n2.a: A[e]\n \
               n2 = tasklet t(a: float64) -> (o: float64) { o = a }\n n2.o -> n3.IN_B: B[e]\n } n3\n \
               n3.OUT_B -> n4: B[0:8]\n n4 = access B";
    kinds_break(&TILES, map, "the map `m` runs over 0:8:4:2, which has tiles");
    let tasklet = "n0 = tasklet t() -> (o: float64[2]) { o[0, 0] = 1.0 }\n n0.o -> n1: A[0:8:4:2] dynamic\n n1 = access A";
    kinds_break(&TILES, tasklet, "no tasklet that accesses all of them");
    let pops = "n0 = access S\n n1 = access A\n n0 -> n1: S to [0:8:4:2] dynamic";
    kinds_break(&TILES, pops, "fills tiles with what a stream may not have");
}

#[test]
fn machines_have_ways_between_their_vertices() {
    let machine =
        |inside: &str| parsed(&format!("sdfg f() {{ symbol k: int64\n machine m {{ {inside} }} }}"));
    let breaks = |inside: &str, message: &str| found(&MACHINES, &violations(&machine(inside)), message);
    assert_eq!(
        validate(&machine("at a { assign k = 1\n }\n goto a -> a if $k < 3 assign k = $(k + 1)")),
        Ok(())
    );
    breaks("", "the machine has no vertices");
    breaks("at a { }\n at a { }", "two vertices are called `a`");
    breaks("at a { }\n goto a -> 3", "there is no vertex 3");
    breaks("at a { }\n at b { }\n goto a -> b\n goto a -> a", "comes after one without a condition");
    found(&JUMPS, &violations(&machine("at a { break }")), "a break is outside of any loop");
    found(
        &CONDITIONS,
        &violations(&machine("at a { }\n goto a -> a if 1.0")),
        "a condition is of type float64",
    );
    found(&SYMBOLS, &violations(&machine("at a { }\n goto a -> a assign q = 1")), "`q` is not declared");
}

#[test]
fn members_of_structures_are_containers() {
    let change = |from: &str, to: &str, message: &str| {
        let text = with_kinds("").to_string();
        assert!(text.contains(from), "{from}");
        found(&STRUCTURES, &violations(&parsed(&text.replace(from, to))), message);
    };
    change("{ x, y }", "{ x, y, z }", "the member `p.z` is no container");
    change("{ x, y }", "{ x }", "`p.y` is no member of a structure");
    change("data p.y: float64[N]", "data p.y: float64[4]", "does not begin with the dimensions");
    change("data p.x", "structure o { p }\n  data p.x", "`o.p` is no container");
    let internal = with_kinds("").to_string().replace("data p.y", "transient p.y").replace(", p.y)", ")");
    found(&STRUCTURES, &violations(&parsed(&internal)), "some members of `p` are internal");
}

/// A map over as many rows as the first element of an array of integers says.
const COUNTED: &str = "n0 = access i\n n0 -> n1.count: i[0]\n n1 = map m(e in 0:count) {\n n1 -> n2\n \
    n2 = tasklet t() -> (o: float64) { o = float64($(e + count)) }\n n2.o -> n3.IN_A: A[e] dynamic\n } n3\n \
    n3.OUT_A -> n4: A[0:N] dynamic\n n4 = access A";

#[test]
fn ranges_get_numbers_from_data() {
    assert_eq!(validate(&with_kinds(COUNTED)), Ok(()));
    let change =
        |from: &str, to: &str, message: &str| kinds_break(&RANGE_INPUTS, &COUNTED.replace(from, to), message);
    change("n1.count: i[0]", "n1.count: i[0:2]", "gets several elements");
    change("n0 = access i\n n0 -> n1.count: i[0]", "n0 = access A\n n0 -> n1.count: A[0]", "gets no integer");
    let twice = "n0 -> n1.count: i[0]\n n0 -> n1.count: i[1]";
    change("n0 -> n1.count: i[0]", twice, "is the name of something else");
    let lines = COUNTED.replace("n0 -> n1.count: i[0]", "n0 -> n1.count: i[0]\n n0 -> n1.N: i[1]");
    kinds_break(&RANGE_INPUTS, &lines, "`N` of n1 is the name of something else");
    let lines = COUNTED.replace("n1.count: i[0]", "n1.other: i[0]");
    found(&SYMBOLS, &violations(&with_kinds(&lines)), "uses `count`, which is not defined here");
    let consuming =
        KINDS.replace("n7 -> n8.IN_stream: S", "n7 -> n8.IN_stream: S\n n12 = access i\n n12 -> n8.k: i[0]");
    kinds_break(&RANGE_INPUTS, &consuming, "leads into a consume scope");
}

#[test]
fn indices_begin_where_the_offset_says() {
    let with_offset = |offset: &str, subset: &str| {
        parsed(&format!(
            "sdfg f(x, y) {{\n symbol N: int64\n data x: float64[N] offset [{offset}]\n data y: float64[4]\n \
             state s {{\n n0 = access x\n n0 -> n1: x[{subset}] to [0:1]\n n1 = access y\n }}\n}}"
        ))
    };
    assert_eq!(validate(&with_offset("-1", "N:N + 1")), Ok(()));
    found(&BOUNDS, &violations(&with_offset("-1", "0:1")), "leaves `x`");
    found(&BOUNDS, &violations(&with_offset("0", "N:N + 1")), "leaves `x`");
    let mut wrong = with_offset("0", "0:1");
    if let Some(crate::Data::Array(x)) = wrong.containers.get_mut("x") {
        x.offset.push(crate::Expr::one());
    }
    found(&SHAPES, &violations(&wrong), "has 1 dimensions and 2 offsets");
}

#[test]
fn custom_resolutions_have_types() {
    kinds_break(&RESOLUTIONS, &KINDS.replace("new*new", "1"), "float64 has no operation");
}

proptest! {
    /// Whatever a graph looks like, the rules can be checked, and judge alike what is printed and read.
    #[test]
    fn no_graph_breaks_the_rules(sdfg in small_sdfgs()) {
        let again = text::parse(&text::print(&sdfg)).expect("what is printed can be read");
        prop_assert_eq!(validate(&sdfg).is_ok(), validate(&again).is_ok());
    }
}

/// A chain of maps over one array: the search for conflicting accesses must not compare each with each, which takes minutes.
#[test]
fn large_states_are_searched_for_conflicts() {
    let (n, m) = (crate::Expr::sym("N"), crate::Expr::sym("M"));
    let mut builder = crate::builder::SdfgBuilder::new("large");
    builder.array("A", crate::DType::Float64, [n, m]);
    let mut chain = builder.state("chain");
    let mut last = None;
    for _ in 0..2000 {
        let dims = [("i", "1:N - 1"), ("j", "1:M - 1")];
        let entry = chain.map("m", &dims, &[("a", "A", "i, j")], crate::builder::name("a"), ("A", "i, j"));
        if let Some(last) = last {
            let first = chain.state.predecessors(entry)[0];
            chain.state.order(last, first);
        }
        last = chain.state.node(entry).as_map().map(|map| chain.state.successors(map.exit)[0]);
    }
    assert_eq!(validate(&builder.build()), Ok(()));
}
