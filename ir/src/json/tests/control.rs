//! Control flow: state machines, regions, and what has no structure.

use super::*;

fn without_loop_labels(text: &str) -> String {
    let label = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        match line.trim_start().strip_prefix("loop ").and_then(|rest| rest.split_once(' ')) {
            Some((_, header)) => format!("{}loop {header}", " ".repeat(indent)),
            None => line.to_owned(),
        }
    };
    text.lines().map(label).collect::<Vec<_>>().join("\n")
}

#[test]
fn control_flow_is_found_in_a_state_machine() {
    let sdfg = text::parse(FLOW).unwrap();
    let file = without_hints(&to_string(&sdfg)).replace("__return", "result");
    let read = from_slice(file.as_bytes()).unwrap().to_string().replace("result", "__return");
    let expected = FLOW.replace(
        "    } elif not t < 3.0 {\n      assign k = $k + int64(n)\n    } else {\n",
        "    } else {\n      if not t < 3.0 {\n        assign k = $k + int64(n)\n      } else {\n",
    );
    let flat = |text: &str| {
        let lines = without_loop_labels(text);
        let lines =
            lines.lines().map(str::trim).filter(|line| *line != "}" && !line.contains("data __return"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(flat(&read).replace("__return[0]", "__return"), flat(&expected), "{read}");
}

#[test]
fn regions_of_newer_files_are_read() {
    let loop_region = r#"{"type":"SDFG","attributes":{"name":"f","_arrays":{
        "s":{"type":"Scalar","attributes":{"dtype":"float64","transient":true}}},"symbols":{"i":"int64","k":"int64"}},
      "edges":[],"nodes":[{"type":"LoopRegion","label":"l","start_block":0,"attributes":{
        "init_statement":{"string_data":"i = 0"},"loop_condition":{"string_data":"(i < 10)"},
        "update_statement":{"string_data":"i = (i + 2)"},"loop_variable":"i","inverted":false},
        "edges":[],"nodes":[{"type":"ConditionalBlock","label":"c","branches":[
          [{"string_data":"(s > 1.0)"},{"type":"ControlFlowRegion","label":"b","edges":[],
            "nodes":[{"type":"ContinueBlock","label":"x","nodes":[],"edges":[]}]}],
          [null,{"type":"ControlFlowRegion","label":"b2",
            "edges":[{"type":"Edge","src":"0","dst":"1","attributes":{"data":{"type":"InterstateEdge","attributes":{
              "assignments":{"k":"(k + i)"}}}}}],
            "nodes":[{"type":"SDFGState","label":"e","attributes":{},"nodes":[],"edges":[]},
                     {"type":"SDFGState","label":"e2","attributes":{},"nodes":[],"edges":[]}]}]]}]}]}"#;
    let expected = "\
sdfg f() {
  symbol k: int64
  transient s: float64

  loop l for i in 0:10:2 {
    if s > 1.0 {
      continue
    } else {
      assign k = $(i + k)
    }
  }
}
";
    assert_eq!(from_slice(loop_region.as_bytes()).unwrap().to_string(), expected);
}

#[test]
fn a_return_in_a_region_ends_the_program() {
    let text = "sdfg f(n) {\n  symbol k: int64\n  data n: int64\n\n  if n > 3 {\n    return\n  }\n  loop l for i in 0:4 {\n    \
                if n > $i {\n      assign k = 2\n      return\n    }\n    assign k = 3\n  }\n}\n";
    let json = to_string_in(&text::parse(text).unwrap(), Dialect::V2);
    let read = from_slice(without_hints(&json).as_bytes()).unwrap().to_string();
    assert_eq!(read.matches("return").count(), 2, "{read}");
}

/// Two vertices that lead to each other and both go in from outside: no loop.
const TANGLED: &str = "sdfg f(x) {
  symbol k: int64
  data x: int64[4]

  loop all for n in 0:4 {
    machine knot {
      at start {
        assign k = 0
      }
      at a {
        state add {
          n0 = tasklet t() -> (o: int64) { o = $(k + 1) }
          n0.o -> n1: x[n] wcr sum
          n1 = access x
        }
      }
      at b {
        if $k > 5 {
          return
        }
      }
      goto start -> a if $(n % 2) == 0
      goto start -> b
      goto a -> b if $k < 3 assign k = $(k + 1)
      goto b -> a assign k = $(k + 2)
    }
  }
}
";

#[test]
fn machines_are_regions_of_newer_files() {
    let sdfg = text::parse(TANGLED).unwrap_or_else(|error| panic!("{error}"));
    let json = to_string_in(&sdfg, Dialect::V2);
    assert!(json.contains("\"type\": \"UnstructuredControlFlow\""), "{json}");
    let read = from_slice(json.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{json}"));
    assert_eq!(read.to_string(), sdfg.to_string());
    assert_eq!(to_string_in(&read, Dialect::V2), json);
    // Without the mark it is lifted, if that can be done, and does the same.
    let unmarked = from_slice(without_hints(&json).as_bytes()).unwrap();
    assert!(unmarked.to_string().contains("machine machine {"), "{unmarked}");
    let older = from_slice(to_string(&sdfg).as_bytes()).unwrap();
    let results = [&sdfg, &read, &unmarked, &older].map(|sdfg| {
        assert_eq!(crate::validate::validate(sdfg), Ok(()));
        let x = crate::interp::Tensor::new(&[4], vec![0_i64; 4]).expect("four elements");
        let mut arguments = crate::interp::Arguments::from_iter([("x".into(), x)]);
        crate::interp::run(sdfg, &mut arguments, &[]).unwrap_or_else(|error| panic!("{error}\n{sdfg}"));
        arguments["x"].as_slice::<i64>().map(<[i64]>::to_vec)
    });
    assert_eq!(results[0].as_deref(), Some(&[5, 9, 5, 9][..]));
    assert!(results.iter().all(|it| *it == results[0]), "{results:?}");
    // What DaCe refuses on one transition is rewritten as a loop.
    let clash = TANGLED
        .replace("assign k = $(k + 2)", "assign k = $n, n = $k")
        .replace("for n in 0:4", "while $n < 4")
        .replace("symbol k", "symbol n: int64\n  symbol k");
    let clash = text::parse(&clash).unwrap();
    assert!(!to_string_in(&clash, Dialect::V2).contains("UnstructuredControlFlow"));
}

/// A loop around a region without structure, one vertex of which leaves the loop: i counts to 10, or until x is 0.
const LEAVING: &str = r#"{"type":"SDFG","attributes":{"name":"f","_arrays":{
    "x":{"type":"Array","attributes":{"dtype":"int64","shape":["1"]}}},"symbols":{"i":"int64","k":"int64"}},
  "edges":[],"nodes":[{"type":"LoopRegion","label":"l","start_block":0,"attributes":{
    "init_statement":{"string_data":"i = 0"},"loop_condition":{"string_data":"(i < 10)"},
    "update_statement":{"string_data":"i = (i + 1)"},"loop_variable":"i"},"edges":[],"nodes":[
    {"type":"UnstructuredControlFlow","label":"u","start_block":0,"nodes":[STATE(s),STATE(a),STATE(b),
      {"type":"JUMP","label":"out","nodes":[],"edges":[]}],
     "edges":[WAY(0,1,"(i % 2) == 0",{}),WAY(0,2,"(i % 2) != 0",{}),WAY(1,2,"k < 5",{"k":"k + 1"}),WAY(2,1,"k < 7",{"k":"k + 2"}),
       WAY(1,3,"k >= 5",{})]}]}]}"#;

#[test]
fn a_region_without_structure_may_leave_the_loop_around_it() {
    let file = |jump: &str| {
        let mut text = LEAVING.replace("JUMP", jump);
        for label in ["s", "a", "b"] {
            let state = format!(
                r#"{{"type":"SDFGState","label":"{label}","attributes":{{}},"nodes":[],"edges":[]}}"#
            );
            text = text.replace(&format!("STATE({label})"), &state);
        }
        while let Some((before, rest)) = text.split_once("WAY(") {
            let (way, after) = rest.split_once(")").map_or((rest, ""), |(way, _)| {
                // Conditions have parentheses: a way ends with its assignments.
                let end = rest.find("})").expect("assignments");
                let _ = way;
                (&rest[..=end], &rest[end + 2..])
            });
            let parts: Vec<&str> = way.splitn(4, ',').collect();
            text = format!(
                r#"{before}{{"type":"Edge","src":"{}","dst":"{}","attributes":{{"data":{{"type":"InterstateEdge","attributes":{{
                "condition":{{"string_data":{}}},"assignments":{}}}}}}}}}{after}"#,
                parts[0], parts[1], parts[2], parts[3]
            );
        }
        from_slice(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
    };
    for (jump, leaves) in [("BreakBlock", "break"), ("ContinueBlock", "continue")] {
        let sdfg = file(jump);
        assert_eq!(crate::validate::validate(&sdfg), Ok(()), "{sdfg}");
        let text = sdfg.to_string();
        for expected in ["machine machine {", "assign __machine_leaves = 1", leaves] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
    }
}

/// An argument that may be `None` is one, whatever the file says of it, where the program asks.
#[test]
fn arguments_may_be_none() {
    let printed = "\
sdfg f(A, B) {
  symbol k: int64
  data A: float64[4] optional
  data B: float64[4]

  if not is_none(A) {
    assign k = int64(A[0])
  }
}
";
    let file = to_string(&text::parse(printed).unwrap());
    assert!(file.contains("not A is None") && file.contains("\"optional\": true"), "{file}");
    let undecided = file.replace("\"optional\": true", "\"optional\": null");
    let other_way = file.replace("not A is None", "(A is not None)");
    for file in [&file, &undecided, &other_way] {
        assert_eq!(from_slice(file.as_bytes()).unwrap().to_string(), printed);
    }
    let given = from_slice(file.replace("\"optional\": true", "\"optional\": false").as_bytes()).unwrap();
    assert!(!given.containers["A"].is_optional());
    let wrong = file.replace("not A is None", "A is B");
    let error = from_slice(wrong.as_bytes()).expect_err("identity of two arrays");
    assert!(error.to_string().contains("expected `None`"), "{error}");
}
