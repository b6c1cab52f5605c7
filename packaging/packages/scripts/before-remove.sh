# Before the files go. What comes in is taken, what is queued is delivered for up to stop_timeout; the rest stays on disk.
if [ -d /run/systemd/system ]; then
  systemctl stop logrelay.service
fi
