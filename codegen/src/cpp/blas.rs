//! Routines of [BLAS](dacec_ir::library::blas::routine) in emitted code.
//!
//! They are templates of C++, printed only where they are called. What takes time in them are products of blocks of one
//! thread, `dacec_one`, which every type has a form of:
//!
//! ```text
//! syrk    the triangle in blocks, shared by the threads     trsm    columns of B, shared by the threads:
//!         ┌──┐                                                      half of the rows, a product, the other half
//!         │╲ │      each a product; those on the
//!         ├──┼──┐   diagonal through a small tile
//!         │  │╲ │
//! ```
//!
//! With a BLAS of the machine, which has threads of its own, blocks are not shared. What its interface can express (one of
//! the distances is 1, and none is negative) is one call of it.

use super::types::c_type;
use super::{Printer, Result};
use crate::Blas;
use crate::tree::{Routine, RoutineArgument};
use dacec_ir::DType;
use dacec_ir::library::blas;
use std::collections::BTreeSet;

/// A template: its name, other templates that it needs, whether it needs products of blocks, and its text.
type Template = (&'static str, &'static [&'static str], bool, &'static str);

/// All templates, each after those that it needs.
const TEMPLATES: [Template; 28] = [
    ("common", &[], false, include_str!("blas/common.cpp")),
    ("team", &[], true, include_str!("blas/team.cpp")),
    ("update", &["common", "team"], true, include_str!("blas/update.cpp")),
    ("gemmc", &["common", "team"], true, include_str!("blas/gemmc.cpp")),
    ("gemv", &["common"], false, include_str!("blas/gemv.cpp")),
    ("ger", &["common"], false, include_str!("blas/ger.cpp")),
    ("dot", &["common"], false, include_str!("blas/dot.cpp")),
    ("axpy", &[], false, include_str!("blas/axpy.cpp")),
    ("scal", &["common"], false, include_str!("blas/scal.cpp")),
    ("nrm2", &[], false, include_str!("blas/nrm2.cpp")),
    ("syrk", &["update"], true, include_str!("blas/syrk.cpp")),
    ("syr2k", &["update"], true, include_str!("blas/syr2k.cpp")),
    ("symm", &["common", "team"], true, include_str!("blas/symm.cpp")),
    ("trmm", &["common", "team"], true, include_str!("blas/trmm.cpp")),
    ("trsm", &["common", "team"], true, include_str!("blas/trsm.cpp")),
    ("csrmm", &["common"], false, include_str!("blas/csrmm.cpp")),
    ("lu", &["trsm"], true, include_str!("blas/lu.cpp")),
    ("cholesky_in_place", &["trsm", "update"], true, include_str!("blas/cholesky_in_place.cpp")),
    ("lu_in_place", &["lu"], true, include_str!("blas/lu_in_place.cpp")),
    ("order", &[], false, include_str!("blas/order.cpp")),
    ("sort", &["order"], false, include_str!("blas/sort.cpp")),
    ("argsort", &["order"], false, include_str!("blas/argsort.cpp")),
    ("searchsorted", &["order"], false, include_str!("blas/searchsorted.cpp")),
    ("histogram", &[], false, include_str!("blas/histogram.cpp")),
    // What uses these templates has a text for each type: see `dense`.
    ("solve", &["lu"], true, ""),
    ("inverse", &["lu"], true, ""),
    ("determinant", &["lu"], true, ""),
    ("cholesky", &["lu", "update"], true, ""),
];

/// A routine by the C interface of BLAS: its name, which is `@NAME@` where a text is that of several, and its text for real and
/// for complex elements.
type Direct = (&'static str, &'static str, &'static str);

/// All of them. Each does what the interface cannot express by the template of its name.
const DIRECT: [Direct; 11] = [
    ("gemv", include_str!("blas/cblas/gemv.cpp"), include_str!("blas/cblas/gemv.cpp")),
    ("ger", include_str!("blas/cblas/ger.real.cpp"), include_str!("blas/cblas/ger.complex.cpp")),
    ("dot", include_str!("blas/cblas/dot.real.cpp"), include_str!("blas/cblas/dot.complex.cpp")),
    ("axpy", include_str!("blas/cblas/axpy.cpp"), include_str!("blas/cblas/axpy.cpp")),
    ("scal", include_str!("blas/cblas/scal.cpp"), include_str!("blas/cblas/scal.cpp")),
    ("nrm2", include_str!("blas/cblas/nrm2.cpp"), include_str!("blas/cblas/nrm2.cpp")),
    ("syrk", include_str!("blas/cblas/syrk.real.cpp"), include_str!("blas/cblas/syrk.complex.cpp")),
    ("syr2k", include_str!("blas/cblas/syr2k.real.cpp"), include_str!("blas/cblas/syr2k.complex.cpp")),
    ("symm", include_str!("blas/cblas/symm.real.cpp"), include_str!("blas/cblas/symm.complex.cpp")),
    ("trmm", include_str!("blas/cblas/triangle.cpp"), include_str!("blas/cblas/triangle.cpp")),
    ("trsm", include_str!("blas/cblas/triangle.cpp"), include_str!("blas/cblas/triangle.cpp")),
];

/// The routines that a program calls.
#[derive(Debug, Default)]
pub(super) struct Used {
    routines: BTreeSet<(&'static str, DType)>,
}

impl Used {
    /// Notes that a routine is called, or that a template of that name is needed.
    pub(super) fn add(&mut self, name: &'static str, dtype: DType) {
        self.routines.insert((name, dtype));
    }

    /// Templates that are needed, those that they need included.
    fn templates(&self) -> Vec<&'static Template> {
        let mut wanted: BTreeSet<&str> = self.routines.iter().map(|(name, _)| *name).collect();
        for (name, needs, ..) in TEMPLATES.iter().rev() {
            if wanted.contains(name) {
                wanted.extend(*needs);
            }
        }
        TEMPLATES.iter().filter(|(name, ..)| wanted.contains(name)).collect()
    }

    /// Types of which blocks are multiplied. With a BLAS of the machine everything else needs its library too.
    pub(super) fn products(&self, blas: Blas) -> BTreeSet<DType> {
        let multiplies = |name: &str| {
            (blas == Blas::Cblas && DIRECT.iter().any(|it| it.0 == name))
                || TEMPLATES.iter().any(|(template, _, blocks, _)| *template == name && *blocks)
        };
        self.routines.iter().filter(|(name, _)| multiplies(name)).map(|(_, dtype)| *dtype).collect()
    }
}

impl Printer<'_> {
    /// The call of a routine.
    pub(super) fn blas_routine(&mut self, it: &Routine, routine: blas::Routine, dtype: DType) -> Result<()> {
        let blas = self.calls.provider(it.library.as_ref());
        self.calls.of(blas).routines.add(routine.name, dtype);
        let mut given = it.arguments.iter();
        let mut arguments = Vec::new();
        for parameter in routine.parameters {
            let count = match *parameter {
                blas::Parameter::Int(_) | blas::Parameter::Number(_) | blas::Parameter::Real(_) => 1,
                blas::Parameter::Data(_, rank) | blas::Parameter::Result(_, rank) => 1 + rank,
                blas::Parameter::Indices(_) | blas::Parameter::Positions(_) => 2,
            };
            for argument in given.by_ref().take(count) {
                let text = match argument {
                    RoutineArgument::Value(value) => self.text(value)?,
                    RoutineArgument::Pointer(place, _) => self.address(place)?,
                };
                if *parameter == blas::Parameter::Number("beta") {
                    let none = matches!(argument, RoutineArgument::Value(value) if is_zero(value));
                    arguments.push(if none { "0" } else { "1" }.to_owned());
                }
                arguments.push(text);
            }
        }
        let name = match blas {
            Blas::Cblas if DIRECT.iter().any(|it| it.0 == routine.name) => {
                super::gemm::instance(&format!("dacec_cblas_{}_@S@", routine.name), dtype)
            }
            _ => format!("dacec_{}<{}>", routine.name, c_type(dtype)),
        };
        let call = format!("{}({})", self.calls.name(blas, &name), arguments.join(", "));
        self.call_of(&call, it);
        Ok(())
    }
}

/// Keeps OpenBLAS and BLIS, which do not see that their caller is one of several threads, from starting their own.
pub(super) const ALONE: &str = include_str!("blas/cblas/alone.cpp");

fn is_zero(value: &crate::tree::Value) -> bool {
    match value {
        crate::tree::Value::Constant(constant) => {
            *constant == dacec_ir::Constant::of_int(0, constant.dtype())
        }
        _ => false,
    }
}

/// The templates of routines that are called; products of the types must have been printed.
pub(super) fn print(used: &Used, blas: Blas) -> String {
    let mut text = String::new();
    for dtype in used.products(blas) {
        text.push_str(&block_product(dtype, blas));
    }
    let types: BTreeSet<DType> = used.routines.iter().map(|(_, dtype)| *dtype).collect();
    for (name, _, _, template) in used.templates() {
        match *name {
            "lu" => {
                text.extend(types.iter().map(|dtype| super::gemm::instance(ALL, *dtype)));
                text.push_str(template);
            }
            // A BLAS of the machine has threads of its own.
            "team" => {
                text.push_str(&template.replace("@TEAM@", if blas == Blas::BuiltIn { "1" } else { "0" }))
            }
            _ => text.push_str(template),
        }
    }
    if blas == Blas::Cblas && used.routines.iter().any(|it| DIRECT.iter().any(|direct| direct.0 == it.0)) {
        text.push_str(include_str!("blas/cblas/common.cpp"));
        for (name, dtype) in &used.routines {
            if let Some((_, real, complex)) = DIRECT.iter().find(|it| it.0 == *name) {
                let direct = if dtype.is_complex() { complex } else { real };
                text.push_str(&super::gemm::instance(&direct.replace("@NAME@", name), *dtype));
            }
        }
    }
    text
}

/// `dacec_one` for a type: a product of blocks on the calling thread.
fn block_product(dtype: DType, blas: Blas) -> String {
    let template = match (blas, dtype.is_complex()) {
        (Blas::BuiltIn, false) => ONE,
        (Blas::BuiltIn, true) => ONE_CONJUGATE,
        (Blas::Cblas, false) => ONE_CBLAS,
        (Blas::Cblas, true) => ONE_CBLAS_CONJUGATE,
    };
    super::gemm::instance(template, dtype)
}

const ONE: &str = "
static inline void dacec_one(int64_t m, int64_t n, int64_t k, int64_t, int64_t, @T@ alpha, const @T@ *a, int64_t rsa,
                             int64_t csa, const @T@ *b, int64_t rsb, int64_t csb, @T@ beta, @T@ *c, int64_t rsc,
                             int64_t csc) {
    dacec_gemm_@S@(m, n, k, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc);
}
";

const ALL: &str = "
static inline void dacec_all(int64_t m, int64_t n, int64_t k, @T@ alpha, const @T@ *a, int64_t rsa, int64_t csa, const @T@ *b,
                             int64_t rsb, int64_t csb, @T@ beta, @T@ *c, int64_t rsc, int64_t csc) {
    if (dacec_team((double)m * (double)n * (double)k) > 1) {
        dacec_product_@S@(m, n, k, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc);
    } else {
        dacec_one(m, n, k, (int64_t)0, (int64_t)0, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc);
    }
}
";

const ONE_CONJUGATE: &str = "
extern \"C\" void dacec_gemm_conj_@S@(int64_t m, int64_t n, int64_t k, int64_t conj_a, int64_t conj_b, @T@ alpha, const @T@ *a,
                                    int64_t rsa, int64_t csa, const @T@ *b, int64_t rsb, int64_t csb, @T@ beta, @T@ *c,
                                    int64_t rsc, int64_t csc);
static inline void dacec_one(int64_t m, int64_t n, int64_t k, int64_t conj_a, int64_t conj_b, @T@ alpha, const @T@ *a,
                             int64_t rsa, int64_t csa, const @T@ *b, int64_t rsb, int64_t csb, @T@ beta, @T@ *c,
                             int64_t rsc, int64_t csc) {
    dacec_gemm_conj_@S@(m, n, k, conj_a, conj_b, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc);
}
";

const ONE_CBLAS: &str = "
static inline void dacec_one(int64_t m, int64_t n, int64_t k, int64_t, int64_t, @T@ alpha, const @T@ *a, int64_t rsa,
                             int64_t csa, const @T@ *b, int64_t rsb, int64_t csb, @T@ beta, @T@ *c, int64_t rsc,
                             int64_t csc) {
    dacec_product_@S@(m, n, k, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc);
}
";

const ONE_CBLAS_CONJUGATE: &str = "
static inline void dacec_one(int64_t m, int64_t n, int64_t k, int64_t conj_a, int64_t conj_b, @T@ alpha, const @T@ *a,
                             int64_t rsa, int64_t csa, const @T@ *b, int64_t rsb, int64_t csb, @T@ beta, @T@ *c,
                             int64_t rsc, int64_t csc) {
    if (!conj_a && !conj_b) {
        dacec_product_@S@(m, n, k, alpha, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc);
        return;
    }
    // BLAS has conjugates of transposed matrices only.
    const int64_t a0 = conj_a ? 0 : dacec_leading_@S@(m, k, rsa, csa), a1 = dacec_leading_@S@(k, m, csa, rsa);
    const int64_t b0 = conj_b ? 0 : dacec_leading_@S@(k, n, rsb, csb), b1 = dacec_leading_@S@(n, k, csb, rsb);
    const int64_t ldc = dacec_leading_@S@(m, n, rsc, csc);
    if (m > 0 && n > 0 && k > 0 && ldc != 0 && (a0 != 0 || a1 != 0) && (b0 != 0 || b1 != 0)) {
        cblas_@L@gemm(101, a0 ? 111 : conj_a ? 113 : 112, b0 ? 111 : conj_b ? 113 : 112, (int)m, (int)n, (int)k, &alpha, a,
                    (int)(a0 ? a0 : a1), b, (int)(b0 ? b0 : b1), &beta, c, (int)ldc);
        return;
    }
    #pragma omp parallel for
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            @T@ sum = 0;
            for (int64_t l = 0; l < k; l++) {
                const @T@ x = a[i * rsa + l * csa], y = b[l * rsb + j * csb];
                sum += (conj_a ? ~x : x) * (conj_b ? ~y : y);
            }
            @T@ *const place = c + i * rsc + j * csc;
            *place = beta == (@T@)0 ? alpha * sum : alpha * sum + beta * *place;
        }
    }
}
";
