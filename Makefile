# Parvis. The two commands: `make run` and `make test`; `make help` lists the rest.
# Objects go to build/VARIANT/, so that variants never mix:
#   VARIANT=release (default) | asan | tsan | clang | fuzz

VARIANT ?= release
B       := build/$(VARIANT)
VERSION := 0.1.0

CC.release := gcc
CC.clang   := clang
CC.asan    := gcc
CC.tsan    := gcc
CC.fuzz    := clang
CXX.release := g++
CXX.clang   := clang++
CXX.asan    := g++
CXX.tsan    := g++
CXX.fuzz    := clang++
ifeq ($(origin CC),default)
CC := $(CC.$(VARIANT))
endif
ifeq ($(origin CXX),default)
CXX := $(CXX.$(VARIANT))
endif

SAN.asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN.tsan := -fsanitize=thread -fno-omit-frame-pointer
SAN.fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
            -fno-omit-frame-pointer
SAN      := $(SAN.$(VARIANT))

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wvla -Wundef -Wswitch-enum -Werror \
            -Wno-missing-field-initializers
PKGS     := sdl2 libdrm pangocairo pangoft2 cairo fontconfig libqrencode sqlite3 libgpiod zxing inih \
            libsodium libevdev xkbcommon libseccomp libjpeg libpng jansson libcurl libutf8proc \
            libmosquitto libpq libcrypto libudev
PKG_CONFIG ?= pkg-config
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null | sed 's/-I/-isystem /g')
PKG_LIBS   := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null) -lcsv -lcups

GPIOD_MAJOR := $(shell $(PKG_CONFIG) --modversion libgpiod 2>/dev/null | cut -d. -f1)
ZXING_MAJOR := $(shell $(PKG_CONFIG) --modversion zxing 2>/dev/null | cut -d. -f1)

CPPFLAGS += -Ifirmware -I. -I$(B)/generated -D_GNU_SOURCE -DPARVIS_VERSION='"$(VERSION)"' \
            -DGPIOD_MAJOR=$(or $(GPIOD_MAJOR),0) -DZXING_MAJOR=$(or $(ZXING_MAJOR),0) $(PKG_CFLAGS)
OPT      ?= -O2 -g
HARDEN   := -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
ALL_CFLAGS   := -std=c17 $(OPT) $(HARDEN) $(WARNINGS) -Wmissing-prototypes $(SAN) -pthread $(CFLAGS)
ALL_CXXFLAGS := -std=c++20 $(OPT) $(HARDEN) $(WARNINGS) $(SAN) -pthread $(CXXFLAGS)
ALL_LDFLAGS  := -pie -Wl,--as-needed -Wl,-z,relro,-z,now $(SAN) -pthread $(LDFLAGS)

# --- what there is to build --------------------------------------------------------------------

ROOMS    := base port door scan event store sync night box
C_SRC    := $(filter-out firmware/box/main.c,$(foreach r,$(ROOMS),$(wildcard firmware/$(r)/*.c)))
CXX_SRC  := $(wildcard firmware/scan/*.cpp)
UI_SRC   := $(wildcard ui/*.c ui/screens/*.c)
PAPER_SRC := $(wildcard ui/paper/*.c)
APP_SRC  := $(wildcard firmware/app/*.c)
CLI_SRC  := $(wildcard firmware/cli/*.c)

obj       = $(patsubst %.cpp,$(B)/%.o,$(patsubst %.c,$(B)/%.o,$(1)))
ROOM_OBJ := $(call obj,$(C_SRC) $(CXX_SRC))
LIB      := $(B)/libparvis.a
UI_LIB   := $(B)/libparvis-ui.a
# What draws on paper: no SDL, so that the command line has it too. Of ui/ it takes these.
PAPER_LIB  := $(B)/libparvis-paper.a
PAPER_USES := ui/box.c ui/fonts.c ui/strings.c ui/theme.c
# All of app/ but its main(): what flow tests link.
APP_LIB  := $(B)/libparvis-app.a

KIOSK := $(B)/parvis-kiosk
CLI   := $(B)/parvis
READER := $(B)/parvis-reader
# For boxes with two systems: needs no library, so that it runs in the smallest of them.
SLOT  := $(B)/parvis-slot
# What only a box's image has.
CONSOLE      := $(B)/parvis-console
BOX_PROGRAMS := $(CONSOLE)

# The rooms draw on paper, and paper takes of the rooms. The fakes stand before them all and are looked
# at once: only a fake that a test asks for takes a port's place.
libs    = $(filter-out %/libparvis-fake.a,$(filter %.a,$(1)))
grouped = $(filter-out $(libs),$(1)) -Wl,--start-group $(libs) -Wl,--end-group

# One short line a step; V=1 shows the whole commands, -s nothing.
SILENT := $(findstring s,$(filter-out -%,$(firstword $(MAKEFLAGS))))
step    = $(if $(V),,@$(if $(SILENT),,printf '  %-4s %s\n' $(1) $@;))

all: $(KIOSK) $(CLI) $(READER) $(SLOT) ## build the programs (this alone installs nothing; see `make deps`)
	@$(if $(filter release,$(VARIANT)),ln -sfn release/parvis-kiosk build/parvis-kiosk; \
		ln -sfn release/parvis build/parvis; \
		ln -sfn release/parvis-slot build/parvis-slot)

# A missing library would otherwise show itself as a missing header, one file at a time.
ifeq ($(filter deps run test test-long fuzz bench bench-night bench-sync help clean install uninstall deb image,$(MAKECMDGOALS)),)
ifneq ($(shell $(PKG_CONFIG) --exists $(PKGS) 2>/dev/null && echo yes),yes)
$(warning Libraries are missing; `make deps` installs them on Debian.)
endif
endif

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call step,CC)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/%.o: %.cpp
	@mkdir -p $(@D)
	$(call step,CXX)$(CXX) $(CPPFLAGS) $(ALL_CXXFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(ROOM_OBJ)
	$(call step,AR)rm -f $@ && $(AR) rcs $@ $^

# Strings: PO files become tables.
STRINGS := $(B)/generated/ui_strings.h
$(STRINGS): $(wildcard assets/strings/*.po assets/strings/*.awk assets/strings/*.sh)
	@mkdir -p $(@D)
	$(call step,PO)sh assets/strings/compile.sh $@ assets/strings
$(call obj,$(UI_SRC) $(PAPER_SRC)): | $(STRINGS)

$(PAPER_LIB): $(call obj,$(PAPER_SRC) $(PAPER_USES))
	$(call step,AR)rm -f $@ && $(AR) rcs $@ $^

$(UI_LIB): $(call obj,$(UI_SRC))
	$(call step,AR)rm -f $@ && $(AR) rcs $@ $^

$(APP_LIB): $(filter-out %/main.o,$(call obj,$(APP_SRC)))
	$(call step,AR)rm -f $@ && $(AR) rcs $@ $^

$(KIOSK): $(call obj,firmware/app/main.c) $(APP_LIB) $(UI_LIB) $(PAPER_LIB) $(LIB)
	$(call step,LINK)$(CXX) $(ALL_LDFLAGS) -o $@ $(call grouped,$^) $(PKG_LIBS) -lm

$(CLI): $(call obj,$(CLI_SRC)) $(PAPER_LIB) $(LIB)
	$(call step,LINK)$(CXX) $(ALL_LDFLAGS) -o $@ $(call grouped,$^) $(PKG_LIBS) -lm

# Of the rooms it takes the decoder alone, and only what that needs is linked.
$(READER): $(call obj,firmware/reader/main.c) $(LIB)
	$(call step,LINK)$(CXX) $(ALL_LDFLAGS) -o $@ $(call grouped,$^) $(PKG_LIBS) -lm

$(CONSOLE): $(call obj,firmware/console/main.c) $(LIB)
	$(call step,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^

box: $(BOX_PROGRAMS)

$(SLOT): $(call obj,firmware/box/main.c) $(LIB)
	$(call step,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^

# --- tests -------------------------------------------------------------------------------------
# tests/unit/X_test.c, tests/flow/X_test.c, tests/screens/X_test.c: one program each, linked with
# every room. What tests share is in tests/fake/ (an object there, named first, takes the place of
# a port) and tests/data/.

TEST_SRC := $(wildcard tests/unit/*_test.c tests/flow/*_test.c tests/screens/*_test.c \
                       tests/sim/*_test.c)
TESTS    := $(patsubst %.c,$(B)/%,$(TEST_SRC))
FAKE_OBJ := $(call obj,$(wildcard tests/fake/*.c))
FAKE_LIB := $(B)/libparvis-fake.a

$(FAKE_LIB): $(FAKE_OBJ)
	$(call step,AR)rm -f $@ && $(AR) rcs $@ $^

# The simulator's parts, for the test beside it.
SIM_OBJ  := $(call obj,$(filter-out %_test.c,$(wildcard tests/sim/*.c)))
$(B)/tests/sim/sim_test: $(SIM_OBJ)

$(TESTS): $(B)/%: $(B)/%.o $(FAKE_LIB) $(APP_LIB) $(UI_LIB) $(PAPER_LIB) $(LIB)
	$(call step,LINK)$(CXX) $(ALL_LDFLAGS) -o $@ $(call grouped,$^) $(PKG_LIBS) -lcmocka -lm

# tests/fuzz/X_fuzz.c is a libFuzzer program under VARIANT=fuzz, and under any other a plain one
# that replays the corpus.
FUZZ_SRC  := $(wildcard tests/fuzz/*_fuzz.c)
FUZZERS   := $(patsubst %.c,$(B)/%,$(FUZZ_SRC))
REPLAYERS := $(patsubst %_fuzz.c,$(B)/%_replay,$(FUZZ_SRC))

$(FUZZERS): $(B)/%: $(B)/%.o $(FAKE_LIB) $(APP_LIB) $(UI_LIB) $(PAPER_LIB) $(LIB)
	$(call step,LINK)$(CXX) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $(call grouped,$^) $(PKG_LIBS) -lm

$(REPLAYERS): $(B)/%_replay: $(B)/%_fuzz.o $(B)/tests/fuzz/replay.o $(FAKE_LIB) $(APP_LIB) \
              $(UI_LIB) $(PAPER_LIB) $(LIB)
	$(call step,LINK)$(CXX) $(ALL_LDFLAGS) -o $@ $(call grouped,$^) $(PKG_LIBS) -lm

BENCH_SRC := $(wildcard tests/bench/bench_*.c)
BENCHES   := $(patsubst %.c,$(B)/%,$(BENCH_SRC))

$(BENCHES): $(B)/%: $(B)/%.o $(FAKE_LIB) $(APP_LIB) $(UI_LIB) $(PAPER_LIB) $(LIB)
	$(call step,LINK)$(CXX) $(ALL_LDFLAGS) -o $@ $(call grouped,$^) $(PKG_LIBS) -lm

# tests/tools/X.c: what tests and the demo's makers call by hand or from scripts.
TOOL_SRC := $(wildcard tests/tools/*.c)
TOOLS    := $(patsubst %.c,$(B)/%,$(TOOL_SRC))

$(B)/tests/tools/drain: $(APP_LIB)
$(TOOLS): $(B)/%: $(B)/%.o $(FAKE_LIB) $(LIB)
	$(call step,LINK)$(CXX) $(ALL_LDFLAGS) -o $@ $(call grouped,$^) $(PKG_LIBS) -lm

programs: all
tools: $(TOOLS)
tests: $(TESTS)
replayers: $(REPLAYERS)
fuzzers: $(FUZZERS)
benches: $(BENCHES)
objects: $(ROOM_OBJ) $(FAKE_OBJ) \
         $(call obj,$(wildcard firmware/*/main.c) $(UI_SRC) $(PAPER_SRC) $(APP_SRC) $(CLI_SRC)) \
         $(call obj,$(TEST_SRC) $(FUZZ_SRC) \
                    $(BENCH_SRC) $(TOOL_SRC))

# Tests in which threads meet, by what they include.
TSAN_SRC   := $(if $(TEST_SRC),$(shell grep -lE 'pthread\.h|base/mailbox\.h|scan/reader\.h|"app/' \
                                       $(TEST_SRC)))
TSAN_TESTS := $(patsubst %.c,$(B)/%,$(TSAN_SRC))
tsan-tests: $(TSAN_TESTS)

-include $(shell find build/$(VARIANT) -name '*.d' 2>/dev/null)

# --- the commands ------------------------------------------------------------------------------
# Each installs what is missing first and then starts make anew, since what pkg-config knows is
# read at the start.

# As many jobs as cores, unless `make -j` has said otherwise.
SUBMAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

SCRIPTS      := $(wildcard tests/lint/*.sh tests/flow/*.sh tests/sim/*.sh)
SYSTEM_TESTS := $(wildcard tests/system/*.sh)
in_variant    = $(patsubst %.c,build/$(1)/%,$(2))
REPLAYS       = $(patsubst %_fuzz.c,build/asan/%_replay,$(FUZZ_SRC))

# Longest first, so that no core is idle at the end.
EVERY_TEST = $(call in_variant,release,$(filter tests/flow/%,$(TEST_SRC))) \
             $(filter tests/flow/%,$(SCRIPTS)) \
             $(call in_variant,asan,$(filter tests/flow/%,$(TEST_SRC))) \
             $(call in_variant,fuzz,$(FUZZ_SRC)) \
             $(call in_variant,tsan,$(TSAN_SRC)) \
             $(call in_variant,asan,$(filter-out tests/flow/%,$(TEST_SRC))) \
             $(call in_variant,release,$(filter-out tests/flow/%,$(TEST_SRC))) \
             $(REPLAYS) $(filter tests/lint/% tests/sim/%,$(SCRIPTS))

deps: ## install what building, running and testing need (Debian 12 and 13)
	@board/deps.sh test

run: ## build, then open the kiosk on the demo event; without a display, play its evening
	@board/deps.sh run
	@$(SUBMAKE) all
	@B=$(B) board/run.sh

# `+`: make does not see that these are makes, and would keep its jobs to itself.
test-build:
	+@$(SUBMAKE) VARIANT=release programs tests tools
	+@$(SUBMAKE) VARIANT=asan programs tests replayers
	+@$(SUBMAKE) VARIANT=tsan tsan-tests
	+@$(SUBMAKE) VARIANT=fuzz fuzzers
	+@$(SUBMAKE) VARIANT=clang objects

test: ## build every variant, run every test and lint; ends with `N passed, N failed, N skipped`
	@board/deps.sh test
	@$(SUBMAKE) test-build
	@tests/run.sh $(EVERY_TEST)

test-long: ## the same with the long forms: more cuts, Debian 13, disks of our own (root; hours)
	@board/deps.sh test-long
	@$(SUBMAKE) test-build
	@PARVIS_LONG=1 FUZZ_SECONDS=$${FUZZ_SECONDS:-600} tests/run.sh -t 14400 \
		$(SYSTEM_TESTS) $(EVERY_TEST)

SIM_TESTS := $(filter tests/sim/%,$(TEST_SRC) $(SCRIPTS))

test-sim: ## the simulator of the sync alone; SIM_SEED=n SIM_TRACE=1 shows a seed
	@$(SUBMAKE) $(call in_variant,release,$(filter %.c,$(SIM_TESTS)))
	@tests/run.sh $(call in_variant,release,$(filter %.c,$(SIM_TESTS))) $(filter %.sh,$(SIM_TESTS))

# What tests/sim/bugs.sh compiles and links with.
sim-flags:
	$(info SIM_CC='$(subst ','\'',$(CC) $(CPPFLAGS) $(ALL_CFLAGS))')
	$(info SIM_LINK='$(CXX) $(ALL_LDFLAGS)')
	$(info SIM_LIBS='$(PKG_LIBS) -lcmocka -lm')
	@:

# Power cuts under the real programs, the drivers of real kernels, and the image as it ships, booted and
# used for an evening. The disks of cuts lie in memory. As root; `make image ARCH=amd64` first. The first is
# the longest and makes what most of the others wait for.
BOX_TESTS = $(addprefix tests/system/,power.sh cut_kiosk.sh cut_ext4.sh cut_swap.sh cut_stick.sh one_back.sh \
                                      evening.sh update_box.sh boot_time.sh slots.sh update.sh guest.sh)

test-system: ## the box: the image in QEMU for an evening, power cuts under the programs (root)
	@board/deps.sh test-long
	@$(SUBMAKE) programs tools $(FAKE_LIB)
	@TMPDIR=$${TMPDIR:-/dev/shm} PARVIS_EXT4_CUTS=$${PARVIS_EXT4_CUTS:-500} \
		tests/run.sh -j 2 -t 2700 $(BOX_TESTS)

test-system-long: ## the same with 20,000 cuts of each kind, 230 of the machine (many hours)
	@board/deps.sh test-long
	@$(SUBMAKE) programs tools $(FAKE_LIB)
	@TMPDIR=$${TMPDIR:-/dev/shm} PARVIS_KIOSK_CUTS=20000 PARVIS_EXT4_CUTS=20000 PARVIS_SWAP_CUTS=20000 \
		PARVIS_STICK_CUTS=20000 PARVIS_KILLS=200 PARVIS_COLD_CUTS=30 tests/run.sh -j 2 -t 86400 $(BOX_TESTS) \
		tests/system/breakout.sh

test-breakout: ## ways out of the box, each tried (root; 20 minutes); board/BREAKOUT.md has what came
	@board/deps.sh test-long
	@$(SUBMAKE) programs tools
	@tests/run.sh -t 3600 tests/system/breakout.sh

test-debian13: ## build, run and test in a fresh Debian 13 (root, mmdebstrap); also test-debian12
	@tests/run.sh -t 3600 tests/system/debian13.sh

test-debian12:
	@tests/run.sh -t 3600 tests/system/debian12.sh

fuzz: ## search with every fuzzer for FUZZ_SECONDS (600) each
	@board/deps.sh test
	@$(SUBMAKE) VARIANT=fuzz fuzzers
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-600} tests/run.sh -t 14400 $(call in_variant,fuzz,$(FUZZ_SRC))

BENCH_SCRIPTS := $(wildcard tests/bench/*.sh)

bench: ## measure: check-ins a second, code to lamp, frames, memory, bytes written, imports
	@board/deps.sh test
	@$(SUBMAKE) programs benches tools
	@for bench in $(BENCHES); do echo "== $${bench##*/}"; B=$(B) $$bench || exit 1; done
	@for bench in $(BENCH_SCRIPTS); do echo "== $${bench##*/}"; \
		B=$(B) BENCH_SYNC_SECONDS=$${BENCH_SYNC_SECONDS:-30} sh $$bench || exit 1; done

bench-sync: ## rows into the stores, a collector with ten thousand venues, bytes, what a kiosk costs
	@$(SUBMAKE) programs tools
	@B=$(B) sh tests/bench/sync.sh

bench-night: ## put ten million rows together, against sqlite3's own INSERT OR IGNORE
	@$(SUBMAKE) programs $(B)/tests/bench/bench_night
	@B=$(B) BENCH_NIGHT=$${BENCH_NIGHT:-10000000} $(B)/tests/bench/bench_night

lint: ## the lints alone
	@tests/run.sh $(filter tests/lint/%,$(SCRIPTS))

SOURCES = $(shell git ls-files -co --exclude-standard '*.c' '*.h' '*.cpp')

format: ## put every source file into the house's shape
	@clang-format -i $(SOURCES)

# --- installing --------------------------------------------------------------------------------

PREFIX     ?= /usr
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
BIN        := $(DESTDIR)$(PREFIX)/bin
LIBEXEC    := $(DESTDIR)$(PREFIX)/libexec
MAN1       := $(DESTDIR)$(PREFIX)/share/man/man1
MAN7       := $(DESTDIR)$(PREFIX)/share/man/man7
MAN8       := $(DESTDIR)$(PREFIX)/share/man/man8
SHARE      := $(DESTDIR)$(PREFIX)/share/parvis
CONF       := $(DESTDIR)$(SYSCONFDIR)/parvis
# Strings are compiled in; screenshots are for readers of the source.
ASSETS     := $(shell find assets -type f ! -path 'assets/strings/*' ! -path 'assets/screenshots/*' \
                           2>/dev/null)

install: all ## install into $(DESTDIR)$(PREFIX); PREFIX=/usr
	install -d $(BIN) $(LIBEXEC) $(MAN1) $(MAN7) $(MAN8) $(SHARE) $(CONF)
	install -m 755 $(KIOSK) $(CLI) $(SLOT) $(BIN)
	install -m 755 $(READER) $(LIBEXEC)
	install -d $(SHARE)/broker
	install -m 644 board/broker/* $(SHARE)/broker
	install -m 644 board/man/parvis.1 board/man/parvis-kiosk.1 $(MAN1)
	install -m 644 board/man/parvis-sync.7 $(MAN7)
	install -m 644 board/man/parvis-slot.8 $(MAN8)
	for f in $(ASSETS); do install -D -m 644 "$$f" "$(SHARE)/$${f#assets/}" || exit 1; done
	if [ ! -e $(CONF)/pins.ini ]; then install -m 644 board/pins.ini $(CONF); fi

# Not on a desk: it closes a machine down to its kiosk. board/debian/ puts its units beside it.
UNITS   := $(DESTDIR)$(PREFIX)/lib/systemd
NEVER   := getty@ serial-getty@ console-getty container-getty@ debug-shell mosquitto
RESTART := emergency rescue

install-box: box
	install -d $(LIBEXEC) $(MAN7)
	install -m 755 $(BOX_PROGRAMS) board/system/parvis-firewall board/system/parvis-grow \
		board/system/parvis-usb board/update/parvis-fetch board/update/parvis-health \
		board/update/parvis-update $(LIBEXEC)
	install -D -m 644 board/system/firewall.awk $(DESTDIR)$(PREFIX)/lib/parvis/firewall.awk
	install -m 644 board/man/parvis-box.7 $(MAN7)
	install -D -m 644 board/system/usb.allow $(DESTDIR)$(PREFIX)/lib/parvis/usb.allow
	install -D -m 644 board/system/sysctl.conf $(DESTDIR)$(PREFIX)/lib/sysctl.d/70-parvis-box.conf
	install -D -m 644 board/system/modprobe.conf $(DESTDIR)$(PREFIX)/lib/modprobe.d/parvis-box.conf
	for name in logind system coredump resolved; do \
		install -D -m 644 board/system/$$name.conf \
			$(UNITS)/$$name.conf.d/50-parvis-box.conf || exit 1; \
	done
	for unit in $(NEVER); do \
		install -D -m 644 board/system/never.conf \
			$(UNITS)/system/$$unit.service.d/50-parvis-box.conf || exit 1; \
	done
	for unit in $(RESTART); do \
		install -D -m 644 board/system/restart.conf \
			$(UNITS)/system/$$unit.service.d/50-parvis-box.conf || exit 1; \
	done
	install -D -m 644 board/system/kiosk.conf \
		$(UNITS)/system/parvis-kiosk.service.d/50-parvis-box.conf
	install -D -m 644 board/system/data-mount.conf \
		$(UNITS)/system/data.mount.d/50-parvis-box.conf
	install -D -m 644 board/system/data.conf $(DESTDIR)$(PREFIX)/lib/parvis/data.conf

uninstall: ## remove what `install` has put there; the pin map stays
	rm -f $(LIBEXEC)/parvis-reader $(BIN)/parvis-kiosk $(BIN)/parvis $(BIN)/parvis-slot $(MAN1)/parvis.1 \
		$(MAN1)/parvis-kiosk.1 $(MAN7)/parvis-sync.7 $(MAN8)/parvis-slot.8
	rm -rf $(SHARE)

# --- packages ----------------------------------------------------------------------------------

deb: ## build the Debian packages into build/deb/
	@board/deb.sh $(VERSION)

ARCH ?= amd64

image: ## make a box's disk image, ARCH=amd64 (root; Debian 13 inside, from apt's own mirrors)
	@board/deps.sh image
	@board/image/make.sh $(ARCH)

clean: ## remove build/, but for the keys that boxes' updates are signed with
	[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name keys -exec rm -rf {} +

help: ## this
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | \
		expand -t 18
	@echo '  VARIANT=release|asan|tsan|clang|fuzz chooses what a single target is built as.'

.PHONY: all box install-box programs tests tools replayers fuzzers benches objects tsan-tests deps run \
        test-build test test-sim sim-flags test-long test-system test-system-long test-breakout test-debian12 \
        test-debian13 fuzz bench bench-night bench-sync \
        lint format install uninstall deb image clean help
.DELETE_ON_ERROR:
.SECONDARY:
