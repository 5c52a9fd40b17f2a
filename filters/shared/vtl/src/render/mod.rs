//! Walks a compiled template and writes its output.

mod cycles;
mod evaluate;
mod foreach;
mod pattern_cache;
mod reference;

use std::cell::Cell;
use std::rc::Rc;

use crate::ast::{If, Node, Offset, Program, Slot};
use crate::budget::Budget;
use crate::error::{Limit, Position, RenderErrorKind};
use crate::host::{Host, Thrown};
use crate::limits::{MAX_OUTPUT_BYTES, MAX_RENDER_DEPTH};
use crate::scope::{Scope, Trace};
use crate::value::{Block, NumberError, Object, ObjectKind, Printer, Text, Value, print};
use cycles::Adoptions;
pub(crate) use pattern_cache::PatternCache;

/// How often a block may be inside of itself; further in, its reference is printed as typed.
const MAX_BLOCK_DEPTH: u32 = 2;

/// A rendering that failed, and where in the template.
#[derive(Debug)]
pub(crate) struct Fault {
    pub kind: RenderErrorKind,
    pub at: Offset,
}

/// Why rendering does not simply go on. In a box, as results are passed on often and signals hardly ever.
#[derive(Debug)]
pub(crate) struct Signal(Box<Cause>);

#[derive(Debug)]
enum Cause {
    Fault(Fault),
    /// `#break`, for the innermost block, or for the loop of this identity.
    Break(Option<usize>),
    Stop,
}

impl From<Cause> for Signal {
    fn from(cause: Cause) -> Self {
        Self(Box::new(cause))
    }
}

type Rendered<T> = Result<T, Signal>;

/// Renders a program.
pub(crate) fn render(
    program: &Program,
    source: &str,
    patterns: &PatternCache,
    scope: &mut Scope<'_>,
) -> Result<String, Fault> {
    let mut slots = vec![Value::Null; program.names.len()];
    for (name, value) in &scope.variables {
        let slot = program.names.iter().position(|known| **known == **name);
        if let Some(place) = slot.and_then(|slot| slots.get_mut(slot)) {
            *place = value.clone();
        }
    }
    let trace = scope.trace.as_mut().map(|observer| &mut **observer as &mut dyn FnMut(Trace<'_>));
    let mut renderer = Renderer {
        program,
        source,
        patterns,
        hosts: &scope.hosts,
        trace,
        slots,
        hidden: Vec::new(),
        depth: 0,
        budget: Budget::default(),
        at: 0,
        adoptions: Adoptions::default(),
        empty: Text::empty(),
    };
    let mut out = String::with_capacity(source.len());
    let result = renderer.nodes(&program.nodes, &mut out);
    let Renderer { slots, adoptions, .. } = renderer;
    drop(slots);
    adoptions.dissolve_cycles();
    match result {
        Ok(()) => Ok(out),
        Err(signal) => match *signal.0 {
            // Outside of every block, `#break` ends the template, too.
            Cause::Break(_) | Cause::Stop => Ok(out),
            Cause::Fault(fault) => Err(fault),
        },
    }
}

pub(crate) struct Renderer<'t, 's> {
    program: &'t Program,
    source: &'t str,
    patterns: &'t PatternCache,
    hosts: &'s [&'s dyn Host],
    trace: Option<&'s mut dyn FnMut(Trace<'_>)>,
    slots: Vec<Value>,
    /// Loop variables that are null in this iteration, and stay so whatever is set; `false` once one was removed.
    hidden: Vec<(Slot, bool)>,
    depth: u32,
    pub(crate) budget: Budget,
    /// Where in the template the last construct begins.
    at: Offset,
    adoptions: Adoptions,
    /// What a reference without a value gives.
    empty: Text,
}

impl Renderer<'_, '_> {
    fn nodes(&mut self, nodes: &[Node], out: &mut String) -> Rendered<()> {
        for node in nodes {
            self.node(node, out)?;
        }
        Ok(())
    }

    fn node(&mut self, node: &Node, out: &mut String) -> Rendered<()> {
        self.spend(1)?;
        match node {
            Node::Text(text) => self.write(text, out),
            Node::Print(reference) => self.print_reference(reference, out),
            Node::Set(set) => self.set(set),
            Node::If(node) => self.condition(node, out),
            Node::Foreach(node) => self.nested(|r| r.foreach(node, out)),
            Node::Define(_) | Node::Break(..) | Node::Stop(_) => self.rare_node(node),
        }
    }

    #[inline(never)]
    fn condition(&mut self, node: &If, out: &mut String) -> Rendered<()> {
        for (condition, body) in &node.branches {
            if self.is_true(condition)? {
                return self.nested(|r| r.nodes(body, out));
            }
        }
        match &node.otherwise {
            Some(body) => self.nested(|r| r.nodes(body, out)),
            None => Ok(()),
        }
    }

    /// What prints nothing, and templates seldom have.
    #[inline(never)]
    fn rare_node(&mut self, node: &Node) -> Rendered<()> {
        match node {
            Node::Define(define) => {
                let block = Block { body: Rc::clone(&define.body), depth: Cell::new(0) };
                self.put(define.variable, Value::object(ObjectKind::Block(Rc::new(block))));
                Ok(())
            }
            Node::Break(None, _) => Err(Cause::Break(None).into()),
            Node::Break(Some(argument), at) => match self.evaluated(argument)? {
                Value::Object(Object(ObjectKind::Loop(scope))) => Err(Cause::Break(Some(scope.owner)).into()),
                _ => Err(self.fault_at(*at, RenderErrorKind::Failed("#break takes a loop, such as $foreach".into()))),
            },
            Node::Stop(argument) => {
                if let Some(argument) = argument {
                    let message = self.evaluated(argument)?;
                    self.text_of(&message)?;
                }
                Err(Cause::Stop.into())
            }
            _ => Ok(()),
        }
    }

    /// Appends to the output.
    fn write(&mut self, text: &str, out: &mut String) -> Rendered<()> {
        out.push_str(text);
        self.check(out)
    }

    pub(crate) fn spend(&self, steps: u64) -> Rendered<()> {
        self.budget.spend(steps).map_err(|limit| self.limit(limit))
    }

    /// Takes memory for a collection.
    pub(crate) fn allocate(&self, bytes: usize) -> Rendered<()> {
        self.budget.allocate(bytes).map_err(|limit| self.limit(limit))
    }

    /// Takes memory for a text.
    pub(crate) fn allocate_text(&self, bytes: usize) -> Rendered<()> {
        self.budget.text(bytes).map_err(|limit| self.limit(limit))
    }

    /// One level deeper, while `inside` runs.
    fn nested<T>(&mut self, inside: impl FnOnce(&mut Self) -> Rendered<T>) -> Rendered<T> {
        if self.depth >= MAX_RENDER_DEPTH {
            return Err(self.limit(Limit::Depth));
        }
        self.depth = self.depth.saturating_add(1);
        let result = inside(self);
        self.depth = self.depth.saturating_sub(1);
        result
    }

    fn fault(&self, kind: RenderErrorKind) -> Signal {
        self.fault_at(self.at, kind)
    }

    fn fault_at(&self, at: Offset, kind: RenderErrorKind) -> Signal {
        Cause::Fault(Fault { kind, at }).into()
    }

    fn failed(&self, reason: impl Into<String>) -> Signal {
        self.fault(RenderErrorKind::Failed(reason.into()))
    }

    /// A calculation failed.
    fn number_fault(&self, error: NumberError) -> Signal {
        match error {
            NumberError::Digits => self.limit(Limit::Digits),
            NumberError::Format => self.failed("the calculation has no result"),
        }
    }

    /// A method threw.
    fn thrown(&self, method: &str, thrown: Thrown) -> Signal {
        match thrown {
            Thrown::Limit(limit) => self.limit(limit),
            Thrown::Exception(reason) => self.fault(RenderErrorKind::Method { method: method.to_owned(), reason }),
        }
    }

    /// The printed form of a value.
    pub(crate) fn text_of(&mut self, value: &Value) -> Rendered<Text> {
        if let Value::String(text) = value {
            return Ok(text.clone());
        }
        let mut text = self.budget.buffer();
        print(value, &mut text, 0, self)?;
        self.finish(text)
    }

    /// The text that was written into a buffer of the budget.
    pub(crate) fn finish(&self, buffer: String) -> Rendered<Text> {
        self.budget.finish(buffer).map_err(|limit| self.limit(limit))
    }

    /// `toString()`, which is null for a block that is too deep inside of itself.
    fn java_string(&mut self, value: &Value) -> Rendered<Option<Text>> {
        let Value::Object(Object(ObjectKind::Block(block))) = value else { return self.text_of(value).map(Some) };
        let mut text = self.budget.buffer();
        if !self.render_block(block, &mut text)? {
            return Ok(None);
        }
        self.finish(text).map(Some)
    }

    /// Renders a block; `false` where it is too deep inside of itself.
    fn render_block(&mut self, block: &Rc<Block>, out: &mut String) -> Rendered<bool> {
        let depth = block.depth.get();
        if depth >= MAX_BLOCK_DEPTH {
            return Ok(false);
        }
        block.depth.set(depth.saturating_add(1));
        let result = self.nested(|r| r.nodes(&block.body, out));
        block.depth.set(depth);
        match result {
            Err(signal) if !matches!(*signal.0, Cause::Break(None)) => Err(signal),
            _ => Ok(true),
        }
    }

    /// What a variable holds.
    fn read(&self, slot: Slot) -> Value {
        self.variable(slot).cloned().unwrap_or(Value::Null)
    }

    fn variable(&self, slot: Slot) -> Option<&Value> {
        if !self.hidden.is_empty() && self.hidden.iter().any(|(hidden, active)| *hidden == slot && *active) {
            return None;
        }
        self.slots.get(slot)
    }

    fn put(&mut self, slot: Slot, value: Value) {
        if let Value::Null = value {
            for (hidden, active) in &mut self.hidden {
                *active = *active || *hidden == slot;
            }
        }
        if let Some(place) = self.slots.get_mut(slot) {
            *place = value;
        }
    }

    /// Sets a variable back to what it was, where null means that there was none.
    fn restore(&mut self, slot: Slot, value: Value) {
        if let Value::Null = value {
            for (hidden, active) in &mut self.hidden {
                *active = *active && *hidden != slot;
            }
        }
        if let Some(place) = self.slots.get_mut(slot) {
            *place = value;
        }
    }

    fn observe(&mut self, at: Offset, reference: &str, value: &Value) {
        if let Some(observer) = &mut self.trace {
            let position = Position::of(self.source, usize::try_from(at).unwrap_or(usize::MAX));
            observer(Trace { line: position.line, column: position.column, reference, value });
        }
    }
}

impl Printer for Renderer<'_, '_> {
    type Error = Signal;

    fn block(&mut self, block: &Rc<Block>, out: &mut String) -> Rendered<()> {
        if !self.render_block(block, out)? {
            // Java's `toString` gives null here.
            out.push_str("null");
        }
        Ok(())
    }

    fn check(&mut self, out: &str) -> Rendered<()> {
        self.spend(1)?;
        if out.len() > MAX_OUTPUT_BYTES { Err(self.limit(Limit::Output)) } else { Ok(()) }
    }

    fn limit(&self, limit: Limit) -> Signal {
        self.fault(RenderErrorKind::Limit(limit))
    }

    fn budget(&self) -> Option<&Budget> {
        Some(&self.budget)
    }
}
