//! The usage report.

use usage_plan::{Plans, UnixMicros, UsageError, UsageRequest};

use crate::store::Store;
use crate::{START, get_pets, plans};

const DAY: u64 = 86_400_000_000;

fn quota_of_10() -> Plans {
    plans(
        r#"{"apiKeys": [{"id": "abc123def4", "valueSha256": "one"}, {"id": "k2", "valueSha256": "two"}],
            "usagePlans": [
                {"id": "u1", "keyIds": ["abc123def4", "k2"], "quota": {"limit": 10, "period": "WEEK"},
                 "apiStages": [{"apiId": "api", "stage": "dev"}]},
                {"id": "free", "keyIds": ["k2"], "apiStages": [{"apiId": "api", "stage": "prod"}]}]}"#,
    )
}

fn request<'a>(start_date: &'a str, end_date: &'a str) -> UsageRequest<'a> {
    UsageRequest { usage_plan_id: "u1", start_date, end_date, ..UsageRequest::default() }
}

#[test]
fn a_pair_for_each_day_in_the_shape_of_get_usage() {
    let plans = quota_of_10();
    let store = Store::default();
    for (key, days) in [("one", [0, 0, 2, 6].as_slice()), ("two", &[0; 12])] {
        for day in days {
            let _ = plans.admit(&get_pets(key), UnixMicros(START + day * DAY), &store);
        }
    }
    let now = UnixMicros(START + 6 * DAY);
    let report = plans.usage(&request("2024-09-23", "2024-09-30"), now, &store).unwrap();
    assert_eq!(
        serde_json::to_string(&report).unwrap(),
        concat!(
            r#"{"usagePlanId":"u1","startDate":"2024-09-23","endDate":"2024-09-30","position":null,"items":{"#,
            r#""abc123def4":[[0,10],[2,8],[0,8],[1,7],[0,7],[0,7],[0,7],[1,9]],"#,
            r#""k2":[[0,10],[10,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,10]]}}"#
        )
    );
    let one = UsageRequest { key_id: Some("k2"), ..request("2024-09-24", "2024-09-24") };
    let report = plans.usage(&one, now, &store).unwrap();
    assert_eq!(report.items.into_iter().collect::<Vec<_>>(), [("k2".to_owned(), vec![[10, 0]])]);
}

#[test]
fn pages() {
    let plans = quota_of_10();
    let store = Store::default();
    let mut request = UsageRequest { limit: Some(1), ..request("2024-09-24", "2024-09-24") };
    let first = plans.usage(&request, UnixMicros(START), &store).unwrap();
    assert_eq!((first.items.keys().next().unwrap().as_str(), first.position.as_deref()), ("abc123def4", Some("1")));
    request.position = first.position.as_deref();
    let second = plans.usage(&request, UnixMicros(START), &store).unwrap();
    assert_eq!((second.items.keys().next().unwrap().as_str(), second.position), ("k2", None));
    request.position = Some("99");
    assert!(plans.usage(&request, UnixMicros(START), &store).unwrap().items.is_empty());
}

#[test]
fn a_plan_without_quota_reports_nothing() {
    let request = UsageRequest { usage_plan_id: "free", ..request("2024-09-24", "2024-09-24") };
    let report = quota_of_10().usage(&request, UnixMicros(START), &Store::default()).unwrap();
    assert!(report.items.is_empty() && report.position.is_none());
}

#[test]
fn what_there_is_no_report_of() {
    let plans = quota_of_10();
    let day = request("2024-09-24", "2024-09-24");
    for (request, expected) in [
        (UsageRequest { usage_plan_id: "u9", ..day }, UsageError::NoSuchPlan("u9".into())),
        (UsageRequest { key_id: Some("k9"), ..day }, UsageError::NoSuchKey("k9".into())),
        (UsageRequest { position: Some("-1"), ..day }, UsageError::Position("-1".into())),
        (request("2024-09-31", "2024-10-01"), UsageError::NotADate("2024-09-31".into())),
        (request("2024-09-24", "2024-09-23"), UsageError::Range),
        (request("2024-07-01", "2024-09-29"), UsageError::Range),
    ] {
        assert_eq!(plans.usage(&request, UnixMicros(START), &Store::default()), Err(expected));
    }
    assert!(plans.usage(&request("2024-07-02", "2024-09-29"), UnixMicros(START), &Store::default()).is_ok());
}
