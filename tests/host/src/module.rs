//! Compiled modules. A process compiles each module once, whatever number of VMs it starts.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::{Arc, Mutex, OnceLock},
};

use wasmtime::{Cache, CacheConfig, Config, Engine, InstancePre, Linker, Module, OptLevel};

use crate::{Error, abi, vm::VmState};

/// A module, compiled and linked to the ABI.
pub(crate) struct LoadedModule {
    pub(crate) pre: InstancePre<VmState>,
}

struct Runtime {
    engine: Engine,
    linker: Linker<VmState>,
    modules: Mutex<HashMap<(u64, usize), Arc<LoadedModule>>>,
}

/// Loads a module, WebAssembly in binary.
pub(crate) fn load(wasm: &[u8]) -> Result<Arc<LoadedModule>, Error> {
    let runtime = runtime();
    let mut hasher = DefaultHasher::new();
    wasm.hash(&mut hasher);
    let key = (hasher.finish(), wasm.len());
    let mut modules = runtime.modules.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(module) = modules.get(&key) {
        return Ok(module.clone());
    }
    let load = |error: wasmtime::Error| Error::Load(format!("{error:#}"));
    let module = Module::from_binary(&runtime.engine, wasm).map_err(load)?;
    let known = ["proxy_abi_version_0_2_0", "proxy_abi_version_0_2_1"];
    if !known.iter().any(|name| module.get_export(name).is_some()) {
        return Err(Error::Load(format!("exports neither {} nor {}", known[0], known[1])));
    }
    let pre = runtime.linker.instantiate_pre(&module).map_err(load)?;
    let module = Arc::new(LoadedModule { pre });
    modules.insert(key, module.clone());
    Ok(module)
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut config = Config::new();
        config.cranelift_opt_level(OptLevel::Speed);
        config.cache(disk_cache());
        let engine = Engine::new(&config).expect("an engine");
        let linker = abi::linker(&engine).expect("a linker");
        Runtime { engine, linker, modules: Mutex::default() }
    })
}

/// Machine code kept between test programs, below the repository's `target`. Without it they compile again.
fn disk_cache() -> Option<Cache> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let mut config = CacheConfig::new();
    config.with_directory(target.canonicalize().ok()?.join("wasmtime-cache"));
    Cache::new(config).ok()
}
