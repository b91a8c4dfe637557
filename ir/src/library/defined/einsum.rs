//! Sums of products over shared axes.

use super::build::{Operands, binary, name, number};
use super::{Defined, Given};
use crate::library::Property;
use crate::{BinaryOp, Expr, IndexMap, Memlet, Name, Range, Sdfg, Wcr};

/// `_out` = the sum of the products of `_in0`, `_in1`, … over the letters that the result does not have, as in NumPy's
/// `einsum("ij,jk->ik", …)`, without its ellipsis and with each letter at most once for an operand.
#[derive(Clone, Debug, PartialEq)]
pub struct Einsum {
    /// The letters of each operand.
    pub operands: Vec<Vec<char>>,
    /// The letters of the result.
    pub result: Vec<char>,
}

impl Einsum {
    /// The connector of an operand.
    pub fn connector(at: usize) -> Name {
        format!("_in{at}").into()
    }

    /// The letters that are summed over, in the order in which they come.
    pub fn summed(&self) -> Vec<char> {
        let mut letters: Vec<char> = Vec::new();
        for letter in self.operands.iter().flatten() {
            if !self.result.contains(letter) && !letters.contains(letter) {
                letters.push(*letter);
            }
        }
        letters
    }

    /// The operation that a text such as `ij,jk->ik` names.
    pub fn parse(text: &str) -> Option<Self> {
        let (operands, result) = text.split_once("->")?;
        let operands: Vec<Vec<char>> = operands.split(',').map(|it| it.chars().collect()).collect();
        let result: Vec<char> = result.chars().collect();
        let once = |letters: &[char]| (0..letters.len()).all(|at| !letters[..at].contains(&letters[at]));
        let known = result.iter().all(|it| operands.iter().any(|operand| operand.contains(it)));
        let plain = operands.iter().flatten().all(|it| it.is_alphabetic());
        (known && plain && once(&result) && operands.iter().all(|it| once(it)))
            .then_some(Einsum { operands, result })
    }
}

impl Defined for Einsum {
    const NAME: &'static str = "Einsum";

    fn reads(&self) -> Vec<Name> {
        (0..self.operands.len()).map(Einsum::connector).collect()
    }

    fn given(&self) -> Vec<(&'static str, Property)> {
        let operands: Vec<String> = self.operands.iter().map(|it| it.iter().collect()).collect();
        let result: String = self.result.iter().collect();
        vec![("subscripts", Property::Text(format!("{}->{result}", operands.join(","))))]
    }

    fn read(given: &mut Given<'_>) -> Option<Self> {
        Einsum::parse(&given.text("subscripts")?)
    }

    fn rank(&self, connector: &str) -> usize {
        let at = connector.strip_prefix("_in").and_then(|at| at.parse::<usize>().ok());
        at.and_then(|at| self.operands.get(at)).unwrap_or(&self.result).len()
    }

    fn operations(&self, operands: &Operands) -> Expr {
        let mut extents: IndexMap<char, Expr> = IndexMap::default();
        for (at, letters) in self.operands.iter().enumerate() {
            let shape = operands.get(&Einsum::connector(at)).map_or(&[][..], |it| &it.shape);
            extents.extend(letters.iter().copied().zip(shape.iter().cloned()));
        }
        // Each term is a product of all operands, and is added where there is a sum.
        let each = self.operands.len().saturating_sub(usize::from(self.summed().is_empty()));
        extents.values().product::<Expr>() * each as i64
    }

    fn define(&self, operands: &Operands) -> Result<Sdfg, String> {
        let dtype = operands.at("_out").dtype;
        let mut extents: IndexMap<char, Expr> = IndexMap::default();
        let output = self.result.iter().zip(&operands.at("_out").shape);
        extents.extend(output.map(|(letter, extent)| (*letter, extent.clone())));
        for (at, letters) in self.operands.iter().enumerate() {
            let operand = operands.at(&Einsum::connector(at));
            if operand.dtype != dtype {
                return Err(format!("an operand has elements of {} and not of {dtype}", operand.dtype));
            }
            for (letter, extent) in letters.iter().zip(&operand.shape) {
                Operands::same(extents.entry(*letter).or_insert_with(|| extent.clone()), extent)?;
            }
        }
        let symbol = |letter: &char| Expr::sym(format!("__e{}", *letter as u32));
        let place = |letters: &[char]| letters.iter().map(symbol).collect::<Vec<Expr>>();
        let dims = |letters: &[char]| -> Vec<(Name, Range)> {
            let dim =
                |letter: &char| (format!("__e{}", *letter as u32).into(), Range::full(&extents[letter]));
            letters.iter().map(dim).collect()
        };
        let names: Vec<(String, String)> =
            (0..self.operands.len()).map(|at| (format!("x{at}"), format!("_in{at}"))).collect();
        let reads: Vec<_> = names
            .iter()
            .zip(&self.operands)
            .map(|((name, data), letters)| (&**name, &**data, place(letters)))
            .collect();
        let product = names.iter().map(|(it, _)| name(it)).reduce(|a, b| binary(BinaryOp::Mul, a, b));
        let product = product.unwrap_or_else(|| number(1, dtype));
        let (mut graph, target) = (operands.graph("einsum"), Memlet::element("_out", place(&self.result)));
        let summed = self.summed();
        if summed.is_empty() {
            graph.ranges("product", dims(&self.result), &reads, product, target);
        } else {
            graph.ranges("start", dims(&self.result), &[], number(0, dtype), target.clone());
            let all = [&self.result[..], &summed].concat();
            graph.ranges("sum", dims(&all), &reads, product, target.with_wcr(Wcr::Sum));
        }
        Ok(graph.build())
    }
}
