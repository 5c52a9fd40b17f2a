//! SAM's WebSocket APIs, and what the SAM translator makes of them.

use apigw::api::{Authorization, WebSocketApi};
use apigw::check::{Input, Options, check};
use apigw::openapi::Definition;

use super::{Area, data};

#[test]
fn sam_templates_have_the_routes_that_the_translator_makes() {
    let Some(folder) = data() else { return };
    let folder = folder.join("openapi/files");
    let mut area = Area::new("openapi/sam-websocket");
    let mut names: Vec<String> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    for name in names.iter().filter(|name| name.contains("__input__websocket")) {
        let translated = name.replace("__input__", "__output__").replace(".yaml", ".json");
        let (ours, theirs) = (routes(&folder.join(name)), routes(&folder.join(&translated)));
        let same = if ours == theirs && !ours.is_empty() {
            Ok(())
        } else {
            Err(format!("{ours:#?}\ninstead of\n{theirs:#?}"))
        };
        area.result(name, same);
    }
    area.finish();
}

/// What each WebSocket API of a template says of its routes.
fn routes(path: &std::path::Path) -> Vec<Vec<String>> {
    let checked = check(vec![Input::from_file(path)], None, &Options::default());
    let apis = checked.definitions.iter().filter_map(|definition| match definition {
        Definition::WebSocket(api) => Some(describe(api)),
        _ => None,
    });
    let mut apis: Vec<_> = apis.collect();
    apis.sort();
    apis
}

fn describe(api: &WebSocketApi) -> Vec<String> {
    let mut lines = vec![format!(
        "{:?} {} {:?} {:?}",
        api.name,
        *api.route_selection_expression,
        api.api_key_selection_expression.as_deref(),
        api.disable_execute_api_endpoint.as_deref(),
    )];
    for route in &api.routes {
        let authorization = match &route.authorization {
            Authorization::None => "NONE".to_owned(),
            Authorization::AwsIam(_) => "AWS_IAM".to_owned(),
            Authorization::Custom(name) => {
                let authorizer = &api.authorizers[name.as_str()];
                let sources: Vec<&str> = authorizer.identity_source.iter().map(|source| source.as_str()).collect();
                format!("CUSTOM {:?} {sources:?}", authorizer.authorizer_uri.as_deref())
            }
            other => format!("{other:?}"),
        };
        let integration = route.integration.as_ref().map(|id| &api.integrations[id.as_str()].integration);
        lines.push(format!(
            "{} {authorization} key={} {:?} {:?} {:?}",
            *route.route_key,
            route.api_key_required.is_some(),
            integration.map(|integration| integration.kind.as_str()),
            integration.map(|integration| integration.uri.as_deref()),
            route.route_response_selection_expression.as_deref(),
        ));
    }
    lines.sort();
    lines
}
