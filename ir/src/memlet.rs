//! Memlets: what moves along an edge.

mod custom;

pub use custom::CustomWcr;

use crate::{Expr, Name, Subset};
use std::fmt;

/// How a write combines with the value that is already there.
///
/// Every operation is associative and commutative up to floating-point rounding, so the writes may come in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wcr {
    /// `old + new`.
    Sum,
    /// `old * new`.
    Product,
    /// The smaller; NaN if either is.
    Min,
    /// The larger; NaN if either is.
    Max,
    /// Whether both are true.
    LogicalAnd,
    /// Whether one is true.
    LogicalOr,
    /// `old & new`.
    BitAnd,
    /// `old | new`.
    BitOr,
    /// `old ^ new`.
    BitXor,
    /// An expression of the program; whoever writes it makes it associative and commutative.
    Custom(CustomWcr),
}

impl Wcr {
    /// Every operation that has a name of its own.
    pub const ALL: [Wcr; 9] = [
        Wcr::Sum,
        Wcr::Product,
        Wcr::Min,
        Wcr::Max,
        Wcr::LogicalAnd,
        Wcr::LogicalOr,
        Wcr::BitAnd,
        Wcr::BitOr,
        Wcr::BitXor,
    ];

    /// What people call the operation: the word of the text form, or `custom`.
    pub fn name(self) -> &'static str {
        match self {
            Wcr::Sum => "sum",
            Wcr::Product => "product",
            Wcr::Min => "min",
            Wcr::Max => "max",
            Wcr::LogicalAnd => "and",
            Wcr::LogicalOr => "or",
            Wcr::BitAnd => "bitand",
            Wcr::BitOr => "bitor",
            Wcr::BitXor => "bitxor",
            Wcr::Custom(_) => "custom",
        }
    }
}

impl fmt::Display for Wcr {
    /// What the text form prints and reads: a word, or an expression in parentheses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wcr::Custom(custom) => write!(f, "({})", custom.value()),
            _ => f.write_str(self.name()),
        }
    }
}

impl std::str::FromStr for Wcr {
    type Err = crate::text::TextError;

    /// Reads what `Display` prints.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        crate::text::parse_wcr(text)
    }
}

/// A movement of data along one edge of a state: which elements of which container, and what a write does.
///
/// On an edge between two access nodes (a copy), [`subset`](Memlet::subset) belongs to [`data`](Memlet::data) and
/// [`other_subset`](Memlet::other_subset) to the container at the other end. The two have the same number of elements;
/// elements correspond in C order of the two subsets. On every other edge the other end is a connector, and there is no
/// other subset.
#[derive(Clone, Debug, PartialEq)]
pub struct Memlet {
    /// The container that is read (edge leaves its access node) or written (edge enters it).
    pub data: Name,
    /// The elements of `data`; no dimensions for a scalar.
    pub subset: Subset,
    /// The elements at the other end of a copy; `None` where the other end is not a container or means all of it.
    pub other_subset: Option<Subset>,
    /// How many elements move, where somebody said so: elements that are read twice count twice. A hint for models of
    /// performance, which nothing else depends on. `None` is the size of the subset.
    pub volume: Option<Expr>,
    /// Whether fewer elements than the subset may be accessed: the subset is an over-approximation.
    pub dynamic: bool,
    /// What a write does with the value that is there; `None` replaces it.
    pub wcr: Option<Wcr>,
}

impl Memlet {
    /// All of `subset` moves.
    pub fn new(data: impl Into<Name>, subset: Subset) -> Self {
        Memlet { data: data.into(), subset, other_subset: None, volume: None, dynamic: false, wcr: None }
    }

    /// The value of a scalar container moves.
    pub fn scalar(data: impl Into<Name>) -> Self {
        Memlet::new(data, Subset::default())
    }

    /// One element moves.
    pub fn element(data: impl Into<Name>, indices: impl IntoIterator<Item = Expr>) -> Self {
        Memlet::new(data, Subset::element(indices))
    }

    /// The same movement, writing with a conflict resolution.
    pub fn with_wcr(mut self, wcr: Wcr) -> Self {
        self.wcr = Some(wcr);
        self
    }

    /// The same movement, with the elements at the other end of the copy.
    pub fn to(mut self, other: Subset) -> Self {
        self.other_subset = Some(other);
        self
    }

    /// The same movement, marked as an over-approximation.
    pub fn dynamic(mut self) -> Self {
        self.dynamic = true;
        self
    }

    /// Whether a subset at one of its ends has tiles.
    pub fn has_tiles(&self) -> bool {
        self.subset.has_tiles() || self.other_subset.as_ref().is_some_and(Subset::has_tiles)
    }

    /// Number of elements that move, an upper bound if [`dynamic`](Memlet::dynamic).
    pub fn volume(&self) -> Expr {
        self.volume.clone().unwrap_or_else(|| self.subset.num_elements())
    }

    /// Rewrites every symbolic expression.
    pub fn map_exprs(&mut self, f: &mut dyn FnMut(&Expr) -> Expr) {
        self.subset.map_exprs(f);
        if let Some(other) = &mut self.other_subset {
            other.map_exprs(f);
        }
        if let Some(volume) = &mut self.volume {
            *volume = f(volume);
        }
    }
}

impl fmt::Display for Memlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.data, self.subset)?;
        if let Some(other) = &self.other_subset {
            write!(f, " -> {other}")?;
        }
        if let Some(wcr) = self.wcr {
            write!(f, " (wcr {wcr})")?;
        }
        if self.dynamic {
            f.write_str(" (dynamic)")?;
        }
        Ok(())
    }
}
