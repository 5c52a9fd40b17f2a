//! What the parts of the settings file say about each other.

use std::collections::{HashMap, HashSet};

use super::Settings;
use super::keys::{ApiKey, shown_id};
use super::plans::UsagePlan;
use crate::read::Reader;
use crate::source::{Span, Spanned};

/// Reports duplicate ids and values, plans that name keys that are not there, and keys in two plans for one stage.
/// `ids` are those of all keys, also of such as could not be read.
pub fn validate(reader: &mut Reader<'_>, settings: &Settings, ids: &[Spanned<String>]) {
    validate_keys(reader, &settings.api_keys, ids);
    validate_plans(reader, &settings.usage_plans, &settings.api_keys, ids);
    validate_exclusive(reader, &settings.usage_plans);
}

fn validate_keys(reader: &mut Reader<'_>, keys: &[ApiKey], ids: &[Spanned<String>]) {
    let mut seen: HashSet<&str> = HashSet::with_capacity(ids.len());
    for id in ids {
        if !seen.insert(id) {
            reader.error(id.span, format!("there is another key with the id {}", shown_id(id)));
        }
    }
    let mut values: HashMap<&str, &ApiKey> = HashMap::with_capacity(keys.len());
    for key in keys {
        if let Some(first) = values.get(key.value.as_str()) {
            let text = format!("the value is the same as that of the key with the id {}", shown_id(&first.id));
            reader.error(key.value.span, text);
        } else {
            values.insert(&key.value, key);
        }
    }
}

fn validate_plans(reader: &mut Reader<'_>, plans: &[UsagePlan], keys: &[ApiKey], ids: &[Spanned<String>]) {
    let known: HashSet<&str> = ids.iter().map(|id| id.as_str()).collect();
    let values: HashMap<&str, &ApiKey> = keys.iter().map(|key| (key.value.as_str(), key)).collect();
    let mut ids = HashSet::new();
    for plan in plans {
        if !ids.insert(plan.id.as_str()) {
            reader.error(plan.id.span, format!("there is another usage plan with the id `{}`", *plan.id));
        }
        let mut named = HashSet::new();
        for id in &plan.key_ids {
            if !named.insert(id.as_str()) {
                reader.error(id.span, format!("the plan names the key {} twice", shown_id(id)));
            } else if !known.contains(id.as_str()) {
                let text = match values.get(id.as_str()) {
                    Some(key) => format!("this is the value of a key, expected its id {}", shown_id(&key.id)),
                    None => format!("there is no API key with the id {}", shown_id(id)),
                };
                reader.error(id.span, text);
            }
        }
        let mut stages = HashSet::new();
        for stage in &plan.api_stages {
            if !stages.insert((stage.api_id.as_str(), stage.stage.as_str())) {
                let text = format!("the plan names the stage {}/{} twice", *stage.api_id, *stage.stage);
                reader.error(stage.span, text);
            }
        }
    }
}

/// For one stage, a key may be in one plan only.
fn validate_exclusive(reader: &mut Reader<'_>, plans: &[UsagePlan]) {
    let mut by_stage: HashMap<(&str, &str), Vec<&UsagePlan>> = HashMap::new();
    for plan in plans {
        for stage in &plan.api_stages {
            let plans = by_stage.entry((&stage.api_id, &stage.stage)).or_default();
            if !plans.iter().any(|other| std::ptr::eq(*other, plan)) {
                plans.push(plan);
            }
        }
    }
    // A pair of plans may share many stages; each key of theirs is reported for one of them.
    let mut reported: HashSet<Span> = HashSet::new();
    let mut stages: Vec<_> = by_stage.into_iter().filter(|(_, plans)| plans.len() > 1).collect();
    stages.sort_by_key(|(stage, _)| *stage);
    for ((api, stage), plans) in stages {
        let mut seen: HashMap<&str, &Spanned<String>> = HashMap::new();
        for plan in plans {
            for id in &plan.key_ids {
                match seen.get(id.as_str()) {
                    Some(first_plan) if ***first_plan != *plan.id && reported.insert(id.span) => {
                        let text = format!(
                            "the key {} is in the plan `{}` too, and both are for the stage {api}/{stage}; for one stage a \
                             key is in one plan",
                            shown_id(id),
                            ***first_plan
                        );
                        reader.error(id.span, text);
                    }
                    Some(_) => {}
                    None => {
                        seen.insert(id, &plan.id);
                    }
                }
            }
        }
    }
}
