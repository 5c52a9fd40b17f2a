//! Where backends really are: functions, hosts named in the definition, VPC links, AWS services.

use std::fmt;

use indexmap::IndexMap;

use crate::read::Reader;
use crate::source::{Entry, Node, Spanned};

/// Replacements for what a definition names.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// Lambda functions by name; `*` for all others. There the Lambda API is spoken.
    pub functions: IndexMap<String, Spanned<BackendUrl>>,
    /// Hosts of integrations, authorizers and token issuers, `host:port`.
    pub hosts: IndexMap<Authority, Spanned<BackendUrl>>,
    /// Private integrations by the id of their VPC link.
    pub vpc_links: IndexMap<String, Spanned<BackendUrl>>,
    /// AWS services by name (`sqs`).
    pub services: IndexMap<String, ServiceEndpoint>,
    /// The OpenTelemetry collector that takes traces by HTTP.
    pub tracing: Option<Spanned<BackendUrl>>,
    /// Access logs by the ARN of their destination; `*` for all others.
    pub access_logs: IndexMap<String, LogSink>,
    /// Execution logs by API Gateway's name of their group, `API-Gateway-Execution-Logs_{apiId}/{stage}`, with `/Canary`
    /// behind it for that of a canary; `*` for all others.
    pub execution_logs: IndexMap<String, LogSink>,
}

/// Where a log is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogSink {
    /// Standard output of Envoy, which is that of `apigw run`.
    #[default]
    Stdout,
    /// Standard error.
    Stderr,
    /// A file, which Envoy appends to.
    File(String),
}

impl Endpoints {
    /// Where the access log with this destination is written: standard output, unless something else is said.
    pub fn access_log(&self, destination_arn: &str) -> LogSink {
        let own = self.access_logs.get(destination_arn).or_else(|| self.access_logs.get("*"));
        own.cloned().unwrap_or_default()
    }

    /// Where the execution log of this group is written: standard output, unless something else is said.
    pub fn execution_log(&self, group: &str) -> LogSink {
        let own = self.execution_logs.get(group).or_else(|| self.execution_logs.get("*"));
        own.cloned().unwrap_or_default()
    }

    /// Where a function is: by its own name, `*`, or where the service `lambda` is.
    pub fn function(&self, name: &str) -> Option<&Spanned<BackendUrl>> {
        let own = self.functions.get(name).or_else(|| self.functions.get("*"));
        own.or_else(|| self.services.get("lambda").map(|service| &service.url))
    }

    /// Where an AWS service is: by its name, or by its host at AWS.
    pub fn service(&self, name: &str, host: &str) -> Option<&Spanned<BackendUrl>> {
        let named = self.services.get(name).map(|service| &service.url);
        named.or_else(|| self.hosts.get(&Authority { host: host.to_owned(), port: 443 }))
    }
}

/// A stand-in for an AWS service. Calls are signed when there are credentials.
#[derive(Clone)]
pub struct ServiceEndpoint {
    /// Where it is.
    pub url: Spanned<BackendUrl>,
    /// Access key id.
    pub access_key_id: Option<String>,
    /// Secret access key.
    pub secret_access_key: Option<String>,
    /// Session token of temporary credentials.
    pub session_token: Option<String>,
}

impl fmt::Debug for ServiceEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceEndpoint").field("url", &self.url.value).finish_non_exhaustive()
    }
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authority {
    /// Host name or address; an IPv6 address without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// Where a backend is: `http://127.0.0.1:9000`, without path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BackendUrl {
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Host and port.
    pub authority: Authority,
}

impl Authority {
    /// Reads `host:port`, or `host` where a port is known otherwise.
    pub fn parse(text: &str, default_port: Option<u16>) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']')?;
                host.parse::<std::net::Ipv6Addr>().ok()?;
                (host, rest.strip_prefix(':').map_or(rest.is_empty().then_some(None), |port| Some(Some(port)))?)
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let fits = !host.is_empty() && host.len() <= 253 && (host.chars().all(named) || text.starts_with('['));
        let port = match port {
            Some(port) => port.parse::<u16>().ok().filter(|port| *port > 0)?,
            None => default_port?,
        };
        fits.then(|| Self { host: host.to_ascii_lowercase(), port })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl BackendUrl {
    /// Reads `http://host:port` or `https://host:port`; the port may be left out.
    pub fn parse(text: &str) -> Option<Self> {
        let (tls, rest) = match text.split_once("://")? {
            ("http", rest) => (false, rest),
            ("https", rest) => (true, rest),
            _ => return None,
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let authority = Authority::parse(rest, Some(if tls { 443 } else { 80 }))?;
        Some(Self { tls, authority })
    }
}

impl fmt::Display for BackendUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority)
    }
}

/// Reads `endpoints`.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node) -> Option<Endpoints> {
    let mut fields = reader.fields(node)?;
    let functions = fields.take("functions").map(|node| reader.map_of(node, read_url));
    let vpc_links = fields.take("vpcLinks").map(|node| reader.map_of(node, read_url));
    let services = fields.take("services").map(|node| reader.map_of(node, read_service));
    let hosts = fields.take("hosts").map(|node| read_hosts(reader, node));
    let tracing = fields.take("tracing").and_then(|node| url(reader, node));
    let access_logs = fields.take("accessLogs").map(|node| reader.map_of(node, read_sink));
    let execution_logs = fields.take("executionLogs").map(|node| reader.map_of(node, read_sink));
    fields.finish(reader);
    Some(Endpoints {
        functions: functions.unwrap_or_default(),
        hosts: hosts.unwrap_or_default(),
        vpc_links: vpc_links.unwrap_or_default(),
        services: services.unwrap_or_default(),
        tracing,
        access_logs: access_logs.unwrap_or_default(),
        execution_logs: execution_logs.unwrap_or_default(),
    })
}

fn read_sink<'d>(reader: &mut Reader<'d>, entry: &'d Entry) -> Option<LogSink> {
    let text = reader.filled(&entry.value)?;
    Some(match text.as_str() {
        "stdout" => LogSink::Stdout,
        "stderr" => LogSink::Stderr,
        path => LogSink::File(path.to_owned()),
    })
}

/// Reads `host:port`, without a scheme.
pub fn read_authority(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<Authority>> {
    let text = reader.text(node)?;
    let found = Authority::parse(&text, None);
    if found.is_none() {
        reader.error(node.span, format!("found `{}`, expected `host:port`", *text));
    }
    found.map(|authority| text.map(|_| authority))
}

/// Reads the URL of a backend.
pub fn read_url<'d>(reader: &mut Reader<'d>, entry: &'d Entry) -> Option<Spanned<BackendUrl>> {
    url(reader, &entry.value)
}

fn url(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<BackendUrl>> {
    let text = reader.text(node)?;
    let found = BackendUrl::parse(&text);
    if found.is_none() {
        // Not the text itself: a URL may have a password in it.
        reader.error(node.span, "expected the URL of a backend as `http://127.0.0.1:9000`, without path");
    }
    found.map(|url| text.map(|_| url))
}

fn read_hosts<'d>(reader: &mut Reader<'d>, node: &'d Node) -> IndexMap<Authority, Spanned<BackendUrl>> {
    let mut hosts = IndexMap::new();
    for entry in reader.map(node).map(|map| map.entries()).unwrap_or_default() {
        let Some(authority) = Authority::parse(&entry.key.text, Some(443)) else {
            let text = format!("found `{}`, expected `host:port` (without port: 443)", entry.key.text);
            reader.error(entry.key.span, text);
            continue;
        };
        let Some(url) = url(reader, &entry.value) else { continue };
        if hosts.insert(authority, url).is_some() {
            reader.error(entry.key.span, "this host and port stand here twice");
        }
    }
    hosts
}

fn read_service<'d>(reader: &mut Reader<'d>, entry: &'d Entry) -> Option<ServiceEndpoint> {
    let mut fields = reader.fields(&entry.value)?;
    let location = fields.required(reader, "url").and_then(|node| url(reader, node));
    let mut text = |name| fields.take(name).and_then(|node| reader.filled(node)).map(|text| text.value);
    let (access_key_id, secret_access_key) = (text("accessKeyId"), text("secretAccessKey"));
    let session_token = text("sessionToken");
    fields.finish(reader);
    if access_key_id.is_some() != secret_access_key.is_some() {
        reader.error(entry.key.span, "`accessKeyId` and `secretAccessKey` belong together");
    }
    Some(ServiceEndpoint { url: location?, access_key_id, secret_access_key, session_token })
}
