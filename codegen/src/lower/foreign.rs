//! Tasklets in C++: the text as it stands, in a block where its connectors and symbols have the names that it uses.
//!
//! ```text
//! {cpp "b = a*2 + i;"} with a: x[i], b: y[i]
//!
//!     const double a_1 = x[i]; double b_1;
//!     { auto &a = a_1; auto &b = b_1; b = a*2 + i; }
//!     y[i] = b_1;
//! ```

use super::states::StateContext;
use super::tasklets::{input, output_edges, unconnected};
use super::{Function, Result};
use crate::CodegenError;
use crate::tree::{Stmt, Value};
use dacec_ir::dtype::Kind;
use dacec_ir::node::{ForeignCode, Language};
use dacec_ir::{DType, Name, NodeId, Tasklet};
use std::collections::BTreeSet;

impl<'a> Function<'_, 'a> {
    pub(super) fn lower_foreign(
        &mut self,
        context: &mut StateContext<'a>,
        id: NodeId,
        (tasklet, code): (&'a Tasklet, &'a ForeignCode),
        out: &mut Vec<Stmt>,
    ) -> Result<()> {
        let place = || format!("tasklet `{}`", tasklet.label);
        if code.language != Language::Cpp {
            let what = format!("is written in {}, which the C++ backend does not have", code.language.name());
            return Err(CodegenError::unsupported(place(), what));
        }
        let words: BTreeSet<&str> =
            code.code.split(|at: char| !at.is_ascii_alphanumeric() && at != '_').collect();
        let mut taken: BTreeSet<Name> =
            tasklet.inputs.keys().chain(tasklet.outputs.keys()).cloned().collect();
        taken.extend(words.iter().map(|word| Name::from(*word)));
        self.shared.names.open();
        let mut body = Vec::new();
        let mut bindings = Vec::new();
        let symbols: Vec<Name> = words
            .into_iter()
            .filter(|word| !tasklet.inputs.contains_key(*word) && !tasklet.outputs.contains_key(*word))
            .map(Name::from)
            .filter(|word| self.symbols.get(word).is_some())
            .collect();
        for symbol in symbols {
            let value = Some(Value::Index(self.expr(&dacec_ir::Expr::sym(&symbol))?));
            let name = self.apart(&symbol, &taken);
            body.push(Stmt::Declare { name: name.clone(), dtype: DType::Int64, value, constant: true });
            bindings.push((symbol, name));
        }
        for (name, connector) in &tasklet.inputs {
            let memlet = input(context, id, tasklet, name)?;
            let local = self.apart(name, &taken);
            let dtype = connector.dtype;
            if connector.rank > 0 {
                let to = self.start_of(&memlet.data, &memlet.subset)?;
                body.push(Stmt::Pointer { name: local.clone(), dtype, to });
            } else {
                let value = match self.taken_input(context, id, name) {
                    Some(value) => value,
                    None if self.is_stream(&memlet.data) => self.pop(memlet, name, &mut body)?,
                    None => self.start_of(&memlet.data, &memlet.subset)?.value(),
                };
                // Functions that take a handle may want to change it, which is a copy.
                let constant = dtype.kind() != Kind::Handle;
                body.push(Stmt::Declare { name: local.clone(), dtype, value: Some(value), constant });
            }
            bindings.push((name.clone(), local));
        }
        let mut written = Vec::new();
        for (name, connector) in &tasklet.outputs {
            let edges = output_edges(context, id, name);
            let memlet = edges.first().and_then(|edge| edge.memlet());
            let memlet = memlet.ok_or_else(|| unconnected(tasklet, name))?;
            let (local, dtype) = (self.apart(name, &taken), connector.dtype);
            if connector.rank > 0 {
                if memlet.wcr.is_some() {
                    let what = format!(
                        "writes elements of `{name}` itself, which are to be combined with what is there"
                    );
                    return Err(CodegenError::unsupported(place(), what));
                }
                let to = self.start_of(&memlet.data, &memlet.subset)?;
                body.push(Stmt::Pointer { name: local.clone(), dtype, to });
            } else {
                let dynamic = edges.iter().filter_map(|edge| edge.memlet()).any(|memlet| memlet.dynamic);
                let value = match dynamic {
                    false => None,
                    // What the code leaves as it is stays as it is.
                    true if edges.len() == 1 && memlet.wcr.is_none() && !self.is_stream(&memlet.data) => {
                        Some(self.start_of(&memlet.data, &memlet.subset)?.value())
                    }
                    true => {
                        let what = format!("may leave out the value of `{name}`, which nobody can tell");
                        return Err(CodegenError::unsupported(place(), what));
                    }
                };
                body.push(Stmt::Declare { name: local.clone(), dtype, value, constant: false });
                written.push((name, Value::Variable(local.clone(), dtype)));
            }
            bindings.push((name.clone(), local));
        }
        body.push(Stmt::Foreign { code: code.code.clone(), bindings });
        for (name, value) in written {
            self.write_output(context, id, name, &[], value, &mut body)?;
        }
        self.shared.names.close();
        out.push(Stmt::Block { body, label: None });
        Ok(())
    }

    /// A name for a variable that the text of a tasklet does not use.
    fn apart(&mut self, name: &Name, taken: &BTreeSet<Name>) -> Name {
        loop {
            let local = self.shared.names.local(&format!("{name}_"));
            if !taken.contains(&local) {
                return local;
            }
        }
    }
}
