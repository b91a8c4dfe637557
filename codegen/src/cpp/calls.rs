//! Who is called for products of matrices, routines of BLAS and factorizations, and what such calls need in the file.
//!
//! A program uses one provider: the routines that come along, or a library of the machine. A call can name the other one; what
//! that needs is printed into a namespace, because it has the same names:
//!
//! ```text
//! dacec_product_f64(…);               by what the program uses
//! machine::dacec_product_f64(…);      by the library that the call names
//! ```

use super::{blas, dense, gemm};
use crate::{Blas, Options};
use dacec_ir::library::Dense;
use dacec_ir::{DType, Name};
use std::collections::{BTreeMap, BTreeSet};

/// The calls of one provider.
#[derive(Debug, Default)]
pub(super) struct Provided {
    /// Element types of products of matrices.
    pub(super) products: BTreeSet<DType>,
    /// Routines of BLAS.
    pub(super) routines: blas::Used,
    /// Operations of linear algebra with a driver around the routines of one thread, or of LAPACK.
    pub(super) shared: BTreeSet<(Dense, DType)>,
}

/// All calls.
#[derive(Debug)]
pub(super) struct Calls {
    usual: Blas,
    /// Whether the usual library has factorizations, too.
    lapack: bool,
    by: BTreeMap<Blas, Provided>,
    /// Names of libraries of the machine that calls name; the usual one has no name.
    named: BTreeSet<String>,
    /// How many calls of libraries of the machine were printed.
    of_machine: usize,
}

impl Calls {
    pub(super) fn new(options: &Options<'_>) -> Self {
        Calls {
            usual: options.blas,
            lapack: options.lapack,
            by: BTreeMap::new(),
            named: BTreeSet::new(),
            of_machine: 0,
        }
    }

    /// The provider of a call, which is counted.
    pub(super) fn provider(&mut self, library: Option<&Name>) -> Blas {
        let blas = match library.map(Name::as_str) {
            None => self.usual,
            Some("built-in") => Blas::BuiltIn,
            Some(name) => {
                self.named.insert(name.to_owned());
                Blas::Cblas
            }
        };
        self.of_machine += usize::from(blas == Blas::Cblas);
        blas
    }

    /// The provider of a factorization.
    pub(super) fn factorizer(&mut self, library: Option<&Name>) -> Blas {
        match library {
            None if !self.lapack => Blas::BuiltIn,
            library => self.provider(library),
        }
    }

    /// What is called of a provider.
    pub(super) fn of(&mut self, blas: Blas) -> &mut Provided {
        self.by.entry(blas).or_default()
    }

    /// How many calls of libraries of the machine there are so far.
    pub(super) fn of_machine(&self) -> usize {
        self.of_machine
    }

    /// A function of a provider, as it is called.
    pub(super) fn name(&self, blas: Blas, function: &str) -> String {
        match blas == self.usual {
            true => function.to_owned(),
            false => format!("{}::{function}", namespace(blas)),
        }
    }

    /// Whether the products that come along are called.
    pub(super) fn uses_products(&self) -> bool {
        let built_in = self.by.get(&Blas::BuiltIn);
        built_in.is_some_and(|it| !it.products.is_empty() || !it.routines.products(Blas::BuiltIn).is_empty())
    }

    /// Libraries of the machine that are called; that without a name is the usual one.
    pub(super) fn libraries(&self) -> BTreeSet<String> {
        let mut names = self.named.clone();
        let used = self.by.get(&Blas::Cblas).is_some_and(|it| {
            !it.products.is_empty() || !it.shared.is_empty() || !it.routines.products(Blas::Cblas).is_empty()
        });
        if used && self.usual == Blas::Cblas {
            names.insert(String::new());
        }
        names
    }

    /// Declarations, templates and drivers.
    pub(super) fn print(&self) -> String {
        let mut text = String::new();
        for (&blas, it) in &self.by {
            let products = it.products.iter().copied().chain(it.routines.products(blas)).collect();
            let own = gemm::print(&products, blas)
                + &blas::print(&it.routines, blas)
                + &dense::print_drivers(&it.shared, blas);
            match blas == self.usual || own.is_empty() {
                true => text.push_str(&own),
                false => text.push_str(&format!("\nnamespace {} {{\n{own}\n}}\n", namespace(blas))),
            }
        }
        text
    }
}

fn namespace(blas: Blas) -> &'static str {
    match blas {
        Blas::BuiltIn => "built_in",
        Blas::Cblas => "machine",
    }
}
