# Junctor: plain GNU make. `make help` lists the targets.
#
# BUILD=dir chooses the build folder, SAN=address|thread|undefined builds everything so (in a folder of its own),
# CC=clang changes the compiler, T=name runs one test, DEPS=no never installs anything.
#
# Targets for people (all, demo, test, …) look after dependencies first and then call make again, because on a
# fresh machine neither pkg-config nor a library is there while this file is being read. Files can be made by name
# at any time: make build/tests/unit/test_routing_table

SHELL := /bin/bash
.DEFAULT_GOAL := all

SAN     ?=
BUILD   ?= build$(if $(SAN),-$(SAN))
VERSION := 0.1
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
DESTDIR ?=
DEPS    ?= yes
JOBS    ?= $(shell nproc)
export BUILD DEPS

CC       ?= cc
CXX      ?= c++
PKGS     := libfyaml libmicrohttpd jansson libsctp usrsctp liburcu-qsbr liburcu-cds libsystemd libpcap libcap-ng libseccomp ncursesw $(if $(SAN),,jemalloc)
WERROR   ?= -Werror
WARN     := -Wall -Wextra -Wshadow -Wpointer-arith -Wwrite-strings -Wundef $(WERROR)
CWARN    := -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
OPT      ?= $(if $(SAN),-O1 -g1,-O2 -g)
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer $(if $(findstring undefined,$(SAN)),-fno-sanitize-recover=undefined))
HIDDEN   := -fvisibility=hidden # what leaves the library is said in its headers
SHARED   := -fPIC -fno-semantic-interposition
# What makes faults of memory hard to use; tests/check_hardening looks for it in what was built. Marks of legal jump targets
# (CET, BTI) where the compiler has them. The sanitizers see more than FORTIFY, and it takes an optimising compiler.
FORTIFY  := $(if $(filter -O1 -O2 -O3 -Os,$(OPT)),$(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3))
HARDEN    = -fPIE -fstack-protector-strong -fstack-clash-protection $(FORTIFY) $(BRANCHES)
BRANCHES  = $(eval BRANCHES := $(call accepted,-fcf-protection=full) $(call accepted,-mbranch-protection=standard))$(BRANCHES)
accepted  = $(shell $(CC) $(1) -Werror -x c -c /dev/null -o /dev/null 2>/dev/null && echo $(1))
CPPFLAGS += -I. -D_GNU_SOURCE
CFLAGS   += -std=gnu11 $(HIDDEN) $(OPT) $(HARDEN) $(WARN) $(CWARN) $(SANFLAGS) $(PKG_CFLAGS)
CXXFLAGS += -std=c++17 $(OPT) -fPIE $(WARN) $(SANFLAGS) $(PKG_CFLAGS)
LDFLAGS  += -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack $(SANFLAGS)
LDLIBS   += $(PKG_LIBS) -lpthread -lm

# Asked once, when first needed: at parse time pkg-config may not be installed yet.
PKG_CFLAGS  = $(eval PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS    = $(eval PKG_LIBS := $(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)
TRANSPORT_LIBS = $(eval TRANSPORT_LIBS := $(shell pkg-config --libs libsctp usrsctp))$(TRANSPORT_LIBS)
CMOCKA_LIBS = $(eval CMOCKA_LIBS := $(shell pkg-config --libs cmocka))$(CMOCKA_LIBS)

# A second call of this file: in parallel, unless the caller already said how.
SUBMAKE = +@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

# What stands where: every .c of a folder belongs to it.
VOCABULARY := $(wildcard config/sctp/*.c)
CONFIG_LIB := $(wildcard config/*.c)
TRANSPORT  := $(wildcard transport/*.c transport/kernel/*.c transport/usrsctp/*.c)
ROUTING    := $(wildcard routing/*.c)
BROKER     := $(wildcard broker/*.c broker/*/*.c)
LOAD       := $(wildcard bench/*.c bench/tune/*.c)
MAIN       := junctor/main.c junctor/version.c
PROGRAM    := $(filter-out $(MAIN),$(wildcard junctor/*.c))
objects    = $(patsubst %,$(BUILD)/obj/%.o,$(1))

# The transport library stands alone: SCTP, options and addresses; no YAML.
TRANSPORT_LIB := $(TRANSPORT) $(VOCABULARY)
SONAME        := libjunctor-transport.so.0
SO            := $(SONAME).1
ALL_LIB       := $(CONFIG_LIB) $(TRANSPORT_LIB) $(ROUTING) $(BROKER) $(LOAD) $(PROGRAM)

.PHONY: help all programs
help: ## this list
	@echo "Usage: make TARGET [SAN=address|thread|undefined] [CC=clang] [BUILD=folder] [DEPS=no]"
	@awk -F ':.*## ' '/^[a-z -]+:.*## / {if (length($$1) > 15) $$1 = sprintf("%s\n%18s", $$1, ""); printf "  %-16s%s\n", $$1, $$2}' Makefile
	@echo "One test:           make check T=unit/test_routing_table   (make check lists the names)"
	@echo "Under a debugger:   make build/tests/unit/test_routing_table && gdb build/tests/unit/test_routing_table"
	@echo "With a sanitizer:   make check SAN=address T=unit/test_routing_table"

all: ## the program and the transport library
	@tests/deps build
	$(SUBMAKE) programs

programs: $(BUILD)/junctor $(BUILD)/libjunctor-transport.a $(BUILD)/$(SO)

# ---- rules ------------------------------------------------------------------------------------------

# What was built how: other flags or another compiler in the same build folder, and everything is built again; a source
# file more or less, and the libraries are.
$(BUILD)/flags: what = $(CC) $(CXX) $(CPPFLAGS) $(HIDDEN) $(SHARED) $(OPT) $(HARDEN) $(WARN) $(CWARN) $(SANFLAGS)
$(BUILD)/sources: what = $(ALL_LIB)
$(BUILD)/flags $(BUILD)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(what)' | cmp -s - $@ || echo '$(what)' > $@

# What junctor/version.c tells, and only it depends on. An unpacked archive has no commit.
COMMIT    = $(shell [ ! -e .git ] || git describe --always --dirty --exclude='*' 2>/dev/null)
LIBRARIES = $(foreach p,$(PKGS),$(p) $(shell pkg-config --modversion $(p)))
$(BUILD)/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define JUNCTOR_%s "%s"\n' VERSION '$(VERSION)$(addprefix -,$(COMMIT))' COMMIT '$(COMMIT)' LIBRARIES '$(LIBRARIES)' > $@.new
	@cmp -s $@.new $@ || cp $@.new $@
$(BUILD)/obj/junctor/version.c.o: private CPPFLAGS += -include $(BUILD)/version.h
$(BUILD)/obj/junctor/version.c.o: $(BUILD)/version.h
.PHONY: FORCE
FORCE:

$(BUILD)/obj/%.c.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/obj/broker/admin/page.c.o: broker/admin/page.html

$(BUILD)/obj/%.cc.o: %.cc $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CXX   $<"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c $< -o $@

# One object, in which only the API is still to be seen: an archive of many would let a user's program meet its inner
# names.
$(call objects,$(TRANSPORT_LIB)): CFLAGS += $(SHARED)
$(BUILD)/libjunctor-transport.a: $(call objects,$(TRANSPORT_LIB)) $(BUILD)/sources
	@echo "  AR    $@"
	@ld -r -o $(@:.a=.o) $(filter %.o,$^) && objcopy --localize-hidden $(@:.a=.o)
	@rm -f $@ && ar qcs $@ $(@:.a=.o)

$(BUILD)/$(SO): $(call objects,$(TRANSPORT_LIB)) $(BUILD)/sources transport/libjunctor-transport.map
	@echo "  LINK  $@"
	@$(CC) -shared $(LDFLAGS) -Wl,-soname,$(SONAME) -Wl,--version-script=transport/libjunctor-transport.map \
	    $(filter %.o,$^) $(TRANSPORT_LIBS) -lpthread -o $@

$(BUILD)/libjunctor.a: $(call objects,$(ALL_LIB)) $(BUILD)/sources
	@echo "  AR    $@"
	@rm -f $@ && ar qcs $@ $(filter %.o,$^)

$(BUILD)/junctor: $(call objects,$(MAIN)) $(BUILD)/libjunctor.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) -pie $(LDFLAGS) $^ $(LDLIBS) -o $@

# One program per transport/examples/*.c, and the one in transport/README.md. They show that the library stands alone.
EXAMPLES := $(patsubst %.c,$(BUILD)/%,$(wildcard transport/examples/*.c)) $(BUILD)/transport/examples/readme
$(EXAMPLES): $(BUILD)/%: $(BUILD)/obj/%.c.o $(BUILD)/libjunctor-transport.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) -pie $(LDFLAGS) $^ $(TRANSPORT_LIBS) -lpthread -o $@

$(BUILD)/transport/examples/readme.c: transport/README.md
	@mkdir -p $(@D)
	@awk '/^```c$$/ {on = 1; next} /^```$$/ {on = 0} on' $< > $@

$(BUILD)/obj/transport/examples/readme.c.o: $(BUILD)/transport/examples/readme.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# One program per tests/*/test_*.c; the other .c files of its folder go into each. Those of the scenarios are programs, too.
TESTS   := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/*/test_*.c))
HELPERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/scenarios/*.c))
shared_by = $(call objects,$(filter-out tests/$(1)/test_% tests/scenarios/%,$(wildcard tests/$(1)/*.c)))
.SECONDEXPANSION:
$(BUILD)/tests/%: $(BUILD)/obj/tests/%.c.o $$(call shared_by,$$(*D)) $(BUILD)/libjunctor.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) -pie $(LDFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(CMOCKA_LIBS) $(LDLIBS) -o $@

# One libFuzzer target per tests/fuzz/fuzz_*.c, built by clang in a folder of its own, as fuzz-programs does. That of the
# admin interface asks a broker of tests/middle.
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(BUILD)/tests/fuzz/fuzz_admin: $(call shared_by,middle)
$(FUZZERS): $(BUILD)/%: $(BUILD)/obj/%.c.o $(BUILD)/libjunctor.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) -pie $(LDFLAGS) -fsanitize=fuzzer $(filter %.o,$^) $(filter %.a,$^) $(CMOCKA_LIBS) $(LDLIBS) -o $@

# One program per bench/micro/*.cc (Google Benchmark); the .c files of that folder go into each.
MICRO := $(patsubst %.cc,$(BUILD)/%,$(wildcard bench/micro/*.cc))
$(BUILD)/bench/micro/%: $(BUILD)/obj/bench/micro/%.cc.o $(call objects,$(wildcard bench/micro/*.c)) $(BUILD)/libjunctor.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CXX) -pie $(LDFLAGS) $^ -lbenchmark $(LDLIBS) -o $@

# What bench/reading reads with, and what bench/micro/compare counts with.
TOOLS := $(BUILD)/bench/readers/readers $(BUILD)/bench/ratios/ratios
$(TOOLS): $(BUILD)/%: $(BUILD)/obj/%.c.o $(BUILD)/libjunctor.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) -pie $(LDFLAGS) $^ $(LDLIBS) -o $@

# The relays in C beside which bench/peers/run measures the broker.
PEERS := $(BUILD)/bench/peers/threads $(BUILD)/bench/peers/batched
$(PEERS): $(BUILD)/%: $(BUILD)/obj/%.c.o $(BUILD)/obj/bench/peers/pair.c.o
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) -pie $(LDFLAGS) $^ -lpthread -o $@

.PHONY: tests examples micro fuzzers fuzz-programs
tests: $(TESTS) $(HELPERS) $(PEERS) $(call objects,$(wildcard tests/fuzz/*.c)) # those only compile here
examples: $(EXAMPLES)
micro: $(MICRO) $(TOOLS) $(PEERS)
fuzzers: $(FUZZERS)
fuzz-programs:
	$(SUBMAKE) CC=clang SAN=fuzzer-no-link,address,undefined OPT='-O1 -gline-tables-only' BUILD=$(BUILD)-fuzz fuzzers

# The second compiler has to accept every file too; a check only, no code. Clang has the libraries built with the fuzzers.
SECOND_CC := $(if $(findstring clang,$(CC)),gcc,clang)
SOURCES   := $(if $(filter gcc,$(SECOND_CC)),$(ALL_LIB)) $(MAIN) $(wildcard transport/examples/*.c bench/peers/*.c tests/*/*.c)
.PHONY: second-compiler
second-compiler: $(if $(filter clang,$(SECOND_CC)),fuzz-programs) $(patsubst %,$(BUILD)/second/%.ok,$(SOURCES))
$(BUILD)/second/%.c.ok: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@$(SECOND_CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d -MT $@ -fsyntax-only $<
	@touch $@

# ---- tests ------------------------------------------------------------------------------------------

STRESS := $(filter $(BUILD)/tests/stress/%,$(TESTS))
MIDDLE := $(filter $(BUILD)/tests/middle/%,$(TESTS))

.PHONY: test check unit conformance scenarios stress checks test-programs
test: ## builds everything and runs all tests; ends with one line of totals
	@tests/deps test
	$(SUBMAKE) test-programs micro
	@FUZZ_TIME=$${FUZZ_TIME:-4} tests/run

check: ## one test: make check T=name; lists the names without T
	@tests/deps test
	$(if $(T),$(SUBMAKE) test-programs)
	@tests/run $(if $(T),$(T),-l)

unit conformance scenarios stress checks: ## the tests of one kind
	@tests/deps test
	$(SUBMAKE) test-programs
	@tests/run $@/

.PHONY: soak
soak: ## a thousand reloads in a row under load, on both backends: memory and descriptors
	@tests/deps test
	$(SUBMAKE) programs tests examples
	RELOADS=$${RELOADS:-1000} BACKEND=usrsctp JUNCTOR=$(BUILD)/junctor bats tests/scenarios/reload_soak.bats
	RELOADS=$${RELOADS:-1000} JUNCTOR=$(BUILD)/junctor tests/scenarios/in_kernel reload_soak

.PHONY: chaos
chaos: ## clients, servers and networks that fail at random, for DURATION=120 seconds per session kind; SEED=N again
	@tests/deps test
	$(SUBMAKE) programs tests
	ALL=1 DURATION=$${DURATION:-120} BACKEND=kernel tests/chaos/in_kernel
	ALL=1 DURATION=$${DURATION:-120} BACKEND=usrsctp tests/chaos/in_kernel

.PHONY: fuzz
fuzz: ## any bytes for what reads bytes, FUZZ_TIME=60 seconds each; FUZZ=config is that one alone
	@tests/deps test
	$(SUBMAKE) fuzz-programs
	@for name in $${FUZZ:-$$(tests/fuzz/run -l)}; do tests/fuzz/run $$name $${FUZZ_TIME:-60} || exit 1; done

# The stress tests run under ThreadSanitizer, the scenarios and middle/ once more under AddressSanitizer; fuzz/ is built by clang.
test-programs: programs tests examples
ifeq ($(SAN),)
	$(SUBMAKE) SAN=thread BUILD=$(BUILD)-thread $(patsubst $(BUILD)/%,$(BUILD)-thread/%,$(STRESS))
	$(SUBMAKE) SAN=address BUILD=$(BUILD)-address programs examples $(patsubst $(BUILD)/%,$(BUILD)-address/%,$(MIDDLE))
	$(SUBMAKE) fuzz-programs
endif

.PHONY: check-includes check-format format
check-includes: ## do includes point the right way?
	@tests/check_includes

STYLED = $(shell git ls-files '*.c' '*.h' '*.cc')
check-format: ## does clang-format agree?
	@clang-format --dry-run -Werror $(STYLED)

format: ## lets clang-format rewrite the sources
	@clang-format -i $(STYLED)

# ---- to see -----------------------------------------------------------------------------------------

.PHONY: demo bench bench-compare bench-peers speed scale latency instructions
demo: ## relays real SCTP messages through a broker and shows what arrived, within a minute
	@tests/deps build
	$(SUBMAKE) programs
	@bench/demo

bench: ## micro-benchmarks, results as JSON in build/bench; BENCH=relay, or a regular expression; CONFIG=file for its `sctp` section
	@tests/deps test
	$(SUBMAKE) micro
	@bench/micro/run $(if $(BENCH),'$(BENCH)')

bench-compare: ## micro-benchmarks of this tree and of revision BASE in turn: ratios with their intervals; BENCH as above
	@tests/deps test
	$(SUBMAKE) micro
	@bench/micro/compare $(BASE) $(if $(BENCH),'$(BENCH)')

speed: ## throughput through the broker against direct, both backends
	@tests/deps test
	$(SUBMAKE) programs $(PEERS)
	@bench/speed

scale: ## 10,000 sessions on the kernel's SCTP: set up and shut down, and what a busy one costs beside them
	@tests/deps test
	$(SUBMAKE) programs
	@bench/scale

latency: ## delay through the broker against direct, at a tenth of the peak rate
	@tests/deps test
	$(SUBMAKE) programs
	@bench/latency

bench-peers: ## the broker beside other relays: socat, Erlang's gen_sctp, a thread each, a trivial batched one
	@tests/deps test
	$(SUBMAKE) programs $(PEERS)
	@bench/peers/run

.PHONY: compare
compare: ## speed of this tree's broker against revision BASE's, in one run
	@tests/deps test
	$(SUBMAKE) programs $(BUILD)/bench/ratios/ratios
	@bench/compare $(BASE)

.PHONY: reading
reading: ## what 20 clients that read everything ten times a second cost, on this machine
	@tests/deps test
	$(SUBMAKE) programs micro
	@bench/reading

.PHONY: screenshot
screenshot: ## the status page of a running broker as a picture: broker/admin/page.png
	@tests/deps test
	$(SUBMAKE) programs
	@bench/screenshot

.PHONY: report-picture
report-picture: ## a page of `junctor load --report` as a picture: bench/report.png
	@tests/deps test
	$(SUBMAKE) programs
	@bench/report_picture

.PHONY: tune-picture
tune-picture: ## a page of `junctor tune --report` as a picture: bench/tune/page.png
	@tests/deps test
	$(SUBMAKE) programs
	@bench/tune_picture

instructions: ## user-space instructions of the broker for each relayed message; FEATURES=all: also what these cost
	@tests/deps test
	$(SUBMAKE) programs
	@bench/instructions $(or $(MESSAGES),150000) $(FEATURES)

# ---- reference --------------------------------------------------------------------------------------

.PHONY: reference
reference: ## writes config/REFERENCE.md and config/junctor.yaml.5 anew from the tables
	@tests/deps build
	$(SUBMAKE) $(BUILD)/junctor
	@$(BUILD)/junctor check --reference > $(BUILD)/REFERENCE.md
	@$(BUILD)/junctor check --reference=man > $(BUILD)/junctor.yaml.5
	@cp $(BUILD)/REFERENCE.md $(BUILD)/junctor.yaml.5 config/

# ---- what it is made of ----------------------------------------------------------------------------

HEADER_ONLY := /usr/include/uthash.h # libraries of which nothing is left to load
.PHONY: sbom
sbom: ## what the program is linked with, as an SPDX document: build/junctor.spdx.json
	@tests/deps test
	$(SUBMAKE) $(BUILD)/junctor
	@packaging/sbom $(BUILD)/junctor '$(VERSION)$(addprefix -,$(COMMIT))' $(HEADER_ONLY) > $(BUILD)/junctor.spdx.json.new
	@mv $(BUILD)/junctor.spdx.json.new $(BUILD)/junctor.spdx.json
	@echo "$(BUILD)/junctor.spdx.json: $$(jq '.packages | length' $(BUILD)/junctor.spdx.json) packages"

# ---- installing -------------------------------------------------------------------------------------

HEADERS  := transport/transport.h transport/resolve.h config/sctp/address.h config/sctp/option.h config/sctp/options.def config/sctp/ppid.h
INCLUDES := $(PREFIX)/include/junctor
MANUALS  := junctor/junctor.1 config/junctor.yaml.5
MANDIR   := $(PREFIX)/share/man
UNITDIR  ?= $(PREFIX)/lib/systemd/system
DOCDIR   := $(PREFIX)/share/doc/junctor
SHAREDIR := $(PREFIX)/share/junctor
BASHDIR  := $(PREFIX)/share/bash-completion/completions
ZSHDIR   ?= $(PREFIX)/share/zsh/site-functions
# What a host needs beside the program: where it goes, below PREFIX/lib, and what it is made of.
HOSTFILES := sysusers.d/junctor.conf:sysusers.conf sysctl.d/50-junctor.conf:sysctl.conf \
             modules-load.d/junctor.conf:modules-load.conf
SAMPLES  := $(wildcard config/examples/*.yaml) packaging/junctor.yaml packaging/kubernetes.yaml
.PHONY: install uninstall deps clean distclean
install: all ## program, manual pages, completion, service, dashboard, transport library, headers under DESTDIR, PREFIX and LIBDIR
	install -D -m 755 $(BUILD)/junctor '$(DESTDIR)$(PREFIX)/bin/junctor'
	install -D -m 644 $(BUILD)/libjunctor-transport.a '$(DESTDIR)$(LIBDIR)/libjunctor-transport.a'
	install -D -m 755 $(BUILD)/$(SO) '$(DESTDIR)$(LIBDIR)/$(SO)'
	ln -sf $(SO) '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	ln -sf $(SO) '$(DESTDIR)$(LIBDIR)/libjunctor-transport.so'
	for h in $(HEADERS); do install -D -m 644 $$h '$(DESTDIR)$(INCLUDES)'/$$h || exit 1; done
	for m in $(MANUALS); do install -D -m 644 -t '$(DESTDIR)$(MANDIR)'/man$${m##*.} $$m || exit 1; done
	for f in $(HOSTFILES); do \
	    install -D -m 644 packaging/$${f#*:} '$(DESTDIR)$(PREFIX)/lib'/$${f%:*} || exit 1; done
	install -D -m 644 packaging/grafana.json '$(DESTDIR)$(SHAREDIR)/grafana.json'
	install -D -m 644 packaging/junctor.bash '$(DESTDIR)$(BASHDIR)/junctor'
	install -D -m 644 packaging/junctor.zsh '$(DESTDIR)$(ZSHDIR)/_junctor'
	for s in $(SAMPLES); do install -D -m 644 -t '$(DESTDIR)$(DOCDIR)/examples' $$s || exit 1; done
	install -d '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(UNITDIR)'
	sed -e 's|@BINDIR@|$(PREFIX)/bin|' packaging/junctor.service.in > '$(DESTDIR)$(UNITDIR)/junctor.service'
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	    transport/junctor-transport.pc.in > '$(DESTDIR)$(LIBDIR)/pkgconfig/junctor-transport.pc'
	[ -n '$(DESTDIR)' ] || ldconfig || true # so that programs find the shared library; root's business

uninstall: ## removes what install put there
	rm -f '$(DESTDIR)$(PREFIX)/bin/junctor'
	cd '$(DESTDIR)$(LIBDIR)' && rm -f libjunctor-transport.* pkgconfig/junctor-transport.pc
	rm -rf '$(DESTDIR)$(INCLUDES)' '$(DESTDIR)$(DOCDIR)' '$(DESTDIR)$(SHAREDIR)'
	rm -f '$(DESTDIR)$(UNITDIR)/junctor.service' '$(DESTDIR)$(BASHDIR)/junctor' '$(DESTDIR)$(ZSHDIR)/_junctor'
	for f in $(HOSTFILES); do rm -f '$(DESTDIR)$(PREFIX)/lib'/$${f%:*}; done
	for m in $(MANUALS); do rm -f '$(DESTDIR)$(MANDIR)'/man$${m##*.}/$${m##*/}; done

# In a copy of what git knows and what is new, so that neither build folders nor debian/'s leftovers get in.
.PHONY: deb
deb: ## Debian packages, in build/deb
	@tests/deps package
	@rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb/junctor-$(VERSION)
	@git ls-files -co --exclude-standard | while read -r f; do [ ! -e "$$f" ] || echo "$$f"; done | \
	    tar -c -T - | tar -x -C $(BUILD)/deb/junctor-$(VERSION)
	@cd $(BUILD)/deb/junctor-$(VERSION) && env -u BUILD -u MAKEFLAGS -u SAN JUNCTOR_COMMIT=$(COMMIT) \
	    DEB_BUILD_OPTIONS="parallel=$(JOBS) $(DEB_BUILD_OPTIONS)" dpkg-buildpackage -b -us -uc > ../build.log 2>&1 || { tail -n 30 ../build.log; exit 1; }
	@rm -rf $(BUILD)/deb/junctor-$(VERSION)
	@ls $(BUILD)/deb/*.deb

deps: ## installs the Debian packages that building and testing need; DEPS=no lists them
	@tests/deps test

clean: ## removes the build folders
	rm -rf build build-*

distclean: clean ## and the cached test kernel
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/junctor"

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' -type f 2>/dev/null)
