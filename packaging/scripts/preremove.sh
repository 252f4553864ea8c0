#!/bin/sh
# Before a removal, and not before an upgrade: dpkg says remove, rpm says 0. A unit that
# can't be disabled, as a masked one, is no reason to keep the package.
set -e
case ${1-} in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl stop rudderklaviyo.service || true
		systemctl disable rudderklaviyo.service || true
	fi
	;;
esac
