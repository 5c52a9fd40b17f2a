//! `routeSettings` and `defaultRouteSettings` of a stage, as `aws apigatewayv2 get-stage` has them.
//!
//! Source: <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html>

use super::method_settings::LEVELS;
use super::{LoggingLevel, Throttle};
use crate::read::Reader;
use crate::source::{Node, Span, Spanned};

/// Settings of a route, or of all that have none of their own.
#[derive(Clone, Debug)]
pub struct RouteSettings {
    /// Where they stand.
    pub span: Span,
    /// Rate and burst; absent: no limit.
    pub throttle: Option<Throttle>,
    /// How much is logged.
    pub logging_level: Option<Spanned<LoggingLevel>>,
    /// Whether bodies and headers are logged.
    pub data_trace_enabled: Option<Spanned<bool>>,
    /// Whether there are metrics for each route.
    pub detailed_metrics_enabled: Option<Spanned<bool>>,
}

/// Reads the settings of a route.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<RouteSettings> {
    let mut fields = reader.fields(node)?;
    let rate_limit = fields.take("throttlingRateLimit").and_then(|node| reader.amount(node));
    let burst_limit = fields.take("throttlingBurstLimit").and_then(|node| reader.amount(node));
    let logging_level = fields.take("loggingLevel").and_then(|node| reader.choice(node, &LEVELS));
    let data_trace_enabled = fields.take("dataTraceEnabled").and_then(|node| reader.boolean(node));
    let detailed_metrics_enabled = fields.take("detailedMetricsEnabled").and_then(|node| reader.boolean(node));
    fields.finish(reader);
    let limited = rate_limit.is_some() || burst_limit.is_some();
    Some(RouteSettings {
        span: node.span,
        throttle: limited.then_some(Throttle { span: node.span, rate_limit, burst_limit }),
        logging_level,
        data_trace_enabled,
        detailed_metrics_enabled,
    })
}
