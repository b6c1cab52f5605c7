# After the files are in place. $action: install or upgrade.
systemd-sysusers logrelay.conf
# Where an image is made without /proc it cannot; it does so at each boot.
systemd-tmpfiles --create logrelay.conf || [ ! -d /run/systemd/system ]

# The configuration may name secrets: root writes it, the service reads it. What an administrator has chosen stays.
if [ "$(stat -c %U:%G /etc/logrelay/logrelay.yaml 2>/dev/null)" = root:root ]; then
  chown root:logrelay /etc/logrelay/logrelay.yaml
  chmod 0640 /etc/logrelay/logrelay.yaml
fi

# What `logrelay unit --write` made of the configuration, made anew: a new version may count differently. A configuration with mistakes leaves it as it is.
if [ -f /etc/systemd/system/logrelay.service.d/50-configuration.conf ]; then
  logrelay unit --write >/dev/null || echo "logrelay: the limits of the service were not renewed; see: logrelay unit" >&2
fi

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  state=$(systemctl is-active logrelay.service || true)
else
  state=unknown
fi
case $action:$state in
  upgrade:active | upgrade:reloading | upgrade:activating)
    echo "logrelay: restarting. What is queued stays on disk; open connections are drained first."
    systemctl try-restart logrelay.service || echo "logrelay: it did not start again; see: journalctl -u logrelay" >&2
    ;;
  *:active) ;;
  upgrade:*) echo "logrelay is upgraded and not running. To start it: systemctl start logrelay" ;;
  *) echo "logrelay is installed and not started. Edit /etc/logrelay/logrelay.yaml, then: systemctl enable --now logrelay" ;;
esac
