# How errand is built and checked. `make help` lists what there is to ask for.
#
# A variant is one set of flags with a folder of its own: `release` builds into build/ itself, the
# others (asan, coverage, clang) into build/<variant>/. `make VARIANT=asan unit` asks for a target in
# another variant; `make CC=clang` takes another compiler. Below a variant's folder $(OUT):
#
#     obj/            objects, mirroring src/, each with the headers it read (.d)
#     gen/            C made by scripts/embed
#     liberrand.a     everything but main: what errand and the unit tests link
#     errand          the program
#     unit/test_*     the unit tests, one program a file of tests/unit
#
# Sources are found, not listed: a new file below src/ or tests/unit/ needs no line here.

VARIANT ?= release
OUT := $(if $(filter release,$(VARIANT)),build,build/$(VARIANT))

ifeq ($(origin CC),default)
CC := gcc
endif

# Every core works, unless -j says otherwise; a make started by make shares the cores of the first.
ifeq ($(MAKELEVEL),0)
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif
endif
MAKEFLAGS += --no-builtin-rules

# The messages of one compile stay together. Not where a target runs something to be watched.
ifeq ($(filter run test test-all lint coverage bench setup unit,$(MAKECMDGOALS)),)
MAKEFLAGS += --output-sync=target
endif

# `make V=1` shows the commands.
ifeq ($(V),)
Q := @
say = @printf '  %-5s %s\n' $(1) $(2)
endif

.DELETE_ON_ERROR:
.PHONY: FORCE all objects run test test-all faults unit unit-programs lint tidy coverage asan bench clean setup format help
all: $(OUT)/errand

# --- Flags -------------------------------------------------------------------------------------

VERSION := $(file <VERSION)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wpointer-arith -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wformat=2 -Werror
HARDENING := -fstack-protector-strong -fPIE
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
OPTIMIZE := -O2 -g

ifeq ($(VARIANT),asan)
# The sanitizers see more without the checked libc calls, which they would not know.
FORTIFY :=
OPTIMIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
else ifeq ($(VARIANT),coverage)
# Atomic counters: several threads run the same lines. FORTIFY needs an optimising compiler.
FORTIFY :=
OPTIMIZE := -O0 -g --coverage -fprofile-update=atomic
endif

# Asked once, and only when something is compiled: `make run` must start where they are missing.
PACKAGES := libmicrohttpd jansson sqlite3 libjwt libcrypt libcrypto libcurl libmagic libpq zlib hiredis librabbitmq
PACKAGE_CFLAGS = $(eval PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES)))$(PACKAGE_CFLAGS)
PACKAGE_LIBS = $(eval PACKAGE_LIBS := $(shell pkg-config --libs $(PACKAGES)))$(PACKAGE_LIBS)
CMOCKA = $(eval CMOCKA := $(shell pkg-config --cflags --libs cmocka))$(CMOCKA)

DEFINES := -D_GNU_SOURCE -DERRAND_VERSION='"$(VERSION)"' -Isrc
COMPILE = $(CC) -std=gnu17 $(DEFINES) $(FORTIFY) $(OPTIMIZE) $(HARDENING) $(WARNINGS) \
	$(PACKAGE_CFLAGS) $(CFLAGS) -pthread
LINK = $(CC) $(OPTIMIZE) $(HARDENING) -pie -Wl,-z,relro,-z,now $(CFLAGS) $(LDFLAGS) -pthread
LIBS = -Wl,--as-needed $(PACKAGE_LIBS) -lcsv -lwslay -lunistring -lm

# --- What there is -----------------------------------------------------------------------------

SOURCES := $(sort $(shell find src -name '*.c'))
TESTS := $(sort $(wildcard tests/unit/test_*.c))
TEST_SUPPORT := $(filter-out $(TESTS),$(wildcard tests/unit/*.c))

MAIN := $(OUT)/obj/main.o
OBJECTS := $(filter-out $(MAIN),$(SOURCES:src/%.c=$(OUT)/obj/%.o))
TEST_PROGRAMS := $(TESTS:tests/%.c=$(OUT)/%)
TEST_SUPPORT_OBJECTS := $(TEST_SUPPORT:tests/unit/%.c=$(OUT)/unit/obj/%.o)

# embed SYMBOL,DIR: every file below DIR goes into the program; see src/base/embed.h. The folders are
# dependencies too, so that a file that is removed is noticed.
define embed
OBJECTS += $(OUT)/obj/gen/$(1).o
$(OUT)/gen/$(1).c: scripts/embed $(shell find $(2))
	$(call say,EMBED,$(2))
	$$(Q)scripts/embed $(1) $(2) $$@
endef
$(foreach engine,$(sort $(notdir $(wildcard src/db/migrations/*))),\
	$(eval $(call embed,embedded_migrations_$(engine),src/db/migrations/$(engine))))

# What browsers load is made once for all variants, and again when something below web/ changes.
WEB := build/web
OBJECTS += $(OUT)/obj/gen/embedded_web.o
$(WEB)/assets.made: scripts/web $(shell find web -name node_modules -prune -o -print)
	$(call say,WEB,web)
	$(Q)scripts/web build
	@touch $@
$(OUT)/gen/embedded_web.c: scripts/embed $(WEB)/assets.made
	$(Q)scripts/embed embedded_web $(WEB)/assets $@

# --- Rules -------------------------------------------------------------------------------------

$(OUT)/obj/%.o: src/%.c $(OUT)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(UNFORTIFY) -MMD -MP -c $< -o $@

$(OUT)/obj/gen/%.o: $(OUT)/gen/%.c $(OUT)/flags
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -c $< -o $@

# The checked longjmp refuses to jump to another stack, which is what a fiber switch is.
$(OUT)/obj/runtime/fiber.o: UNFORTIFY := -U_FORTIFY_SOURCE

# Written anew: `ar` alone would keep the object of a source that is gone.
$(OUT)/liberrand.a: $(OBJECTS) $(OUT)/objects
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(OBJECTS)

$(OUT)/errand: $(MAIN) $(OUT)/liberrand.a
	$(call say,LINK,$@)
	$(Q)$(LINK) $(MAIN) $(OUT)/liberrand.a $(LIBS) -o $@

$(OUT)/unit/obj/%.o: tests/unit/%.c $(OUT)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -Itests/unit -MMD -MP -c $< -o $@

$(OUT)/unit/%: $(OUT)/unit/obj/%.o $(TEST_SUPPORT_OBJECTS) $(OUT)/liberrand.a
	$(call say,LINK,$@)
	$(Q)$(LINK) $^ $(CMOCKA) $(LIBS) -o $@

$(OUT)/bench/%: bench/%.c $(OUT)/flags
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -MF $@.d $< -pie $(LDFLAGS) $(LIBS) -o $@

# These two files change only when what they hold changes, so that other flags (or another compiler)
# build everything anew and a removed source builds the library anew.
$(OUT)/flags: FORCE
	@pkg-config --exists --print-errors $(PACKAGES) || \
		{ echo "make: libraries are missing; 'scripts/setup build' installs them" >&2; exit 1; }
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(COMPILE) :: $(LINK) $(LIBS))' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(OUT)/objects: FORCE
	@mkdir -p $(@D)
	@echo '$(sort $(OBJECTS))' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

FORCE:

# Objects of tests are made on the way to the programs; make would throw them away.
.SECONDARY: $(TESTS:tests/unit/%.c=$(OUT)/unit/obj/%.o) $(TEST_SUPPORT_OBJECTS)

-include $(OBJECTS:.o=.d) $(MAIN:.o=.d) $(TESTS:tests/unit/%.c=$(OUT)/unit/obj/%.d)
-include $(TEST_SUPPORT_OBJECTS:.o=.d) $(wildcard $(OUT)/bench/*.d)

# clang-tidy reads what clang compiled: a file is looked at again when it or a header of it changed.
TIDY := $(SOURCES:src/%.c=$(OUT)/tidy/src/%.ok) $(patsubst %.c,$(OUT)/tidy/%.ok,$(wildcard bench/*.c))
define tidy-file
	$(call say,TIDY,$(1))
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $(1) -- \
		$(filter-out $(CC),$(COMPILE)) $(UNFORTIFY) 2>$@.log || { cat $@.log >&2; exit 1; }
	@touch $@
endef
$(OUT)/tidy/src/%.ok: $(OUT)/obj/%.o .clang-tidy
	$(call tidy-file,src/$*.c)
$(OUT)/tidy/bench/%.ok: $(OUT)/bench/% .clang-tidy
	$(call tidy-file,bench/$*.c)

# --- Targets -----------------------------------------------------------------------------------

objects: $(OBJECTS) $(MAIN)
	@:

tidy: $(TIDY)
	@:

unit-programs: $(TEST_PROGRAMS)
	@:

run:
	@scripts/setup run
	+@$(MAKE) --no-print-directory all
	@exec build/errand serve

unit: unit-programs
	@scripts/unit $(OUT)

test:
	@scripts/setup test
	+@scripts/test

test-all:
	@scripts/setup test
	+@scripts/test all

lint:
	@scripts/setup lint
	+@scripts/lint

faults:
	@scripts/setup test
	+@$(MAKE) --no-print-directory all
	+@scripts/faults

coverage:
	@scripts/setup coverage
	+@scripts/coverage

asan:
	+@$(MAKE) --no-print-directory VARIANT=asan all

# What measures beside servers of the tests needs what those do.
bench: beside = $(filter postgres rabbitmq redis,$(BACKEND) $(ONLY))
bench:
	@scripts/setup bench $(if $(beside),test)
	+@$(if $(beside),build/venv/bin/python,python3) bench/run

setup:
	@scripts/setup build test lint bench coverage

format:
	@find src tests bench -name '*.[ch]' -exec clang-format -i {} +
	@web/node_modules/.bin/prettier --write --log-level warn web
	@build/venv/bin/ruff format --quiet tests bench scripts/junit-totals

# The Python environment of the tests is kept: fetching it again is the only slow part.
clean:
	@test ! -d build || find build -mindepth 1 -maxdepth 1 ! -name venv -exec rm -rf {} +

help:
	@echo 'make            build build/errand'
	@echo 'make run        install what is missing, build, serve on http://127.0.0.1:8000'
	@echo 'make test       install what is missing, run every test, also under the sanitizers'
	@echo 'make test-all   the same, and on PostgreSQL alone everything too'
	@echo 'make faults     kill servers, workers and databases at work, for some minutes'
	@echo 'make unit       run the unit tests alone (VARIANT=asan: under the sanitizers)'
	@echo 'make lint       format, includes, clang-tidy, clang, shellcheck, ruff, TypeScript'
	@echo 'make format     lay the sources out as lint wants them'
	@echo 'make coverage   run every test and write build/coverage/html/index.html'
	@echo 'make asan       build build/asan/errand with AddressSanitizer and UBSan'
	@echo 'make bench      measure; see bench/README.md (ONLY="core jobs", SIZES, BACKEND=postgres)'
	@echo 'make setup      install everything that building, testing and measuring need'
	@echo 'make clean      remove what was built'
	@echo 'CC=clang takes another compiler, V=1 shows the commands.'
