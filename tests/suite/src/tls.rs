//! TLS of the listener, with certificates that `openssl` makes and requests that `curl` sends.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::gateway::Gateway;

/// A method that answers with what is known of the client's certificate.
const DEFINITION: &str = r#"
openapi: 3.0.1
info: {title: secret, version: '1'}
paths:
  /a:
    get:
      responses: {'200': {description: ok}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: '200'
            responseTemplates:
              application/json: |-
                #set($shown = $context.identity.clientCert)
                $!shown.subjectDN
                $!shown.issuerDN
                $!shown.serialNumber
                $!shown.validity.notBefore
                $!shown.validity.notAfter
                $!shown.clientCertPem
"#;

/// The least version of TLS is held, and with a truststore only clients with a certificate of its authorities come in.
///
/// # Errors
/// What went wrong.
pub fn tls() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let at = |name: &str| folder.path().join(name).display().to_string();
    for name in ["authority", "stranger"] {
        let arguments = ["req", "-x509", "-subj", "/CN=test", "-days", "2", "-out"].map(str::to_owned);
        openssl(
            folder.path(),
            &[&arguments[..], &[at(&format!("{name}.pem"))], &key(&at(&format!("{name}.key")))].concat(),
        )?;
    }
    for (name, subject) in [("server", "/CN=localhost"), ("client", "/C=US/O=Pets, Inc./CN=alice")] {
        let arguments = ["req", "-subj", subject, "-addext", "subjectAltName=IP:127.0.0.1", "-out"].map(str::to_owned);
        openssl(folder.path(), &[&arguments[..], &[at("request")], &key(&at(&format!("{name}.key")))].concat())?;
        let signed = ["x509", "-req", "-days", "2", "-copy_extensions", "copy", "-CAcreateserial"].map(str::to_owned);
        let files = ["-in", &at("request"), "-CA", &at("authority.pem"), "-CAkey", &at("authority.key"), "-out"];
        let files = files.map(str::to_owned);
        openssl(folder.path(), &[&signed[..], &files, &[at(&format!("{name}.pem"))]].concat())?;
    }
    let settings = |tls: &str, more: &str| {
        let (chain, private) = (at("server.pem"), at("server.key"));
        format!(
            "{{apiId: secret0001, stage: {{stageName: prod}}, tls: {{certificateChain: {chain}, privateKey: {private}, {tls}}}{more}}}"
        )
    };
    let with = |name: &str| {
        ["--cert".to_owned(), at(&format!("{name}.pem")), "--key".to_owned(), at(&format!("{name}.key"))].to_vec()
    };
    let old = vec!["--tls-max".to_owned(), "1.2".to_owned()];
    let gateway = Gateway::start(DEFINITION, &settings("securityPolicy: TLS_1_3", ""), &[])?;
    expect(&gateway, &at("authority.pem"), &[], "2 200")?;
    expect(&gateway, &at("stranger.pem"), &[], "0 000")?;
    expect(&gateway, &at("authority.pem"), &old, "0 000")?;
    drop(gateway);
    let gateway = Gateway::start(DEFINITION, &settings(&format!("truststore: {}", at("authority.pem")), ""), &[])?;
    expect(&gateway, &at("authority.pem"), &[], "0 000")?;
    expect(&gateway, &at("authority.pem"), &with("stranger"), "0 000")?;
    expect(&gateway, &at("authority.pem"), &with("client"), "2 200")?;
    expect(&gateway, &at("authority.pem"), &[with("client"), old].concat(), "2 200")?;
    let certificate = shown(folder.path(), "client.pem")?;
    let own_url = format!("https://{}{}/a", gateway.address, gateway.mount);
    expect_body(&own_url, &at("authority.pem"), &with("client"), &certificate)?;
    drop(gateway);
    let domain = format!(
        ", domainNames: [{{domainName: api.example.com, mutualTlsAuthentication: {{truststoreUri: {}}}, \
         basePathMappings: [{{basePath: prod, restApiId: secret0001, stage: prod}}]}}]",
        at("authority.pem")
    );
    let gateway = Gateway::start(DEFINITION, &settings("", &domain), &[])?;
    let by_name = vec!["--insecure".to_owned(), "--connect-to".to_owned(), format!("::{}", gateway.address)];
    let url = "https://api.example.com/prod/a";
    let named = |more: &[String]| [by_name.as_slice(), more].concat();
    send(url, &at("authority.pem"), &named(&[]), "0 000")?;
    send(url, &at("authority.pem"), &named(&with("stranger")), "0 000")?;
    send(url, &at("authority.pem"), &named(&with("client")), "2 200")?;
    expect_body(url, &at("authority.pem"), &named(&with("client")), &certificate)?;
    // Other names need no certificate, and do not lead to the domain.
    expect(&gateway, &at("authority.pem"), &[], "2 200")?;
    let own_url = format!("https://{}{}/a", gateway.address, gateway.mount);
    expect_body(&own_url, &at("authority.pem"), &[], "\n\n\n\n\n")?;
    let as_domain = vec!["--header".to_owned(), "host: api.example.com".to_owned()];
    expect(&gateway, &at("authority.pem"), &as_domain, "2 403")?;
    expect(&gateway, &at("authority.pem"), &[with("client"), as_domain].concat(), "2 403")
}

fn key(path: &str) -> Vec<String> {
    let mut arguments =
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout"].map(str::to_owned).to_vec();
    arguments.push(path.to_owned());
    arguments
}

/// What the method answers to a client with that certificate, by OpenSSL's account of it.
fn shown(folder: &Path, certificate: &str) -> Result<String, String> {
    let arguments = ["x509", "-noout", "-serial", "-startdate", "-enddate", "-in", certificate].map(str::to_owned);
    let told = openssl(folder, &arguments)?;
    let field = |name: &str| {
        let value = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.ok_or_else(|| format!("openssl says no `{name}`: {told}"))
    };
    let bytes: Vec<String> =
        field("serial")?.to_lowercase().chars().collect::<Vec<_>>().chunks(2).map(String::from_iter).collect();
    let pem = std::fs::read_to_string(folder.join(certificate)).map_err(|error| error.to_string())?;
    let (serial, start, end) = (bytes.join(":"), field("notBefore")?, field("notAfter")?);
    Ok(format!("C=US,O=Pets\\, Inc.,CN=alice\nCN=test\n{serial}\n{start}\n{end}\n{pem}"))
}

/// Runs OpenSSL; gives what it prints.
fn openssl(folder: &Path, arguments: &[String]) -> Result<String, String> {
    let output = Command::new("openssl").args(arguments).current_dir(folder).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("openssl: {error}"))?;
    let report = || format!("openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(String::from_utf8_lossy(&output.stdout).into_owned()) } else { Err(report()) }
}

/// A request to the gateway's own address.
fn expect(gateway: &Gateway, authority: &str, more: &[String], expected: &str) -> Result<(), String> {
    send(&format!("https://{}{}/a", gateway.address, gateway.mount), authority, more, expected)
}

/// A request; `expected` is the version of HTTP and the status, `0 000` where there is no connection.
fn send(url: &str, authority: &str, more: &[String], expected: &str) -> Result<(), String> {
    let shown = ["--output", "/dev/null", "--write-out", "%{http_version} %{http_code}"].map(str::to_owned);
    expect_body(url, authority, &[&shown, more].concat(), expected)
}

/// A request and the body that it is answered with.
fn expect_body(url: &str, authority: &str, more: &[String], expected: &str) -> Result<(), String> {
    let output = Command::new("curl")
        .args(["--silent", "--noproxy", "*", "--cacert", authority])
        .args(more)
        .arg(url)
        .output()
        .map_err(|error| format!("curl: {error}"))?;
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    if found == expected { Ok(()) } else { Err(format!("curl {more:?}: `{found}`, expected `{expected}`")) }
}
