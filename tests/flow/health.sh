#!/bin/sh
# A system proves itself by doing its work: parvis-health with the real kiosk, a real log and the real
# parvis-slot on an image; systemd is stood in for.
. tests/fake/tap.sh

: "${B:=build/release}"
bin=$(cd "$B" && pwd)
mkdir -p "$DIR/bin" "$DIR/data"
truncate -s 3M "$DIR/disk"

cat >"$DIR/bin/systemctl" <<'END'
#!/bin/sh
case $* in
"is-active --quiet parvis-kiosk.service") [ -e "$HEALTH/active" ] ;;
"show -P MainPID parvis-kiosk.service") cat "$HEALTH/pid" ;;
*) exit 9 ;;
esac
END
# A new system has lost one of its three tries to the start script, which is not there.
cat >"$DIR/bin/parvis-slot" <<END
#!/bin/sh
echo "\$*" >>"$DIR/asked"
case \$1 in
get-current) echo B ;;
status) "$bin/parvis-slot" --disk "$DIR/disk" status | sed 's/3 tries/2 tries/' ;;
*) exec "$bin/parvis-slot" --disk "$DIR/disk" "\$@" ;;
esac
END
cat >"$DIR/bin/parvis-kiosk" <<END
#!/bin/sh
[ ! -e "$DIR/vanishes" ] || echo 18 >"$DIR/pid"
[ ! -e "$DIR/forgets" ] || rm -rf "$DIR/data/log"
exec "$bin/parvis-kiosk" "\$@"
END
chmod 755 "$DIR"/bin/*

# health TRIES: the verdict on B with so many tries left, and the slot's line afterwards
health() {
	touch "$DIR/active"
	echo 17 >"$DIR/pid"
	"$bin/parvis-slot" --disk "$DIR/disk" init AB
	[ "$1" = proven ] || "$bin/parvis-slot" --disk "$DIR/disk" set-primary B
	[ ! -e "$DIR/dark" ] || rm "$DIR/active"
	PATH=$DIR/bin:$PATH HEALTH=$DIR PARVIS_HEALTH_DATA=$DIR/data PARVIS_HEALTH_DEMO=${demo:-assets/demo} \
		sh board/update/parvis-health >"$DIR/out" 2>&1
	status=$?
	line=$("$bin/parvis-slot" --disk "$DIR/disk" status | grep '^B:')
	echo "$status $line"
}

is "a system that does its work has proven itself" "0 B: 9 tries left, first" "$(health new)"
is "nothing of it stays on the disk" "" "$(ls "$DIR/data")"
touch "$DIR/dark"
is "one without a screen has not, and is started again" "1 B: 3 tries left, first" "$(health new)"
rm "$DIR/asked"
is "one that had proven itself goes on" "3 B: 9 tries left" "$(health proven)"
is "with all its tries, so that it is never taken for a new one" "set-state B good" "$(tail -n 1 "$DIR/asked")"
rm "$DIR/dark"
touch "$DIR/vanishes"
is "a kiosk that was started anew meanwhile is none that stands" "1 B: 3 tries left, first" \
	"$(health new)"
rm "$DIR/vanishes"
touch "$DIR/forgets"
is "a row that is gone again is noticed" "1 B: 3 tries left, first" "$(health new)"
rm "$DIR/forgets"
cp -r assets/demo "$DIR/demo"
cp assets/demo/pictures/07-forged.jpg "$DIR/demo/pictures/01-phone.jpg"
sed -i 's/120s/2s/' "$DIR/demo/health.script"
demo=$DIR/demo
is "a picture that is not read as it should be is noticed" "1 B: 3 tries left, first" \
	"$(health new)"
done_testing
