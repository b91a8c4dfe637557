//! Statements.

use super::types::c_type;
use super::{Printer, Result, prelude};
use crate::tree::{Direction, Escape, Failure, For, Parallel, Place, Queue, Stmt, Value};
use dacec_ir::{Constant, DType, Expr, Name, Wcr};

impl Printer<'_> {
    pub(super) fn statements(&mut self, stmts: &[Stmt]) -> Result<()> {
        stmts.iter().try_for_each(|stmt| self.statement(stmt))
    }

    fn statement(&mut self, stmt: &Stmt) -> Result<()> {
        match stmt {
            Stmt::Source(line) => self.source_line(*line),
            Stmt::StartTimer { start } => {
                self.line(&format!("const int64_t {start} = dacec_now_{}();", self.program));
            }
            Stmt::StopTimer { start, timer } => {
                self.line(&format!("dacec_measured_{}({timer}, {start});", self.program));
            }
            Stmt::Declare { name, dtype, value, constant } => {
                let constant = if *constant { "const " } else { "" };
                let first = match value {
                    Some(value) => format!(" = {}", self.text(value)?),
                    None => String::new(),
                };
                self.line(&format!("{constant}{} {name}{first};", c_type(*dtype)));
            }
            Stmt::Pointer { name, dtype, to } => {
                let address = self.address(to)?;
                self.line(&format!("{} *const {name} = {address};", c_type(*dtype)));
            }
            Stmt::Reference { name, dtype } => self.line(&format!("{} *{name} = 0;", c_type(*dtype))),
            Stmt::Refer { name, to } => {
                let (address, of) = (self.address(to)?, c_type(to.dtype()));
                // Elements of constants are never written.
                self.line(&format!("{name} = ({of} *)({address});"));
            }
            Stmt::Foreign { code, bindings } => self.foreign(code, bindings),
            Stmt::StackArray { name, dtype, count } => {
                self.line(&format!("alignas(64) {} {name}[{count}];", c_type(*dtype)));
            }
            Stmt::HeapArray { name, dtype, extents, on_failure } => {
                self.helper("dacec_buffer");
                let texts = extents.iter().map(|extent| self.text(extent)).collect::<Result<Vec<_>>>()?;
                if texts.len() > 1 {
                    self.helper("dacec_elements");
                }
                let (of, count) = (c_type(*dtype), prelude::elements(texts));
                self.line(&format!("dacec_small<{of}> dacec_small_of_{name};"));
                let memory = format!("dacec_memory_of_{name}({count}, dacec_small_of_{name}.data)");
                self.line(&format!("const dacec_buffer<{of}> {memory};"));
                self.line(&format!("{of} *const __restrict__ {name} = dacec_memory_of_{name}.data;"));
                self.line(&format!("if ({name} == 0) {{"));
                self.nested(|printer| printer.fail(Failure::OutOfMemory, on_failure));
                self.line("}");
            }
            Stmt::Store { place, value } => {
                let (place, value) = (self.place(place)?, self.text(value)?);
                self.line(&format!("{place} = {value};"));
            }
            Stmt::Update { place, wcr, value, atomic } => self.update(place, *wcr, value, *atomic)?,
            Stmt::Search { place, wcr, first, count } => self.search(place, *wcr, first, count)?,
            Stmt::Combine { place, value, atomic } => {
                let (place, value) = (self.place(place)?, self.text(value)?);
                if *atomic {
                    self.pragma("omp critical(dacec_update)");
                }
                self.line(&format!("{place} = {value};"));
            }
            Stmt::Queues { name, dtype, count, capacity, on_failure } => {
                self.helper("dacec_queues");
                let (of, count) = (c_type(*dtype), self.text(count)?);
                let capacity = capacity.as_ref().map(|it| self.text(it)).transpose()?;
                let capacity = capacity.unwrap_or_else(|| "-1".to_owned());
                self.line(&format!("dacec_queues<{of}> {name}({count}, {capacity});"));
                self.line(&format!("if ({name}.queues.data == 0) {{"));
                self.nested(|printer| printer.fail(Failure::OutOfMemory, on_failure));
                self.line("}");
            }
            Stmt::Push { queue, value, code, escape } => {
                let (queue, value) = (self.queue(queue)?, self.text(value)?);
                self.line(&format!("if (!{queue}.push({value})) {{"));
                self.nested(|printer| printer.fail(*code, escape));
                self.line("}");
            }
            Stmt::Pop { queue, into, got } => {
                let queue = self.queue(queue)?;
                self.line(&format!("{got} = {queue}.pop(&{into});"));
            }
            Stmt::ConstantArray { name, dtype, values } => self.constant_array(name, *dtype, values)?,
            Stmt::For(it) => self.counted(it)?,
            Stmt::While { condition, body } => {
                let condition = self.text(condition)?;
                self.block(&format!("while ({condition}) {{"), body, "}")?;
            }
            Stmt::DoWhile { body, condition } => {
                let condition = self.text(condition)?;
                self.block("do {", body, &format!("}} while ({condition});"))?;
            }
            Stmt::If { branches, otherwise } => self.branches(branches, otherwise)?,
            Stmt::Block { body, label } => {
                self.block("{", body, "}")?;
                if let Some(label) = label {
                    self.line(&format!("{label}:;"));
                }
            }
            Stmt::Break => self.line("break;"),
            Stmt::Continue => self.line("continue;"),
            Stmt::Leave(Escape::Return) => self.line("return 0;"),
            Stmt::Leave(Escape::Label(label)) => self.line(&format!("goto {label};")),
            Stmt::Fail { code, escape } => self.fail(*code, escape),
            Stmt::Print(pieces) => self.print(pieces)?,
            Stmt::Propagate => self.line("if (dacec_status != 0) return dacec_status;"),
            Stmt::Gemm(gemm) => self.gemm(gemm)?,
            Stmt::Routine(routine) => self.routine(routine)?,
            Stmt::Python(call) => self.python(call)?,
        }
        Ok(())
    }

    /// The text of a tasklet, where its names mean something.
    fn foreign(&mut self, code: &str, bindings: &[(Name, Name)]) {
        self.line("{");
        self.nested(|printer| {
            for (name, variable) in bindings {
                printer.line(&format!("auto &{name} = {variable};"));
            }
            code.lines().for_each(|line| printer.line(line.trim_end()));
        });
        self.line("}");
    }

    /// The comment with a line of the source.
    fn source_line(&mut self, line: u32) {
        let text = usize::try_from(line).ok().and_then(|line| self.source.get(line.checked_sub(1)?)).copied();
        let place =
            if self.file.is_empty() { format!("line {line}") } else { format!("{}:{line}", self.file) };
        // A backslash at the end would continue the comment on the next line.
        match text.map(|text| text.trim().trim_end_matches('\\').trim_end()).filter(|text| !text.is_empty()) {
            Some(text) => self.line(&format!("// {place}: {text}")),
            None => self.line(&format!("// {place}")),
        }
    }

    pub(super) fn nested(&mut self, print: impl FnOnce(&mut Self)) {
        self.indent += 1;
        print(self);
        self.indent -= 1;
    }

    fn block(&mut self, head: &str, body: &[Stmt], tail: &str) -> Result<()> {
        self.line(head);
        self.indent += 1;
        let result = self.statements(body);
        self.indent -= 1;
        self.line(tail);
        result
    }

    fn branches(&mut self, branches: &[(Value, Vec<Stmt>)], otherwise: &[Stmt]) -> Result<()> {
        for (at, (condition, body)) in branches.iter().enumerate() {
            let condition = self.text(condition)?;
            let head = if at == 0 { "if" } else { "} else if" };
            self.line(&format!("{head} ({condition}) {{"));
            self.indent += 1;
            self.statements(body)?;
            self.indent -= 1;
        }
        if !otherwise.is_empty() {
            self.line("} else {");
            self.indent += 1;
            self.statements(otherwise)?;
            self.indent -= 1;
        }
        self.line("}");
        Ok(())
    }

    pub(super) fn fail(&mut self, code: Failure, escape: &Escape) {
        let number = code.number();
        let why = match code {
            Failure::OutOfMemory => "out of memory",
            Failure::BadSymbol => "a symbol has a value without meaning",
            Failure::Check(_) => "a check failed",
        };
        match escape {
            Escape::Return => self.line(&format!("return {number}; // {why}")),
            Escape::Label(label) => {
                self.pragma("omp atomic write");
                self.line(&format!("dacec_status = {number}; // {why}"));
                self.line(&format!("goto {label};"));
            }
        }
    }

    fn update(&mut self, place: &Place, wcr: Wcr, value: &Value, atomic: bool) -> Result<()> {
        let dtype = place.dtype();
        let (place, value) = (self.place(place)?, self.value(value)?);
        let compound = compound_operator(wcr, dtype);
        if atomic {
            let simple = compound.is_some() && !dtype.is_complex() && dtype != DType::Float16;
            self.pragma(if simple { "omp atomic" } else { "omp critical(dacec_update)" });
        }
        if let Some(op) = compound {
            self.line(&format!("{place} {op} {};", value.text));
            return Ok(());
        }
        let combined = match wcr {
            Wcr::Min | Wcr::Max => {
                let helper = match (wcr, dtype.is_complex()) {
                    (Wcr::Min, false) => "dacec_min",
                    (Wcr::Min, true) => "dacec_complex_min",
                    (_, false) => "dacec_max",
                    (_, true) => "dacec_complex_max",
                };
                let helper = self.helper(helper);
                format!("{helper}<{}>({place}, {})", c_type(dtype), value.text)
            }
            Wcr::LogicalAnd | Wcr::Product => format!("{place} && {}", value.at(super::values::Level::BitOr)),
            _ => format!("{place} || {}", value.at(super::values::Level::BitOr)),
        };
        self.line(&format!("{place} = {combined};"));
        Ok(())
    }

    fn search(&mut self, place: &Place, wcr: Wcr, first: &Place, count: &Value) -> Result<()> {
        let choose = self.helper(if wcr == Wcr::Min { "dacec_min" } else { "dacec_max" });
        let (helper, of, found) = (self.helper("dacec_extreme"), c_type(place.dtype()), self.place(place)?);
        let (first, count) = (self.address(first)?, self.text(count)?);
        self.line(&format!("{found} = {helper}<{of}, {choose}<{of}>>({found}, {first}, {count});"));
        Ok(())
    }

    fn queue(&mut self, queue: &Queue) -> Result<String> {
        let place =
            Place::Element { array: queue.queues.clone(), index: queue.index.clone(), dtype: queue.dtype };
        self.place(&place)
    }

    /// Nothing writes it, but pointers to it are those of other arrays.
    fn constant_array(&mut self, name: &Name, dtype: DType, values: &[Constant]) -> Result<()> {
        const IN_A_LINE: usize = 8;
        let of = c_type(dtype);
        self.line(&format!("alignas(64) static {of} {name}[{}] = {{", values.len().max(1)));
        self.indent += 1;
        for chunk in values.chunks(IN_A_LINE) {
            let texts = chunk.iter().map(|value| self.text(&Value::Constant(*value)));
            let texts = texts.collect::<Result<Vec<_>>>()?;
            self.line(&format!("{},", texts.join(", ")));
        }
        self.indent -= 1;
        self.line("};");
        Ok(())
    }

    fn counted(&mut self, it: &For) -> Result<()> {
        let variable = &it.variable;
        let (start, stop, step) = (self.text(&it.start)?, self.value(&it.stop)?, self.value(&it.step)?);
        let (stop, step_text) = (stop.at(super::values::Level::Shift), step.at(super::values::Level::Sum));
        let condition = match it.direction {
            Direction::Up => format!("{variable} < {stop}"),
            Direction::Down => format!("{variable} > {stop}"),
            Direction::Unknown => format!("{step_text} > 0 ? {variable} < {stop} : {variable} > {stop}"),
        };
        let change = match it.step.as_index().and_then(Expr::as_int) {
            Some(1) => format!("{variable}++"),
            Some(-1) => format!("{variable}--"),
            Some(value) if value < 0 && value != i64::MIN => format!("{variable} -= {}", -value),
            _ => format!("{variable} += {}", step.text),
        };
        let (begin, calls) = (self.out.len(), self.calls.of_machine());
        match &it.parallel {
            Some(parallel) => self.parallel_pragma(parallel, it.independent)?,
            None if it.independent => self.pragma("GCC ivdep"),
            None => {}
        }
        self.block(&format!("for (int64_t {variable} = {start}; {condition}; {change}) {{"), &it.body, "}")?;
        if it.parallel.is_some() && self.calls.of_machine() > calls {
            let when = it.parallel.as_ref().and_then(|parallel| parallel.when.as_ref());
            let when = when.map(|when| self.text(when)).transpose()?;
            self.alone(begin, when);
        }
        Ok(())
    }

    /// Puts what was printed from a place on into a block in which a BLAS of the machine starts no threads, if the loop there
    /// is shared.
    fn alone(&mut self, begin: usize, when: Option<String>) {
        let text = self.out.split_off(begin);
        self.line("{");
        self.indent += 1;
        self.line(&format!("const dacec_alone alone({});", when.as_deref().unwrap_or("true")));
        for line in text.lines() {
            self.out.push_str("    ");
            self.out.push_str(line);
            self.out.push('\n');
        }
        self.indent -= 1;
        self.line("}");
        self.uses_alone = true;
    }

    fn parallel_pragma(&mut self, parallel: &Parallel, independent: bool) -> Result<()> {
        // Telling that a loop may be vectorized would also allow to reorder a reduction, which is not ours to allow.
        let simd = independent && parallel.collapse == 1 && parallel.reductions.is_empty();
        let mut pragma = format!("omp parallel for{}", if simd { " simd" } else { "" });
        if parallel.collapse > 1 {
            pragma.push_str(&format!(" collapse({})", parallel.collapse));
        }
        for reduction in &parallel.reductions {
            let operator = self.reduction_operator(reduction.wcr, reduction.dtype);
            pragma.push_str(&format!(" reduction({operator}: {})", reduction.variable));
        }
        if parallel.uneven {
            pragma.push_str(" schedule(dynamic, 4)");
        }
        if let Some(when) = &parallel.when {
            let when = self.text(when)?;
            pragma.push_str(&format!(" if(parallel: {when})"));
        }
        self.pragma(&pragma);
        Ok(())
    }

    fn reduction_operator(&mut self, wcr: Wcr, dtype: DType) -> String {
        let real = !dtype.is_complex() && dtype != DType::Float16;
        let truth = dtype == DType::Bool;
        let operator = match wcr {
            Wcr::Sum if truth => "||",
            Wcr::Product if truth => "&&",
            Wcr::Sum if real => "+",
            Wcr::Product if real => "*",
            Wcr::Min if dtype.is_integer() => "min",
            Wcr::Max if dtype.is_integer() => "max",
            Wcr::LogicalAnd if real => "&&",
            Wcr::LogicalOr if real => "||",
            Wcr::BitAnd => "&",
            Wcr::BitOr => "|",
            Wcr::BitXor => "^",
            _ => {
                match wcr {
                    Wcr::Min => {
                        self.helper(if dtype.is_complex() { "dacec_complex_min" } else { "dacec_min" })
                    }
                    Wcr::Max => {
                        self.helper(if dtype.is_complex() { "dacec_complex_max" } else { "dacec_max" })
                    }
                    _ => "",
                };
                self.reductions.insert((wcr, dtype));
                return prelude::reduction_name(wcr, dtype);
            }
        };
        operator.to_owned()
    }
}

/// The operator that combines and assigns at once, if there is one with the right meaning.
fn compound_operator(wcr: Wcr, dtype: DType) -> Option<&'static str> {
    match wcr {
        Wcr::Sum | Wcr::Product if dtype == DType::Bool => None,
        Wcr::Sum => Some("+="),
        Wcr::Product => Some("*="),
        Wcr::BitAnd => Some("&="),
        Wcr::BitOr => Some("|="),
        Wcr::BitXor => Some("^="),
        Wcr::Min | Wcr::Max | Wcr::LogicalAnd | Wcr::LogicalOr | Wcr::Custom(_) => None,
    }
}
