//! Options of BLAS operations as properties, and back. What is usual is not written.

use super::{Blas, Factor, RankUpdate, Side, Trans, Triangle, Triangular};
use crate::library::{Property, UnknownOp};

/// The properties of an operation.
pub(super) fn of(op: &Blas) -> Vec<(&'static str, Property)> {
    let mut list = Vec::new();
    match op {
        Blas::Gemm { a, b, .. } => {
            add_form(&mut list, "trans_a", *a);
            add_form(&mut list, "trans_b", *b);
        }
        Blas::Gemv { a, .. } => add_form(&mut list, "trans_a", *a),
        Blas::Ger { conjugate, .. } | Blas::Dot { conjugate } => add_flag(&mut list, "conjugate", *conjugate),
        Blas::Syrk(it) | Blas::Syr2k(it) => {
            add_flag(&mut list, "upper", it.triangle == Triangle::Upper);
            add_flag(&mut list, "transposed", it.transposed);
            add_flag(&mut list, "hermitian", it.hermitian);
        }
        Blas::Symm { side, triangle, hermitian, .. } => {
            add_flag(&mut list, "right", *side == Side::Right);
            add_flag(&mut list, "upper", *triangle == Triangle::Upper);
            add_flag(&mut list, "hermitian", *hermitian);
        }
        Blas::Trmm(it) | Blas::Trsm(it) => {
            add_flag(&mut list, "right", it.side == Side::Right);
            add_flag(&mut list, "upper", it.triangle == Triangle::Upper);
            add_form(&mut list, "trans_a", it.a);
            add_flag(&mut list, "unit", it.unit);
        }
        Blas::Axpy { .. } | Blas::Scal { .. } | Blas::Nrm2 => {}
        Blas::CholeskyInPlace | Blas::LuInPlace => {}
    }
    add_factor(&mut list, "alpha", op.alpha(), Factor::ONE);
    // Where there is no choice, it is not written either.
    let usual = if matches!(op, Blas::Ger { .. } | Blas::Axpy { .. }) { Factor::ONE } else { Factor::ZERO };
    add_factor(&mut list, "beta", op.beta(), usual);
    list
}

type Properties = Vec<(&'static str, Property)>;

fn add_form(list: &mut Properties, name: &'static str, form: Trans) {
    let word = match form {
        Trans::No => return,
        Trans::Transposed => "T",
        Trans::Adjoint => "H",
    };
    list.push((name, Property::Text(word.to_owned())));
}

fn add_flag(list: &mut Properties, name: &'static str, value: bool) {
    if value {
        list.push((name, Property::Bool(true)));
    }
}

fn add_factor(list: &mut Properties, name: &'static str, factor: Factor, usual: Factor) {
    if factor != usual {
        list.push((name, factor.to_property()));
    }
}

/// Properties that are not yet taken.
struct Rest<'p> {
    op: &'p str,
    list: Vec<&'p (String, Property)>,
}

impl Rest<'_> {
    fn take<T: Default>(
        &mut self,
        name: &str,
        read: impl Fn(&Property) -> Option<T>,
    ) -> Result<Option<T>, UnknownOp> {
        let Some(at) = self.list.iter().position(|(given, _)| given == name) else { return Ok(None) };
        let value = read(&self.list.remove(at).1);
        value.map(Some).ok_or_else(|| UnknownOp::Property(self.op.to_owned(), name.to_owned()))
    }

    fn flag(&mut self, name: &str) -> Result<bool, UnknownOp> {
        let read = |value: &Property| match value {
            Property::Bool(value) => Some(*value),
            _ => None,
        };
        Ok(self.take(name, read)?.unwrap_or_default())
    }

    fn form(&mut self, name: &str) -> Result<Trans, UnknownOp> {
        let read = |value: &Property| match value {
            Property::Text(word) if word == "N" => Some(Trans::No),
            Property::Text(word) if word == "T" => Some(Trans::Transposed),
            Property::Text(word) if word == "H" => Some(Trans::Adjoint),
            _ => None,
        };
        Ok(self.take(name, read)?.unwrap_or_default())
    }

    fn factor(&mut self, name: &str, usual: Factor) -> Result<Factor, UnknownOp> {
        let read = |value: &Property| Factor::from_property(value).map(Some);
        Ok(self.take(name, read)?.flatten().unwrap_or(usual))
    }

    fn triangle(&mut self) -> Result<Triangle, UnknownOp> {
        Ok(if self.flag("upper")? { Triangle::Upper } else { Triangle::Lower })
    }

    fn side(&mut self) -> Result<Side, UnknownOp> {
        Ok(if self.flag("right")? { Side::Right } else { Side::Left })
    }

    fn alpha(&mut self) -> Result<Factor, UnknownOp> {
        self.factor("alpha", Factor::ONE)
    }

    fn beta(&mut self) -> Result<Factor, UnknownOp> {
        self.factor("beta", Factor::ZERO)
    }

    fn update(&mut self) -> Result<RankUpdate, UnknownOp> {
        Ok(RankUpdate {
            triangle: self.triangle()?,
            transposed: self.flag("transposed")?,
            hermitian: self.flag("hermitian")?,
            alpha: self.alpha()?,
            beta: self.beta()?,
        })
    }

    fn triangular(&mut self) -> Result<Triangular, UnknownOp> {
        Ok(Triangular {
            side: self.side()?,
            triangle: self.triangle()?,
            a: self.form("trans_a")?,
            unit: self.flag("unit")?,
            alpha: self.alpha()?,
        })
    }
}

/// The operation with those properties.
pub(super) fn read(name: &str, properties: &[(String, Property)]) -> Result<Blas, UnknownOp> {
    let mut rest = Rest { op: name, list: properties.iter().collect() };
    let op = match name {
        "Gemm" => Blas::Gemm {
            a: rest.form("trans_a")?,
            b: rest.form("trans_b")?,
            alpha: rest.alpha()?,
            beta: rest.beta()?,
        },
        "Gemv" => Blas::Gemv { a: rest.form("trans_a")?, alpha: rest.alpha()?, beta: rest.beta()? },
        "Ger" => Blas::Ger { conjugate: rest.flag("conjugate")?, alpha: rest.alpha()? },
        "Dot" => Blas::Dot { conjugate: rest.flag("conjugate")? },
        "Axpy" => Blas::Axpy { alpha: rest.alpha()? },
        "Scal" => Blas::Scal { alpha: rest.alpha()? },
        "Nrm2" => Blas::Nrm2,
        "Syrk" => Blas::Syrk(rest.update()?),
        "Syr2k" => Blas::Syr2k(rest.update()?),
        "Symm" => Blas::Symm {
            side: rest.side()?,
            triangle: rest.triangle()?,
            hermitian: rest.flag("hermitian")?,
            alpha: rest.alpha()?,
            beta: rest.beta()?,
        },
        "Trmm" => Blas::Trmm(rest.triangular()?),
        "Trsm" => Blas::Trsm(rest.triangular()?),
        "CholeskyInPlace" => Blas::CholeskyInPlace,
        "LuInPlace" => Blas::LuInPlace,
        _ => return Err(UnknownOp::Name(name.to_owned())),
    };
    match rest.list.first() {
        None => Ok(op),
        Some((property, _)) => Err(UnknownOp::Property(name.to_owned(), property.clone())),
    }
}
