/*
 * What of this machine's file systems can be shown with a container's own owners.
 */
#ifndef CTL_MOUNTS_H
#define CTL_MOUNTS_H

/*
 * Tries each mount that a container with a private user namespace would have, and complains
 * of those whose files of root's would be nobody's in there.  Needs root; changes nothing.
 */
void mounts_note(void);

#endif
