# What U-Boot does on every box, the Pi's and QEMU's: choose the slot, note that it is tried, start it.
# mkimage makes boot.scr of it, on the first partition. parvis-slot(8) has the format of the state, and
# firmware/box/slots.c the same decisions; tests/system/slots.sh holds them together.
#
# U-Boot has no arithmetic on every machine, so a try less is looked up. Nothing here waits for a key
# or loops; what cannot be started is left by a reset, and the next start counts as another.

if test "${board}" = rpi; then
	setenv state_addr 0x03f00000; setenv kernel_addr 0x04000000; setenv initrd_addr 0x0c000000
elif test "${arch}" = x86; then
	setenv state_addr 0x00f00000; setenv kernel_addr 0x01000000; setenv initrd_addr 0x08000000
else
	setenv state_addr 0x47000000; setenv kernel_addr 0x48000000; setenv initrd_addr 0x50000000
fi
${devtype} dev ${devnum}

# Nothing on USB is used before the system itself has judged it: no keyboard while it starts, and no stick
# that says it is this disk, whose names are the same on every box. Unless this disk is a stick.
if test "${devtype}" = usb; then setenv usb; else setenv usb "usbcore.authorized_default=0"; fi

# Whoever has a keyboard or a serial line gets no word in before the system has settled what these may do: the
# kernel takes no orders from serial lines, drives no keyboard that is not on USB, and starts nothing anew.
setenv hands "console=tty0 sysctl.kernel.sysrq=0 sysctl.kernel.ctrl-alt-del=0 i8042.nokbd ${usb}"

# --- the state: the first copy if it is whole, else the second, else both slots with three tries

setenv state_copy none
for sector in 0x800 0x1000; do
	if test "${state_copy}" = none; then
		setenv slot_a; setenv slot_b; setenv slot_first
		mw.b ${state_addr} 0 0x200
		if ${devtype} read ${state_addr} ${sector} 1; then
			if env import -c ${state_addr} 0x200 slot_a slot_b slot_first; then
				setenv state_copy ${sector}
			fi
		fi
		if test "${slot_first}" = A || test "${slot_first}" = B; then true; else setenv state_copy none; fi
		if test "${slot_a}" = x && test "${slot_b}" = x; then setenv state_copy none; fi
		setenv a_is wrong; setenv b_is wrong
		for n in 0 1 2 3 4 5 6 7 8 9 x; do
			if test "${slot_a}" = ${n}; then setenv a_is right; fi
			if test "${slot_b}" = ${n}; then setenv b_is right; fi
		done
		if test ${a_is} = wrong || test ${b_is} = wrong; then setenv state_copy none; fi
	fi
done
if test "${state_copy}" = none; then
	setenv slot_first A; setenv slot_a 3; setenv slot_b 3
fi
echo "slots: copy ${state_copy}, first ${slot_first}, tries A ${slot_a} B ${slot_b}"

# The copy that is not in force is written first, so that one of them is whole at any moment.
if test "${state_copy}" = 0x1000; then
	setenv state_order "0x800 0x1000"
else
	setenv state_order "0x1000 0x800"
fi
setenv state_write 'mw.b ${state_addr} 0 0x200; env export -c -s 0x200 ${state_addr} slot_a slot_b slot_first; for sector in ${state_order}; do ${devtype} write ${state_addr} ${sector} 1; done'

# --- one slot: a try less, then its kernel. Comes back only if that cannot be started.

setenv lower_a 'setenv less 0; for n in 1 2 3 4 5 6 7 8 9; do if test ${slot_a} = ${n}; then setenv lowered ${less}; fi; setenv less ${n}; done; setenv slot_a ${lowered}'
setenv lower_b 'setenv less 0; for n in 1 2 3 4 5 6 7 8 9; do if test ${slot_b} = ${n}; then setenv lowered ${less}; fi; setenv less ${n}; done; setenv slot_b ${lowered}'
setenv start_a 'run lower_a; run state_write; setenv slot A; setenv part 2; run start'
setenv start_b 'run lower_b; run state_write; setenv slot B; setenv part 3; run start'
if test "${arch}" = x86; then
	setenv start_kernel 'zboot ${kernel_addr} ${kernel_size} ${initrd_addr} ${initrd_size}'
else
	setenv start_kernel 'booti ${kernel_addr} ${initrd_addr}:${initrd_size} ${fdt_addr}'
fi
setenv start 'echo "slots: starting ${slot}"; setenv uuid; part uuid ${devtype} ${devnum}:${part} uuid; setenv bootargs "root=PARTUUID=${uuid} ro rootwait fsck.repair=yes rauc.slot=${slot} panic=10 ${hands} lsm=landlock,lockdown,yama quiet ${extra}"; if load ${devtype} ${devnum}:${part} ${kernel_addr} /boot/vmlinuz; then setenv kernel_size ${filesize}; if load ${devtype} ${devnum}:${part} ${initrd_addr} /boot/initrd.img; then setenv initrd_size ${filesize}; run start_kernel; fi; fi; echo "slots: ${slot} cannot be started"'

# More words for the kernel, for tests: not on a Pi, whose card anybody can write.
if test "${board}" = rpi; then true; else
	if load ${devtype} ${devnum}:1 ${state_addr} test.env; then
		env import -t ${state_addr} ${filesize} extra
	fi
fi

# --- in turn; then, if neither has a try left or none could be started, both once more

if test "${slot_first}" = A; then setenv turns "a b"; else setenv turns "b a"; fi
setenv tries_of_a 'if test ${slot_a} = 0 || test ${slot_a} = x; then false; else true; fi'
setenv tries_of_b 'if test ${slot_b} = 0 || test ${slot_b} = x; then false; else true; fi'
for turn in ${turns}; do
	if run tries_of_${turn}; then run start_${turn}; fi
done
if test ${slot_a} = x; then true; else setenv slot_a 3; fi
if test ${slot_b} = x; then true; else setenv slot_b 3; fi
for turn in ${turns}; do
	if run tries_of_${turn}; then run start_${turn}; fi
done
echo "slots: nothing can be started"
sleep 5
reset
