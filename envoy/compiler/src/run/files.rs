//! The configuration as files that Envoy watches.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A folder with one file for each kind of configuration.
#[derive(Debug)]
pub struct Folder(PathBuf);

/// One file of the folder, as Envoy names what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// Listeners.
    Lds,
    /// Clusters.
    Cds,
    /// The route configuration.
    Rds,
    /// The configuration of a filter.
    Ecds(&'static str),
}

impl File {
    /// Its name in the folder.
    pub fn name(self) -> String {
        match self {
            Self::Lds => "lds.json".to_owned(),
            Self::Cds => "cds.json".to_owned(),
            Self::Rds => "rds.json".to_owned(),
            Self::Ecds(filter) => format!("ecds-{filter}.json"),
        }
    }

    /// Beginning of the statistics that tell what Envoy has made of it.
    pub fn statistics(self) -> String {
        match self {
            Self::Lds => "listener_manager.lds".to_owned(),
            Self::Cds => "cluster_manager.cds".to_owned(),
            Self::Rds => format!("http.{0}.rds.{0}", crate::compile::NAME),
            Self::Ecds(filter) => format!("extension_config_discovery.http_filter.{filter}"),
        }
    }
}

impl Folder {
    /// The folder at `path`, which exists.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The version under which Envoy reports resources: a hash of them.
    ///
    /// # Errors
    /// They cannot be written as JSON.
    pub fn version(resources: &[Value]) -> io::Result<String> {
        let mut hasher = DefaultHasher::new();
        serde_json::to_string(resources)?.hash(&mut hasher);
        Ok(format!("{:016x}", hasher.finish()))
    }

    /// Replaces a file in one step, which is what Envoy takes notice of.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, file: File, resources: &[Value]) -> io::Result<()> {
        let version = Self::version(resources)?;
        let text = serde_json::to_string(&json!({"version_info": version, "resources": resources}))?;
        let target = self.0.join(file.name());
        let fresh = self.0.join(format!("{}.new", file.name()));
        fs::write(&fresh, text)?;
        fs::rename(fresh, target)
    }
}

/// A resource with its type, as discovery responses carry it.
pub fn resource(kind: &str, mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.insert("@type".to_owned(), json!(format!("type.googleapis.com/{kind}")));
    }
    value
}
