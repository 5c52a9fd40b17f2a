//! Requests that all miss an authorizer's cache at the same time: one asks, the others wait for its answer.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::client::{self, Request};
use crate::gateway::Gateway;
use crate::http::{self, Length, Reader};

/// Requests at the same time.
const CLIENTS: usize = 40;
/// How long an answer takes: long enough for all clients to be waiting for it. Those that come later find it kept.
const THINKING: Duration = Duration::from_secs(1);

const DEFINITION: &str = r#"
openapi: 3.0.1
info: {title: misses, version: '1'}
components:
  securitySchemes:
    service:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: custom
      x-amazon-apigateway-authorizer: {type: request, identitySource: method.request.header.Authorization, authorizerUri: 'http://authorizer.internal/'}
paths:
  /a:
    get:
      security: [{service: []}]
      responses: {'200': {description: ok}}
      x-amazon-apigateway-integration: {type: mock, requestTemplates: {application/json: '{"statusCode": 200}'}, responses: {default: {statusCode: '200'}}}
"#;
const ANSWER: &str = r#"{"principalId":"u","policyDocument":{"Statement":{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"*"}}}"#;

/// One call for each worker at most, and every client gets its answer.
pub fn make_one_call() -> Result<(), String> {
    for workers in [1, 2] {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || serve(stream, &counted));
            }
        });
        let settings =
            format!("{{apiId: robust0008, endpoints: {{hosts: {{'authorizer.internal:80': 'http://{address}'}}}}}}");
        let gateway = Gateway::start(DEFINITION, &settings, &["--concurrency".to_owned(), workers.to_string()])?;
        let request = |token: &str| Request::new("GET", "/prod/a").header("authorization", token);
        for token in ["one", "two"] {
            let before = calls.load(Ordering::SeqCst);
            let statuses: Vec<io::Result<u16>> = std::thread::scope(|scope| {
                let send = || client::send(gateway.address, &request(token)).map(|response| response.status);
                let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(send)).collect();
                clients.into_iter().map(|client| client.join().expect("no panic")).collect()
            });
            for status in statuses {
                if status.as_ref().ok() != Some(&200) {
                    return Err(format!("{workers} workers: one of {CLIENTS} requests got {status:?}, expected 200"));
                }
            }
            let made = calls.load(Ordering::SeqCst) - before;
            if made == 0 || made > workers {
                return Err(format!("{CLIENTS} requests made {made} calls, expected at most {workers}"));
            }
        }
    }
    Ok(())
}

/// Answers each call after a while.
fn serve(stream: TcpStream, counted: &AtomicUsize) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = Reader::new(stream);
    while let Some((_, _, headers)) = reader.request_head()? {
        reader.body(http::length(&headers).unwrap_or(Length::None))?;
        counted.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(THINKING);
        write!(writer, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{ANSWER}", ANSWER.len())?;
    }
    Ok(())
}
