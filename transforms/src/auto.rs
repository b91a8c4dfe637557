//! Automatic optimization: what runs after simplification when speed matters.
//!
//! The order is chosen for what a step makes possible in the next ones; a remark marks a place that must not move.

use crate::library::{ExpandLibrary, Expansions, FoldIntoGemm, MatVecFusion, ScaleAfterProduct};
use crate::loops::{
    LoopFission, LoopInterchange, LoopNestToMap, LoopPeel, LoopSkewing, LoopToMap, LoopToMapInOrder,
    LoopUnroll, MoveLoopIntoMap, StencilTiling, Wavefront,
};
use crate::map::{
    AugAssignToWcr, BufferTiling, CopyToMap, DoubleBuffering, FuseMaps, InLocalStorage, MapCollapse,
    MapExpansion, MapFission, MapFusionHorizontal, MapInterchange, MapReduceFusion, MapTiling, MapToForLoop,
    OTFMapFusion, OutLocalStorage, ScheduleMaps, StripMining, SubgraphFusion, TaskletFusion,
    TrivialMapElimination, Vectorization,
};
use crate::pass::Pass;
use crate::pipeline::Pipeline;
use crate::raise::{
    LiftEinsum, LoopToFactorization, LoopToProduct, LoopToRankUpdate, LoopToSymmetricProduct,
    LoopToTriangularProduct, LoopToTriangularSolve, MatrixChain, ProductHoisting,
};
use crate::registry::{Arguments, Entry, RequestError};
use crate::simplify::{StateFusion, simplify};
use crate::surroundings::{entry_facts, visit_with_facts};
use crate::transient_reuse::TransientReuse;
use crate::{Changed, Context, Transformation, everywhere};
use dacec_ir::{Block, Sdfg, propagate};

/// What the caller of [`auto_optimize_with`] can choose.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The ways to compute library operations.
    pub expansions: Expansions,
    /// Whether floating-point operations keep the order of the source, so that they are rounded in the same way.
    pub in_order: bool,
}

/// The passes that optimize a program for the processor, in order.
pub fn auto_optimize() -> Pipeline {
    auto_optimize_with(Choices::default())
}

/// [`auto_optimize`] with choices.
pub fn auto_optimize_with(Choices { expansions, in_order }: Choices) -> Pipeline {
    Pipeline::new("auto-optimize")
        .then_all(simplify())
        .then(PropagateMemlets)
        // While loops are loops; what is left of them may be maps.
        .then_all(if in_order { Pipeline::new("in-order") } else { hoisting() })
        // Inner loops first; what is left of a body may be one state only after fusion.
        .until_stable(loops(in_order))
        .then_all(simplify())
        .until_stable(vec![trivial_map_elimination(), map_collapse()])
        // Before fusion, which would hide that a map only scales.
        .then_all(if in_order { Pipeline::new("in-order") } else { scaling() })
        // Before expansion: element-wise maps fuse with each other while products are still one node.
        .then_boxed(map_fusion())
        // Once one map computes an element, and while loops are still loops.
        .then_all(if in_order { Pipeline::new("in-order") } else { raising() })
        // What is left has control flow, which only a nested SDFG can hold; nothing looks into those from outside.
        .until_stable(vec![Box::new(LoopNestToMap)])
        .then(Wavefront::default())
        // While products are nodes.
        .then_all(if in_order { Pipeline::new("in-order") } else { sharing() })
        .then_boxed(expand_library(expansions))
        // Before more fusion, again.
        .then_all(if in_order { Pipeline::new("in-order") } else { folding() })
        // Sums of rows now end in maps over rows, which fuse with what uses the sums.
        .until_stable(vec![trivial_map_elimination(), map_fusion(), map_fusion_horizontal()])
        // What is only summed need not be stored; the loops of a sum are of another shape than those of its summands.
        .then_boxed(otf_map_fusion(OTFMapFusion::once()))
        // What passes from map to map is a row then, which stays in a cache.
        .until_stable(vec![subgraph_fusion(SubgraphFusion::rows())])
        // Fusion is done with the order of parameters as people wrote it.
        .then_boxed(map_interchange())
        // Nothing looks into loops in maps from outside.
        .then_boxed(move_loop_into_map(MoveLoopIntoMap::along_memory()))
        // No map is made after this.
        .then(ScheduleMaps)
        // What shares memory cannot be moved any more.
        .then(TransientReuse)
}

/// Loops become maps. What is left around a sum may be, once its products are an operation.
fn loops(in_order: bool) -> Vec<Box<dyn Pass>> {
    let mut passes = vec![loop_to_map(in_order), Box::new(StateFusion)];
    if !in_order {
        passes.push(Box::new(LoopToProduct));
    }
    passes
}

/// Products of matrices sum in another order than those of their rows.
fn hoisting() -> Pipeline {
    Pipeline::new("hoisting").then_boxed(product_hoisting())
}

/// Operations of libraries sum in an order of their own.
fn raising() -> Pipeline {
    Pipeline::new("raising")
        .then_boxed(matrix_chain())
        .then_boxed(lift_einsum())
        .then_boxed(loop_to_rank_update())
        .then_boxed(loop_to_triangular_solve())
        .then_boxed(loop_to_triangular_product())
        .then_boxed(loop_to_symmetric_product())
        .then_boxed(loop_to_factorization())
}

/// Sums of panels round otherwise than sums of rows.
fn sharing() -> Pipeline {
    Pipeline::new("sharing").then_boxed(mat_vec_fusion())
}

/// A factor of a product rounds otherwise than the factor of a matrix.
fn scaling() -> Pipeline {
    Pipeline::new("scaling").then_boxed(scale_after_product())
}

/// Likewise.
fn folding() -> Pipeline {
    Pipeline::new("folding").then_boxed(fold_into_gemm())
}

/// What every program needs before code can be generated, without optimization: libraries become dataflow.
pub fn expand_libraries() -> Pipeline {
    expand_libraries_with(Expansions::default())
}

/// [`expand_libraries`] with other ways to compute library operations.
pub fn expand_libraries_with(expansions: Expansions) -> Pipeline {
    Pipeline::new("expand-libraries").then_boxed(expand_library(expansions))
}

/// The passes of this crate that optimize, by name: first those of [`auto_optimize`], then those that people ask for.
pub const ENTRIES: &[Entry] = &[
    Entry::new("propagate-memlets", "auto.rs", |_| Ok(Box::new(PropagateMemlets))),
    Entry::new("product-hoisting", "raise/product_hoisting.rs", |_| Ok(product_hoisting())),
    Entry::new("loop-to-map", "loops/loop_to_map.rs", |_| Ok(loop_to_map(false))),
    Entry::new("loop-nest-to-map", "loops/loop_nest_to_map.rs", |_| Ok(Box::new(LoopNestToMap))),
    Entry::new("copy-to-map", "map/copy_to_map.rs", |_| Ok(copy_to_map())),
    Entry::new("aug-assign-to-wcr", "map/aug_assign_to_wcr.rs", |_| Ok(aug_assign_to_wcr())),
    Entry::new(
        "trivial-map-elimination",
        "map/trivial_map_elimination.rs",
        |_| Ok(trivial_map_elimination()),
    ),
    Entry::new("map-collapse", "map/map_collapse.rs", |_| Ok(map_collapse())),
    Entry::new("map-fusion", "map/map_fusion.rs", |_| Ok(map_fusion())),
    Entry::new("map-fusion-horizontal", "map/map_fusion_horizontal.rs", |_| Ok(map_fusion_horizontal())),
    Entry::new("lift-einsum", "raise/lift_einsum.rs", |_| Ok(lift_einsum())),
    Entry::new("matrix-chain", "raise/matrix_chain.rs", |_| Ok(matrix_chain())),
    Entry::new("loop-to-product", "raise/loop_to_product.rs", |_| Ok(Box::new(LoopToProduct))),
    Entry::new("loop-to-rank-update", "raise/loop_to_rank_update.rs", |_| Ok(loop_to_rank_update())),
    Entry::new("loop-to-triangular-solve", "raise/loop_to_triangular_solve.rs", |_| {
        Ok(loop_to_triangular_solve())
    }),
    Entry::new("loop-to-triangular-product", "raise/loop_to_triangular_product.rs", |_| {
        Ok(loop_to_triangular_product())
    }),
    Entry::new("loop-to-symmetric-product", "raise/loop_to_symmetric_product.rs", |_| {
        Ok(loop_to_symmetric_product())
    }),
    Entry::new("loop-to-factorization", "raise/loop_to_factorization.rs", |_| Ok(loop_to_factorization())),
    Entry::new("expand-library", "library/mod.rs", |_| Ok(expand_library(Expansions::default()))),
    Entry::new("scale-after-product", "library/scale_after_product.rs", |_| Ok(scale_after_product())),
    Entry::new("mat-vec-fusion", "library/mat_vec_fusion.rs", |_| Ok(mat_vec_fusion())),
    Entry::new("fold-into-gemm", "library/fold_gemm.rs", |_| Ok(fold_into_gemm())),
    Entry::new("map-interchange", "map/map_interchange.rs", |_| Ok(map_interchange())),
    Entry::new("schedule-maps", "map/schedule.rs", |_| Ok(Box::new(ScheduleMaps))),
    Entry::new("transient-reuse", "transient_reuse.rs", |_| Ok(Box::new(TransientReuse))),
    Entry::new("tasklet-fusion", "map/tasklet_fusion.rs", |_| Ok(tasklet_fusion())),
    Entry::new("in-local-storage", "map/in_local_storage.rs", |_| Ok(in_local_storage())),
    Entry::new("double-buffering", "map/double_buffering.rs", |_| Ok(double_buffering())),
    Entry::new("out-local-storage", "map/out_local_storage.rs", |_| Ok(out_local_storage())),
    Entry::new("map-fission", "map/map_fission.rs", |_| Ok(map_fission())),
    Entry::new("otf-map-fusion", "map/otf_map_fusion.rs", |_| Ok(otf_map_fusion(OTFMapFusion::default()))),
    Entry::new("subgraph-fusion", "map/subgraph_fusion.rs", |_| {
        Ok(subgraph_fusion(SubgraphFusion::default()))
    }),
    Entry::new("map-reduce-fusion", "map/map_reduce_fusion.rs", |_| Ok(map_reduce_fusion())),
    Entry {
        name: "vectorization",
        source: "map/vectorization.rs",
        parameters: &["length"],
        make: vectorization,
    },
    Entry::new("loop-fission", "loops/loop_fission.rs", |_| Ok(loop_fission())),
    Entry::new("move-loop-into-map", "loops/move_loop_into_map.rs", |_| {
        Ok(move_loop_into_map(MoveLoopIntoMap::default()))
    }),
    Entry::new("map-expansion", "map/map_expansion.rs", |_| Ok(map_expansion())),
    Entry { name: "map-tiling", source: "map/map_tiling.rs", parameters: &["sizes"], make: map_tiling },
    Entry {
        name: "buffer-tiling",
        source: "map/buffer_tiling.rs",
        parameters: &["tile_sizes"],
        make: buffer_tiling,
    },
    Entry {
        name: "strip-mining",
        source: "map/map_tiling.rs",
        parameters: &["size", "at"],
        make: strip_mining,
    },
    Entry::new("map-to-for-loop", "map/map_to_for_loop.rs", |_| Ok(map_to_for_loop())),
    Entry { name: "loop-unroll", source: "loops/loop_unroll.rs", parameters: &["limit"], make: loop_unroll },
    Entry { name: "loop-peel", source: "loops/loop_peel.rs", parameters: &["count"], make: loop_peel },
    Entry::new("loop-interchange", "loops/loop_interchange.rs", |_| Ok(loop_interchange())),
    Entry { name: "wavefront", source: "loops/wavefront.rs", parameters: &["work"], make: wavefront },
    Entry {
        name: "stencil-tiling",
        source: "loops/stencil_tiling.rs",
        parameters: &["time_tile", "tile_sizes"],
        make: stencil_tiling,
    },
    Entry::new("loop-skewing", "loops/loop_skewing.rs", |_| Ok(loop_skewing())),
];

/// Recomputes what scopes touch, from what their iterations touch.
#[derive(Clone, Copy, Debug, Default)]
pub struct PropagateMemlets;

impl Pass for PropagateMemlets {
    fn name(&self) -> &'static str {
        "propagate-memlets"
    }

    fn summary(&self) -> &'static str {
        "Recomputes what map scopes touch from what their iterations touch"
    }

    fn run(&self, sdfg: &mut Sdfg, _: &mut Context) -> Changed {
        let (facts, containers) = (entry_facts(sdfg), sdfg.containers.clone());
        let mut changed = false;
        visit_with_facts(&mut sdfg.body, &facts, &mut |region, facts| {
            for block in &mut region.blocks {
                if let Block::State(state) = block {
                    let before = state.clone();
                    propagate::state(state, &containers, facts);
                    changed |= *state != before;
                }
            }
        });
        changed.into()
    }
}

fn loop_to_map(in_order: bool) -> Box<dyn Pass> {
    let summary = "Makes maps of loops whose iterations are independent";
    match in_order {
        true => boxed("loop-to-map", summary, LoopToMapInOrder),
        false => boxed("loop-to-map", summary, LoopToMap),
    }
}

fn copy_to_map() -> Box<dyn Pass> {
    boxed("copy-to-map", "Makes maps of copies", CopyToMap)
}

fn aug_assign_to_wcr() -> Box<dyn Pass> {
    boxed("aug-assign-to-wcr", "Makes conflict resolutions of updates", AugAssignToWcr)
}

fn trivial_map_elimination() -> Box<dyn Pass> {
    boxed("trivial-map-elimination", "Replaces map parameters with one value by it", TrivialMapElimination)
}

fn map_collapse() -> Box<dyn Pass> {
    boxed("map-collapse", "Makes one map of two that are perfectly nested", MapCollapse)
}

fn map_fusion() -> Box<dyn Pass> {
    Box::new(FuseMaps)
}

fn map_fusion_horizontal() -> Box<dyn Pass> {
    boxed("map-fusion-horizontal", "Fuses independent maps that read the same elements", MapFusionHorizontal)
}

fn matrix_chain() -> Box<dyn Pass> {
    boxed(
        "matrix-chain",
        "Multiplies several matrices in the order that takes the fewest operations",
        MatrixChain,
    )
}

fn lift_einsum() -> Box<dyn Pass> {
    boxed("lift-einsum", "Makes one operation of maps that add products of elements", LiftEinsum)
}

fn loop_to_rank_update() -> Box<dyn Pass> {
    let summary = "Makes one operation of loops that add products of rows to a triangle of a matrix";
    boxed("loop-to-rank-update", summary, LoopToRankUpdate)
}

fn loop_to_triangular_solve() -> Box<dyn Pass> {
    let summary = "Makes one operation of forward and backward substitution";
    boxed("loop-to-triangular-solve", summary, LoopToTriangularSolve)
}

fn loop_to_triangular_product() -> Box<dyn Pass> {
    let summary = "Makes one operation of a loop that multiplies a matrix by a triangle in place";
    boxed("loop-to-triangular-product", summary, LoopToTriangularProduct)
}

fn loop_to_symmetric_product() -> Box<dyn Pass> {
    let summary =
        "Makes one operation of a loop that multiplies by a symmetric matrix of which one triangle is stored";
    boxed("loop-to-symmetric-product", summary, LoopToSymmetricProduct)
}

fn loop_to_factorization() -> Box<dyn Pass> {
    let summary = "Makes one operation of loops that replace a matrix by its factors";
    boxed("loop-to-factorization", summary, LoopToFactorization)
}

fn product_hoisting() -> Box<dyn Pass> {
    let summary = "Multiplies a matrix before a loop that multiplies each of its rows";
    boxed("product-hoisting", summary, ProductHoisting)
}

fn expand_library(expansions: Expansions) -> Box<dyn Pass> {
    let pass = ExpandLibrary { expansions, ..ExpandLibrary::default() };
    boxed("expand-library", "Replaces library operations by dataflow or calls", pass)
}

fn scale_after_product() -> Box<dyn Pass> {
    let summary = "Scales the result of a matrix and a vector in place of the matrix";
    boxed("scale-after-product", summary, ScaleAfterProduct)
}

fn mat_vec_fusion() -> Box<dyn Pass> {
    let summary = "Reads a matrix once that is multiplied by vectors from both sides";
    boxed("mat-vec-fusion", summary, MatVecFusion)
}

fn fold_into_gemm() -> Box<dyn Pass> {
    boxed(
        "fold-into-gemm",
        "Folds scaling, transposition and accumulation into matrix products",
        FoldIntoGemm,
    )
}

fn map_interchange() -> Box<dyn Pass> {
    boxed("map-interchange", "Makes the innermost loop run along contiguous memory", MapInterchange)
}

fn tasklet_fusion() -> Box<dyn Pass> {
    boxed(
        "tasklet-fusion",
        "Makes one tasklet of two of which one computes a value for the other",
        TaskletFusion,
    )
}

fn in_local_storage() -> Box<dyn Pass> {
    boxed("in-local-storage", "Copies what an inner map reads to memory of its own", InLocalStorage)
}

fn double_buffering() -> Box<dyn Pass> {
    boxed("double-buffering", "Copies what the next iteration reads while one computes", DoubleBuffering)
}

fn out_local_storage() -> Box<dyn Pass> {
    boxed(
        "out-local-storage",
        "Writes and adds up what an inner map computes in memory of its own",
        OutLocalStorage,
    )
}

fn map_fission() -> Box<dyn Pass> {
    boxed("map-fission", "Makes two maps of one that does two things", MapFission)
}

fn otf_map_fusion(how: OTFMapFusion) -> Box<dyn Pass> {
    boxed("otf-map-fusion", "Computes values again where they are read, instead of keeping them", how)
}

fn subgraph_fusion(how: SubgraphFusion) -> Box<dyn Pass> {
    boxed("subgraph-fusion", "Runs maps together over one parameter that they have in common", how)
}

fn map_reduce_fusion() -> Box<dyn Pass> {
    boxed("map-reduce-fusion", "Combines values as a map computes them", MapReduceFusion)
}

fn vectorization(arguments: &Arguments) -> Result<Box<dyn Pass>, RequestError> {
    let length = arguments.int("length")?.unwrap_or(Vectorization::default().length);
    Ok(boxed(
        "vectorization",
        "Makes one iteration of several that lie side by side",
        Vectorization { length },
    ))
}

fn loop_fission() -> Box<dyn Pass> {
    boxed("loop-fission", "Makes two loops of one that does two things", LoopFission)
}

fn move_loop_into_map(how: MoveLoopIntoMap) -> Box<dyn Pass> {
    boxed("move-loop-into-map", "Makes a map over loops of a map that a loop repeats", how)
}

fn map_expansion() -> Box<dyn Pass> {
    boxed("map-expansion", "Makes nested maps of those over several parameters", MapExpansion)
}

fn map_tiling(arguments: &Arguments) -> Result<Box<dyn Pass>, RequestError> {
    let tiling = arguments.ints("sizes")?.map_or_else(MapTiling::default, |sizes| MapTiling { sizes });
    Ok(boxed("map-tiling", "Runs maps in tiles", tiling))
}

fn buffer_tiling(arguments: &Arguments) -> Result<Box<dyn Pass>, RequestError> {
    let sizes = arguments.ints("tile_sizes")?;
    let tiling = sizes.map_or_else(BufferTiling::default, |tile_sizes| BufferTiling { tile_sizes });
    Ok(boxed("buffer-tiling", "Runs two maps in the same tiles, with what is between them", tiling))
}

fn stencil_tiling(arguments: &Arguments) -> Result<Box<dyn Pass>, RequestError> {
    let StencilTiling { time_tile, tile_sizes } = StencilTiling::default();
    let time_tile = arguments.int("time_tile")?.unwrap_or(time_tile);
    let tile_sizes = arguments.ints("tile_sizes")?.unwrap_or(tile_sizes);
    let summary = "Runs several time steps of a stencil in one tile of space before the next";
    Ok(boxed("stencil-tiling", summary, StencilTiling { time_tile, tile_sizes }))
}

fn strip_mining(arguments: &Arguments) -> Result<Box<dyn Pass>, RequestError> {
    let size = arguments.int("size")?.unwrap_or(StripMining::default().size);
    let transformation = StripMining { size, at: arguments.natural("at")? };
    Ok(boxed("strip-mining", "Runs one parameter of maps in tiles", transformation))
}

fn map_to_for_loop() -> Box<dyn Pass> {
    boxed("map-to-for-loop", "Makes loops of maps that are all of a state", MapToForLoop)
}

/// Without a parameter, whoever asks for it wants it everywhere.
fn wavefront(arguments: &Arguments) -> Result<Box<dyn Pass>, RequestError> {
    Ok(Box::new(Wavefront { work: arguments.int("work")?.unwrap_or(0) }))
}

fn loop_unroll(arguments: &Arguments) -> Result<Box<dyn Pass>, RequestError> {
    let limit = arguments.int("limit")?.unwrap_or(LoopUnroll::default().limit);
    Ok(boxed("loop-unroll", "Writes out loops with few iterations", LoopUnroll { limit }))
}

fn loop_peel(arguments: &Arguments) -> Result<Box<dyn Pass>, RequestError> {
    let count = arguments.int("count")?.unwrap_or(LoopPeel::default().count);
    Ok(boxed("loop-peel", "Writes the first iterations of loops before them", LoopPeel { count }))
}

fn loop_interchange() -> Box<dyn Pass> {
    boxed("loop-interchange", "Makes the inner loop run along contiguous memory", LoopInterchange)
}

fn loop_skewing() -> Box<dyn Pass> {
    boxed("loop-skewing", "Runs nests of dependent loops in wavefronts", LoopSkewing)
}

fn boxed(
    name: &'static str,
    summary: &'static str,
    transformation: impl Transformation + 'static,
) -> Box<dyn Pass> {
    Box::new(everywhere(name, summary, transformation))
}
