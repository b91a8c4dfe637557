//! What is written is read as it was, byte for byte.

use super::*;
use proptest::prelude::*;

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

/// `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    /// Byte for byte, and the same program.
    #[test]
    fn programs_survive(sdfg in super::super::generate::programs()) {
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
    fn programs_survive_without_hints(sdfg in super::super::generate::programs(), newer in any::<bool>()) {
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
