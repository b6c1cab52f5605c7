#!/usr/bin/env bash
# Makes a root of Debian 12: `empty` has its base, systemd and rpm, and nothing else; `cloud` is as its cloud images are, with cloud-init.
# About a minute once, kept between runs. usage: bash test/real/machines/debian-root.sh empty|cloud
# Prints one line, the directory; what else there is to say goes to standard error. Needs root and debootstrap.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

# A change of this list makes another root.
case $1 in
  empty) packages=systemd,systemd-sysv,dbus,rpm ;;
  cloud) packages=systemd,systemd-sysv,systemd-timesyncd,dbus,udev,e2fsprogs,cloud-init,locales,ca-certificates,curl,openssh-server,sudo ;;
esac
cache=${XDG_CACHE_HOME:-$HOME/.cache}
home=$cache/logrelay-debian-12-$(printf '%s' "$packages" | sha256sum | cut -c1-12)

if [ ! -d "$home" ]; then
  if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
    echo 'a root of Debian 12 is made with debootstrap, by root: install it' >&2
    exit 1
  fi
  echo 'making a root of Debian 12' >&2
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/logrelay-debian.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  # The mirror that this machine's own apt uses, and its other settings for the packages: some need what only updates have.
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' | sed -n 1p) || true
  {
    debootstrap --variant=minbase bookworm "$work/root" ${mirror:+"$mirror"}
    rm -f "$work/root/etc/apt/sources.list"
    cp -a /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d "$work/root/etc/apt/" 2>/dev/null || true
    cp /etc/resolv.conf "$work/root/etc/resolv.conf"
    chroot "$work/root" apt-get update -qq
    # Nothing is to be started in here.
    printf '#!/bin/sh\nexit 101\n' >"$work/root/usr/sbin/policy-rc.d"
    chmod 755 "$work/root/usr/sbin/policy-rc.d"
    chroot "$work/root" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends ${packages//,/ }
    rm -f "$work/root/usr/sbin/policy-rc.d"
    chroot "$work/root" apt-get clean
    if [ "$1" = cloud ]; then
      # Debian's images have a locale; this root has the one that is always there.
      echo 'locale: C.UTF-8' >"$work/root/etc/cloud/cloud.cfg.d/10-locale.cfg"
    fi
    rm -f "$work/root"/etc/ssh/ssh_host_* "$work/root/etc/resolv.conf"
    : >"$work/root/etc/machine-id"
  } </dev/null >"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    exit 1
  }
  # Whoever was quicker has made the same.
  mv -T "$work/root" "$home" 2>/dev/null || [ -d "$home" ]
fi
echo "$home"
