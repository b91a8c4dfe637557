//! What two layers must agree on although neither knows the other.

use dacec_ir::builder::{SdfgBuilder, name, value};
use dacec_ir::{DType, Expr};
use dacec_runtime::cpu::CHECKED_FEATURES;
use dacec_runtime::error_code::ErrorCode;

fn generated() -> dacec_codegen::Generated {
    let mut builder = SdfgBuilder::new("twice");
    builder.array("x", DType::Float64, [Expr::sym("N")]);
    builder.state("s").map("m", &[("i", "0:N")], &[("a", "x", "i")], value(2.0) * name("a"), ("x", "i"));
    dacec_codegen::generate(&builder.build(), &dacec_codegen::Options::default())
        .expect("a map can be emitted")
}

/// Emitted headers number errors as the runtime reads them.
#[test]
fn error_codes() {
    let header = generated().header;
    for code in ErrorCode::ALL {
        let define = format!("#define {} {} ", code.c_name(), code.number());
        assert!(header.contains(&define), "`{define}` is missing in:\n{header}");
    }
}

/// Emitted libraries ask for the instruction sets that the runtime says they ask for.
#[test]
fn checked_instruction_sets() {
    let generated = generated();
    for (macro_name, feature) in CHECKED_FEATURES {
        assert!(generated.kernel_unit.contains(&format!("#ifdef {macro_name}\n")), "{macro_name}");
        assert!(generated.abi_unit.contains(&format!("\"{feature}\"")), "{feature}");
    }
}
