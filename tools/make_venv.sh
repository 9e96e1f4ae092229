#!/bin/sh
# Makes .venv with the packages of a lock file. Works on a Debian or Ubuntu that has Python 3.11 or
# newer and nothing else: no pip, no venv module, no root. Run again, it changes only what changed.
set -eu
lock=$1
venv=.venv

say() { printf '%s\n' "$*" >&2; }

fits() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON3:-} python3.11 python3.12 python3.13 python3.14 python3; do
        if fits "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    say "sekisho needs Python 3.11 or newer: apt-get install python3 (Debian 12, Ubuntu 24.04 or"
    say "newer), or set PYTHON3 to one."
    exit 1
}

# Debian ships pip as a wheel of its own; unpacking it needs no root.
unpack_pip() {
    command -v apt-get >/dev/null 2>&1 || {
        say "This Python has no ensurepip and there is no apt-get to get pip with: install pip."
        exit 1
    }
    place=$(mktemp -d)
    mkdir -p "$place/state/lists/partial" "$place/cache/archives/partial"
    set -- -o Dir::State="$place/state" -o Dir::State::status=/var/lib/dpkg/status \
        -o Dir::Cache="$place/cache"
    apt-get "$@" update -qq >&2
    (cd "$place" && apt-get "$@" download -qq python3-pip-whl >&2)
    dpkg-deb -x "$place"/python3-pip-whl_*.deb "$place/unpacked"
    pip_wheel=$(ls "$place"/unpacked/usr/share/python-wheels/pip-*.whl)
    "$venv/bin/python" "$pip_wheel/pip" install -q --no-index --no-deps "$pip_wheel"
    rm -rf "$place"
}

make_venv() {
    python=$(find_python)
    rm -rf "$venv"
    if "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        "$python" -m venv "$venv"
        return
    fi
    "$python" -m venv --without-pip "$venv"
    unpack_pip
}

"$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || make_venv
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || make_venv

say "installing $lock into $venv (once; a few minutes on a slow line)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    --only-binary :all: --require-hashes -r "$lock"

# Our own code is not built into a package: a path file shows Python where it is. Building would
# fetch a build tool that no lock names.
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
rm -f "$site"/_editable_impl_sekisho.pth
printf '%s\n' "$(pwd)/src" >"$site/sekisho.pth"
cat >"$venv/bin/sekisho" <<SCRIPT
#!$(pwd)/$venv/bin/python -I
import sys
from sekisho.processes.terminal.main import main
sys.exit(main())
SCRIPT
chmod 755 "$venv/bin/sekisho"
# Processes can't write bytecode once they are in their sandbox.
"$venv/bin/python" -m compileall -q src
