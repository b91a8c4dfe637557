//! Code that is not the typed language: sections around a program, functions of the caller, state of tasklets.

use super::*;

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
    let mut arguments = crate::interp::Arguments::from_iter([
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
