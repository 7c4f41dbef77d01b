#!/bin/sh
# When an update is taken: parvis-update with the real parvis-slot on an image. RAUC, systemd and the
# event's hours are stood in for; tests/system/update.sh has the real RAUC.
. tests/fake/tap.sh

: "${B:=build/release}"
bin=$(cd "$B" && pwd)
mkdir -p "$DIR/bin" "$DIR/media/stick"
truncate -s 3M "$DIR/disk"
slot() {
	"$bin/parvis-slot" --disk "$DIR/disk" "$@"
}

cat >"$DIR/bin/rauc" <<END
#!/bin/sh
echo "\$*" >>"$DIR/rauc"
[ ! -e "$DIR/unplugged" ] || { kill -KILL \$PPID; exit 1; }
grep -q good "\$2" || exit 1
[ ! -e "$DIR/opens" ] || rm -f "$DIR/closed"
"$bin/parvis-slot" --disk "$DIR/disk" set-state B bad && "$bin/parvis-slot" --disk "$DIR/disk" set-primary B
END
cat >"$DIR/bin/systemctl" <<END
#!/bin/sh
[ "\$*" = reboot ] && touch "$DIR/reboot"
END
cat >"$DIR/bin/setpriv" <<'END'
#!/bin/sh
while [ "${1#--}" != "$1" ]; do shift; done
exec "$@"
END
cat >"$DIR/bin/parvis-kiosk" <<END
#!/bin/sh
echo "\$*" >"$DIR/words"
[ "\$1 \$2 \$3" = "--is-closed --data /var/lib/parvis" ] && [ -e "$DIR/closed" ]
END
cat >"$DIR/bin/parvis-slot" <<END
#!/bin/sh
[ "\$1" != get-current ] || { echo A; exit; }
exec "$bin/parvis-slot" --disk "$DIR/disk" "\$@"
END
chmod 755 "$DIR"/bin/*

parvis_update() {
	PATH=$DIR/bin:$PATH PARVIS_UPDATE_MEDIA=$DIR/media PARVIS_UPDATE_TRIED=$DIR/tried PARVIS_UPDATES=$DIR/updates \
		sh board/update/parvis-update "$@" >"$DIR/out" 2>&1
}

# update: a round, as its unit has it; what was installed, where the box goes from there, and whether it
# was started anew
update() {
	rm -f "$DIR/rauc" "$DIR/reboot"
	! parvis_update --is-closed || parvis_update
	installed=$(sed 's|.*/||' "$DIR/rauc" 2>/dev/null | tr '\n' ' ')
	echo "${installed:-nothing }$(slot get-primary)$([ ! -e "$DIR/reboot" ] || echo " restart")"
}

slot init AB
is "without a bundle nothing happens" "nothing A" "$(update)"
echo bad >"$DIR/media/stick/a.raucb"
echo good >"$DIR/media/stick/b.raucb"
is "while an event is on, a bundle is not looked at" "nothing A" "$(update)"
touch "$DIR/closed" "$DIR/opens"
is "what RAUC refuses is passed over; the restart is another round's" \
	"a.raucb b.raucb B" "$(update)"
is "it is asked for a kiosk with the box's options" "--is-closed --data /var/lib/parvis --event x" \
	"$(parvis_update --is-closed --event x; cat "$DIR/words")"
is "nor as long as it is on" "nothing B" "$(update)"
touch "$DIR/closed"
is "afterwards there is" "nothing B restart" "$(update)"
slot init AB # as after a new system that never proved itself
rm "$DIR/opens"
is "what was installed is not installed again; what was not may have been pulled out" "a.raucb A" "$(update)"
is "but three times at most" "a.raucb A" "$(update)"
is "and no more" "nothing A" "$(update)"
echo bad >"$DIR/media/stick/a.raucb"
touch -d 2020-01-01 "$DIR/media/stick/a.raucb"
is "another copy of it is another" "a.raucb A" "$(update)"
rm "$DIR/media/stick/a.raucb"
echo "good, interrupted" >"$DIR/media/stick/d.raucb"
touch "$DIR/unplugged"
is "the plug is pulled in the middle" "d.raucb A" "$(update)"
rm "$DIR/unplugged"
is "and it is installed all the same" "d.raucb B" "$(update)"
slot init AB
ln -s "$DIR/media/stick/b.raucb" "$DIR/media/stick/link.raucb"
is "a link on a stick is none" "nothing A" "$(update)"
echo "good, too" >"$DIR/media/stick/c.raucb"
is "another is" "c.raucb B" "$(update)"
is "and started by the next round" "nothing B restart" "$(update)"
slot init AB
mkdir "$DIR/updates"
echo "good, from the network" >"$DIR/updates/network.raucb"
is "one from the network is, too" "network.raucb B" "$(update)"
slot init AB
is "once" "nothing A" "$(update)"
is "and is removed then" "" "$(ls "$DIR/updates")"
"$B/parvis-kiosk" --is-closed --data "$DIR" >"$DIR/out" 2>&1
is "a box without an event may be updated at any time" 0 $?
done_testing
