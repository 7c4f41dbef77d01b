#!/bin/sh
# The units of the packages under a real service manager: a fresh Debian of this host's release, with
# the packages in it, runs as a container, systemd being its first process. There the kiosk reads a
# ticket by way of the reading process's own unit, which is killed, made to hang, and looked at from
# outside. Speaks TAP. Needs root, mmdebstrap, debhelper and the package mirror that this host's own
# apt uses. The system is made once, in build/sandbox.
#
#   PARVIS_DEBS   a folder of packages that have been built already
# shellcheck disable=SC2317 # functions are called by name
set -u
. tests/system/lib/chroot.sh

root=${PARVIS_SANDBOX:-build/sandbox}
number=0 failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/parvis-sandbox.XXXXXX") || exit 3
said=$work/said
container='' unshare_pid=''

end() {
	[ -z "$unshare_pid" ] || kill -9 "$unshare_pid" 2>/dev/null
	rm -rf "$work"
}
trap end EXIT
trap 'exit 1' HUP INT TERM

result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		tail -n 30 "$said" | sed 's/^/# /'
		echo "not ok $number - $2"
		failed=1
	fi
}
skip() {
	echo "1..1"
	echo "# skipped: $1"
	echo "ok 1 - the units under a service manager # SKIP $1"
	exit 0
}
give_up() {
	echo "1..$number"
	exit 1
}
# within SECONDS COMMAND...: until it succeeds
within() {
	tries=$(($1 * 5))
	shift
	until "$@" >"$said" 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.2
	done
}

[ "$(id -u)" = 0 ] || skip "not root"
for tool in mmdebstrap dh nsenter; do
	command -v $tool >/dev/null || skip "there is no $tool"
done
[ -n "$(chroot_mirror)" ] || skip "this host's apt has no Debian mirror; apt-get update first?"
unshare --mount --pid --fork --net --cgroup sh -c "mkdir $work/c && mount -t cgroup2 cgroup2 $work/c" \
	2>/dev/null || skip "no containers here"

unset MAKEFLAGS MAKELEVEL
debs=${PARVIS_DEBS:-build/deb}
if [ -z "${PARVIS_DEBS:-}" ]; then
	make --no-print-directory -s deb >"$said" 2>&1
	result $? "the packages build"
fi
make --no-print-directory -s programs tools >"$said" 2>&1
result $? "programs and tools build"
[ $failed = 0 ] || give_up

codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
if [ ! -e "$root/parvis-made" ]; then
	chroot_make "$root" "$codename" systemd,systemd-sysv,dbus,udev,iproute2,nftables,procps \
		>"$said" 2>&1 && touch "$root/parvis-made"
	result $? "a fresh system"
	[ $failed = 0 ] || give_up
fi
root=$(cd "$root" && pwd)
rm -rf "$root/src/parvis"
mkdir -p "$root/src/parvis"
cp "$debs"/parvis-common_*.deb "$debs"/parvis-kiosk_*.deb "$debs"/parvis-box_*.deb "$root/src/parvis/"
chroot_run "$root" "apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	--reinstall --no-install-recommends ./parvis*.deb" >"$said" 2>&1
result $? "apt installs them"
[ $failed = 0 ] || give_up

# A ticket before the camera, a screen that nobody sees; all else is as the packages have it.
mkdir "$work/share"
build/release/tests/tools/paint "$work/share/1.png" \
	"$(build/release/tests/tools/ticket sandbox1 1 0)" width=640 height=480 size=0.7
result $? "a ticket is painted"
cat >"$work/share/test.conf" <<-'CONF'
	[Unit]
	Wants=
	[Service]
	Environment=SDL_VIDEODRIVER=dummy SDL_RENDER_DRIVER=software PLACES=
	Environment="DEVICES=--camera files:/run/share --event /usr/share/parvis/demo --venue numa --mute"
	StandardInput=null
	TTYPath=
CONF

# shellcheck disable=SC2016 # expanded by the inner shell
setsid unshare --mount --pid --fork --kill-child --ipc --uts --net --cgroup sh -c '
	set -e
	work=$1
	mount --make-rprivate /
	mkdir "$work/up" "$work/root"
	mount -t tmpfs tmpfs "$work/up"
	mkdir "$work/up/u" "$work/up/w"
	mount -t overlay -o "lowerdir=$2,upperdir=$work/up/u,workdir=$work/up/w" overlay "$work/root"
	cd "$work/root"
	mount -t proc proc proc
	# The settings there are this host'"'"'s kernel'"'"'s.
	mount --bind proc/sys proc/sys
	mount -o remount,bind,ro proc/sys
	mount -t sysfs -o ro sysfs sys
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mount -t tmpfs -o mode=755 tmpfs dev
	mkdir dev/pts dev/shm
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
	ln -s pts/ptmx dev/ptmx
	for node in null zero full random urandom tty; do
		touch dev/$node
		mount --bind /dev/$node dev/$node
	done
	mount -t tmpfs -o mode=755 tmpfs run
	mount -t tmpfs tmpfs tmp
	mkdir -p run/share run/systemd/system/parvis-kiosk.service.d
	mount --bind "$work/share" run/share
	cp "$work/share/test.conf" run/systemd/system/parvis-kiosk.service.d/90-test.conf
	mkdir old
	pivot_root . old
	umount -l old
	exec env -i container=parvis PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --log-target=journal
' sh "$work" "$root" >"$work/first" 2>&1 </dev/null &
unshare_pid=$!
container=$unshare_pid

find_init() {
	container=$(pgrep -P "$unshare_pid") && [ -n "$container" ] &&
		[ "$(cat "/proc/$container/comm")" = systemd ]
}
# in_it COMMAND: as its root
in_it() {
	nsenter -t "$container" -m -p -u -i -n -C env -i PATH=/usr/sbin:/usr/bin HOME=/root sh -c "$1" </dev/null
}
is_up() {
	in_it "systemctl is-active parvis-kiosk parvis-reader.socket"
}
reader() {
	in_it "systemctl list-units --plain --no-legend --state=running 'parvis-reader@*'" | cut -d' ' -f1
}
reader_pid() {
	unit=$(reader | head -n 1)
	[ -n "$unit" ] && in_it "systemctl show -P MainPID $unit"
}
# A row that the log has: the ticket was read, judged and written.
has_row() {
	in_it "rm -rf /run/share/data && cp -r /var/lib/parvis /run/share/data" &&
		build/release/parvis headcount --data "$work/share/data" --json | grep -q '"in": *1'
}
# others SINCE: a reading process that is another than that one
another() {
	now=$(reader_pid) && [ -n "$now" ] && [ "$now" != "$1" ]
}

within 30 find_init
result $? "a service manager starts"
[ $failed = 0 ] || { cat "$work/first"; give_up; }
within 60 is_up
result $? "kiosk and reader's socket are up"
within 60 has_row
result $? "a ticket before the camera is read by way of the reader's unit, and is in the log"
in_it "systemctl list-units --failed --plain --no-legend 'parvis*'" >"$said" 2>&1
[ ! -s "$said" ]
result $? "no unit has failed"
in_it "nft list table inet parvis" >"$said" 2>&1 && grep -q 'policy drop' "$said"
result $? "the firewall is up"

pid=$(reader_pid)
in_it "ps -o user= -p $pid; grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd):' /proc/$pid/status" |
	tr -d '\t ' >"$said"
[ "$(LC_ALL=C sort "$said" | xargs)" = \
	"CapBnd:0000000000000000 CapEff:0000000000000000 NoNewPrivs:1 Seccomp:2 parvis-read" ]
result $? "the reading process is its own user, without capabilities, under seccomp"
in_it "cat /proc/$pid/net/dev" >"$said"
[ "$(grep -c : "$said")" = 1 ]
result $? "it has no network"
in_it "ls /proc/$pid/root/etc /proc/$pid/root/home /proc/$pid/root/var/lib /proc/$pid/root/run 2>/dev/null |
	grep -v -e : -e '^\$' -e ^systemd\$ -e ^host\$ -e ^credentials\$" >"$said" 2>&1
[ ! -s "$said" ]
result $? "it sees no files but its libraries"
in_it "ls /proc/$pid/fd" >"$said"
[ "$(xargs <"$said")" = "3 4 5" ]
result $? "it holds a frame, a socket and its leash"
in_it "ls -l /proc/$pid/fd/3" >"$said"
grep -q 'memfd:frame' "$said"
result $? "and the frame is memory, of no disk"

kill_reader() {
	in_it "kill -9 $pid"
}
kill_reader
within 20 another "$pid"
result $? "killed, it is replaced"
pid=$(reader_pid)
in_it "kill -STOP $pid"
within 40 another "$pid"
result $? "hanging, it is replaced"
in_it "test ! -e /proc/$pid" >"$said" 2>&1
result $? "and the one that hung is no more"

for of in "parvis-kiosk.service 20" "$(reader | head -n 1) 10" "parvis-console.service 15" \
	"parvis-firewall.service 15"; do
	in_it "systemd-analyze security --no-pager --threshold=${of#* } ${of% *}" >"$said" 2>&1
	result $? "${of% *} is exposed to no more than ${of#* } tenths: $(sed -n 's/.*: \([0-9.]*\) .*/\1/p' "$said")"
done
# What started so and failed would be tried for ever, and nobody would read of it.
in_it "journalctl -b --no-pager -o cat -u 'parvis*'" >"$work/journal"
grep -iE 'denied|not permitted|failed at step|result .exit-code' "$work/journal" >"$said"
[ ! -s "$said" ]
result $? "nothing was denied that a unit needs"

# What a kiosk that was taken over would try. (What the kernel's settings forbid is not here: they are
# this host's.)
kiosk=$(in_it "systemctl show -P MainPID parvis-kiosk")
as_kiosk() {
	in_it "nsenter -t $kiosk -m setpriv --reuid=parvis-kiosk --regid=parvis-kiosk --clear-groups \
		--no-new-privs --bounding-set=-all --inh-caps=-all sh -c '$1'"
}
as_kiosk "echo x >/var/lib/parvis/probe && rm /var/lib/parvis/probe" >"$said" 2>&1
result $? "the kiosk's user writes to its own folder"
for try in "echo x >/etc/x" "echo x >/usr/bin/x" "echo x >/usr/share/parvis/x" "cat /etc/shadow" \
	"ls /root" "kill -0 1" "cat /proc/1/environ" "mount -t tmpfs none /mnt" \
	"systemctl reboot" "systemd-run id" "nft list ruleset"; do
	! as_kiosk "$try" >"$said" 2>&1
	result $? "and cannot: $try"
done
echo "1..$number"
exit $failed
