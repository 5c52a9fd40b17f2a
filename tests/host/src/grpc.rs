//! gRPC callouts: unary calls (`proxy_grpc_call`) and streams (`proxy_grpc_stream`).

use std::{
    ops::Deref,
    sync::{Arc, Weak},
    time::Duration,
};

use crate::{HeaderMap, protobuf, stream::StreamCore, vm::Vm};

/// gRPC status code `UNAVAILABLE`, which Envoy gives to calls that it ends by itself.
const UNAVAILABLE: u32 = 14;

/// A gRPC call or stream, as the filter made it.
#[derive(Clone, Debug)]
pub struct GrpcCall {
    /// The target: a cluster's name, or a serialised `envoy.config.core.v3.GrpcService`.
    pub target: Vec<u8>,
    /// Service, such as `envoy.service.ratelimit.v3.RateLimitService`.
    pub service: String,
    /// Method, such as `ShouldRateLimit`.
    pub method: String,
    /// Initial metadata.
    pub metadata: HeaderMap,
    /// Messages sent so far; a unary call has one.
    pub messages: Vec<Vec<u8>>,
    /// After this time Envoy ends a call with status 14.
    pub timeout: Option<Duration>,
    /// Whether it is a stream.
    pub is_stream: bool,
    /// Whether the filter has closed its half of a stream.
    pub half_closed: bool,
    /// Number of the call in its VM.
    pub token: u32,
    pub(crate) root: u32,
    pub(crate) stream: Option<Weak<StreamCore>>,
    pub(crate) deadline: Option<Duration>,
}

impl GrpcCall {
    /// The cluster: `envoy_grpc.cluster_name` of the message in `target`, or `target` itself where that is no message.
    pub fn cluster(&self) -> String {
        let name = protobuf::fields(&self.target).map(|fields| cluster_name(&fields));
        String::from_utf8_lossy(name.flatten().unwrap_or(&self.target)).into_owned()
    }

    /// Whether Envoy would abort: it takes any target that can be read as a protobuf message for one, `empty` for
    /// example, and does not survive one without a target in it.
    pub(crate) fn aborts_envoy(&self) -> bool {
        let fields = protobuf::fields(&self.target);
        fields.is_some_and(|fields| !fields.iter().any(|(number, _)| [ENVOY_GRPC, GOOGLE_GRPC].contains(number)))
    }

    pub(crate) fn belongs_to(&self, stream: &Arc<StreamCore>) -> bool {
        self.stream.as_ref().is_some_and(|own| std::ptr::eq(own.as_ptr(), Arc::as_ptr(stream)))
    }
}

/// Fields of `envoy.config.core.v3.GrpcService`.
const ENVOY_GRPC: u64 = 1;
const GOOGLE_GRPC: u64 = 2;

fn cluster_name<'a>(service: &[protobuf::Field<'a>]) -> Option<&'a [u8]> {
    let (_, envoy_grpc) = service.iter().find(|(number, _)| *number == ENVOY_GRPC)?;
    protobuf::fields(envoy_grpc)?.into_iter().find(|(number, _)| *number == 1).map(|(_, name)| name)
}

/// A gRPC call that waits for its answer, or a stream that is open.
#[derive(Clone)]
pub struct GrpcCallout {
    pub(crate) vm: Arc<Vm>,
    pub(crate) call: GrpcCall,
}

impl GrpcCallout {
    /// Answers a call, or sends a message on a stream.
    pub fn answer(&self, message: impl AsRef<[u8]>) {
        self.vm.grpc_message(self.call.token, message.as_ref().to_vec());
        self.vm.host.settle();
    }

    /// Ends a call or stream with a gRPC status code and message.
    pub fn fail(&self, code: u32, message: &str) {
        self.vm.grpc_close(self.call.token, code, message);
        self.vm.host.settle();
    }

    /// Lets a call run into its timeout: Envoy ends it with status 14, not 4.
    pub fn time_out(&self) {
        self.vm.grpc_time_out(self.call.token);
        self.vm.host.settle();
    }

    /// Nobody listens: Envoy ends the call with status 14.
    pub fn refuse(&self) {
        let message = "upstream connect error or disconnect/reset before headers. reset reason: remote connection \
                       failure{upstream_reset_before_response_started{remote_connection_failure|\
                       delayed_connect_error:_Connection_refused}}";
        self.fail(UNAVAILABLE, message);
    }

    /// Whether it still waits, or is open.
    pub fn is_open(&self) -> bool {
        self.vm.with(|state| state.grpc_calls.contains_key(&self.call.token))
    }
}

impl Deref for GrpcCallout {
    type Target = GrpcCall;

    fn deref(&self) -> &GrpcCall {
        &self.call
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(target: &[u8]) -> GrpcCall {
        GrpcCall {
            target: target.to_vec(),
            service: String::new(),
            method: String::new(),
            metadata: HeaderMap::new(crate::MapKind::Request),
            messages: Vec::new(),
            timeout: None,
            is_stream: false,
            half_closed: false,
            token: 5,
            root: 1,
            stream: None,
            deadline: None,
        }
    }

    #[test]
    fn the_cluster_is_a_name_or_lies_in_a_message() {
        assert_eq!(call(b"ratelimit").cluster(), "ratelimit");
        assert_eq!(call(b"\x0a\x0b\x0a\x09ratelimit").cluster(), "ratelimit");
    }

    #[test]
    fn a_name_that_reads_as_a_message_is_the_end_of_envoy() {
        assert!(call(b"empty").aborts_envoy());
        assert!(!call(b"ratelimit").aborts_envoy());
        assert!(!call(b"\x0a\x0b\x0a\x09ratelimit").aborts_envoy());
    }
}
