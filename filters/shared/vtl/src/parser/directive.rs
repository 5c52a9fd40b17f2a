//! `#foreach`, `#define`, `#break`, `#stop`, `#literal`, `#macro`, and words that are none.

use std::rc::Rc;

use super::token::Kind;
use super::{Nodes, Parsed, Parser};
use crate::ast::{Define, Expr, Foreach, Iterated, LoopBody, Node};

/// An argument, and the token that it begins with.
struct Argument {
    /// `None`: a bare word.
    expr: Option<Expr>,
    first: usize,
    last: usize,
}

impl Parser<'_, '_> {
    /// The next token is `#word` or `#{word}`.
    pub(super) fn directive(&mut self, nodes: &mut Nodes) -> Parsed<()> {
        let word = self.advance()?;
        let image = self.image(word);
        let bracketed = self.token(word).is_some_and(|token| token.kind == Kind::BracketedWord);
        let name = if bracketed {
            image.get(2..image.len().saturating_sub(1)).unwrap_or("").to_owned()
        } else {
            image.get(1..).unwrap_or("").to_owned()
        };
        self.lexer.enter_directive();
        if !self.lexer.at_parenthesis() {
            return self.without_arguments(word, &name, nodes);
        }
        let arguments = self.arguments(word, &name)?;
        match name.as_str() {
            "break" | "stop" => {
                if arguments.len() > 1 {
                    return Err(self.failure(word, format!("#{name} takes at most one argument")));
                }
                let argument = arguments.into_iter().next().and_then(|argument| argument.expr).map(Box::new);
                nodes.push(if name == "stop" { Node::Stop(argument) } else { Node::Break(argument, self.at(word)) });
            }
            "foreach" => {
                let node = self.foreach(word, arguments)?;
                nodes.push(node);
            }
            "define" => {
                let body = self.block(&name, word)?;
                let [Argument { first, .. }] = arguments.as_slice() else {
                    return Err(self.failure(word, "#define takes the name of the block as its one argument"));
                };
                let variable = self.image(*first).get(1..).unwrap_or("").to_owned();
                let variable = self.compiler.slot(&variable);
                nodes.push(Node::Define(Box::new(Define { variable, body: Rc::new(body) })));
            }
            "literal" => {
                let from = self.pos;
                self.peek()?;
                self.statements()?;
                let to = self.last();
                self.end_of("#literal", word)?;
                let text = match arguments.first() {
                    Some(argument) => self.literal(argument.first, argument.last),
                    // Java fails on the tokens of an empty block.
                    None if to < from => return Err(self.failure(word, "#literal has nothing to print")),
                    None => self.literal(from, to),
                };
                nodes.text.push_str(&text);
            }
            "macro" => {
                self.block(&name, word)?;
                let Some(argument) = arguments.first() else {
                    return Err(self.failure(word, "#macro takes a name"));
                };
                let name = self.image(argument.first).to_owned();
                self.compiler.macros.insert(name);
            }
            _ => {
                if name.starts_with('@') {
                    self.block(&name, word)?;
                }
                // Printed as typed, but for what references do to their own tokens.
                for index in word..=self.last() {
                    nodes.text.push_str(self.image(index));
                }
            }
        }
        Ok(())
    }

    /// A word that no parenthesis follows.
    fn without_arguments(&mut self, word: usize, name: &str, nodes: &mut Nodes) -> Parsed<()> {
        self.lexer.leave_directive();
        match name {
            "macro" | "foreach" | "define" | "literal" => {
                return Err(self.failure(word, format!("#{name} takes arguments in parentheses")));
            }
            "break" => nodes.push(Node::Break(None, self.at(word))),
            "stop" => nodes.push(Node::Stop(None)),
            _ if name.starts_with('@') => {
                nodes.text.push('#');
                nodes.text.push_str(name);
            }
            _ => nodes.text.push_str(self.image(word)),
        }
        Ok(())
    }

    /// Arguments up to the closing parenthesis. Commas between them are optional.
    fn arguments(&mut self, word: usize, name: &str) -> Parsed<Vec<Argument>> {
        self.skip(Kind::Whitespace)?;
        self.expect(Kind::LParen)?;
        let mut arguments = Vec::new();
        loop {
            let blank = usize::from(self.peek()? == Kind::Whitespace);
            let next = self.peek_at(blank)?;
            if next != Kind::Comma && !begins_argument(next) {
                break;
            }
            self.skip(Kind::Whitespace)?;
            if next == Kind::Comma {
                self.advance()?;
                self.skip(Kind::Whitespace)?;
            }
            let first = self.pos;
            let expr = if self.peek()? == Kind::Word {
                self.advance()?;
                None
            } else {
                Some(self.value("an argument")?)
            };
            self.check_argument(word, name, arguments.len(), expr.is_none())?;
            arguments.push(Argument { expr, first, last: self.last() });
        }
        self.skip(Kind::Whitespace)?;
        self.expect(Kind::RParen)?;
        Ok(arguments)
    }

    /// Words are names of macros, and the `in` of a loop; anywhere else a directive refuses them.
    fn check_argument(&self, directive: usize, name: &str, position: usize, is_word: bool) -> Parsed<()> {
        let allowed = match name {
            "macro" if position == 0 => is_word,
            "foreach" => !is_word || position == 1,
            "macro" | "define" | "literal" | "break" | "stop" => !is_word,
            _ => true,
        };
        if allowed {
            return Ok(());
        }
        let number = position.saturating_add(1);
        let problem = if is_word { "is a bare word" } else { "is not a bare word" };
        Err(self.failure(directive, format!("argument {number} of #{name} {problem}")))
    }

    fn foreach(&mut self, word: usize, arguments: Vec<Argument>) -> Parsed<Node> {
        let at = self.at(word);
        let element = arguments.first().map(|argument| argument.first);
        let block_starts = self.pos;
        let body = self.block("foreach", word)?;
        let variable = match arguments.first() {
            Some(Argument { expr: Some(Expr::Reference(reference)), .. }) => reference.root,
            _ => {
                let name = self.image(element.unwrap_or(block_starts)).get(1..).unwrap_or("").to_owned();
                self.compiler.slot(&name)
            }
        };
        let count = arguments.len();
        let mut arguments = arguments.into_iter().skip(2).map(|argument| argument.expr);
        let over = match (count, arguments.next().flatten()) {
            (0 | 1, _) => Iterated::Missing,
            (_, Some(expr)) => Iterated::Expr(expr),
            _ => Iterated::Nothing,
        };
        let body = match arguments.next().flatten() {
            None => LoopBody::Block(body),
            Some(Expr::Reference(reference)) => LoopBody::Argument(Some(reference)),
            Some(_) => LoopBody::Argument(None),
        };
        Ok(Node::Foreach(Box::new(Foreach { variable, over, body, at })))
    }

    /// Statements up to the `#end` of a directive that began with the token `word`.
    fn block(&mut self, name: &str, word: usize) -> Parsed<Vec<Node>> {
        let body = self.statements()?;
        self.end_of(&format!("#{name}"), word)?;
        Ok(body)
    }
}

fn begins_argument(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Identifier
            | Kind::CurlyOpen
            | Kind::Word
            | Kind::StringLiteral
            | Kind::Integer
            | Kind::Float
            | Kind::LBracket
            | Kind::LeftCurly
            | Kind::True
            | Kind::False
    )
}
