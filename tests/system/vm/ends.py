"""Power, disks, clocks, programs that end; and a start with hands on everything."""
import os
import select
import struct
import time

import hands
from box import Breach, control, step
from door import BOOT, BUILD, IMAGE, run
from machine import Failed

BLACK, TEXT = (0, 0, 0), (0xAA, 0xAA, 0xAA)  # a console's ground, and the kernel's own letters


def restarted(b, seconds):
	"""The kiosk is another process, nothing else has changed; no console was to be seen meanwhile."""
	end = time.monotonic() + seconds
	while b.state().splitlines()[1] in (b.before.splitlines()[1], "kiosk "):
		seen = b.machine.colours()
		if seen.get(BLACK, 0) > 0.5 and seen.get(TEXT, 0) > 0.0005:
			raise Breach("a console is on the screen")
		if time.monotonic() > end:
			raise Breach("the kiosk does not come back")
	b.waits_for_guests(120)
	was = b.before.splitlines()[1]
	b.before = b.before.replace(was, b.state().splitlines()[1])
	b.same()


@step("power", "P4")
def the_power_button(b):
	pressed = "read -r n _ </sys/firmware/acpi/interrupts/ff_pwr_btn; echo $n"
	had = int(b.said(pressed))
	for _ in range(5):
		b.machine.do("system_powerdown")
		time.sleep(0.5)
	if int(b.said(pressed)) == had:
		raise Failed("nobody heard the button")
	b.same()


@step("power", "P10")
def the_kiosk_is_killed(b):
	b.shell.get("kill -KILL $(systemctl show -P MainPID parvis-kiosk)")
	restarted(b, 60)
	return "started anew; no console is seen"


@step("power", "P14")
def the_kiosk_breaks(b):
	b.shell.get("kill -SEGV $(systemctl show -P MainPID parvis-kiosk)")
	restarted(b, 60)
	found = b.said("find /data /tmp /var /run /dev/shm -xdev -name '*core*' -type f -newer /run/parvis-begun "
	               "2>/dev/null; ls /var/lib/systemd/coredump 2>/dev/null")
	if found:
		raise Breach(f"it is dumped: {found}")
	return "started anew; no dump of its memory"


@step("power", "P13")
def the_kiosk_hangs(b):
	b.shell.get("kill -STOP $(systemctl show -P MainPID parvis-kiosk)")
	restarted(b, 150)
	return "ended by its watchdog, started anew"


@step("power", "P5")
def a_full_disk(b):
	b.shell.get("fallocate -l $(($(stat -f -c '%f*%S' /data))) /data/full; "
	            "dd if=/dev/zero of=/data/full2 bs=4096 2>/dev/null; stat -f -c %f /data")
	b.lamps.dark(20)
	b.d.push("plus")
	b.lamps.look(20)
	b.same()
	b.shell.get("rm -f /data/full /data/full2")
	b.waits_for_guests(120)
	return "no shell; the door goes on when there is room"


@step("power", "P12")
def clocks(b):
	for when in ("1970-01-01", "2038-01-20", "2100-06-01"):
		b.shell.get(f"date -s '{when} 12:00'")
		b.same()
		b.opens_to_a_guest()
	return "guests come in"


@control("power")
def a_shell_on_a_console(b):
	b.shell.get("systemd-run --quiet --unit=planted-shell sh -c 'sleep 60; true'")


# --- a start ---------------------------------------------------------------------------------------

def make_twin():
	"""A stick with the names of the box's own disk: a system, what a box keeps with a key for SSH, a list
	of keyboards. Names of disks are no secret, they are the same on every box."""
	path, mib = f"{BUILD}/twin.img", 1 << 20
	parts = ((8, 40, 0x0C), (48, 16, 0x83), (64, 16, 0x83), (80, 32, 0x83))
	with open(IMAGE, "rb") as f:
		table = bytearray(f.read(512))
	for n, (start, size, kind) in enumerate(parts):
		table[446 + 16 * n:462 + 16 * n] = struct.pack("<BxxxBxxxII", 0, kind, start * 2048, size * 2048)
	root, data = f"{BUILD}/twin-root", f"{BUILD}/twin-data"
	for folder in (f"{root}/sbin", f"{data}/ssh", f"{data}/parvis", f"{data}/system"):
		os.makedirs(folder, exist_ok=True)
	run("cp", f"{BUILD}/tools/escape", f"{root}/sbin/init")
	for name in (f"{data}/ssh/authorized_keys", f"{root}/twin", f"{data}/twin", f"{BUILD}/twin"):
		with open(name, "w") as f:
			f.write("somebody else's\n")
	with open(path, "wb") as f:
		f.write(table)
		f.truncate(112 * mib)
	run("mkfs.vfat", "-F", "32", "--offset", 8 * 2048, path, 40 * 1024)
	run("mcopy", "-i", f"{path}@@{8 * mib}", f"{BUILD}/twin", "::twin")
	for folder, (start, size, _) in ((root, parts[1]), (data, parts[3])):
		run("mke2fs", "-q", "-t", "ext4", "-E", f"offset={start * mib}", "-d", folder, path, f"{size}M")
	return path


def start_with():
	"""What is plugged in when the power comes."""
	return ["-drive", f"file={make_twin()},if=none,id=twin,format=raw",
	        "-device", "usb-storage,drive=twin,bus=usb.0", "-device", "usb-kbd,id=early,bus=usb.0"]


@step("start", "K2")
def hands_on_everything(b):
	"""From the moment at which the box's own programs run until its shell answers: keys, fingers, words on the
	serial line."""
	console = f"{b.machine.logs}/console"

	def started():
		with open(console, errors="replace") as f:
			return "slots: starting" in f.read()
	b.wait("its own start script", started, BOOT)
	line = b.machine.port("console")
	end, n, came = time.monotonic() + BOOT, 0, False
	chords = hands.CONSOLES[:6] + hands.SYSRQ + hands.REBOOT[:1] + hands.LOGIN + hands.SIGNALS
	while not came:
		b.machine.do("send-key", keys=[{"type": "qcode", "data": k} for k in chords[n % len(chords)]])
		hands.finger(b.machine, 0, (97 * n % 800, 61 * n % 480))
		hands.finger(b.machine, 0)
		if n % 8 == 0:
			b.machine.do("chardev-send-break", id="console")
			line.sendall(b"b\rroot\r\x03")
		# Who does not listen holds the other end up.
		while select.select([line], [], [], 0)[0]:
			line.recv(65536)
		n += 1
		came = "boot" in b.shell.try_run("cat /proc/sys/kernel/random/boot_id >/dev/null; echo boot", 1)
		if time.monotonic() > end:
			raise Failed("it does not start")
	line.close()
	b.shell.wait(60)
	if b.machine.saw("RESET"):
		raise Breach("it was started again")
	b.shell.get("systemctl is-system-running --wait >/dev/null; true", BOOT)
	b.waits_for_guests(BOOT)
	b.begin()
	if b.lasting() != b.lasting_before:
		raise Breach("it is not what it is otherwise: " +
		             "; ".join(sorted(set(b.lasting()) ^ set(b.lasting_before))))
	hands.refused(b, "0627:0001")
	return f"{n} times each: nothing; the keyboard is refused"


def comes_from(b, place):
	"""The disk that is mounted there has to be the box's own."""
	source = b.said(f"findmnt -n -o SOURCE --mountpoint {place}")
	if not source.startswith("/dev/vda"):
		raise Breach(f"{place} is {source or 'not mounted'}")
	if b.shell.run(f"test -e {place}/twin")[0] == 0:
		raise Breach(f"{place} is the stick's")
	return "the box's own"


@step("start", "P8")
def a_stick_that_says_it_is_the_system(b):
	b.wait("the stick is seen", lambda: b.shell.run("test -e /dev/sda4")[0] == 0)
	return comes_from(b, "/")


@step("start", "P15")
def a_stick_that_says_it_is_what_the_box_keeps(b):
	came = comes_from(b, "/data")
	if b.shell.run("systemctl is-active ssh")[0] == 0:
		raise Breach("SSH is on")
	return came


@step("start", "P16")
def a_stick_that_says_it_is_the_boot_partition(b):
	return comes_from(b, "/boot/firmware")


@step("start", "P17")
def a_stick_that_says_it_is_where_updates_go(b):
	for slot in ("02", "03"):
		link = b.said(f"readlink -f /dev/disk/by-partuuid/50415256-{slot}")
		if not link.startswith("/dev/vda"):
			raise Breach(f"an update would go to {link}")
	return "the box's own disk"
