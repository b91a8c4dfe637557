//! Element types that are no numbers: vectors, addresses, handles.
//!
//! They stand beside the numbers in [`DType`], and have names that are identifiers: `float32x4`, `pointer_float32`,
//! `opaque_MPI_Request`.

use super::DType;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Several numbers side by side, on which operations work at once: the same operation on each lane.
///
/// A vector is what a machine's registers hold, not an array: there is no index of a lane. Whoever knows numbers only
/// first rewrites vectors as arrays with one more dimension, see [`Sdfg::lower_vectors`](crate::Sdfg::lower_vectors).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vector {
    element: Number,
    lanes: u16,
}

/// The address of numbers; nothing here knows how many there are. It is moved around, and given to code in other languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer {
    element: Number,
}

/// A value of which nothing is known but the name of its type in C, such as a handle of a library. It is moved around,
/// and given to code in other languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Opaque {
    name: &'static str,
}

/// A type of numbers: its place in [`DType::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Number(u8);

impl Number {
    fn of(dtype: DType) -> Option<Number> {
        let at = DType::ALL.iter().position(|it| *it == dtype)?;
        u8::try_from(at).ok().map(Number)
    }

    fn dtype(self) -> DType {
        DType::ALL[usize::from(self.0)]
    }
}

impl Vector {
    /// Most lanes of a vector: those of the widest registers, many times over.
    pub const MAX_LANES: usize = 1024;

    /// Type of each lane.
    pub fn element(self) -> DType {
        self.element.dtype()
    }

    /// Number of lanes; at least 1.
    pub fn lanes(self) -> usize {
        usize::from(self.lanes)
    }
}

impl Pointer {
    /// Type of what lies at the address.
    pub fn element(self) -> DType {
        self.element.dtype()
    }
}

impl Opaque {
    /// The type's name in C.
    pub fn name(self) -> &'static str {
        self.name
    }
}

impl DType {
    /// The type of `lanes` numbers; `None` for vectors of anything else, of no lanes, or of more than
    /// [`Vector::MAX_LANES`].
    pub fn vector(element: DType, lanes: usize) -> Option<DType> {
        let fits = (1..=Vector::MAX_LANES).contains(&lanes);
        let lanes = u16::try_from(lanes).ok().filter(|_| fits)?;
        Some(DType::Vector(Vector { element: Number::of(element)?, lanes }))
    }

    /// The type of addresses of numbers of a type; `None` for anything else.
    pub fn pointer(element: DType) -> Option<DType> {
        Some(DType::Pointer(Pointer { element: Number::of(element)? }))
    }

    /// The type that C knows by a name; `None` if that is no identifier.
    pub fn opaque(name: &str) -> Option<DType> {
        let fits = crate::Name::from(name).is_identifier();
        fits.then(|| DType::Opaque(Opaque { name: kept(name) }))
    }

    /// The type as a vector, if it is one.
    pub fn as_vector(self) -> Option<Vector> {
        match self {
            DType::Vector(vector) => Some(vector),
            _ => None,
        }
    }

    /// The type of one lane of a vector; any other type itself.
    pub fn lane(self) -> DType {
        self.as_vector().map_or(self, Vector::element)
    }
}

/// Reads the names of types that are no numbers.
pub(super) fn parse(text: &str) -> Option<DType> {
    if let Some(name) = text.strip_prefix("opaque_") {
        return DType::opaque(name);
    }
    if let Some(name) = text.strip_prefix("pointer_") {
        return DType::pointer(name.parse().ok()?);
    }
    let (element, lanes) = text.rsplit_once('x')?;
    let plain = !lanes.starts_with('0') && lanes.bytes().all(|byte| byte.is_ascii_digit());
    DType::vector(
        DType::ALL.into_iter().find(|it| it.name() == element)?,
        lanes.parse().ok().filter(|_| plain)?,
    )
}

/// The name of a type that is no number.
pub(super) fn name(dtype: DType) -> &'static str {
    match dtype {
        DType::Vector(it) => kept(&format!("{}x{}", it.element().name(), it.lanes)),
        DType::Pointer(it) => kept(&format!("pointer_{}", it.element().name())),
        DType::Opaque(it) => kept(&format!("opaque_{}", it.name)),
        number => number.name(),
    }
}

/// A text that is kept once for as long as the process lives, so that types are small and copy freely.
fn kept(text: &str) -> &'static str {
    static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.get(text) {
        return known;
    }
    let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
    all.insert(text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let all = [
            DType::vector(DType::Float32, 4),
            DType::vector(DType::Complex128, 1024),
            DType::pointer(DType::Int8),
            DType::opaque("MPI_Request"),
        ];
        for dtype in all {
            let dtype = dtype.expect("these types exist");
            assert_eq!(dtype.name().parse(), Ok(dtype), "{dtype}");
            assert!(crate::Name::from(dtype.name()).is_identifier());
            let json = serde_json::to_string(&dtype).expect("a type is a text");
            assert_eq!(serde_json::from_str::<DType>(&json).ok(), Some(dtype));
        }
        for text in [
            "float32x0",
            "float32x04",
            "float32x2000",
            "float32x",
            "xx4",
            "float32x4x4",
            "pointer_void",
            "opaque_a b",
        ] {
            assert!(text.parse::<DType>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_vector_is_as_large_as_its_lanes() {
        assert_eq!(DType::vector(DType::Int16, 8).map(DType::size), Some(16));
        assert_eq!(DType::vector(DType::Int16, 8).map(DType::lane), Some(DType::Int16));
        assert_eq!(DType::vector(DType::vector(DType::Int16, 8).expect("a vector"), 2), None);
    }
}
