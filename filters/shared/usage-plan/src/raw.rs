//! The configuration as written: AWS's names, JSON's types. [`crate::Plans::from_raw`] checks and compiles it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{KeyDigest, Period};

/// API keys, usage plans and the throttles of stages and account.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawPlans {
    /// The keys that exist, by digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api_keys: Vec<RawApiKeys>,
    /// The plans that let keys into stages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usage_plans: Vec<RawUsagePlan>,
    /// Method settings of stages. A stage without an entry has no throttle of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<RawStage>,
    /// The throttle of the whole account, which all requests share. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<RawThrottle>,
}

/// An entry of `apiKeys`: an object, or a string of many keys.
///
/// The string holds enabled keys as `id:digest`, separated by blanks: 100,000 keys are 6.6 MB of configuration instead
/// of 9.3 MB, which Envoy holds once and each VM twice while it starts.
#[derive(Clone, Debug, PartialEq)]
pub enum RawApiKeys {
    /// `{"id": "k1", "valueSha256": "…"}`
    One(RawApiKey),
    /// `"k1:ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0 k2:…"`
    Packed(String),
}

impl RawApiKeys {
    /// Enabled keys in one string.
    pub fn pack<'a>(keys: impl IntoIterator<Item = (&'a str, KeyDigest)>) -> Self {
        let keys: Vec<String> = keys.into_iter().map(|(id, digest)| format!("{id}:{digest}")).collect();
        Self::Packed(keys.join(" "))
    }
}

/// An API key.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawApiKey {
    /// What `$context.identity.apiKeyId`, plans and logs call it.
    pub id: String,
    /// For people; not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A key that is not enabled is refused.
    #[serde(default = "enabled", skip_serializing_if = "Clone::clone")]
    pub enabled: bool,
    /// SHA-256 of the key's value.
    pub value_sha256: KeyDigest,
}

fn enabled() -> bool {
    true
}

/// A usage plan.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/api/API_UsagePlan.html>
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawUsagePlan {
    /// The plan's id.
    pub id: String,
    /// For people; not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where the plan's keys may go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api_stages: Vec<RawApiStage>,
    /// The throttle of each key over all stages of the plan. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<RawThrottle>,
    /// The quota of each key over all stages of the plan. Absent: unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<RawQuota>,
    /// The plan's keys; a string may hold several ids, separated by blanks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_ids: Vec<String>,
    /// When the plan was created, in seconds since 1970: the quota's offset counts in that period only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_date: Option<u64>,
}

/// A stage that a plan opens.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawApiStage {
    /// The API's id.
    pub api_id: String,
    /// The stage's name.
    pub stage: String,
    /// Throttles of single methods, for each key, instead of the plan's: `/pets/{petId}/GET`, for the root `//GET`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub throttle: BTreeMap<String, RawThrottle>,
}

/// A rate and a burst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawThrottle {
    /// Steady rate, in requests per second; fractions are allowed, 0 refuses everything.
    pub rate_limit: f64,
    /// Size of the bucket, in requests; less than 1 refuses everything.
    pub burst_limit: f64,
}

/// A quota.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawQuota {
    /// Requests per period.
    pub limit: u64,
    /// Requests subtracted from the limit in the first period: 0 for DAY, up to 6 for WEEK, up to 27 for MONTH.
    #[serde(default)]
    pub offset: u64,
    /// When the count starts anew.
    pub period: Period,
}

/// The method settings of a stage, as far as they throttle.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawStage {
    /// The API's id.
    pub api_id: String,
    /// The stage's name.
    pub stage: String,
    /// By method, `/pets/{petId}/GET` or `~1pets~1{petId}/GET`, and `*/*` for those without an entry.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub method_settings: BTreeMap<String, RawMethodSetting>,
}

/// The throttle in a method setting. What is absent comes from `*/*`, then from AWS's defaults when the other is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawMethodSetting {
    /// Steady rate, in requests per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_rate_limit: Option<f64>,
    /// Size of the bucket, in requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_burst_limit: Option<f64>,
}

impl Serialize for RawApiKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(key) => key.serialize(serializer),
            Self::Packed(keys) => keys.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for RawApiKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By hand, because serde's untagged enums lose the reason of an error.
        struct Entry;
        impl<'de> de::Visitor<'de> for Entry {
            type Value = RawApiKeys;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an API key with `id` and `valueSha256`, or a string of `id:digest`")
            }
            fn visit_str<E: de::Error>(self, keys: &str) -> Result<RawApiKeys, E> {
                Ok(RawApiKeys::Packed(keys.to_owned()))
            }
            fn visit_string<E: de::Error>(self, keys: String) -> Result<RawApiKeys, E> {
                Ok(RawApiKeys::Packed(keys))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<RawApiKeys, A::Error> {
                RawApiKey::deserialize(de::value::MapAccessDeserializer::new(map)).map(RawApiKeys::One)
            }
        }
        deserializer.deserialize_any(Entry)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn error(json: &str) -> String {
        gateway::parse::<RawPlans>(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn every_field_is_read_and_written_as_it_was() {
        let digest = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
        let json = format!(
            r#"{{"apiKeys":[{{"id":"k1","name":"acme","enabled":false,"valueSha256":"{digest}"}},"k2:{digest}"],"#
        ) + r#""usagePlans":[{"id":"u1","name":"Basic","apiStages":[{"apiId":"a1b2c3d4e5","stage":"dev","#
            + r#""throttle":{"/pets/GET":{"rateLimit":5.0,"burstLimit":10.0}}}],"throttle":{"rateLimit":0.5,"#
            + r#""burstLimit":200.0},"quota":{"limit":5000,"offset":0,"period":"MONTH"},"keyIds":["k1","k2"],"#
            + r#""createdDate":1727181296}],"stages":[{"apiId":"a1b2c3d4e5","stage":"dev","methodSettings":"#
            + r#"{"*/*":{"throttlingRateLimit":10000.0,"throttlingBurstLimit":5000.0}}}],"#
            + r#""account":{"rateLimit":10000.0,"burstLimit":5000.0}}"#;
        let raw: RawPlans = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&raw).unwrap(), json);
        assert_eq!(serde_json::from_str::<RawPlans>("{}").unwrap(), RawPlans::default());
    }

    #[test]
    fn errors_name_the_field() {
        for (json, expected) in [
            (
                r#"{"usagePlans":[{"id":"u1"},{"id":"u2","throttle":{"rateLimt":1}}]}"#,
                "usagePlans[1].throttle.rateLimt: unknown field `rateLimt`, expected `rateLimit` or `burstLimit`",
            ),
            (
                r#"{"usagePlans":[{"id":"u1","throttle":{"rateLimit":"1"}}]}"#,
                "usagePlans[0].throttle.rateLimit: invalid type: string \"1\", expected f64",
            ),
            (
                r#"{"usagePlans":[{"id":"u1","throttle":{"rateLimit":1}}]}"#,
                "usagePlans[0].throttle: missing field `burstLimit`",
            ),
            (
                r#"{"usagePlans":[{"id":"u1","quota":{"limit":-1,"period":"DAY"}}]}"#,
                "usagePlans[0].quota.limit: invalid value: integer `-1`, expected u64",
            ),
            (
                r#"{"usagePlans":[{"id":"u1","quota":{"limit":1,"period":"YEAR"}}]}"#,
                "usagePlans[0].quota.period: unknown variant `YEAR`, expected one of `DAY`, `WEEK`, `MONTH`",
            ),
            (
                r#"{"apiKeys":[{"id":"k1","value":"secret"}]}"#,
                "apiKeys[0].value: unknown field `value`, expected one of `id`, `name`, `enabled`, `valueSha256`",
            ),
            (
                r#"{"apiKeys":[{"id":"k1","valueSha256":"0123"}]}"#,
                "apiKeys[0].valueSha256: invalid value: other text, expected a SHA-256 digest",
            ),
            (r#"{"apiKeys":[7]}"#, "apiKeys[0]: invalid type: integer `7`, expected an API key"),
        ] {
            assert!(error(json).starts_with(expected), "{} instead of {expected}", error(json));
        }
    }
}
