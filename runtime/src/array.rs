//! Arrays as a caller holds them: views of foreign memory, and buffers of our own.
//!
//! [`ArrayRef`] describes memory that somebody else owns: element type, shape, strides, and whether it may be written.
//! It is made of `ndarray` views, of buffers, or of raw parts. [`ArrayBuf`] owns its elements, in C order, aligned for
//! the widest vector instructions; results and what is read from files are buffers.

use dacec_ir::DType;
use half::{bf16, f16};
use ndarray::{ArrayView, ArrayViewD, ArrayViewMut, ArrayViewMutD, Dimension, IxDyn};
use num_complex::{Complex32, Complex64};
use smallvec::SmallVec;
use std::{
    alloc::{self, Layout},
    fmt,
    marker::PhantomData,
    ptr::NonNull,
};

/// The alignment of buffers: a cache line, and the widest vector register.
pub const ALIGNMENT: usize = 64;

/// The size of a large page, and how large a buffer must be to be made of them.
const LARGE_PAGE: usize = 2 << 20;
const LARGE: usize = 2 * LARGE_PAGE;

/// Extents of an array; most have few dimensions.
pub type Shape = SmallVec<[usize; 4]>;

/// Distances between neighbours along each dimension, in elements.
pub type Strides = SmallVec<[isize; 4]>;

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that is laid out like an element type.
pub trait Element: Copy + Default + sealed::Sealed + 'static {
    /// The element type.
    const DTYPE: DType;
}

macro_rules! element {
    ($($type:ty: $dtype:ident),* $(,)?) => {
        $(impl sealed::Sealed for $type {}
        impl Element for $type {
            const DTYPE: DType = DType::$dtype;
        })*
    };
}

element! {
    bool: Bool, i8: Int8, i16: Int16, i32: Int32, i64: Int64, u8: UInt8, u16: UInt16, u32: UInt32, u64: UInt64,
    f16: Float16, bf16: BFloat16, f32: Float32, f64: Float64, Complex32: Complex64, Complex64: Complex128,
}

/// An array in memory that outlives `'a`.
#[derive(Debug)]
pub struct ArrayRef<'a> {
    data: *mut u8,
    dtype: DType,
    shape: Shape,
    strides: Strides,
    writable: bool,
    lifetime: PhantomData<&'a mut [u8]>,
}

impl<'a> ArrayRef<'a> {
    /// Describes memory by its parts; strides are in elements.
    ///
    /// # Safety
    ///
    /// During `'a` all elements that shape and strides address can be read, and written by nobody else; if `writable`,
    /// they can also be written, and read by nobody else.
    ///
    /// # Panics
    ///
    /// If there are not as many strides as extents.
    pub unsafe fn from_raw_parts(
        data: *mut u8,
        dtype: DType,
        shape: &[usize],
        strides: &[isize],
        writable: bool,
    ) -> ArrayRef<'a> {
        assert_eq!(shape.len(), strides.len(), "an array has as many strides as extents");
        ArrayRef {
            data,
            dtype,
            shape: Shape::from_slice(shape),
            strides: Strides::from_slice(strides),
            writable,
            lifetime: PhantomData,
        }
    }

    /// The first element.
    pub fn data(&self) -> *mut u8 {
        self.data
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The extents.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The distances between neighbours, in elements.
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// Whether the elements may be written.
    pub fn is_writable(&self) -> bool {
        self.writable
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The first address and the one after the last of the memory in which the elements lie.
    pub fn address_range(&self) -> (usize, usize) {
        let start = self.data as usize;
        if self.is_empty() {
            return (start, start);
        }
        let size = self.dtype.size();
        let (mut low, mut high) = (start, start + size);
        for (&extent, &stride) in self.shape.iter().zip(&self.strides) {
            let span = (extent - 1) * stride.unsigned_abs() * size;
            if stride < 0 { low -= span } else { high += span }
        }
        (low, high)
    }
}

impl<'a, T: Element, D: Dimension> From<ArrayView<'a, T, D>> for ArrayRef<'a> {
    fn from(view: ArrayView<'a, T, D>) -> ArrayRef<'a> {
        // SAFETY: the view borrows its elements for 'a; they are not written through the description.
        unsafe {
            let data = view.as_ptr().cast_mut().cast();
            ArrayRef::from_raw_parts(data, T::DTYPE, view.shape(), view.strides(), false)
        }
    }
}

impl<'a, T: Element, D: Dimension> From<ArrayViewMut<'a, T, D>> for ArrayRef<'a> {
    fn from(mut view: ArrayViewMut<'a, T, D>) -> ArrayRef<'a> {
        // SAFETY: the view borrows its elements for 'a, alone.
        unsafe {
            let data = view.as_mut_ptr().cast();
            ArrayRef::from_raw_parts(data, T::DTYPE, view.shape(), view.strides(), true)
        }
    }
}

impl<'a, T: Element, D: Dimension> From<&'a ndarray::Array<T, D>> for ArrayRef<'a> {
    fn from(array: &'a ndarray::Array<T, D>) -> ArrayRef<'a> {
        array.view().into()
    }
}

impl<'a, T: Element, D: Dimension> From<&'a mut ndarray::Array<T, D>> for ArrayRef<'a> {
    fn from(array: &'a mut ndarray::Array<T, D>) -> ArrayRef<'a> {
        array.view_mut().into()
    }
}

impl<'a> From<&'a ArrayBuf> for ArrayRef<'a> {
    fn from(buffer: &'a ArrayBuf) -> ArrayRef<'a> {
        let strides = c_strides(&buffer.shape);
        // SAFETY: the buffer owns its elements; they are not written through the description.
        unsafe {
            ArrayRef::from_raw_parts(buffer.data.as_ptr(), buffer.dtype, &buffer.shape, &strides, false)
        }
    }
}

impl<'a> From<&'a mut ArrayBuf> for ArrayRef<'a> {
    fn from(buffer: &'a mut ArrayBuf) -> ArrayRef<'a> {
        let strides = c_strides(&buffer.shape);
        // SAFETY: the buffer owns its elements and is borrowed alone.
        unsafe { ArrayRef::from_raw_parts(buffer.data.as_ptr(), buffer.dtype, &buffer.shape, &strides, true) }
    }
}

/// The strides of an array whose last dimension is contiguous.
pub fn c_strides(shape: &[usize]) -> Strides {
    let mut strides = Strides::from_elem(1, shape.len());
    for dimension in (1..shape.len()).rev() {
        // Wraps only where another extent is zero, and then no element has an address.
        strides[dimension - 1] = strides[dimension].wrapping_mul(shape[dimension].max(1) as isize);
    }
    strides
}

/// An array that owns its elements: in C order, aligned to [`ALIGNMENT`].
pub struct ArrayBuf {
    data: NonNull<u8>,
    dtype: DType,
    shape: Shape,
}

/// An array is larger than memory can be, or than there is memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no memory for an array of {dtype} with shape {shape:?}")]
pub struct OutOfMemory {
    /// The element type.
    pub dtype: DType,
    /// The extents.
    pub shape: Vec<usize>,
}

// SAFETY: the buffer owns plain numbers.
unsafe impl Send for ArrayBuf {}
// SAFETY: nothing is written through a shared reference.
unsafe impl Sync for ArrayBuf {}

impl ArrayBuf {
    /// An array of zeros.
    pub fn zeroed(dtype: DType, shape: &[usize]) -> Result<ArrayBuf, OutOfMemory> {
        let buffer = ArrayBuf::allocate(dtype, shape)?;
        // SAFETY: the buffer owns at least that many bytes.
        unsafe { buffer.data.write_bytes(0, buffer.byte_len()) };
        Ok(buffer)
    }

    /// An array for a program to write its result to; until then its elements are arbitrary.
    pub(crate) fn for_result(dtype: DType, shape: &[usize]) -> Result<ArrayBuf, OutOfMemory> {
        let buffer = ArrayBuf::allocate(dtype, shape)?;
        if dtype == DType::Bool {
            // Other bytes than 0 and 1 would be no truth values if the program leaves elements unwritten.
            // SAFETY: the buffer owns its bytes.
            unsafe { buffer.data.write_bytes(0, buffer.byte_len()) };
        }
        Ok(buffer)
    }

    /// A copy of elements in C order.
    ///
    /// # Panics
    ///
    /// If there are not as many elements as the shape says.
    pub fn from_slice<T: Element>(shape: &[usize], elements: &[T]) -> Result<ArrayBuf, OutOfMemory> {
        let mut buffer = ArrayBuf::zeroed(T::DTYPE, shape)?;
        buffer.as_mut_slice::<T>().expect("the buffer was made for this type").copy_from_slice(elements);
        Ok(buffer)
    }

    fn allocate(dtype: DType, shape: &[usize]) -> Result<ArrayBuf, OutOfMemory> {
        let error = || OutOfMemory { dtype, shape: shape.to_vec() };
        let layout = layout(dtype, shape).ok_or_else(error)?;
        // SAFETY: the layout has at least one element.
        let data = NonNull::new(unsafe { alloc::alloc(layout) }).ok_or_else(error)?;
        use_large_pages(data, layout);
        Ok(ArrayBuf { data, dtype, shape: Shape::from_slice(shape) })
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The extents.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The elements' bytes, in C order.
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: the buffer owns that many bytes.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.byte_len()) }
    }

    /// The elements in C order; `None` if they are of another type.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        // SAFETY: the buffer owns that many elements of this type, and every element was initialized.
        (T::DTYPE == self.dtype)
            .then(|| unsafe { std::slice::from_raw_parts(self.data.as_ptr().cast(), self.len()) })
    }

    /// The elements in C order, to be changed; `None` if they are of another type.
    pub fn as_mut_slice<T: Element>(&mut self) -> Option<&mut [T]> {
        // SAFETY: as above, and the buffer is borrowed alone.
        (T::DTYPE == self.dtype)
            .then(|| unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr().cast(), self.len()) })
    }

    /// A view of the elements; `None` if they are of another type.
    pub fn view<T: Element>(&self) -> Option<ArrayViewD<'_, T>> {
        let elements = self.as_slice()?;
        Some(ArrayViewD::from_shape(IxDyn(&self.shape), elements).expect("the elements fill the shape"))
    }

    /// A view through which elements can be changed; `None` if they are of another type.
    pub fn view_mut<T: Element>(&mut self) -> Option<ArrayViewMutD<'_, T>> {
        let shape = IxDyn(&self.shape);
        let elements = self.as_mut_slice()?;
        Some(ArrayViewMutD::from_shape(shape, elements).expect("the elements fill the shape"))
    }

    /// The bytes, for code in this crate that knows what it writes.
    ///
    /// # Safety
    ///
    /// What is written are valid elements: for truth values, only 0 and 1.
    pub(crate) unsafe fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the buffer owns that many bytes and is borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), self.byte_len()) }
    }

    fn byte_len(&self) -> usize {
        self.len() * self.dtype.size()
    }
}

/// The memory of an array; one element where it has none, so that there is always an address.
fn layout(dtype: DType, shape: &[usize]) -> Option<Layout> {
    let count = shape.iter().try_fold(1usize, |count, &extent| count.checked_mul(extent))?;
    let bytes = count.max(1).checked_mul(dtype.size())?;
    Layout::from_size_align(bytes, if bytes < LARGE { ALIGNMENT } else { LARGE_PAGE }).ok()
}

/// Asks for large pages: the first touch of each page costs more than what is written to it. Memory is as good without,
/// so nobody needs to know whether the system agrees.
#[cfg(target_os = "linux")]
fn use_large_pages(data: NonNull<u8>, layout: Layout) {
    if layout.size() >= LARGE {
        let whole = layout.size() / LARGE_PAGE * LARGE_PAGE;
        // SAFETY: these pages belong to the new allocation alone, and the advice changes no contents.
        let _ =
            unsafe { rustix::mm::madvise(data.as_ptr().cast(), whole, rustix::mm::Advice::LinuxHugepage) };
    }
}

#[cfg(not(target_os = "linux"))]
fn use_large_pages(_: NonNull<u8>, _: Layout) {}

impl Drop for ArrayBuf {
    fn drop(&mut self) {
        let layout = layout(self.dtype, &self.shape).expect("the array was allocated with this layout");
        // SAFETY: allocated with the same layout, freed once.
        unsafe { alloc::dealloc(self.data.as_ptr(), layout) }
    }
}

impl Clone for ArrayBuf {
    fn clone(&self) -> ArrayBuf {
        let mut copy = ArrayBuf::for_result(self.dtype, &self.shape).unwrap_or_else(|_| {
            alloc::handle_alloc_error(layout(self.dtype, &self.shape).expect("as the original"))
        });
        // SAFETY: the bytes are those of valid elements.
        unsafe { copy.bytes_mut() }.copy_from_slice(self.as_bytes());
        copy
    }
}

impl fmt::Debug for ArrayBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.dtype, self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};

    #[test]
    fn views_are_described_as_they_are() {
        let mut array = Array2::<f32>::zeros((4, 6));
        let start = array.as_ptr() as usize;
        let whole = ArrayRef::from(&array);
        assert_eq!((whole.shape(), whole.strides(), whole.is_writable()), (&[4, 6][..], &[6, 1][..], false));
        assert_eq!(whole.address_range(), (start, start + 96));
        let part = ArrayRef::from(array.slice_mut(s![1..3, ..;-2]));
        assert_eq!((part.shape(), part.strides(), part.is_writable()), (&[2, 3][..], &[6, -2][..], true));
        assert_eq!(part.address_range(), (start + 28, start + 28 + 24 + 20));
    }

    #[test]
    fn buffers_are_aligned_and_typed() {
        let mut buffer = ArrayBuf::from_slice(&[2, 3], &[1i64, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(buffer.as_bytes().as_ptr() as usize % ALIGNMENT, 0);
        buffer.view_mut::<i64>().unwrap()[[1, 0]] = 40;
        assert_eq!(buffer.clone().as_slice::<i64>().unwrap(), [1, 2, 3, 40, 5, 6]);
        assert!(buffer.as_slice::<u64>().is_none());
    }

    #[test]
    fn large_buffers_begin_at_a_large_page() {
        let mut buffer = ArrayBuf::zeroed(DType::Float64, &[LARGE / 8 + 3]).unwrap();
        assert_eq!(buffer.as_bytes().as_ptr() as usize % LARGE_PAGE, 0);
        assert!(buffer.as_bytes().iter().all(|&byte| byte == 0));
        buffer.as_mut_slice::<f64>().unwrap()[LARGE / 8 + 2] = 1.0;
        assert_eq!(buffer.clone().as_slice::<f64>().unwrap()[LARGE / 8 + 2], 1.0);
    }

    #[test]
    fn arrays_without_elements_have_an_address() {
        let buffer = ArrayBuf::zeroed(DType::Float64, &[0, usize::MAX]).unwrap();
        assert!(buffer.is_empty() && buffer.as_bytes().is_empty());
        let (low, high) = ArrayRef::from(&buffer).address_range();
        assert!(low == high && low != 0);
    }

    #[test]
    fn impossible_sizes_are_refused() {
        for shape in [&[usize::MAX, 2][..], &[usize::MAX / 4], &[1 << 60]] {
            assert!(ArrayBuf::zeroed(DType::Float64, shape).is_err(), "{shape:?}");
        }
    }

    #[test]
    fn c_order_strides() {
        assert_eq!(c_strides(&[2, 3, 4])[..], [12, 4, 1]);
        assert!(c_strides(&[]).is_empty());
    }
}
