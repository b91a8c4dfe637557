//! Stencils.

use super::build::{Operands, all, at};
use super::{Defined, Given};
use crate::library::Property;
use crate::text::parse_scalar;
use crate::{Expr, Memlet, Name, Range, ScalarExpr, Sdfg};

/// Each element of `_out` = an expression over the elements of `_in` at fixed distances, called `p0`, `p1` and so on. Elements
/// of which a point is outside of `_in` stay as they are in `_old`, which may be the same array as `_out`.
///
/// ```text
/// Stencil(code = "0.25*(p0 + p1 + p2 + p3)", offsets = [-1, 0, 1, 0, 0, -1, 0, 1], rank = 2)
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Stencil {
    /// The expression, in the language of tasklets.
    pub code: String,
    /// The distances of each point, one for each dimension.
    pub offsets: Vec<Vec<i64>>,
    /// Number of dimensions.
    pub rank: usize,
}

impl Defined for Stencil {
    const NAME: &'static str = "Stencil";

    fn given(&self) -> Vec<(&'static str, Property)> {
        let mut list = vec![("code", Property::Text(self.code.clone()))];
        list.push(("offsets", Property::Ints(self.offsets.concat())));
        list.extend((self.rank != 1).then_some(("rank", Property::Int(self.rank as i64))));
        list
    }

    fn read(given: &mut Given<'_>) -> Option<Self> {
        let rank = given.count("rank", 1)?;
        let (code, offsets) = (given.text("code")?, given.ints("offsets")?);
        if rank == 0 || offsets.is_empty() || !offsets.len().is_multiple_of(rank) {
            return None;
        }
        let offsets: Vec<Vec<i64>> = offsets.chunks(rank).map(<[i64]>::to_vec).collect();
        let stencil = Stencil { code, offsets, rank };
        stencil.expression().is_ok().then_some(stencil)
    }

    fn rank(&self, _: &str) -> usize {
        self.rank
    }

    fn reads(&self) -> Vec<Name> {
        vec!["_in".into(), "_old".into()]
    }

    fn updates(&self) -> Option<(&'static str, &'static str)> {
        Some(("_old", "_out"))
    }

    fn operations(&self, operands: &Operands) -> Expr {
        let mut each = 0;
        if let Ok(code) = self.expression() {
            let leaf = |it: &ScalarExpr| matches!(it, ScalarExpr::Name(_) | ScalarExpr::Constant(_));
            code.visit(&mut |part| each += i64::from(!leaf(part)));
        }
        operands.elements("_out") * each
    }

    fn define(&self, operands: &Operands) -> Result<Sdfg, String> {
        operands.common(&["_in", "_out"])?;
        let (input, output) = (operands.at("_in"), operands.at("_out"));
        let code = self.expression()?;
        let mut dims: Vec<(Name, Range)> = Vec::new();
        for dim in 0..self.rank {
            Operands::same(&input.shape[dim], &output.shape[dim])?;
            let along = || self.offsets.iter().map(|point| point[dim]);
            let first = (-along().min().unwrap_or_default()).max(0);
            let last = along().max().unwrap_or_default().max(0);
            let range = Range::new(Expr::int(first), &input.shape[dim] - last);
            dims.push((format!("__d{dim}").into(), range));
        }
        let names: Vec<String> = (0..self.offsets.len()).map(|point| format!("p{point}")).collect();
        let place = |point: &Vec<i64>| point.iter().enumerate().map(|(dim, &by)| at(dim) + by).collect();
        let reads: Vec<_> =
            names.iter().zip(&self.offsets).map(|(name, point)| (&**name, "_in", place(point))).collect();
        let mut graph = operands.graph("stencil");
        graph.ranges("stencil", dims, &reads, code, Memlet::element("_out", all(self.rank)));
        Ok(graph.build())
    }
}

impl Stencil {
    /// The code, which knows the points alone.
    fn expression(&self) -> Result<ScalarExpr, String> {
        let code = parse_scalar(&self.code).map_err(|error| error.to_string())?;
        let known = |name: &Name| (0..self.offsets.len()).any(|point| *name == *format!("p{point}"));
        match code.names().into_iter().find(|name| !known(name)) {
            Some(name) => Err(format!("there is no point `{name}`")),
            None => Ok(code),
        }
    }
}
