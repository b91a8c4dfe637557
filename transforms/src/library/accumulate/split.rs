//! Accumulation in pieces: sums of columns of a tall matrix.
//!
//! ```text
//! map piece, block { acc = 0; for k in piece { for lane { acc[lane] += x[k]*A[k, block + lane] } }
//!                    partial[piece, block] = acc }
//! map j { y[j] = sum over pieces of partial[piece, j] }
//! ```
//!
//! With one accumulator for each column over all rows, a core walks down a narrow strip of the matrix: every row brings
//! another page, and there are as many pieces of work as there are blocks of columns, which may be few. In pieces of
//! rows, rows are read in long stretches, and there is work for every core whatever the shape is. The partial sums are a
//! small part of what is read, and their order does not depend on the number of threads.

use super::{Accumulation, Axis, Builder, Input, Lanes};
use crate::library::{Call, Operand};
use crate::surroundings::Surroundings;
use dacec_ir::{Array, Expr, Memlet, Name, NodeId, Range, ScalarExpr, Subset};
use std::collections::BTreeSet;

/// Rows of a piece.
const ROWS: i64 = 256;
/// Bytes of a block of accumulators: half of a first-level cache.
const WIDE_BYTES: usize = 16 * 1024;

/// Whether a vector is accumulated over more rows than one piece has, as far as that is known; not inside of a map, which
/// has work for every core already, and not with sizes that change while the program runs, for which memory would be
/// allocated again and again.
pub(super) fn is_worthwhile(around: &Surroundings<'_>, what: &Accumulation<'_>, call: &Call) -> bool {
    let ([columns], [rows]) = (&what.kept[..], &what.reduced[..]) else { return false };
    let arguments = around.sdfg.containers.values().filter(|data| !data.is_transient());
    let fixed: BTreeSet<Name> =
        arguments.flat_map(|data| data.shape()).flat_map(|extent| extent.symbols()).collect();
    let sizes = columns.symbols().union(&rows.symbols()).cloned().collect::<BTreeSet<Name>>();
    call.scope.is_none()
        && sizes.is_subset(&fixed)
        && call.facts.prove_le(rows, &Expr::int(ROWS)) != Some(true)
}

impl Builder<'_, '_, '_> {
    /// Accumulates pieces, and then their results; returns the first and the last node.
    pub(super) fn split(&mut self) -> (NodeId, NodeId) {
        let dtype = self.what.output.dtype;
        let pieces = Range::strided(0, self.what.reduced[0].clone(), ROWS).len();
        let shape = [pieces.clone(), self.what.kept[0].clone()];
        let name = Call::local(self.around, "__partial", Array::transient(dtype, shape.clone()).into());
        let access = self.access(&name);
        let partial =
            Operand::new(self.around, (access, None), &Memlet::new(&name, Subset::full(&shape)), None);

        let moved = |axis: &Axis| match axis {
            Axis::Kept(_) => Axis::Kept(1),
            Axis::Reduced(at) => Axis::Reduced(*at),
        };
        let inputs = self.what.inputs.iter();
        let inputs = inputs.map(|it| Input { axes: it.axes.iter().map(moved).collect(), ..it.clone() });
        let first = Accumulation {
            kept: shape.to_vec(),
            inputs: inputs.collect(),
            output: &partial,
            accumulate: false,
            finish: None,
            ..self.what.clone()
        };
        let how = Lanes { bytes: WIDE_BYTES, rows: Some(ROWS) };
        let (start, _) = Builder::new(self.around, self.state, self.call, &first).lanes(1, how);

        let axes = vec![Axis::Reduced(0), Axis::Kept(0)];
        let second = Accumulation {
            reduced: vec![pieces],
            inputs: vec![Input { connector: "value", operand: &partial, axes }],
            value: ScalarExpr::name("value"),
            ..self.what.clone()
        };
        let (_, end) = Builder::new(self.around, self.state, self.call, &second).lanes(0, Lanes::WHOLE);
        (start, end)
    }
}
