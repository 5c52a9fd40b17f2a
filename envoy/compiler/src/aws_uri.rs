//! URIs of AWS integrations: functions and services.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html#apigw-Type-Integration-uri>

/// The region of an API when neither settings nor definition say so.
pub const DEFAULT_REGION: &str = "us-east-1";

/// The ARN of a function in a URI.
pub fn function_arn(uri: &str) -> Option<&str> {
    uri.get(uri.find("arn:aws:lambda:")?..)
}

/// The region in an ARN.
pub fn region_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).filter(|region| !region.is_empty())
}

/// The Lambda function that an integration invokes:
/// `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION/invocations`, with one or two slashes behind
/// `path`. FUNCTION is an ARN, or the name alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionUri {
    /// Region in which it is invoked.
    pub region: String,
    /// Name of the function.
    pub name: String,
    /// Version or alias.
    pub qualifier: Option<String>,
}

impl FunctionUri {
    /// Reads a URI in which stage variables were put in already; `None` when it names no function.
    pub fn parse(uri: &str) -> Option<Self> {
        let (start, path) = uri.strip_prefix("arn:")?.split_once(":lambda:path/")?;
        let (_, region) = start.rsplit_once(':')?;
        let path = path.trim_start_matches('/').strip_prefix("2015-03-31/functions/")?;
        let function = path.strip_suffix("/invocations")?;
        let of_arn = function.strip_prefix("arn:").and_then(|arn| arn.split_once(":function:")).map(|(_, rest)| rest);
        let function = of_arn.unwrap_or(function);
        let (name, qualifier) = match function.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier.to_owned()).filter(|text| !text.is_empty())),
            None => (function, None),
        };
        (!name.is_empty() && !name.contains('/')).then(|| Self {
            region: region.to_owned(),
            name: name.to_owned(),
            qualifier,
        })
    }
}

impl FunctionUri {
    /// Reads the URI of an HTTP API's integration, which may be the ARN of the function itself.
    pub fn parse_of_http_api(uri: &str) -> Option<Self> {
        Self::parse(uri).or_else(|| {
            let mut parts = uri.split(':').skip(2);
            let (service, region) = (parts.next()?, parts.next()?);
            if !uri.starts_with("arn:") || service != "lambda" || !uri.contains(":function:") {
                return None;
            }
            Self::parse(&format!("arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{uri}/invocations"))
        })
    }
}

/// The AWS service that an integration calls: `arn:aws:apigateway:REGION:[SUBDOMAIN.]SERVICE:path/PATH` or
/// `…:action/ACTION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceUri {
    /// Name of the service: `sqs`.
    pub service: String,
    /// Region in which it is called.
    pub region: String,
    /// Host of the service at AWS.
    pub host: String,
    /// What is called there.
    pub target: ServiceTarget,
}

/// What of a service is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceTarget {
    /// A path, without its leading slash.
    Path(String),
    /// An action by name.
    Action(String),
}

impl ServiceUri {
    /// Reads a URI in which stage variables were put in already; `None` when it is of another form.
    pub fn parse(uri: &str) -> Option<Self> {
        let rest = uri.strip_prefix("arn:")?;
        let (_partition, rest) = rest.split_once(":apigateway:")?;
        let (region, rest) = rest.split_once(':')?;
        let (service, target) = rest.split_once(':').filter(|(service, _)| !service.is_empty())?;
        let target = match target.split_once('/')? {
            ("path", path) => ServiceTarget::Path(path.to_owned()),
            ("action", action) => ServiceTarget::Action(action.to_owned()),
            _ => return None,
        };
        let name = service.rsplit('.').next().unwrap_or(service);
        Some(Self {
            service: name.to_owned(),
            region: region.to_owned(),
            host: format!("{service}.{region}.amazonaws.com"),
            target,
        })
    }

    /// The name by which signatures call the service; a few differ from the one in URIs.
    pub fn signing_name(&self) -> &str {
        match self.service.as_str() {
            "email" => "ses",
            "appconfigdata" => "appconfig",
            name => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "arn:aws:apigateway:us-east-1:lambda:path";
    const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:orders";

    fn check_function(uri: &str, name: &str, qualifier: Option<&str>) {
        let expected = FunctionUri {
            region: "us-east-1".to_owned(),
            name: name.to_owned(),
            qualifier: qualifier.map(str::to_owned),
        };
        assert_eq!(FunctionUri::parse(uri), Some(expected), "{uri}");
    }

    #[test]
    fn functions() {
        check_function(&format!("{PATH}/2015-03-31/functions/{ARN}/invocations"), "orders", None);
        check_function(&format!("{PATH}//2015-03-31/functions/{ARN}:live/invocations"), "orders", Some("live"));
        check_function(&format!("{PATH}/2015-03-31/functions/orders/invocations"), "orders", None);
        let nameless = format!("{PATH}/2015-03-31/functions//invocations");
        for none in ["arn:aws:apigateway:us-east-1:sqs:path/1/q", "https://x/", "", nameless.as_str()] {
            assert_eq!(FunctionUri::parse(none), None, "{none}");
        }
    }

    #[test]
    fn functions_of_http_apis() {
        let parsed = FunctionUri::parse_of_http_api;
        let invoked = format!("{PATH}/2015-03-31/functions/{ARN}:live/invocations");
        assert_eq!(parsed(&format!("{ARN}:live")), FunctionUri::parse(&invoked));
        assert_eq!(parsed(&invoked), FunctionUri::parse(&invoked));
        assert!(parsed(ARN).is_some_and(|function| function.region == "us-east-1" && function.name == "orders"));
        for none in ["arn:aws:sqs:us-east-1:123456789012:orders", "arn:aws:lambda:us-east-1:1:layer:x", "orders", ""] {
            assert_eq!(parsed(none), None, "{none}");
        }
    }

    fn check_service(uri: &str, service: &str, region: &str, host: &str, target: ServiceTarget) {
        let text = str::to_owned;
        let expected = ServiceUri { service: text(service), region: text(region), host: text(host), target };
        assert_eq!(ServiceUri::parse(uri), Some(expected), "{uri}");
    }

    #[test]
    fn services() {
        let path = ServiceTarget::Path("123/queue".to_owned());
        check_service(
            "arn:aws:apigateway:us-east-1:sqs:path/123/queue",
            "sqs",
            "us-east-1",
            "sqs.us-east-1.amazonaws.com",
            path,
        );
        let action = ServiceTarget::Action("PutItem".to_owned());
        check_service(
            "arn:aws:apigateway:eu-west-1:x.dynamodb:action/PutItem",
            "dynamodb",
            "eu-west-1",
            "x.dynamodb.eu-west-1.amazonaws.com",
            action,
        );
        assert_eq!(ServiceUri::parse("arn:aws:apigateway:us-east-1:sqs:other/x"), None);
        assert_eq!(ServiceUri::parse("https://x"), None);
    }
}
