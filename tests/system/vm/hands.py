"""Hands on the screen, what is held up to the camera, keys."""
import random
import time

import redir
from box import Breach, control, step
from door import SPOTS
from machine import Failed, SIZE, TOUCH_MAX

WIDE, HIGH = SIZE
SCANNER = (0x0C2E, 0x0B61)  # on board/system/usb.allow, by its maker


# --- touch -----------------------------------------------------------------------------------------

def finger(m, slot, at=None):
	"""Down at this place, or moved there; up without one."""
	identity = slot + 1 if at else -1
	events = [{"type": "mtt", "data": {"type": "begin" if at else "end", "slot": slot, "axis": "x", "value": 0,
	                                   "tracking-id": identity}}]
	for axis, value, most in zip("xy", at or (), SIZE):
		events.append({"type": "mtt", "data": {"type": "data", "slot": slot, "tracking-id": identity,
		                                       "axis": axis, "value": value * TOUCH_MAX // most}})
	m.do("input-send-event", events=events + [{"type": "btn", "data": {"down": bool(at), "button": "touch"}}])


def glide(m, lines, seconds=0.3, rounds=8):
	"""Fingers, each along its line."""
	for n in range(rounds + 1):
		for slot, (x1, y1, x2, y2) in enumerate(lines):
			finger(m, slot, (x1 + (x2 - x1) * n // rounds, y1 + (y2 - y1) * n // rounds))
		time.sleep(seconds / rounds)
	for slot in range(len(lines)):
		finger(m, slot)


def hold(m, places, seconds):
	for slot, place in enumerate(places):
		finger(m, slot, place)
	time.sleep(seconds)
	for slot in range(len(places)):
		finger(m, slot)


@step("hands", "T1")
def corners_and_edges(b):
	places = [(x, y) for x in (1, WIDE // 2, WIDE - 3) for y in (1, HIGH // 2, HIGH - 3)
	          if (x, y) != (WIDE // 2, HIGH // 2)]
	for place in places:
		for _ in range(5):
			finger(b.machine, 0, place)
			finger(b.machine, 0)
		hold(b.machine, [place], 1)
	b.waits_for_guests()


@step("hands", "T2")
def swipes_from_the_edges(b):
	for line in ((0, 240, 500, 240), (799, 240, 300, 240), (400, 0, 400, 300), (400, 479, 400, 150)):
		for fingers in (1, 5):
			x1, y1, x2, y2 = line
			across = [(0, 40 * n - 80) if y1 == y2 else (40 * n - 80, 0) for n in range(fingers)]
			glide(b.machine, [(x1 + x, y1 + y, x2 + x, y2 + y) for x, y in across])
	b.waits_for_guests()


@step("hands", "T3")
def pinch_spread_turn(b):
	near, far = ((370, 200), (430, 280)), ((100, 60), (700, 420))
	pinch = [(*f, *n) for f, n in zip(far, near)]
	glide(b.machine, pinch)
	glide(b.machine, [(x2, y2, x1, y1) for x1, y1, x2, y2 in pinch])
	glide(b.machine, [(200, 100, 600, 100), (600, 380, 200, 380)])
	glide(b.machine, [(200 + 90 * n, 100 + 60 * (n % 2), 400, 240) for n in range(5)])
	b.waits_for_guests()


@step("hands", "T4")
def ten_fingers(b):
	hold(b.machine, [(40 + 75 * n, 60 + 30 * n) for n in range(10)], 10)
	b.waits_for_guests()


@step("hands", "T5")
def controls_that_are_held(b):
	for spot, leaves in (("no ticket", None), ("help", "back"), ("volunteer", "back")):
		hold(b.machine, [SPOTS[spot]], 5)
		if leaves:
			b.d.tap(leaves)
		b.waits_for_guests(120)
	return "what a touch does, and the scan screen"


@step("hands", "T6")
def touches_at_random(b):
	chance = random.Random(20261122)
	for _ in range(300):
		finger(b.machine, 0, (chance.randrange(WIDE), chance.randrange(HIGH)))
		finger(b.machine, 0)
	b.waits_for_guests(120)
	return "the scan screen, by itself"


@step("hands", "T9")
def a_session_that_is_left_open(b):
	b.d.volunteer()
	opened = b.uptime()
	b.waits_for_guests(150)
	stood = b.uptime() - opened
	if not 30 < stood < 120:
		raise Failed(f"it was closed after {stood:.0f} s")
	return "closed, and the scan screen"


@step("hands", "T7")
def wrong_pins(b):
	b.waits_for_guests()
	b.d.tap("volunteer")
	b.d.expect("pin")
	for _ in range(5):
		b.d.tap("1", "1", "1", "1", "confirm")
		time.sleep(2)
	b.d.tap("2", "0", "1", "6", "confirm")
	if b.d.shows("headcount", 10):
		raise Breach("after five wrong ones the next PIN is taken at once")
	b.d.tap("back")
	b.waits_for_guests(120)
	return "after five wrong ones even the right one waits"


@control("hands")
def another_program_on_the_screen(b):
	"""The kiosk is another process than it was."""
	b.shell.get("systemctl kill -s KILL parvis-kiosk")


# --- codes -----------------------------------------------------------------------------------------

CODES = {
	"escapes": "\033]0;x\007\033[2J\033[6n\033c\033P+q544e\033\\",
	"long": "A" * 300,
	"web": "https://evil.example/$(reboot)",
	"file": "file:///etc/shadow",
	"wifi": "WIFI:T:WPA;S:evil;P:password;;",
	"shell": "$(reboot);`reboot`|reboot &",
	"sql": "x');DELETE FROM row;--",
	"format": "%n%n%n%s%s%s%x%d",
	"pairing": "PARVIS-PAIR:http://10.0.2.2:8080/evil",
}


def hold_up(b, *names):
	"""Each of these is refused, and stands in no journal."""
	b.waits_for_guests()
	had = b.d.counts()
	for name in names:
		b.lamps.dark(30)
		b.lamps.forget()
		b.d.hold_up(name)
		refused = b.lamps.shows("red", 60)
		b.d.hold_up("nobody")
		if "green" in b.lamps.seen:
			raise Breach(f"{name}: green")
		if not refused:
			raise Failed(f"{name}: was not read")
		text = CODES[name].replace("'", "'\\''")
		if b.said(f"journalctl -b -o cat -u parvis-kiosk | grep -cF -- '{text}'") != "0":
			raise Breach(f"{name}: it stands in the journal")
	b.waits_for_guests()
	if b.d.counts() != had:
		raise Breach("somebody was let in")
	return "read, and red"


@step("codes", "C1")
def sequences_and_length(b):
	return hold_up(b, "escapes", "long")


@step("codes", "C2")
def addresses(b):
	return hold_up(b, "web", "file", "wifi")


@step("codes", "C3")
def commands(b):
	return hold_up(b, "shell", "sql", "format")


@step("codes", "C5")
def a_pairing_code(b):
	return hold_up(b, "pairing")


@step("codes", "C8")
def the_reading_process_dies(b):
	"""A guest comes in by camera although it was killed over and over."""
	reader = "systemctl show -P MainPID $(systemctl list-units --plain --no-legend --state=running " \
		"'parvis-reader@*' | cut -d' ' -f1)"
	for _ in range(3):
		pid = b.wait("a reading process", lambda: b.said(reader + " 2>/dev/null"))
		b.shell.get(f"kill -KILL {pid}")
		b.wait("another one", lambda p=pid: b.said(reader + " 2>/dev/null") not in ("", "0", p))
	b.lamps.dark(30)
	b.lamps.forget()
	b.d.hold_up("guest1")
	green = b.lamps.shows("green", 90)
	b.d.hold_up("nobody")
	if not green:
		raise Breach("the door does not read any more")
	return "the next one reads the next ticket"


@control("codes")
def a_code_that_becomes_a_command(b):
	b.shell.get("sh -c 'sleep 60; true' & "
	            "echo $! >/sys/fs/cgroup/system.slice/parvis-kiosk.service/cgroup.procs")


# --- keys ------------------------------------------------------------------------------------------

CONSOLES = [["ctrl", "alt", f"f{n}"] for n in range(1, 13)] + [["alt", f"f{n}"] for n in (2, 7)] + [
	["alt", "right"], ["alt", "left"], ["alt", "f2"]]
REBOOT = [["ctrl", "alt", "delete"]] * 8
SYSRQ = [["alt", "sysrq", key] for key in "hbeikroctmusf"]
SIGNALS = [["ctrl", key] for key in ("c", "z", "backslash", "d", "s", "q")] + [["shift", "pgup"]]
DESKTOP = [["ctrl", "alt", "backspace"], ["alt", "f4"], ["alt", "tab"], ["ctrl", "alt", "t"], ["meta_l"],
           ["ctrl", "alt", "esc"], ["print"], ["pause"], ["esc"]]
LOGIN = [[key] for key in ("ret", "r", "o", "o", "t", "ret", "ret")]


def qmp_chord(b, keys):
	b.machine.do("send-key", keys=[{"type": "qcode", "data": k} for k in keys], **{"hold-time": 50})
	time.sleep(0.15)


def usb_device(b, name):
	"""Its folder below /sys, as soon as it is there and judged."""
	vendor, product = name.split(":")
	found = b.wait(f"{name} is seen", lambda: b.said(
		"for d in /sys/bus/usb/devices/*; do read -r v <$d/idVendor && read -r p <$d/idProduct && "
		f"[ $v:$p = {vendor}:{product} ] && echo $d; done 2>/dev/null; true"))
	b.shell.run("udevadm settle -t 60", 90)
	return found.split()[0]


def refused(b, name):
	"""Breach where a device is used."""
	folder = usb_device(b, name)
	said = b.said(f"cat {folder}/authorized; ls -d {folder}:* 2>/dev/null; true").split()
	if said != ["0"]:
		raise Breach(f"{name} is used: {' '.join(said)}")


def inputs(b, folder):
	return b.said(f"cat {folder}:*/*/input/input*/inhibited 2>/dev/null || "
	              f"cat {folder}:*/*/*/input/input*/inhibited").split()


def machines_own(b):
	"""The keyboard at the machine's own socket, which the kernel does not drive."""
	if b.said("ls -d /sys/devices/platform/i8042") == "":
		raise Failed("this machine has no socket for a keyboard")
	if b.said("grep -l 'AT.*[Kk]eyboard' /sys/class/input/input*/name"):
		raise Breach("the machine's own keyboard is driven")


class Scanner:
	"""A keyboard that says it is a listed hand scanner, so that its keys are heard."""

	def __init__(self, b):
		self._b = b
		self.device = redir.Device(b.machine, *SCANNER, redir.keyboard())

	def __enter__(self):
		b = self._b
		folder = usb_device(b, self.device.name)
		if inputs(b, folder) != ["0"]:
			raise Failed("the scanner is not heard, so nothing is tried")
		event = b.said(f"echo /dev/input/$(basename {folder}:*/*/input/input*/event* "
		               f"{folder}:*/*/*/input/input*/event* | tail -n 1)")
		b.shell.get(f"cat {event} >/run/parvis-heard 2>/dev/null & echo $! >/run/parvis-hears")
		b.wait("somebody listens", lambda: event in b.said("ls -l /proc/$(cat /run/parvis-hears)/fd"))
		return self

	def chords(self, chords):
		for keys in chords:
			self.device.chord(*keys)
			time.sleep(0.1)

	def __exit__(self, kind, *_):
		self.device.pull()
		heard = int(self._b.said("wc -c </run/parvis-heard"))
		if not kind and not heard:
			raise Failed("not one key was heard, so nothing was tried")


def heard_and_not(b, *groups):
	"""These from the machine's own keyboard and from one that is heard; the box is looked at after each
	of the latter."""
	machines_own(b)
	for chords in groups:
		for keys in chords:
			qmp_chord(b, keys)
	b.same()
	with Scanner(b) as scanner:
		for chords in groups:
			for keys in chords:
				scanner.chords([keys])
				b.same(5)
	return "nothing, heard or not"


@step("keys", "K1")
def a_keyboard(b):
	b.machine.do("device_add", driver="usb-kbd", id="keyboard", bus="usb.0")
	refused(b, "0627:0001")
	for keys in CONSOLES[:3] + LOGIN:
		qmp_chord(b, keys)
	b.same()
	b.machine.do("device_del", id="keyboard")
	return "refused as a device"


@step("keys", "K3")
def other_consoles(b):
	return heard_and_not(b, CONSOLES)


@step("keys", "K4")
def three_fingers(b):
	return heard_and_not(b, REBOOT)


@step("keys", "K5")
def keys_of_the_kernel(b):
	return heard_and_not(b, SYSRQ)


@step("keys", "K6")
def signals(b):
	return heard_and_not(b, SIGNALS)


@step("keys", "K7")
def keys_for_power(b):
	for key in ("power", "sleep", "wake"):
		qmp_chord(b, [key])
	with Scanner(b) as scanner:
		scanner.chords([["power"]])
	return "nothing, heard or not"


@step("keys", "K8")
def keys_of_desktops(b):
	return heard_and_not(b, DESKTOP)


@step("keys", "K13")
def a_login_in_the_dark(b):
	return heard_and_not(b, [["alt", "f2"], *LOGIN])


@step("keys", "K9")
def a_mouse_and_tablets(b):
	b.machine.do("device_add", driver="usb-mouse", id="thing", bus="usb.0")
	refused(b, "0627:0001")
	b.machine.do("device_del", id="thing")
	b.machine.do("device_add", driver="usb-wacom-tablet", id="thing", bus="usb.0")
	refused(b, "056a:0000")
	b.machine.do("device_del", id="thing")
	return "refused as devices"


@step("keys", "K10")
def a_keyboard_behind_a_hub(b):
	b.machine.do("device_add", driver="usb-hub", id="hub", bus="usb.0", port="4")
	b.machine.do("device_add", driver="usb-kbd", id="hidden", bus="usb.0", port="4.1")
	refused(b, "0627:0001")
	b.machine.do("device_del", id="hidden")
	b.machine.do("device_del", id="hub")
	return "the hub is used, the keyboard is not"


@step("keys", "K11")
def a_bluetooth_adapter(b):
	device = redir.Device(b.machine, 0x0A12, 0x0001, redir.other(0xE0, 1, 1))
	refused(b, device.name)
	device.pull()
	if b.shell.run("modprobe bluetooth || modprobe btusb")[0] == 0:
		raise Breach("there is a driver for it")
	return "refused as a device; there is no driver"


@step("keys", "K12")
def what_says_it_is_a_touch_screen_and_types(b):
	device = redir.Device(b.machine, 0x1234, 0x5678, redir.keyboard((3, 0, 0)))
	folder = usb_device(b, device.name)
	if inputs(b, folder) != ["1"]:
		raise Breach("its keys are heard")
	device.pull()
	return "used as a device, its keys are not heard"


@control("keys")
def the_kernels_own_keys(b):
	"""With SysRq on, K ends whatever has the console; noticed by the kiosk that it ended."""
	b.shell.get("echo 1 >/proc/sys/kernel/sysrq")
	b.begin()
	with Scanner(b) as scanner:
		scanner.chords([["alt", "sysrq", "k"]])


@control("keys")
def another_console(b):
	"""By the call that a key makes (VT_ACTIVATE), once nothing is locked."""
	b.shell.get("/usr/libexec/parvis-console --release; "
	            "perl -e 'open F, \">\", \"/dev/tty0\"; ioctl F, 0x5606, 2 or die'")


@control("keys")
def a_login_on_a_console(b):
	b.shell.get("systemd-run --quiet --unit=planted agetty --noclear tty9 linux")
	b.wait("a login", lambda: b.shell.run("systemctl is-active planted")[0] == 0)
