//! What an emitted library takes and returns: the one description behind its C functions, its header and its wrapper.
//!
//! ```text
//! int32_t dacec_<name>(arguments as in the source, results, free symbols)
//! int32_t dacec_call_<name>(void **)              the same values; arrays as pointers, others as pointers to them
//! const char *dacec_error_<name>(void)            the message of this thread's last error
//! ```

use crate::CodegenError;
use dacec_ir::{DType, Data, Expr, Name, Sdfg};
use std::collections::BTreeSet;

/// The arguments of a program in the order of its C interface.
#[derive(Clone, Debug, PartialEq)]
pub struct Interface {
    /// The program's name.
    pub name: Name,
    /// The file that it was written in; empty if there is none.
    pub file: String,
    /// What the caller passes, in source order.
    pub arguments: Vec<Argument>,
    /// Memory for what the caller receives.
    pub returns: Vec<Argument>,
    /// Free symbols that are not scalar arguments at the same time, sorted by name, with their declared types.
    pub symbols: Vec<(Name, DType)>,
}

/// One argument or result.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Its name.
    pub name: Name,
    /// Type of the elements or of the value.
    pub dtype: DType,
    /// The layout of an array; `None` for a value.
    pub array: Option<ArrayLayout>,
}

/// How the elements of an array argument lie, and what is done to them.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayLayout {
    /// Extents; none for a result that is a single value.
    pub shape: Vec<Expr>,
    /// Distances of neighbours in elements; `None` is C order without gaps.
    pub strides: Option<Vec<Expr>>,
    /// Whether elements are read.
    pub read: bool,
    /// Whether elements are written.
    pub written: bool,
    /// Whether the caller may pass a null pointer instead.
    pub optional: bool,
}

impl Interface {
    /// The interface of an SDFG.
    pub fn of(sdfg: &Sdfg) -> Result<Interface, CodegenError> {
        let usage = Usage::of(sdfg);
        let find = |name: &Name| {
            let data = sdfg.container(name);
            data.ok_or_else(|| CodegenError::Invalid(format!("the argument `{name}` is no container")))
        };
        let mut arguments = Vec::new();
        for name in &sdfg.arguments {
            let data = find(name)?;
            if data.as_stream().is_some() {
                let what = "is a stream, which callers cannot pass";
                return Err(CodegenError::unsupported(format!("argument `{name}`"), what));
            }
            numbers(name, data)?;
            let array = data.as_array().map(|_| usage.layout(name, data));
            arguments.push(Argument { name: name.clone(), dtype: data.dtype(), array });
        }
        let mut returns = Vec::new();
        for name in &sdfg.returns {
            let data = find(name)?;
            numbers(name, data)?;
            let array = Some(usage.layout(name, data));
            returns.push(Argument { name: name.clone(), dtype: data.dtype(), array });
        }
        let symbols = sdfg
            .free_symbols()
            .into_iter()
            .filter(|name| !sdfg.containers.contains_key(name))
            .map(|name| {
                let dtype = sdfg.symbols.get(&name).copied().unwrap_or(DType::Int64);
                (name, dtype)
            })
            .collect();
        let (name, file) = (sdfg.name.clone(), sdfg.file.clone());
        Ok(Interface { name, file, arguments, returns, symbols })
    }

    /// Arguments, then results.
    pub fn all(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().chain(&self.returns)
    }
}

/// Refuses what callers cannot pass: elements that are no numbers.
fn numbers(name: &Name, data: &Data) -> Result<(), CodegenError> {
    let dtype = data.dtype();
    match DType::ALL.contains(&dtype) {
        true => Ok(()),
        false => {
            let what = format!("is of type {dtype}, which callers cannot pass");
            Err(CodegenError::unsupported(format!("argument `{name}`"), what))
        }
    }
}

/// Containers that are read and written anywhere in an SDFG.
struct Usage {
    read: BTreeSet<Name>,
    written: BTreeSet<Name>,
}

impl Usage {
    fn of(sdfg: &Sdfg) -> Usage {
        let mut usage = Usage { read: BTreeSet::new(), written: BTreeSet::new() };
        for state in sdfg.body.states() {
            for (id, node) in state.nodes() {
                let Some(name) = node.as_access() else { continue };
                if state.out_edges(id).iter().any(|edge| edge.memlet().is_some()) {
                    usage.read.insert(name.clone());
                }
                for memlet in state.in_edges(id).iter().filter_map(|edge| edge.memlet()) {
                    usage.written.insert(name.clone());
                    if memlet.wcr.is_some() {
                        usage.read.insert(name.clone());
                    }
                }
            }
        }
        sdfg.body.visit(&mut |block| {
            for scalar in block.scalars() {
                scalar.visit(&mut |part| match part {
                    dacec_ir::ScalarExpr::Name(name) | dacec_ir::ScalarExpr::Load { name, .. } => {
                        usage.read.insert(name.clone());
                    }
                    dacec_ir::ScalarExpr::Symbolic(expr) => {
                        usage.read.extend(expr.loads().into_iter().map(|(name, _)| name.clone()));
                    }
                    _ => {}
                });
            }
            for expr in block.symbolic() {
                usage.read.extend(expr.loads().into_iter().map(|(name, _)| name.clone()));
            }
        });
        usage
    }

    fn layout(&self, name: &Name, data: &Data) -> ArrayLayout {
        let strides = data.as_array().filter(|array| !array.is_c_contiguous());
        ArrayLayout {
            shape: data.shape().to_vec(),
            strides: strides.map(|array| array.strides.clone()),
            read: self.read.contains(name),
            written: self.written.contains(name),
            optional: data.is_optional(),
        }
    }
}
