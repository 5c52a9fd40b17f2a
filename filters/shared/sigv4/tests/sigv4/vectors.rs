//! Signatures that were computed by other programs, and requests that are refused.

use crate::support::{Gateway, Message};
use proptest::prelude::*;
use sigv4::{Claim, Credentials, KeyCache, Refusal, RefusalKind, Request, Signer, Timestamp};

const HOST: &str = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com";
const SIGNED: &str = "GET /prod/pets/a%20b?limit=10&type=dog&empty= HTTP/1.1
host:a1b2c3d4e5.execute-api.us-east-1.amazonaws.com
x-amz-date:20260102T030405Z
authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=1e30aea135e3e61a4d7a4fc200705c54c0871541da0773502466d2711abf4c7d";
const POSTED: &str = "POST /prod/%40connections/L0SM9cOFvHcCIhw%3D HTTP/1.1
host:a1b2c3d4e5.execute-api.us-east-1.amazonaws.com
content-type:application/json
x-amz-date:20260102T030405Z
x-amz-security-token:IQoJEXAMPLETOKEN
authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/execute-api/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=dcc5e49f0c1f7e8f0109abc3bf81f7353725e02b1cfd70cf7b9709fcb516edac

{\"hello\":\"world\"}";
const PRESIGNED: &str = "GET /prod?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Fus-east-1%2Fexecute-api%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Signature=9f7397131bcf0c8e54d57d3e65901c6648f077eb93887a52a843f04fbe25aeb1 HTTP/1.1
host:a1b2c3d4e5.execute-api.us-east-1.amazonaws.com";

fn credentials(session_token: Option<&str>) -> Credentials {
    Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: session_token.map(str::to_owned),
    }
}

fn gateway_at(now: &str, session_token: Option<&str>) -> Gateway {
    Gateway {
        region: "us-east-1".to_owned(),
        service: "execute-api".to_owned(),
        credentials: credentials(session_token),
        now: Timestamp::parse(now).unwrap(),
        keys: KeyCache::default(),
    }
}

fn gateway() -> Gateway {
    gateway_at("20260102T030405Z", None)
}

fn verify(gateway: &Gateway, text: &str) -> Result<(), Refusal> {
    gateway.verify(&Message::parse(text.as_bytes()).unwrap())
}

fn refused(text: &str, kind: RefusalKind, message: &str) {
    let refusal = verify(&gateway(), text).expect_err(text);
    assert_eq!((refusal.kind(), refusal.to_string().as_str()), (kind, message), "{text}");
}

fn mismatch(text: &str) {
    let refusal = verify(&gateway(), text).expect_err(text);
    assert!(matches!(refusal, Refusal::Mismatch { .. }), "{text}: {refusal}");
}

#[test]
fn vectors() {
    assert_eq!(verify(&gateway(), SIGNED), Ok(()));
    assert_eq!(verify(&gateway_at("20260102T030405Z", Some("IQoJEXAMPLETOKEN")), POSTED), Ok(()));
    assert_eq!(verify(&gateway(), PRESIGNED), Ok(()));
}

/// Hash values from the specification.
#[test]
fn a_wrong_signature_shows_what_should_have_been_signed() {
    let wrong = SIGNED.replace("Signature=1e", "Signature=2e");
    refused(
        &wrong,
        RefusalKind::InvalidSignature,
        &format!(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for \
             this request should have been\n'GET\n/prod/pets/a%2520b\nempty=&limit=10&type=dog\nhost:{HOST}\n\
             x-amz-date:20260102T030405Z\n\nhost;x-amz-date\n\
             e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\nThe String-to-Sign should have \
             been\n'AWS4-HMAC-SHA256\n20260102T030405Z\n20260102/us-east-1/execute-api/aws4_request\n\
             2bafb3150dafc534cc4491eeb0b7d6c2998f255abb8c39d792793ceff94080f4'\n"
        ),
    );
}

#[test]
fn what_is_not_signed_or_not_wholly() {
    use RefusalKind::{IncompleteSignature, InvalidSignature, MissingAuthenticationToken};
    let host = format!("GET / HTTP/1.1\nhost:{HOST}\n");
    refused(&host, MissingAuthenticationToken, "Missing Authentication Token");
    // SHA-256 of `Bearer x`, in base64.
    refused(
        &format!("{host}authorization:Bearer x"),
        IncompleteSignature,
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with \
         Base64): 'uTem/WB082UJMN2ajD6lH6UChGpTAddMJSx2iu923No='.",
    );
    refused(
        &format!("{host}authorization:x=y z=1"),
        IncompleteSignature,
        "Authorization header must begin with the algorithm name, which cannot include an equal-sign",
    );
    refused(
        &format!("{host}authorization:AWS4-HMAC-SHA256 a=b"),
        IncompleteSignature,
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. \
         Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a \
         'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) \
         Authorization=tQMSUCqjFonXdxKG2efiX/o+qpOi15V3d11zOi3G62w=",
    );
    let check = |from: &str, to: &str, kind, start: &str| {
        let text = SIGNED.replace(from, to);
        assert_ne!(text, SIGNED, "{from}");
        let refusal = verify(&gateway(), &text).expect_err(&text);
        assert_eq!(refusal.kind(), kind, "{text}");
        assert!(refusal.to_string().starts_with(start), "{refusal}");
    };
    let signature = "Authorization header requires 'Signature' parameter. (Hashed";
    check("Signature=1e30", "Sig=1e30", IncompleteSignature, signature);
    check("x-amz-date:2026", "x-date:2026", IncompleteSignature, "Authorization header requires existence of either");
    check("AWS4-HMAC-SHA256 ", "AWS4-ECDSA-P256-SHA256 ", IncompleteSignature, "Unsupported AWS 'algorithm'");
    check("AKIDEXAMPLE/", "AKID/EXAMPLE/", IncompleteSignature, "Credential must have exactly 5");
    check("date:20260102T030405Z", "date:2026-01-02T03:04:05Z", IncompleteSignature, "Date must be in ISO-8601");
    check("=host;x-amz-date", "=x-amz-date", InvalidSignature, "'Host' or ':authority' must be a 'SignedHeader'");
    check("us-east-1/exec", "us-west-2/exec", InvalidSignature, "Credential should be scoped to a valid region. ");
    check("/execute-api/", "/s3/", InvalidSignature, "Credential should be scoped to correct service: 'execute-api'. ");
    check("/aws4_request", "/aws3_request", InvalidSignature, "Credential should be scoped with a valid terminator");
    check("/20260102/", "/20260103/", InvalidSignature, "Date in Credential scope does not match YYYYMMDD");
}

#[test]
fn presigned_urls_that_lack_something() {
    let check = |from: &str, to: &str, start: &str| {
        let text = PRESIGNED.replace(from, to);
        let refusal = verify(&gateway(), &text).expect_err(&text);
        assert_eq!(refusal.kind(), RefusalKind::IncompleteSignature, "{text}");
        assert!(refusal.to_string().starts_with(start), "{refusal}");
    };
    check("X-Amz-Date=", "X-Amz-Dat=", "AWS query-string parameters must include 'X-Amz-Date'. Re-examine");
    check("Expires=300", "Expires=", "AWS query-string parameters must include 'X-Amz-Expires'. Re-examine");
    for expires in ["0", "604801", "-1", "+300", "1e2", "99999999999999999999999"] {
        check("Expires=300", &format!("Expires={expires}"), "'X-Amz-Expires' must be a number of seconds");
    }
    check("X-Amz-Date=", "X-Amz-Date=20260102T030405Z&X-Amz-Date=", "AWS query-string parameters must include");
    let unsigned = PRESIGNED.replace("X-Amz-Signature", "x-amz-signature");
    refused(&unsigned, RefusalKind::MissingAuthenticationToken, "Missing Authentication Token");
}

#[test]
fn time() {
    let at = |now: &str, text: &str| verify(&gateway_at(now, None), text).map_err(|refusal| refusal.to_string());
    assert_eq!(at("20260102T030904Z", SIGNED), Ok(()));
    assert_eq!(at("20260102T025905Z", SIGNED), Ok(()));
    assert_eq!(
        at("20260102T030906Z", SIGNED).unwrap_err(),
        "Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z (20260102T030906Z - 5 min.)"
    );
    assert_eq!(
        at("20260102T025904Z", SIGNED).unwrap_err(),
        "Signature not yet current: 20260102T030405Z is still later than 20260102T030404Z (20260102T025904Z + 5 min.)"
    );
    assert_eq!(at("20260102T030905Z", PRESIGNED), Ok(()));
    assert!(at("20260102T030906Z", PRESIGNED).unwrap_err().starts_with("Signature expired: 20260102T030405Z is now"));
    assert!(at("20260102T025904Z", PRESIGNED).unwrap_err().starts_with("Signature not yet current: "));
}

#[test]
fn session_tokens() {
    let kind = |token, text: &str| verify(&gateway_at("20260102T030405Z", token), text).map_err(|r| r.kind());
    assert_eq!(kind(Some("IQoJEXAMPLETOKEN"), POSTED), Ok(()));
    for token in [None, Some("IQoJEXAMPLETOKEM"), Some("")] {
        assert_eq!(kind(token, POSTED), Err(RefusalKind::UnrecognizedClient), "{token:?}");
    }
    assert_eq!(kind(Some("IQoJEXAMPLETOKEN"), SIGNED), Err(RefusalKind::UnrecognizedClient));
    let message = Message::parse(POSTED.as_bytes()).unwrap();
    let claim = Claim::read(&message.request()).unwrap();
    let expires = Timestamp::parse("20260102T030406Z");
    let check = |now: &str| claim.check_token(Some("IQoJEXAMPLETOKEN"), expires, Timestamp::parse(now).unwrap());
    assert_eq!(check("20260102T030405Z"), Ok(()));
    assert_eq!(check("20260102T030406Z"), Err(Refusal::ExpiredToken));
}

#[test]
fn changed_on_the_way() {
    mismatch(&SIGNED.replace("/prod/pets/a%20b", "/prod/pets/a%2520b"));
    mismatch(&SIGNED.replace("/prod/pets/a%20b", "/prod/pets%2Fa%20b"));
    mismatch(&SIGNED.replace("/prod/pets/a%20b", "/prod/pets/x/../../admin"));
    mismatch(&SIGNED.replace("limit=10", "limit=11"));
    mismatch(&SIGNED.replace("empty=", "empty=&admin=1"));
    mismatch(&SIGNED.replace("GET ", "PUT "));
    mismatch(&SIGNED.replace("amazonaws.com", "amazonaws.com:8443"));
    mismatch(&format!("{SIGNED}\n\nbody"));
    // Lists that name a header that is not there, leave one out, or stand in another order.
    mismatch(&SIGNED.replace("=host;x-amz-date", "=host;x-amz-date;x-nothing"));
    mismatch(&SIGNED.replace("=host;x-amz-date", "=host"));
    mismatch(&SIGNED.replace("=host;x-amz-date", "=x-amz-date;host"));
    // Signed headers a second time.
    mismatch(&SIGNED.replace("\nhost:", "\nhost:evil.example\nhost:"));
    let twice = SIGNED.replace("\nx-amz-date:", "\nx-amz-date:20260102T030405Z\nx-amz-date:");
    assert_eq!(verify(&gateway(), &twice).unwrap_err().kind(), RefusalKind::IncompleteSignature);
    let authorization = SIGNED.split('\n').next_back().unwrap();
    let twice = format!("{SIGNED}\n{authorization}");
    assert_eq!(verify(&gateway(), &twice).unwrap_err().kind(), RefusalKind::IncompleteSignature);
}

/// What a client says about its body does not count.
#[test]
fn bodies() {
    let signer = Signer::new(credentials(None), "us-east-1", "execute-api").with_content_sha256(true);
    let message = Message::parse(format!("POST /prod HTTP/1.1\nhost:{HOST}\n\nbody").as_bytes()).unwrap();
    let now = gateway().now;
    let signed = message.clone().with(&signer.sign(&message.request(), b"body", now).unwrap());
    assert_eq!(gateway().verify(&signed), Ok(()));
    let changed = Message { body: b"other".to_vec(), ..signed.clone() };
    assert!(matches!(gateway().verify(&changed), Err(Refusal::Mismatch { .. })));
    for claim in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ""] {
        let renamed = signed.clone().with(&[("x-amz-content-sha256", claim.to_owned())]);
        assert!(matches!(gateway().verify(&renamed), Err(Refusal::Mismatch { .. })), "{claim}");
    }
}

/// The signature was computed apart from this package, with Python's `hmac`.
#[test]
fn unsigned_payload() {
    let text = format!(
        "POST /prod HTTP/1.1\nhost:{HOST}\nx-amz-date:20260102T030405Z\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n\
         authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/execute-api/aws4_request, \
         SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=23a09085780139110b0081471607ae0f2b1074c9973b10ee3523fe23f29bbf03\n\nanything"
    );
    assert_eq!(verify(&gateway(), &text), Ok(()));
    // Only where the header itself is signed.
    let unsigned = format!("{SIGNED}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n\nbody");
    mismatch(&unsigned);
}

#[test]
fn nothing_secret_is_printed() {
    let signer = Signer::new(credentials(Some("IQoJEXAMPLETOKEN")), "us-east-1", "execute-api");
    let message = Message::parse(POSTED.as_bytes()).unwrap();
    let claim = Claim::read(&message.request()).unwrap();
    let printed = format!("{signer:?} {:?} {claim:?}", credentials(Some("IQoJEXAMPLETOKEN")));
    for secret in ["wJalr", "IQoJ", "dcc5e49f"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

proptest! {
    /// Whatever is signed here is verified here.
    #[test]
    fn what_is_signed_is_verified(
        path in "/[ -~&&[^?#]]{0,30}",
        query in "[ -~&&[^#]]{0,30}",
        value in "[ -~]{0,30}",
        body in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let message = Message {
            method: b"POST".to_vec(),
            path: path.into_bytes(),
            query: query.into_bytes(),
            headers: vec![(b"host".to_vec(), HOST.into()), (b"x-value".to_vec(), value.into_bytes())],
            body,
        };
        let signer = Signer::new(credentials(None), "us-east-1", "execute-api");
        let headers = signer.sign(&message.request(), &message.body, gateway().now).unwrap();
        prop_assert_eq!(gateway().verify(&message.with(&headers)), Ok(()));
    }

    #[test]
    fn no_request_panics(
        path in proptest::collection::vec(any::<u8>(), 0..40),
        query in "(X-Amz-(Signature|Date|Expires|Credential|Algorithm|SignedHeaders)=[ -~]{0,20}&){0,8}",
        authorization in "AWS4-HMAC-SHA256 (Credential|Signature|SignedHeaders|[ -~]{0,5})[=,/ ][ -~]{0,60}",
        date in "[ -~]{0,20}",
    ) {
        let headers: Vec<(&[u8], &[u8])> = vec![
            (b"host", HOST.as_bytes()),
            (b"authorization", authorization.as_bytes()),
            (b"date", date.as_bytes()),
        ];
        for headers in [headers, vec![(&b"host"[..], HOST.as_bytes())]] {
            let request = Request { method: b"GET", path: &path, query: query.as_bytes(), headers };
            if let Ok(claim) = Claim::read(&request) {
                let key = gateway().keys.key("a", "b", claim.scope()).unwrap();
                let _ = claim.check_scope("us-east-1", "execute-api");
                let _ = claim.check_time(gateway().now);
                prop_assert!(claim.verify(&request, b"", &key).is_err());
            }
        }
    }
}
