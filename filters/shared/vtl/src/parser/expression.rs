//! Expressions: literals, references, operators.

use super::token::Kind;
use super::{Parsed, Parser};
use crate::ast::{Chain, Comparison, Expr, Link, Operand, Operator};
use crate::value::Value;

/// An expression, and its first and last token: what lies between is its text to Velocity.
pub(super) struct Source {
    pub expr: Expr,
    first: usize,
    last: usize,
}

impl Parser<'_, '_> {
    /// A whole expression, with the white space around it.
    pub(super) fn expression(&mut self) -> Parsed<Source> {
        self.nested(|p| {
            let first = p.pos;
            let expr = p.any_of()?;
            Ok(Source { expr, first, last: p.last() })
        })
    }

    fn any_of(&mut self) -> Parsed<Expr> {
        let first = self.all_of()?;
        if self.peek()? != Kind::Or {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.peek()? == Kind::Or {
            self.advance()?;
            operands.push(self.all_of()?);
        }
        Ok(Expr::Or(operands.into_boxed_slice()))
    }

    fn all_of(&mut self) -> Parsed<Expr> {
        let first = self.equality()?;
        if self.peek()? != Kind::And {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.peek()? == Kind::And {
            self.advance()?;
            operands.push(self.equality()?);
        }
        Ok(Expr::And(operands.into_boxed_slice()))
    }

    fn equality(&mut self) -> Parsed<Expr> {
        let source = self.chain(
            Self::relation,
            |kind| match kind {
                Kind::Eq => Some(Comparison::Eq),
                Kind::Ne => Some(Comparison::Ne),
                _ => None,
            },
            Expr::Compare,
        )?;
        Ok(source.expr)
    }

    fn relation(&mut self) -> Parsed<Source> {
        self.chain(
            Self::sum,
            |kind| match kind {
                Kind::Lt => Some(Comparison::Lt),
                Kind::Le => Some(Comparison::Le),
                Kind::Gt => Some(Comparison::Gt),
                Kind::Ge => Some(Comparison::Ge),
                _ => None,
            },
            Expr::Compare,
        )
    }

    fn sum(&mut self) -> Parsed<Source> {
        self.chain(
            Self::product,
            |kind| match kind {
                Kind::Plus => Some(Operator::Add),
                Kind::Minus => Some(Operator::Subtract),
                _ => None,
            },
            Expr::Math,
        )
    }

    fn product(&mut self) -> Parsed<Source> {
        self.chain(
            Self::unary,
            |kind| match kind {
                Kind::Star => Some(Operator::Multiply),
                Kind::Slash => Some(Operator::Divide),
                Kind::Percent => Some(Operator::Modulo),
                _ => None,
            },
            Expr::Math,
        )
    }

    /// Operands with operators of one precedence between them.
    fn chain<Op>(
        &mut self,
        operand: impl Fn(&mut Self) -> Parsed<Source>,
        operator: impl Fn(Kind) -> Option<Op>,
        make: impl FnOnce(Box<Chain<Op>>) -> Expr,
    ) -> Parsed<Source> {
        let first = operand(self)?;
        let Some(mut op) = operator(self.peek()?) else { return Ok(first) };
        let mut rest = Vec::new();
        loop {
            self.advance()?;
            let from = self.pos;
            let source = operand(self)?;
            let last = self.last();
            rest.push(Link { op, operand: self.operand(source), literal: self.stretch(from, last) });
            match operator(self.peek()?) {
                Some(next) => op = next,
                None => {
                    let first = self.operand(first);
                    let rest = rest.into_boxed_slice();
                    return Ok(Source { expr: make(Box::new(Chain { first, rest })), first: from, last });
                }
            }
        }
    }

    fn operand(&self, source: Source) -> Operand {
        Operand { expr: source.expr, literal: self.stretch(source.first, source.last) }
    }

    fn unary(&mut self) -> Parsed<Source> {
        let blank = usize::from(self.peek()? == Kind::Whitespace);
        if self.peek_at(blank)? != Kind::Not {
            return self.primary();
        }
        let first = self.pos;
        self.skip(Kind::Whitespace)?;
        self.advance()?;
        let inner = self.nested(Self::unary)?;
        Ok(Source { expr: Expr::Not(Box::new(inner.expr)), first, last: self.last() })
    }

    fn primary(&mut self) -> Parsed<Source> {
        self.skip(Kind::Whitespace)?;
        let source = if self.peek()? == Kind::LParen {
            self.advance()?;
            let Source { expr, first, last } = self.expression()?;
            self.expect(Kind::RParen)?;
            Source { expr: Expr::Group(Box::new(expr)), first, last }
        } else {
            let first = self.pos;
            let expr = self.value("an expression")?;
            Source { expr, first, last: self.last() }
        };
        self.skip(Kind::Whitespace)?;
        Ok(source)
    }

    /// An argument of a method, an element of a list or a map.
    pub(super) fn parameter(&mut self) -> Parsed<Expr> {
        self.skip(Kind::Whitespace)?;
        let expr = self.value("a value")?;
        self.skip(Kind::Whitespace)?;
        Ok(expr)
    }

    /// A literal or a reference. `expected` is how an error names it.
    pub(super) fn value(&mut self, expected: &str) -> Parsed<Expr> {
        match self.peek()? {
            Kind::StringLiteral => self.string_literal(),
            Kind::Identifier | Kind::CurlyOpen => Ok(Expr::Reference(Box::new(self.reference()?))),
            Kind::Integer => self.integer(),
            Kind::Float => self.float(),
            Kind::True | Kind::False => self.boolean(),
            Kind::LBracket => self.nested(Self::list_or_range),
            Kind::LeftCurly => self.nested(Self::map),
            _ => Err(self.unexpected(expected)),
        }
    }

    pub(super) fn integer(&mut self) -> Parsed<Expr> {
        let index = self.advance()?;
        // `#1` in text has a prefix, but never gets here.
        match Value::parse_integer(self.image(index)) {
            Some(value) => Ok(Expr::Value(value)),
            None => Err(self.failure(index, "not a number")),
        }
    }

    fn float(&mut self) -> Parsed<Expr> {
        let index = self.advance()?;
        match self.image(index).parse::<f64>() {
            Ok(value) => Ok(Expr::Value(Value::Double(value))),
            Err(_) => Err(self.failure(index, "not a number")),
        }
    }

    /// `true` and `false`; `$true` is the same to the grammar.
    pub(super) fn boolean(&mut self) -> Parsed<Expr> {
        let index = self.advance()?;
        let value = self.token(index).is_some_and(|token| token.kind == Kind::True);
        Ok(Expr::Value(Value::Bool(value)))
    }

    /// `[a, b]` or `[a..b]`. Both begin alike.
    fn list_or_range(&mut self) -> Parsed<Expr> {
        self.expect(Kind::LBracket)?;
        let mut elements = Vec::new();
        if self.peek()? != Kind::RBracket {
            let first = self.parameter()?;
            if self.peek()? == Kind::DoubleDot && self.is_range_bound(&first) {
                self.advance()?;
                self.skip(Kind::Whitespace)?;
                let last = match self.peek()? {
                    Kind::Integer => self.integer()?,
                    Kind::Identifier | Kind::CurlyOpen => Expr::Reference(Box::new(self.reference()?)),
                    _ => return Err(self.unexpected("a number or a reference")),
                };
                self.skip(Kind::Whitespace)?;
                self.expect(Kind::RBracket)?;
                return Ok(Expr::Range(Box::new((first, last))));
            }
            elements.push(first);
            while self.peek()? == Kind::Comma {
                self.advance()?;
                elements.push(self.parameter()?);
            }
        }
        self.expect(Kind::RBracket)?;
        Ok(Expr::List(elements.into_boxed_slice()))
    }

    fn is_range_bound(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Reference(_) | Expr::Value(Value::Int(_) | Value::Long(_) | Value::BigInt(_)))
    }

    /// `{key: value, …}`. A comma behind the last pair is an error in Velocity.
    fn map(&mut self) -> Parsed<Expr> {
        self.expect(Kind::LeftCurly)?;
        let mut pairs = Vec::new();
        let blank = usize::from(self.peek()? == Kind::Whitespace);
        if matches!(self.peek_at(blank)?, Kind::RightCurly | Kind::CurlyClose) {
            self.skip(Kind::Whitespace)?;
        } else {
            loop {
                let key = self.parameter()?;
                self.expect(Kind::Colon)?;
                pairs.push((key, self.parameter()?));
                if self.peek()? != Kind::Comma {
                    break;
                }
                self.advance()?;
            }
        }
        match self.peek()? {
            Kind::RightCurly | Kind::CurlyClose => self.advance()?,
            _ => return Err(self.unexpected("`,` or `}`")),
        };
        Ok(Expr::Map(pairs.into_boxed_slice()))
    }
}
