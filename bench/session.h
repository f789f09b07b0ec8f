/* One PAM session of a service and a user, as the smallest application opens it; nothing is done in it. */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

#include <security/pam_appl.h>

/* Each returns 0, or -1 after having said why on standard error. */
int session_start(pam_handle_t **pamh, const char *service, const char *user);
int session_open(pam_handle_t *pamh);
int session_close(pam_handle_t *pamh);

#endif
