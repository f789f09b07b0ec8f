/*
 * Where things are on the host.  PAM_CTR_LIBEXEC comes from the Makefile.
 */
#ifndef LIB_PLACES_H
#define LIB_PLACES_H

#define PLACE_RUN "/run/pam_ctr"          /* root's alone; one directory a uid, gone at the end */
#define PLACE_LIB "/var/lib/pam_ctr"      /* root's alone; the uppers of homes, compiled filters */
#define PLACE_STATS "/run/pam_ctr.stats"  /* root's alone; counters, a file a uid, until the next boot */
#define PLACE_POLICY "/etc/pam_ctr.conf"
#define PLACE_SUPERVISOR PAM_CTR_LIBEXEC "/supervisor"
#define PLACE_INIT PAM_CTR_LIBEXEC "/init"
#define PLACE_DEVICES PAM_CTR_LIBEXEC "/devices" /* finds devices by libudev */
#define PLACE_SUBID PAM_CTR_LIBEXEC "/subid" /* allots subordinate ids */

#define PLACE_LXCFS "/var/lib/lxcfs"       /* lxcfs(1), where a host runs it */
/* systemd(1), where it runs, and the cgroup of its unit that is delegated to us. */
#define PLACE_SYSTEMD "/run/systemd/system"
#define PLACE_UNIT "/system.slice/pam_ctr.service"
/* System call filters: texts, ours and the admin's (which win), and what was made of them. */
#define PLACE_FILTER PAM_CTR_LIBEXEC "/filter"
#define PLACE_FILTERS PAM_CTR_LIBEXEC "/seccomp"
#define PLACE_OWN_FILTERS "/etc/pam_ctr.seccomp.d"
#define PLACE_FILTER_CACHE PLACE_LIB "/seccomp"

/* utmp(5) and wtmp(5); a container has its own, below PLACE_RUN/UID. */
#define PLACE_UTMP "/run/utmp"
#define PLACE_WTMP "/var/log/wtmp"
#define PLACE_LASTLOG "/var/log/lastlog"   /* the host's alone, which some hosts don't have */
#define PLACE_UTMP_NAME "utmp"
#define PLACE_WTMP_NAME "wtmp"

#define PLACE_SOCKET_NAME "socket"        /* below PLACE_RUN/UID */
#define PLACE_MARK "/run/pam_ctr/inside"  /* exists inside containers only, see lib/mark.h */

#endif
