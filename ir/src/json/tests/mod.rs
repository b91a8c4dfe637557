//! Files: what the tests of one idea share with those of others.

mod code;
mod control;
mod files;
mod library;
mod round_trip;

use super::*;
use crate::text;

/// Every kind of block, types, hints of placement, and a library node.
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
