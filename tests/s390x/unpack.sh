#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
#
# unpack.sh ROOT PACKAGE...: downloads Debian's s390x packages, and the libraries that they are the
# headers of, and unpacks them into ROOT.
#
# The host's own package lists and architectures stay as they are: everything that apt writes is
# beneath ROOT.

set -eu

root=$1
shift
if [ -e "$root/complete" ] && [ "$(cat "$root/complete")" = "$*" ]; then
  exit 0
fi
if ! command -v apt-get >/dev/null || ! grep -q '^ID=debian$' /etc/os-release; then
  echo "unpack.sh: needs Debian, whose archive has these packages" >&2
  exit 1
fi
rm -rf "$root"
mkdir -p "$root/apt/lists/partial" "$root/apt/archives/partial"
root=$(cd "$root" && pwd)
: >"$root/apt/status"

# The host's own mirrors of its own release, asked for another architecture.
# shellcheck disable=SC1091  # not ours
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
options=arch=s390x
[ ! -e "$keyring" ] || options="$options signed-by=$keyring"
# The parentheses are apt's, not the shell's.
# shellcheck disable=SC2016
apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
  sort -u |
  while read -r site release component; do
    case $release in
      "$codename" | "$codename-updates" | "$codename-security")
        echo "deb [$options] $site $release $component"
        ;;
    esac
  done >"$root/apt/sources.list"

# foreign COMMAND ARGUMENT...: an apt command for s390x, with its state beneath the root.
foreign() {
  tool=$1
  shift
  "$tool" -qq \
    -o APT::Architecture=s390x -o APT::Architectures=s390x -o APT::Sandbox::User=root \
    -o Dir::State="$root/apt" -o Dir::State::lists="$root/apt/lists" \
    -o Dir::State::status="$root/apt/status" \
    -o Dir::Cache="$root/apt" -o Dir::Cache::archives="$root/apt/archives" \
    -o Dir::Etc::sourcelist="$root/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    "$@"
}
foreign apt-get update
# The names of the libraries change with each release of Debian.
libraries=$(foreign apt-cache depends "$@" |
  sed -n 's/^ *Depends: \(lib\(absl\|ssl\|xxhash\)[0-9][^ ]*\)$/\1/p' | sort -u)
# shellcheck disable=SC2086  # a list of words
(cd "$root/apt/archives" && foreign apt-get download "$@" $libraries)
for package in "$root"/apt/archives/*.deb; do
  dpkg-deb --extract "$package" "$root"
done
echo "$*" >"$root/complete"
