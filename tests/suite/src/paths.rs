//! Where things are.

use std::path::{Path, PathBuf};

/// The repo.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a package two folders down").to_owned()
}

/// The repo's own cases.
pub fn own_cases() -> PathBuf {
    root().join("tests/cases")
}

/// A suite of the conformance folder; `None` where it is not there.
pub fn conformance(suite: &str) -> Option<PathBuf> {
    let folder =
        std::env::var_os("CONFORMANCE_DIR").map_or_else(|| root().join("../shared/conformance"), PathBuf::from);
    Some(folder.join(suite)).filter(|folder| folder.is_dir())
}

/// The `apigw` command: `$APIGW`, else the build for production, else the other one.
pub fn apigw() -> PathBuf {
    let built = ["target/release/apigw", "target/debug/apigw"].map(|path| root().join(path));
    std::env::var_os("APIGW")
        .map(PathBuf::from)
        .or_else(|| built.into_iter().find(|path| path.is_file()))
        .unwrap_or_else(|| {
            panic!("there is no apigw: build it with scripts/build, or name it in $APIGW");
        })
}

/// Envoy: `$ENVOY`, else the one that `scripts/` installed, else the one on PATH.
pub fn envoy() -> PathBuf {
    let installed = Some(root().join(".venv/bin/envoy")).filter(|path| path.is_file());
    std::env::var_os("ENVOY").map(PathBuf::from).or(installed).unwrap_or_else(|| PathBuf::from("envoy"))
}

/// The folder with `apigw.wasm`: `$FILTERS`, else where `scripts/build` leaves it.
pub fn filters() -> PathBuf {
    std::env::var_os("FILTERS").map_or_else(|| root().join("target/wasm32-wasip1/release"), PathBuf::from)
}
