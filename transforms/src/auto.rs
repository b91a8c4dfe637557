//! Automatic optimization: what runs after simplification when speed matters.
//!
//! The order is chosen for what a step makes possible in the next ones; a remark marks a place that must not move.

use crate::library::ExpandLibrary;
use crate::map::{MapCollapse, MapFusion, MapInterchange, ScheduleMaps, TrivialMapElimination};
use crate::pass::Pass;
use crate::pipeline::Pipeline;
use crate::registry::Entry;
use crate::{Transformation, everywhere, simplify};

/// The passes that optimize a program for the processor, in order.
pub fn auto_optimize() -> Pipeline {
    Pipeline::new("auto-optimize")
        .then_all(simplify())
        .until_stable(vec![trivial_map_elimination(), map_collapse()])
        // Before expansion: element-wise maps fuse with each other while products are still one node.
        .then_boxed(map_fusion())
        .then_boxed(expand_library())
        // Sums of rows now end in maps over rows, which fuse with what uses the sums.
        .until_stable(vec![trivial_map_elimination(), map_fusion()])
        // Fusion is done with the order of parameters as people wrote it.
        .then_boxed(map_interchange())
        // No map is made after this.
        .then(ScheduleMaps)
}

/// What every program needs before code can be generated, without optimization: libraries become dataflow.
pub fn expand_libraries() -> Pipeline {
    Pipeline::new("expand-libraries").then_boxed(expand_library())
}

/// The passes of this crate that optimize, by name.
pub const ENTRIES: &[Entry] = &[
    Entry { name: "trivial-map-elimination", parameters: &[], make: |_| Ok(trivial_map_elimination()) },
    Entry { name: "map-collapse", parameters: &[], make: |_| Ok(map_collapse()) },
    Entry { name: "map-fusion", parameters: &[], make: |_| Ok(map_fusion()) },
    Entry { name: "expand-library", parameters: &[], make: |_| Ok(expand_library()) },
    Entry { name: "map-interchange", parameters: &[], make: |_| Ok(map_interchange()) },
    Entry { name: "schedule-maps", parameters: &[], make: |_| Ok(Box::new(ScheduleMaps)) },
];

fn trivial_map_elimination() -> Box<dyn Pass> {
    boxed("trivial-map-elimination", "Replaces map parameters with one value by it", TrivialMapElimination)
}

fn map_collapse() -> Box<dyn Pass> {
    boxed("map-collapse", "Makes one map of two that are perfectly nested", MapCollapse)
}

fn map_fusion() -> Box<dyn Pass> {
    boxed("map-fusion", "Fuses maps that pass values from iteration to iteration", MapFusion)
}

fn expand_library() -> Box<dyn Pass> {
    boxed("expand-library", "Replaces library operations by dataflow or calls", ExpandLibrary::default())
}

fn map_interchange() -> Box<dyn Pass> {
    boxed("map-interchange", "Makes the innermost loop run along contiguous memory", MapInterchange)
}

fn boxed(
    name: &'static str,
    summary: &'static str,
    transformation: impl Transformation + 'static,
) -> Box<dyn Pass> {
    Box::new(everywhere(name, summary, transformation))
}
