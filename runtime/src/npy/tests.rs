use super::*;
use crate::array::Element;
use half::f16;
use num_complex::{Complex32, Complex64};

fn file_with(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    file
}

/// A file as NumPy writes it.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    let padded = format!("{header:<117}\n");
    bytes.extend((padded.len() as u16).to_le_bytes());
    bytes.extend(padded.as_bytes());
    bytes.extend(data);
    bytes
}

fn error_of(bytes: &[u8]) -> String {
    let file = file_with(bytes);
    let text = read(file.path()).unwrap_err().to_string();
    text.replace(&file.path().display().to_string(), "FILE")
}

#[test]
fn every_type_survives_a_file() {
    fn check<T: Element + PartialEq + std::fmt::Debug>(elements: [T; 6]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        for shape in [&[6][..], &[2, 3], &[1, 6, 1]] {
            let array = ArrayBuf::from_slice(shape, &elements).unwrap();
            write(&path, &array).unwrap();
            let back = read(&path).unwrap();
            assert_eq!((back.shape(), back.as_slice::<T>().unwrap()), (shape, &elements[..]));
        }
    }
    check([true, false, true, true, false, false]);
    check([i8::MIN, -1, 0, 1, 2, i8::MAX]);
    check([i16::MIN, -1, 0, 1, 2, i16::MAX]);
    check([i32::MIN, -1, 0, 1, 2, i32::MAX]);
    check([i64::MIN, -1, 0, 1, 2, i64::MAX]);
    check([0, 1, 2, 3, 4, u8::MAX]);
    check([0, 1, 2, 3, 4, u16::MAX]);
    check([0, 1, 2, 3, 4, u32::MAX]);
    check([0, 1, 2, 3, 4, u64::MAX]);
    check([0.0, 1.0, -0.5, 2.0, 3.0, 4.0].map(f16::from_f32));
    check([0.0f32, f32::INFINITY, -0.5, f32::MIN, 3.0, 4.0]);
    check([0.0f64, f64::INFINITY, -0.5, f64::MIN, 3.0, 4.0]);
    check([0.0, 1.0, -0.5, 2.0, 3.0, 4.0].map(|x| Complex32::new(x, -x)));
    check([0.0, 1.0, -0.5, 2.0, 3.0, 4.0].map(|x| Complex64::new(x, -x)));
}

#[test]
fn arrays_without_dimensions_or_elements() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    for shape in [&[][..], &[0], &[3, 0, 2]] {
        let array = ArrayBuf::zeroed(DType::Float64, shape).unwrap();
        write(&path, &array).unwrap();
        assert_eq!(read(&path).unwrap().shape(), shape);
    }
}

#[test]
fn fortran_order_becomes_c_order() {
    let header = "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }";
    let data: Vec<u8> = [11i16, 21, 12, 22, 13, 23].iter().flat_map(|x| x.to_le_bytes()).collect();
    let array = read(file_with(&npy(header, &data)).path()).unwrap();
    assert_eq!(array.as_slice::<i16>().unwrap(), [11, 12, 13, 21, 22, 23]);
    let header = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2, 2), }";
    let array = read(file_with(&npy(header, &[0, 1, 2, 3, 4, 5, 6, 7])).path()).unwrap();
    assert_eq!(array.as_slice::<u8>().unwrap(), [0, 4, 2, 6, 1, 5, 3, 7]);
}

#[test]
fn truth_values_are_zero_and_one() {
    let header = "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }";
    let array = read(file_with(&npy(header, &[0, 7, 255])).path()).unwrap();
    assert_eq!(array.as_slice::<bool>().unwrap(), [false, true, true]);
}

#[test]
fn what_cannot_be_read_is_refused_with_the_reason() {
    let header = |descr: &str| format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}");
    let big = error_of(&npy(&header("'>f8'"), &[0; 8]));
    assert_eq!(big, "`FILE` holds elements of type >f8, which dacec does not have (big-endian)");
    let record = error_of(&npy(&header("[('x', '<f8'), ('y', '<f8')]"), &[0; 16]));
    assert!(record.contains("several fields in one element"), "{record}");
    let objects = error_of(&npy(&header("'|O'"), &[0; 8]));
    assert!(objects.contains("(Python objects)"), "{objects}");
    let text = error_of(&npy(&header("'<U5'"), &[0; 20]));
    assert!(text.contains("elements of type <U5"), "{text}");
}

#[test]
fn damaged_files_are_errors() {
    let good = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", &[0; 16]);
    for length in 0..good.len() {
        let text = error_of(&good[..length]);
        assert!(text.starts_with("`FILE` is not a NumPy array file: "), "{length}: {text}");
    }
    assert!(error_of(b"PK\x03\x04 something else entirely").contains("does not start like one"));
    let huge =
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999999), }", &[0; 8]);
    assert!(error_of(&huge).contains("too short for an array of shape"));
    let deep = npy(&"(".repeat(100), &[]);
    assert!(error_of(&deep).contains("nested too deeply"));
    let mut long = b"\x93NUMPY\x02\x00".to_vec();
    long.extend(u32::MAX.to_le_bytes());
    assert!(error_of(&long).contains("its header has 4294967295 bytes"));
}

#[test]
fn archives_hold_arrays_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.npz");
    let (a, b) =
        (ArrayBuf::from_slice(&[2], &[1.0, 2.0]).unwrap(), ArrayBuf::from_slice(&[1, 1], &[7i32]).unwrap());
    write_archive(&path, [("b", &b), ("a", &a)]).unwrap();
    let arrays = read_archive(&path).unwrap();
    assert_eq!(arrays.keys().collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(arrays["a"].as_slice::<f64>().unwrap(), [1.0, 2.0]);
    assert_eq!(read_from_archive(&path, "b").unwrap().as_slice::<i32>().unwrap(), [7]);
    let error = read_from_archive(&path, "c").unwrap_err();
    assert_eq!(error.help().unwrap().to_string(), "it has b, a");
}

#[test]
fn a_file_that_is_no_archive_is_an_error() {
    let file = file_with(b"no archive");
    assert!(matches!(read_archive(file.path()), Err(NpyError::Malformed { .. })));
    assert!(matches!(read(Path::new("/no/such/file.npy")), Err(NpyError::Io { action: "read", .. })));
}

#[test]
fn a_failed_write_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    write(&path, &ArrayBuf::from_slice(&[1], &[1u8]).unwrap()).unwrap();
    let unwritable = ArrayBuf::zeroed(DType::BFloat16, &[4]).unwrap();
    assert!(matches!(write(&path, &unwritable), Err(NpyError::NotWritable(DType::BFloat16))));
    assert_eq!(read(&path).unwrap().as_slice::<u8>().unwrap(), [1]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
