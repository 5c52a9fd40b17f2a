//! The calls to AWS services that an HTTP API makes by itself, and the parameters of each.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html>

use Kind::{List, Number, Object, Text};

/// A call to an AWS service: `SQS-SendMessage`.
#[derive(Debug, PartialEq, Eq)]
pub struct ServiceCall {
    /// `integrationSubtype`.
    pub name: &'static str,
    /// The service, as signatures and settings call it.
    pub service: &'static str,
    /// Its parameters, without `Region`.
    pub parameters: &'static [ServiceParameter],
    /// The first label of its host.
    host: &'static str,
    pub(super) form: Form,
}

/// A parameter of a call.
#[derive(Debug, PartialEq, Eq)]
pub struct ServiceParameter {
    /// Its name in `requestParameters`.
    pub name: &'static str,
    /// Whether the call cannot be made without it.
    pub required: bool,
    /// Its name in the service's API.
    pub(super) member: &'static str,
    pub(super) kind: Kind,
}

/// What a call looks like.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A JSON object with the parameters: `X-Amz-Target` and `Content-Type`.
    Json(&'static str, &'static str),
    /// The same, in a list under this name.
    ListOf(&'static str, &'static str, &'static str),
    /// AppConfig's path.
    Configuration,
}

/// What a service takes for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    /// A JSON object.
    Object,
    /// A JSON list, or texts with commas between them.
    List,
}

const JSON_1_0: &str = "application/x-amz-json-1.0";
const JSON_1_1: &str = "application/x-amz-json-1.1";

const fn required(name: &'static str, member: &'static str) -> ServiceParameter {
    ServiceParameter { name, required: true, member, kind: Text }
}

const fn optional(name: &'static str, member: &'static str, kind: Kind) -> ServiceParameter {
    ServiceParameter { name, required: false, member, kind }
}

const fn call(
    name: &'static str,
    service: &'static str,
    form: Form,
    parameters: &'static [ServiceParameter],
) -> ServiceCall {
    ServiceCall { name, service, parameters, host: service, form }
}

/// All of them.
static CALLS: [ServiceCall; 10] = [
    call(
        "EventBridge-PutEvents",
        "events",
        Form::ListOf("Entries", "AWSEvents.PutEvents", JSON_1_1),
        &[
            required("Detail", "Detail"),
            required("DetailType", "DetailType"),
            required("Source", "Source"),
            optional("Time", "Time", Number),
            optional("EventBusName", "EventBusName", Text),
            optional("Resources", "Resources", List),
            optional("TraceHeader", "TraceHeader", Text),
        ],
    ),
    call(
        "SQS-SendMessage",
        "sqs",
        Form::Json("AmazonSQS.SendMessage", JSON_1_0),
        &[
            required("QueueUrl", "QueueUrl"),
            required("MessageBody", "MessageBody"),
            optional("DelaySeconds", "DelaySeconds", Number),
            optional("MessageAttributes", "MessageAttributes", Object),
            optional("MessageDeduplicationId", "MessageDeduplicationId", Text),
            optional("MessageGroupId", "MessageGroupId", Text),
            optional("MessageSystemAttributes", "MessageSystemAttributes", Object),
        ],
    ),
    call(
        "SQS-ReceiveMessage",
        "sqs",
        Form::Json("AmazonSQS.ReceiveMessage", JSON_1_0),
        &[
            required("QueueUrl", "QueueUrl"),
            optional("AttributeNames", "AttributeNames", List),
            optional("MaxNumberOfMessages", "MaxNumberOfMessages", Number),
            optional("MessageAttributeNames", "MessageAttributeNames", List),
            optional("ReceiveRequestAttemptId", "ReceiveRequestAttemptId", Text),
            optional("VisibilityTimeout", "VisibilityTimeout", Number),
            optional("WaitTimeSeconds", "WaitTimeSeconds", Number),
        ],
    ),
    call(
        "SQS-DeleteMessage",
        "sqs",
        Form::Json("AmazonSQS.DeleteMessage", JSON_1_0),
        &[required("ReceiptHandle", "ReceiptHandle"), required("QueueUrl", "QueueUrl")],
    ),
    call("SQS-PurgeQueue", "sqs", Form::Json("AmazonSQS.PurgeQueue", JSON_1_0), &[required("QueueUrl", "QueueUrl")]),
    call(
        "AppConfig-GetConfiguration",
        "appconfig",
        Form::Configuration,
        &[
            required("Application", "Application"),
            required("Environment", "Environment"),
            required("Configuration", "Configuration"),
            required("ClientId", "client_id"),
            optional("ClientConfigurationVersion", "client_configuration_version", Text),
        ],
    ),
    call(
        "Kinesis-PutRecord",
        "kinesis",
        Form::Json("Kinesis_20131202.PutRecord", JSON_1_1),
        &[
            required("StreamName", "StreamName"),
            required("Data", "Data"),
            required("PartitionKey", "PartitionKey"),
            optional("SequenceNumberForOrdering", "SequenceNumberForOrdering", Text),
            optional("ExplicitHashKey", "ExplicitHashKey", Text),
        ],
    ),
    call(
        "StepFunctions-StartExecution",
        "states",
        Form::Json("AWSStepFunctions.StartExecution", JSON_1_0),
        &[
            required("StateMachineArn", "stateMachineArn"),
            optional("Name", "name", Text),
            optional("Input", "input", Text),
        ],
    ),
    ServiceCall {
        host: "sync-states",
        ..call(
            "StepFunctions-StartSyncExecution",
            "states",
            Form::Json("AWSStepFunctions.StartSyncExecution", JSON_1_0),
            &[
                required("StateMachineArn", "stateMachineArn"),
                optional("Name", "name", Text),
                optional("Input", "input", Text),
                optional("TraceHeader", "traceHeader", Text),
            ],
        )
    },
    call(
        "StepFunctions-StopExecution",
        "states",
        Form::Json("AWSStepFunctions.StopExecution", JSON_1_0),
        &[required("ExecutionArn", "executionArn"), optional("Cause", "cause", Text), optional("Error", "error", Text)],
    ),
];

impl ServiceCall {
    /// The call of that `integrationSubtype`.
    pub fn find(name: &str) -> Option<&'static Self> {
        CALLS.iter().find(|call| call.name == name)
    }

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        CALLS.iter().map(|call| call.name)
    }

    /// The service's host at AWS.
    pub fn host_in(&self, region: &str) -> String {
        format!("{}.{region}.amazonaws.com", self.host)
    }

    /// The parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&'static ServiceParameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}
