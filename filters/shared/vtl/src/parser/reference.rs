//! `$name`, `${name}`, `$!name`, and the properties, methods and indices behind them.

use std::rc::Rc;

use super::token::Kind;
use super::{Parsed, Parser};
use crate::ast::{Expr, Reference, ReferenceKind, Set, Step, StepKind, Target};
use crate::method::LoopProperty;

/// The first token of a reference, taken apart.
struct Root {
    name: String,
    kind: ReferenceKind,
    /// Backslashes that escapes leave.
    escapes: String,
    /// `$` and backslashes in front that begin nothing.
    more: String,
}

impl Parser<'_, '_> {
    /// A reference. The next token is a name or `{`.
    pub(super) fn reference(&mut self) -> Parsed<Reference> {
        let (first, path) = self.reference_tokens()?;
        let last = self.last();
        let root = self.root(first);
        let slot = self.compiler.slot(&root.name);
        let names = path.iter().take_while(|step| matches!(step.kind, StepKind::Property(_))).count();
        let of_loop = match path.first().map(|step| &step.kind) {
            Some(StepKind::Property(name)) => LoopProperty::named(name),
            _ => None,
        };
        Ok(Reference {
            root: slot,
            path: path.into_boxed_slice(),
            names,
            of_loop,
            kind: root.kind,
            prefix: format!("{}{}", root.escapes, root.more).into_boxed_str(),
            escapes: root.escapes.into_boxed_str(),
            literal: Rc::from(self.literal(first, last)),
            at: self.at(first),
        })
    }

    /// `#set(…)`, which the lexer gives as one token up to its parenthesis.
    pub(super) fn set(&mut self) -> Parsed<crate::ast::Node> {
        let start = self.advance()?;
        let at = self.at(start);
        self.skip(Kind::Whitespace)?;
        if !matches!(self.peek()?, Kind::Identifier | Kind::CurlyOpen) {
            return Err(self.unexpected("a reference to set"));
        }
        let (first, mut path) = self.reference_tokens()?;
        let root = self.root(first);
        let target = match path.pop() {
            // Java takes all behind the first character for the name here, so `${x}` and `$!x` set other variables.
            None => Target::Variable({
                let name = self.image(first).get(1..).unwrap_or("").to_owned();
                self.compiler.slot(&name)
            }),
            Some(last) => Target::Member { root: self.compiler.slot(&root.name), path: path.into_boxed_slice(), last },
        };
        self.skip(Kind::Whitespace)?;
        self.expect(Kind::Assign)?;
        let value = self.expression()?.expr;
        self.expect(Kind::RParen)?;
        self.lexer.leave_set();
        // The grammar allows a newline here; the parenthesis has already taken it, but the token behind is looked at.
        self.peek()?;
        Ok(crate::ast::Node::Set(Box::new(Set { target, value, at })))
    }

    /// Index of the first token, and the path.
    fn reference_tokens(&mut self) -> Parsed<(usize, Vec<Step>)> {
        let first = self.advance()?;
        let formal = self.token(first).is_some_and(|token| token.kind == Kind::CurlyOpen);
        if formal {
            self.expect(Kind::Identifier)?;
        }
        let mut path = Vec::new();
        self.indices(&mut path)?;
        while self.peek()? == Kind::Dot && self.peek_at(1)? == Kind::Identifier {
            self.advance()?;
            let step = if self.at_method()? { self.nested(Self::method)? } else { self.property()? };
            path.push(step);
            self.indices(&mut path)?;
        }
        if formal {
            self.expect(Kind::CurlyClose)?;
        }
        Ok((first, path))
    }

    fn property(&mut self) -> Parsed<Step> {
        let index = self.expect(Kind::Identifier)?;
        Ok(Step { kind: StepKind::Property(Rc::from(self.image(index))), at: self.at(index) })
    }

    /// A name, `(`, and something that can begin an argument or `)`: else the parenthesis is text.
    fn at_method(&mut self) -> Parsed<bool> {
        if self.peek_at(1)? != Kind::LParen {
            return Ok(false);
        }
        let next = self.peek_at(2)?;
        Ok(next == Kind::MethodClose || begins_parameter(next))
    }

    fn method(&mut self) -> Parsed<Step> {
        let name = self.expect(Kind::Identifier)?;
        let at = self.at(name);
        self.expect(Kind::LParen)?;
        let mut arguments = Vec::new();
        if begins_parameter(self.peek()?) {
            arguments.push(self.parameter()?);
            while self.peek()? == Kind::Comma {
                self.advance()?;
                arguments.push(self.parameter()?);
            }
        }
        self.expect(Kind::MethodClose)?;
        let name = Rc::from(self.image(name));
        Ok(Step { kind: StepKind::Method(name, arguments.into_boxed_slice()), at })
    }

    fn indices(&mut self, path: &mut Vec<Step>) -> Parsed<()> {
        while self.peek()? == Kind::IndexOpen {
            let open = self.advance()?;
            let at = self.at(open);
            self.skip(Kind::Whitespace)?;
            let index = self.nested(|p| match p.peek()? {
                Kind::StringLiteral => p.string_literal(),
                Kind::Integer => p.integer(),
                Kind::True | Kind::False => p.boolean(),
                Kind::Identifier | Kind::CurlyOpen => Ok(Expr::Reference(Box::new(p.reference()?))),
                _ => Err(p.unexpected("a string, a number or a reference as index")),
            })?;
            self.skip(Kind::Whitespace)?;
            self.expect(Kind::IndexClose)?;
            path.push(Step { kind: StepKind::Index(index), at });
        }
        Ok(())
    }

    /// Takes the first token apart, and moves it past what does not belong to the reference.
    fn root(&mut self, first: usize) -> Root {
        let image = self.image(first);
        if image.contains("\\!") {
            let kind = ReferenceKind::Void;
            return Root { name: image.to_owned(), kind, escapes: String::new(), more: String::new() };
        }
        let slashes = image.bytes().take_while(|b| *b == b'\\').count();
        let escapes = "\\".repeat(slashes / 2);
        let rest = image.get(slashes..).unwrap_or("");
        let more = rest.rfind('$').and_then(|at| rest.get(..at)).unwrap_or("").to_owned();
        let image = rest.get(more.len()..).unwrap_or("");
        let (name, kind) = if let Some(name) = image.strip_prefix("$!") {
            (if name == "{" { self.image(first.saturating_add(1)) } else { name }, ReferenceKind::Quiet)
        } else if image == "${" {
            (self.image(first.saturating_add(1)), ReferenceKind::Value)
        } else if let Some(name) = image.strip_prefix('$') {
            (name, ReferenceKind::Value)
        } else {
            (image, ReferenceKind::Runt)
        };
        let kind =
            if !slashes.is_multiple_of(2) && kind != ReferenceKind::Runt { ReferenceKind::Escaped } else { kind };
        let name = name.to_owned();
        let moved = slashes.saturating_add(more.len());
        if let Some(token) = self.tokens.get_mut(first) {
            token.start = token.start.saturating_add(moved);
        }
        Root { name, kind, escapes, more }
    }
}

/// Whether a token can begin an argument, white space included.
pub(super) fn begins_parameter(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Whitespace
            | Kind::StringLiteral
            | Kind::Integer
            | Kind::Float
            | Kind::True
            | Kind::False
            | Kind::LBracket
            | Kind::LeftCurly
            | Kind::Identifier
            | Kind::CurlyOpen
    )
}
