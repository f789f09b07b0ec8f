# pam_ctr: build, install, test.  "make help" lists the targets.
#
# Two C libraries: what runs inside other people's processes or at an admin's prompt (the
# module, ctrctl) is linked with the system's; what is exec'ed on the login path (supervisor,
# init) is static musl, which starts four to seven times faster.

PREFIX      ?= /usr
SYSCONFDIR  ?= /etc
LIBEXECDIR  ?= $(PREFIX)/libexec
SBINDIR     ?= $(PREFIX)/sbin
MANDIR      ?= $(PREFIX)/share/man
DOCDIR      ?= $(PREFIX)/share/doc/pam_ctr
MULTIARCH   := $(shell $(CC) -print-multiarch 2>/dev/null)
PAMDIR      ?= /lib/$(if $(MULTIARCH),$(MULTIARCH)/)security
DESTDIR     ?=

CC      ?= gcc
MUSL_CC ?= musl-gcc
B       := build
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
say      = @printf '  %-8s %s\n'

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wswitch-enum -Wformat=2 -Wundef -Wwrite-strings -Wvla -Wunused-result \
	-Wno-missing-field-initializers # the ability to zero-initialise a struct is a feature
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
CPPFLAGS += -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-DPAM_CTR_LIBEXEC='"$(LIBEXECDIR)/pam_ctr"'
COMMON := -std=gnu17 -O2 -g $(WARN) -MMD -MP
HOST_CFLAGS := $(COMMON) $(HARDEN) -D_FORTIFY_SOURCE=2 -fPIC -fvisibility=hidden \
	-ffunction-sections -fdata-sections $(CFLAGS)
# musl-gcc knows no kernel headers: they come last, after musl's own.
MUSL_CFLAGS := $(COMMON) $(HARDEN) -fno-pie -ffunction-sections -fdata-sections \
	-idirafter /usr/include $(if $(MULTIARCH),-idirafter /usr/include/$(MULTIARCH)) $(CFLAGS)
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_CFLAGS := $(COMMON) -O1 -fPIC $(SAN) $(CFLAGS)
HOST_LDFLAGS := -Wl,-z,relro,-z,now,-z,defs,-z,noexecstack -Wl,--gc-sections $(LDFLAGS)
MUSL_LDFLAGS := -static -no-pie -Wl,-z,relro,-z,noexecstack -Wl,--gc-sections -s $(LDFLAGS)

LIB       := $(wildcard lib/*.c)
POLICY    := $(wildcard policy/*.c)
CONTAINER := $(filter-out container/main.c,$(wildcard container/*.c))
MODULE    := $(wildcard pam_ctr/*.c)
CTL       := $(filter-out ctl/main.c,$(wildcard ctl/*.c))
INIT      := $(wildcard init/*.c)
UNIT      := $(wildcard tests/unit/test_*.c)
SUPPORT   := $(wildcard tests/support/*.c)

host = $(patsubst %.c,$(B)/host/%.o,$(1))
musl = $(patsubst %.c,$(B)/musl/%.o,$(1))
san  = $(patsubst %.c,$(B)/san/%.o,$(1))

PROGRAMS := $(B)/pam_ctr.so $(B)/supervisor $(B)/init $(B)/ctrctl
SUPPORT_PROGRAMS := $(patsubst tests/support/%.c,$(B)/support/%,$(SUPPORT))

all: $(PROGRAMS)

$(B)/pam_ctr.so: $(call host,$(MODULE) $(LIB)) pam_ctr/pam_ctr.map
	$(say) LD $@
	$(Q)$(CC) -shared $(HOST_LDFLAGS) -Wl,--version-script=pam_ctr/pam_ctr.map -o $@ $(filter %.o,$^) -lpam
$(B)/ctrctl: $(call host,ctl/main.c $(CTL) $(LIB) $(POLICY))
	$(say) LD $@
	$(Q)$(CC) -pie $(HOST_LDFLAGS) -o $@ $^
$(B)/supervisor: $(call musl,container/main.c $(CONTAINER) $(LIB) $(POLICY))
	$(say) LD $@
	$(Q)$(MUSL_CC) $(MUSL_LDFLAGS) -o $@ $^
$(B)/init: $(call musl,$(INIT))
	$(say) LD $@
	$(Q)$(MUSL_CC) $(MUSL_LDFLAGS) -o $@ $^

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
