//! `$input`

use std::cell::OnceCell;

use jsonpath::JsonPath;
use jsonpath::json::{self, Json, Style};
use jsonpath::{Found, Node};

use crate::budget::Budget;
use crate::error::Limit;
use crate::host::{Host, Thrown};
use crate::limits::MAX_OUTPUT_BYTES;
use crate::value::{List, ListKind, Map, MapKind, Value, from_json};

/// `$input` of a mapping template: the payload and the request's parameters.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html#input-variable-reference>
#[derive(Debug)]
pub struct Input<'p> {
    body: &'p str,
    document: OnceCell<Option<Json<'p>>>,
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
        Self { body, document: OnceCell::new(), parameters }
    }

    /// The payload, parsed when it is first asked for; `None` where it is not JSON.
    fn document(&self, budget: &Budget) -> Result<Option<&Json<'p>>, Limit> {
        if self.document.get().is_none() {
            // Reading costs about a nanosecond a byte.
            budget.spend(u64::try_from(self.body.len() / 16).unwrap_or(u64::MAX))?;
        }
        Ok(self.document.get_or_init(|| json::parse(self.body).ok()).as_ref())
    }

    /// What a path finds. A path that is none finds nothing, as in the engine that API Gateway is modelled on.
    fn find(&self, path: &str, budget: &Budget) -> Result<Option<Found<'_>>, Limit> {
        let Some(document) = self.document(budget)? else { return Ok(None) };
        let Ok(path) = JsonPath::compile(path) else { return Ok(None) };
        let Ok(found) = path.evaluate(document) else { return Ok(None) };
        Ok((!found.is_null()).then_some(found))
    }
}

impl Host for Input<'_> {
    fn property(&self, property: &str, budget: &Budget) -> Result<Option<Value>, Thrown> {
        match property {
            "body" => {
                budget.allocate(self.body.len())?;
                Ok(Some(Value::from(self.body)))
            }
            _ => Ok(None),
        }
    }

    fn call(&self, method: &str, arguments: &[Value], budget: &Budget) -> Result<Option<Value>, Thrown> {
        match (method, arguments) {
            ("json", [path]) => {
                let mut text = String::new();
                match self.find(&path.to_string(), budget)? {
                    Some(found) => {
                        found.write(Style::Compact, MAX_OUTPUT_BYTES, &mut text).map_err(|_| Limit::Output)?;
                    }
                    None => text.push_str("\"\""),
                }
                budget.allocate(text.len())?;
                Ok(Some(Value::from(text)))
            }
            ("path", [path]) => match self.find(&path.to_string(), budget)? {
                Some(found) => Ok(Some(from_found(&found, budget)?)),
                None => Ok(None),
            },
            ("params", []) => {
                let Parameters { path, query_string, header } = &self.parameters;
                let all = Map::default();
                all.insert("path", path.clone());
                all.insert("querystring", query_string.clone());
                all.insert("header", header.clone());
                Ok(Some(Value::Map(all)))
            }
            ("params", [name]) => {
                let name = name.to_string();
                let Parameters { path, query_string, header } = &self.parameters;
                Ok([path, query_string, header].into_iter().find_map(|map| map.get(&name)))
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
