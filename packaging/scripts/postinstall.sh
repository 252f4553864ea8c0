#!/bin/sh
# After an installation or an upgrade. The service is started by the administrator, who
# has to write accounts.yaml first.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
	# The new program takes over where the old one runs.
	systemctl try-restart rudderklaviyo.service || true
fi
