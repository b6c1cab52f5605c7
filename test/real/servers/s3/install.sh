#!/usr/bin/env bash
# Builds MinIO, the S3 server of the real-parts run, from the Go module proxy: some two and a half minutes once, kept between runs.
# Prints one line, the path of the program; what else there is to say goes to standard error. Needs Go 1.24 or newer.
set -euo pipefail

# MinIO's releases are no versions of its Go module: this one names the day and the commit.
version=v0.0.0-20260212201848-7aac2a2c5b7c
cache=${XDG_CACHE_HOME:-$HOME/.cache}
home=$cache/logrelay-minio-$version
PATH=$PATH:/usr/local/go/bin

if [ ! -x "$home/minio" ]; then
  if ! command -v go >/dev/null; then
    echo 'MinIO, the S3 server of this run, is built with Go 1.24 or newer: install it, or name a MinIO in LOGRELAY_S3_SERVER' >&2
    exit 1
  fi
  echo "building MinIO $version" >&2
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/logrelay-minio.XXXXXX")
  # The build has a process group of its own, which ends as a whole: nothing of it writes into what is being removed.
  build=
  cleanup() {
    if [ -n "$build" ]; then
      kill -KILL -- "-$build"
      wait "$build"
    fi 2>/dev/null || true
    rm -rf "$work"
  }
  trap cleanup EXIT
  mkdir "$work/tmp"
  # Caches of its own, so that two gigabytes of modules and objects go when it is built. Without modcacherw they could not be removed.
  set -m
  env GOPATH="$work/go" GOMODCACHE="$work/modules" GOCACHE="$work/objects" GOTMPDIR="$work/tmp" GOBIN="$work/bin" GOWORK=off CGO_ENABLED=0 \
    GOFLAGS='-trimpath -modcacherw -buildvcs=false' go install -ldflags='-s -w' "github.com/minio/minio@$version" >"$work/log" 2>&1 &
  build=$!
  set +m
  wait "$build" || {
    tail -n 20 "$work/log" >&2
    exit 1
  }
  build=
  # Whoever was quicker has installed the same.
  mv -T "$work/bin" "$home" 2>/dev/null || [ -x "$home/minio" ]
fi
echo "$home/minio"
