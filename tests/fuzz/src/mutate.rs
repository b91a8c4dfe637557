//! Damage: small changes that leave most of a file as it was.

/// Makes inputs from a corpus, the same ones for the same seed.
pub struct Mutator {
    state: u64,
    corpus: Vec<Vec<u8>>,
    /// Words and numbers of the corpus, and some that are often handled badly.
    words: Vec<Vec<u8>>,
}

const AWKWARD: [&str; 24] = [
    "0",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551616",
    "1e999",
    "0.0",
    "nan",
    "\"\"",
    "null",
    "{}",
    "[]",
    "((((((((",
    "))))))))",
    "[[[[[[[[",
    "\u{0}",
    "é𝔘",
    "\n    ",
    "\"",
    "**",
    "//",
    "%",
    "if",
];

/// Inputs do not grow beyond this.
const MAX_LENGTH: usize = 1 << 16;

impl Mutator {
    /// Makes inputs from these files.
    pub fn new(seed: u64, corpus: Vec<Vec<u8>>) -> Self {
        let mut words: Vec<Vec<u8>> = AWKWARD.iter().map(|word| word.as_bytes().to_vec()).collect();
        for file in &corpus {
            let all = file.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_' && *byte != b'.');
            words.extend(all.filter(|word| !word.is_empty() && word.len() < 30).map(<[u8]>::to_vec));
        }
        words.sort();
        words.dedup();
        Mutator { state: seed.wrapping_mul(2).wrapping_add(1), corpus, words }
    }

    /// The next input.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.pick_file();
        for _ in 0..1 + self.below(4) {
            self.damage(&mut input);
        }
        input.truncate(MAX_LENGTH);
        input
    }

    fn damage(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let bits = self.below(8);
        let length = 1 + self.below(1 << bits);
        let end = (at + length).min(input.len());
        match self.below(9) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 => drop(input.drain(at..end)),
            2 => {
                let piece = input[at..end].to_vec();
                let bits = self.below(9);
                let times = 1 + self.below(1 << bits);
                input.splice(at..at, piece.repeat(times).into_iter().take(MAX_LENGTH));
            }
            3 | 4 => {
                let word = self.pick_word();
                input.splice(at..at, word);
            }
            5 | 6 => self.replace_word(input, at),
            7 => {
                let other = self.pick_file();
                let from = self.below(other.len() + 1);
                let to = (from + length * 8).min(other.len());
                input.splice(at..end, other[from..to].iter().copied());
            }
            _ => {
                let to = self.below(input.len() + 1);
                let piece: Vec<u8> = input[at..end].to_vec();
                input.splice(to..to, piece);
            }
        }
    }

    /// Replaces the word around a place.
    fn replace_word(&mut self, input: &mut Vec<u8>, at: usize) {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let start = input[..at].iter().rposition(|byte| !is_word(byte)).map_or(0, |found| found + 1);
        let end = input[at..].iter().position(|byte| !is_word(byte)).map_or(input.len(), |found| at + found);
        let word = self.pick_word();
        input.splice(start..end, word);
    }

    fn pick_file(&mut self) -> Vec<u8> {
        let at = self.below(self.corpus.len());
        self.corpus.get(at).cloned().unwrap_or_default()
    }

    fn pick_word(&mut self) -> Vec<u8> {
        let at = self.below(self.words.len());
        self.words[at].clone()
    }

    /// A number below `limit`, or 0.
    fn below(&mut self, limit: usize) -> usize {
        // The generator xorshift64*.
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let number = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or(0) % limit.max(1)
    }
}
