#!/usr/bin/env bash
# The real-parts run: installs from Debian's packages what is missing, then runs every scenario against the real programs.
# usage: bash test/real/run.sh [PART OF A SCENARIO'S NAME]
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin"

missing=()
command -v rsyslogd >/dev/null || missing+=(rsyslog)
compgen -G '/usr/lib/*/rsyslog/lmnsd_gtls.so' >/dev/null || missing+=(rsyslog-gnutls)
command -v nginx >/dev/null || missing+=(nginx)
[ -e /usr/lib/nginx/modules/ngx_stream_module.so ] || missing+=(libnginx-mod-stream)
compgen -G '/usr/lib/*/rsyslog/imrelp.so' >/dev/null || missing+=(rsyslog-relp)
command -v haproxy >/dev/null || missing+=(haproxy)
command -v logger >/dev/null || missing+=(bsdutils)
command -v openssl >/dev/null || missing+=(openssl)
compgen -G '/usr/lib/*/rsyslog/omelasticsearch.so' >/dev/null || missing+=(rsyslog-elasticsearch)
command -v java >/dev/null || missing+=(openjdk-17-jre-headless)
command -v mvn >/dev/null || missing+=(maven)
command -v go >/dev/null || missing+=(golang-go)
command -v debootstrap >/dev/null || missing+=(debootstrap)
command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
command -v rpmbuild >/dev/null || missing+=(rpm)
command -v strip >/dev/null || missing+=(binutils)
command -v mandoc >/dev/null || missing+=(mandoc)
command -v man >/dev/null || missing+=(man-db)
/usr/bin/python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)

install() {
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  # Debian's packages start their services unless this file says no (101): the run wants the programs, not the services.
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
    "${root[@]}" chmod 755 "$policy"
    made=yes
  fi
  local status=0
  {
    "${root[@]}" apt-get update -qq &&
      "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
  } </dev/null >&2 || status=$?
  [ -z "$made" ] || "${root[@]}" rm -f "$policy"
  return "$status"
}

if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}"
  install "${missing[@]}"
fi

# What reads the AWS templates as AWS' own tools would; kept between runs.
linters=${XDG_CACHE_HOME:-$HOME/.cache}/logrelay-linters
if [ ! -x "$linters/bin/cfn-lint" ] || [ ! -x "$linters/bin/hcl2tojson" ]; then
  echo 'installing cfn-lint and python-hcl2'
  /usr/bin/python3 -m venv "$linters" && "$linters/bin/pip" install -q cfn-lint==1.58.0 python-hcl2==8.1.4
fi
export LOGRELAY_LINTERS="$linters/bin"

# Real upstreams and buckets, each installed or built once and kept between runs.
LOGRELAY_OPENSEARCH=$(bash test/real/servers/opensearch/install.sh)
LOGRELAY_OPENSEARCH=${LOGRELAY_OPENSEARCH##* in }
LOGRELAY_S3_SERVER=$(bash test/real/servers/s3/install.sh)
LOGRELAY_SQS_SERVER=$(bash test/real/servers/sqs/install.sh)
export LOGRELAY_OPENSEARCH LOGRELAY_S3_SERVER LOGRELAY_SQS_SERVER

# The program as it is installed, an earlier version of its packages to upgrade from, and roots of Debian to install them in. Quickly packed: how
# well it is compressed is of no interest here.
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
node packaging/packages/build-packages.ts --target linux-x64 --compression 1 --directory "$packages/current"
node packaging/packages/build-packages.ts --built --target linux-x64 --compression 1 --version 0.0.1 --directory "$packages/previous"
LOGRELAY_EMPTY_ROOT=$(bash test/real/machines/debian-root.sh empty)
LOGRELAY_CLOUD_ROOT=$(bash test/real/machines/debian-root.sh cloud)
export LOGRELAY_BINARY="$PWD/dist/logrelay" LOGRELAY_PACKAGES="$packages/current" LOGRELAY_PREVIOUS_PACKAGES="$packages/previous" LOGRELAY_EMPTY_ROOT LOGRELAY_CLOUD_ROOT

rsyslogd -v | sed -n '1s/ (.*//p'
nginx -v 2>&1
haproxy -v | sed -n '1s/ - .*//p'
logger --version
basename -a "$LOGRELAY_OPENSEARCH" "${LOGRELAY_S3_SERVER%/*}" "${LOGRELAY_SQS_SERVER%/*}" | sed 's/^logrelay-//'
node test/real/run.ts "$@"
