#!/bin/sh
# After a removal or an upgrade. The events in /var/lib/rudderklaviyo stay.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
fi
