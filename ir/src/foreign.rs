//! Library operations of files that this compiler has no meaning for.
//!
//! People define library nodes of their own, and files of other versions have some that are not known here. They are
//! read, drawn, moved around and written back; to run them is an error.

use crate::Name;
use crate::interp::Tensor;
use crate::library::defined::Operands;
use crate::library::{Cost, LibraryOp, Property, UnknownOp};
use std::any::Any;
use std::sync::Arc;

/// The name under which such an operation is printed.
pub const NAME: &str = "Foreign";

/// An operation of which nothing is known but its class and its connectors.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignOp {
    /// The full path of its Python class.
    pub class: String,
    /// Names of the input connectors.
    pub inputs: Vec<Name>,
    /// Names of the output connectors.
    pub outputs: Vec<Name>,
    /// Its properties: the text of a JSON object.
    pub properties: String,
}

impl ForeignOp {
    /// The operation with those [properties](LibraryOp::properties).
    pub(crate) fn from_properties(
        properties: &[(String, Property)],
    ) -> Result<Arc<dyn LibraryOp>, UnknownOp> {
        let mut op = ForeignOp {
            class: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            properties: "{}".to_owned(),
        };
        for (name, value) in properties {
            let Property::Text(text) = value else { return Err(wrong(name)) };
            match name.as_str() {
                "class" => op.class.clone_from(text),
                "inputs" => op.inputs = words(text),
                "outputs" => op.outputs = words(text),
                "properties" => op.properties.clone_from(text),
                _ => return Err(wrong(name)),
            }
        }
        if op.class.is_empty() { Err(wrong("class")) } else { Ok(Arc::new(op)) }
    }
}

fn wrong(property: &str) -> UnknownOp {
    UnknownOp::Property(NAME.to_owned(), property.to_owned())
}

fn words(text: &str) -> Vec<Name> {
    text.split_whitespace().map(Name::from).collect()
}

fn joined(names: &[Name]) -> Property {
    Property::Text(names.iter().map(Name::as_str).collect::<Vec<_>>().join(" "))
}

impl LibraryOp for ForeignOp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn inputs(&self) -> Vec<Name> {
        self.inputs.clone()
    }

    fn outputs(&self) -> Vec<Name> {
        self.outputs.clone()
    }

    fn properties(&self) -> Vec<(&'static str, Property)> {
        vec![
            ("class", Property::Text(self.class.clone())),
            ("inputs", joined(&self.inputs)),
            ("outputs", joined(&self.outputs)),
            ("properties", Property::Text(self.properties.clone())),
        ]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    /// Whatever it does, it may do it with what is there.
    fn reads_outputs(&self) -> bool {
        true
    }

    fn cost(&self, _: &Operands) -> Option<Cost> {
        None
    }

    fn interpret(&self, _inputs: &[Tensor], _outputs: &mut [Tensor]) -> Result<(), String> {
        Err(format!("what `{}` computes is not known here", self.class))
    }
}
