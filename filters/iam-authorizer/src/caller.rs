//! `$context.identity` of somebody who has signed a request.

use gateway::{Host, Property};
use serde_json::{Map, Value, json};

use crate::config::Credential;

/// Leaves `$context.identity.*` for what comes next.
pub(crate) fn publish(host: &dyn Host, caller: &Credential) {
    let mut identity = Map::new();
    let mut add = |name: &str, value: &str| identity.insert(name.to_owned(), json!(value));
    add("accessKey", &caller.access_key_id);
    add("accountId", &caller.principal.account_id);
    add("caller", &caller.user_id);
    add("user", &caller.user_id);
    add("userArn", &caller.principal.arn);
    if let Some(org_id) = &caller.org_id {
        add("principalOrgId", org_id);
    }
    host.set_property(Property::Identity, Value::Object(identity).to_string().as_bytes());
}
