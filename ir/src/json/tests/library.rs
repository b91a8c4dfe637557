//! Library nodes and their classes.

use super::*;

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
