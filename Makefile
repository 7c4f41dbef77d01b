# Parvis. The two commands: `make run` and `make test`; `make help` lists the rest.
# Objects go to build/VARIANT/, so that variants never mix:
#   VARIANT=release (default) | asan | tsan | clang

VARIANT ?= release
B       := build/$(VARIANT)
VERSION := 0.1.0

CC.release := gcc
CC.clang   := clang
CC.asan    := gcc
CC.tsan    := gcc
CXX.release := g++
CXX.clang   := clang++
CXX.asan    := g++
CXX.tsan    := g++
ifeq ($(origin CC),default)
CC := $(CC.$(VARIANT))
endif
ifeq ($(origin CXX),default)
CXX := $(CXX.$(VARIANT))
endif

SAN.asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN.tsan := -fsanitize=thread -fno-omit-frame-pointer
SAN      := $(SAN.$(VARIANT))

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wvla -Wundef -Wswitch-enum -Werror
PKGS     := sdl2 pangocairo pangoft2 cairo fontconfig libqrencode sqlite3 libgpiod zxing inih \
            libsodium libevdev xkbcommon libseccomp libjpeg libpng jansson
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null | sed 's/-I/-isystem /g')
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lcsv

GPIOD_MAJOR := $(shell pkg-config --modversion libgpiod 2>/dev/null | cut -d. -f1)
ZXING_MAJOR := $(shell pkg-config --modversion zxing 2>/dev/null | cut -d. -f1)

CPPFLAGS += -Ifirmware -I. -I$(B)/generated -D_GNU_SOURCE -DPARVIS_VERSION='"$(VERSION)"' \
            -DGPIOD_MAJOR=$(or $(GPIOD_MAJOR),0) -DZXING_MAJOR=$(or $(ZXING_MAJOR),0) $(PKG_CFLAGS)
OPT      ?= -O2 -g
HARDEN   := -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
ALL_CFLAGS   := -std=c17 $(OPT) $(HARDEN) $(WARNINGS) -Wmissing-prototypes $(SAN) -pthread $(CFLAGS)
ALL_CXXFLAGS := -std=c++20 $(OPT) $(HARDEN) $(WARNINGS) $(SAN) -pthread $(CXXFLAGS)
ALL_LDFLAGS  := -pie -Wl,--as-needed -Wl,-z,relro,-z,now $(SAN) -pthread $(LDFLAGS)

# --- what there is to build --------------------------------------------------------------------

ROOMS    := base port door scan event store
C_SRC    := $(foreach r,$(ROOMS),$(wildcard firmware/$(r)/*.c))
CXX_SRC  := $(wildcard firmware/scan/*.cpp)
UI_SRC   := $(wildcard ui/*.c ui/screens/*.c)
APP_SRC  := $(wildcard firmware/app/*.c)
CLI_SRC  := $(wildcard firmware/cli/*.c)

obj       = $(patsubst %.cpp,$(B)/%.o,$(patsubst %.c,$(B)/%.o,$(1)))
ROOM_OBJ := $(call obj,$(C_SRC) $(CXX_SRC))
LIB      := $(B)/libparvis.a
UI_LIB   := $(B)/libparvis-ui.a
# All of app/ but its main(): what flow tests link.
APP_LIB  := $(B)/libparvis-app.a

KIOSK := $(B)/parvis-kiosk
CLI   := $(B)/parvis

all: $(KIOSK) $(CLI)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/%.o: %.cpp
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(ALL_CXXFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(ROOM_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

# Strings: PO files become tables.
STRINGS := $(B)/generated/ui_strings.h
$(STRINGS): $(wildcard assets/strings/*.po) $(wildcard assets/strings/*.awk)
	@mkdir -p $(@D)
	sh assets/strings/compile.sh $@ assets/strings
$(call obj,$(UI_SRC)): | $(STRINGS)

$(UI_LIB): $(call obj,$(UI_SRC))
	@rm -f $@
	$(AR) rcs $@ $^

$(APP_LIB): $(filter-out %/main.o,$(call obj,$(APP_SRC)))
	@rm -f $@
	$(AR) rcs $@ $^

$(KIOSK): $(call obj,firmware/app/main.c) $(APP_LIB) $(UI_LIB) $(LIB)
	$(CXX) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm

$(CLI): $(call obj,$(CLI_SRC)) $(LIB)
	$(CXX) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm

# --- tests -------------------------------------------------------------------------------------
# tests/unit/X_test.c, tests/flow/X_test.c, tests/screens/X_test.c: one program each, linked with
# every room. What tests share is in tests/fake/ (an object there, named first, takes the place of
# a port) and tests/data/.

TEST_SRC := $(wildcard tests/unit/*_test.c tests/flow/*_test.c tests/screens/*_test.c)
TESTS    := $(patsubst %.c,$(B)/%,$(TEST_SRC))
FAKE_OBJ := $(call obj,$(wildcard tests/fake/*.c))
FAKE_LIB := $(B)/libparvis-fake.a

$(FAKE_LIB): $(FAKE_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(TESTS): $(B)/%: $(B)/%.o $(FAKE_LIB) $(APP_LIB) $(UI_LIB) $(LIB)
	$(CXX) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcmocka -lm

-include $(shell find build/$(VARIANT) -name '*.d' 2>/dev/null)

clean:
	rm -rf build

.PHONY: all clean
.DELETE_ON_ERROR:
.SECONDARY:
