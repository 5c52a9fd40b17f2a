//! What `Ref` and `Fn::GetAtt` say of resources, without a deployment: names in the shapes of real ones.
//!
//! A resource is called by its name property, or by its logical id where it has none; so a function without
//! `FunctionName` is found under its logical id in the settings' `endpoints.functions`.

use super::Environment;
use super::evaluate::Evaluator;
use crate::source::{Node, Span};

/// Name of the stack.
const STACK_NAME: &str = "apigw";

/// How a type's resources are named: type, property with the name, service, ARN after the account (`{}`: the name),
/// and what `Ref` gives.
const TYPES: [(&str, &str, &str, &str, Reference); 35] = {
    use Reference::{Arn, Name, Text};
    [
        ("AWS::ApiGateway::ApiKey", "Name", "apigateway", "/apikeys/{}", Text("{id}")),
        ("AWS::ApiGateway::DomainName", "DomainName", "apigateway", "/domainnames/{}", Name),
        ("AWS::ApiGateway::DomainNameV2", "DomainName", "apigateway", "/domainnames/{}", Arn),
        ("AWS::ApiGatewayV2::DomainName", "DomainName", "apigateway", "/domainnames/{}", Name),
        ("AWS::ApiGateway::Stage", "StageName", "apigateway", "/restapis/stages/{}", Name),
        ("AWS::ApiGatewayV2::Stage", "StageName", "apigateway", "/apis/stages/{}", Name),
        ("AWS::ApiGateway::VpcLink", "Name", "apigateway", "/vpclinks/{}", Text("{id}")),
        ("AWS::ApiGatewayV2::VpcLink", "Name", "apigateway", "/vpclinks/{}", Text("{id}")),
        ("AWS::CertificateManager::Certificate", "", "acm", "certificate/{}", Arn),
        ("AWS::Cognito::UserPool", "", "cognito-idp", "userpool/{region}_{}", Text("{region}_{}")),
        ("AWS::Cognito::UserPoolClient", "", "cognito-idp", "client/{}", Name),
        ("AWS::DynamoDB::Table", "TableName", "dynamodb", "table/{}", Name),
        ("AWS::DynamoDB::GlobalTable", "TableName", "dynamodb", "table/{}", Name),
        ("AWS::ElasticLoadBalancingV2::Listener", "", "elasticloadbalancing", "listener/{}", Arn),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name", "elasticloadbalancing", "loadbalancer/{}", Arn),
        ("AWS::Events::EventBus", "Name", "events", "event-bus/{}", Name),
        ("AWS::Events::Rule", "Name", "events", "rule/{}", Name),
        ("AWS::IAM::Role", "RoleName", "iam", "role/{}", Name),
        ("AWS::KMS::Key", "", "kms", "key/{}", Name),
        ("AWS::Kinesis::Stream", "Name", "kinesis", "stream/{}", Name),
        ("AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName", "firehose", "deliverystream/{}", Name),
        ("AWS::Lambda::Alias", "Name", "lambda", "function:{function}:{}", Arn),
        ("AWS::Lambda::Function", "FunctionName", "lambda", "function:{}", Name),
        ("AWS::Lambda::Version", "", "lambda", "function:{function}", Arn),
        ("AWS::Logs::LogGroup", "LogGroupName", "logs", "log-group:{}:*", Name),
        ("AWS::S3::Bucket", "BucketName", "s3", "{}", Name),
        ("AWS::SNS::Topic", "TopicName", "sns", "{}", Arn),
        ("AWS::SQS::Queue", "QueueName", "sqs", "{}", Text("https://sqs.{region}.amazonaws.com/{account}/{}")),
        ("AWS::SecretsManager::Secret", "Name", "secretsmanager", "secret:{}", Arn),
        ("AWS::Serverless::Function", "FunctionName", "lambda", "function:{}", Name),
        ("AWS::Serverless::SimpleTable", "TableName", "dynamodb", "table/{}", Name),
        ("AWS::Serverless::StateMachine", "Name", "states", "stateMachine:{}", Arn),
        ("AWS::StepFunctions::Activity", "Name", "states", "activity:{}", Arn),
        ("AWS::StepFunctions::StateMachine", "StateMachineName", "states", "stateMachine:{}", Arn),
        ("AWS::WAFv2::WebACL", "Name", "wafv2", "regional/webacl/{}/{}", Arn),
    ]
};

/// What `Ref` gives.
#[derive(Clone, Copy)]
enum Reference {
    /// The name.
    Name,
    /// The ARN.
    Arn,
    /// Something else.
    Text(&'static str),
}

/// The value of `AWS::{name}`; `None` when there is no such pseudo parameter.
pub fn pseudo_parameter(name: &str, environment: &Environment) -> Option<String> {
    let (region, account) = (environment.region(), environment.account_id());
    Some(match name {
        "AccountId" => account.to_owned(),
        "Region" => region.to_owned(),
        "Partition" => "aws".to_owned(),
        "URLSuffix" => "amazonaws.com".to_owned(),
        "StackName" => STACK_NAME.to_owned(),
        "StackId" => {
            format!("arn:aws:cloudformation:{region}:{account}:stack/{STACK_NAME}/00000000-0000-0000-0000-000000000000")
        }
        _ => return None,
    })
}

impl Evaluator<'_, '_> {
    /// What `Ref` (no attribute) or `Fn::GetAtt` gives for a resource. Resources of API Gateway itself go by their
    /// logical id: nothing but other resources of the template looks at it.
    pub fn resource_identity(&mut self, span: Span, target: &str, attribute: Option<&str>) -> Option<String> {
        let (base, qualifier) = match target.split_once('.') {
            // SAM: `Function.Version`, `Function.Alias`, `Api.Stage`.
            Some((base, qualifier)) => (base, Some(qualifier)),
            None => (target, None),
        };
        let Some(resource) = self.resources.and_then(|resources| resources.get(base)) else {
            return self.generated(span, target, attribute);
        };
        let kind = resource.get("Type").and_then(Node::as_str).unwrap_or_default();
        let properties = resource.get("Properties");
        if qualifier == Some("Stage") {
            let name = properties.and_then(|node| node.get("StageName"));
            return name.map_or_else(|| Some(base.to_owned()), |node| self.text(node));
        }
        let known = TYPES.iter().find(|(name, ..)| *name == kind);
        let Some((_, property, service, arn, reference)) = known else {
            return match attribute {
                None => Some(target.to_owned()),
                Some("RootResourceId") => Some(format!("{target}.RootResourceId")),
                Some("DeploymentId" | "RestApiId" | "ApiId" | "AuthorizerId" | "ModelId") => Some(target.to_owned()),
                Some(attribute) => self.unknown_attribute(span, target, kind, attribute),
            };
        };
        if self.being_named.iter().any(|other| other == base) {
            self.reader.error(span, format!("the name of `{base}` depends on itself"));
            return None;
        }
        self.being_named.push(base.to_owned());
        let name = match properties.and_then(|node| node.get(property)) {
            Some(node) => self.text(node),
            None => Some(base.to_owned()),
        };
        let function = match properties.and_then(|node| node.get("FunctionName")) {
            Some(node) if arn.contains("{function}") => self.text(node).map(|name| function_name(&name).to_owned()),
            _ => Some(String::new()),
        };
        self.being_named.pop();
        let (name, function) = (name?, function?);
        let (region, account) = (self.environment.region().to_owned(), self.environment.account_id().to_owned());
        let fill = |text: &str| {
            let text = text.replace("{id}", base).replace("{region}", &region).replace("{account}", &account);
            text.replace("{function}", &function).replace("{}", &name)
        };
        let arn = match *service {
            "s3" => format!("arn:aws:s3:::{}", fill(arn)),
            "iam" => format!("arn:aws:iam::{account}:{}", fill(arn)),
            service => format!("arn:aws:{service}:{region}:{account}:{}", fill(arn)),
        };
        match attribute {
            None => Some(match reference {
                Reference::Name => name,
                Reference::Arn => arn,
                Reference::Text(text) => fill(text),
            }),
            Some(
                "Arn" | "TopicArn" | "AliasArn" | "LoadBalancerArn" | "FunctionArn" | "ListenerArn" | "DomainNameArn",
            ) => Some(arn),
            Some("QueueUrl") if *service == "sqs" => Some(fill("https://sqs.{region}.amazonaws.com/{account}/{}")),
            Some("ProviderURL") if *service == "cognito-idp" => {
                Some(format!("https://cognito-idp.{region}.amazonaws.com/{region}_{base}"))
            }
            Some("ProviderName") if *service == "cognito-idp" => {
                Some(format!("cognito-idp.{region}.amazonaws.com/{region}_{base}"))
            }
            Some("UserPoolId") if *service == "cognito-idp" => Some(format!("{region}_{base}")),
            Some("ClientId") if *service == "cognito-idp" => Some(name),
            Some(
                "QueueName" | "TopicName" | "Name" | "TableName" | "RoleName" | "StateMachineName" | "FunctionName",
            ) => Some(name),
            Some(attribute) => self.unknown_attribute(span, target, kind, attribute),
        }
    }

    /// A resource that SAM makes up: `{Function}Role`, the implicit APIs.
    fn generated(&mut self, span: Span, target: &str, attribute: Option<&str>) -> Option<String> {
        if matches!(target, "ServerlessRestApi" | "ServerlessHttpApi") {
            return Some(target.to_owned());
        }
        if let (None, Some(stage)) = (attribute, self.stage_of_sam(target)) {
            return Some(stage);
        }
        let exists = |id: &str| self.resources.is_some_and(|resources| resources.get(id).is_some());
        if target.strip_suffix("Role").is_some_and(exists) {
            return Some(match attribute {
                Some("Arn") => format!("arn:aws:iam::{}:role/{target}", self.environment.account_id()),
                _ => target.to_owned(),
            });
        }
        self.reader.error(span, format!("there is no parameter or resource `{target}`, or the parameter has no value"));
        None
    }

    /// The name of the stage that SAM makes for an API: `{Api}{Stage}Stage`, or `{Api}ApiGatewayDefaultStage`.
    fn stage_of_sam(&mut self, target: &str) -> Option<String> {
        let named = target.strip_suffix("Stage")?;
        if let "ServerlessRestApiProd" = named {
            return Some("Prod".to_owned());
        }
        if let "ServerlessHttpApiApiGatewayDefault" = named {
            return Some("$default".to_owned());
        }
        for entry in self.resources?.entries() {
            let Some(rest) = named.strip_prefix(&*entry.key.text) else { continue };
            let Some(kind) = entry.value.get("Type").and_then(Node::as_str) else { continue };
            let name = entry.value.get("Properties").and_then(|node| node.get("StageName"));
            let is_http_api = kind == "AWS::Serverless::HttpApi";
            if is_http_api && name.is_none() && rest == "ApiGatewayDefault" {
                return Some("$default".to_owned());
            }
            if is_http_api || matches!(kind, "AWS::Serverless::Api" | "AWS::Serverless::WebSocketApi") {
                let name = name.and_then(|node| self.text(node));
                if name.as_deref() == Some(rest) {
                    return name;
                }
            }
        }
        None
    }

    fn unknown_attribute(&mut self, span: Span, target: &str, kind: &str, attribute: &str) -> Option<String> {
        let text = format!(
            "`{target}.{attribute}` is only known once a `{kind}` is deployed: make it a parameter and give its value in \
             the settings"
        );
        self.reader.error(span, text);
        None
    }
}

/// The name in a function's name, ARN or qualified name.
fn function_name(text: &str) -> &str {
    match text.split_once(":function:") {
        Some((_, rest)) => rest.split(':').next().unwrap_or(rest),
        None => text.split(':').next().unwrap_or(text),
    }
}
