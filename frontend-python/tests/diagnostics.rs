//! What users are told: every code, as it is rendered.

use dacec_frontend::{Captured, Diagnostic, Environment, SourceFile, codes};
use miette::{GraphicalReportHandler, GraphicalTheme};
use std::sync::Arc;

const HEAD: &str = "import numpy as np
import dace
N, M = (dace.symbol(s) for s in ('N', 'M'))

@dace.program
def g(x: dace.float64[N]):
    x += 1

";

fn errors(text: &str) -> Vec<Diagnostic> {
    let file = match SourceFile::parse("program.py", text) {
        Ok(file) => file,
        Err(diagnostics) => return diagnostics,
    };
    let program = file.default_program().unwrap_or("missing").to_owned();
    file.lower(&program).err().unwrap_or_default()
}

fn render(diagnostics: &[Diagnostic]) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .with_links(false);
    let mut text = String::new();
    for diagnostic in diagnostics {
        handler.render_report(&mut text, diagnostic).expect("text can be written to a string");
    }
    text
}

/// The rendered errors of a function with the given parameters and body; they must be of that code.
fn check(name: &str, code: &str, parameters: &str, body: &str) {
    let body = body.replace('\n', "\n    ");
    check_text(name, code, &format!("{HEAD}@dace.program\ndef f({parameters}):\n    {body}\n"));
}

fn check_text(name: &str, code: &str, text: &str) {
    let found = errors(text);
    assert!(!found.is_empty(), "{name}: the program is accepted");
    assert!(found.iter().any(|it| it.code == code), "{name}: {}", render(&found));
    insta::assert_snapshot!(name, render(&found));
}

const A: &str = "A: dace.float64[N, M]";
const X: &str = "x: dace.float64[N]";

#[test]
fn syntax_and_structure() {
    check_text("syntax", "E0001", "import dace\n\n@dace.program\ndef f(A: dace.float64[3]:\n    A[:] = 1\n");
    check("statement", "E0002", X, "try:\n    x[0] = 1\nfinally:\n    pass");
    check("expression", "E0003", X, "x[0] = {1, 2}");
    check("deep", "E0004", X, &format!("x[0] = {}x[0]", "-".repeat(160)));
    let file = SourceFile::parse("p.py", &format!("{HEAD}@dace.program\ndef gemm({X}):\n    pass\n"));
    let found = file.expect("valid Python").lower("gem").expect_err("there is no such function");
    assert_eq!(found[0].code, "E0010");
    insta::assert_snapshot!("no_program", render(&found));
}

#[test]
fn names() {
    check("undefined", "E0101", "A: dace.float64[N], alpha: dace.float64", "A[:] = alhpa * A");
    check("unassigned", "E0102", X, "x[0] = y\ny = 1.0");
    check("attribute", "E0103", X, "return x.shap");
    check("annotation", "E0104", "x: dace.float64[N], k", "x[0] = k");
    check_text(
        "module_value",
        "E0105",
        "import dace\nsettings = open('settings')\nlimit = settings.read()\n\n@dace.program\ndef f(x: dace.float64[3]):\n    x[0] = limit\n",
    );
}

#[test]
fn types_and_shapes() {
    check("shape", "E0201", A, "return A[:, 1:] + A");
    check("shape_of_target", "E0201", X, "x[1:] = x");
    check("matmul", "E0201", "A: dace.float64[3, 4], B: dace.float64[5, 6]", "return A @ B");
    check("type", "E0202", "k: dace.int32[N]", "k += 0.5");
    check("out_of_range", "E0202", "k: dace.uint8[N]", "return k + 300");
    check("index", "E0203", A, "return A[0, 1, 2]");
    check("outside", "E0203", "x: dace.float64[4]", "return x[4]");
    check("not_symbolic", "E0204", X, "return np.zeros(N / 2)");
    check("constant", "E0205", X, "t = (1, 2.5)\nk = 0\nfor i in range(N):\n    k += 1\nreturn t[k]");
    check(
        "borrowed",
        "E0206",
        X,
        "for i in range(N):\n    t = x * i\n    if x[i] > 0:\n        u = t\n    t[0] = 2\nreturn u",
    );
    check("short", "E0206", "x: dace.float32[N]", "t = x[0] > 0\nif t:\n    t = x[0]\nreturn t - 1.5");
    check("rebind", "E0206", A, "B = A[0]\nif A[0, 0] > 0:\n    B = A[1]\nreturn B + 1");
    let other_path = "B = A[0]\nfor i in range(4):\n    if A[0, i] > 0:\n        B = A[1] * 2\n    else:\n        A[2] = B";
    check("rebind_on_another_path", "E0206", A, other_path);
    // A parameter with the name of a module is an array all the same, which `fill` changes.
    let shadow =
        "old = np * 2\ns = 0.0\nfor i in range(3):\n    np.fill(i)\n    s += old[0]\n    old = np\nreturn s";
    check("rebind_of_a_changing_parameter", "E0206", "np: dace.float64[N]", shadow);
    check("no_value", "E0207", X, "return x + np.sum");
}

#[test]
fn calls() {
    check("unsupported_call", "E0301", A, "return np.linalg.eigg(A)");
    check("suggested_call", "E0301", X, "return np.sqr(x)");
    check("arguments", "E0302", X, "return np.sum(x, axs=0)");
    check("unsupported_argument", "E0303", X, "return np.sum(x, axis=3)");
    check("recursion", "E0304", X, "x += 1\nf(x)");
    check("argument_type", "E0306", "x: dace.float32[N]", "g(x)");
}

#[test]
fn symbols_of_a_graph() {
    let head = "import dace\nN, K = (dace.symbol(s) for s in ('N', 'K'))\n\n@dace.program\ndef head(x: dace.float64[N]):\n    x[:K] = 0\n";
    let head = SourceFile::parse("head.py", head).expect("valid Python").lower("head").expect("it compiles");
    let parameters = vec![("x".to_owned(), None)];
    let mut environment = Environment::default();
    environment.captured.insert("head".into(), Captured::Program { graph: Arc::new(head), parameters });
    let text = "import dace\n\n@dace.program\ndef f(y: dace.float64[10]):\n    head(y)\n";
    let file =
        SourceFile::for_function("program.py", text, "f", 3, &environment).expect("there is a function");
    let found = file.lower("f").expect_err("nothing says what K is");
    assert_eq!(found[0].code, "E0305");
    insta::assert_snapshot!("unbound_symbol", render(&found));
}

#[test]
fn functions_without_a_compiled_form() {
    check("printed_tuple", "E0303", X, "print((x, 1))");
    check("global_random", "E0301", X, "x[:] = np.random.rand(N)");
    check(
        "distribution",
        "E0103",
        X,
        "rng = np.random.default_rng(1)\nx[:] = rng.hypergeometric(3, 4, 2, N)",
    );
    let correlated = "rng = np.random.default_rng(1)\nx[:2] = rng.multivariate_normal([0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]])";
    check("correlated", "E0303", X, correlated);
    check("viewed_type", "E0303", X, "return x.view(np.bool_)");
    check("viewed_gaps", "E0303", A, "return A.T.view(np.int32)");
    check("casting", "E0202", X, "return np.add(x, 1, dtype=np.int32)");
    check("casting_rule", "E0303", X, "return x.astype(np.float32, casting='kind')");
    check("resized_twice", "E0301", X, "y = x + 1\nfor i in range(N):\n    y.resize(2 * N)\nreturn y");
    check("einsum_lists", "E0303", X, "return np.einsum(x, 0, x, 0)");
    check("resized", "E0301", X, "x.resize((2, 2))");
    check("appended", "E0206", X, "t = [x[0]]\nif x[0] > 0:\n    t.append(1.0)\nreturn len(t)");
    check("appended_in_loop", "E0206", X, "t = []\nfor i in range(N):\n    t.append(x[i])\nreturn len(t)");
    check(
        "list_of_caller",
        "E0206",
        X,
        "def g(t):\n    t.append(1)\n    return len(t)\nt = [x[0]]\nreturn g(t)",
    );
    check("list_iterated", "E0206", X, "t = [1, 2]\nfor v in t:\n    t.append(v)");
    check("list_method", "E0103", X, "t = [1, 2]\nt.remove(1)\nx[0] = len(t)");
    check("list_in_value", "E0103", X, "t = [1, 2]\nx[0] = 1 + t.pop()");
    check("list_in_itself", "E0206", X, "t = [1]\nt.append(t)");
    check("list_slice", "E0203", X, "t = [1, 2]\nt[:] = [3]");
    check("ragged", "E0201", X, "return np.array([[x[j] for j in range(i)] for i in range(N)])");
    let windows = "w = np.lib.stride_tricks.sliding_window_view";
    check("windows_written", "E0206", X, &format!("{windows}(x, 3)\nw[0, 0] = 1"));
    check("windows_writeable", "E0303", X, &format!("{windows}(x, 3, writeable=True)"));
    check(
        "windows_in_map",
        "E0206",
        X,
        &format!("{windows}(x, 3)\nfor i in dace.map[0:N]:\n    x[i] = i\nreturn w"),
    );
    check("chosen_outside", "E0303", X, "return np.choose(2, [x, x * 2])");
    check("remainder", "E0403", X, "q, r = np.polydiv(x, [1.0, 2.0])\nreturn r");
    let resized = "for i in range(1, N):\n    t = x[i:] * 2\n    if t[0] > 1:\n        continue\nx[i] = 1\nx[:2] = t[:2]";
    check("resized_in_a_loop", "E0206", X, resized);
    check("deleted_places", "E0303", X, "return np.delete(x, np.argsort(x))");
    let parallel = "rng = np.random.default_rng(1)\nfor i in dace.map[0:N]:\n    x[i] = rng.random()";
    check("parallel_random", "E0401", X, parallel);
    check("no_seed", "E0303", X, "rng = np.random.default_rng()\nx[0] = rng.random()");
    check("counted", "E0403", X, "return np.flatnonzero(x > 0)");
    check("assigned_overflow", "E0202", "x: dace.uint8[N]", "x[:] = 300");
}

#[test]
fn choices_and_names() {
    let two = "x: dace.float64[N], y: dace.float64[N], a: dace.int64";
    check("chosen_changed", "E0206", two, "t = x if a > 0 else y\nt[0] = 1");
    check("source_changed", "E0206", two, "t = x if a > 0 else y\nx[0] = 1\nreturn t * 2");
    check(
        "chosen_in_loop",
        "E0206",
        two,
        "for i in range(3):\n    x[0] = i\n    t = x if a > i else y\n    y[i] = t[1]",
    );
    check("chosen_types", "E0202", two, "return x if a > 0 else x > 1");
    check("chosen_kinds", "E0003", two, "t = x if a > 0 else 1.0\nreturn t");
    check("deleted", "E0102", X, "t = x[0]\ndel t\nreturn t");
    check("deleted_element", "E0002", X, "del x[0]");
    check("pattern", "E0002", X, "match N:\n    case int():\n        x[0] = 1");
    let passed = format!(
        "{HEAD}def apply(f, k):\n    return f(k) + 1\n\n@dace.program\ndef f({X}):\n    k = 2.0\n    x[0] = apply(lambda t: t * k, 3.0)\n"
    );
    check_text("passed_function", "E0301", &passed);
    check(
        "called_function",
        "E0301",
        X,
        "s = 1.0\ninner = lambda v: v + s\ndef outer(v):\n    s = 100.0\n    return inner(v) + s\nx[0] = outer(3.0)",
    );
    check("outliving_function", "E0301", X, "fs = [lambda v: v * k for k in (1, 2, 3)]\nx[0] = fs[0](x[1])");
}

#[test]
fn control_flow() {
    check("map", "E0401", X, "for i in dace.map[0:N]:\n    if x[i] > 0:\n        break");
    check("map_outside", "E0401", X, "t = 0.0\nfor i in dace.map[0:N]:\n    t = x[i]\nreturn t");
    check("map_race", "E0401", A, "for i, j in dace.map[0:N, 0:M]:\n    A[i, 0] = j");
    check("after_map", "E0206", X, "for i in dace.map[0:N]:\n    t = x[i] * 2\n    x[i] = t\nreturn t");
    check("iteration", "E0402", X, "for i in 5:\n    x[0] = i");
    check("returns", "E0403", X, "if x[0] > 0:\n    return x\nreturn 1.0");
    check("condition", "E0404", X, "if x > 0:\n    x[0] = 1");
}

/// The rendered warnings of a function with the given parameters and body, all of that code.
fn check_warnings(name: &str, code: &str, parameters: &str, body: &str) {
    let body = body.replace('\n', "\n    ");
    let text = format!("{HEAD}@dace.program\ndef f({parameters}):\n    {body}\n");
    let file = SourceFile::parse("program.py", &text).expect("valid Python");
    let warnings = file.lower_and_warn("f").expect("it compiles").warnings;
    assert!(!warnings.is_empty() && warnings.iter().all(|it| it.code == code), "{}", render(&warnings));
    insta::assert_snapshot!(name, render(&warnings));
}

const CLASSES: &str = "class Heat:
    alpha: dace.float64
    grid: dace.float64[N]
    def half(self, x):
        return self.alpha * x / 2

class Loop:
    def __init__(self, n):
        for i in range(n):
            self.n = i

";

#[test]
fn structures_and_objects() {
    let check = |name: &str, code: &str, parameters: &str, body: &str| {
        let body = body.replace('\n', "\n    ");
        let text = format!("{HEAD}{CLASSES}@dace.program\ndef f({parameters}):\n    {body}\n");
        check_text(name, code, &text);
    };
    check("member", "E0103", "h: Heat", "h.grid[0] = h.alhpa");
    check("member_assigned", "E0003", "h: Heat, x: dace.float64[N]", "h.grid = x");
    check("member_type", "E0202", "h: Heat", "h.alpha = 2j");
    check("member_name", "E0104", "h_alpha: dace.float64, h: Heat", "h.grid[:] = h_alpha");
    check("constructor", "E0002", X, "x[0] = Loop(3).n");
    check("missing_member", "E0302", X, "h = Heat(0.5)\nh.grid[:] = x");
    check("method_argument", "E0302", "h: Heat", "return h.half()");
    check_text(
        "object_expected",
        "E0306",
        &format!(
            "{HEAD}{CLASSES}@dace.program\ndef k(h: Heat):\n    h.grid += 1\n\n@dace.program\ndef f({X}):\n    k(x)\n"
        ),
    );
}

#[test]
fn streams() {
    check("not_a_stream", "E0306", X, "for e, p in dace.consume(x, 2):\n    x[0] += e");
    check(
        "stream_condition",
        "E0303",
        X,
        "S = dace.define_stream(dace.float64)\nfor e, p in dace.consume(S, 2, 3):\n    x[0] += e",
    );
    check("stream_method", "E0103", X, "S = dace.define_stream(dace.float64)\nS.append(1)");
    check("stream_array", "E0203", X, "S = dace.define_streamarray([N], dace.float64)\nS.push(x[0])");
    check("stream_value", "E0207", X, "S = dace.define_stream(dace.float64)\nx[0] = S + 1");
    check(
        "consume_race",
        "E0401",
        X,
        "S = dace.define_stream(dace.float64)\nfor e, p in dace.consume(S, 2):\n    x[0] = e",
    );
}

#[test]
fn code_in_other_languages() {
    let cpp = "with dace.tasklet(language=dace.Language.CPP):\n    a << x[0]\n    o >> x[1]\n    ";
    check("foreign_code", "E0307", X, &format!("{cpp}'o = 2 * a;'"));
    check("foreign_body", "E0002", X, &format!("{cpp}o = 2 * a"));
    check("foreign_language", "E0303", X, &cpp.replace("CPP", "SystemVerilog"));
}

#[test]
fn what_costs_performance_is_a_warning() {
    check_warnings("overlap", "W0001", X, "x[1:] = x[:-1]\nx[1:-1] = 0.5 * (x[:-2] + x[2:])");
    check_warnings("order", "W0001", A, "y = A.T.reshape(-1)\nA[0, :] = y[:M]");
    check_warnings("widened", "W0004", X, "s = 0\nfor i in range(N):\n    s += x[i]\nx[0] = s");
    check_warnings("dynamic_size", "W0002", X, "n = int(x[0])\nt = np.zeros(n)\nx[:n] = t");
    let fine = format!(
        "{HEAD}@dace.program\ndef f(A: dace.float64[N, M], {X}):\n    A[:] = A * 2 + x[:, None]\n    g(x)\n"
    );
    let file = SourceFile::parse("program.py", &fine).expect("valid Python");
    assert!(file.lower_and_warn("f").expect("it compiles").warnings.is_empty());
}

#[test]
fn calls_of_the_interpreter_are_warnings() {
    let text = "import dace\n\n@dace.program\ndef f(x: dace.float64[10]):\n    log(x)\n";
    let object = Captured::Object { key: "log".into(), what: "`log`".into(), result: None };
    let mut environment = Environment::default();
    environment.captured.insert("log".into(), object);
    let file =
        SourceFile::for_function("program.py", text, "f", 3, &environment).expect("there is a function");
    let warnings = file.lower_and_warn("f").expect("it compiles").warnings;
    assert_eq!(warnings[0].code, "W0003");
    insta::assert_snapshot!("interpreter", render(&warnings));
}

#[test]
fn several_errors_are_found_in_one_run() {
    check("several", "E0101", X, "x[0] = one\ny = two + x\ny[0] = 3\nx[1] = np.nothing(x)");
}

#[test]
fn an_unused_function_does_not_disturb() {
    let text = format!(
        "{HEAD}@dace.program\ndef broken(a):\n    yield a\n\n@dace.program\ndef fine({X}):\n    x += 1\n"
    );
    let file = SourceFile::parse("other.py", &text).expect("valid Python");
    assert_eq!(file.programs(), ["g", "broken", "fine"]);
    assert!(file.lower("fine").is_ok());
    assert!(file.lower("broken").is_err());
}

/// A code without a golden message is one that nobody has read as users see it.
#[test]
fn every_code_has_a_golden_message() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let golden: String = std::fs::read_dir(folder)
        .expect("the snapshots can be listed")
        .map(|entry| std::fs::read_to_string(entry.expect("it is a file").path()).expect("it can be read"))
        .collect();
    let missing: Vec<_> =
        codes::CODES.iter().map(|code| code.code).filter(|code| !golden.contains(code)).collect();
    assert!(missing.is_empty(), "without a golden message: {missing:?}");
}

#[test]
fn every_code_is_explained() {
    for code in codes::CODES {
        assert!(code.explanation.len() > 60, "{}: too short to help", code.code);
        assert!(codes::explain(code.code).is_some());
    }
}
