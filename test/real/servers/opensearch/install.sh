#!/usr/bin/env bash
# Installs what an OpenSearch node needs from the Maven repository, once: the home that test/real/support/opensearch.ts starts nodes from.
# Needs java (17) and mvn. Where: $XDG_CACHE_HOME or ~/.cache, logrelay-opensearch-VERSION.
# usage: bash test/real/servers/opensearch/install.sh
set -euo pipefail
cd "$(dirname "$0")"

version=$(sed -n 's|.*<opensearch.version>\(.*\)</opensearch.version>.*|\1|p' pom.xml)
cache=${XDG_CACHE_HOME:-$HOME/.cache}
home=$cache/logrelay-opensearch-$version
# What it was made from: a home that an older form of these files made is made anew.
made_from=$(cat install.sh pom.xml transport-netty4.policy log4j2.properties | sha256sum | cut -d' ' -f1)

if [ "$(cat "$home/made-from" 2>/dev/null)" = "$made_from" ]; then
  echo "OpenSearch $version is in $home"
  exit 0
fi

mkdir -p "$cache"
building=$(mktemp -d "$cache/logrelay-opensearch-XXXXXX")
trap 'rm -rf "$building"' EXIT

if ! mvn -q -B -f pom.xml package -Dhome="$building" </dev/null >"$building/maven.log" 2>&1; then
  cat "$building/maven.log" >&2
  exit 1
fi

# The jars of a module come without the description by which the server knows it as one.
module() { # NAME CLASS
  cat >"$building/modules/$1/plugin-descriptor.properties" <<END
name=$1
description=$1
version=$version
opensearch.version=$version
java.version=11
classname=$2
END
}
module transport-netty4 org.opensearch.transport.Netty4Plugin
module mapper-extras org.opensearch.index.mapper.MapperExtrasPlugin
cp transport-netty4.policy "$building/modules/transport-netty4/plugin-security.policy"

# The server makes bin where it is missing; with it the home is only read.
mkdir -p "$building"/{config,plugins,bin,secure/bin,secure/plugins}
cp log4j2.properties "$building/config/"

# A second home around the same jars, for nodes that want passwords and TLS: the server loads every plugin it finds in its home.
mv "$building/security/opensearch-security" "$building/secure/plugins/"
ln -s ../lib ../modules "$building/secure/"

rm -rf "$building/target" "$building/security" "$building/maven.log"
chmod 755 "$building"
echo "$made_from" >"$building/made-from"
rm -rf "$home"
mv -T "$building" "$home"
echo "installed OpenSearch $version in $home"
