//! A compiled template: what the renderer walks.
//!
//! Variables are numbered when the template is compiled. Velocity has one scope, and without `#evaluate` every name is
//! known beforehand, so the renderer keeps values in an array.

use std::rc::Rc;

use crate::method::LoopProperty;
use crate::value::Value;

/// Index of a variable in [`Program::names`].
pub(crate) type Slot = usize;

/// Byte offset in the template, for errors.
pub(crate) type Offset = u32;

/// A template, ready to render.
#[derive(Debug)]
pub(crate) struct Program {
    pub nodes: Vec<Node>,
    /// Name of each variable.
    pub names: Vec<Rc<str>>,
    /// Compiled double-quoted strings; [`Expr::Interpolated`] points into it.
    pub strings: Vec<Interpolated>,
    /// Slots that every `#foreach` maintains, if the template mentions them.
    pub loop_slots: LoopSlots,
}

/// Where `$foreach`, `$velocityCount` and `$velocityHasNext` are kept.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct LoopSlots {
    pub foreach: Option<Slot>,
    pub count: Option<Slot>,
    pub has_next: Option<Slot>,
}

/// The inside of a double-quoted string with references or directives.
#[derive(Debug)]
pub(crate) struct Interpolated {
    pub nodes: Vec<Node>,
    /// Velocity renders such a string with a blank behind it and takes the last character of the result away.
    pub padded: bool,
}

/// What is printed or done.
#[derive(Debug)]
pub(crate) enum Node {
    Text(Box<str>),
    Print(Box<Reference>),
    Set(Box<Set>),
    If(Box<If>),
    Foreach(Box<Foreach>),
    Define(Box<Define>),
    /// `#break`, or `#break($scope)`
    Break(Option<Box<Expr>>, Offset),
    /// `#stop`, or `#stop(message)`
    Stop(Option<Box<Expr>>),
}

#[derive(Debug)]
pub(crate) struct Set {
    pub target: Target,
    pub value: Expr,
    pub at: Offset,
}

/// The left side of `#set`.
#[derive(Debug)]
pub(crate) enum Target {
    Variable(Slot),
    /// A property or an index of what a reference gives.
    Member {
        root: Slot,
        path: Box<[Step]>,
        last: Step,
    },
}

#[derive(Debug)]
pub(crate) struct If {
    pub branches: Box<[(Expr, Vec<Node>)]>,
    pub otherwise: Option<Vec<Node>>,
}

#[derive(Debug)]
pub(crate) struct Foreach {
    pub variable: Slot,
    /// What is iterated. The fewest arguments that Java looks at are three; with fewer the loop fails or does nothing.
    pub over: Iterated,
    pub body: LoopBody,
    pub at: Offset,
}

#[derive(Debug)]
pub(crate) enum Iterated {
    Expr(Expr),
    /// `#foreach($x in)`: there is nothing to iterate.
    Nothing,
    /// `#foreach($x)`: Java fails with an array index.
    Missing,
}

/// What a loop renders each time.
#[derive(Debug)]
pub(crate) enum LoopBody {
    Block(Vec<Node>),
    /// `#foreach($x in $list $y)`: Java takes the fourth argument for the body. A value that is not a reference
    /// renders nothing.
    Argument(Option<Box<Reference>>),
}

#[derive(Debug)]
pub(crate) struct Define {
    pub variable: Slot,
    pub body: Rc<Vec<Node>>,
}

/// `$name.property.method(argument)[index]`
#[derive(Debug)]
pub(crate) struct Reference {
    pub root: Slot,
    pub path: Box<[Step]>,
    /// How many properties the path begins with.
    pub names: usize,
    /// What the first of them is of a loop.
    pub of_loop: Option<LoopProperty>,
    pub kind: ReferenceKind,
    /// Printed before the value: the backslashes that escapes leave, and `$` that begin nothing.
    pub prefix: Box<str>,
    /// Half of the backslashes, printed once more where the value cannot be printed.
    pub escapes: Box<str>,
    /// The reference as typed.
    pub literal: Rc<str>,
    pub at: Offset,
}

impl Reference {
    /// Names of the properties that the path begins with.
    pub(crate) fn leading_names(&self) -> impl Iterator<Item = &str> {
        self.path.iter().map_while(|step| match &step.kind {
            StepKind::Property(name) => Some(&**name),
            _ => None,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReferenceKind {
    /// Prints its value.
    Value,
    /// `$!x`: prints its value, or nothing where a block cannot be rendered.
    Quiet,
    /// `\$x`: evaluated, but its literal is printed.
    Escaped,
    /// Looks like a reference to the grammar but has no `$`: prints its first token, and is null as a value.
    Runt,
    /// `$\!x`: no value at all.
    Void,
}

#[derive(Debug)]
pub(crate) struct Step {
    pub kind: StepKind,
    pub at: Offset,
}

#[derive(Debug)]
pub(crate) enum StepKind {
    Property(Rc<str>),
    Method(Rc<str>, Box<[Expr]>),
    Index(Expr),
}

#[derive(Debug)]
pub(crate) enum Expr {
    /// A constant, made once.
    Value(Value),
    Interpolated(usize),
    Reference(Box<Reference>),
    List(Box<[Expr]>),
    Map(Box<[(Expr, Expr)]>),
    Range(Box<(Expr, Expr)>),
    Not(Box<Expr>),
    /// `a && b && c`
    And(Box<[Expr]>),
    Or(Box<[Expr]>),
    /// `==`, `!=`, `<` …, from left to right.
    Compare(Box<Chain<Comparison>>),
    /// `+ -` or `* / %`, from left to right.
    Math(Box<Chain<Operator>>),
    /// In parentheses: evaluated as its inside.
    Group(Box<Expr>),
}

/// Operators of one precedence, applied from left to right. Kept flat so that a long sum does not nest.
#[derive(Debug)]
pub(crate) struct Chain<Op> {
    pub first: Operand,
    pub rest: Box<[Link<Op>]>,
}

#[derive(Debug)]
pub(crate) struct Link<Op> {
    pub op: Op,
    pub operand: Operand,
    /// Text of this operand with the white space around it: what Velocity takes for the text of everything up to here.
    pub literal: Literal,
}

/// An operand, and its text: `+` with a string on the other side takes the text for a value that is null.
#[derive(Debug)]
pub(crate) struct Operand {
    pub expr: Expr,
    pub literal: Literal,
}

/// A stretch of source as Velocity prints it back.
#[derive(Debug)]
pub(crate) struct Literal {
    pub source: Rc<str>,
    pub start: usize,
    pub end: usize,
}

impl Literal {
    pub(crate) fn as_str(&self) -> &str {
        self.source.get(self.start..self.end).unwrap_or("")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}
