//! Every filter in one module, chosen by `root_id`: one VM for each worker instead of one for each filter.

shell::module! {
    filters: [
        api_key::ApiKey,
        gateway_responses::GatewayResponses,
        jwt_authorizer::JwtAuthorizer,
        mapping_template::MappingTemplate,
    ],
    callbacks: [request_headers, request_body, callout, response_headers, response_body, tick],
}
