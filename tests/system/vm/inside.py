"""What our units say of themselves, and whether it is so: what systemd makes of them in the guest that
runs, what the kernel says of their processes, and what a program can do that was taken over."""
import re

from box import Breach, control, step, tap
from machine import Failed

SLOW = 120
EXPOSED = {"parvis-reader@.service": 1.0, "parvis-kiosk.service": 2.0}  # at most; all others:
OTHERS = 1.5

# What a unit promises and how the kernel tells that it holds.
PROMISES = ("User", "NoNewPrivileges", "CapabilityBoundingSet", "AmbientCapabilities", "SystemCallFilter",
            "PrivateNetwork", "PrivateIPC", "PrivateUsers", "ProtectHostname", "ProtectSystem")
CAPABILITIES = (
	"chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable "
	"net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot "
	"sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease "
	"audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read "
	"perfmon bpf checkpoint_restore").split()
SPACES = ("mnt", "net", "ipc", "user", "uts")
LOOK = ("cat /proc/{0}/status; for n in " + " ".join(SPACES) +
        "; do echo \"ns-$n: $(readlink /proc/{0}/ns/$n)\"; done")


def units(shell):
	"""Ours, by name."""
	return shell.get("systemctl list-unit-files --no-legend 'parvis-*.service' | cut -d' ' -f1", SLOW).split()


def exposures(shell, names):
	"""{unit: its figure, as systemd-analyze in the guest has it}."""
	said = shell.run("systemd-analyze security --no-pager " + " ".join(n.replace("@.", "@x.") for n in names) +
	                 " | grep Overall", SLOW)[1]
	found = dict(re.findall(r"Overall exposure level for (\S+): ([0-9.]+)", said))
	return {n: float(found.get(n.replace("@.", "@x."), 10)) for n in names}


def mask(names):
	return sum(1 << CAPABILITIES.index(n[4:]) for n in names.split() if n.startswith("cap_"))


def process(text):
	return dict(re.findall(r"^([\w-]+):\s*(.*)$", text, re.M))


def promises(shell, unit):
	said = shell.get(f"systemctl show -p {','.join(PROMISES)} {unit}", SLOW)
	return dict(line.split("=", 1) for line in said.splitlines())


def breaks(unit, is_, first, uid):
	"""What of a unit's promises its process does not keep, in words; nothing where all hold.
	is_, first: process() of it and of the system's first one; uid: of the unit's user."""
	wrong = []

	def expect(what, holds):
		if not holds:
			wrong.append(what)

	bounding, ambient = mask(unit["CapabilityBoundingSet"]), mask(unit["AmbientCapabilities"])
	expect("it has a filter of system calls", unit["SystemCallFilter"] and is_["Seccomp"] == "2")
	expect("it gains no privileges", unit["NoNewPrivileges"] == "yes" and is_["NoNewPrivs"] == "1")
	expect("it is its own user", is_["Uid"].split() == [uid] * 4)
	expect("its capabilities are the unit's", int(is_["CapBnd"], 16) == bounding)
	expect("none is there beside these", not int(is_["CapEff"], 16) & ~bounding)
	expect("who is not root has what is ambient", uid == "0" or int(is_["CapEff"], 16) == ambient)
	expect("its mounts are its own", is_["ns-mnt"] != first["ns-mnt"] and unit["ProtectSystem"] == "strict")
	for space, promise in (("net", "PrivateNetwork"), ("ipc", "PrivateIPC"), ("user", "PrivateUsers"),
	                       ("uts", "ProtectHostname")):
		own = unit[promise] not in ("no", "")
		expect(f"{promise}={unit[promise]}", own == (is_["ns-" + space] != first["ns-" + space]))
	return wrong


TAKEN = "parvis-taken"


def make_taken(shell, unit, program, more="", name=TAKEN):
	"""A unit that is another one in all but its program: what a program could do that took its place. It
	is known when the units have been read again."""
	shell.get(f"""systemctl cat {unit} >/run/systemd/system/{name}.service
cat >>/run/systemd/system/{name}.service <<'END'
[Unit]
FailureAction=none
[Service]
Type=oneshot
ExecCondition=
ExecStartPre=
ExecStart=
ExecStart={program}
SuccessExitStatus=0-255
Restart=no
RemainAfterExit=no
TimeoutStartSec=60
StandardInput=null
StandardOutput=truncate:/run/{name}
StandardError=inherit
{more}
END""", SLOW)


def read_units(shell):
	shell.get("systemctl daemon-reload", SLOW)


def run_taken(shell, name=TAKEN):
	"""What it said."""
	return shell.run(f"systemctl start {name} && cat /run/{name} || journalctl -b -n 5 --no-pager -u {name}",
	                 SLOW)[1]


# What the kiosk's process tries, once it is somebody else's; in the words of tests/system/guest/escape.c
# or, with a !, of a shell.
KIOSK = {
	"D1": ("root", "chroot", "users", "mounts", "setuid=/var/lib/parvis/escape"),
	"D2": ("kill=1", "ptrace=1", "read=/proc/1/environ", "read=/proc/1/maps", "read=/proc/kcore"),
	"D3": ("!systemctl set-environment PARVIS=taken", "!systemd-run --quiet true",
	       "!busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager "
	       "FlushDevices b false", "!networkctl reload"),
	"D4": ("!busctl call de.pengutronix.rauc / de.pengutronix.rauc.Installer Mark ss good booted",),
	"D5": ("make=/usr/bin/escape", "make=/etc/escape", "make=/boot/firmware/escape", "make=/data/escape",
	       "make=/data/rauc/escape", "make=/run/escape", "make=/media/escape", "mount=/mnt",
	       "node=/var/lib/parvis/escape"),
	"D6": ("read=/dev/vda", "write=/dev/vda", "read=/dev/mem", "read=/dev/port", "read=/dev/kmsg",
	       "write=/dev/kmsg", "write=/dev/ttyS0", "write=/dev/tty2", "write=/dev/uinput", "read=/dev/rtc0",
	       "write=/dev/virtio-ports/parvis.shell"),
	"D7": ("read=/etc/shadow", "list=/root", "list=/data/ssh", "list=/data/network", "list=/data/rauc",
	       "read=/var/lib/systemd/random-seed"),
	"D8": ("make=/run/systemd/system/escape.service", "make=/run/udev/rules.d/escape.rules",
	       "make=/etc/systemd/system/escape.service", "make=/etc/profile.d/escape.sh",
	       "make=/data/ssh/authorized_keys", "make=/run/tmpfiles.d/escape.conf",
	       "make=/data/provision/../escape"),
	"D9": ("module", "kexec", "bpf", "perf", "userfaultfd", "io_uring", "raw", "packet"),
	"D10": ("reboot", "clock", "name", "write=/proc/sys/kernel/sysrq", "write=/proc/sysrq-trigger",
	        "write=/proc/sys/kernel/core_pattern", "write=/sys/power/state", "write=/sys/kernel/profiling"),
	"D11": ("console=/dev/tty1", "console=/dev/tty0", "type=/dev/tty1"),
	"D12": ("!cp /run/parvis-test/escape /var/lib/parvis/escape && /var/lib/parvis/escape",
	        "!cp /run/parvis-test/escape /tmp/escape && /tmp/escape",
	        "!cp /run/parvis-test/escape /dev/shm/escape && /dev/shm/escape"),
}
# What the reading process tries. It has no shell.
READER = {
	"C9": ("read=/etc/passwd", "read=/etc/shadow", "list=/var/lib/parvis", "list=/run/systemd/units",
	       "list=/media", "read=/proc/1/environ", "make=/escape", "make=/usr/escape", "read=/dev/vda",
	       "read=/dev/tty1"),
	"C10": ("inet", "raw", "packet", "unix=/run/dbus/system_bus_socket", "unix=/run/parvis/reader.sock",
	        "unix=/run/systemd/journal/stdout"),
	"C11": ("root", "users", "mounts", "chroot", "mount=/usr", "kill=1", "ptrace=1", "start=/usr/bin/sh",
	        "code", "bpf", "perf", "kexec", "module", "keys", "io_uring",
	        "userfaultfd", "clock", "name", "reboot"),
}

def answers(text):
	"""{attempt: whether it may}, from the lines of escape.c's program."""
	found = {name: word == "yes" for name, word in re.findall(r"^(\S+) (yes|no)", text, re.M)}
	if not found:
		raise Failed(f"nothing was tried: {text}")
	return found


def as_root(shell, tries):
	"""Which of these root may, without a unit around it: what an attempt is worth."""
	found = {}
	for t in tries:
		if t.startswith("!"):
			found[t] = shell.run(f"{{ {t[1:]}; }} >/dev/null 2>&1", SLOW)[0] == 0
	words = [t for t in tries if t not in found]
	if words:
		found |= answers(shell.get("/run/parvis-test/escape " + " ".join(words), SLOW))
	return found


def as_kiosk(shell, tries):
	"""The same in the kiosk's unit, by a script in the kiosk's place."""
	words = [t for t in tries if not t.startswith("!")]
	lines = ["/run/parvis-test/escape " + " ".join(words)] if words else []
	lines += [f"{{ {t[1:]}; }} >/dev/null 2>&1 && echo '!{n} yes' || echo '!{n} no'"
	          for n, t in enumerate(tries) if t.startswith("!")]
	shell.get("cat >/run/parvis-tries <<'END'\n" + "\n".join(lines) + "\nEND")
	return {tries[int(name[1:])] if name.startswith("!") else name: may
	        for name, may in answers(run_taken(shell)).items()}


def as_reader(shell, tries):
	"""The same in the reading process's unit, by a program in its place."""
	shell.get(f"echo 'TRIES={' '.join(tries)}' >/run/parvis-tries")
	return answers(run_taken(shell))


def judged(b, tries, may):
	"""What came, in words. An attempt that root could not make either is no try, and one at least has to
	be."""
	missing = [t for t in tries if t not in may]
	if missing:
		raise Failed(f"not tried: {missing}")
	if any(may.values()):
		raise Breach("it may " + ", ".join(t for t in tries if may[t]))
	able = sum(as_root(b.shell, tries).values())
	if not able:
		raise Failed("root may do none of it either, so nothing was tried")
	return f"{len(tries)} attempts denied; of these root may {able}"


def register(number, tries, unit, program, how, more=""):
	def act(b):
		if getattr(b, "taken", None) != unit:
			make_taken(b.shell, unit, program, more)
			read_units(b.shell)
			b.taken = unit
		return judged(b, tries, how(b.shell, tries))
	act.__name__ = f"{unit} is taken over"
	step("inside", number)(act)


@step("inside", "D0")
def units_as_they_say(b):
	"""Each of ours: its figure, and its process, which for those that have ended is one in its place."""
	shell = b.shell
	names = units(shell)
	b.exposed = exposures(shell, names)
	first = process(shell.get(LOOK.format(1)))
	reader = b.wait("a reading process", lambda: shell.get(
		"systemctl list-units --plain --no-legend --state=running 'parvis-reader@*' | cut -d' ' -f1"))
	running = {"parvis-reader@.service": reader, "parvis-kiosk.service": "parvis-kiosk.service"}
	for n, name in enumerate(names):
		if name not in running:
			make_taken(shell, name, "/bin/sh -c '" + LOOK.format("self").replace("$", "$$") + "'", name=f"{TAKEN}{n}")
	read_units(shell)
	wrong = []
	for n, name in enumerate(names):
		most = EXPOSED.get(name, OTHERS)
		tap.check(f"{name} is exposed to no more than {most}: {b.exposed[name]}", b.exposed[name] <= most)
		if b.exposed[name] > most:
			wrong.append(f"{name} {b.exposed[name]}")
		if name in running:
			said = shell.get(LOOK.format(shell.get(f"systemctl show -P MainPID {running[name]}")))
		else:
			said = run_taken(shell, f"{TAKEN}{n}")
		is_, unit = process(said), promises(shell, running.get(name, name))
		uid = shell.get(f"id -u {unit['User'] or 'root'}")
		broken = breaks(unit, is_, first, uid) if "Seccomp" in is_ else [f"no process: {said}"]
		tap.check(f"{name}: {'its process' if name in running else 'a process in its place'} is as its unit says",
		          not broken, "; ".join(broken))
		wrong += [f"{name}: {x}" for x in broken]
	if wrong:
		raise Breach("; ".join(wrong))
	return f"{len(names)} units are what they say"


for _number, _tries in KIOSK.items():
	register(_number, _tries, "parvis-kiosk.service", "/bin/sh /run/parvis-tries", as_kiosk)
for _number, _tries in READER.items():
	register(_number, _tries, "parvis-reader@.service", "/usr/libexec/parvis-reader $TRIES", as_reader,
	         "BindReadOnlyPaths=/run/parvis-test/escape:/usr/libexec/parvis-reader\n"
	         "EnvironmentFile=/run/parvis-tries")


@control("inside")
def a_kiosk_that_may_too_much(b):
	"""Without its sandbox, what was denied is seen to be possible."""
	make_taken(b.shell, "parvis-kiosk.service", "/bin/sh /run/parvis-tries",
	           "User=root\nProtectSystem=no\nCapabilityBoundingSet=~\nSystemCallFilter=\nNoNewPrivileges=no")
	read_units(b.shell)
	judged(b, KIOSK["D5"], as_kiosk(b.shell, KIOSK["D5"]))


@control("inside")
def a_process_that_is_not_as_its_unit_says(b):
	unit = "parvis-firewall.service"
	make_taken(b.shell, unit, "/bin/sh -c '" + LOOK.format("self").replace("$", "$$") + "'",
	           "User=root\nGroup=root\nProtectHostname=no\nCapabilityBoundingSet=~")
	read_units(b.shell)
	says, uid = promises(b.shell, unit), b.shell.get("id -u parvis-firewall")
	broken = breaks(says, process(run_taken(b.shell)), process(b.shell.get(LOOK.format(1))), uid)
	planted = {"it is its own user", "its capabilities are the unit's", "ProtectHostname=yes"}
	if planted <= set(broken):
		raise Breach("; ".join(broken))
