//! Loop fission: a loop that does two things is two loops.
//!
//! ```text
//! before:  for i { B[i] = A[i]*2;  C[i] = C[i - 1] + B[i] }
//! after:   for i { B[i] = A[i]*2 }   for i { C[i] = C[i - 1] + B[i] }        the first one is a map
//! kept:    for i { B[i] = C[i - 1];  C[i] = A[i] }                          what is written is read in the next iteration
//!          for i { t = A[i];  B[i] = t*t }                                  `t` holds one value at a time
//! ```
//!
//! **Legal when** no iteration of the second part touches an element that a later iteration of the first one touches, where
//! one of them writes; neither part leaves the loop or assigns symbols; and the size of nothing that both touch depends on
//! the variable, of which each loop has its own. The first place at which the body can be parted is
//! taken; the second loop is looked at again.

use super::loop_nest_to_map::{assigned_outside_headers, check_control_flow, touches_of};
use super::loop_to_map::iterations;
use crate::surroundings::{Surroundings, assigned_symbols};
use crate::{Refusal, Transformation};
use dacec_ir::analysis::dependence::{Touch, other, own_values, shared_element};
use dacec_ir::{Block, Expr, Loop, Name, Range, Region, propagate};

/// Makes two loops of one; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopFission;

/// A loop that can be two; made only by [`LoopFission::find`].
#[derive(Clone, Debug)]
pub struct Divisible {
    block: usize,
    /// Blocks of the first loop.
    first: usize,
}

impl Transformation for LoopFission {
    type Place = Region;
    type Match = Divisible;

    fn name(&self) -> &'static str {
        "LoopFission"
    }

    fn find(&self, around: &Surroundings<'_>, region: &Region, site: usize) -> Result<Divisible, Refusal> {
        let Block::Loop(it) = &region.blocks[site] else { return Err(Refusal::NoMatch("not a loop")) };
        let (variable, range) = iterations(it)?;
        check_control_flow(&it.body)?;
        if let Some(symbol) = assigned_outside_headers(&it.body).first() {
            return Err(Refusal::unproved(format!("the body assigns the symbol `{symbol}`")));
        }
        if assigned_symbols(&it.body).contains(&variable) {
            return Err(Refusal::unproved(format!("`{variable}` is something else in the body")));
        }
        let parts: Vec<Vec<Touch>> = it.body.blocks.iter().map(|block| touches(around, block)).collect();
        let order = Order { around, it, variable: &variable, range: &range };
        let mut reason = Refusal::NoMatch("the body does one thing");
        for first in 1..parts.len() {
            let (before, after) = (parts[..first].concat(), parts[first..].concat());
            if before.is_empty() || after.is_empty() {
                continue;
            }
            match order.keeps(&before, &after).and_then(|()| order.sizes(&before, &after)) {
                Ok(()) => return Ok(Divisible { block: site, first }),
                Err(refusal) => reason = refusal,
            }
        }
        Err(reason)
    }

    fn apply(&self, around: &mut Surroundings<'_>, region: &mut Region, found: Divisible) {
        let Block::Loop(it) = &mut region.blocks[found.block] else { unreachable!("the match names a loop") };
        let rest = it.body.blocks.split_off(found.first);
        let label = Name::from(format!("{}_rest", it.label));
        // Each loop has its own variable, so that nothing is defined twice.
        let Some(variable) = it.variable().cloned() else { unreachable!("the loop counts") };
        let fresh = around.names.fresh(&variable);
        let mut body = Region::new(rest);
        around.substitute_in(&mut body, &[(variable, Expr::sym(&fresh))].into());
        let mut second = Loop { label, header: it.header.clone(), body, span: it.span };
        if let dacec_ir::control_flow::LoopHeader::For { variable, .. } = &mut second.header {
            *variable = fresh;
        }
        region.blocks.insert(found.block + 1, Block::Loop(Box::new(second)));
    }
}

fn touches(around: &Surroundings<'_>, block: &Block) -> Vec<Touch> {
    let region = Region::new([block.clone()]);
    touches_of(around, &region, &assigned_outside_headers(&region), true)
}

/// The order of a loop's iterations.
struct Order<'a> {
    around: &'a Surroundings<'a>,
    it: &'a Loop,
    variable: &'a Name,
    range: &'a Range,
}

impl Order<'_> {
    /// Proves that no iteration of the second part has to come before a later one of the first part.
    fn keeps(&self, first: &[Touch], second: &[Touch]) -> Result<(), Refusal> {
        let renaming = own_values([self.variable].into_iter().chain(&assigned_symbols(&self.it.body)));
        let mut facts = self.around.facts.clone();
        let (this, later) = (Expr::sym(self.variable), Expr::sym(other(self.variable)));
        propagate::assume_in_range(&mut facts, self.variable, self.range);
        propagate::assume_in_range(&mut facts, &other(self.variable), self.range);
        let runs_down = matches!(&self.it.header, dacec_ir::control_flow::LoopHeader::For { step, .. }
            if step.as_int().is_some_and(|step| step < 0));
        facts.assume(&if runs_down { this.gt(&later) } else { later.gt(&this) });
        for a in second {
            for b in first.iter().filter(|b| b.data == a.data) {
                let free = !a.is_write && !b.is_write || a.wcr.is_some() && a.wcr == b.wcr;
                if !free && shared_element(a, b, &renaming, &facts) {
                    return Err(Refusal::conflict(&b.memlet(), &a.memlet()));
                }
            }
        }
        Ok(())
    }

    /// Proves that what both parts touch has a size that does not depend on the variable.
    fn sizes(&self, first: &[Touch], second: &[Touch]) -> Result<(), Refusal> {
        let depends = |it: &&Touch| self.around.container(&it.data).symbols().contains(self.variable);
        match second.iter().filter(depends).find(|it| first.iter().any(|other| other.data == it.data)) {
            Some(it) => {
                Err(Refusal::unproved(format!("the size of `{}` depends on `{}`", it.data, self.variable)))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::testing::{apply, refusals};
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{DType, Sdfg};

    type Assignment = ((&'static str, &'static str), (&'static str, &'static str));

    /// `for i in 1:N: first; second`
    fn program(statements: [Assignment; 2]) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        for array in ["A", "B", "C"] {
            b.array(array, DType::Float64, [n.clone()]);
        }
        b.local("t", DType::Float64);
        b.for_loop("i", 1, n, |b| {
            for (at, (target, (data, from))) in statements.into_iter().enumerate() {
                b.state(&format!("s{at}")).tasklet("t", &[("x", data, from)], name("x") + name("x"), target);
            }
        });
        b.build()
    }

    #[test]
    fn what_does_not_look_ahead_is_parted() {
        for statements in [
            [(("B", "i"), ("A", "i")), (("C", "i"), ("B", "i"))],
            [(("B", "i"), ("A", "i")), (("C", "i"), ("B", "i - 1"))],
            [(("B", "i"), ("C", "i")), (("C", "i"), ("A", "i"))],
        ] {
            let after = apply(&LoopFission, &program(statements), &[("N", 5)]);
            assert_eq!(after.body.blocks.len(), 2);
        }
    }

    /// `for i in 1:N: first; second` with a temporary `t` of `i + 1` elements
    fn sized(first: impl FnOnce(&mut SdfgBuilder), second: impl FnOnce(&mut SdfgBuilder)) -> Sdfg {
        let n = Expr::sym("N");
        let mut b = SdfgBuilder::new("p");
        for array in ["A", "B", "C"] {
            b.array(array, DType::Float64, [n.clone()]);
        }
        b.transient("t", DType::Float64, [Expr::sym("i") + 1]);
        b.for_loop("i", 1, n, |b| {
            first(b);
            second(b);
        });
        b.build()
    }

    #[test]
    fn sizes_of_temporaries_belong_to_one_of_the_loops() {
        let copied = |b: &mut SdfgBuilder, from: (&str, &str), to: (&str, &str)| {
            b.state(&format!("to_{}", to.0)).tasklet("t", &[("x", from.0, from.1)], name("x"), to);
        };
        let filled = |b: &mut SdfgBuilder| {
            let dims = [("k", "0:i + 1")];
            b.state("fill").map("fill", &dims, &[("x", "A", "k")], name("x") + name("x"), ("t", "k"));
            let inputs = [("x", "C", "i - 1"), ("y", "t", "i")];
            b.state("store").tasklet("t", &inputs, name("x") + name("y"), ("C", "i"));
        };
        let sdfg = sized(|b| copied(b, ("A", "i"), ("B", "i")), filled);
        let after = apply(&LoopFission, &sdfg, &[("N", 5)]);
        assert_eq!(after.body.blocks.len(), 2);
        assert!(!after.containers["t"].symbols().contains(&Name::from("i")));
        let sdfg = sized(|b| copied(b, ("A", "i"), ("t", "i")), |b| copied(b, ("t", "i"), ("B", "i")));
        let reasons = refusals(&LoopFission, &sdfg).join("; ");
        assert!(reasons.contains("the size of `t` depends on `i`"), "{reasons}");
    }

    #[test]
    fn what_the_next_iteration_needs_stays() {
        for statements in [
            [(("B", "i"), ("C", "i - 1")), (("C", "i"), ("A", "i"))],
            [(("t", ""), ("A", "i")), (("B", "i"), ("t", ""))],
            [(("B", "0"), ("A", "i")), (("C", "i"), ("B", "0"))],
        ] {
            assert_eq!(refusals(&LoopFission, &program(statements)).len(), 1);
        }
    }
}
