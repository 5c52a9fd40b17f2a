//! `CorsConfiguration`.

use super::super::rest_api::rename;
use crate::read::Reader;
use crate::source::{Map, Node, Value};

/// Properties of a CORS configuration, and fields of `x-amazon-apigateway-cors`.
pub const CORS: [(&str, &str); 6] = [
    ("AllowOrigins", "allowOrigins"),
    ("AllowMethods", "allowMethods"),
    ("AllowHeaders", "allowHeaders"),
    ("ExposeHeaders", "exposeHeaders"),
    ("MaxAge", "maxAge"),
    ("AllowCredentials", "allowCredentials"),
];

/// A CORS configuration under the names of OpenAPI.
pub fn cors<'t>(reader: &mut Reader<'t>, node: &'t Node) -> Node {
    let mut cors = Map::default();
    if let Some(mut fields) = reader.fields(node) {
        rename(&mut fields, &mut cors, &CORS);
        fields.finish(reader);
    }
    Node::new(node.span, Value::Map(cors))
}
