//! Functions: `length()`, `sum()`, `concat(…)` and the like.

use std::fmt::Write as _;

use super::{Context, Evaluation, element, wrong_kind};
use crate::error::NoResult;
use crate::found::{Found, Node};
use crate::json::{JavaNumber, Json, Style, write_double};
use crate::path::{Argument, Call, Function, Path, Token};

impl<'d> Context<'d> {
    /// What a function gives for `model`.
    pub(super) fn call(&self, call: &Call, model: &Node<'d>) -> Result<Node<'d>, NoResult> {
        let Some(function) = call.function else { return Err(NoResult::Invalid) };
        let arguments = self.arguments(call)?;
        match function {
            Function::Length => {
                Ok(length(model).and_then(|len| i32::try_from(len).ok()).map_or(Node::Null, Node::Integer))
            }
            Function::Min | Function::Max | Function::Avg | Function::Sum | Function::Stddev => {
                let numbers = self.numbers(model, &arguments)?;
                aggregate(function, &numbers).map(Node::Double).ok_or(NoResult::Failed)
            }
            Function::Concat => Ok(Node::Text(self.concat(model, &arguments)?)),
            // What a path gives borrows from the document: an object of the path's own has no place in it.
            Function::Append
                if call.arguments.iter().any(|argument| matches!(argument, Argument::Json(Json::Object(_)))) =>
            {
                Err(NoResult::Failed)
            }
            Function::Append => self.append(model, arguments),
            Function::Keys => Ok(match model {
                Node::Value(Json::Object(object)) => {
                    self.steps(object.len())?;
                    Node::List(object.iter().map(|(name, _)| Node::Text(name.to_owned())).collect())
                }
                _ => Node::Null,
            }),
            Function::First => at(model, 0),
            Function::Last => at(model, -1),
            Function::Index => {
                let index = arguments.iter().find_map(number).ok_or(NoResult::Failed)?;
                at(model, index as i32)
            }
        }
    }

    fn arguments(&self, call: &Call) -> Result<Vec<Found<'d>>, NoResult> {
        let value = |argument: &Argument| match argument {
            Argument::Path(path) => self.deeper(|| path.evaluate(self, self.root)),
            Argument::Json(json) => Ok(Found::One(literal(json))),
        };
        call.arguments.iter().map(value).collect()
    }

    /// The numbers that an aggregation gets: those of the array, and those among the arguments. Only when there are
    /// none, those of lists among the arguments, as later versions of Jayway have it.
    fn numbers(&self, model: &Node<'d>, arguments: &[Found<'d>]) -> Result<Vec<f64>, NoResult> {
        let mut numbers = self.numbers_of(model)?;
        numbers.extend(arguments.iter().filter_map(number));
        if numbers.is_empty() {
            for argument in arguments {
                match argument {
                    Found::Many(nodes) => {
                        self.steps(nodes.len())?;
                        numbers.extend(nodes.iter().filter_map(node_number));
                    }
                    Found::One(node) => numbers.extend(self.numbers_of(node)?),
                }
            }
        }
        Ok(numbers)
    }

    fn numbers_of(&self, model: &Node<'d>) -> Result<Vec<f64>, NoResult> {
        self.steps(length(model).unwrap_or(0))?;
        Ok(match model {
            Node::Value(Json::Array(elements)) => elements.iter().filter_map(json_number).collect(),
            Node::List(nodes) => nodes.iter().filter_map(node_number).collect(),
            _ => Vec::new(),
        })
    }

    /// The texts of the array, and what the arguments print as.
    fn concat(&self, model: &Node<'d>, arguments: &[Found<'d>]) -> Result<String, NoResult> {
        let mut text = String::new();
        match model {
            Node::Value(Json::Array(elements)) => text.extend(elements.iter().filter_map(Json::as_str)),
            Node::List(nodes) => text.extend(nodes.iter().filter_map(|node| match node {
                Node::Text(text) => Some(text.as_str()),
                Node::Value(json) => json.as_str(),
                _ => None,
            })),
            _ => {}
        }
        for argument in arguments {
            match argument {
                Found::One(node) => print_node(node, &mut text),
                // Never too long without a limit.
                Found::Many(_) => argument.write(Style::Array, usize::MAX, &mut text).unwrap_or_default(),
            }
            self.steps(text.len())?;
        }
        Ok(text)
    }

    /// The array with the arguments after its elements. Jayway changes the document; this does not.
    fn append(&self, model: &Node<'d>, arguments: Vec<Found<'d>>) -> Result<Node<'d>, NoResult> {
        let mut nodes = match model {
            Node::Value(Json::Array(elements)) => {
                self.steps(elements.len())?;
                elements.iter().map(Node::Value).collect()
            }
            Node::List(nodes) => {
                self.steps(nodes.len())?;
                nodes.clone()
            }
            _ => return Ok(model.clone()),
        };
        nodes.extend(arguments.into_iter().map(|argument| match argument {
            Found::One(node) => node,
            Found::Many(nodes) => Node::List(nodes),
        }));
        Ok(Node::List(nodes))
    }
}

impl<'d> Evaluation<'_, '_, 'd> {
    /// Goes on with what a function gave: a result of its own, whatever follows.
    pub(super) fn after_function(&mut self, at: usize, result: Node<'d>) -> Result<(), NoResult> {
        self.found(result.clone())?;
        if at < self.steps.len() { self.run_node(at, result) } else { Ok(()) }
    }

    /// Applies the tokens from `at` on to a value that may be computed.
    fn run_node(&mut self, at: usize, node: Node<'d>) -> Result<(), NoResult> {
        let Some(step) = self.steps.get(at) else { return self.found(node) };
        let next = at.saturating_add(1);
        let nodes = match (&step.token, node) {
            (_, Node::Value(value)) => return self.run(at, value),
            (Token::Function(call), node) => {
                let result = self.context.call(call, &node)?;
                return self.context.deeper(|| self.after_function(next, result));
            }
            (Token::Index(index), Node::List(nodes)) => element(&nodes, *index).cloned().into_iter().collect(),
            (Token::Indexes(indexes), Node::List(nodes)) => {
                indexes.iter().filter_map(|index| element(&nodes, *index).cloned()).collect()
            }
            (Token::Slice(slice), Node::List(nodes)) => slice.of(&nodes).cloned().collect(),
            (Token::Wildcard, Node::List(nodes)) => nodes,
            // What functions compute has no more inside than this.
            (Token::Wildcard | Token::Scan, _) => Vec::new(),
            (Token::Filter(_), _) if step.upstream_definite => return Err(NoResult::Invalid),
            _ => return wrong_kind(step),
        };
        for node in nodes {
            self.context.deeper(|| self.run_node(next, node))?;
        }
        Ok(())
    }
}

impl Path {
    /// After a scan whose values a function fails on, the function gets them all as its argument: `$..price.sum()`
    /// is `$.sum($..price)`, as later versions of Jayway have it.
    pub(super) fn evaluate_turned<'d>(
        &self,
        context: &Context<'d>,
        document: &'d Json<'d>,
    ) -> Result<Found<'d>, NoResult> {
        let [first, between @ .., last] = self.steps.as_slice() else { return Err(NoResult::Failed) };
        let (Token::Scan, Token::Function(call)) = (&first.token, &last.token) else { return Err(NoResult::Failed) };
        let Some(function) = call.function else { return Err(NoResult::Invalid) };
        let searched = self.steps.get(..between.len().saturating_add(1)).unwrap_or_default();
        let mut evaluation = Evaluation::new(context, searched, false);
        evaluation.run(0, document)?;
        let found = evaluation.finish(false)?;
        let numbers = context.numbers(&Node::Null, &[found])?;
        aggregate(function, &numbers).map(|value| Found::One(Node::Double(value))).ok_or(NoResult::Failed)
    }
}

fn length(model: &Node<'_>) -> Option<usize> {
    match model {
        Node::Value(Json::Array(elements)) => Some(elements.len()),
        Node::Value(Json::Object(object)) => Some(object.len()),
        Node::List(nodes) => Some(nodes.len()),
        Node::Members(members) => Some(members.len()),
        _ => None,
    }
}

/// `None` for no numbers, and for functions that are no aggregation.
fn aggregate(function: Function, numbers: &[f64]) -> Option<f64> {
    if numbers.is_empty() {
        return None;
    }
    let count = numbers.len() as f64;
    let sum = || numbers.iter().fold(0.0, |sum, number| sum + number);
    Some(match function {
        Function::Min => numbers.iter().fold(f64::MAX, |min, number| if min > *number { *number } else { min }),
        // Jayway begins with Java's `Double.MIN_VALUE`, the smallest number above zero: what is below is not seen.
        Function::Max => numbers.iter().fold(SMALLEST, |max, number| if max < *number { *number } else { max }),
        Function::Sum => sum(),
        Function::Avg => sum() / count,
        Function::Stddev => {
            let squares = numbers.iter().fold(0.0, |squares, number| squares + number * number);
            let sum = sum();
            (squares / count - sum * sum / count / count).sqrt()
        }
        _ => return None,
    })
}

/// Java's `Double.MIN_VALUE`.
const SMALLEST: f64 = f64::from_bits(1);

fn at<'d>(model: &Node<'d>, index: i32) -> Result<Node<'d>, NoResult> {
    let found = match model {
        Node::Value(Json::Array(elements)) => element(elements, index).map(Node::Value),
        Node::List(nodes) => element(nodes, index).cloned(),
        _ => None,
    };
    found.ok_or(NoResult::Failed)
}

fn number(argument: &Found<'_>) -> Option<f64> {
    match argument {
        Found::One(node) => node_number(node),
        Found::Many(_) => None,
    }
}

fn node_number(node: &Node<'_>) -> Option<f64> {
    match node {
        Node::Value(json) => json_number(json),
        Node::Integer(value) => Some(f64::from(*value)),
        Node::Double(value) => Some(*value),
        _ => None,
    }
}

fn json_number(json: &Json<'_>) -> Option<f64> {
    match json {
        Json::Number(number) => Some(number.as_f64()),
        _ => None,
    }
}

/// An argument that the path itself holds: copied, since what a path gives borrows from the document only.
fn literal<'d>(json: &Json<'static>) -> Node<'d> {
    match json {
        Json::Number(number) => match number.java() {
            JavaNumber::Integer(value) => Node::Integer(value),
            _ => Node::Double(number.as_f64()),
        },
        Json::String(text) => Node::Text(text.clone().into_owned()),
        Json::Array(elements) => Node::List(elements.iter().map(literal).collect()),
        Json::Null => Node::Null,
        Json::Bool(_) | Json::Object(_) => {
            let mut text = String::new();
            print(json, &mut text);
            Node::Text(text)
        }
    }
}

/// Java's `toString`.
fn print_node(node: &Node<'_>, out: &mut String) {
    match node {
        Node::Value(json) => print(json, out),
        Node::Null => {}
        Node::Integer(value) => {
            let _ = write!(out, "{value}");
        }
        Node::Double(value) => write_double(*value, out),
        Node::Text(text) => out.push_str(text),
        Node::Members(members) => print_map(members.iter().map(|(name, value)| (*name, *value)), out),
        Node::List(_) => node.write(Style::Array, usize::MAX, out).unwrap_or_default(),
    }
}

fn print(json: &Json<'_>, out: &mut String) {
    match json {
        // An argument that is null adds nothing.
        Json::Null => {}
        Json::String(text) => out.push_str(text),
        Json::Number(number) => number.write(out),
        Json::Object(object) => print_map(object.iter(), out),
        Json::Bool(_) | Json::Array(_) => json.write(Style::Array, usize::MAX, out).unwrap_or_default(),
    }
}

fn print_map<'m>(members: impl Iterator<Item = (&'m str, &'m Json<'m>)>, out: &mut String) {
    out.push('{');
    for (at, (name, value)) in members.enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        out.push_str(name);
        out.push('=');
        match value {
            Json::Null => out.push_str("null"),
            _ => print(value, out),
        }
    }
    out.push('}');
}
