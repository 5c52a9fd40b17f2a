//! The modules that hold the filters.

use std::path::Path;

use filters::RawFilter;

use super::deployment::Deployment;

/// All filters.
const WHOLE: &str = "apigw.wasm";
/// All but the large ones.
const SMALL: &str = "apigw_small.wasm";

/// Paths of the modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modules {
    whole: String,
    small: Option<String>,
}

impl Modules {
    /// The modules in a folder.
    ///
    /// # Errors
    /// There is no `apigw.wasm`. The small one need not be there.
    pub fn in_folder(folder: &Path) -> Result<Self, String> {
        let find = |name: &str| {
            let path = folder.join(name);
            path.canonicalize().map(|path| path.display().to_string()).map_err(|_| {
                format!(
                    "{} does not exist: build it with scripts/build, or say with --filters where it is",
                    path.display()
                )
            })
        };
        Ok(Self { whole: find(WHOLE)?, small: find(SMALL).ok() })
    }

    /// One module for everything.
    pub fn whole(path: impl Into<String>) -> Self {
        Self { whole: path.into(), small: None }
    }

    /// For a gateway that runs the filters of `module`: one that has the whole module keeps it, whatever is asked later.
    pub fn stay_with(&mut self, module: &str) {
        if module == self.whole {
            self.small = None;
        }
    }

    /// The smallest one with all filters of these deployments: Envoy compiles all of a module before it serves.
    pub(super) fn serving(&self, deployments: &[Deployment]) -> &str {
        let mut filters = deployments.iter().flat_map(|deployment| &deployment.filters);
        self.small.as_deref().filter(|_| filters.all(RawFilter::is_in_small_module)).unwrap_or(&self.whole)
    }
}
