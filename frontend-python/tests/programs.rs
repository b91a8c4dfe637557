//! Every benchmark program, kernel and initializer, becomes an SDFG.

use dacec_frontend::SourceFile;
use dacec_ir::{Node, Sdfg};

fn file(name: &str) -> SourceFile {
    let program = dacec_polybench::find(name).expect("the program is part of the collection");
    SourceFile::parse(&format!("{name}.py"), program.source).expect("the file is valid Python")
}

fn lower(file: &SourceFile, program: &str) -> Sdfg {
    file.lower(program).unwrap_or_else(|diagnostics| {
        let rendered: Vec<String> =
            diagnostics.into_iter().map(|it| format!("{:?}", miette::Report::new(it))).collect();
        panic!("`{program}` is refused:\n{}", rendered.join("\n"))
    })
}

#[test]
fn every_program_is_lowered() {
    let mut failed = Vec::new();
    for program in dacec_polybench::PROGRAMS {
        let file = file(program.name);
        assert_eq!(file.default_program(), Some(program.name));
        for name in file.programs() {
            match file.lower(name) {
                Ok(sdfg) => {
                    assert_eq!(sdfg.name, name);
                    let violations = dacec_ir::validate::validate(&sdfg).err().unwrap_or_default();
                    failed.extend(violations.iter().map(|it| format!("{}.{name}: {it}", program.name)));
                }
                Err(diagnostics) => failed.push(format!(
                    "{}.{name}: {:?}",
                    program.name,
                    diagnostics.into_iter().map(miette::Report::new).collect::<Vec<_>>()
                )),
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn functions_are_lowered_side_by_side_as_one_by_one() {
    let functions = (0..20).map(|at| match at % 5 {
        3 => format!("@dace.program\ndef f{at}(x: dace.float64[K]):\n    x[:] = y{at}\n"),
        _ => format!("@dace.program\ndef f{at}(x: dace.float64[K]):\n    x[:] = {at} * x + LARGE\n"),
    });
    let head = "import dace\n\nK = 12\nLARGE = 10 * K\n".to_owned();
    let text = functions.fold(head, |text, function| text + "\n\n" + &function);
    let file = SourceFile::parse("many.py", &text).expect("the file is valid Python");
    let names = file.programs();
    let together = file.lower_all(&names);
    assert_eq!(together.len(), names.len());
    for (at, (name, lowered)) in names.into_iter().zip(together).enumerate() {
        match lowered {
            Ok(lowered) => {
                assert_eq!(lowered.sdfg.to_string(), lower(&file, name).to_string());
                assert_eq!(lowered.used_names, ["dace", "K", "LARGE"]);
            }
            Err(reasons) => {
                assert_eq!(reasons[0].code, "E0101", "{}", reasons[0]);
                assert!(reasons[0].to_string().contains(&format!("`y{at}`")), "{}", reasons[0]);
            }
        }
    }
}

#[test]
fn what_functions_among_the_arguments_use_is_used() {
    let text = "import dace\nimport numpy as np\n\nK = 3.0\n\ndef scaled(v):\n    return K * v\n\n\n\
                @dace.program\ndef f(x: dace.float64[8]):\n    return np.piecewise(x, [x < 0], [scaled, 1.0])\n";
    let file = SourceFile::parse("piecewise.py", text).expect("the file is valid Python");
    let used = file.lower_and_warn("f").expect("it compiles").used_names;
    assert_eq!(used, ["dace", "np", "scaled", "K"]);
}

#[test]
fn gemm_is_three_maps_and_a_product() {
    let sdfg = lower(&file("gemm"), "gemm");
    assert_eq!(sdfg.arguments, ["alpha", "beta", "C", "A", "B"]);
    assert_eq!(sdfg.free_symbols(), ["NI", "NJ", "NK"]);
    let states = sdfg.body.states();
    let [state] = states.as_slice() else { panic!("one statement is one state") };
    let count = |f: &dyn Fn(&Node) -> bool| state.nodes().filter(|(_, node)| f(node)).count();
    assert_eq!(count(&|node| matches!(node, Node::MapEntry(_))), 3);
    assert_eq!(count(&|node| matches!(node, Node::Library(_))), 1);
}

/// Two programs have extents that depend on values: those of the steps of a Fourier transform, and of rows of a sparse matrix.
/// The others choose the largest or smallest of elements, of which there has to be one.
#[test]
fn extents_are_proved_equal() {
    let mut checked = Vec::new();
    for program in dacec_polybench::PROGRAMS {
        let file = file(program.name);
        let names: Vec<_> = file.programs().into_iter().map(str::to_owned).collect();
        checked.extend(names.into_iter().filter(|name| lower(&file, name).has_effects()));
    }
    let chosen = ["azimuthal_integration", "kmeans", "softmax", "mlp", "softmax"];
    checked.retain(|name| !chosen.contains(&name.as_str()));
    assert_eq!(checked, ["transform_rows", "fft2d", "spmv"]);
}

/// Each of these names needs a storage of its own, which only the loop shows; they are found together.
#[test]
fn a_function_with_many_shared_names_is_lowered_in_few_attempts() {
    let names = || (0..400).map(|k| format!("v{k}"));
    let before: String = names().map(|name| format!("    {name} = 0\n")).collect();
    let inside: String = names().map(|name| format!("        {name} += A[i]\n")).collect();
    let text = format!(
        "import dace\nN = dace.symbol('N')\n\n@dace.program\ndef f(A: dace.float64[N]):\n{before}    for i in range(N):\n{inside}    s = 0.0\n    A[0] = s + v0 + v399\n"
    );
    let file = SourceFile::parse("many.py", &text).expect("the text is Python");
    let sdfg = lower(&file, "f");
    assert!(sdfg.containers.len() > 400);
}
