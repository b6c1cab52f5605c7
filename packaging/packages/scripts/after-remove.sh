# After the files are gone. $action: remove or purge.
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi

if [ "$action" = purge ]; then
  rm -f /etc/systemd/system/multi-user.target.wants/logrelay.service
  rm -f /etc/systemd/system/logrelay.service.d/50-configuration.conf
  rmdir --ignore-fail-on-non-empty /etc/systemd/system/logrelay.service.d 2>/dev/null || true
  rm -rf /var/lib/logrelay
  # Keys and certificates that somebody put there are not ours to remove.
  rmdir --ignore-fail-on-non-empty /etc/logrelay 2>/dev/null || true
elif [ -d /var/lib/logrelay ]; then
  echo "logrelay is removed. Its queues stay in /var/lib/logrelay, its configuration in /etc/logrelay."
fi
