//! The settings file to typed values, and what of it messages may show.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use apigw::api::HttpMethod;
use apigw::check::{Input, Options, check, check_files};
use apigw::diagnostics::{Colour, Diagnostics};
use apigw::settings::{self, Authority, BackendUrl, MethodKey, Period, Settings, ThrottleKey};
use apigw::source::{Role, Sources};
use proptest::prelude::*;

fn read(text: &str) -> (Settings, Diagnostics) {
    let mut sources = Sources::default();
    let (id, diagnostics) = sources.add("settings.yaml", Role::Settings, text.as_bytes().to_vec());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    settings::read(sources.document(id).unwrap())
}

fn valid(text: &str) -> Settings {
    let (settings, diagnostics) = read(text);
    assert!(diagnostics.items().is_empty(), "{:?}", diagnostics.items());
    settings
}

#[test]
fn the_shapes_of_the_cli_are_read() {
    let settings = valid(include_str!("golden/clean/settings.yaml"));
    assert_eq!(*settings.account_id.unwrap(), "012345678901");
    assert_eq!(*settings.stage.variables["backend"], "backend.internal");
    let all = &settings.stage.method_settings[0];
    assert_eq!(all.0, MethodKey::All);
    assert_eq!(all.1.throttling_rate_limit.map(|rate| *rate), Some(100.0));
    let account = settings.throttle_settings.unwrap();
    assert_eq!(account.rate_limit.map(|rate| *rate), Some(10000.0));
    assert_eq!(settings.api_keys.len(), 2);
    assert!(settings.api_keys.iter().all(|key| key.enabled));
    assert_eq!(*settings.api_keys[1].value, "98765432109876543210");
    let plan = &settings.usage_plans[0];
    let quota = plan.quota.unwrap();
    assert_eq!((*quota.limit, *quota.period, quota.offset.map(|offset| *offset)), (1000, Period::Week, Some(6)));
    assert_eq!(plan.created.map(|created| created.as_second()), Some(1_725_192_000));
    let key = ThrottleKey { resource_path: "/{proxy+}".into(), http_method: HttpMethod::Get };
    assert_eq!(plan.api_stages[0].throttle[&key].1.burst_limit.map(|burst| *burst), Some(2.0));
    let host = Authority { host: "backend.internal".into(), port: 443 };
    assert_eq!(settings.endpoints.hosts[&host].to_string(), "http://127.0.0.1:9000");
    assert_eq!(settings.usage_report.unwrap().listen.to_string(), "127.0.0.1:9902");
}

#[test]
fn everything_is_optional() {
    for text in ["{}", "~", "# nothing"] {
        let mut sources = Sources::default();
        let (id, _) = sources.add("settings.yaml", Role::Settings, text.as_bytes().to_vec());
        let (settings, diagnostics) = settings::read(sources.document(id).unwrap());
        assert!(diagnostics.items().is_empty());
        assert!(settings.throttle_settings.is_none() && settings.usage_report.is_none());
    }
}

#[test]
fn a_disabled_key_stays_disabled() {
    let settings = valid("apiKeys: [{id: a, value: 01234567890123456789, enabled: false}]");
    assert!(!settings.api_keys[0].enabled);
    // Read as far as possible, and not open: the error stops everything anyway.
    let (settings, diagnostics) = read("apiKeys: [{id: a, value: 01234567890123456789, enabled: maybe}]");
    assert!(diagnostics.has_errors());
    assert!(!settings.api_keys[0].enabled);
}

#[test]
fn method_settings_keys_come_in_many_forms() {
    let method = |path: &str, verb| Some(MethodKey::Method { resource_path: path.into(), http_method: verb });
    let cases = [
        ("*/*", Some(MethodKey::All)),
        ("/*/*", Some(MethodKey::All)),
        ("~1pets~1{id}/GET", method("/pets/{id}", HttpMethod::Get)),
        ("/~1pets~1{id}/GET", method("/pets/{id}", HttpMethod::Get)),
        ("/pets/{id}/GET", method("/pets/{id}", HttpMethod::Get)),
        ("pets/{id}/ANY", method("/pets/{id}", HttpMethod::Any)),
        ("~1/GET", method("/", HttpMethod::Get)),
        ("//GET", method("/", HttpMethod::Get)),
        ("pets", None),
        ("/pets/get", None),
        ("/pets/*", None),
        ("/pets/*/GET", None),
        ("/pets//GET", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(MethodKey::parse(text), expected, "{text}");
    }
    let list = "stage: {methodSettings: [{ResourcePath: '/*', HttpMethod: '*', ThrottlingRateLimit: 5}, \
                {ResourcePath: /~1pets, HttpMethod: GET, CachingEnabled: true}]}";
    let settings = valid(list).stage.method_settings;
    assert_eq!(settings[0].0, MethodKey::All);
    assert_eq!(Some(settings[1].0.clone()), method("/pets", HttpMethod::Get));
}

#[test]
fn throttle_keys_name_a_path_and_a_verb() {
    let key = |path: &str, verb| Some(ThrottleKey { resource_path: path.into(), http_method: verb });
    let cases = [
        ("/pets/GET", key("/pets", HttpMethod::Get)),
        ("/pets/{id}/ANY", key("/pets/{id}", HttpMethod::Any)),
        ("//GET", key("/", HttpMethod::Get)),
        ("/GET", key("/", HttpMethod::Get)),
        ("pets/GET", None),
        ("/pets/get", None),
        ("/pets//GET", None),
        ("/pets", None),
    ];
    for (text, expected) in cases {
        assert_eq!(ThrottleKey::parse(text), expected, "{text}");
    }
}

#[test]
fn backends_are_urls_without_path() {
    let shown = |text: &str| BackendUrl::parse(text).map(|url| url.to_string());
    assert_eq!(shown("http://127.0.0.1"), Some("http://127.0.0.1:80".into()));
    assert_eq!(shown("https://Backend.Example/"), Some("https://backend.example:443".into()));
    assert_eq!(shown("http://[::1]:8080"), Some("http://[::1]:8080".into()));
    for text in [
        "127.0.0.1:80",
        "ftp://x",
        "http://",
        "http://x:0",
        "http://x:99999",
        "http://u:p@x",
        "http://x/y",
        "http://[x]",
    ] {
        assert_eq!(shown(text), None, "{text}");
    }
}

#[test]
fn caches_and_plans_beside_an_http_api() {
    let found = |settings: &str| -> Vec<String> {
        let integration = "x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: 'http://backend/'";
        let document = |more: &str| {
            format!("openapi: 3.0.1\ninfo: {{title: t}}\npaths: {{/a: {{get: {{{integration}{more}}}}}}}}}\n")
        };
        let input = |name: &str, text: &str| Input { name: name.to_owned(), content: Ok(text.as_bytes().to_vec()) };
        let definitions =
            vec![input("rest.yaml", &document("")), input("http.yaml", &document(", payloadFormatVersion: '1.0'"))];
        let checked = check(definitions, Some(input("settings.yaml", settings)), &Options::default());
        let items = checked.diagnostics.items().iter();
        items.map(|item| format!("{:?}: {}", item.severity, item.message)).collect()
    };
    let apis = "  - {definition: rest.yaml, apiId: r, stage: {stageName: prod}}\n  \
                - {definition: http.yaml, apiId: h, protocolType: HTTP}\n";
    let plan = |id: &str| format!("usagePlans: [{{id: p, apiStages: [{{apiId: {id}, stage: prod}}], keyIds: []}}]\n");
    assert_eq!(found(&format!("apis:\n{apis}{}", plan("r"))), [""; 0]);
    assert_eq!(
        found(&format!("apis:\n{apis}{}", plan("h"))),
        ["Error: `h` is an HTTP API: it has no API keys and no usage plans"]
    );
    // The plan is for the REST API.
    let same = apis.replace("apiId: h", "apiId: r");
    assert_eq!(found(&format!("apis:\n{same}{}", plan("r"))), [""; 0]);
    // The cache as well, but the line is for both.
    assert_eq!(
        found(&format!("apis:\n{apis}stage: {{cacheClusterEnabled: true}}\n")),
        ["Warning: only REST APIs have a cache: this has no effect on the other APIs of the gateway"]
    );
    let own = apis.replace("stageName: prod", "stageName: prod, cacheClusterEnabled: true");
    assert_eq!(found(&format!("apis:\n{own}")), [""; 0]);
    let other = apis.replace("protocolType: HTTP", "protocolType: HTTP, stage: {cacheClusterEnabled: true}");
    assert_eq!(found(&format!("apis:\n{other}")), ["Error: only REST APIs have a cache"]);
}

#[test]
fn a_hundred_thousand_keys_in_fifty_plans() {
    let mut text = String::from("apiKeys:\n");
    let mut plans = String::from("usagePlans:\n");
    for plan in 0..50 {
        let ids: Vec<String> = (0..2000).map(|n| format!("k{}", plan * 2000 + n)).collect();
        for id in &ids {
            text.push_str(&format!(
                "  - {{id: {id}, name: customer, value: the-value-of-the-key-{id}, enabled: true}}\n"
            ));
        }
        let stages = "[{apiId: a1, stage: prod}, {apiId: a1, stage: dev}]";
        plans.push_str(&format!("  - {{id: p{plan}, apiStages: {stages}, keyIds: [{}]}}\n", ids.join(", ")));
    }
    let settings = valid(&(text + &plans));
    assert_eq!(settings.api_keys.len(), 100_000);
    assert_eq!(settings.usage_plans.iter().map(|plan| plan.key_ids.len()).sum::<usize>(), 100_000);
}

/// A secret in places where it belongs and where it does not.
const PLACES: [&str; 16] = [
    "apiKeys: [{id: k1, value: SECRET}, {id: k2, value: SECRET}]",
    "apiKeys: [{id: k1, vlaue: SECRET}]",
    "apiKeys: [{id: SECRET, value: x}]",
    "apiKeys: [{id: SECRET, value: 01234567890123456789}, {id: SECRET, value: 01234567890123456789}]",
    "apiKeys: [{id: k1, name: SECRET, value: x}]",
    "apiKeys: [SECRET]",
    "apiKeys: {a: SECRET}",
    "apiKey: [{id: k1, value: SECRET}]",
    "apiKeys: [{id: k1, value: [SECRET]}]",
    "apiKeys: [{id: k1, value: SECRET, enabled: SECRET}]",
    "usagePlans: [{id: p1, keyIds: [SECRET]}]",
    "apiKeys: [{id: k1, value: SECRET}]\nusagePlans: [{id: p1, keyIds: [SECRET, SECRET]}]",
    "credentials: [{accessKeyId: AKID, secretAccessKey: SECRET, principalArn: x}]",
    "credentials: [{accessKeyId: AKID, secretAcessKey: SECRET}]",
    "endpoints: {services: {sqs: {url: 'http://x', secretAccessKey: SECRET}}}",
    "apiKeys: [{id: k1, value: SECRET",
];

proptest! {
    #[test]
    fn no_message_shows_a_secret(
        place in prop::sample::select(PLACES.to_vec()),
        secret in "[A-Za-z0-9]{20,40}",
        quoted in any::<bool>(),
        elsewhere in prop::sample::select(vec!["", "\nunknown: 1", "\nstage: {stageName: '*'}"]),
    ) {
        let text = place.replace("SECRET", &if quoted { format!("\"{secret}\"") } else { secret.clone() });
        let settings = Input { name: "settings.yaml".into(), content: Ok((text + elsewhere).into_bytes()) };
        let checked = check(Vec::new(), Some(settings), &Options::default());
        let shown = checked.report().render(Colour::Always);
        prop_assert!(checked.has_errors());
        prop_assert!(!shown.contains(&secret), "{shown}");
        let debugged = format!("{:?}", checked.settings.api_keys);
        prop_assert!(!debugged.contains(&secret) || place.contains("id: SECRET"), "{debugged}");
    }
}

/// A public key for tests.
const KEYS: &str = concat!(
    r#"{"keys": [{"kty": "RSA", "kid": "k", "use": "sig", "alg": "RS256", "e": "AQAB", "n": ""#,
    "4VT-v-mwj8F2ervUcuP_cwvjHO3MGfNavpoOlbZsgcK6Vu87doFTmlPy3zEGdqUk8crVYDonVjspttVv8hX9EUROb4",
    "2Ur0EJ8iy7arC7LZXak5K8rwRgjeUGFhUH_LOD4kbxzS4FUt_fTGSTLB5DPK1GCidAQkIDPRUJ9n3RSLHyZHpQ0QPl",
    "PB6Xs2OXrGE7ho_TqljOgUYMd8sX80pqjCwX1264VByX8jc63pmRMajw3zzY732eD1dRfjDp27gziQi92hNrEc0Om5",
    "TYDpjkXwMHvNLRRFbmYeuFjqElOh8frlDt44dXLbKuxo0pabQZCZK9UaVRnlSTEe5UPHeS8Q",
    r#""}]}"#,
);

#[test]
fn keys_of_an_issuer_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, keys) = (folder.path().join("settings.yaml"), folder.path().join("keys.json"));
    std::fs::write(&settings, "tokenIssuers: {\"https://issuer.example\": {jwks: keys.json}}\n").unwrap();
    let checked = || check_files(&[], Some(&settings), &Options::default());
    assert!(checked().report().render(Colour::Never).contains("keys.json:1:1: error: cannot be read"));
    for (content, expected) in [
        ("", "the file is empty"),
        ("{\"keys\": []}", "no key here can verify a token"),
        ("[1]", "keys.json:1:1: error"),
    ] {
        std::fs::write(&keys, content).unwrap();
        let report = checked().report().render(Colour::Never);
        assert!(report.contains(expected), "{content}: {report}");
    }
    std::fs::write(&keys, KEYS).unwrap();
    let checked = checked();
    assert!(!checked.has_errors(), "{}", checked.report().render(Colour::Never));
    assert!(checked.settings.token_issuers["https://issuer.example"].jwks.is_some());
    assert_eq!(checked.included, [keys]);
}
