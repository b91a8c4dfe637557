//! Tasklets in C++: the text is taken as it is, with the connectors as its variables.
//!
//! ```text
//! with dace.tasklet(language=dace.Language.CPP):
//!     a << x[i]            a variable `const double a`
//!     v << A[i, :]         a pointer `const double *v` to the first element
//!     o >> y[i]            a variable `double o`, which is written when the text has run
//!     """o = a * v[0];"""
//! ```
//!
//! Such text runs with the rights of the user, and nobody looks into it: it is refused unless the user trusts the file.

use super::explicit::Moved;
use super::{Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parse::{Ranged, TextRange, ast};
use crate::types::{Scalar, Value, View};
use dacec_ir::node::{ForeignCode, Language};
use dacec_ir::{Connector, IndexMap, Memlet, Name, Node, ScalarExpr, Tasklet, TaskletCode};

/// Whether the arguments of `dace.tasklet(...)` ask for C++.
pub(super) fn asks_for_cpp(arguments: &ast::Arguments) -> Result<bool> {
    let Some(keyword) = arguments.find_keyword("language") else { return Ok(false) };
    match &keyword.value {
        ast::Expr::Attribute(it) if it.attr.as_str() == "CPP" => Ok(true),
        ast::Expr::Attribute(it) if it.attr.as_str() == "Python" => Ok(false),
        other => {
            let message = "a tasklet in this language cannot be compiled from Python";
            Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, other.range(), message)
                .help("`dace.Language.CPP` and `dace.Language.Python` can")
                .into())
        }
    }
}

/// The text of a tasklet whose body is one.
pub(super) fn text_of(code: &[ast::Stmt]) -> Option<String> {
    let [ast::Stmt::Expr(it)] = code else { return None };
    let ast::Expr::StringLiteral(text) = &*it.value else { return None };
    Some(text.value.to_str().to_owned())
}

impl Lowerer<'_> {
    /// A tasklet whose body is a text in C++.
    pub(super) fn foreign_tasklet(
        &mut self,
        inputs: &[Moved<'_>],
        outputs: &[Moved<'_>],
        text: String,
        range: TextRange,
    ) -> Result<()> {
        if !self.globals.trusted {
            let message = "code in C++ is not accepted from this file";
            return Err(Diagnostic::error(codes::FOREIGN_CODE, range, message)
                .label("it would run with your rights")
                .help("if you know who wrote it, say `--trust-code`")
                .into());
        }
        self.flush();
        let mut ports: [IndexMap<Name, (Connector, Memlet)>; 2] = Default::default();
        for moved in inputs {
            let value = self.eval(&moved.data)?;
            let port = self.input_port(value, moved.range)?;
            ports[0].insert(moved.connector.as_str().into(), port);
        }
        let mut assigned = Vec::new();
        for moved in outputs {
            let port = self.output_port(moved, &mut assigned)?;
            ports[1].insert(moved.connector.as_str().into(), port);
        }
        if let Some(name) = ports[0].keys().find(|name| ports[1].contains_key(*name)) {
            let message = format!("the connector `{name}` is both read and written");
            return Err(Diagnostic::error(codes::ARGUMENTS, range, message)
                .help("give what is written a name of its own")
                .into());
        }
        self.flush();
        let connectors = |ports: &IndexMap<Name, (Connector, Memlet)>| {
            ports.iter().map(|(name, (connector, _))| (name.clone(), *connector)).collect()
        };
        let tasklet = Tasklet {
            label: format!("tasklet_{}", self.span(range).line).into(),
            inputs: connectors(&ports[0]),
            outputs: connectors(&ports[1]),
            code: TaskletCode::Foreign(ForeignCode { language: Language::Cpp, code: text }),
            span: self.span(range),
        };
        let [reads, writes] = ports.map(|ports| -> Vec<(Name, Memlet)> {
            ports.into_iter().map(|(name, (_, memlet))| (name, memlet)).collect()
        });
        self.add_operation(Node::Tasklet(tasklet), &reads, &writes);
        self.flush();
        for (name, value) in assigned {
            self.bind(&name, Value::Scalar(value), range)?;
            self.flush();
        }
        Ok(())
    }

    fn input_port(&mut self, value: Value, range: TextRange) -> Result<(Connector, Memlet)> {
        match value {
            Value::Array(view) => self.pointer(&view, range),
            Value::Scalar(scalar) => {
                let memlet = match &scalar.code {
                    ScalarExpr::Name(container) => Memlet::scalar(container),
                    ScalarExpr::Load { name, indices } => match symbolic(indices) {
                        Some(at) => Memlet::element(name, at),
                        None => self.computed(&scalar),
                    },
                    _ => self.computed(&scalar),
                };
                self.flush();
                Ok((Connector::scalar(scalar.dtype()), memlet))
            }
            other => Err(self.not_a_number(&other, range)),
        }
    }

    /// A number that is no element, in a container of its own.
    fn computed(&mut self, scalar: &Scalar) -> Memlet {
        match self.materialize("__tmp", scalar).code {
            ScalarExpr::Name(container) => Memlet::scalar(container),
            _ => Memlet::scalar(""),
        }
    }

    /// Part of an array, as a pointer to its first element.
    fn pointer(&self, view: &View, range: TextRange) -> Result<(Connector, Memlet)> {
        if !view.is_plain() {
            let message = "a connector of a tasklet in C++ is a part of an array in the order of memory";
            return Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, range, message)
                .help("copy it first: `t = x.T.copy()`")
                .into());
        }
        let memlet = Memlet::new(&view.container, view.subset.clone());
        Ok((Connector::array(view.dtype, view.rank()), memlet))
    }

    /// Where an output goes; a variable gets its value afterwards.
    fn output_port(
        &mut self,
        moved: &Moved<'_>,
        assigned: &mut Vec<(String, Scalar)>,
    ) -> Result<(Connector, Memlet)> {
        let view = match &moved.data {
            ast::Expr::Name(name) => match self.env.get(name.id.as_str()).cloned() {
                Some(Value::Array(view)) => view,
                Some(Value::Scalar(old)) if moved.resolution.is_none() => {
                    let container = self.new_scalar("__output", old.dtype());
                    let value = Scalar { code: ScalarExpr::Name(container.clone()), ty: old.ty };
                    assigned.push((name.id.to_string(), value));
                    return Ok((Connector::scalar(old.dtype()), Memlet::scalar(container)));
                }
                Some(Value::Poison) => return Err(Stop::Reported),
                _ => {
                    let message = format!("`{}` is no array, and has no value whose type is known", name.id);
                    return Err(Diagnostic::error(codes::UNASSIGNED, moved.range, message)
                        .help("give it a value before the tasklet")
                        .into());
                }
            },
            ast::Expr::Subscript(it) => {
                let base = self.eval(&it.value)?;
                match self.target(base, &it.slice, it.range)? {
                    super::index::Target::View(view) => view,
                    super::index::Target::Places(_) => {
                        let message = "a tasklet in C++ writes a part of an array, not chosen elements";
                        return Err(Diagnostic::error(codes::INDEX, it.range, message).into());
                    }
                }
            }
            other => {
                let message = "a tasklet in C++ writes arrays and variables";
                return Err(Diagnostic::error(codes::UNSUPPORTED_ARGUMENT, other.range(), message).into());
            }
        };
        let (connector, mut memlet) = self.pointer(&view, moved.range)?;
        memlet.wcr = moved.resolution.map(|(wcr, _)| wcr);
        memlet.dynamic = moved.dynamic;
        if memlet.wcr.is_none() {
            self.check_race(&view, moved.range)?;
        }
        Ok((connector, memlet))
    }
}

fn symbolic(indices: &[ScalarExpr]) -> Option<Vec<dacec_ir::Expr>> {
    indices
        .iter()
        .map(|it| if let ScalarExpr::Symbolic(expr) = it { Some(expr.clone()) } else { None })
        .collect()
}
