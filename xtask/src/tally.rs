//! Counts tests from what their runners print: libtest (`cargo test`) and Python's unittest.

use std::fmt;
use std::ops::AddAssign;

/// Numbers of tests; prints as `3 passed, 0 failed, 1 skipped`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    pub(crate) fn ran(&self) -> u64 {
        self.passed + self.failed
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// A runner's way of saying how it went.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Runner {
    /// One line for each test binary: `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; …`, and
    /// before it one for each test that found out that it cannot run here: `test skipped: the reason`.
    Libtest,
    /// Two lines at the end: `Ran 4 tests in 0.1s`, and `OK (skipped=1)` or `FAILED (failures=1, errors=1)`.
    Unittest,
}

impl Runner {
    /// Adds what one line of output says.
    pub(crate) fn count(self, line: &str, tally: &mut Tally) {
        match self {
            Self::Libtest => count_libtest(line, tally),
            Self::Unittest => count_unittest(line, tally),
        }
    }
}

fn count_libtest(line: &str, tally: &mut Tally) {
    if line.starts_with("test skipped: ") {
        tally.skipped += 1;
        // The harness counts it as passed.
        tally.passed = tally.passed.saturating_sub(1);
        return;
    }
    let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
        return;
    };
    for count in counts.split("; ") {
        match count.split_once(' ') {
            Some((number, "passed")) => tally.passed += parse(number),
            Some((number, "failed")) => tally.failed += parse(number),
            Some((number, "ignored")) => tally.skipped += parse(number),
            _ => {}
        }
    }
}

fn count_unittest(line: &str, tally: &mut Tally) {
    if let Some(rest) = line.strip_prefix("Ran ") {
        let number = rest.split(' ').next().unwrap_or_default();
        tally.passed += parse(number);
        return;
    }
    let Some(details) = ["OK", "FAILED"].iter().find_map(|verdict| line.strip_prefix(verdict)) else {
        return;
    };
    let details = details.trim().trim_start_matches('(').trim_end_matches(')');
    for detail in details.split(", ") {
        // All of these are among the tests that ran. An error while a class is set up is not, hence the saturation.
        match detail.split_once('=') {
            Some(("failures" | "errors" | "unexpected successes", number)) => {
                tally.failed += parse(number);
                tally.passed = tally.passed.saturating_sub(parse(number));
            }
            Some(("skipped", number)) => {
                tally.skipped += parse(number);
                tally.passed = tally.passed.saturating_sub(parse(number));
            }
            _ => {}
        }
    }
}

fn parse(number: &str) -> u64 {
    number.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(runner: Runner, output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| runner.count(line, &mut tally));
        tally
    }

    #[test]
    fn libtest_binaries_are_added_up() {
        let output = "\
running 3 tests
test tests::a ... ok
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.00s

test skipped: no such library
   Doc-tests dacec
test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        assert_eq!(count(Runner::Libtest, output), Tally { passed: 6, failed: 2, skipped: 2 });
    }

    #[test]
    fn unittest_reports_are_read() {
        let fine = "....\n-----\nRan 4 tests in 0.058s\n\nOK";
        assert_eq!(count(Runner::Unittest, fine), Tally { passed: 4, failed: 0, skipped: 0 });
        let skipped = "Ran 4 tests in 0.058s\n\nOK (skipped=1, expected failures=1)";
        assert_eq!(count(Runner::Unittest, skipped), Tally { passed: 3, failed: 0, skipped: 1 });
        let failed = "Ran 9 tests in 1s\n\nFAILED (failures=1, errors=2, skipped=1)";
        assert_eq!(count(Runner::Unittest, failed), Tally { passed: 5, failed: 3, skipped: 1 });
        let single = "Ran 1 test in 1s\n\nOK";
        assert_eq!(count(Runner::Unittest, single), Tally { passed: 1, failed: 0, skipped: 0 });
    }

    #[test]
    fn other_lines_count_nothing() {
        let output = "test result: none\nRandom 3 passed\ntest a ... FAILED\nOKAY\nRan out of memory";
        assert_eq!(count(Runner::Libtest, output), Tally::default());
        assert_eq!(count(Runner::Unittest, output), Tally::default());
    }

    #[test]
    fn the_summary_line_has_its_form() {
        let tally = Tally { passed: 12, failed: 1, skipped: 3 };
        assert_eq!(tally.to_string(), "12 passed, 1 failed, 3 skipped");
    }
}
