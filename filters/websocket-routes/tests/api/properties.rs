use gateway::Connection;
use proptest::prelude::*;
use serde_json::json;

use crate::support::*;

fn echo() -> Api {
    let route = json!({"integration": "m", "routeResponseSelectionExpression": "$default"});
    let mock = json!({"mock": {
        "requestTemplates": {"$default": "{\"statusCode\": 200}"},
        "integrationResponses": [{"integrationResponseKey": "$default", "responseTemplates": {"$default": "$context.messageDirection"}}],
    }});
    api(json!({"$default": route, "$disconnect": {"integration": "f"}}), json!({"m": mock, "f": function("f")}))
}

/// Everything that a connection writes when it is sent `bytes` in pieces.
fn written(bytes: &[u8], piece: usize) -> Vec<u8> {
    let (mut connection, host, _) = open(&echo());
    let mut out = Vec::new();
    for piece in bytes.chunks(piece) {
        out.extend(connection.on_data(&host, piece, false).write);
    }
    let _ = connection.on_close(&host);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_do_not_matter(
        parts in proptest::collection::vec(prop_oneof![
            ".{0,40}".prop_map(|message| text(&message)),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(|payload| frame(0x89, &payload)),
            proptest::collection::vec(any::<u8>(), 0..6),
        ], 0..8),
        piece in 1usize..30,
    ) {
        let bytes = parts.concat();
        prop_assert_eq!(written(&bytes, piece), written(&bytes, usize::MAX));
    }

    #[test]
    fn any_head_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), ends in any::<bool>()) {
        let api = echo();
        let mut connection = gateway::NetworkFilter::connection(&api.network);
        let host = context(7);
        let bytes = if ends { [&bytes[..], b"\r\n\r\n"].concat() } else { bytes };
        let output = connection.on_data(&host, &bytes, false);
        prop_assert!(output.callout.is_none());
        prop_assert!(!ends || output.close);
    }

    #[test]
    fn any_message_from_a_worker_is_read_or_dropped(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let (mut connection, host, _) = open(&echo());
        let _ = connection.on_message(&host, &bytes);
    }

    #[test]
    fn any_answer_is_taken(status in any::<u16>(), body in proptest::collection::vec(any::<u8>(), 0..60)) {
        let api = api(json!({"$default": {"integration": "f", "routeResponseSelectionExpression": "$default"}}), json!({"f": function("f")}));
        let (mut connection, host, _) = open(&api);
        connection.on_data(&host, &text("x"), false);
        let headers = gateway::Headers::from_pairs(&[(":status", status.to_string())]);
        let output = connection.on_callout(&host, gateway::Answer::Response { headers, body });
        prop_assert!(!output.close);
    }
}
