#!/bin/sh
# A hand scanner that types, through the kernel's uinput: layouts, the grab, pulled and plugged again.
. tests/system/guest/kiosk.sh

# The unit test of the same, which cannot run where there is no uinput.
CMOCKA_MESSAGE_OUTPUT=TAP "$B/tests/unit/scanner_test" >"$DIR/unit" 2>&1
status=$?
if [ $status = 0 ]; then
	ok "scanner_test passes"
else
	tail -n 20 "$DIR/unit" >"$DIR/unit.end"
	not_ok "scanner_test passes" "exit $status" "$DIR/unit.end"
fi
is "scanner_test reads a keyboard of the kernel's" 1 "$(grep -c '^ok [0-9]* - test_evdev$' "$DIR/unit")"

connected() {
	[ "$(grep -c 'reading from' "$DIR/$name.err")" = "$1" ]
}

# connects TIMES: the kiosk has found the scanner so often
connects() {
	until_true connected "$1"
}

admitted() {
	[ "$(grep -c '"ADMIT","source":"scanner"' "$DIR/$name.out")" = "$1" ]
}

# scan SEED COUNT: a guest's ticket is scanned, and with that COUNT have been let in
scan() {
	say "wait ADMIT 60s"
	type_until "$(ticket "$1" 1 0)" admitted "$2"
}

# overheard_is NAME WHAT: what another program got of the last line typed: none or some
overheard_is() {
	heard=$(sed -n 's/^overheard //p' "$DIR/wedge.out" | tail -n 1)
	[ "$heard" = 0 ] && heard=none || heard=some
	is "$1" "$2" "$heard"
}

for layout in us fr; do
	plug_in $layout
	type_in HELLO
	overheard_is "$layout: before the kiosk runs, anybody reads the scanner" some
	begin $layout --scanner "evdev:$node,$layout"
	say "expect fault none"
	connects 1
	scan "first$layout" 1
	say "expect present 1"
	reached first
	overheard_is "$layout: afterwards nobody else does" none

	unplug
	say "expect fault scanner" "expect screen scan" "code $(ticket between$layout 1 0)" \
		"wait ADMIT"
	reached unplugged
	before=$node
	plug_in $layout
	is "$layout: it comes back at the same place" "$before" "$node"
	say "expect fault none"
	connects 2
	scan "again$layout" 3
	say "expect present 3"
	reached again
	overheard_is "$layout: and is taken again" none
	end "$layout: a scanner is read, missed, and read again"
	type_in BYE
	overheard_is "$layout: let go when the kiosk has ended" some
	unplug
done

done_testing
