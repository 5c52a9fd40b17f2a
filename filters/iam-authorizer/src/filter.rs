//! One request's way through the filter.

use std::rc::Rc;

use gateway::{
    Body, ConfigError, Filter, GatewayError, Headers, Host, LogLevel, MAX_PAYLOAD_BYTES, Metric, Property,
    ResponseType, Step, Stream, client,
};
use sigv4::{Claim, Refusal, Request, Timestamp};

use crate::caller;
use crate::config::{Credential, IamAuthorizer, Route};
use crate::raw::{AuthorizationType, RawConfig, RawTarget};

impl Filter for IamAuthorizer {
    const NAME: &'static str = "iam-authorizer";
    type Raw = RawConfig;
    type Stream = IamStream;

    fn configure(raw: RawConfig) -> Result<Self, ConfigError> {
        Self::from_raw(raw)
    }

    fn stream(self: &Rc<Self>) -> IamStream {
        IamStream { filter: Rc::clone(self), held: None }
    }
}

/// One request.
pub struct IamStream {
    filter: Rc<IamAuthorizer>,
    /// A signature that waits for the body.
    held: Option<Signed>,
}

/// A request whose signature is complete and in time, not yet verified.
struct Signed {
    route: Rc<Route>,
    headers: Headers,
    claim: Claim,
    credential: Rc<Credential>,
}

impl Stream for IamStream {
    fn on_request_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Step {
        let Some(route) = self.filter.route(host) else {
            host.log(LogLevel::Error, "iam-authorizer: the route is not configured");
            host.count(Metric::Error);
            return Step::refuse(GatewayError::new(ResponseType::AccessDenied));
        };
        if route.authorization == AuthorizationType::None {
            return self.filter.finish(host, &route, None);
        }
        match self.filter.read(host, route) {
            // What follows a handshake are the connection's frames.
            Ok((signed, covers_body)) if covers_body && !end_of_stream && signed.route.target != RawTarget::Connect => {
                self.held = Some(signed);
                Step::Buffer
            }
            Ok((signed, _)) => self.filter.verify(host, &signed, b""),
            Err(refusal) => self.filter.refuse(host, &refusal),
        }
    }

    fn on_request_body(&mut self, host: &dyn Host, body: Body) -> Step {
        let Some(signed) = self.held.take() else { return Step::Continue };
        if body.bytes > MAX_PAYLOAD_BYTES || !body.end_of_stream {
            host.count(Metric::Denied);
            return Step::refuse(GatewayError::new(ResponseType::RequestTooLarge));
        }
        self.filter.verify(host, &signed, &host.request_body(MAX_PAYLOAD_BYTES))
    }
}

impl IamAuthorizer {
    /// Everything about a signature that its body does not matter for; and whether it covers the body.
    fn read(&self, host: &dyn Host, route: Rc<Route>) -> Result<(Signed, bool), Refusal> {
        let headers = host.request_headers();
        let request = Request::from(&headers);
        let claim = Claim::read(&request)?;
        claim.check_scope(&self.api.region, SERVICE)?;
        let credential = self.credential(claim.access_key_id()).ok_or(Refusal::UnknownAccessKey)?;
        claim.check_time(Timestamp::from(host.now()))?;
        if self.strict_signed_headers {
            claim.check_headers(&request)?;
        }
        let covers_body = claim.covers_body(&request);
        Ok((Signed { route, headers, claim, credential }, covers_body))
    }

    fn verify(&self, host: &dyn Host, signed: &Signed, body: &[u8]) -> Step {
        let Signed { route, headers, claim, credential } = signed;
        let now = Timestamp::from(host.now());
        let key = self.keys.key(&credential.access_key_id, &credential.secret_access_key, claim.scope());
        let verified = match key {
            Some(key) => claim.verify(&Request::from(headers), body, &key),
            None => Err(Refusal::UnknownAccessKey),
        };
        let token = || claim.check_token(credential.session_token.as_deref(), credential.expires, now);
        match verified.and_then(|()| token()) {
            Ok(()) => self.finish(host, route, Some(credential)),
            Err(refusal) => self.refuse(host, &refusal),
        }
    }

    fn finish(&self, host: &dyn Host, route: &Route, signer: Option<&Credential>) -> Step {
        match self.decide(host, route, signer) {
            Ok(()) => {
                if client::asks_for_fresh(&host.request_headers()) && self.may_invalidate(host, route, signer) {
                    host.set_property(Property::MayInvalidateCache, b"1");
                }
                if let Some(signer) = signer {
                    caller::publish(host, signer);
                }
                host.count(Metric::Allowed);
                Step::Continue
            }
            Err(error) => {
                let message = error.message.as_deref().unwrap_or_default();
                host.log(LogLevel::Info, &format!("iam-authorizer: {message}"));
                host.count(Metric::Denied);
                Step::refuse(error)
            }
        }
    }

    /// The kind alone goes to the log: the text may have the client's headers in it.
    fn refuse(&self, host: &dyn Host, refusal: &Refusal) -> Step {
        host.log(LogLevel::Info, &format!("iam-authorizer: {}", refusal.kind().error_type()));
        host.count(Metric::Denied);
        Step::refuse(refusal.gateway_error(self.echo_canonical_string))
    }
}

/// The service that clients sign for.
const SERVICE: &str = "execute-api";
