//! `$input`

use std::cell::OnceCell;
use std::rc::Rc;

use jsonpath::json::{self, Json, Style};
use jsonpath::{Found, JsonPath, Node};

use crate::budget::Budget;
use crate::document::{self, Document, SimplePath};
use crate::error::Limit;
use crate::host::{Host, Thrown};
use crate::limits::MAX_OUTPUT_BYTES;
use crate::value::{List, ListKind, Map, MapKind, Text, Value, from_json};

/// `$input` of a mapping template: the payload and the request's parameters.
///
/// What `$input.path` gives is made anew each time: a template that changes it does not change what the next call
/// gives.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html#input-variable-reference>
#[derive(Debug)]
pub struct Input<'p> {
    body: &'p str,
    text: OnceCell<Rc<str>>,
    document: OnceCell<Option<Rc<Document>>>,
    /// The payload as the `jsonpath` package searches it, for paths that only that knows.
    tree: OnceCell<Option<Json<'p>>>,
    parameters: Parameters,
}

/// The parameters of a request; of each name the last value.
#[derive(Debug, Clone)]
pub struct Parameters {
    /// Path parameters.
    pub path: Map,
    /// Query string parameters.
    pub query_string: Map,
    /// Headers. A map of [`MapKind::Headers`], so that names are found in any case.
    pub header: Map,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { path: Map::default(), query_string: Map::default(), header: Map::new(MapKind::Headers) }
    }
}

impl<'p> Input<'p> {
    /// An `$input` with this payload: the request's in a request template, the backend's in a response template.
    ///
    /// An empty payload reads as `{}`, as recorded on API Gateway.
    pub fn new(body: &'p str, parameters: Parameters) -> Self {
        let body = if body.is_empty() { "{}" } else { body };
        Self { body, text: OnceCell::new(), document: OnceCell::new(), tree: OnceCell::new(), parameters }
    }

    fn text(&self) -> &Rc<str> {
        self.text.get_or_init(|| Rc::from(self.body))
    }

    /// The payload, checked when it is first asked for; `None` where it is not JSON.
    fn document(&self, budget: &Budget) -> Result<Option<&Rc<Document>>, Limit> {
        if self.document.get().is_none() {
            pay_for_reading(self.body, budget)?;
        }
        Ok(self.document.get_or_init(|| Document::parse(Rc::clone(self.text()))).as_ref())
    }

    fn tree(&self, budget: &Budget) -> Result<Option<&Json<'p>>, Limit> {
        if self.tree.get().is_none() {
            pay_for_reading(self.body, budget)?;
        }
        Ok(self.tree.get_or_init(|| json::parse(self.body).ok()).as_ref())
    }

    /// `$input.path(path)`
    fn path(&self, path: &str, budget: &Budget) -> Result<Option<Value>, Limit> {
        if let Some(simple) = SimplePath::parse(path) {
            let Some(document) = self.document(budget)? else { return Ok(None) };
            match simple.find(document, budget)? {
                Some(document::Found::Nothing) => return Ok(None),
                Some(document::Found::One(place)) => return Ok(Some(document.value(place))),
                Some(document::Found::Many(places)) => {
                    budget.allocate(places.len().saturating_mul(size_of::<Value>()))?;
                    let values = places.into_iter().map(|place| document.value(place)).collect();
                    return Ok(Some(Value::List(List::new(ListKind::Json, values))));
                }
                None => {}
            }
        }
        match self.search(path, budget)? {
            Some(found) => Ok(Some(from_found(&found, budget)?)),
            None => Ok(None),
        }
    }

    /// `$input.json(path)`
    fn json(&self, path: &str, budget: &Budget) -> Result<Text, Limit> {
        let mut out = budget.buffer();
        if !self.write_simple(path, budget, &mut out)? {
            match self.search(path, budget)? {
                Some(found) => found.write(Style::Compact, MAX_OUTPUT_BYTES, &mut out).map_err(|_| Limit::Output)?,
                None => out.push_str(NO_JSON),
            }
        }
        budget.finish(out)
    }

    /// Writes what a simple path finds; `false` for another path.
    fn write_simple(&self, path: &str, budget: &Budget, out: &mut String) -> Result<bool, Limit> {
        let Some(simple) = SimplePath::parse(path) else { return Ok(false) };
        let Some(document) = self.document(budget)? else {
            out.push_str(NO_JSON);
            return Ok(true);
        };
        match simple.find(document, budget)? {
            Some(document::Found::Nothing) => out.push_str(NO_JSON),
            Some(document::Found::One(place)) => {
                document.write(place, Style::Compact, out).map_err(|_| Limit::Output)?;
            }
            Some(document::Found::Many(places)) => {
                out.push('[');
                for (n, place) in places.into_iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    document.write(place, Style::Compact, out).map_err(|_| Limit::Output)?;
                }
                out.push(']');
            }
            None => return Ok(false),
        }
        Ok(true)
    }

    /// What a path finds. A path that is none finds nothing, as in the engine that API Gateway is modelled on.
    fn search(&self, path: &str, budget: &Budget) -> Result<Option<Found<'_>>, Limit> {
        let Some(tree) = self.tree(budget)? else { return Ok(None) };
        // A search can go through the whole document.
        budget.spend(u64::try_from(self.body.len() / 16).unwrap_or(u64::MAX))?;
        let Ok(path) = JsonPath::compile(path) else { return Ok(None) };
        let Ok(found) = path.evaluate(tree) else { return Ok(None) };
        Ok((!found.is_null()).then_some(found))
    }
}

/// What `$input.json` gives for nothing: two quotes.
const NO_JSON: &str = "\"\"";

/// Takes what checking a JSON text costs, some nanoseconds a byte.
pub(crate) fn pay_for_reading(text: &str, budget: &Budget) -> Result<(), Limit> {
    budget.spend(u64::try_from(text.len() / 8).unwrap_or(u64::MAX))
}

impl Host for Input<'_> {
    fn property(&self, property: &str, _: &Budget) -> Result<Option<Value>, Thrown> {
        match property {
            "body" => Ok(Some(Value::String(Text::from(Rc::clone(self.text()))))),
            _ => Ok(None),
        }
    }

    fn call(&self, method: &str, arguments: &[Value], budget: &Budget) -> Result<Option<Value>, Thrown> {
        let Parameters { path, query_string, header } = &self.parameters;
        let printed;
        let argument = match arguments {
            [] => {
                return Ok((method == "params").then(|| {
                    let all = Map::default();
                    all.insert("path", path.clone());
                    all.insert("querystring", query_string.clone());
                    all.insert("header", header.clone());
                    Value::Map(all)
                }));
            }
            [Value::String(text)] => text.as_str(),
            [other] => {
                printed = other.to_string();
                &printed
            }
            _ => return Ok(None),
        };
        match method {
            "json" => Ok(Some(Value::String(self.json(argument, budget)?))),
            "path" => Ok(self.path(argument, budget)?),
            "params" => {
                let found = [path, query_string, header].into_iter().find_map(|map| map.get(argument));
                Ok(Some(found.unwrap_or_else(Value::empty)))
            }
            _ => Ok(None),
        }
    }
}

/// What a path found, as the template sees it.
fn from_found(found: &Found<'_>, budget: &Budget) -> Result<Value, Limit> {
    match found {
        Found::One(node) => from_node(node, budget),
        Found::Many(nodes) => from_nodes(nodes, budget),
    }
}

fn from_nodes(nodes: &[Node<'_>], budget: &Budget) -> Result<Value, Limit> {
    let values = nodes.iter().map(|node| from_node(node, budget)).collect::<Result<Vec<_>, _>>()?;
    Ok(Value::List(List::new(ListKind::Json, values)))
}

fn from_node(node: &Node<'_>, budget: &Budget) -> Result<Value, Limit> {
    Ok(match node {
        Node::Value(value) => from_json(value, budget)?,
        Node::Members(members) => {
            let map = Map::default();
            for (name, value) in members {
                map.insert(name, from_json(value, budget)?);
            }
            Value::Map(map)
        }
        Node::Null => Value::Null,
        Node::Integer(n) => Value::Int(*n),
        Node::Double(n) => Value::Double(*n),
        Node::Text(text) => Value::from(text.as_str()),
        Node::List(nodes) => from_nodes(nodes, budget)?,
    })
}
