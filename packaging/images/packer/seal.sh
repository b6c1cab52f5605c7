#!/bin/sh
# Takes out of a machine what each machine made of its image has to have of its own. The last step before the image is taken; run as
# root. The relay's package, configuration and settings stay.
set -eu

# Queues with their ids, and the self-signed key: two relays with the same would speak in each other's name.
systemctl stop logrelay.service
find /var/lib/logrelay -xdev -mindepth 1 -delete

# Empty, not "uninitialized" as `cloud-init clean --machine-id` writes it: systemd takes that for a first boot (machine-id(5)) and
# enables every service that its presets do not name, the relay too, configured or not.
: >/etc/machine-id
[ -L /var/lib/dbus/machine-id ] || rm -f /var/lib/dbus/machine-id

# cloud-init makes new ones at the first boot of each machine.
rm -f /etc/ssh/ssh_host_*
rm -f /var/lib/systemd/random-seed /var/lib/systemd/credential.secret

# Whoever built the image: keys, passwords, history.
for name in admin debian; do
  if id "$name" >/dev/null 2>&1; then passwd --lock "$name" >/dev/null; fi
done
rm -f /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys /root/.bash_history /home/*/.bash_history
rm -f /etc/ssh/sshd_config.d/50-cloud-init.conf

# cloud-init runs anew on each machine, with its user-data; its own log and the seed of the build go.
cloud-init clean --logs --seed
rm -rf /tmp/logrelay-setup /var/lib/dhcp/*
journalctl --quiet --rotate --vacuum-time=1s || true
if command -v apt-get >/dev/null; then
  apt-get clean
  rm -rf /var/lib/apt/lists/*
fi
sync
