//! Dead containers: removes internal containers that no state or condition uses.
//!
//! ```text
//! before:  t: float64[N] (transient)   …   B = A
//! after:                                    B = A
//! ```
//!
//! Other passes take away the uses and leave the containers to this one, which looks at all of them at once.

use crate::Uses;
use crate::pass::{Changed, Context, Pass};
use dacec_ir::Sdfg;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct DeadContainerElimination;

impl Pass for DeadContainerElimination {
    fn name(&self) -> &'static str {
        "dead-container-elimination"
    }

    fn summary(&self) -> &'static str {
        "removes internal containers that nothing uses"
    }

    fn run(&self, sdfg: &mut Sdfg, _: &mut Context) -> Changed {
        let uses = Uses::of(sdfg);
        let before = sdfg.containers.len();
        sdfg.containers.retain(|name, data| !data.is_transient() || uses.of_container(name) > 0);
        Changed::from(sdfg.containers.len() != before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simplify::testing::run;
    use dacec_ir::builder::{SdfgBuilder, name};
    use dacec_ir::{DType, ScalarExpr};

    #[test]
    fn only_unused_transients_go() {
        let mut b = SdfgBuilder::new("p");
        b.scalar("argument", DType::Float64).local("dead", DType::Float64).local("condition", DType::Bool);
        b.local("used", DType::Float64);
        b.state("s").tasklet("f", &[("x", "argument", "")], name("x"), ("used", ""));
        b.state("c").tasklet(
            "c",
            &[],
            ScalarExpr::Constant(dacec_ir::Constant::Bool(true)),
            ("condition", ""),
        );
        b.conditional(name("condition"), |_| {}, |_| {});
        let mut sdfg = b.build();
        assert!(run(&DeadContainerElimination, &mut sdfg).any());
        assert_eq!(sdfg.containers.keys().collect::<Vec<_>>(), ["argument", "condition", "used"]);
    }
}
