# shellcheck shell=sh
# Sourced by runit's stage 1 (Void: /etc/runit/core-services, Debian with native.boot.run:
# /etc/runit/boot-run) once file systems are mounted, before any service.  Nothing here may end
# the shell that sources it.  Where Debian's runit emulates init.d scripts, sysvinit's does this.

(
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	! command -v ctrctl >/dev/null || ctrctl boot
) || echo "pam_ctr: the host is not prepared, see above: the first login tries anew" >&2
