//! Builds `dacec-provider` as a static archive and puts it where `src/provider.rs` embeds it.
//!
//! The archive is linked into programs that run on other machines, so it is compiled for the baseline CPU whatever
//! flags the surrounding build uses, and always optimized. A static library of a Rust crate holds the whole standard
//! library (26 MB); where the GNU tools are found, it is reduced to one object for each exported product, with
//! everything that the object does not need dropped and every other symbol made local:
//!
//! ```text
//! libdacec_provider.a    334 members, 26 MB      ->      dacec_gemm_f64.o, dacec_gemm_f32.o, ...   1 MB each
//! ```
//!
//! The factorizations of one element type share so much that they are one object, and so are the Fourier transforms.
//!
//! There are two archives, because they are unpacked when a program first needs them: the products, and the rest, which is
//! four times as large. A program that multiplies doubles links one of them in 15 ms. Without the tools the whole archive is embedded,
//! which links slower and works as well.

use flate2::{Compression, write::GzEncoder};
use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};

/// A member of a reduced archive: an object, and the functions that it is kept for.
type Member = (String, Vec<String>);

const TYPES: [&str; 4] = ["f32", "f64", "c64", "c128"];

/// The archive of the matrix products.
fn products() -> Vec<Member> {
    let product = |dtype: &&str| {
        let name = format!("dacec_gemm_{dtype}");
        let mut roots = vec![name.clone()];
        roots.extend(dtype.starts_with('c').then(|| format!("dacec_gemm_conj_{dtype}")));
        (name, roots)
    };
    let version = "dacec_provider_version".to_owned();
    TYPES.iter().map(product).chain([(version.clone(), vec![version])]).collect()
}

/// The archive of everything else: an object for the factorizations or the transforms of each type.
fn dense() -> Vec<Member> {
    let dense = ["solve", "inverse", "determinant", "cholesky", "qr", "eigh", "svd", "lstsq", "slogdet"];
    let factorizations = |dtype: &&str| {
        let roots = dense.iter().map(|name| format!("dacec_{name}_{dtype}")).collect();
        (format!("dacec_dense_{dtype}"), roots)
    };
    let mut members: Vec<Member> = TYPES.iter().map(factorizations).collect();
    members.extend(["c64", "c128"].map(|dtype| {
        let roots = ["fft", "ifft"].map(|name| format!("dacec_{name}_{dtype}")).to_vec();
        (format!("dacec_transforms_{dtype}"), roots)
    }));
    members
}

fn main() {
    for path in ["build.rs", "provider/src", "provider/Cargo.toml", "../Cargo.toml", "../Cargo.lock"] {
        println!("cargo:rerun-if-changed={path}");
    }
    let out = PathBuf::from(variable("OUT_DIR"));
    let whole = build_provider(&out);
    for (name, members) in [("products", products()), ("dense", dense())] {
        let archive = out.join(format!("{name}.a"));
        if let Err(reason) = reduce(&whole, members, &out, &archive) {
            println!("cargo:warning=the built-in linear algebra is embedded whole (60 MB): {reason}");
            fs::copy(&whole, &archive)
                .unwrap_or_else(|error| panic!("cannot copy {}: {error}", whole.display()));
        }
        embed(name, &archive, &out)
            .unwrap_or_else(|error| panic!("cannot embed {}: {error}", archive.display()));
    }
}

/// Compresses the archive to a fifth, and leaves its hash and size for the code that embeds it.
fn embed(name: &str, archive: &Path, out: &Path) -> io::Result<()> {
    let content = fs::read(archive)?;
    let packed = fs::File::create(out.join(format!("{name}.a.gz")))?;
    let mut encoder = GzEncoder::new(packed, Compression::best());
    encoder.write_all(&content)?;
    encoder.finish()?;
    let name = name.to_uppercase();
    println!("cargo:rustc-env=DACEC_{name}_HASH={}", blake3::hash(&content).to_hex());
    println!("cargo:rustc-env=DACEC_{name}_SIZE={}", content.len());
    Ok(())
}

/// Runs a cargo of its own, in a target folder of its own: the folder of the surrounding build is locked.
fn build_provider(out: &Path) -> PathBuf {
    let target = target_folder(out).join("provider");
    let mut cargo = Command::new(variable("CARGO"));
    cargo.args(["build", "--quiet", "--package", "dacec-provider", "--profile", "provider", "--target-dir"]);
    cargo.arg(&target).args(["--target", &variable("TARGET")]);
    cargo.current_dir(variable("CARGO_MANIFEST_DIR"));
    // Flags and wrappers of the surrounding build (another CPU, sanitizers, clippy) are not for this archive.
    for name in ["CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"]
    {
        cargo.env_remove(name);
    }
    cargo.env("RUSTFLAGS", "");
    let result = cargo.output().unwrap_or_else(|error| panic!("cannot start {cargo:?}: {error}"));
    if !result.status.success() {
        panic!("cannot build the built-in linear algebra:\n{}", String::from_utf8_lossy(&result.stderr));
    }
    target.join(variable("TARGET")).join("provider").join("libdacec_provider.a")
}

/// The target folder that `OUT_DIR` lies in: `<target>/<profile>/build/<package>/out`.
fn target_folder(out: &Path) -> PathBuf {
    out.ancestors().nth(4).expect("OUT_DIR lies four levels below the target folder").to_owned()
}

/// Writes the reduced archive; the reason if some tool is missing or refuses.
fn reduce(whole: &Path, kept: Vec<Member>, out: &Path, reduced: &Path) -> Result<(), String> {
    if variable("CARGO_CFG_TARGET_OS") != "linux" || variable("HOST") != variable("TARGET") {
        return Err("reducing it needs the GNU tools of the target".to_owned());
    }
    let mut members = Vec::new();
    for (name, roots) in kept {
        let linked = out.join(format!("{name}.linked.o"));
        let member = out.join(format!("{name}.o"));
        // A partial link from the roots. The bitcode that the standard library carries is most of the size.
        let mut link = Command::new("ld");
        link.args(["-r", "-S", "--gc-sections", "-o"]).arg(&linked);
        let mut copy = Command::new("objcopy");
        copy.args(["--strip-unneeded", "--remove-section=.llvmbc", "--remove-section=.llvmcmd"]);
        for root in &roots {
            link.args(["-u", root]);
            copy.args(["--keep-global-symbol", root]);
        }
        tool(link.arg(whole))?;
        tool(copy.args([&linked, &member]))?;
        fs::remove_file(&linked).map_err(|error| error.to_string())?;
        members.push(member);
    }
    // `ar` adds to an archive that exists.
    if reduced.exists() {
        fs::remove_file(reduced).map_err(|error| error.to_string())?;
    }
    tool(Command::new("ar").arg("rcsD").arg(reduced).args(&members))
}

/// Runs a tool to the end; what it said if it failed.
fn tool(command: &mut Command) -> Result<(), String> {
    let result = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if result.status.success() {
        return Ok(());
    }
    Err(format!("{}: {}", command.get_program().display(), String::from_utf8_lossy(&result.stderr).trim()))
}

/// A variable that cargo sets for every build script.
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}
