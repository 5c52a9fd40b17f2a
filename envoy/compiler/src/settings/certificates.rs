//! Which files stand for certificates of AWS Certificate Manager, for those that API Gateway makes for backends to know
//! it by, and for truststores in S3.
//!
//! ```yaml
//! certificates:
//!   "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d": {certificateChain: api.pem, privateKey: api.key}
//!   a1b2c3: {certificateChain: gateway.pem, privateKey: gateway.key}   # clientCertificateId of a stage
//! truststores:
//!   "s3://bucket/authorities.pem": authorities.pem
//! ```
//!
//! The name of a custom domain stands for its certificate, or its truststore, as well, and goes first. Files are relative to the folder
//! in which `apigw` runs, as they are for Envoy.

use indexmap::IndexMap;

use crate::read::Reader;
use crate::source::{Node, Spanned};

/// The files of a certificate.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// PEM file with the certificate and those that lead to its authority.
    pub certificate_chain: Spanned<String>,
    /// PEM file with the private key.
    pub private_key: Spanned<String>,
}

/// Reads `certificates`.
pub fn read<'d>(reader: &mut Reader<'d>, node: &'d Node) -> IndexMap<String, Certificate> {
    reader.map_of(node, |reader, entry| {
        let mut fields = reader.fields(&entry.value)?;
        let certificate_chain = fields.required(reader, "certificateChain").and_then(|node| reader.filled(node));
        let private_key = fields.required(reader, "privateKey").and_then(|node| reader.filled(node));
        fields.finish(reader);
        Some(Certificate { certificate_chain: certificate_chain?, private_key: private_key? })
    })
}
