#!/bin/sh
# Turns a machine with systemd into a relay, from a package and a configuration. The same steps for an image (Packer), for the first
# boot of a cloud image (cloud-init) and by hand. It can be run again: what is as it should be is left alone.
# Made for Debian 12; distributions with RPM go the same way.
set -eu

usage() {
  cat <<'USAGE'
usage: provision.sh [OPTION]...
  --package=FILE|URL   install this .deb or .rpm; a URL wants --sha256
  --sha256=SUM         what the package's checksum has to be
  --kernel=FILE        kernel settings, put into /etc/sysctl.d/60-logrelay.conf
  --data-device=DEVICE disk for the queues: mounted at /var/lib/logrelay, made a file system first if it is empty
  --config=FILE        configuration: checked, put into /etc/logrelay/logrelay.yaml, and started with the machine from then on
  --start              start the relay now, or restart it if its configuration has changed
USAGE
}

config_file=/etc/logrelay/logrelay.yaml
data_dir=/var/lib/logrelay
# Something new is in its place, and the relay has not been started with it: an interruption does not forget it.
pending=/run/logrelay-provision.pending
drop_ins=/etc/systemd/system/logrelay.service.d
# A disk may be attached after the machine has started.
device_wait_seconds=600

say() { echo "provision: $*"; }
fail() {
  echo "provision: $*" >&2
  exit 1
}

in_container() { systemd-detect-virt --quiet --container; }

# Prints the package's path. What is downloaded stays in $work.
fetch_package() {
  case $1 in
    http://* | https://*)
      [ -n "$sha256" ] || fail "--package=$1 is a URL: give its --sha256"
      name=${1%%[?#]*}
      download "$1" "$work/${name##*/}" || fail "$1 cannot be downloaded"
      echo "$work/${name##*/}"
      ;;
    *)
      [ -f "$1" ] || fail "$1 is not there"
      realpath "$1"
      ;;
  esac
}

# Not every image has both.
download() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --retry 5 --retry-connrefused --output "$2" "$1" >&2
  else
    wget --quiet --tries=5 --output-document="$2" "$1" >&2
  fi
}

check_sum() {
  [ -n "$sha256" ] || return 0
  found=$(sha256sum "$1" | cut -d ' ' -f 1)
  [ "$found" = "$sha256" ] || fail "$1 has the SHA-256 $found and should have $sha256"
}

# What an interruption has left half done.
finish_dpkg() { DEBIAN_FRONTEND=noninteractive dpkg --force-confold --configure -a </dev/null; }

install_package() {
  package=$(fetch_package "$1")
  check_sum "$package"
  say "installing ${package##*/}"
  case $package in
    # An image comes without apt's lists: they are fetched where the package needs more than is there.
    *.deb)
      finish_dpkg
      apt_install "$package" || { apt_update && apt_install "$package"; } || fail "${package##*/} cannot be installed"
      ;;
    *.rpm) rpm_install "$package" ;;
    *) fail "${package##*/} is neither a .deb nor an .rpm" ;;
  esac
}

# Waits for the updates that a first boot starts by itself, asks nothing, and keeps a configuration that is there.
apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@" </dev/null; }
apt_install() { apt install --no-install-recommends "$@"; }
# The lock of the lists is another one, for which apt does not wait.
apt_update() {
  for _ in $(seq 60); do
    apt update && return
    sleep 5
  done
  return 1
}

rpm_install() {
  # What is installed already is not started anew.
  if [ -f "$1" ] && rpm --query "$(rpm --query --package "$1")" >/dev/null 2>&1; then return; fi
  if command -v dnf >/dev/null; then
    dnf install -y "$1"
  elif command -v yum >/dev/null; then
    yum install -y "$1"
  else
    rpm --upgrade "$1"
  fi
}

kernel_settings() {
  install -D -o root -g root -m 0644 "$1" /etc/sysctl.d/60-logrelay.conf
  # A container has its host's kernel: whoever runs that one sets them.
  in_container || /usr/lib/systemd/systemd-sysctl /etc/sysctl.d/60-logrelay.conf
  say 'kernel settings are in /etc/sysctl.d/60-logrelay.conf'
}

# Messages carry the time at which they came, and certificates are judged by the clock.
time_sync() {
  for unit in chrony chronyd systemd-timesyncd ntpsec ntpd ntp openntpd; do
    if systemctl cat "$unit.service" >/dev/null 2>&1; then
      systemctl enable --now "$unit.service"
      return
    fi
  done
  say 'no time service is installed: installing chrony'
  if command -v apt-get >/dev/null; then
    apt_update && apt_install chrony
  else
    rpm_install chrony && systemctl enable --now chronyd.service
  fi
}

mount_data() {
  if ! mountpoint --quiet "$data_dir"; then
    wait_for_device "$1"
    make_file_system "$1"
    [ -z "$(ls -A "$data_dir" 2>/dev/null)" ] || fail "$data_dir is not empty: move what is in it to $1 first"
    mkdir -p "$data_dir"
    # Partitions, LUKS, swap: nothing to mount.
    [ "$(blkid --probe --output value --match-tag USAGE "$1")" = filesystem ] || fail "$1 has no file system, and is not empty: name the one that has"
    uuid=$(blkid --probe --output value --match-tag UUID "$1")
    type=$(blkid --probe --output value --match-tag TYPE "$1")
    # One line for this place: of two, the first counts, which may be that of a disk that is gone.
    {
      awk -v dir="$data_dir" '/^#/ || $2 != dir' /etc/fstab 2>/dev/null || true
      echo "UUID=$uuid $data_dir $type noatime,nofail 0 2"
    } >/etc/fstab.new
    mv -f /etc/fstab.new /etc/fstab
    systemctl daemon-reload
    mount "$data_dir"
  fi
  # With nofail, mount says nothing of a disk that it has not found.
  [ "$(mountpoint --fs-devno "$data_dir" 2>/dev/null)" = "$(mountpoint --devno "$1" 2>/dev/null)" ] || fail "$data_dir is not on $1: see findmnt $data_dir"
  # The machine starts without the disk, the relay does not: it would queue where nobody looks for it.
  mkdir -p "$drop_ins"
  printf '[Unit]\nRequiresMountsFor=%s\n' "$data_dir" >"$drop_ins/40-data-device.conf"
  systemctl daemon-reload
  # Whoever wrote it before may have had the user logrelay under another number.
  chown -R logrelay:logrelay "$data_dir"
  chmod 0700 "$data_dir"
}

wait_for_device() {
  waited=0
  while [ ! -b "$1" ]; do
    [ "$waited" -lt "$device_wait_seconds" ] || fail "$1 is not there after $device_wait_seconds s"
    [ "$waited" -gt 0 ] || say "waiting for $1"
    sleep 2
    waited=$((waited + 2))
  done
}

# Only where there is nothing at all: neither a file system nor a partition table.
make_file_system() {
  signatures=$(wipefs --no-act --noheadings "$1") || fail "$1 cannot be read"
  [ -n "$signatures" ] || mkfs.ext4 -q -L logrelay "$1"
}

# A configuration with mistakes never takes the place of one that works.
install_config() {
  install -o root -g logrelay -m 0640 "$1" "$config_file.new"
  runuser -u logrelay -- logrelay check --config "$config_file.new" || {
    rm -f "$config_file.new"
    fail "$1 has mistakes, nothing was changed"
  }
  cmp -s "$config_file.new" "$config_file" || : >"$pending"
  # Even where the text is the same: the owner and the mode may not be.
  mv -f "$config_file.new" "$config_file"
  before=$(cat "$drop_ins"/*.conf 2>/dev/null || true)
  logrelay unit --write --config "$config_file"
  [ "$before" = "$(cat "$drop_ins"/*.conf 2>/dev/null || true)" ] || : >"$pending"
  systemctl enable logrelay.service
}

start_relay() {
  if ! systemctl is-active --quiet logrelay.service; then
    systemctl start logrelay.service
  elif [ -e "$pending" ]; then
    systemctl restart logrelay.service
  fi
  rm -f "$pending"
  say "the relay is $(systemctl is-active logrelay.service)"
}

package='' sha256='' kernel='' device='' config='' start=''
for option in "$@"; do
  value=${option#*=}
  case $option in
    --package=?*) package=$value ;;
    --sha256=?*) sha256=$value ;;
    --kernel=?*) kernel=$value ;;
    --data-device=?*) device=$value ;;
    --config=?*) config=$value ;;
    --start) start=yes ;;
    --help | -h) usage && exit 0 ;;
    *)
      echo "provision: $option is no option" >&2
      usage >&2
      exit 2
      ;;
  esac
done

[ "$(id -u)" = 0 ] || fail 'run this as root'
for file in "$kernel" "$config"; do
  [ -z "$file" ] || [ -f "$file" ] || fail "$file is not there"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The service user has to be able to look where it stands.
[ -z "$config" ] || config=$(realpath "$config")
[ -z "$kernel" ] || kernel=$(realpath "$kernel")

[ -z "$package" ] || install_package "$package"
command -v logrelay >/dev/null || fail 'logrelay is not installed: give its --package'
cd /
[ -z "$kernel" ] || kernel_settings "$kernel"
time_sync || say 'no time service could be installed: keep the clock right by other means'
[ -z "$device" ] || mount_data "$device"
[ -z "$config" ] || install_config "$config"
[ -z "$start" ] || start_relay
