#!/bin/sh
# Gets what the tests need beside Python packages: Chromium, a Japanese font, SoftHSM. As root by
# apt-get; otherwise SoftHSM is unpacked into .venv, and a missing browser is said so.
set -eu
venv=.venv

say() { printf '%s\n' "$*" >&2; }
have_browser() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1; }
have_font() { fc-list :lang=ja 2>/dev/null | grep -q .; }
have_softhsm() { [ -e "$venv/softhsm/libsofthsm2.so" ] || ls /usr/lib/*/softhsm/libsofthsm2.so \
    /usr/lib/softhsm/libsofthsm2.so >/dev/null 2>&1; }

missing=
have_browser || missing="$missing chromium"
have_font || missing="$missing fontconfig fonts-noto-cjk"
have_softhsm || missing="$missing softhsm2"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "installing for the tests:$missing"
    apt-get update -qq >&2
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
    exit 0
fi

if ! have_softhsm; then
    place=$(mktemp -d)
    mkdir -p "$place/state/lists/partial" "$place/cache/archives/partial"
    set -- -o Dir::State="$place/state" -o Dir::State::status=/var/lib/dpkg/status \
        -o Dir::Cache="$place/cache"
    apt-get "$@" update -qq >&2
    (cd "$place" && apt-get "$@" download -qq libsofthsm2 >&2)
    dpkg-deb -x "$place"/libsofthsm2_*.deb "$place/unpacked"
    mkdir -p "$venv/softhsm"
    cp "$(find "$place/unpacked" -name libsofthsm2.so | head -n 1)" "$venv/softhsm/"
    rm -rf "$place"
fi
have_browser && have_font && exit 0
say "The browser tests need Chromium and a Japanese font, and installing them needs root:"
say "    sudo apt-get install --no-install-recommends chromium fontconfig fonts-noto-cjk"
exit 1
