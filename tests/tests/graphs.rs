//! Graphs as users meet them: files that are programs, and pages that show them.

use dacec_tests::{dacec, run, scratch, skip, write};
use std::path::Path;
use std::process::Command;

const TWICE: &str = "\
sdfg twice(x, y) {
  symbol N: int64
  data x: float64[N]
  data y: float64[N]

  state only {
    n0 = access x
    n0 -> n1.IN_x: x[0:N]
    n1 = map m(i in 0:N) {
      n1.OUT_x -> n2.a: x[i]
      n2 = tasklet t(a: float64) -> (b: float64) { b = a*2.0 }
      n2.b -> n3.IN_y: y[i]
    } n3
    n3.OUT_y -> n4: y[0:N]
    n4 = access y
  }
}
";

fn graph(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let sdfg = dacec_ir::text::parse(TWICE).expect("the text is a graph");
    write(folder, "twice.sdfg", &dacec_ir::json::to_string(&sdfg))
}

#[test]
fn graphs_are_accepted_where_sources_are() {
    let folder = scratch();
    let file = graph(&folder);
    assert_eq!(run(dacec().arg("check").arg(&file)).success(), "twice: fine\n");
    assert_eq!(run(dacec().arg("emit").arg(&file).arg("-O0")).success(), TWICE);
    let built = run(dacec().arg("build").arg(&file).arg("-o").arg(folder.path())).success();
    // The graph that was given stays as it is.
    assert!(built.contains("libtwice.so") && !built.contains("twice.sdfg"), "{built}");
    for version in ["1", "2"] {
        let emitted =
            run(dacec().arg("emit").arg(&file).args(["-O0", "--as", "sdfg", "--sdfg-version", version]));
        let again = write(&folder, "again.sdfg", &emitted.success());
        assert_eq!(run(dacec().arg("emit").arg(&again).arg("-O0")).success(), TWICE);
    }
}

/// Two numbers as a `.npy` file.
fn array(values: [f64; 2]) -> Vec<u8> {
    let mut bytes =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }".to_vec();
    bytes.resize(127, b' ');
    bytes.push(b'\n');
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// The arguments of the graph: `x.npy` and `y.npy`.
fn write_arguments(folder: &tempfile::TempDir) {
    for (name, values) in [("x.npy", [1.5, 4.0]), ("y.npy", [0.0, 0.0])] {
        std::fs::write(folder.path().join(name), array(values)).expect("the folder can be written");
    }
}

#[test]
fn graphs_run_compiled_and_interpreted() {
    let folder = scratch();
    let file = graph(&folder);
    write_arguments(&folder);
    for option in [&[][..], &["--interpret"]] {
        let mut command = dacec();
        command.current_dir(folder.path()).arg("run").arg(&file).args([
            "x=x.npy",
            "y=y.npy",
            "--save=y=z.npy",
        ]);
        run(command.args(option)).success();
        let bytes = std::fs::read(folder.path().join("z.npy")).expect("the result was saved");
        assert!(bytes.ends_with(&array([3.0, 8.0])[128..]), "{option:?}");
    }
}

#[test]
fn instrumented_graphs_report_times() {
    let folder = scratch();
    let timed = TWICE.replace("twice(x, y) {", "twice(x, y) timer {").replace("in 0:N) {", "in 0:N) timer {");
    let sdfg = dacec_ir::text::parse(&timed).expect("the text is a graph");
    let file = write(&folder, "twice.sdfg", &dacec_ir::json::to_string(&sdfg));
    write_arguments(&folder);
    let mut command = dacec();
    command.current_dir(folder.path()).arg("run").arg(&file).args(["x=x.npy", "y=y.npy"]);
    let printed = run(&mut command).success();
    assert!(printed.contains("SDFG twice: 1 runs, ") && printed.contains("map m: 1 runs, "), "{printed}");
    run(command.args(["--report", "report.json"])).success();
    let report = std::fs::read_to_string(folder.path().join("report.json")).expect("the report was written");
    for part in ["\"traceEvents\":[", "\"name\":\"Map m\"", "\"ph\":\"X\"", "\"sdfgHash\""] {
        assert!(report.contains(part), "{part}: {report}");
    }
}

#[test]
fn what_a_graph_asks_for_in_vain_is_said() {
    let folder = scratch();
    write_arguments(&folder);
    let text = std::fs::read_to_string(graph(&folder)).expect("it was just written");
    let counted =
        text.replacen("\"name\": \"twice\"", "\"name\": \"twice\", \"instrument\": \"PAPI_Counters\"", 1);
    let file = write(&folder, "counted.sdfg", &counted);
    let mut command = dacec();
    command.current_dir(folder.path()).arg("run").arg(&file).args(["x=x.npy", "y=y.npy"]);
    let output = command.output().expect("the command runs");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("`PAPI_Counters` of the SDFG measures nothing"), "{message}");

    let function = "{\"type\": \"callback\", \"arguments\": [\"float64\"], \"returntypes\": [\"float64\"]}";
    let copies = dacec_ir::text::parse(&TWICE.replace("a*2.0", "a")).expect("the text is a graph");
    let calling = dacec_ir::json::to_string(&copies)
        .replace("\"symbols\": {", &format!("\"symbols\": {{\"f\": {function},"))
        .replace("\"b = a\"", "\"b = f(a)\"");
    let file = write(&folder, "calling.sdfg", &calling);
    let refused = run(dacec().arg("run").arg(&file)).failure();
    assert!(refused.contains("C012") && refused.contains("$.attributes.symbols.f"), "{refused}");
    let refused = run(dacec().arg("run").arg(&file).arg("--trust-code")).failure();
    assert!(refused.contains("C017") && refused.contains("SDFG.from_file"), "{refused}");
}

#[test]
fn files_that_are_no_graphs_are_explained() {
    let folder = scratch();
    let text = std::fs::read_to_string(graph(&folder)).expect("it was just written");
    let broken = write(&folder, "broken.sdfg", &text.replace("\"MapEntry\"", "\"MapEntrance\""));
    let message = run(dacec().arg("check").arg(&broken)).failure();
    assert!(message.contains("C012") && message.contains("$.nodes[0].nodes[1]"), "{message}");
    let wrong = write(&folder, "wrong.sdfg", &text.replace("\"data\": \"x\"", "\"data\": \"z\""));
    assert!(run(dacec().arg("check").arg(&wrong)).failure().contains("there is no container `z`"));
    let other = run(dacec().arg("check").arg(graph(&folder)).args(["--program", "thrice"])).failure();
    assert!(other.contains("has no program `thrice`") && other.contains("it has twice"), "{other}");
}

/// A browser that runs without a window, if there is one.
fn browser() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser", "google-chrome", "chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|it| it.status.success()));
    if found.is_none() {
        skip("no Chromium was found (Debian, Ubuntu: apt-get install chromium)");
    }
    found
}

/// A copy of a page in which somebody uses the pointer: zooms in at the middle, folds the first frame inside, and stands on
/// an edge. What is seen then is written to the page's title.
fn used(page: &str) -> String {
    let actions = r#"<script>
const svg = document.querySelector('#after svg');
const before = svg.getAttribute('viewBox').split(' ').map(Number);
const area = svg.getBoundingClientRect();
const middle = { clientX: area.left + area.width / 2, clientY: area.top + area.height / 2, bubbles: true, cancelable: true };
svg.dispatchEvent(new WheelEvent('wheel', { deltaY: -400, ...middle }));
const after = svg.getAttribute('viewBox').split(' ').map(Number);
const still = Math.abs(before[0] + before[2] / 2 - after[0] - after[2] / 2) < 1e-3 * before[2];
svg.dispatchEvent(new PointerEvent('pointerdown', middle));
window.dispatchEvent(new PointerEvent('pointermove', { clientX: middle.clientX + 50, clientY: middle.clientY }));
window.dispatchEvent(new PointerEvent('pointerup', {}));
const moved = svg.getAttribute('viewBox').split(' ').map(Number);
const frames = () => document.querySelectorAll('#after .title').length;
const open = frames();
document.querySelectorAll('#after .title')[1].dispatchEvent(new MouseEvent('click', { bubbles: true }));
const folded = frames();
document.querySelectorAll('#after .title')[1].dispatchEvent(new MouseEvent('click', { bubbles: true }));
const edge = [...document.querySelectorAll('#after .edge')].find((it) => it.querySelector('.wide').getTotalLength() > 0);
const wide = getComputedStyle(edge.querySelector('.wide'));
const told = edge.querySelector('title').textContent.split('\n')[1];
const reached = wide.pointerEvents !== 'none' && parseFloat(wide.strokeWidth) > 5;
document.title = [`zoomed ${after[2] < before[2] * 0.9 && still}`, `moved ${moved[0] < after[0]}`,
  `folded ${folded < open} ${frames() === open}`, `hover ${reached} ${told}`].join('; ');
</script></body>"#;
    page.replace("</body>", actions)
}

/// The page's elements after its program has run.
fn dom(browser: &str, page: &Path, hash: &str) -> String {
    let profile = scratch();
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,900"]);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.arg("--dump-dom").arg(format!("file://{}{hash}", page.display()));
    run(&mut command).success()
}

#[test]
fn a_page_shows_graphs_in_a_browser() {
    let folder = scratch();
    let page = folder.path().join("page.html");
    let view = ["view", "polybench/jacobi_2d.py", "--history", "-o"];
    run(dacec().args(view).arg(&page)).success();
    let Some(browser) = browser() else { return };

    let shown = dom(browser, &page, "");
    let nodes = shown.matches("class=\"node ").count();
    assert!(nodes > 5, "{nodes} nodes are drawn");
    assert!(shown.matches("class=\"edge\"").count() > 5);
    assert!(shown.contains("elements of float64"), "edges tell about their memlets");
    assert!(shown.matches("<option").count() > 3, "there are versions");

    let folded = dom(browser, &page, "#fold");
    assert!(folded.contains('▸') && !folded.contains("class=\"node "), "scopes are folded");

    let text = std::fs::read_to_string(&page).expect("the page was just written");
    let touched = write(&folder, "touched.html", &used(&text));
    let title = dom(browser, &touched, "");
    let title = title.split("<title>").nth(1).and_then(|it| it.split("</title>").next()).unwrap_or_default();
    for seen in ["zoomed true", "moved true", "folded true true", "hover true"] {
        assert!(title.contains(seen), "{seen}: {title}");
    }
    assert!(title.contains("elements of float64"), "{title}");

    let compared = dom(browser, &page, "#version=2&compare");
    assert_eq!(compared.matches("<svg").count(), 2, "before and after");
    assert!(compared.contains(" gone\"") && compared.contains(" new\""), "changes are marked");
}
