//! `value.name`: members of modules, attributes and methods of arrays and numbers.

use super::operate::Dest;
use super::{Lowerer, Result, Stop};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::numpy;
use crate::parse::{Ranged, ast};
use crate::scalar;
use crate::types::{Module, PythonObject, Scalar, Value, View};
use dacec_ir::{Expr, Function, IndexMap};
use std::sync::Arc;

impl Lowerer<'_> {
    /// `value.attr`.
    pub(super) fn attribute(
        &mut self,
        value: Value,
        attr: &ast::Identifier,
        range: crate::parse::TextRange,
    ) -> Result<Value> {
        match value {
            Value::Module(module) => {
                numpy::member(module, attr).ok_or_else(|| unknown_member(module, attr).into())
            }
            Value::OpenModule(module, mut others) => match numpy::member(module, attr) {
                Some(member) => Ok(member),
                None => others.shift_remove(attr.as_str()).ok_or_else(|| unknown_member(module, attr).into()),
            },
            Value::Object(object) => Ok(Value::Object(Arc::new(PythonObject {
                key: format!("{}.{attr}", object.key),
                what: format!("`{}.{attr}`", object.key),
                outcome: None,
            }))),
            Value::Array(view) => self.array_attribute(view, attr, range),
            Value::Scalar(scalar) => self.scalar_attribute(scalar, attr, range),
            Value::Namespace(mut members) => match members.shift_remove(attr.as_str()) {
                Some(member) => Ok(self.reached(member)),
                None => {
                    let message = format!("the value of `{attr}` is not known at compile time");
                    Err(Diagnostic::error(codes::MODULE_VALUE, attr.range(), message)
                        .help("pass it as an argument")
                        .into())
                }
            },
            Value::Instance(class, members) => self.object_attribute(class, members, attr, range),
            Value::Class(class) => match class.methods.get(attr.as_str()) {
                Some(method) => Ok(Value::Helper(method.function.clone())),
                None => self.object_attribute(class, IndexMap::default(), attr, range),
            },
            Value::Hint => Ok(Value::Hint),
            Value::Stream(queue) => match numpy::stream_method(attr) {
                Some(entry) => Ok(Value::Method(entry, Box::new(Value::Stream(queue)))),
                None => {
                    let message = format!("a stream has no `{attr}`");
                    Err(Diagnostic::error(codes::NO_ATTRIBUTE, attr.range(), message)
                        .did_you_mean(attr, numpy::stream_method_names())
                        .into())
                }
            },
            Value::Generator(state) => match numpy::generator_method(attr) {
                Some(entry) => Ok(Value::Method(entry, Box::new(Value::Generator(state)))),
                None => {
                    let message = format!("a generator has no `{attr}` that can be compiled");
                    Err(Diagnostic::error(codes::NO_ATTRIBUTE, attr.range(), message)
                        .did_you_mean(attr, numpy::generator_method_names())
                        .into())
                }
            },
            Value::Function(entry) if entry.is_ufunc() && numpy::ufunc_method(attr).is_some() => {
                let method = numpy::ufunc_method(attr).unwrap_or(entry);
                Ok(Value::Method(method, Box::new(Value::Function(entry))))
            }
            Value::Limits(dtype) => numpy::limit(dtype, attr).map(Value::Scalar).ok_or_else(|| {
                let message = format!("the limits of {dtype} have no `{attr}`");
                Diagnostic::error(codes::NO_ATTRIBUTE, attr.range(), message).into()
            }),
            Value::Poison => Err(Stop::Reported),
            Value::Tuple(items) if items.is_list => {
                let message = format!("a list has no `{attr}` that can be compiled here");
                Err(Diagnostic::error(codes::NO_ATTRIBUTE, attr.range(), message)
                    .did_you_mean(attr, super::lists::METHODS.iter().copied())
                    .help(
                        "lists are changed by statements of their own: `t.append(x)`, `x = t.pop()`, `t[0] = x`",
                    )
                    .into())
            }
            other => {
                let message = format!("{} has no attribute `{attr}`", other.kind());
                Err(Diagnostic::error(codes::NO_ATTRIBUTE, attr.range(), message).into())
            }
        }
    }

    /// The numbers of elements along the axes of an array, as values: an extent is negative where a slice leaves out more
    /// elements than there are.
    pub(crate) fn numbers_of_elements(&self, view: &View) -> Vec<Expr> {
        let count = |extent: Expr| match self.facts.prove_ge(&extent, &Expr::zero()) {
            Some(true) => extent,
            _ => extent.max(&Expr::zero()),
        };
        view.shape().into_iter().map(count).collect()
    }

    fn array_attribute(
        &mut self,
        view: View,
        attr: &ast::Identifier,
        range: crate::parse::TextRange,
    ) -> Result<Value> {
        let int = |expr: Expr| Value::Scalar(Scalar::symbolic(expr));
        match attr.as_str() {
            "shape" => Ok(Value::Tuple(self.numbers_of_elements(&view).into_iter().map(int).collect())),
            "size" => Ok(int(self.numbers_of_elements(&view).into_iter().product())),
            "ndim" => Ok(Value::Scalar(Scalar::int(view.rank() as i64))),
            "dtype" => Ok(Value::DType(view.dtype)),
            "itemsize" => Ok(Value::Scalar(Scalar::int(view.dtype.size() as i64))),
            "nbytes" => {
                let size: Expr = self.numbers_of_elements(&view).into_iter().product();
                Ok(int(size * view.dtype.size() as i64))
            }
            "flat" => {
                let given =
                    super::GivenArgs { positional: vec![(Value::Array(view), range)], keywords: Vec::new() };
                numpy::call_numpy(self, "ravel", given, range)
            }
            "strides" => self.strides(&view, range),
            "T" => {
                let mut view = view.alias();
                view.axes.reverse();
                Ok(Value::Array(view))
            }
            "mT" if view.rank() >= 2 => {
                let mut view = view.alias();
                let rank = view.rank();
                view.axes.swap(rank - 2, rank - 1);
                Ok(Value::Array(view))
            }
            "real" if !view.dtype.is_complex() => Ok(Value::Array(view)),
            "real" | "imag" => {
                let function = if attr.as_str() == "real" { Function::Real } else { Function::Imag };
                self.elementwise(function.name(), &[Value::Array(view)], &Dest::Temp, range, &|of| {
                    scalar::call(function, &of[0])
                })
            }
            name => match numpy::method(name) {
                Some(entry) => Ok(Value::Method(entry, Box::new(Value::Array(view)))),
                None => Err(Diagnostic::error(
                    codes::NO_ATTRIBUTE,
                    attr.range(),
                    format!("an array has no `{name}`"),
                )
                .label("not an attribute or method that can be compiled")
                .help("write it with supported functions, or compute it before the call and pass the result")
                .did_you_mean(name, numpy::attribute_names())
                .into()),
            },
        }
    }

    /// The distances of neighbours in bytes, of an array without gaps in the order of memory.
    fn strides(&self, view: &View, range: crate::parse::TextRange) -> Result<Value> {
        if !self.is_contiguous(view) {
            let message = "the strides of a view are not known";
            return Err(Diagnostic::error(codes::NO_ATTRIBUTE, range, message)
                .help("those of a copy in C order are: `x.copy().strides`")
                .into());
        }
        let mut bytes = Expr::int(view.dtype.size() as i64);
        let mut strides = Vec::new();
        for extent in view.shape().iter().rev() {
            strides.push(Value::Scalar(Scalar::symbolic(bytes.clone())));
            bytes *= extent;
        }
        strides.reverse();
        Ok(Value::Tuple(strides.into()))
    }

    fn scalar_attribute(
        &mut self,
        scalar: Scalar,
        attr: &ast::Identifier,
        range: crate::parse::TextRange,
    ) -> Result<Value> {
        let function = match attr.as_str() {
            "real" => Function::Real,
            "imag" => Function::Imag,
            "dtype" => return Ok(Value::DType(scalar.dtype())),
            "shape" => return Ok(Value::Tuple(Vec::new().into())),
            "size" => return Ok(Value::Scalar(Scalar::int(1))),
            "ndim" => return Ok(Value::Scalar(Scalar::int(0))),
            name => {
                return numpy::method(name)
                    .map(|entry| Value::Method(entry, Box::new(Value::Scalar(scalar))))
                    .ok_or_else(|| {
                        let message = format!("a number has no `{name}`");
                        Diagnostic::error(codes::NO_ATTRIBUTE, attr.range(), message).into()
                    });
            }
        };
        scalar::call(function, &scalar)
            .map(Value::Scalar)
            .map_err(|reason| Diagnostic::error(codes::TYPE, range, reason).into())
    }
}

fn unknown_member(module: Module, attr: &ast::Identifier) -> Diagnostic {
    let name = match module {
        Module::Dace => "dace",
        Module::Data => "dace.data",
        Module::Numpy => "numpy",
        Module::Linalg => "numpy.linalg",
        Module::Random => "numpy.random",
        Module::Fft => "numpy.fft",
        Module::Math => "math",
        Module::Cmath => "cmath",
        Module::Scipy => "scipy",
        Module::Special => "scipy.special",
        Module::ScipyLinalg => "scipy.linalg",
        Module::Signal => "scipy.signal",
        Module::Integrate => "scipy.integrate",
        Module::Lib => "numpy.lib",
        Module::StrideTricks => "numpy.lib.stride_tricks",
        Module::Other => "this module",
    };
    let message = format!("`{attr}` of {name} cannot be compiled");
    Diagnostic::error(codes::UNSUPPORTED_CALL, attr.range(), message)
        .label("not one of the supported functions")
        .help("write it with supported functions, or compute it before the call and pass the result")
        .did_you_mean(attr, numpy::member_names(module))
}
