//! Types of resources: those that have to do with API Gateway must be known, all others are none of this project's.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html>

use crate::read::{Reader, one_of};
use crate::source::{Document, Node};

/// Services whose types are told apart, each with those that CloudFormation and SAM know.
const SERVICES: [(&str, &[&str]); 3] = [
    (
        "AWS::ApiGateway::",
        &[
            "Account",
            "ApiKey",
            "Authorizer",
            "BasePathMapping",
            "BasePathMappingV2",
            "ClientCertificate",
            "Deployment",
            "DocumentationPart",
            "DocumentationVersion",
            "DomainName",
            "DomainNameAccessAssociation",
            "DomainNameV2",
            "GatewayResponse",
            "Method",
            "Model",
            "RequestValidator",
            "Resource",
            "RestApi",
            "Stage",
            "UsagePlan",
            "UsagePlanKey",
            "VpcLink",
        ],
    ),
    (
        "AWS::ApiGatewayV2::",
        &[
            "Api",
            "ApiGatewayManagedOverrides",
            "ApiMapping",
            "Authorizer",
            "Deployment",
            "DomainName",
            "Integration",
            "IntegrationResponse",
            "Model",
            "Route",
            "RouteResponse",
            "RoutingRule",
            "Stage",
            "VpcLink",
        ],
    ),
    (
        "AWS::Serverless::",
        &[
            "Api",
            "Application",
            "CapacityProvider",
            "Connector",
            "Function",
            "GraphQLApi",
            "HttpApi",
            "LayerVersion",
            "SimpleTable",
            "StateMachine",
            "WebSocketApi",
        ],
    ),
];

/// Refuses types that are misspelt, and resources without one: what they were to be is not part of the API.
pub(super) fn check(reader: &mut Reader<'_>, document: &Document) {
    let resources = document.root().and_then(|root| root.get("Resources")).and_then(Node::as_map);
    let is_transformed = document.root().is_some_and(|root| root.get("Transform").is_some());
    for entry in resources.map(|map| map.entries()).unwrap_or_default() {
        // `Fn::Transform` and `Fn::ForEach` stand there as well.
        if entry.key.text.starts_with("Fn::") {
            continue;
        }
        let Some(kind) = entry.value.get("Type") else {
            reader.error(entry.key.span, "the resource has no `Type`");
            continue;
        };
        let Some(text) = kind.as_str().filter(|_| kind.cloudformation_function().is_none()) else {
            reader.error(kind.span, format!("found {}, expected the name of a type", kind.description()));
            continue;
        };
        for node in depends_on(&entry.value) {
            // Macros, SAM's among them, make resources of their own.
            let exists = |name: &str| is_transformed || resources.is_some_and(|map| map.get(name).is_some());
            if let Some(name) = node.as_str().filter(|name| !exists(name)) {
                reader.error(node.span, format!("there is no resource `{name}`"));
            }
        }
        let of_service = |(service, names): &(&'static str, &'static [&'static str])| {
            Some((text.strip_prefix(service)?, *service, *names))
        };
        if let Some((name, service, names)) = SERVICES.iter().find_map(of_service)
            && !names.contains(&name)
        {
            let expected = one_of(names);
            reader.error(kind.span, format!("unknown type `{text}`, expected `{service}` and {expected}"));
        }
    }
}

/// The resources that one waits for: a name, or a list of names.
fn depends_on(resource: &Node) -> &[Node] {
    match resource.get("DependsOn") {
        Some(node) => node.as_list().unwrap_or(std::slice::from_ref(node)),
        None => &[],
    }
}
