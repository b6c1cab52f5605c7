# After the files are gone. $action: remove or purge.
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi

if [ "$action" = purge ]; then
  echo "logrelay: its queues and its configuration are deleted."
  rm -f /etc/systemd/system/multi-user.target.wants/logrelay.service
  rm -f /etc/systemd/system/logrelay.service.d/50-configuration.conf
  rmdir --ignore-fail-on-non-empty /etc/systemd/system/logrelay.service.d 2>/dev/null || true
  # It may be a disk of its own, which stays mounted.
  if [ -d /var/lib/logrelay ]; then
    find /var/lib/logrelay -xdev -mindepth 1 -delete || true
    rmdir /var/lib/logrelay 2>/dev/null || echo "logrelay: /var/lib/logrelay stays: it is a mount point or a link, or has one in it" >&2
  fi
  # Keys and certificates that somebody put there are not ours to remove.
  rmdir --ignore-fail-on-non-empty /etc/logrelay 2>/dev/null || true
elif [ -d /var/lib/logrelay ]; then
  echo "logrelay is removed. Its queues stay in its data_dir (/var/lib/logrelay, unless the configuration names another), its configuration in /etc/logrelay (RPM: logrelay.yaml.rpmsave, if it was changed)."
fi
