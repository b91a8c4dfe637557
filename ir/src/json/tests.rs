use super::*;
use crate::text;
use proptest::prelude::*;

const FLOW: &str = r#"sdfg flow(A, n) -> (__return) {
  symbol N: int64
  symbol k: int64
  symbol m: int64
  data A: float64[N, 4]
  data n: int32
  data __return: float64
  transient t: float64 call
  transient u: float32[8] strides [2] register persistent

  assign k = 0, m = 5
  loop for_i for i in N - 1:-1:-1 {
    if A[$i, 0] < 0.0 {
      if t > 100.0 {
        break
      }
    } elif not t < 3.0 {
      assign k = $k + int64(n)
    } else {
      state add {
        n0 = access A
        n0 -> n1.a: A[i, 1:4]
        n1 = tasklet add(a: float64[1]) -> (o: float64) {
          v = a[2]*2.0 if a[0] > 0.5 else float64(float32(a[1]))
          if $i == $(2*(i//2)) {
            o = v + float64($i)
          } else {
            o = min(v, 0.25) + sqrt(v)
          }
        }
        n1.o -> n2: t wcr sum
        n2 = access t
      }
    }
    loop for_j for j in 0:m:2 {
      assign k = $(j + k)
    }
  }
  loop w while n > int32($k) {
    assign k = $(k + 1)
  }
  loop d do {
    state half {
      n0 = access t
      n0 -> n1.a: t
      n1 = tasklet h(a: float64) -> (o: float64) { o = a*0.5 }
      n1.o -> n2: t dynamic
      n2 = access t
    }
  } while t > 10.0
  state fin {
    n0 = access A
    n0 -> n1._in: A[0:N, k]
    n1 = library r Reduce(wcr = "max", axes = [0])
    n1._out -> n2: __return
    n2 = access __return
  }
}
"#;

fn trusted() -> ReadOptions<'static> {
    ReadOptions { trust_code: true, ..ReadOptions::default() }
}

/// The same program after it has been written and read.
fn again(sdfg: &Sdfg) -> Sdfg {
    let json = to_string(sdfg);
    from_slice(json.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{json}"))
}

/// The file without what only this compiler understands.
fn without_hints(json: &str) -> String {
    fn strip(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(all) => {
                all.retain(|key, _| {
                    key == "_meta_empty" || !key.starts_with("_meta") || key == "_meta_returns"
                });
                all.values_mut().for_each(strip);
            }
            serde_json::Value::Array(all) => all.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(json).unwrap();
    strip(&mut value);
    value.to_string()
}

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
fn what_is_written_is_read_as_it_was() {
    let sdfg = text::parse(FLOW).unwrap();
    assert_eq!(again(&sdfg).to_string(), FLOW);
}

/// Every kind of container and scope that is no plain array and no map.
const KINDS: &str = include_str!("kinds.txt");

#[test]
fn every_kind_survives() {
    let trusted = trusted();
    let sdfg = text::parse(KINDS).unwrap_or_else(|error| panic!("{error}"));
    for dialect in [Dialect::V1, Dialect::V2] {
        let json = to_string_in(&sdfg, dialect);
        let read =
            from_slice_with(json.as_bytes(), trusted).unwrap_or_else(|error| panic!("{error}\n{json}"));
        assert_eq!(read.to_string(), sdfg.to_string());
        assert_eq!(to_string_in(&read, dialect), json);
    }
    let refused = from_slice(to_string(&sdfg).as_bytes()).unwrap_err();
    assert!(refused.message().contains("foreign code"), "{refused}");
}

/// What files say beside dataflow: hooks, zeros, offsets, ranges from data, volumes, code around the program.
const ASIDES: &str = "sdfg asides(x, n) timer {
  code global \"static int calls;\"
  code init \"calls = 0;\"
  code exit \"calls = -1;\"
  symbol N: int64
  data x: float64[N] offset [-1]
  data n: int64[1]
  transient t: float64[N] state zeroed
  transient s: float64 persistent zeroed

  state only timer {
    n0 = access n
    n1 = access t
    n1 -> n2.IN_t: t[0:N] volume (2*N)
    n0 -> n2.count: n[0]
    n2 = map m(i in 1:count) sequential timer {
      n2.OUT_t -> n3.a: t[i]
      n3 = tasklet t(a: float64) -> (b: float64) { b = a }
      n3.b -> n4.IN_x: x[i] dynamic volume (1)
    } n4
    n5 = access s
    n4.OUT_x -> n6: x[1:N + 1] dynamic volume (count_of_x)
    n5 -> n6: s to [1]
    n6 = access x
  }
}
";

#[test]
fn asides_survive() {
    let trusted = trusted();
    // A volume that says what the subset says is no news.
    let sdfg = text::parse(&ASIDES.replace(" dynamic volume (1)", " dynamic")).unwrap();
    for dialect in [Dialect::V1, Dialect::V2] {
        let json = to_string_in(&sdfg, dialect);
        let read =
            from_slice_with(json.as_bytes(), trusted).unwrap_or_else(|error| panic!("{error}\n{json}"));
        assert_eq!(read.to_string(), sdfg.to_string());
        assert_eq!(to_string_in(&read, dialect), json);
    }
    assert_eq!(text::parse(ASIDES).unwrap().to_string(), ASIDES);
    let refused = from_slice(to_string(&sdfg).as_bytes()).unwrap_err();
    assert_eq!(refused.path(), "$.attributes.global_code");
    assert!(refused.message().contains("foreign code"), "{refused}");
}

#[test]
fn code_around_a_program_is_refused_where_it_has_no_place() {
    let refused = |attribute: &str, message: &str| {
        let file = SMALL.replacen("\"attributes\":{", &format!("\"attributes\":{{{attribute},"), 1);
        let error = from_slice_with(file.as_bytes(), trusted()).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    };
    let cuda = r#""init_code":{"cuda":{"string_data":"f();","language":"CPP"}}"#;
    refused(cuda, "$.attributes.init_code.cuda: code for the target `cuda`");
}

#[test]
fn memlets_at_borders_may_be_about_something_else() {
    // What enters and what leaves the map is said to be of a container that has nothing to do with it.
    let file = SMALL
        .replace(r#""_arrays":{"#, r#""_arrays":{"t":{"type":"Array","attributes":{"dtype":"int8","shape":["7"],"transient":true}},"#)
        .replace(r#"{"data":"A"}}}},"#, r#"{"data":"t"}}},"#)
        .replace(r#""attributes":{"data":"A"}}},
     "src":"0""#, r#""attributes":{"data":"t"}}},
     "src":"0""#)
        .replace(r#""attributes":{"data":"B"}}},
     "src":"3""#, r#""attributes":{"data":"t"}}},
     "src":"3""#);
    assert_eq!(file.matches(r#"{"data":"t"}"#).count(), 2);
    let sdfg = from_slice(file.as_bytes()).unwrap();
    assert_eq!(crate::validate::validate(&sdfg), Ok(()), "{sdfg}");
    let text = sdfg.to_string();
    assert!(text.contains("IN_1: A[0:N] dynamic") && text.contains("OUT_1 -> n4: B[0:N] dynamic"), "{text}");
    // Inside of the scope it is the meaning of the program.
    let inside = SMALL.replace(
        r#"{"data":"A",
     "subset""#,
        r#"{"data":"B",
     "subset""#,
    );
    let sdfg = from_slice(inside.as_bytes()).unwrap();
    assert!(crate::validate::validate(&sdfg).is_err(), "{sdfg}");
}

#[test]
fn zeros_and_padding_of_other_files() {
    // Sets a transient of one state to zero, and pads another array.
    let file = SMALL
        .replace(
            r#""_arrays":{"#,
            r#""_arrays":{"t":{"type":"Array","attributes":{"shape":["N"],"transient":true,"start_offset":"2","total_size":"N + 2"}},"#,
        )
        .replace(
            r#"{"type":"AccessNode","attributes":{"data":"B"}}"#,
            r#"{"type":"AccessNode","attributes":{"data":"B"}},{"type":"AccessNode","attributes":{"data":"t","setzero":true}}"#,
        );
    let sdfg = from_slice(file.as_bytes()).unwrap();
    let printed = sdfg.to_string();
    assert!(printed.contains("transient t: int32[N] state zeroed"), "{printed}");
    let written: serde_json::Value = serde_json::from_str(&to_string(&sdfg)).unwrap();
    let padded = &written["attributes"]["_arrays"]["t"]["attributes"];
    assert_eq!((&padded["start_offset"], &padded["total_size"]), (&"2".into(), &"N + 2".into()));
}

#[test]
fn newer_files_say_the_same() {
    let sdfg = text::parse(FLOW).unwrap();
    let json = to_string_in(&sdfg, Dialect::V2);
    let read = from_slice(json.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{json}"));
    assert_eq!(read.to_string(), FLOW);
    for expected in
        ["\"start\": \"symbol($i, dtype=dace.int64)\"", "\"type\": \"LoopRegion\"", "\"inverted\": true"]
    {
        assert!(json.contains(expected), "{expected}\n{json}");
    }
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
fn a_hint_that_contradicts_the_file_does_not_count() {
    let text = "sdfg f(n) {\n  symbol k: int64\n  data n: int64\n\n  if n > 3 {\n    assign k = 1\n  }\n}\n";
    let json = to_string(&text::parse(text).unwrap());
    assert!(json.contains("if n > 3 {"), "{json}");
    let other = json.replacen("if n > 3 {", "if n > 4 {", 1);
    assert_eq!(from_slice(other.as_bytes()).unwrap().to_string(), text);
    let code = SMALL
        .replace("\"label\":\"t\",\"code\"", "\"label\":\"t\",\"_meta_code\":\"o = float64(a)\",\"code\"");
    assert_eq!(from_slice(code.as_bytes()).unwrap(), from_slice(SMALL.as_bytes()).unwrap());
}

#[test]
fn what_is_not_understood_is_kept() {
    let file = SMALL
        .replacen(
            "\"scope_exit\":\"3\",\"attributes\":{",
            "\"scope_exit\":\"3\",\"attributes\":{\"guid\":\"g1\",\"omp_chunk_size\":7,",
            1,
        )
        .replacen("\"data\":\"A\"}}", "\"data\":\"A\",\"instrument\":\"Timer\"}}", 1)
        .replacen("\"name\":\"dbl\"", "\"name\":\"dbl\",\"openmp_sections\":false", 1)
        .replacen("\"dtype\":\"float32\"", "\"dtype\":\"float32\",\"may_alias\":true", 1)
        .replacen(
            "\"attributes\":{\"data\":\"A\"}}}",
            "\"attributes\":{\"data\":\"A\",\"allow_oob\":true}}}",
            1,
        )
        .replacen(
            "\"label\":\"s0\",\"attributes\":{",
            "\"label\":\"s0\",\"attributes\":{\"executions\":\"4\"",
            1,
        );
    let json = to_string(&from_slice(file.as_bytes()).unwrap());
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let state = &value["nodes"][0];
    assert_eq!(value["attributes"]["openmp_sections"], false);
    assert_eq!(value["attributes"]["_arrays"]["A"]["attributes"]["may_alias"], true);
    assert_eq!(state["attributes"]["executions"], "4");
    assert_eq!(state["nodes"][0]["attributes"]["instrument"], "Timer");
    assert_eq!(state["nodes"][1]["attributes"]["omp_chunk_size"], 7);
    assert_eq!(state["nodes"][1]["attributes"]["guid"], "g1");
    assert_eq!(state["edges"][0]["attributes"]["data"]["attributes"]["allow_oob"], true);
    assert_eq!(to_string(&from_slice(json.as_bytes()).unwrap()), json);
}

#[test]
fn the_same_bytes_each_time() {
    let sdfg = text::parse(FLOW).unwrap();
    assert_eq!(to_string(&sdfg), to_string(&sdfg));
    let ids: Vec<String> =
        to_string(&sdfg).lines().filter(|line| line.contains("\"guid\"")).map(ToOwned::to_owned).collect();
    let different: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), different.len());
}

/// A file as the reference describes the smallest that DaCe loads: what can be absent is.
const SMALL: &str = r#"{"type":"SDFG","dace_version":"1.0.2","attributes":{"name":"dbl","symbols":{"N":"int32"},
  "arg_names":["A","B"],"_arrays":{
    "A":{"type":"Array","attributes":{"dtype":"float32","shape":["N"]}},
    "B":{"type":"Array","attributes":{"dtype":"float64","shape":["$N"]}}}},
 "nodes":[{"type":"SDFGState","label":"s0","attributes":{},"nodes":[
    {"type":"AccessNode","attributes":{"data":"A"}},
    {"type":"MapEntry","scope_exit":"3","attributes":{"label":"m","params":["i"],
      "range":{"type":"Range","ranges":[{"start":"0","end":"N - 1","step":"1","tile":"1"}]},
      "in_connectors":{"IN_1":null},"out_connectors":{"OUT_1":null}}},
    {"type":"Tasklet","attributes":{"label":"t","code":{"string_data":"o = a * 2 + 1.5"},
      "in_connectors":{"a":null},"out_connectors":{"o":null}}},
    {"type":"MapExit","scope_entry":"1","attributes":{"in_connectors":{"IN_1":null}}},
    {"type":"AccessNode","attributes":{"data":"B"}}],
  "edges":[
    {"type":"MultiConnectorEdge","attributes":{"data":{"type":"Memlet","attributes":{"data":"A"}}},
     "src":"0","dst":"1","src_connector":null,"dst_connector":"IN_1"},
    {"type":"MultiConnectorEdge","attributes":{"data":{"type":"Memlet","attributes":{"data":"A",
     "subset":{"type":"Indices","indices":["i"]}}}},
     "src":1,"dst":"2","src_connector":"OUT_1","dst_connector":"a"},
    {"type":"MultiConnectorEdge","attributes":{"data":{"type":"Memlet","attributes":{"data":"B",
     "wcr":"(lambda x, y: (x + y))","subset":{"type":"Range","ranges":[{"start":"i","end":"i","step":"1","tile":"1"}]}}}},
     "src":"2","dst":"3","src_connector":"o","dst_connector":"IN_1"},
    {"type":"MultiConnectorEdge","attributes":{"data":{"type":"Memlet","attributes":{"data":"B"}}},
     "src":"3","dst":"4","src_connector":"OUT_1","dst_connector":null}]}],
 "edges":[]}"#;

#[test]
fn a_small_file_is_typed() {
    let expected = "\
sdfg dbl(A, B) {
  symbol N: int32
  data A: float32[N]
  data B: float64[N]

  state s0 {
    n0 = access A
    n0 -> n1.IN_1: A[0:N]
    n1 = map m(i in 0:N) {
      n1.OUT_1 -> n2.a: A[i]
      n2 = tasklet t(a: float32) -> (o: float64) { o = float64(a*2.0f32) + 1.5 }
      n2.o -> n3.IN_1: B[i] wcr sum
    } n3
    n3.OUT_1 -> n4: B[0:N]
    n4 = access B
  }
}
";
    assert_eq!(from_slice(SMALL.as_bytes()).unwrap().to_string(), expected);
}

#[test]
fn compressed_files_are_read() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(SMALL.as_bytes()).unwrap();
    let compressed = encoder.finish().unwrap();
    assert_eq!(from_slice(&compressed).unwrap(), from_slice(SMALL.as_bytes()).unwrap());
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
fn a_symbol_that_is_no_integer_is_computed_by_a_state() {
    let file =
        SMALL.replace(r#""symbols":{"N":"int32"}"#, r#""symbols":{"N":"int32","x":"float64"}"#).replace(
            r#" "edges":[]}"#,
            r#" "edges":[{"src":"0","dst":"1","attributes":{"data":{"attributes":{
             "assignments":{"x":"A[N - 1] + B[0]*2"}}}}}]}"#,
        );
    let end = r#"]}],
 "edges":[{"#;
    let second = r#"]},{"type":"SDFGState","label":"s1","attributes":{},"nodes":[],"edges":[]}],
 "edges":[{"#;
    let sdfg = from_slice(file.replace(end, second).as_bytes()).unwrap();
    let text = sdfg.to_string();
    for expected in ["transient x: float64", "in0: A[N - 1]", "out = float64(in0) + in1*2.0", "out -> n3: x"]
    {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn errors_name_the_path() {
    let cases = [
        ("", "$: "),
        ("[1]", "$: this is no SDFG"),
        (&SMALL.replace("float32", "float33"), "$.attributes._arrays.A.attributes.dtype: `float33`"),
        (&SMALL.replace("a * 2", "a * b[0]"), "$.nodes[0].nodes[2].attributes.code: `b` is one value"),
        (&SMALL.replace("a * 2", "import os"), "$.nodes[0].nodes[2].attributes.code: expected"),
        (&SMALL.replace("\"scope_exit\":\"3\"", "\"scope_exit\":\"2\""), "$.nodes[0].nodes[1].scope_exit: "),
        (&SMALL.replace("\"dst\":\"4\"", "\"dst\":\"5\""), "$.nodes[0].edges[3].dst: there is no such node"),
        (&SMALL.replace("\"N - 1\"", "\"N - \""), "$.nodes[0].nodes[1].attributes.range.ranges[0].end: "),
        (&SMALL.replace("\"params\":[\"i\"]", "\"params\":[\"i;\"]"), "`i;` is no identifier"),
        (&SMALL.replace("MapEntry", "ConsumeEntry"), "$.nodes[0].nodes[1].attributes: `pe_index` is missing"),
        (&SMALL.replace("MapEntry", "PipelineEntry"), "$.nodes[0].nodes[1]: nodes of type `PipelineEntry`"),
        (
            &SMALL.replace(
                "{\"string_data\":\"o = a * 2 + 1.5\"}",
                "{\"string_data\":\"x\",\"language\":\"CPP\"}",
            ),
            "foreign code",
        ),
    ];
    for (text, message) in cases {
        let error = from_slice(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "expected {message}\nfound {error}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(from_slice(deep.as_bytes()).is_err());
    let code = SMALL.replace("a * 2", &"(".repeat(100_000));
    assert!(from_slice(code.as_bytes()).unwrap_err().message().contains("nested too deeply"));
}

/// A library node between two matrices, as a file has it.
fn library(class: &str) -> String {
    let array = |shape: &str| {
        format!("{{\"type\":\"Array\",\"attributes\":{{\"dtype\":\"float64\",\"shape\":{shape}}}}}")
    };
    let edge = |src: usize, dst: usize, from: &str, to: &str, data: &str| {
        format!(
            r#"{{"type":"MultiConnectorEdge","src":"{src}","dst":"{dst}","src_connector":{from},"dst_connector":{to},
            "attributes":{{"data":{{"type":"Memlet","attributes":{{"data":"{data}"}}}}}}}}"#
        )
    };
    format!(
        r#"{{"type":"SDFG","attributes":{{"name":"f","symbols":{{"N":"int64"}},"_arrays":{{"A":{},"B":{}}}}},"edges":[],
        "nodes":[{{"type":"SDFGState","label":"s","attributes":{{}},"edges":[{},{}],"nodes":[
          {{"type":"AccessNode","attributes":{{"data":"A"}}}},
          {{"type":"LibraryNode","classpath":"{class}","attributes":{{"name":"op","label":"op","depth":[1,{{"x":null}}],
            "in_connectors":{{"_inp":null}},"out_connectors":{{"_out":null}}}}}},
          {{"type":"AccessNode","attributes":{{"data":"B"}}}}]}}]}}"#,
        array("[\"N\",\"3\"]"),
        array("[\"3\",\"N\"]"),
        edge(0, 1, "null", "\"_inp\"", "A"),
        edge(1, 2, "\"_out\"", "null", "B")
    )
}

#[test]
fn classes_that_are_not_known_are_written_back() {
    let sdfg = from_slice(library("mine.nodes.Stencil").as_bytes()).unwrap();
    assert!(crate::validate::validate(&sdfg).is_ok());
    let value: serde_json::Value = serde_json::from_str(&to_string(&sdfg)).unwrap();
    let node = &value["nodes"][0]["nodes"][1];
    assert_eq!(node["classpath"], "mine.nodes.Stencil");
    assert_eq!(node["attributes"]["depth"], serde_json::json!([1, {"x": null}]));
    assert_eq!(text::parse(&sdfg.to_string()).unwrap().to_string(), sdfg.to_string());
}

/// A program of one library node, from its text and, through a file, back to it; the file's node.
fn written(operation: &str, edges: &str) -> serde_json::Value {
    let text = format!(
        "sdfg f(A, B, C, alpha) {{\n  symbol N: int64\n  data A: float64[N, N]\n  data B: float64[N, N]\n  \
         data C: float64[N, N]\n  data alpha: float64\n\n  state s {{\n    n0 = access A\n    n1 = access B\n    \
         n2 = access C\n    n3 = access alpha\n    {edges}\n    n4 = library op {operation}\n    \
         n4._c -> n5: C[0:N, 0:N]\n    n5 = access C\n  }}\n}}"
    );
    let sdfg = text::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(crate::validate::validate(&sdfg).is_ok(), "{:?}", crate::validate::validate(&sdfg).err());
    let json = to_string(&sdfg);
    let again = from_slice(json.as_bytes()).unwrap();
    assert_eq!(again.to_string(), sdfg.to_string());
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let nodes = value["nodes"][0]["nodes"].as_array().unwrap();
    nodes.iter().find(|node| node["type"] == "LibraryNode").unwrap().clone()
}

#[test]
fn operations_of_blas_are_nodes_of_dace_where_it_has_them() {
    let operands = "n0 -> n4._a: A[0:N, 0:N]\n    n1 -> n4._b: B[0:N, 0:N]\n    n2 -> n4._c: C[0:N, 0:N]";
    let node = written("Gemm(trans_b = \"T\", alpha = 1.5, beta = 2.0)", operands);
    assert_eq!(node["classpath"], "dace.libraries.blas.nodes.gemm.Gemm");
    let attributes = &node["attributes"];
    assert_eq!((&attributes["transA"], &attributes["transB"]), (&false.into(), &true.into()));
    assert_eq!((&attributes["alpha"], &attributes["beta"]), (&1.5.into(), &2.into()));
    // It has no node with a factor that is read, nor one that updates a triangle.
    let read = format!("{operands}\n    n3 -> n4._alpha: alpha");
    let node = written("Gemm(trans_a = \"H\", alpha = \"operand\", beta = 1.0)", &read);
    assert_eq!(node["classpath"], "dacec.library.Gemm");
    let operands = "n0 -> n4._a: A[0:N, 0:N]\n    n2 -> n4._c: C[0:N, 0:N]\n    n3 -> n4._beta: alpha";
    let node = written("Syrk(upper = True, transposed = True, beta = \"operand\")", operands);
    assert_eq!(node["classpath"], "dacec.library.Syrk");
    let unknown = text::parse("sdfg f() { state s { n0 = library l Syrk(side = True) } }").unwrap_err();
    assert!(unknown.to_string().contains("no such property `side`"), "{unknown}");
}

#[test]
fn transpositions_and_sparse_products_are_classes_of_dace() {
    let sdfg = from_slice(library("dace.libraries.linalg.nodes.transpose.Transpose").as_bytes()).unwrap();
    assert!(crate::validate::validate(&sdfg).is_ok(), "{sdfg}");
    assert!(sdfg.to_string().contains("Transpose(axes = [1, 0])"), "{sdfg}");
    let sparse = "n0 -> n4._a_rows: r[0:N + 1]\n    n1 -> n4._a_cols: c[0:M]\n    n2 -> n4._a_vals: v[0:M]\n    n3 -> n4._b: x[0:N]";
    let program = |op: &str| {
        let text = format!(
            "sdfg f(r, c, v, x, y) {{\n  symbol N: int64\n  symbol M: int64\n  data r: int32[N + 1]\n  data c: int32[M]\n  \
             data v: float64[M]\n  data x: float64[N]\n  data y: float64[N]\n\n  state s {{\n    n0 = access r\n    \
             n1 = access c\n    n2 = access v\n    n3 = access x\n    {sparse}\n    n4 = library l {op}\n    \
             n4._c -> n5: y[0:N]\n    n5 = access y\n  }}\n}}\n"
        );
        text::parse(&text).unwrap()
    };
    let sdfg = program("Csrmv(alpha = 2.0)");
    let json = to_string(&sdfg);
    assert!(json.contains("dace.libraries.sparse.nodes.csrmv.CSRMV"), "{json}");
    assert_eq!(from_slice(json.as_bytes()).unwrap().to_string(), text::normalize(&sdfg).to_string());
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
        let mut arguments = crate::interp::Arguments::from([("x".into(), x)]);
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

#[test]
fn elements_that_go_to_a_tasklet_together_go_through_a_container() {
    let file = |chunk: usize| {
        SMALL
            .replace(r#""_arrays":{"#, r#""_arrays":{"S":{"type":"Stream","attributes":{"dtype":"float32","shape":["1"],"transient":true}},"#)
            .replace(r#"{"type":"AccessNode","attributes":{"data":"A"}}"#, r#"{"type":"AccessNode","attributes":{"data":"S"}}"#)
            .replace("MapEntry", "ConsumeEntry")
            .replace("MapExit", "ConsumeExit")
            .replace(r#""params":["i"]"#, &format!(r#""pe_index":"i","num_pes":"N","chunksize":{chunk}"#))
            .replace(r#""dst_connector":"IN_1"},
    {"type":"MultiConnectorEdge","attributes":{"data":{"type":"Memlet","attributes":{"data":"A","#, r#""dst_connector":"IN_stream"},
    {"type":"MultiConnectorEdge","attributes":{"data":{"type":"Memlet","attributes":{"data":"S","#)
            .replace(r#"{"data":"A"}"#, r#"{"data":"S"}"#)
            .replace(r#""indices":["i"]"#, r#""indices":["0"]"#)
            .replace(r#""src_connector":"OUT_1","dst_connector":"a""#, r#""src_connector":"OUT_stream","dst_connector":"a""#)
    };
    let sdfg = from_slice(file(2).replace("a * 2", "a[0] * a[1]").as_bytes())
        .unwrap_or_else(|error| panic!("{error}"));
    let text = sdfg.to_string();
    for expected in [
        "transient __S_chunk2: float32[2] register",
        "consume m(i in 0:N) by 2 {",
        "S to [0:2]",
        "-> n3.a: __S_chunk2[0:2]",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert_eq!(again(&sdfg).to_string(), text);
    let error = from_slice(file(0).as_bytes()).unwrap_err();
    assert_eq!(error.path(), "$.nodes[0].nodes[1].attributes.chunksize");
}

/// A file whose tasklet calls `f` as the code says, with its types.
fn calling(code: &str, arguments: &str, returns: &str) -> String {
    SMALL
        .replace(
            r#"{"N":"int32"}"#,
            &format!(r#"{{"N":"int32","f":{{"type":"callback","arguments":[{arguments}],"returntypes":[{returns}]}}}}"#),
        )
        .replace("o = a * 2 + 1.5", code)
        .replace(r#""wcr":"(lambda x, y: (x + y))","#, "")
}

/// Adds what it is passed to each other, and gives the sum.
#[derive(Debug)]
struct Adding;

impl crate::interp::Host for Adding {
    fn call(&self, what: &str, data: &mut [crate::interp::Tensor], _extents: &[i64]) -> Result<(), String> {
        let call = crate::callback::Callback::parse(what).ok_or("no call")?;
        if call.function != "f" || data.len() != 2 {
            return Err(format!("{what} with {} operands", data.len()));
        }
        let sum = data[0].as_slice::<f32>().map_or(0.0, |all| all.iter().map(|it| f64::from(*it)).sum());
        let shape = data[1].shape().to_vec();
        data[1] = crate::interp::Tensor::new(&shape, vec![sum]).expect("one number");
        Ok(())
    }

    fn print(&self, _text: &str) {}
}

#[test]
fn functions_that_the_caller_gives_are_called() {
    let file = calling("o = f(a)", "\"float32\"", "\"float64\"");
    let refused = from_slice(file.as_bytes()).unwrap_err();
    assert_eq!(refused.path(), "$.attributes.symbols.f");
    assert!(refused.message().contains("accepted only from a file that is trusted"), "{refused}");
    let sdfg = from_slice_with(file.as_bytes(), trusted()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(crate::validate::validate(&sdfg), Ok(()), "{sdfg}");
    assert_eq!(sdfg.arguments, ["A", "B", "__python"]);
    let text = sdfg.to_string();
    // The interpreter makes one call at a time.
    for expected in
        ["map m(i in 0:N) sequential {", "access __python", "\\\"PythonNumber\\\":\\\"float32\\\""]
    {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let tensor = |values: Vec<f32>| crate::interp::Tensor::new(&[values.len()], values).expect("as many");
    let mut arguments = crate::interp::Arguments::from([
        ("A".into(), tensor(vec![1.5, 2.5])),
        ("B".into(), crate::interp::Tensor::new(&[2], vec![10.0_f64, 20.0]).expect("two")),
        ("__python".into(), crate::interp::Tensor::new(&[2], vec![0_i64; 2]).expect("two")),
    ]);
    let options = crate::interp::Options::default();
    crate::interp::run_hosted(&sdfg, &mut arguments, &[], &options, std::sync::Arc::new(Adding))
        .unwrap_or_else(|error| panic!("{error}\n{sdfg}"));
    assert_eq!(arguments["B"].as_slice::<f64>(), Some(&[1.5, 2.5][..]));
    // What declares the function comes back, and the call as it was.
    let json = to_string(&sdfg);
    let written: serde_json::Value = serde_json::from_str(&json).unwrap();
    let code = &written["nodes"][0]["nodes"][2]["attributes"]["code"];
    assert_eq!(*code, serde_json::json!({ "string_data": "o = f(a)", "language": "Python" }));
    assert!(!json.contains("__python"), "{json}");
    assert_eq!(from_slice_with(json.as_bytes(), trusted()).unwrap().to_string(), text);
    assert_eq!(written["attributes"]["symbols"]["f"]["returntypes"], serde_json::json!(["float64"]));
}

#[test]
fn calls_that_have_no_form_are_refused() {
    let refused = |code: &str, arguments: &str, returns: &str, message: &str| {
        let file = calling(code, arguments, returns);
        let error = from_slice_with(file.as_bytes(), trusted()).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    };
    let (number, array) =
        ("\"float32\"", r#"{"type":"Array","attributes":{"dtype":"float32","shape":["N","2"]}}"#);
    refused("o = f(a) + 1", number, number, "whose call is a tasklet of its own");
    refused("o = 1 + f(a)", number, number, "whose call is a tasklet of its own");
    refused("o = f(a, a)", number, number, "takes 1 arguments, not 2");
    refused("o = f(a + 1)", number, number, "is passed an expression");
    refused("o = f(a)", array, number, "carries 1 dimensions, and 2 are passed");
    let combined = calling("o = f(a)", number, number)
        .replace(r#""data":"B","#, r#""data":"B","wcr":"(lambda x, y: (x + y))","#);
    assert!(
        from_slice_with(combined.as_bytes(), trusted())
            .unwrap_err()
            .message()
            .contains("is combined with what is there")
    );
    refused("q = f(a)", number, number, "goes to no output");
    refused("o = f(a)", r#"{"type":"opaque","ctype":"pyobject"}"#, number, "numbers and arrays of numbers");
}

#[test]
fn what_tasklets_keep_between_calls_is_code() {
    let file = SMALL.replace(
        r#"{"string_data":"o = a * 2 + 1.5"}"#,
        r#"{"string_data":"o = __state->calls++;","language":"CPP"},"state_fields":["int calls;"]"#,
    );
    let refused = from_slice(file.as_bytes()).unwrap_err();
    assert_eq!(refused.path(), "$.nodes[0].nodes[2].attributes.state_fields");
    let sdfg = from_slice_with(file.as_bytes(), trusted()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(sdfg.sections.state, "int calls;");
    let field = |sdfg: &Sdfg| {
        let json = to_string(sdfg);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(to_string(&from_slice_with(json.as_bytes(), trusted()).unwrap()), json);
        value["nodes"][0]["nodes"][2]["attributes"]["state_fields"].clone()
    };
    // From a file or from a text, DaCe finds it at a tasklet.
    assert_eq!(field(&sdfg), serde_json::json!(["int calls;"]));
    assert_eq!(field(&text::parse(&sdfg.to_string()).unwrap()), serde_json::json!(["int calls;"]));
}

#[test]
fn nested_graphs_may_be_files_of_their_own() {
    let folder = std::env::temp_dir().join(format!("dacec-nested-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("parts")).unwrap();
    let nested = |path: &str| {
        SMALL
            .replace(r#""type":"Tasklet","attributes":{"label":"t","code":{"string_data":"o = a * 2 + 1.5"},"#, &format!(
                r#""type":"NestedSDFG","attributes":{{"label":"t","ext_sdfg_path":"{path}","symbol_mapping":{{}},"#
            ))
    };
    let inner = r#"{"type":"SDFG","attributes":{"name":"inner","_arrays":{
        "a":{"type":"Scalar","attributes":{"dtype":"float32"}},"o":{"type":"Scalar","attributes":{"dtype":"float64"}}}},
        "nodes":[],"edges":[]}"#;
    std::fs::write(folder.join("parts/inner.sdfg"), inner).unwrap();
    std::fs::write(folder.join("self.sdfg"), nested("self.sdfg")).unwrap();
    let read = |path: &str| {
        let files = Folder::new(&folder);
        from_slice_with(
            nested(path).as_bytes(),
            ReadOptions { folder: Some(&files), ..ReadOptions::default() },
        )
    };
    let sdfg = read("parts/inner.sdfg").unwrap_or_else(|error| panic!("{error}"));
    assert!(sdfg.to_string().contains("sdfg inner(a, o)"), "{sdfg}");
    assert!(to_string(&sdfg).contains("\"ext_sdfg_path\": \"parts/inner.sdfg\""));
    for (path, message) in [
        ("/etc/passwd", "`/etc/passwd` is no path below the folder"),
        ("../inner.sdfg", "is no path below the folder"),
        ("none.sdfg", "cannot be read"),
        ("self.sdfg", "more than 32 files name each other"),
    ] {
        let error = read(path).unwrap_err().to_string();
        assert!(
            error.contains("$.nodes[0].nodes[2].attributes.ext_sdfg_path: ") && error.contains(message),
            "{error}"
        );
    }
    let alone = from_slice(nested("parts/inner.sdfg").as_bytes()).unwrap_err().to_string();
    assert!(alone.contains("read the graph from its file"), "{alone}");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    /// Byte for byte, and the same program.
    #[test]
    fn programs_survive(sdfg in super::generate::programs()) {
        let valid = crate::validate::validate(&sdfg);
        prop_assert!(valid.is_ok(), "{:?}\n{}", valid.err(), sdfg);
        let json = to_string(&sdfg);
        let read = from_slice(json.as_bytes());
        prop_assert!(read.is_ok(), "{}\n{sdfg}", read.unwrap_err());
        let read = read.unwrap();
        prop_assert_eq!(read.to_string(), text::normalize(&sdfg).to_string());
        prop_assert_eq!(to_string(&read), json);
    }

    /// Other programs do not keep the hints of this one: what they leave is a valid program still. From the second time
    /// on it stays as it is; the first may simplify constants.
    #[test]
    fn programs_survive_without_hints(sdfg in super::generate::programs(), newer in any::<bool>()) {
        let dialect = if newer { Dialect::V2 } else { Dialect::V1 };
        let through_dace = |sdfg: &Sdfg| from_slice(without_hints(&to_string_in(sdfg, dialect)).as_bytes());
        let once = through_dace(&sdfg);
        prop_assert!(once.is_ok(), "{}\n{sdfg}", once.unwrap_err());
        let once = once.unwrap();
        prop_assert!(crate::validate::validate(&once).is_ok(), "{once}");
        let twice = through_dace(&once).unwrap();
        prop_assert_eq!(through_dace(&twice).unwrap().to_string(), twice.to_string());
    }

    /// Whatever the graph is, it can be written, and read without a panic.
    #[test]
    fn every_graph_is_written(sdfg in crate::text::generate::small_sdfgs()) {
        let json = to_string(&sdfg);
        let value: Result<serde_json::Value, _> = serde_json::from_str(&json);
        prop_assert!(value.is_ok());
        let _ = from_slice(json.as_bytes());
    }

    #[test]
    fn damaged_files_are_refused_without_a_panic(at in 0usize..2000, byte in any::<u8>()) {
        let mut bytes = SMALL.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = from_slice(&bytes);
    }
}
