//! Files that somebody else wrote, whole, damaged, or with parts elsewhere.

use super::*;

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
