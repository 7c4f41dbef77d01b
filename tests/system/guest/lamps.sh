#!/bin/sh
# Lamps, the door's relay and buttons, on the kernel's simulated GPIO chip. The script's clock stands
# still between two lines of it, so that a lamp can be looked at for as long as that takes.
. tests/system/guest/kiosk.sh

sim=/sys/kernel/config/gpio-sim/board
mkdir -p $sim/bank
echo 28 >$sim/bank/num_lines
echo 1 >$sim/live
device=$(cat $sim/dev_name)
chip=$(cat $sim/bank/chip_name)
lines=/sys/devices/platform/$device/$chip
driver=/sys/bus/platform/drivers/gpio-sim
sed "s|/dev/gpiochip0|/dev/$chip|" board/pins.ini >"$DIR/pins.ini"
pins="--pins $DIR/pins.ini"

# What is on, by the level of the chip's lines.
lit() {
	on=
	for lamp in green:17 amber:27 red:22 buzzer:18 door:25; do
		[ "$(cat "$lines/sim_gpio${lamp#*:}/value")" = 0 ] || on="$on ${lamp%:*}"
	done
	echo "${on# }"
}

is_lit() {
	[ "$(lit)" = "$1" ]
}

# lit_is NAME WHAT: at this moment
lit_is() {
	is "$1" "$2" "$(lit)"
}

# lit_becomes NAME WHAT: soon
lit_becomes() {
	until_true is_lit "$2"
	lit_is "$1" "$2"
}

# push LINE: closes a button's contact for a moment
push() {
	echo pull-down >"$lines/sim_gpio$1/pull"
	sleep 0.2
	echo pull-up >"$lines/sim_gpio$1/pull"
}

# A signed ticket with one character of its signature changed.
forged() {
	ticket "$1" 1 0 | sed 's/^\(.\{20\}\)A/\1C/; t; s/^\(.\{20\}\)./\1A/'
}

# --- a guest walks in ----------------------------------------------------------------------------

# shellcheck disable=SC2086 # two words
{
	begin admit $pins
	lit_is "all is off at the start" ""
	say "code $(ticket lamps1 1 0)" "wait ADMIT"
	reached admitted
	lit_is "a guest who may come in: green, the door's relay, a beep" "green buzzer door"
	say "expect lamp off"
	lit_becomes "green and the relay stay when the beep is over" "green door"
	lit_becomes "and go off" ""
	say "code $(forged lamps2)" "wait FORGED"
	reached forged
	lit_is "a forged ticket: red, and the buzzer" "red buzzer"
	say "expect lamp off"
	reached dark
	lit_is "its pattern: a gap" ""
	say "expect lamp red"
	reached again
	lit_is "its pattern: once more" "red buzzer"
	say "expect lamp off" "expect lamp red" "expect lamp off" "expect lamp red"
	reached steady
	lit_is "its pattern: the third time without a sound" "red"
	say "expect lamp off"
	reached over
	lit_is "and off" ""
	say "code $(ticket lamps3 1 0)" "wait ADMIT"
	reached last
	lit_is "one more, for the end" "green buzzer door"
	end "the script holds"
	lit_is "all is off when the program has ended while green was on" ""
}

# --- buttons -------------------------------------------------------------------------------------

# shellcheck disable=SC2086
{
	begin buttons $pins
	say "expect fault none"
	reached ready
	push 16
	say "expect walk_ins 1" "expect present 1" "expect lamp green"
	reached counted
	push 16
	say "expect walk_ins 2"
	reached twice
	push 24
	say "expect screen help" "expect lamp amber"
	end "buttons: a guest without a ticket is counted once a push; help is called"
	is "and it is known that they came by a button" 2 \
		"$(grep -c '"ADMIT","source":"button"' "$DIR/buttons.out")"
	lit_is "all is off" ""
}

# --- how a program can end -----------------------------------------------------------------------

# Admits a guest at a live kiosk, by hand scanner.
light_up() {
	plug_in us
	# shellcheck disable=SC2086
	live "$1" $pins --scanner "evdev:$node"
	if ! until_true has_line "$DIR/$1.err" "reading from"; then
		not_ok "$1: a live kiosk starts" "$DIR/$1.err"
		return
	fi
	type_until "$(ticket "$1" 1 0)" is_lit "green door"
	lit_is "$1: a live kiosk lights green" "green door"
}

light_up sigterm
kill "$pid"
wait "$pid"
is "sigterm: it ends well" 0 $?
lit_is "sigterm: all is off" ""
unplug

light_up sigkill
kill -9 "$pid"
wait "$pid" 2>/dev/null
lit_becomes "sigkill: all is off" ""
unplug

# --- a chip that goes ----------------------------------------------------------------------------

# shellcheck disable=SC2086
{
	begin gone $pins
	say "code $(ticket gone1 1 0)" "wait ADMIT" "expect lamp off" "expect fault none"
	reached before
	echo "$device" >$driver/unbind
	say "expect fault buttons" "expect fault lamps" "expect screen scan"
	reached noticed
	say "code $(ticket gone2 1 0)" "wait ADMIT" "expect present 2" "expect fault lamps"
	reached during
	echo "$device" >$driver/bind
	say "expect fault none" "code $(ticket gone3 1 0)" "wait ADMIT"
	reached back
	lit_is "the chip is back, and green again" "green buzzer door"
	say "expect present 3"
	push 16
	say "expect walk_ins 1"
	end "a chip that goes while nobody comes: told, check-in goes on, and all is well when it is back"
	lit_is "all is off" ""

	begin busy $pins
	say "code $(ticket busy1 1 0)" "wait ADMIT"
	reached before
	lit_is "green, and then the chip goes" "green buzzer door"
	echo "$device" >$driver/unbind
	say "code $(ticket busy2 1 0)" "wait ADMIT" "expect fault lamps" "expect present 2"
	reached during
	echo "$device" >$driver/bind
	say "expect fault none" "code $(ticket busy3 1 0)" "wait ADMIT"
	reached back
	lit_is "the chip is back, and green again" "green buzzer door"
	end "a chip that goes while green is on: told, check-in goes on, and all is well when it is back"
}

done_testing
