#!/usr/bin/python3
"""fileserver.py KIND DIRECTORY [REAL]: something behind DIRECTORY that is no file system at hand.

  dead       a file system by FUSE whose server answers nothing
  automount  an automounter's trigger: who walks through it finds REAL mounted there, autofs(5)
  hung       the same by an automounter that never does it

Says "ready", and goes on until standard input ends.  Runs as root.
"""
import ctypes
import fcntl
import os
import select
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
MS_BIND = 4096
AUTOFS_IOC_READY = 0x9360
MISSING_DIRECT = 5  # autofs_ptype_missing_direct of <linux/auto_fs.h>


def mount(source, target, kind, flags, data):
    if LIBC.mount(source.encode(), target.encode(), kind.encode(), flags, data.encode()) != 0:
        sys.exit(f"{target}: {os.strerror(ctypes.get_errno())}")


def dead(directory):
    fd = os.open("/dev/fuse", os.O_RDWR)
    mount("dead", directory, "fuse", 0, f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other")
    print("ready", flush=True)
    sys.stdin.read()


def serve(requests, trigger, directory, real):
    """One packet: proto_version, type, wait_queue_token, dev, ino, uid, gid, pid, tgid, len, name."""
    packet = os.read(requests, 4096)
    _, kind, token = struct.unpack_from("iiI", packet)
    if real and kind == MISSING_DIRECT:
        mount(real, directory, "", MS_BIND, "")
        fcntl.ioctl(trigger, AUTOFS_IOC_READY, token)


def automount(directory, real):
    # Who is of the automounter's process group looks behind the trigger, and does not set it off.
    os.setpgid(0, 0)
    requests, theirs = os.pipe()
    mount("automount", directory, "autofs", 0, f"fd={theirs},pgrp={os.getpgrp()},minproto=5,maxproto=5,direct")
    trigger = os.open(directory, os.O_RDONLY)
    print("ready", flush=True)
    while True:
        readable = select.select([0, requests], [], [])[0]
        if 0 in readable and not os.read(0, 1):
            return
        if requests in readable:
            serve(requests, trigger, directory, real)


if sys.argv[1] == "dead":
    dead(sys.argv[2])
else:
    automount(sys.argv[2], sys.argv[3] if sys.argv[1] == "automount" else None)
