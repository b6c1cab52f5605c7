# Before the files go. What comes in is taken, what is queued is delivered for up to stop_timeout; the rest stays on disk.
if [ -d /run/systemd/system ]; then
  # A unit that systemd does not know cannot be stopped, and need not.
  systemctl stop logrelay.service || ! systemctl is-active --quiet logrelay.service
fi
