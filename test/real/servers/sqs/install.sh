#!/usr/bin/env bash
# Installs moto's server, which speaks SQS, from the Python package index, kept between runs.
# Prints one line, the path of the program; what else there is to say goes to standard error. Needs Debian's python3-venv.
set -euo pipefail

requirements=$(cd "$(dirname "$0")" && pwd)/requirements.txt
version=$(sed -n 's/^moto==//p' "$requirements")
cache=${XDG_CACHE_HOME:-$HOME/.cache}
home=$cache/logrelay-moto-$version

if [ ! -x "$home/moto" ]; then
  echo "installing moto $version" >&2
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/logrelay-moto.XXXXXX")
  # Nothing may write any more into what is being removed.
  trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
  /usr/bin/python3 -m venv "$work/moto" >&2
  "$work/moto/bin/pip" install -q --disable-pip-version-check -r "$requirements" >&2 &
  wait $!
  # The programs that pip wrote name the directory where they were installed; this one goes wherever it is moved.
  cat >"$work/moto/moto" <<'PROGRAM'
#!/bin/sh
exec "$(dirname "$0")/bin/python" -m moto.server "$@"
PROGRAM
  chmod 755 "$work/moto/moto"
  # Whoever was quicker has installed the same.
  mv -T "$work/moto" "$home" 2>/dev/null || [ -x "$home/moto" ]
fi
echo "$home/moto"
