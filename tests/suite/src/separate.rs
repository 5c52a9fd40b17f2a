//! The same gateway with an HTTP filter of Envoy for each filter, instead of one that runs them all.

use std::path::Path;
use std::process::{Child, Command};
use std::{fs, io};

use serde_json::{Map, Value, json};

use crate::{envoy, paths};

/// Beginning of the reason why something cannot run on separate filters.
pub const UNSUPPORTED: &str = "not on separate filters: ";

/// Compiles a definition, takes the chain apart, and starts Envoy on it. Returns the process and the address on which it
/// serves.
pub fn start(
    folder: &Path,
    inputs: &[&Path],
    filters: &Path,
    options: &[String],
    log: fs::File,
) -> io::Result<Result<(Child, std::net::SocketAddr), String>> {
    let (mut of_compile, mut of_envoy) = (Vec::new(), Vec::new());
    for pair in options.chunks(2) {
        if pair.first().is_some_and(|name| name == "--concurrency") { &mut of_envoy } else { &mut of_compile }
            .extend_from_slice(pair);
    }
    let [definition, settings] = inputs else { panic!("a definition and settings") };
    let output = Command::new(paths::apigw())
        .arg("compile")
        .arg(definition)
        .arg("--settings")
        .arg(settings)
        .args(["--listen", "127.0.0.1:0", "--filters"])
        .arg(filters)
        .args(of_compile)
        .output()?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let mut bootstrap: Value = serde_yaml_ng::from_slice(&output.stdout).map_err(io::Error::other)?;
    if let Err(reason) = split(&mut bootstrap) {
        return Ok(Err(reason));
    }
    Ok(envoy::start(folder, &bootstrap, &of_envoy, log)?
        .ok_or_else(|| "Envoy does not start on separate filters".to_owned()))
}

/// Names of a chain's filters.
fn filters_of(chain: &Value) -> impl Iterator<Item = &str> {
    let members = chain["filters"].as_array().into_iter().flatten().filter_map(Value::as_object);
    members.filter_map(|member| member.keys().next()).map(String::as_str)
}

/// Replaces the filter `gateway` by the filters that it runs, and its lists of routes by switches at the routes.
fn split(bootstrap: &mut Value) -> Result<(), String> {
    let manager = &mut bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    let filters = manager["http_filters"].as_array_mut().expect("filters");
    let place = filters.iter().position(|filter| filter["name"] == "gateway").expect("a chain");
    let gateway = filters.remove(place);
    let text = gateway["typed_config"]["config"]["configuration"]["value"].as_str().expect("a text");
    let chain: Value = serde_json::from_str(text).expect("JSON");
    let members = chain["filters"].as_array().expect("members").iter().map(|member| {
        let (name, configuration) = member.as_object().and_then(|member| member.iter().next()).expect("one name");
        let mut wasm = gateway["typed_config"].clone();
        wasm["config"]["name"] = json!(name);
        wasm["config"]["root_id"] = json!(name);
        wasm["config"]["configuration"]["value"] = json!(configuration.to_string());
        json!({"name": name, "typed_config": wasm})
    });
    if chain["further"].is_array() {
        return Err(format!("{UNSUPPORTED}several deployments"));
    }
    if filters_of(&chain).any(|name| name == "execution-log") {
        return Err(format!("{UNSUPPORTED}what filters note for the execution log stays in their chain"));
    }
    filters.splice(place..place, members);
    let routes = manager["route_config"]["virtual_hosts"][0]["routes"].as_array_mut().expect("routes");
    for route in routes {
        let name = route["name"].as_str().expect("a name");
        let Some(without) = chain["routes"][name]["without"].as_array() else { continue };
        let off = json!({"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": true});
        let switches: Map<String, Value> =
            without.iter().map(|filter| (filter.as_str().expect("a name").to_owned(), off.clone())).collect();
        route["typed_per_filter_config"] = Value::Object(switches);
    }
    Ok(())
}
