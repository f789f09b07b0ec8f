# pam_ctr: build, install, test.  "make help" lists the targets.
#
# Two C libraries: what runs inside other people's processes or at an admin's prompt (the
# module, ctrctl) is linked with the system's; what is exec'ed on the login path (supervisor,
# init) is static musl, which starts four to seven times faster.

PREFIX      ?= /usr
SYSCONFDIR  ?= /etc
LIBEXECDIR  ?= $(PREFIX)/libexec
SBINDIR     ?= $(PREFIX)/sbin
BINDIR      ?= $(PREFIX)/bin
MANDIR      ?= $(PREFIX)/share/man
DOCDIR      ?= $(PREFIX)/share/doc/pam_ctr
SHAREDIR    ?= $(PREFIX)/share/pam_ctr
BASHDIR     ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR      ?= $(PREFIX)/share/zsh/$(if $(wildcard /etc/debian_version),vendor-completions,site-functions)
FISHDIR     ?= $(PREFIX)/share/fish/vendor_completions.d
MULTIARCH   := $(shell $(CC) -print-multiarch 2>/dev/null)
MACHINE     := $(shell $(CC) -dumpmachine 2>/dev/null)
PAMDIR      ?= /lib/$(if $(MULTIARCH),$(MULTIARCH)/)security
DESTDIR     ?=

CC      ?= gcc
MUSL_CC ?= musl-gcc
MUSL_STRIP ?= -s
B       := build
V       ?= 0
# Of the package; a clone's is what git says.
VERSION ?= $(or $(shell sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog 2>/dev/null),$(shell git describe --always 2>/dev/null),unknown)
Q       := $(if $(filter 1,$(V)),,@)
say      = @printf '  %-8s %s\n'

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wswitch-enum -Wformat=2 -Wundef -Wwrite-strings -Wvla -Wunused-result \
	-Wno-missing-field-initializers # the ability to zero-initialise a struct is a feature
HARDEN := -fstack-protector-strong -fstack-clash-protection $(if $(filter x86_64-% i386-% i686-%,$(MACHINE)),-fcf-protection=full)
CPPFLAGS += -I. -I$(B)/generated -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-DPAM_CTR_LIBEXEC='"$(LIBEXECDIR)/pam_ctr"'
# Only where it is told: not everything is made anew with each commit.
VERSIONED = $(foreach d,host san fuzz,$(B)/$(d)/ctl/metrics_print.o)
$(VERSIONED) $(B)/lint/ctl/metrics_print.c: CPPFLAGS += -DPAM_CTR_VERSION='"$(VERSION)"'
COMMON := -std=gnu17 -O2 -g $(WARN) -MMD -MP
HOST_CFLAGS := $(COMMON) $(HARDEN) -D_FORTIFY_SOURCE=2 -fPIC -fvisibility=hidden \
	-ffunction-sections -fdata-sections $(CFLAGS)
# musl-gcc knows no kernel headers: they come last, after musl's own.
MUSL_CFLAGS := $(COMMON) $(HARDEN) -fno-pie -ffunction-sections -fdata-sections \
	-idirafter /usr/include $(if $(MULTIARCH),-idirafter /usr/include/$(MULTIARCH)) $(CFLAGS)
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_CFLAGS := $(COMMON) -O1 -fPIC $(SAN) $(CFLAGS)
HOST_LDFLAGS := -Wl,-z,relro,-z,now,-z,defs,-z,noexecstack -Wl,--gc-sections $(LDFLAGS)
MUSL_LDFLAGS := -static -no-pie -Wl,--build-id -Wl,-z,relro,-z,noexecstack -Wl,--gc-sections $(MUSL_STRIP) $(LDFLAGS)

LIB       := $(wildcard lib/*.c)
POLICY    := $(wildcard policy/*.c)
CONTAINER := $(filter-out container/main.c,$(wildcard container/*.c))
MODULE    := $(wildcard pam_ctr/*.c)
HOMES     := $(wildcard home/*.c)
CTL       := $(filter-out ctl/main.c,$(wildcard ctl/*.c))
CTL_OF_CONTAINER := $(addprefix container/,host.c idmap.c mount.c mountinfo.c overlay.c quota.c user.c userns.c) \
	$(wildcard container/cgroup*.c)
CTL_LIBS  := -lseccomp -lncurses -ltinfo
INIT      := $(wildcard init/*.c)
SUBID     := $(wildcard subid/*.c)
FILTER    := $(filter-out filter/main.c,$(wildcard filter/*.c))
DEVICES   := $(wildcard devices/*.c)
UNIT      := $(wildcard tests/unit/test_*.c)
# The system call probe speaks x86 alone, with both word sizes.
PROBE     := $(if $(filter x86_64-%,$(MULTIARCH)),tests/support/syscalls.c)
SUPPORT   := $(filter-out tests/support/syscalls.c,$(wildcard tests/support/*.c)) $(PROBE)

host = $(patsubst %.c,$(B)/host/%.o,$(1))
musl = $(patsubst %.c,$(B)/musl/%.o,$(1))
san  = $(patsubst %.c,$(B)/san/%.o,$(1))

# Small programs with a library that the supervisor, which is static, can't have.
HELPERS  := subid filter devices
LIBRARY_OF_subid   := -lsubid
LIBRARY_OF_filter  := -lseccomp
LIBRARY_OF_devices := -ludev
PROGRAMS := $(B)/pam_ctr.so $(B)/supervisor $(B)/init $(HELPERS:%=$(B)/%) $(B)/ctrctl
SUPPORT_PROGRAMS := $(patsubst tests/support/%.c,$(B)/support/%,$(SUPPORT)) $(PROBE:%=$(B)/support/syscalls32)

# Made from ctrctl's own table.
COMPLETIONS := $(addprefix $(B)/completions/,bash zsh fish)
all: $(PROGRAMS) $(COMPLETIONS)

$(COMPLETIONS): $(B)/completions/%: $(B)/ctrctl
	$(Q)mkdir -p $(@D) && $(B)/ctrctl completions $* >$@.new && mv $@.new $@

$(B)/pam_ctr.so: $(call host,$(MODULE) $(LIB)) pam_ctr/pam_ctr.map
	$(say) LD $@
	$(Q)$(CC) -shared $(HOST_LDFLAGS) -Wl,--version-script=pam_ctr/pam_ctr.map -o $@ $(filter %.o,$^) -lpam
# With the supervisor's ways to prepare a host, to try an id-mapped mount, to see a home, and to find a container's processes.
$(B)/ctrctl: $(call host,ctl/main.c $(CTL) $(HOMES) $(FILTER) $(LIB) $(POLICY) $(CTL_OF_CONTAINER))
	$(say) LD $@
	$(Q)$(CC) -pie $(HOST_LDFLAGS) -o $@ $^ $(CTL_LIBS)
$(B)/supervisor: $(call musl,container/main.c $(CONTAINER) $(LIB) $(POLICY))
	$(say) LD $@
	$(Q)$(MUSL_CC) $(MUSL_LDFLAGS) -o $@ $^
$(B)/init: $(call musl,$(INIT))
	$(say) LD $@
	$(Q)$(MUSL_CC) $(MUSL_LDFLAGS) -o $@ $^
# Dynamic, for the NSS modules that libsubid loads; only this one is linked with it.
$(B)/subid: $(call host,$(SUBID) $(LIB))
# Compiles filters ahead of the logins; beside ctrctl the only one with libseccomp.
$(B)/filter: $(call host,filter/main.c $(FILTER) $(LIB))
# Runs only where the policy has rules for devices; only this one is linked with libudev.
$(B)/devices: $(call host,$(DEVICES) policy/device_rule.c $(LIB))
# Their allocations end them where they fail.
$(HELPERS:%=$(B)/%): $(call host,lib/helper/memory.c)
	$(say) LD $@
	$(Q)$(CC) -pie $(HOST_LDFLAGS) -o $@ $^ $(LIBRARY_OF_$(@F))

# Names that libraries know and that the programs above can't ask them for.
GENERATED := $(B)/generated/policy/capability_names.def
$(GENERATED): policy/generate/capability_names.c Makefile
	$(say) MAKE $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) -std=gnu17 -O2 $(WARN) -o $(@D)/capability_names $< -lcap && \
		$(@D)/capability_names >$@.new && mv $@.new $@
$(foreach d,host musl san,$(B)/$(d)/policy/capability.o) $(B)/lint/policy/capability.c: $(GENERATED)

$(B)/host/%.o: %.c Makefile
	$(say) CC $<
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(HOST_CFLAGS) -c -o $@ $<
$(B)/musl/%.o: %.c Makefile
	$(say) MUSL $<
	$(Q)mkdir -p $(@D) && $(MUSL_CC) $(CPPFLAGS) $(MUSL_CFLAGS) -c -o $@ $<
$(B)/san/%.o: %.c Makefile
	$(say) SAN $<
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) -DPAM_CTR_TESTING $(SAN_CFLAGS) -c -o $@ $<

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# --- tests
TEST_SOURCES := $(foreach d,unit system pam,$(wildcard tests/$(d)/test_*.c))
TESTED       := $(LIB) $(POLICY) $(CONTAINER) $(MODULE) $(CTL) $(HOMES) $(FILTER) subid/login_defs.c
TEST_NAMES   := $(notdir $(TEST_SOURCES:.c=))
TESTS        := $(TEST_NAMES:%=$(B)/tests/%) $(TEST_NAMES:%=$(B)/tests-san/%)
FUZZ         := $(notdir $(basename $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SOURCES := $(wildcard tests/fuzz/*.c)
TESTS        += $(FUZZ:%=$(B)/tests-fuzz/%)
FAULT_PROGRAMS := $(if $(filter x86_64-%,$(MULTIARCH)),$(B)/support/faults $(B)/support/fault_caller \
	$(B)/faults/supervisor $(HELPERS:%=$(B)/faults/%))
TESTS_NEED   := $(FAULT_PROGRAMS) $(B)/pam_ctr.so $(B)/san/pam_ctr.so $(B)/init $(HELPERS:%=$(B)/%) $(SUPPORT_PROGRAMS) \
	$(B)/nss/libsubid_test.so
TEST_LIBS    := -lcriterion -lpam $(CTL_LIBS) -pthread
SCRIPTS       = $(shell grep -rlE '^\#!/bin/(ba)?sh' .ci bench debian etc tests --exclude-dir=data) \
	etc/init/openrc/pam-ctr etc/init/runit/core-services/60-pam-ctr.sh
MANUALS      := $(wildcard man/*.[58])
FILTERS      := $(wildcard etc/seccomp/*)
# As many jobs as there are processors, unless -j was given.
JOBS          = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

vpath test_%.c tests/unit tests/system tests/pam
# Each program takes from the archive what it calls, a tenth of it.
$(B)/host/tested.a: $(call host,$(TESTED))
$(B)/san/tested.a: $(call san,$(TESTED))
%/tested.a:
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcsP $@ $^
$(B)/tests/test_%: $(B)/tests/test_%.o $(B)/host/tested.a
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(TEST_LIBS)
$(B)/tests-san/test_%: $(B)/tests-san/test_%.o $(B)/san/tested.a
	$(say) LD $@
	$(Q)$(CC) $(SAN) $(LDFLAGS) -o $@ $^ $(TEST_LIBS)
$(B)/tests/%.o: %.c Makefile
	$(say) CC $<
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(HOST_CFLAGS) -c -o $@ $<
$(B)/tests-san/%.o: %.c Makefile
	$(say) SAN $<
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) -DPAM_CTR_TESTING $(SAN_CFLAGS) -c -o $@ $<
$(B)/san/pam_ctr.so: $(call san,$(MODULE) $(LIB)) pam_ctr/pam_ctr.map
	$(say) LD $@
	$(Q)$(CC) -shared $(SAN) -Wl,--version-script=pam_ctr/pam_ctr.map -o $@ $(filter %.o,$^) -lpam

# Each fuzz target twice: with libFuzzer by clang, and with its corpus alone by the compiler of the tests.
FUZZ_CC     := clang
FUZZ_LIBS   := -lpam $(CTL_LIBS)
FUZZ_SAN    := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_CFLAGS := $(COMMON) -O1 $(FUZZ_SAN) -fsanitize=fuzzer-no-link -DPAM_CTR_TESTING $(CFLAGS)
$(B)/fuzz/tested.a: $(patsubst %.c,$(B)/fuzz/%.o,$(TESTED))
$(B)/fuzz/policy/capability.o: $(GENERATED)
$(B)/fuzz/%.o: %.c Makefile
	$(say) FUZZ $<
	$(Q)mkdir -p $(@D) && $(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) -c -o $@ $<
$(B)/fuzz/fuzz_%: $(B)/fuzz/tests/fuzz/fuzz_%.o $(B)/fuzz/tests/fuzz/fuzz.o $(B)/fuzz/tested.a
	$(say) LD $@
	$(Q)$(FUZZ_CC) $(FUZZ_SAN) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(FUZZ_LIBS)
$(B)/tests-fuzz/fuzz_%: $(B)/tests-fuzz/fuzz_%.o $(B)/tests-fuzz/fuzz.o $(B)/tests-fuzz/replay.o $(B)/san/tested.a
	$(say) LD $@
	$(Q)$(CC) $(SAN) $(LDFLAGS) -o $@ $^ $(FUZZ_LIBS)
$(B)/tests-fuzz/%.o: tests/fuzz/%.c Makefile
	$(say) CC $<
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) -DPAM_CTR_CORPUS='"$(abspath tests/fuzz/corpus)"' $(SAN_CFLAGS) -c -o $@ $<
# FUZZ_SECONDS=30 for each target; what it found before is where it goes on.
fuzz:
	$(Q)tests/setup fuzz
	$(Q)$(MAKE) $(JOBS) fuzz-targets
	$(Q)PAM_CTR_BUILD=$(abspath $(B)) tests/fuzz/run
fuzz-targets: $(FUZZ:%=$(B)/fuzz/%)
$(B)/nss/%.so: tests/support/nss/%.c Makefile
	$(say) CC $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(COMMON) -fPIC -shared $(CFLAGS) -o $@ $<
$(B)/support/%: tests/support/%.c Makefile
	$(say) CC $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(COMMON) $(CFLAGS) -o $@ $< -lpam -pthread
$(B)/support/filter_table: tests/support/filter_table.c $(call host,$(FILTER) $(LIB))
	$(say) CC $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(COMMON) $(CFLAGS) -o $@ $^ -lseccomp
# The fault harness, the caller that it traces, and programs whose allocations go by it.
FAULTS       := $(filter-out %/allocate.c %/malloc.c %/caller.c,$(wildcard tests/faults/*.c))
WRAPPED      := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
$(B)/support/faults: $(FAULTS) $(call host,$(LIB)) Makefile
	$(say) CC $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(COMMON) $(CFLAGS) -o $@ $(filter %.c %.o,$^) -lseccomp
$(B)/support/fault_caller: tests/faults/caller.c tests/faults/malloc.c Makefile
	$(say) CC $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(COMMON) $(CFLAGS) -o $@ $(filter %.c,$^) -lpam
$(B)/faults/supervisor: $(call musl,container/main.c $(CONTAINER) $(LIB) $(POLICY) tests/faults/allocate.c)
	$(say) LD $@
	$(Q)mkdir -p $(@D) && $(MUSL_CC) $(MUSL_LDFLAGS) $(WRAPPED) -o $@ $^
$(B)/faults/subid: $(call host,$(SUBID) $(LIB))
$(B)/faults/filter: $(call host,filter/main.c $(FILTER) $(LIB))
$(B)/faults/devices: $(call host,$(DEVICES) policy/device_rule.c $(LIB))
# The first of their libraries: before the C library's, and behind the program's own where it has one.
$(HELPERS:%=$(B)/faults/%): $(B)/faults/malloc.so $(call host,lib/helper/memory.c)
	$(say) LD $@
	$(Q)mkdir -p $(@D) && $(CC) -pie $(HOST_LDFLAGS) -Wl,--no-as-needed,-rpath,'$$ORIGIN' -o $@ $(filter %.o %.so,$^) $(LIBRARY_OF_$(@F))
$(B)/faults/malloc.so: tests/faults/malloc.c tests/faults/fault.h Makefile
	$(say) CC $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(COMMON) -fPIC -shared $(CFLAGS) -Wl,-soname,$(@F) -o $@ $<
# Neither has a C library, of which there is none here for 32 bits.
FREESTANDING := -ffreestanding -nostdlib -static -no-pie -fno-pie -fno-stack-protector \
	-fcf-protection=none -fno-tree-loop-distribute-patterns
$(B)/support/syscalls $(B)/support/syscalls32: tests/support/syscalls.c tests/support/syscalls.S Makefile
	$(say) CC $@
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(COMMON) $(FREESTANDING) $(if $(filter %32,$@),-m32 \
		$(if $(MULTIARCH),-idirafter /usr/include/$(MULTIARCH))) -o $@ $(filter %.c %.S,$^)

unit: $(TESTS) $(TESTS_NEED)
test:
	$(Q)tests/setup
	$(Q)$(MAKE) $(JOBS) all unit
	$(Q)TEST_SETUP=1 PAM_CTR_BUILD=$(abspath $(B)) tests/run
demo:
	$(Q)tests/setup demo
	$(Q)$(MAKE) $(JOBS) all $(SUPPORT_PROGRAMS)
	$(Q)PAM_CTR_BUILD=$(abspath $(B)) tests/demo
test-programs:
	$(Q)tests/setup
	$(Q)$(MAKE) $(JOBS) all $(SUPPORT_PROGRAMS)
	$(Q)PAM_CTR_BUILD=$(abspath $(B)) tests/programs/run
# STEP=N: every N'th fault.
test-faults:
	$(Q)tests/setup
	$(Q)$(MAKE) $(JOBS) all $(SUPPORT_PROGRAMS) $(FAULT_PROGRAMS)
	$(Q)PAM_CTR_BUILD=$(abspath $(B)) tests/faults/run $(or $(STEP),1)
# SCALE=N: an Nth of everything.
test-load:
	$(Q)tests/setup
	$(Q)$(MAKE) $(JOBS) all $(SUPPORT_PROGRAMS)
	$(Q)PAM_CTR_BUILD=$(abspath $(B)) SCALE=$(or $(SCALE),1) tests/load/run
test-metrics:
	$(Q)tests/setup
	$(Q)$(MAKE) $(JOBS) all $(SUPPORT_PROGRAMS)
	$(Q)PAM_CTR_BUILD=$(abspath $(B)) tests/metrics/run
test-vm:
	$(Q)tests/setup
	$(Q)$(MAKE) $(JOBS) all unit
	$(Q)DEB_BUILD_OPTIONS="nocheck parallel=$(shell nproc)" $(MAKE) deb >$(B)/deb.log 2>&1 || \
		{ tail -n 20 $(B)/deb.log; exit 1; }
	$(Q)PAM_CTR_BUILD=$(abspath $(B)) tests/vm/run
# Plain, and what needs no root: what a package's build can run.
check: $(UNIT:tests/unit/%.c=$(B)/tests/%) $(filter-out $(B)/san/%,$(TESTS_NEED))
	$(Q)PAM_CTR_BUILD=$(abspath $(B)) tests/run $(UNIT:tests/unit/%.c=%)
# Of a copy, so that nothing is left in the tree.
deb:
	$(Q)tests/setup deb
	$(Q)rm -rf $(B)/deb && mkdir -p $(B)/deb/pam-ctr
	$(Q)tar -cf - --exclude=./build --exclude=./.git . | tar -xf - -C $(B)/deb/pam-ctr
	$(Q)cd $(B)/deb/pam-ctr && dpkg-buildpackage -us -uc -b
	$(Q)rm -rf $(B)/deb/pam-ctr
	@ls $(B)/deb/*.deb
# BENCH=short: two minutes.  What a peer needs and can't be had is skipped, and named.
BENCH_PROGRAMS := $(addprefix $(B)/bench/,floor caller crowd stopwatch pam_clock.so)
bench:
	$(Q)tests/setup bench || echo "bench: goes on without what is missing"
	$(Q)$(MAKE) $(JOBS) all $(SUPPORT_PROGRAMS) bench-programs
	$(Q)PAM_CTR_BUILD=$(abspath $(B)) BENCH=$(BENCH) bench/run
bench-programs: $(BENCH_PROGRAMS)
$(B)/bench/floor: $(call musl,bench/floor.c bench/floor_cgroup.c bench/cycle.c $(LIB))
	$(say) LD $@
	$(Q)mkdir -p $(@D) && $(MUSL_CC) $(MUSL_LDFLAGS) -o $@ $^
$(B)/bench/caller: $(call host,bench/caller.c bench/cycle.c bench/gone.c bench/session.c)
$(B)/bench/crowd: $(call host,bench/crowd.c bench/gone.c bench/session.c)
$(B)/bench/stopwatch: $(call host,bench/stopwatch.c bench/gone.c)
$(addprefix $(B)/bench/,caller crowd stopwatch):
	$(say) LD $@
	$(Q)mkdir -p $(@D) && $(CC) -pie $(HOST_LDFLAGS) -o $@ $^ -lpam
$(B)/bench/pam_clock.so: $(call host,bench/pam_clock.c)
	$(say) LD $@
	$(Q)mkdir -p $(@D) && $(CC) -shared $(HOST_LDFLAGS) -o $@ $^ -lpam

# What each tool is told to keep quiet about, and why:
#  clang    -Weverything is also about padding and about C90; in tests, about Criterion's macros
#           (external variables) and the C library's (struct members that are macros of their name);
#           in tables of constants, which are macros of their own name in some headers
#  cppcheck knows no cleanup attribute: where it does not lose sight of an autofree pointer, it
#           takes it for leaked (AddressSanitizer does not)
AUTOFREE := policy/cpu_share.c lib/spawn.c lib/join.c lib/path.c lib/upper.c policy/plan_root.c \
	container/cgroup_leaf.c container/order.c policy/live.c
ANALYZE  := -fanalyzer -c -o /dev/null -MF /dev/null
CLANG    := -fsyntax-only -std=gnu17 $(WARN) -Weverything -Wno-padded -Wno-declaration-after-statement
CLANG_TESTS := -Wno-missing-variable-declarations -Wno-disabled-macro-expansion
#  analyzer  knows no cleanup attribute either: unix.Malloc takes each autofree pointer for leaked.  What it would
#           find is left to gcc -fanalyzer, which does, and to AddressSanitizer
SCAN      = -std=gnu17 -Xclang -analyzer-output=text -Xclang -analyzer-werror -Xclang -analyzer-disable-checker=unix.Malloc \
	$(KNOWS)
KNOWS    := -include tests/lint/analyzer.h
CPPCHECK := --std=c11 --quiet --error-exitcode=1 --enable=warning,performance,portability \
	--library=tests/lib/criterion.cfg $(AUTOFREE:%=--suppress=memleak:%)
OURS     := $(TESTED) container/main.c ctl/main.c filter/main.c lib/helper/memory.c $(INIT) $(DEVICES) $(filter-out $(TESTED),$(SUBID))
OTHERS   := $(wildcard policy/generate/*.c) $(TEST_SOURCES) $(SUPPORT) $(wildcard tests/faults/*.c) $(wildcard tests/support/nss/*.c bench/*.c) $(FUZZ_SOURCES)
LINTED   := $(OURS:%=$(B)/lint/%) $(OTHERS:%=$(B)/lint/%)

# It would define what this one defines.
$(B)/lint/lib/error.c: KNOWS :=
# One file through both compilers, and what is no test through both analyzers of clang, too (tests end where
# something is wrong, in macros that these don't see through); nothing is kept, so that each run looks at all.
$(OTHERS:%=$(B)/lint/%): CLANG += $(CLANG_TESTS)
# fuzz_check() aborts, with what there is in memory, and takes a message or none.
$(FUZZ_SOURCES:%=$(B)/lint/%): CLANG += -Wno-gnu-zero-variadic-macro-arguments
$(FUZZ_SOURCES:%=$(B)/lint/%): ANALYZE += -Wno-analyzer-malloc-leak
$(B)/lint/tests/fuzz/replay.c: CPPFLAGS += -DPAM_CTR_CORPUS='""'
$(B)/lint/filter/argument.c $(B)/lint/policy/rlimit_value.c $(B)/lint/container/cgroup_live.c $(B)/lint/container/notice.c: CLANG += -Wno-disabled-macro-expansion
$(B)/lint/tests/faults/allocate.c $(B)/lint/tests/faults/malloc.c: CLANG += -Wno-reserved-identifier
$(LINTED): $(B)/lint/%: FORCE
	$(say) LINT $*
	$(Q)$(CC) $(CPPFLAGS) $(COMMON) $(ANALYZE) $*
	$(Q)clang $(CPPFLAGS) $(CLANG) $*
	$(if $(filter $*,$(OURS)),$(Q)clang --analyze $(CPPFLAGS) $(SCAN) $*)
	$(if $(filter $*,$(OURS)),$(Q)clang-tidy --quiet $* -- $(CPPFLAGS) -std=gnu17 2>/dev/null)
lint-files: $(LINTED)
lint:
	$(Q)tests/setup lint
	$(Q)LINT_ANALYZE='$(COMMON) $(ANALYZE)' LINT_CLANG='$(CLANG)' LINT_SCAN='$(CPPFLAGS) $(SCAN)' LINT_CPPCHECK='$(CPPCHECK)' \
		CC='$(CC)' tests/lint/self-test
	$(say) RULES
	$(Q)tests/lint/rules $(OURS) $(wildcard $(addsuffix *.h,$(sort $(dir $(OURS)))))
	$(Q)tests/lint/cases
	$(Q)$(MAKE) $(JOBS) lint-files
	$(say) CPPCHECK
	$(Q)cppcheck $(CPPCHECK) $(CPPFLAGS) $(OURS) $(OTHERS)
	$(say) SHELL
	$(Q)shellcheck -x $(SCRIPTS)
	$(say) MANDOC
	$(Q)mandoc -Tlint -Wwarning $(MANUALS)

# PROGRAM MODE DIRECTORY; the paths of the programs are compiled in, so PREFIX builds anew.
installed = $(DESTDIR)$(LIBEXECDIR)/pam_ctr/supervisor $(DESTDIR)$(LIBEXECDIR)/pam_ctr/init \
	$(HELPERS:%=$(DESTDIR)$(LIBEXECDIR)/pam_ctr/%) \
	$(FILTERS:etc/%=$(DESTDIR)$(LIBEXECDIR)/pam_ctr/%) $(DESTDIR)$(SBINDIR)/ctrctl $(DESTDIR)$(BINDIR)/ctrctl $(DESTDIR)$(PAMDIR)/pam_ctr.so \
	$(foreach m,$(MANUALS),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))) \
	$(DESTDIR)$(BASHDIR)/ctrctl $(DESTDIR)$(ZSHDIR)/_ctrctl $(DESTDIR)$(FISHDIR)/ctrctl.fish \
	$(DESTDIR)$(SHAREDIR)/pam_ctr.json $(DESTDIR)$(SHAREDIR)/pam_ctr.rules.yml
install: all
	$(Q)install -D -m 755 -t $(DESTDIR)$(LIBEXECDIR)/pam_ctr $(B)/supervisor $(B)/init $(HELPERS:%=$(B)/%)
	$(Q)install -D -m 644 -t $(DESTDIR)$(LIBEXECDIR)/pam_ctr/seccomp $(FILTERS)
	$(Q)install -D -m 755 -t $(DESTDIR)$(SBINDIR) $(B)/ctrctl
	$(Q)mkdir -p $(DESTDIR)$(BINDIR)
	$(Q)ln -srf $(DESTDIR)$(SBINDIR)/ctrctl $(DESTDIR)$(BINDIR)/ctrctl
	$(Q)install -D -m 644 -t $(DESTDIR)$(PAMDIR) $(B)/pam_ctr.so
	$(Q)for m in $(MANUALS); do install -D -m 644 -t $(DESTDIR)$(MANDIR)/man$${m##*.} $$m || exit; done
	$(Q)install -D -m 644 $(B)/completions/bash $(DESTDIR)$(BASHDIR)/ctrctl
	$(Q)install -D -m 644 $(B)/completions/zsh $(DESTDIR)$(ZSHDIR)/_ctrctl
	$(Q)install -D -m 644 $(B)/completions/fish $(DESTDIR)$(FISHDIR)/ctrctl.fish
	$(Q)install -D -m 644 -t $(DESTDIR)$(SHAREDIR) etc/grafana/pam_ctr.json etc/prometheus/pam_ctr.rules.yml
	$(Q)[ -e $(DESTDIR)$(SYSCONFDIR)/pam_ctr.conf ] || \
		install -D -m 644 etc/pam_ctr.conf $(DESTDIR)$(SYSCONFDIR)/pam_ctr.conf
uninstall:
	$(Q)rm -f $(installed)
	$(Q)rmdir $(DESTDIR)$(LIBEXECDIR)/pam_ctr/seccomp $(DESTDIR)$(LIBEXECDIR)/pam_ctr $(DESTDIR)$(SHAREDIR) 2>/dev/null || :

# The service of an init, which calls "ctrctl boot"; enabling it is the administrator's.
# S6_AFTER: names of the s6-rc services that mount file systems, which each distribution has of its own.
INIT_TO_sysvinit = $(SYSCONFDIR)/init.d/pam-ctr
INIT_TO_openrc   = $(SYSCONFDIR)/init.d/pam-ctr
INIT_TO_runit    = $(SYSCONFDIR)/runit/core-services/60-pam-ctr.sh
INIT_TO_s6       = $(addprefix $(SYSCONFDIR)/s6/sv/pam-ctr/,type up)
init_files       = $(or $(INIT_TO_$(INIT)),$(error INIT=$(INIT): INIT must be sysvinit, openrc, runit or s6))
install-init:
	$(Q)for to in $(init_files:%=$(DESTDIR)%); do \
		from=$$(find etc/init/$(INIT) -type f -name "$${to##*/}"); \
		install -D -m $$(stat -c %a "$$from") "$$from" "$$to" && \
		sed -i 's|/usr/local/sbin:|$(SBINDIR):|' "$$to" || exit; done
	$(Q)$(if $(filter s6,$(INIT)),for name in $(S6_AFTER); do \
		install -D -m 644 /dev/null $(DESTDIR)$(SYSCONFDIR)/s6/sv/pam-ctr/dependencies.d/$$name || exit; done)
uninstall-init:
	$(Q)rm -f $(init_files:%=$(DESTDIR)%)
	$(Q)$(if $(filter s6,$(INIT)),rm -rf $(DESTDIR)$(SYSCONFDIR)/s6/sv/pam-ctr)

# What the objects are told of the outside: they are made anew when it changes.
$(B)/host/prefix: FORCE
	$(Q)mkdir -p $(@D) && { echo '$(LIBEXECDIR)' | cmp -s - $@ || echo '$(LIBEXECDIR)' >$@; }
$(call host,$(TESTED) ctl/main.c filter/main.c) $(call musl,$(LIB) $(POLICY) $(CONTAINER) container/main.c): $(B)/host/prefix

$(B)/version: FORCE
	$(Q)mkdir -p $(@D) && { echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@; }
$(VERSIONED): $(B)/version

clean:
	$(Q)rm -rf $(B)
help:
	@printf '  %-13s %s\n' all 'build the module, the supervisor, its helper, init and ctrctl (default)' \
		install 'install them; DESTDIR, PREFIX, PAMDIR, SYSCONFDIR, MANDIR' \
		uninstall 'take them away; the policy file stays' \
		install-init 'the boot service of INIT=sysvinit, openrc, runit or s6; uninstall-init' \
		demo 'show the main job on real ssh logins; nothing stays behind (root)' \
		test 'install what tests need, build, run all of them (root)' \
		test-programs 'compilers, JVMs, browsers under the default filter and without (root, apt)' \
		test-faults 'an error in each system call of a login, and death; STEP=N: in every Nth (root, hours)' \
		test-load 'many logins, at once and in turn, kills, bombs; SCALE=N: an Nth of it (root, hours)' \
		test-metrics 'the numbers and the dashboard in a real Prometheus (root, apt)' \
		test-vm 'the package installed on cgroup v2 in a virtual machine, and the tests there' \
		fuzz 'each fuzz target for FUZZ_SECONDS (30), on from its corpus' \
		check 'the unit tests, which need no root' \
		deb 'build the Debian packages in $(B)/deb' \
		unit 'build the test programs in $(B)/tests and $(B)/tests-san' \
		bench 'what logins take beside a floor and peers; BENCH=short: two minutes (root, apt)' \
		lint 'analyzers, linters, warnings of both compilers' clean 'remove $(B)/'

FORCE:
.PHONY: all unit check deb test demo test-programs test-faults test-load test-metrics test-vm fuzz fuzz-targets bench bench-programs lint lint-files install uninstall install-init uninstall-init clean help FORCE
.SECONDARY:
# --- end of tests
