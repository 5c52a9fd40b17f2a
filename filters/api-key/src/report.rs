//! The usage report, as `GetUsage` answers it: `GET /usageplans/{usagePlanId}/usage?startDate=…&endDate=…`.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html>

use gateway::{Host, Query, Reply, Step, json, split_target};
use usage_plan::{Plans, UsageError, UsageRequest};

/// Answers a request for a usage report.
pub fn respond(plans: &Plans, host: &dyn Host) -> Step {
    let target = host.request_header(":path").unwrap_or_default();
    let (path, query) = split_target(&target);
    let path = std::str::from_utf8(path).unwrap_or_default();
    let method = host.request_header(":method").unwrap_or_default();
    let plan = path.strip_prefix("/usageplans/").and_then(|rest| rest.strip_suffix("/usage"));
    let reply = match plan {
        Some(plan) if method == b"GET" => report(plans, host, plan, &Query::parse(query.unwrap_or_default())),
        _ => error(404, "NotFoundException", "expected GET /usageplans/{usagePlanId}/usage?startDate=…&endDate=…"),
    };
    Step::Respond(Box::new(reply))
}

fn report(plans: &Plans, host: &dyn Host, plan: &str, query: &Query) -> Reply {
    let limit = match query.last("limit").map(str::parse) {
        None => None,
        Some(Ok(limit)) => Some(limit),
        Some(Err(_)) => return error(400, "BadRequestException", "limit: expected a number"),
    };
    let request = UsageRequest {
        usage_plan_id: plan,
        start_date: query.last("startDate").unwrap_or_default(),
        end_date: query.last("endDate").unwrap_or_default(),
        key_id: query.last("keyId"),
        position: query.last("position"),
        limit,
    };
    match plans.usage(&request, host.now(), host) {
        Ok(report) => answer(200, serde_json::to_string(&report).unwrap_or_default()),
        Err(problem) => {
            let (status, kind) = match problem {
                UsageError::NoSuchPlan(_) | UsageError::NoSuchKey(_) => (404, "NotFoundException"),
                UsageError::NotADate(_) | UsageError::Range | UsageError::Position(_) => (400, "BadRequestException"),
                UsageError::Unavailable => (503, "ServiceUnavailableException"),
            };
            error(status, kind, &problem.to_string())
        }
    }
}

fn answer(status: u16, body: String) -> Reply {
    let mut reply = Reply { status, body: body.into_bytes(), ..Reply::default() };
    reply.set_header("content-type", &b"application/json"[..]);
    reply
}

fn error(status: u16, kind: &'static str, message: &str) -> Reply {
    let mut reply = answer(status, format!("{{\"message\":{}}}", json::quote(message)));
    reply.set_header("x-amzn-errortype", kind.as_bytes());
    reply
}
