//! Template text to [`Program`].
//!
//! A token stream ([`lexer`]) and a recursive descent parser over it, split by what it reads: statements here,
//! directives, references, expressions, string literals in their own files. The parser fetches a token only when
//! Velocity's grammar looks at it, because reading a directive's arguments changes the mode of the lexer.

mod directive;
mod expression;
mod lexer;
mod reference;
mod scan;
mod string;
mod token;

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use crate::ast::{Expr, Interpolated, Literal, LoopSlots, Node, Offset, Program, Slot};
use crate::error::CompileError;
use crate::limits::{MAX_NESTING, MAX_TEMPLATE_BYTES};
use lexer::{LexError, Lexer};
use token::{Kind, Token};

/// Compiles a template.
pub(crate) fn compile(source: &str) -> Result<Program, CompileError> {
    if source.len() > MAX_TEMPLATE_BYTES {
        let message = format!("the template has {} bytes, the limit is {MAX_TEMPLATE_BYTES}", source.len());
        return Err(CompileError::at(source, 0, message));
    }
    let mut compiler = Compiler::default();
    let text: Rc<str> = Rc::from(source);
    let nodes = compiler.parse(&text, Origin { base: 0, linear: true }).map_err(|f| f.locate(source))?;
    // A string is parsed after everything around it, as Velocity does: a macro defined behind it counts.
    while let Some(pending) = compiler.pending.pop_front() {
        let nodes = compiler.parse(&pending.text, pending.origin).map_err(|f| f.locate(source))?;
        if let Some(string) = compiler.strings.get_mut(pending.index) {
            *string = Interpolated { nodes, padded: pending.padded };
        }
    }
    let slot = |name: &str| compiler.slots.get(name).copied();
    let loop_slots =
        LoopSlots { foreach: slot("foreach"), count: slot("velocityCount"), has_next: slot("velocityHasNext") };
    Ok(Program { nodes, names: compiler.names, strings: compiler.strings, loop_slots })
}

/// What the parts of one template share.
#[derive(Default)]
struct Compiler {
    names: Vec<Rc<str>>,
    slots: HashMap<Rc<str>, Slot>,
    strings: Vec<Interpolated>,
    pending: VecDeque<PendingString>,
    /// Names of `#macro` definitions. They define nothing, but an escaped call loses its backslash.
    macros: HashSet<String>,
}

struct PendingString {
    index: usize,
    text: Rc<str>,
    origin: Origin,
    padded: bool,
}

/// Where in the template a text comes from.
#[derive(Debug, Clone, Copy)]
struct Origin {
    base: usize,
    /// The text stands in the template as it is, so that places in it can be told apart.
    linear: bool,
}

impl Origin {
    fn offset(self, local: usize) -> usize {
        if self.linear { self.base.saturating_add(local) } else { self.base }
    }
}

/// A parse error, at an offset of the template.
struct Failure {
    offset: usize,
    message: String,
}

impl Failure {
    fn locate(self, source: &str) -> CompileError {
        CompileError::at(source, self.offset, self.message)
    }
}

type Parsed<T> = Result<T, Failure>;

impl Compiler {
    fn parse(&mut self, text: &Rc<str>, origin: Origin) -> Parsed<Vec<Node>> {
        let mut parser = Parser {
            compiler: self,
            text: Rc::clone(text),
            lexer: Lexer::new(text),
            tokens: Vec::new(),
            pos: 0,
            depth: 0,
            origin,
        };
        let nodes = parser.statements()?;
        match parser.peek()? {
            Kind::Eof => Ok(nodes),
            kind @ (Kind::End | Kind::Else | Kind::ElseIf) => {
                Err(parser.failure(parser.pos, format!("{} without a directive that it belongs to", kind.describe())))
            }
            _ => Err(parser.unexpected("text, a reference or a directive")),
        }
    }

    fn slot(&mut self, name: &str) -> Slot {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let name: Rc<str> = Rc::from(name);
        let slot = self.names.len();
        self.names.push(Rc::clone(&name));
        self.slots.insert(name, slot);
        slot
    }
}

struct Parser<'c, 's> {
    compiler: &'c mut Compiler,
    text: Rc<str>,
    lexer: Lexer<'s>,
    /// Tokens read so far.
    tokens: Vec<Token>,
    /// The next one to consume.
    pos: usize,
    depth: u32,
    origin: Origin,
}

/// Statements under construction. Texts in a row become one.
#[derive(Default)]
struct Nodes {
    list: Vec<Node>,
    text: String,
}

impl Nodes {
    fn push(&mut self, node: Node) {
        self.flush();
        self.list.push(node);
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.list.push(Node::Text(std::mem::take(&mut self.text).into_boxed_str()));
        }
    }
}

impl Parser<'_, '_> {
    /// Kind of the next token but `ahead`.
    fn peek_at(&mut self, ahead: usize) -> Parsed<Kind> {
        let wanted = self.pos.saturating_add(ahead);
        while self.tokens.len() <= wanted {
            match self.lexer.next_token() {
                Ok(token) => {
                    let kind = token.kind;
                    self.tokens.push(token);
                    if kind == Kind::Eof {
                        return Ok(Kind::Eof);
                    }
                }
                Err(error) => return Err(self.lexical(error)),
            }
        }
        Ok(self.tokens.get(wanted).map_or(Kind::Eof, |token| token.kind))
    }

    fn peek(&mut self) -> Parsed<Kind> {
        self.peek_at(0)
    }

    /// Consumes the next token and gives its index. The last token, [`Kind::Eof`], is consumed again and again.
    fn advance(&mut self) -> Parsed<usize> {
        self.peek()?;
        let index = self.pos.min(self.tokens.len().saturating_sub(1));
        self.pos = index.saturating_add(1);
        Ok(index)
    }

    fn expect(&mut self, kind: Kind) -> Parsed<usize> {
        if self.peek()? == kind { self.advance() } else { Err(self.unexpected(kind.describe())) }
    }

    fn skip(&mut self, kind: Kind) -> Parsed<()> {
        if self.peek()? == kind {
            self.advance()?;
        }
        Ok(())
    }

    fn token(&self, index: usize) -> Option<&Token> {
        self.tokens.get(index)
    }

    /// The text of a token.
    fn image(&self, index: usize) -> &str {
        self.token(index).and_then(|token| self.text.get(token.start..token.end)).unwrap_or("")
    }

    /// The text of a token with what text prints before it.
    fn printed(&self, index: usize) -> String {
        match self.token(index) {
            Some(Token { kind: Kind::BlockComment, .. }) | None => String::new(),
            Some(Token { before: Some(before), .. }) => format!("{before}{}", self.image(index)),
            Some(_) => self.image(index).to_owned(),
        }
    }

    /// Tokens `first` to `last` as Velocity prints them back.
    fn literal(&self, first: usize, last: usize) -> String {
        (first..=last).map(|index| self.printed(index)).collect()
    }

    /// The same without a copy, where the tokens stand in the source as they are printed.
    fn stretch(&self, first: usize, last: usize) -> Literal {
        let tokens = self.tokens.get(first..=last).unwrap_or_default();
        let as_printed = tokens.iter().all(|token| token.before.is_none() && token.kind != Kind::BlockComment);
        let is_whole = tokens.windows(2).all(|pair| matches!(pair, [a, b] if a.end == b.start));
        match tokens {
            [from, ..] if as_printed && is_whole => {
                let end = tokens.last().map_or(from.end, |to| to.end);
                Literal { source: Rc::clone(&self.text), start: from.start, end }
            }
            _ => {
                let text = self.literal(first, last);
                Literal { start: 0, end: text.len(), source: Rc::from(text) }
            }
        }
    }

    /// Index of the token consumed last.
    fn last(&self) -> usize {
        self.pos.saturating_sub(1)
    }

    /// Offset in the template of a token.
    fn at(&self, index: usize) -> Offset {
        let local = self.token(index).map_or(self.text.len(), |token| token.start);
        Offset::try_from(self.origin.offset(local)).unwrap_or(Offset::MAX)
    }

    fn failure(&self, index: usize, message: impl Into<String>) -> Failure {
        let local = self.token(index).map_or(self.text.len(), |token| token.start);
        Failure { offset: self.origin.offset(local), message: message.into() }
    }

    /// The next token is not what the grammar asks for.
    fn unexpected(&self, expected: &str) -> Failure {
        let found = match self.token(self.pos) {
            None | Some(Token { kind: Kind::Eof, .. }) => Kind::Eof.describe().to_owned(),
            Some(token) => match self.image(self.pos).trim() {
                "" => token.kind.describe().to_owned(),
                image => format!("`{}`", image.chars().take_while(|c| *c != '\n').take(30).collect::<String>()),
            },
        };
        self.failure(self.pos, format!("expected {expected}, found {found}"))
    }

    fn lexical(&self, error: LexError) -> Failure {
        let offset = self.origin.offset(error.offset);
        let rest = self.text.get(error.offset..).unwrap_or("");
        let message = match (error.at_end, rest.chars().next()) {
            (false, Some(quote @ ('"' | '\''))) => format!("the string that begins with {quote} is not closed"),
            (false, Some(c)) => format!("`{c}` cannot stand here"),
            _ => self.unfinished(),
        };
        Failure { offset, message }
    }

    /// Why the text may not end where it ends.
    fn unfinished(&self) -> String {
        let last = self.text.trim_end().chars().last();
        match last {
            Some(c @ ('$' | '#')) => {
                format!("the template ends with `{c}`; a variable that holds it can print it: #set($c = '{c}')$c")
            }
            _ => "the template ends inside of `#[[` or a comment".to_owned(),
        }
    }

    /// One level deeper, while `inside` runs.
    fn nested<T>(&mut self, inside: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_NESTING {
            return Err(self.failure(self.pos, format!("nested more than {MAX_NESTING} levels deep")));
        }
        self.depth = self.depth.saturating_add(1);
        let result = inside(self);
        self.depth = self.depth.saturating_sub(1);
        result
    }

    /// Statements up to a token that begins none.
    fn statements(&mut self) -> Parsed<Vec<Node>> {
        let mut nodes = Nodes::default();
        while self.statement(&mut nodes)? {}
        nodes.flush();
        Ok(nodes.list)
    }

    /// One statement, or `false`.
    fn statement(&mut self, nodes: &mut Nodes) -> Parsed<bool> {
        match self.peek()? {
            Kind::If => {
                let node = self.nested(Self::if_statement)?;
                nodes.push(node);
            }
            Kind::Identifier => {
                // Looking further settles where the reference ends, before anything else is decided.
                self.peek_at(1)?;
                let reference = self.reference()?;
                nodes.push(Node::Print(Box::new(reference)));
            }
            Kind::CurlyOpen if self.peek_at(1)? == Kind::Identifier => {
                let reference = self.reference()?;
                nodes.push(Node::Print(Box::new(reference)));
            }
            Kind::LineComment => {
                self.comment(nodes)?;
                self.skip(Kind::LineCommentEnd)?;
            }
            Kind::BlockComment | Kind::FormalComment => self.comment(nodes)?,
            Kind::Textblock => {
                let index = self.advance()?;
                let image = self.image(index);
                let end = image.len().saturating_sub(3);
                nodes.text.push_str(image.get(3..end).unwrap_or(""));
            }
            Kind::Set => {
                let node = self.set()?;
                nodes.push(node);
            }
            Kind::EscapedDirective => {
                let index = self.advance()?;
                self.unescape_directive(index);
                nodes.text.push_str(self.image(index));
            }
            Kind::DoubleEscape => self.escapes(nodes)?,
            Kind::Word | Kind::BracketedWord => self.nested(|p| p.directive(nodes))?,
            Kind::Text
            | Kind::Dot
            | Kind::RParen
            | Kind::LParen
            | Kind::Integer
            | Kind::Float
            | Kind::StringLiteral
            | Kind::Escape
            | Kind::CurlyOpen
            | Kind::CurlyClose
            | Kind::EmptyIndex => {
                let index = self.advance()?;
                nodes.text.push_str(&self.printed(index));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A comment prints what its first token has before the comment sign.
    fn comment(&mut self, nodes: &mut Nodes) -> Parsed<()> {
        let index = self.advance()?;
        let image = self.image(index);
        let sign = image.find("##").or_else(|| image.find("#*"));
        nodes.text.push_str(sign.and_then(|at| image.get(..at)).unwrap_or(""));
        Ok(())
    }

    /// `\#if`: half of the backslashes before the last one stay.
    fn unescape_directive(&mut self, index: usize) {
        let image = self.image(index);
        let Some(last) = image.rfind('\\') else { return };
        let tag = image.get(last.saturating_add(2)..).unwrap_or("");
        let name = tag.strip_prefix('{').and_then(|tag| tag.strip_suffix('}')).unwrap_or(tag);
        let known = matches!(name, "if" | "end" | "set" | "else" | "elseif") || self.is_directive(name);
        if known {
            // All before the `#` are backslashes, so that a suffix of the image has the right number.
            let dropped = last.saturating_add(1).saturating_sub(last / 2);
            if let Some(token) = self.tokens.get_mut(index) {
                token.start = token.start.saturating_add(dropped);
            }
        }
    }

    /// Pairs of backslashes: each prints one if a directive follows, else both.
    fn escapes(&mut self, nodes: &mut Nodes) -> Parsed<()> {
        let mut pairs: usize = 0;
        while self.peek()? == Kind::DoubleEscape {
            self.advance()?;
            pairs = pairs.saturating_add(1);
        }
        let control = match self.peek()? {
            Kind::If | Kind::Else | Kind::ElseIf | Kind::End => true,
            _ => self.image(self.pos).get(1..).is_some_and(|name| self.is_directive(name)),
        };
        let slashes = if control { pairs } else { pairs.saturating_mul(2) };
        nodes.text.extend(std::iter::repeat_n('\\', slashes));
        Ok(())
    }

    /// Whether a name is a directive of the engine, or was used in a `#macro` definition.
    fn is_directive(&self, name: &str) -> bool {
        matches!(name, "foreach" | "macro" | "literal" | "break" | "define" | "stop")
            || self.compiler.macros.contains(name)
    }

    fn if_statement(&mut self) -> Parsed<Node> {
        let mut branches = Vec::new();
        let mut otherwise = None;
        let opening = self.advance()?;
        loop {
            self.skip(Kind::Whitespace)?;
            self.expect(Kind::LParen)?;
            let condition = self.expression()?.expr;
            self.expect(Kind::RParen)?;
            branches.push((condition, self.statements()?));
            if self.peek()? != Kind::ElseIf {
                break;
            }
            self.advance()?;
        }
        if self.peek()? == Kind::Else {
            self.advance()?;
            otherwise = Some(self.statements()?);
        }
        self.end_of("#if", opening)?;
        Ok(Node::If(Box::new(crate::ast::If { branches: branches.into_boxed_slice(), otherwise })))
    }

    /// The `#end` of a directive that began with the token `opening`.
    fn end_of(&mut self, directive: &str, opening: usize) -> Parsed<()> {
        if self.peek()? == Kind::Eof {
            return Err(self.failure(opening, format!("this {directive} has no #end")));
        }
        self.expect(Kind::End)?;
        Ok(())
    }

    /// Takes a string literal into the list of those to compile.
    fn interpolated(&mut self, text: String, origin: Origin) -> Expr {
        let index = self.compiler.strings.len();
        let padded = !text.contains("##");
        let text: Rc<str> = if padded { Rc::from(text + " ") } else { Rc::from(text) };
        self.compiler.strings.push(Interpolated { nodes: Vec::new(), padded });
        self.compiler.pending.push_back(PendingString { index, text, origin, padded });
        Expr::Interpolated(index)
    }
}
