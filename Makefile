# Junctor: plain GNU make. `make help` lists the targets.
#
# BUILD=dir chooses the build folder, SAN=address|thread|undefined builds everything so (in a folder of its own),
# CC=clang changes the compiler, T=name runs one test, DEPS=no never installs anything.

SHELL := /bin/bash
.DEFAULT_GOAL := all

SAN     ?=
BUILD   ?= build$(if $(SAN),-$(SAN))
PREFIX  ?= /usr/local
DESTDIR ?=
DEPS    ?= yes

CC       ?= cc
CXX      ?= c++
PKGS     := libfyaml libsctp usrsctp liburcu-qsbr liburcu-cds $(if $(SAN),,jemalloc)
WARN     := -Wall -Wextra -Wshadow -Wpointer-arith -Wwrite-strings -Wundef -Werror
CWARN    := -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
OPT      ?= -O2 -g
CPPFLAGS += -I. -D_GNU_SOURCE
CFLAGS   += -std=gnu11 $(OPT) $(WARN) $(CWARN) $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)
CXXFLAGS += -std=c++17 $(OPT) $(WARN)
LDFLAGS  += $(if $(SAN),-fsanitize=$(SAN))
LDLIBS   += $(shell pkg-config --libs $(PKGS)) -lpthread -lm
CFLAGS   += $(shell pkg-config --cflags $(PKGS))

# What stands where: every .c of a folder belongs to it.
CONFIG    := $(wildcard config/*.c)
TRANSPORT := $(wildcard transport/*.c)
ROUTING   := $(wildcard routing/*.c)
BROKER    := $(filter-out broker/main.c,$(wildcard broker/*.c))
LOAD      := $(wildcard bench/*.c)
objects    = $(patsubst %,$(BUILD)/%.o,$(1))

# The transport library stands alone: SCTP, options and addresses; no YAML.
TRANSPORT_LIB := $(TRANSPORT) config/options.c config/address.c config/ppid.c
ALL_LIB       := $(CONFIG) $(TRANSPORT) $(ROUTING) $(BROKER) $(LOAD)

.PHONY: all
all: $(BUILD)/junctor $(BUILD)/libjunctor-transport.a

$(BUILD)/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/%.cc.o: %.cc
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/libjunctor-transport.a: $(call objects,$(TRANSPORT_LIB))
	rm -f $@ && ar rcs $@ $^

$(BUILD)/libjunctor.a: $(call objects,$(ALL_LIB))
	rm -f $@ && ar rcs $@ $^

$(BUILD)/junctor: $(call objects,broker/main.c) $(BUILD)/libjunctor.a
	$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

# One program per tests/*/test_*.c.
TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/*/test_*.c))
$(BUILD)/tests/%: $(BUILD)/tests/%.c.o $(BUILD)/libjunctor.a
	$(CC) $(LDFLAGS) $^ $(shell pkg-config --libs cmocka) $(LDLIBS) -o $@

# One program per bench/micro/*.cc (Google Benchmark).
MICRO := $(patsubst %.cc,$(BUILD)/%,$(wildcard bench/micro/*.cc))
$(BUILD)/bench/micro/%: $(BUILD)/bench/micro/%.cc.o $(BUILD)/libjunctor.a
	$(CXX) $(LDFLAGS) $^ -lbenchmark $(LDLIBS) -o $@

.PHONY: tests micro
tests: $(TESTS)
micro: $(MICRO)

.PHONY: clean
clean:
	rm -rf build build-*

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
