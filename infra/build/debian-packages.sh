#!/usr/bin/env bash
# Installs what the suites need from Debian: the mail systems that the contract suites run (test/postfix, test/exim,
# test/opensmtpd), Chromium for the web page, small tools.
# Nothing is started: the suites run private instances of their own. Postfix is installed by apt. Exim and OpenSMTPD
# conflict with it as packages, so they are only unpacked, each into a folder of its own under $SMTP2GS_MTA_CACHE, and
# their libraries are installed. Idempotent: with everything in place it does nothing and needs no network.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
cache=${SMTP2GS_MTA_CACHE:-/var/cache/smtp2gs-mta}

command -v apt-get >/dev/null || { echo 'no apt-get here: the mail suites will skip themselves' >&2; exit 0; }
[ "$(id -u)" = 0 ] || exec sudo --preserve-env=SMTP2GS_MTA_CACHE "$0" "$@"

work=$(mktemp -d)
policy=/usr/sbin/policy-rc.d
made_policy=
finish() {
  rm -rf "$work"
  if [ -n "$made_policy" ]; then rm -f "$policy"; fi
}
trap finish EXIT

lists_are_fresh=
fresh_lists() {
  [ -n "$lists_are_fresh" ] || apt-get -qq update
  lists_are_fresh=yes
}

# 101 is the answer that forbids invoke-rc.d to start a service (policy-rc.d interface of Debian).
forbid_daemons() {
  if [ ! -e "$policy" ]; then
    made_policy=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
}

install_missing() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  fresh_lists
  forbid_daemons
  apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" >/dev/null
}

# unpack NAME PACKAGE...: the packages' files below $cache/NAME, their shared libraries on the host.
unpack() {
  local name=$1
  shift
  [ ! -e "$cache/$name/.complete" ] || return 0
  fresh_lists
  mkdir -p "$work/$name"
  (cd "$work" && apt-get -qq download "$@")
  local libraries=()
  for package in "$@"; do
    mapfile -t -O "${#libraries[@]}" libraries < <(
      dpkg-deb -f "$work/$package"_*.deb Pre-Depends Depends | tr ',:' '\n\n' | awk '$1 ~ /^lib/ {print $1}'
    )
    dpkg-deb -x "$work/$package"_*.deb "$work/$name"
  done
  install_missing "${libraries[@]}"
  mkdir -p "$cache"
  chmod 755 "$cache" "$work/$name"
  rm -rf "${cache:?}/$name"
  cp -a "$work/$name" "$cache/$name"
  touch "$cache/$name/.complete"
}

command -v postfix >/dev/null || echo 'postfix postfix/main_mailer_type string Local only' | debconf-set-selections
install_missing postfix openssl time groff chromium
unpack exim exim4-daemon-light exim4-base
unpack opensmtpd opensmtpd
echo "postfix: $(command -v postfix); exim, opensmtpd: below $cache"
