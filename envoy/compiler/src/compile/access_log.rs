//! The stage's access log: the filter that renders its lines, and where Envoy writes them.

use std::collections::BTreeMap;

use access_log::RawLoggedRoute;
use filters::RawFilter;
use gateway::{Property, RawApi};
use gateway_responses::{RawResponsesRoute, Refusal};

use super::log_sinks::Log;
use crate::settings::{LogSink, Settings};

/// The lines of all deployments; WebSocket APIs' are [`super::message_log`]'s.
pub(super) const LOG: Log = Log {
    lines: Property::AccessLog,
    metadata: "Log",
    sink: |deployment| deployment.log.as_ref().filter(|_| !deployment.is_web_socket_api()),
};

/// The filter, when the stage has an access log. `routes` are those of `gateway-responses`, which knows them all.
pub(super) fn filter(
    settings: &Settings,
    api: &RawApi,
    routes: &BTreeMap<String, RawResponsesRoute>,
) -> Option<RawFilter> {
    let format = settings.stage.access_log_settings.as_ref()?.format.as_ref()?;
    let logged = |(name, route): (&String, &RawResponsesRoute)| {
        // A request that no stage was found for is none of this stage's.
        let silent = route.refuse == Some(Refusal::Forbidden);
        (name.clone(), RawLoggedRoute { method: route.method.clone(), silent })
    };
    Some(RawFilter::AccessLog(access_log::RawConfig {
        api: api.clone(),
        format: format.trim_end().to_owned(),
        routes: routes.iter().map(logged).collect(),
    }))
}

/// Where the stage's lines go; `None` when it has no access log.
pub(super) fn sink(settings: &Settings) -> Option<LogSink> {
    let log = settings.stage.access_log_settings.as_ref()?;
    log.format.as_ref()?;
    let destination = log.destination_arn.as_ref().map_or("", |arn| arn.as_str());
    Some(settings.endpoints.access_log(destination))
}
