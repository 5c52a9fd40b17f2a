//! Usage plans: items of `aws apigateway get-usage-plans`, each with the ids of its keys.

use indexmap::IndexMap;

use super::keys::read_id;
use super::stage::is_stage_name;
use crate::api::HttpMethod;
use crate::read::Reader;
use crate::source::{Node, Span, Spanned};

/// Most methods of a stage for which a plan may have limits of their own.
const MAX_METHOD_THROTTLES: usize = 20;

/// Largest limit of a quota, in requests.
const MAX_QUOTA: i64 = 2_147_483_647;

/// A usage plan.
#[derive(Clone, Debug)]
pub struct UsagePlan {
    /// Where it stands.
    pub span: Span,
    /// Its id.
    pub id: Spanned<String>,
    /// Its name.
    pub name: Option<String>,
    /// The stages that it covers.
    pub api_stages: Vec<ApiStage>,
    /// Limit for each key, over all stages of the plan; absent: none.
    pub throttle: Option<Throttle>,
    /// Requests for each key and period; absent: any number.
    pub quota: Option<Quota>,
    /// Ids of its keys.
    pub key_ids: Vec<Spanned<String>>,
    /// When it was created; the quota's offset counts in the period of this moment only.
    pub created: Option<jiff::Timestamp>,
}

/// A stage that a plan covers.
#[derive(Clone, Debug)]
pub struct ApiStage {
    /// Where it stands.
    pub span: Span,
    /// Id of the API.
    pub api_id: Spanned<String>,
    /// Name of the stage.
    pub stage: Spanned<String>,
    /// Limits for single methods, instead of the plan's.
    pub throttle: IndexMap<ThrottleKey, (Span, Throttle)>,
}

/// The method that a limit is for: `/pets/{id}/GET`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ThrottleKey {
    /// The resource's path, `/pets/{id}`.
    pub resource_path: String,
    /// The verb, or `ANY`.
    pub http_method: HttpMethod,
}

/// A token bucket's size and filling.
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    /// Where it stands.
    pub span: Span,
    /// Tokens a second; finite, zero or more. Absent: this limit does not refill by itself and only `burst_limit` is
    /// set, or there is none.
    pub rate_limit: Option<Spanned<f64>>,
    /// Size, in tokens; finite, zero or more.
    pub burst_limit: Option<Spanned<f64>>,
}

/// A number of requests in a period.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// Requests in a period.
    pub limit: Spanned<u64>,
    /// Requests that are taken off the limit in the first period.
    pub offset: Option<Spanned<u32>>,
    /// The period.
    pub period: Spanned<Period>,
}

/// Calendar periods, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// From midnight.
    Day,
    /// From Monday.
    Week,
    /// From the first of the month.
    Month,
}

impl Period {
    /// The name in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
        }
    }

    /// Largest offset that the control plane accepts.
    fn max_offset(self) -> i64 {
        match self {
            Self::Day => 0,
            Self::Week => 6,
            Self::Month => 27,
        }
    }
}

impl ThrottleKey {
    /// Reads `/pets/{id}/GET`; the root's methods are `//GET`.
    pub fn parse(text: &str) -> Option<Self> {
        let (path, verb) = text.rsplit_once('/')?;
        let http_method = HttpMethod::parse(verb)?;
        let resource_path = match path {
            "" | "/" => "/",
            path if path.starts_with('/') && !path.ends_with('/') => path,
            _ => return None,
        };
        Some(Self { resource_path: resource_path.to_owned(), http_method })
    }
}

/// Reads the plans; those without an id are reported and left out.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Vec<UsagePlan> {
    reader.list(node).iter().filter_map(|item| read_plan(reader, item)).collect()
}

fn read_plan<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<UsagePlan> {
    let mut fields = reader.fields(node)?;
    fields.ignore(&["description", "productCode", "tags"]);
    let id = fields.required(reader, "id").and_then(|node| read_id(reader, node));
    let name = fields.take("name").and_then(|node| reader.text(node));
    let api_stages = fields
        .take("apiStages")
        .map(|node| reader.list(node).iter().filter_map(|item| read_api_stage(reader, item)).collect::<Vec<_>>());
    let throttle = fields.take("throttle").and_then(|node| read_throttle(reader, node));
    let quota = fields.take("quota").and_then(|node| read_quota(reader, node));
    let key_ids = fields
        .take("keyIds")
        .map(|node| reader.list(node).iter().filter_map(|item| read_id(reader, item)).collect::<Vec<_>>());
    let created = fields.take("createdDate").and_then(|node| read_date(reader, node));
    fields.finish(reader);
    if let (Some(Quota { offset: Some(offset), .. }), None) = (&quota, created)
        && **offset > 0
    {
        let text = "the offset counts in the first period of the plan, which is not known without `createdDate`: it is ignored";
        reader.warning(offset.span, text);
    }
    Some(UsagePlan {
        span: node.span,
        id: id?,
        name: name.map(|name| name.value),
        api_stages: api_stages.unwrap_or_default(),
        throttle,
        quota,
        key_ids: key_ids.unwrap_or_default(),
        created,
    })
}

fn read_api_stage<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<ApiStage> {
    let mut fields = reader.fields(node)?;
    let api_id = fields.required(reader, "apiId").and_then(|node| read_id(reader, node));
    let stage = fields.required(reader, "stage").and_then(|node| reader.text(node));
    let throttle = fields.take("throttle");
    fields.finish(reader);
    if let Some(stage) = stage.as_ref().filter(|stage| !is_stage_name(stage)) {
        reader.error(stage.span, "expected a stage name: letters, digits, `_` and `-`, at most 128 characters");
    }
    let mut throttles = IndexMap::new();
    for entry in throttle.and_then(|node| reader.map(node)).map(|map| map.entries()).unwrap_or_default() {
        let Some(key) = ThrottleKey::parse(&entry.key.text) else {
            let text =
                format!("`{}` is no method, expected `/path/VERB` as `/pets/GET` (the root: `//GET`)", entry.key.text);
            reader.error(entry.key.span, text);
            continue;
        };
        let Some(limit) = read_throttle(reader, &entry.value) else { continue };
        if throttles.insert(key, (entry.key.span, limit)).is_some() {
            reader.error(entry.key.span, "this method has a limit here already");
        }
    }
    if throttles.len() > MAX_METHOD_THROTTLES {
        let text = format!(
            "{} methods have limits of their own, at most {MAX_METHOD_THROTTLES} are accepted",
            throttles.len()
        );
        reader.error(throttle.map_or(node.span, |node| node.span), text);
    }
    Some(ApiStage { span: node.span, api_id: api_id?, stage: stage?, throttle: throttles })
}

/// Reads `{rateLimit, burstLimit}`.
pub fn read_throttle<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Throttle> {
    let mut fields = reader.fields(node)?;
    let rate_limit = fields.take("rateLimit").and_then(|node| reader.amount(node));
    let burst_limit = fields.take("burstLimit").and_then(|node| reader.amount(node));
    fields.finish(reader);
    Some(Throttle { span: node.span, rate_limit, burst_limit })
}

fn read_quota<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Quota> {
    let mut fields = reader.fields(node)?;
    let limit = fields.required(reader, "limit").and_then(|node| reader.integer(node, 0..=MAX_QUOTA));
    let periods = [("DAY", Period::Day), ("WEEK", Period::Week), ("MONTH", Period::Month)];
    let period = fields.required(reader, "period").and_then(|node| reader.choice(node, &periods));
    let offset = fields.take("offset").and_then(|node| reader.integer(node, 0..=MAX_QUOTA));
    fields.finish(reader);
    if let (Some(offset), Some(period)) = (offset, period)
        && *offset > period.max_offset()
    {
        let (max, name) = (period.max_offset(), period.as_str());
        let accepted = if max == 0 { "0".to_owned() } else { format!("0 to {max}") };
        reader.error(offset.span, format!("found {}, expected {accepted} with the period {name}", *offset));
    }
    Some(Quota {
        limit: limit?.map(i64::unsigned_abs),
        offset: offset.map(|offset| offset.map(|offset| u32::try_from(offset).unwrap_or(0))),
        period: period?,
    })
}

/// A date as the CLI prints it: seconds since 1970, or ISO 8601.
fn read_date(reader: &mut Reader<'_>, node: &Node) -> Option<jiff::Timestamp> {
    let text = reader.text(node)?;
    #[allow(clippy::cast_possible_truncation)]
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite()).map(|seconds| seconds as i64);
    let found = match seconds {
        Some(seconds) => jiff::Timestamp::from_second(seconds).ok(),
        None => text.parse().ok(),
    };
    if found.is_none() {
        let text = "expected a moment as `2024-09-01T12:00:00+00:00`, or in seconds since 1970";
        reader.error(node.span, text);
    }
    found
}
