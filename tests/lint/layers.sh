#!/bin/sh
# The rooms of ARCHITECTURE.md: who may include what, and what nobody may call. Every rule is
# proven first by a violation that is planted in a tree of its own and has to be found.
# shellcheck disable=SC2317 # the rules are called by name
set -u

number=0 failed=0
result() {
	number=$((number + 1))
	echo "$1 $number - $2"
	[ "$1" = ok ] || failed=1
}

# Prints `path:line: what is wrong` for each #include in tree $1 that its room may not have.
includes() {
	(cd "$1" && grep -rnE '^[[:space:]]*#[[:space:]]*include' firmware ui --include='*.[ch]' \
		--include='*.cpp' 2>/dev/null) | awk -F: '
	BEGIN {
		# Rooms of ours. "x/y.h" is that header alone.
		own["base"] = "base"
		own["port"] = "base port"
		own["door"] = "base door"
		own["scan"] = "base door scan"
		own["reader"] = "base scan"
		own["console"] = "base"
		own["event"] = "base door event"
		own["store"] = "base door event store"
		# Of port/ the contract of a broker alone; of event/ nothing.
		own["sync"] = "base door store sync port/broker.h"
		own["night"] = "base door event store sync night ui/paper"
		own["box"] = "base box"
		own["ui"] = "base door ui"
		own["ui/paper"] = "base door ui ui/paper"
		own["app"] = "base port door scan event store sync night ui ui/paper app"
		own["cli"] = "base port door scan event store sync night ui/paper cli"

		# Libraries, by the start of the header'"'"'s name.
		library["SDL"] = library["xf86drm"] = "ui"
		library["cairo"] = library["pango"] = library["qrencode"] = "ui ui/paper night"
		library["fontconfig"] = library["hb"] = library["glib"] = "ui ui/paper"
		library["sqlite3"] = "store"
		library["sodium"] = "event store night app cli"
		library["csv.h"] = "event"
		library["utf8proc"] = "event"
		library["ini.h"] = "event port"
		library["jansson"] = "event sync night app cli"
		library["mosquitto"] = library["libudev"] = "port"
		library["libpq"] = "store"
		library["openssl/"] = "event"
		library["curl/"] = "port"
		library["ZXing"] = library["ReadBarcode"] = library["BarcodeFormat"] = "scan"
		library["DecodeHints"] = library["TextUtfEncoding"] = library["ZX"] = "scan"
		library["ImageView"] = library["Result.h"] = library["ReaderOptions"] = "scan"
		library["Barcode.h"] = library["Matrix"] = library["Quadrilateral"] = "scan"
		library["Content.h"] = library["ByteArray"] = library["GTIN"] = "scan"
		library["seccomp"] = library["linux/seccomp"] = "scan"
		library["gpiod"] = library["libevdev/"] = library["xkbcommon/"] = "port"
		library["jpeglib"] = library["jerror"] = library["png"] = "port"
		library["cups/"] = "port"
		library["linux/input"] = library["linux/videodev2"] = "port"
		library["zbar"] = library["quirc"] = ""

		# What the language and the system bring. Of these door/ has only what is pure.
		pure = " assert.h ctype.h errno.h inttypes.h limits.h math.h stdalign.h stdarg.h " \
			"stdbool.h stddef.h stdint.h stdio.h string.h strings.h float.h "
		system_headers = pure "dirent.h endian.h fcntl.h fnmatch.h ftw.h getopt.h glob.h grp.h " \
			"langinfo.h libgen.h locale.h malloc.h poll.h pthread.h pwd.h sched.h " \
			"semaphore.h setjmp.h signal.h spawn.h stdatomic.h stdlib.h stdnoreturn.h " \
			"syscall.h sysexits.h syslog.h termios.h threads.h time.h uchar.h unistd.h utime.h " \
			"wchar.h wctype.h "
	}
	function wrong(what) { print $1 ":" $2 ": " what }
	{
		room = $1
		if (room ~ /^ui\/paper\//) {
			room = "ui/paper"
		} else if (room ~ /^ui\//) {
			room = "ui"
		} else {
			sub(/^firmware\//, "", room)
			sub(/\/.*/, "", room)
		}
		line = $0
		sub(/^[^:]*:[^:]*:/, "", line)
		if (match(line, /"[^"]*"/)) {
			header = substr(line, RSTART + 1, RLENGTH - 2)
			if (header ~ /^generated\// || header ~ /^ui_strings/) {
				if (room !~ /^ui/)
					wrong(room " includes what is generated for ui: " header)
				next
			}
			if (!(room in own)) {
				wrong("there is no room called " room)
				next
			}
			if (header !~ /\//) {
				wrong("not by its room: \"" header "\"")
				next
			}
			from = header
			if (from ~ /^ui\/paper\//)
				from = "ui/paper"
			else
				sub(/\/.*/, "", from)
			if (index(" " own[room] " ", " " from " ") == 0)
				wrong(room " may not include " header)
			next
		}
		if (!match(line, /<[^>]*>/)) {
			wrong("an include that cannot be judged: " line)
			next
		}
		header = substr(line, RSTART + 1, RLENGTH - 2)
		longest = ""
		for (name in library)
			if (index(header, name) == 1 && length(name) > length(longest))
				longest = name
		if (longest != "") {
			if (index(" " library[longest] " ", " " room " ") == 0)
				wrong(room " may not include <" header ">")
			next
		}
		if (room == "door") {
			if (index(pure, " " header " ") == 0)
				wrong("door is pure; <" header "> is not")
			next
		}
		if (header ~ /^(sys|linux|arpa|netinet|net)\//)
			next
		if ($1 ~ /\.cpp$/ && header ~ /^[a-z_]+$/)
			next
		if (index(system_headers, " " header " ") == 0)
			wrong("a library that no room has: <" header ">")
	}'
}

# Prints the calls of the functions $3 (an ERE) in folder $2 of tree $1, comments and strings apart.
calls() {
	find "$1/$2" -name '*.[ch]' -o -name '*.cpp' 2>/dev/null | while read -r file; do
		gcc -fpreprocessed -dD -E -P -x c "$file" 2>/dev/null | sed 's/"\([^"\\]\|\\.\)*"/""/g' |
			grep -oE "(^|[^A-Za-z0-9_.>])($3)[[:space:]]*\(" | sort -u |
			sed "s|^[^A-Za-z]*|${file#"$1"/}: calls |; s|[[:space:]]*(\$||"
	done
}

heap='malloc|calloc|realloc|reallocarray|free|strdup|strndup|asprintf|vasprintf|alloca'
clocks='time|clock|clock_gettime|gettimeofday|localtime|localtime_r|gmtime|gmtime_r|mktime|clock_now'
stdio='printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|fopen|fwrite|fread|open|read|write|close'
logging='log_error|log_warning|log_info|log_debug|syslog'
other='pthread_[a-z_]+|mailbox_[a-z]+|getenv|rand|random|getrandom|sleep|usleep|nanosleep'
unsafe='strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|tmpnam|mktemp|system|popen|alloca'

door_calls() {
	calls "$1" firmware/door "$heap|$clocks|$stdio|$logging|$other"
}
unsafe_calls() {
	calls "$1" firmware "$unsafe"
	calls "$1" ui "$unsafe"
}
# A child of a program with threads and an open database is made in two places, which know how.
fork_calls() {
	calls "$1" firmware 'fork|vfork|posix_spawn|posix_spawnp' |
		grep -v -e '^firmware/scan/' -e '^firmware/port/broker_host\.c:'
	calls "$1" ui 'fork|vfork|posix_spawn|posix_spawnp'
}

# --- the rules find what they are for ------------------------------------------------------------

tree=$(mktemp -d "${TMPDIR:-/tmp}/parvis-layers.XXXXXX")
trap 'rm -rf "$tree"' EXIT

# found RULE PATH TEXT: a file with that text breaks the rule.
found() {
	rm -rf "${tree:?}"/*
	mkdir -p "$tree/$(dirname "$2")"
	printf '%s\n' "$3" >"$tree/$2"
	if [ -n "$($1 "$tree")" ]; then
		result ok "found in $2: $3"
	else
		result "not ok" "missed in $2: $3"
	fi
}
# allowed RULE PATH TEXT: the rule does not mind.
allowed() {
	rm -rf "${tree:?}"/*
	mkdir -p "$tree/$(dirname "$2")"
	printf '%s\n' "$3" >"$tree/$2"
	said=$($1 "$tree")
	if [ -z "$said" ]; then
		result ok "allowed in $2: $3"
	else
		result "not ok" "refused in $2: $3: $said"
	fi
}

found includes firmware/base/x.c '#include "door/row.h"'
found includes firmware/port/x.c '#include "store/log.h"'
found includes firmware/port/x.h '#include "door/cue.h"'
found includes firmware/door/x.c '#include "port/clock.h"'
found includes firmware/door/x.c '#include <time.h>'
found includes firmware/door/x.c '#  include <stdlib.h>'
found includes firmware/scan/x.cpp '#include "event/event.h"'
found includes firmware/event/x.c '#include "store/roster.h"'
found includes firmware/event/x.c '#include <sqlite3.h>'
found includes firmware/store/x.c '#include "port/clock.h"'
found includes firmware/app/x.c '#include <sqlite3.h>'
found includes firmware/app/x.c '#include <SDL2/SDL.h>'
found includes firmware/cli/x.c '#include "app/kiosk.h"'
found includes firmware/cli/x.c '#include <gpiod.h>'
found includes firmware/box/x.c '#include "store/log.h"'
found includes firmware/app/x.c '#include "box/slots.h"'
found includes firmware/port/x.c '#include <sodium.h>'
found includes firmware/base/x.c '#include <jansson.h>'
found includes firmware/base/x.c '#include <curl/curl.h>'
found includes firmware/base/x.c '#include "cc.h"'
found includes firmware/attic/x.c '#include "base/cc.h"'
found includes ui/screens/x.c '#include "store/log.h"'
found includes ui/x.c '#include <sodium.h>'
found includes ui/x.c '#include MACRO'
found includes ui/x.c '#include "ui/paper/paper.h"'
found includes ui/paper/x.c '#include <SDL2/SDL.h>'
found includes ui/paper/x.c '#include "event/code.h"'
found includes firmware/cli/x.c '#include "ui/render.h"'
found includes firmware/cli/x.c '#include <cairo.h>'
found includes firmware/port/x.c '#include "ui/paper/paper.h"'
allowed includes firmware/port/x.c '#include <curl/curl.h>'
found includes firmware/cli/x.c '#include <curl/curl.h>'
allowed includes firmware/store/x.c '#include <sqlite3.h>'
allowed includes firmware/event/x.c '#include <sodium.h>'
allowed includes firmware/scan/x.cpp '#include <ZXing/ReadBarcode.h>'
allowed includes firmware/app/x.c '#include "store/log.h"'
allowed includes ui/screens/x.c '#include "door/screen.h"'
allowed includes ui/x.c '#include <pango/pangocairo.h>'
allowed includes ui/paper/x.c '#include <qrencode.h>'
allowed includes ui/paper/x.c '#include "ui/theme.h"'
allowed includes firmware/cli/x.c '#include "ui/paper/paper.h"'
allowed includes firmware/app/x.c '#include "ui/paper/paper.h"'
found door_calls firmware/door/x.c 'void *f(void) { return malloc(3); }'
found door_calls firmware/door/x.c 'long f(void) { return time(0); }'
found door_calls firmware/door/x.c 'void f(void) { log_info("x"); }'
found door_calls firmware/door/x.c 'void f(void) { printf ("x"); }'
found door_calls firmware/door/x.c 'int f(void) { return rand(); }'
allowed door_calls firmware/door/x.c '/* malloc(3) */ int f(int wall_time) { return g_time(wall_time); }'
allowed door_calls firmware/door/x.c 'int f(char *s) { return snprintf(s, 9, "time("); }'
found unsafe_calls firmware/app/x.c 'void f(char *a) { strcat(a, "x"); }'
found unsafe_calls ui/x.c 'int f(char *a) { return atoi(a); }'
found fork_calls firmware/app/x.c 'int f(void) { return fork(); }'
found fork_calls firmware/port/x.c 'int f(void) { return fork(); }'
allowed fork_calls firmware/scan/x.c 'int f(void) { return fork(); }'

# --- and this tree keeps them --------------------------------------------------------------------

# keeps RULE WHAT
keeps() {
	said=$($1 .)
	[ -z "$said" ] && result ok "$2" && return
	echo "$said" | sed 's/^/# /'
	result "not ok" "$2"
}

keeps includes "every room includes only what it may"
keeps door_calls "door/ has no heap, clock, log, file, thread or chance"
keeps unsafe_calls "no function without a limit, no shell"
keeps fork_calls "processes are made in scan/ and by the venue's broker only"
echo "1..$number"
exit $failed
