//! `minimumCompressionSize`: Envoy's compressor for answers and its decompressor for requests.
//!
//! Both stand before the chain of filters, so the filters see bodies as they are meant, and what is compressed is what
//! they have made of an answer. Each size is a pair of its own, which the routes of other APIs switch off.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gzip-compression-decompression.html>

use ::compression::MEDIA_TYPES;
use serde_json::{Value, json};

/// Names and configurations of the filters that compress answers from `size` bytes on.
pub(super) fn filters(size: u32) -> [(String, Value); 2] {
    let never = json!({"enabled": {"default_value": false, "runtime_key": "unused"}});
    let compressor = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.compressor.v3.Compressor",
        "response_direction_config": {
            "common_config": {"min_content_length": size, "content_type": MEDIA_TYPES},
        },
        "compressor_library": library("compressor"),
    });
    let decompressor = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.decompressor.v3.Decompressor",
        "request_direction_config": {"advertise_accept_encoding": false},
        "response_direction_config": {"common_config": never},
        "decompressor_library": library("decompressor"),
    });
    let [first, second] = names(size);
    [(first, compressor), (second, decompressor)]
}

/// The filters' names.
fn names(size: u32) -> [String; 2] {
    [format!("compressor-{size}"), format!("decompressor-{size}")]
}

fn library(kind: &str) -> Value {
    json!({
        "name": "gzip",
        "typed_config": {"@type": format!("type.googleapis.com/envoy.extensions.compression.gzip.{kind}.v3.Gzip")},
    })
}

/// Switches the filters of other sizes off for the routes of an API.
pub(super) fn only(routes: &mut [Value], own: Option<u32>, sizes: &[u32]) {
    let off = json!({"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": true});
    for size in sizes.iter().filter(|size| Some(**size) != own) {
        for route in routes.iter_mut() {
            for name in names(*size) {
                route["typed_per_filter_config"][name] = off.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_sizes_are_switched_off() {
        let mut routes = [json!({})];
        only(&mut routes, Some(10), &[10, 20]);
        let off = &routes[0]["typed_per_filter_config"];
        assert!(off.get("compressor-20").is_some() && off.get("decompressor-20").is_some());
        assert!(off.get("compressor-10").is_none());
    }
}
