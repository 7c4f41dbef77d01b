#!/bin/sh
# What `make run` starts, from the programs in $B: with a display the kiosk on the demo event, fed
# with the demo's pictures, its panel of lamps beside it; without one the demo evening, played
# against the same store, reading process and screens, with screenshots.
set -eu

cd "$(dirname "$0")/.."
kiosk=${B:-build/release}/parvis-kiosk
venue=${VENUE:-numa}
pictures=assets/demo/pictures

# The demo event with its roster, aside: the folder in assets/ stays as it is.
event=${EVENT:-build/demo-event}
if [ -z "${EVENT:-}" ]; then
	mkdir -p "$event"
	cp assets/demo/event.ini "$event"
	"${B:-build/release}/parvis" roster import --event "$event" assets/demo/roster.csv
fi

# A Raspberry Pi without a desktop still has a screen when its card has a connected output. HEADLESS=1
# plays the evening all the same.
has_display() {
	[ -z "${HEADLESS:-}" ] || return 1
	[ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || return 0
	grep -qsx connected /sys/class/drm/*/status
}

if has_display; then
	data=${DATA:-build/demo-data}
	mkdir -p "$data"
	echo "The kiosk of venue $venue opens; its data is in $data. Ctrl-C in here ends it."
	exec "$kiosk" --event "$event" --venue "$venue" --door nord --data "$data" \
		--camera "files:$pictures" --panel window "$@"
fi

shots=${SHOTS:-build/shots}
data=$(mktemp -d "${TMPDIR:-/tmp}/parvis-demo.XXXXXX")
trap 'rm -rf "$data"' EXIT
mkdir -p "$shots"
rm -f "$shots"/*.png
echo "There is no display, so the demo evening is played instead; each verdict is a line:"
status=0
"$kiosk" --event "$event" --venue "$venue" --door nord --data "$data" \
	--script "assets/demo/evening.script" --shots "$shots" --offscreen "$@" || status=$?
count=$(find "$shots" -name '*.png' | wc -l)
if [ "$status" != 0 ]; then
	echo "The evening did not go as its script says (status $status)." >&2
	exit "$status"
fi
echo "The evening went as its script says. The screens of it, $count pictures, are in $shots/"
