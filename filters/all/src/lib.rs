//! Every filter, and `gateway`: several of them as one HTTP filter of Envoy.
//!
//! A further filter is one line in [`FILTERS`]' list below.

mod absent;
mod config;
mod list;

use config::SMALL_GATEWAY;
pub use config::{GATEWAY, RawDeployment, RawGateway, RawGatewayRoute, configure};

list::filters! {
    AccessLog(access_log::AccessLog),
    AccessLogLines(access_log::AccessLogLines),
    ApiKey(api_key::ApiKey),
    Compression(compression::Compression),
    CustomAuthorizer(custom_authorizer::CustomAuthorizer),
    ExecutionLog(execution_log::ExecutionLogs),
    GatewayResponses(gateway_responses::GatewayResponses),
    IamAuthorizer(iam_authorizer::IamAuthorizer),
    JwtAuthorizer(jwt_authorizer::JwtAuthorizer),
    MappingTemplate(mapping_template::MappingTemplate),
    Metrics(metrics::Metrics),
    RequestValidator(request_validator::RequestValidator, large),
    ResponseCache(response_cache::ResponseCache),
    WebsocketRoutes(websocket_routes::WebSocketRoutes, large),
}
