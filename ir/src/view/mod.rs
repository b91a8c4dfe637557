//! SDFGs as a page for browsers: one file without references to others.
//!
//! The page holds the graphs as JSON, and a small program that lays them out and draws them: it zooms and moves, folds
//! loops, states, maps and nested SDFGs, tells all about a memlet under the pointer, and shows what a pass changed by
//! drawing the graph before and after it side by side.
//!
//! ```
//! use dacec_ir::view::{Snapshot, page};
//!
//! let sdfg = dacec_ir::text::parse("sdfg f() {\n}\n").unwrap();
//! assert!(page("f", &[Snapshot { title: "as written".into(), sdfg }]).starts_with("<!DOCTYPE html>"));
//! ```

mod graph;

use crate::Sdfg;
use serde_json::json;

/// A version of a graph.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What led to it: the name of a pass.
    pub title: String,
    /// The graph.
    pub sdfg: Sdfg,
}

/// A page that shows versions of a graph, the last one first.
pub fn page(title: &str, snapshots: &[Snapshot]) -> String {
    let versions: Vec<_> =
        snapshots.iter().map(|it| json!({ "title": it.title, "graph": graph::sdfg(&it.sdfg) })).collect();
    let data = json!({ "title": title, "versions": versions }).to_string();
    include_str!("page.html")
        .replace("{{title}}", &escape(title))
        .replace("{{style}}", include_str!("style.css"))
        .replace("{{script}}", include_str!("script.js"))
        // Inside of a script element, nothing but the end of the element has a meaning to the reader of HTML.
        .replace("{{data}}", &data.replace('<', "\\u003c"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"sdfg f(x) {
  symbol N: int64
  data x: float64[N]
  transient t: float64[N]

  loop l for k in 0:N {
    state s {
      n0 = access x
      n0 -> n1.IN_x: x[0:N]
      n1 = map m(i in 0:N) {
        n1.OUT_x -> n2.a: x[i]
        n2 = tasklet t(a: float64) -> (b: float64) { b = a if a < 1.0 else 2.0 }
        n2.b -> n3.IN_t: t[i] wcr sum
      } n3
      n3.OUT_t -> n4: t[0:N] wcr sum
      n4 = access t
    }
  }
}
"#;

    /// The data in the page, as its program reads it.
    fn data(page: &str) -> serde_json::Value {
        let start = page.find("type=\"application/json\">").unwrap() + "type=\"application/json\">".len();
        let end = start + page[start..].find("</script>").unwrap();
        serde_json::from_str(&page[start..end]).unwrap()
    }

    #[test]
    fn scopes_hold_what_is_inside() {
        let sdfg = crate::text::parse(TEXT).unwrap();
        let page = page("a <b>", &[Snapshot { title: "as </script> written".into(), sdfg }]);
        assert!(page.contains("<title>a &lt;b&gt;</title>"));
        let data = data(&page);
        let version = &data["versions"][0];
        assert_eq!(version["title"], "as </script> written");
        let repeat = &version["graph"]["parts"][0];
        assert_eq!(repeat["title"], "for k in 0:N");
        let graph = &repeat["parts"][0]["graph"];
        let kinds: Vec<&str> =
            graph["nodes"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["access", "scope", "access"]);
        let inner = &graph["nodes"][1]["graph"];
        assert_eq!(inner["nodes"].as_array().unwrap().len(), 3);
        assert_eq!(inner["edges"][0]["label"], "x[i]");
        assert_eq!(
            graph["edges"][1]["detail"],
            "t[0:N]\nN elements of float64, combined by sum\nm.OUT_t → t"
        );
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        let sdfg = crate::text::parse(TEXT).unwrap();
        let page = page("f", &[Snapshot { title: "v".into(), sdfg }]);
        let page = page.replace("url(#arrow)", "").replace("http://www.w3.org/2000/svg", "");
        for reference in ["src=", "href=", "url(", "import ", "fetch(", "http"] {
            assert!(!page.contains(reference), "{reference}");
        }
    }
}
