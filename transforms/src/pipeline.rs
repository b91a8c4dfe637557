//! Pipelines: readable lists of passes.

use crate::Refusal;
use crate::history;
use crate::pass::{Changed, Context, InvalidAfter, Pass};
use dacec_ir::features::features;
use dacec_ir::{Block, Feature, Node, Sdfg};
use std::collections::BTreeSet;
use std::fmt;
use std::time::Instant;

/// Rounds of a fixed point after which it is stopped, so that two passes that undo each other do not hang the compiler.
const DEFAULT_ROUNDS: usize = 64;

/// A step of a pipeline.
enum Step {
    Once(Box<dyn Pass>),
    FixedPoint(Vec<Box<dyn Pass>>),
}

/// A list of passes, run in order.
///
/// Every pass is run on the SDFGs nested in the program first, inside out, and then on the program.
pub struct Pipeline {
    name: &'static str,
    steps: Vec<Step>,
}

impl Pipeline {
    /// An empty pipeline.
    pub fn new(name: &'static str) -> Self {
        Pipeline { name, steps: Vec::new() }
    }

    /// What people call the pipeline.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Then runs a pass.
    pub fn then(mut self, pass: impl Pass + 'static) -> Self {
        self.steps.push(Step::Once(Box::new(pass)));
        self
    }

    /// Then runs a pass that was made elsewhere.
    pub fn then_boxed(mut self, pass: Box<dyn Pass>) -> Self {
        self.steps.push(Step::Once(pass));
        self
    }

    /// Then runs the passes in turn until none of them changes anything.
    pub fn until_stable(mut self, passes: Vec<Box<dyn Pass>>) -> Self {
        self.steps.push(Step::FixedPoint(passes));
        self
    }

    /// Then runs all steps of another pipeline.
    pub fn then_all(mut self, other: Pipeline) -> Self {
        self.steps.extend(other.steps);
        self
    }

    /// The passes in order; those of a fixed point once each.
    pub fn passes(&self) -> impl Iterator<Item = &dyn Pass> {
        self.steps
            .iter()
            .flat_map(|step| match step {
                Step::Once(pass) => std::slice::from_ref(pass),
                Step::FixedPoint(passes) => passes.as_slice(),
            })
            .map(|pass| pass.as_ref())
    }

    /// Runs the passes. An error is a bug of a pass, found because [`Options::verify`](crate::pass::Options::verify) is
    /// set.
    pub fn run(&self, sdfg: &mut Sdfg, context: &mut Context) -> Result<Changed, InvalidAfter> {
        let mut changed = Changed::No;
        let already = context.history().len();
        let mut used = Used::default();
        for step in &self.steps {
            changed |= match step {
                Step::Once(pass) => run_known(pass.as_ref(), (&mut *sdfg, &mut used), context)?,
                Step::FixedPoint(passes) => run_until_stable(passes, (&mut *sdfg, &mut used), context)?,
            };
        }
        history::record(sdfg, &context.history()[already..]);
        Ok(changed)
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        f.debug_list().entries(self.passes().map(Pass::name)).finish()
    }
}

/// Runs one pass on an SDFG and on all that are nested in it, and checks the result if asked to. Nothing is done where
/// the program uses a feature that the pass does not handle.
pub fn run_pass(pass: &dyn Pass, sdfg: &mut Sdfg, context: &mut Context) -> Result<Changed, InvalidAfter> {
    run_known(pass, (sdfg, &mut Used::default()), context)
}

/// The features that a program uses, once somebody asked, until a pass changes the program.
#[derive(Default)]
struct Used(Option<BTreeSet<Feature>>);

/// Runs one pass on a program with the features that it is known to use.
fn run_known(
    pass: &dyn Pass,
    (sdfg, used): (&mut Sdfg, &mut Used),
    context: &mut Context,
) -> Result<Changed, InvalidAfter> {
    let features = used.0.get_or_insert_with(|| features(sdfg));
    if let Some(feature) = features.iter().copied().find(|feature| !pass.handles(*feature)) {
        let place = || format!("program {}", sdfg.name);
        context.refused(pass.name(), place, Refusal::Feature(feature));
        return Ok(Changed::No);
    }
    if !context.permit(pass.name()) {
        return Ok(Changed::No);
    }
    let start = Instant::now();
    let changed = run_inside_out(pass, sdfg, context);
    context.ran(pass.name(), changed, start.elapsed());
    if changed.any() {
        used.0 = None;
        context.record(pass.name(), sdfg);
    }
    if changed.any()
        && let Some(verify) = context.options().verify
    {
        verify(sdfg).map_err(|complaint| InvalidAfter { pass: pass.name(), complaint })?;
    }
    Ok(changed)
}

fn run_inside_out(pass: &dyn Pass, sdfg: &mut Sdfg, context: &mut Context) -> Changed {
    let mut changed = Changed::No;
    sdfg.body.visit_mut(&mut |block| {
        let Block::State(state) = block else { return };
        for id in state.node_ids() {
            if let Node::Nested(nested) = state.node_mut(id) {
                changed |= run_inside_out(pass, &mut nested.sdfg, context);
            }
        }
    });
    changed | pass.run(sdfg, context)
}

/// Runs passes in turn until all of them have seen the SDFG as it is and left it so. A pass that found nothing to do is
/// not run again before another one changed something.
fn run_until_stable(
    passes: &[Box<dyn Pass>],
    (sdfg, used): (&mut Sdfg, &mut Used),
    context: &mut Context,
) -> Result<Changed, InvalidAfter> {
    let rounds = match context.options().max_rounds {
        0 => DEFAULT_ROUNDS,
        rounds => rounds,
    };
    let mut version = 0_usize;
    let mut seen = vec![None; passes.len()];
    for _ in 0..rounds {
        let before = version;
        for (pass, seen) in passes.iter().zip(&mut seen) {
            if *seen == Some(version) {
                continue;
            }
            version += usize::from(run_known(pass.as_ref(), (&mut *sdfg, &mut *used), context)?.any());
            *seen = Some(version);
        }
        if version == before {
            break;
        }
    }
    Ok(Changed::from(version > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pass::Options;
    use dacec_ir::State;

    /// Removes the last of the blocks while there are more than `keep`.
    struct Shorten {
        keep: usize,
    }

    impl Pass for Shorten {
        fn name(&self) -> &'static str {
            "shorten"
        }

        fn summary(&self) -> &'static str {
            "removes a block"
        }

        fn run(&self, sdfg: &mut Sdfg, _: &mut Context) -> Changed {
            let more = sdfg.body.blocks.len() > self.keep;
            if more {
                sdfg.body.blocks.pop();
            }
            more.into()
        }
    }

    struct Nothing;

    impl Pass for Nothing {
        fn name(&self) -> &'static str {
            "nothing"
        }

        fn summary(&self) -> &'static str {
            "does nothing"
        }

        fn run(&self, _: &mut Sdfg, _: &mut Context) -> Changed {
            Changed::No
        }
    }

    fn program(states: usize) -> Sdfg {
        let mut sdfg = Sdfg::new("p");
        sdfg.body.blocks = (0..states).map(|k| Block::State(State::new(format!("s{k}")))).collect();
        sdfg
    }

    fn stable(keep: usize) -> Pipeline {
        Pipeline::new("test").until_stable(vec![Box::new(Shorten { keep }), Box::new(Nothing)])
    }

    #[test]
    fn passes_run_until_nothing_changes() {
        let (mut sdfg, mut context) = (program(2), Context::default());
        let changed = stable(1).run(&mut sdfg, &mut context).expect("no check is set");
        assert!(changed.any());
        assert_eq!(sdfg.body.blocks.len(), 1);
        // `shorten` left something to do for nobody, so both passes rest after one look at the last version.
        assert_eq!(context.passes()["shorten"].changes, 1);
        assert_eq!(context.passes()["nothing"].runs, 1);
    }

    #[test]
    fn a_bad_pass_is_named() {
        let verify = |sdfg: &Sdfg| match sdfg.body.blocks.len() {
            0 => Err("it is empty".to_owned()),
            _ => Ok(()),
        };
        let mut context = Context::new(Options { verify: Some(verify), ..Options::default() });
        let error = stable(0).run(&mut program(1), &mut context).expect_err("the check fails");
        assert_eq!(error.to_string(), "the pass `shorten` made an invalid program: it is empty");
    }

    #[test]
    fn a_pass_is_not_run_on_what_it_does_not_know() {
        let mut sdfg = program(3);
        let view = dacec_ir::Array::transient(dacec_ir::DType::Float64, [dacec_ir::Expr::int(2)]);
        sdfg.containers.insert("v".into(), dacec_ir::Data::View(view));
        let mut context = Context::new(Options { explain: true, ..Options::default() });
        assert_eq!(stable(1).run(&mut sdfg, &mut context).expect("no check is set"), Changed::No);
        assert_eq!(sdfg.body.blocks.len(), 3);
        assert_eq!(context.refusals()[0].reason, Refusal::Feature(dacec_ir::Feature::Views));
    }

    #[test]
    fn the_limit_ends_a_pipeline() {
        let mut context = Context::new(Options { bisect_limit: Some(0), ..Options::default() });
        let mut sdfg = program(3);
        assert_eq!(stable(0).run(&mut sdfg, &mut context).expect("no check is set"), Changed::No);
        assert_eq!(sdfg.body.blocks.len(), 3);
    }

    #[test]
    fn nested_programs_are_rewritten_too() {
        let mut outer = program(0);
        let mut state = State::new("call");
        state.add_node(Node::Nested(Box::new(dacec_ir::NestedSdfg {
            sdfg: program(1),
            inputs: Vec::new(),
            outputs: Vec::new(),
            symbols: Default::default(),
            span: Default::default(),
        })));
        outer.body.blocks.push(Block::State(state));
        let pipeline = Pipeline::new("test").then(Shorten { keep: 1 });
        assert_eq!(pipeline.run(&mut outer.clone(), &mut Context::default()).expect("no check"), Changed::No);
        let pipeline = Pipeline::new("test").then(Shorten { keep: 0 });
        assert_eq!(pipeline.run(&mut outer, &mut Context::default()).expect("no check"), Changed::Yes);
        assert!(outer.body.blocks.is_empty());
    }
}
