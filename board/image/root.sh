# shellcheck shell=sh
# Run in the root of a box after our packages and files are in it: what is on and what is off, and
# nothing left that is another one at each making.
systemctl --quiet enable systemd-networkd systemd-resolved systemd-timesyncd
# The venue's own broker is a child of the kiosk's; no other runs.
systemctl --quiet disable mosquitto
systemctl --quiet mask mosquitto.service systemd-networkd-wait-online.service \
	apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
systemctl --quiet set-default multi-user.target
ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
ldconfig

# A box gets its own machine-id and ssh keys when it starts.
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id /etc/ssh/ssh_host_*
rm -rf /var/log /var/tmp /var/cache/apt /var/cache/debconf /var/cache/ldconfig /var/lib/apt \
	/var/lib/systemd /var/backups /run/* /root /etc/apt
rm -f /etc/.pwd.lock /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow- /etc/subuid- /etc/subgid- \
	/var/lib/dpkg/*-old /var/lib/dpkg/lock* /var/lib/dpkg/triggers/Lock /var/lib/dpkg/diversions-old
mkdir -p /data /var/log /var/lib/systemd /var/lib/parvis /boot/firmware
install -d -m 1777 /var/tmp
install -d -m 700 /root

# Where board/boot/boot.cmd finds them, whatever the kernel's version is.
ln -sf "$(basename /boot/vmlinuz-*)" /boot/vmlinuz
ln -sf "$(basename /boot/initrd.img-*)" /boot/initrd.img
rm -f /vmlinuz /initrd.img /vmlinuz.old /initrd.img.old

# SSH is on where /data/ssh has keys of those who may come in; a wireless network where /data/network
# names one.
systemctl --quiet enable ssh
if [ -e /usr/lib/systemd/system/wpa_supplicant@.service ]; then
	systemctl --quiet disable wpa_supplicant.service
	# When its device is there: nothing waits for one that a board does not have.
	wants=/etc/systemd/system/sys-subsystem-net-devices-wlan0.device.wants
	install -d "$wants"
	ln -s /usr/lib/systemd/system/wpa_supplicant@.service "$wants/wpa_supplicant@wlan0.service"
	ln -sf /data/network/wpa_supplicant-wlan0.conf /etc/wpa_supplicant/
fi

# Nor does it listen anywhere else: systemd would offer it to a virtual machine's host by itself.
mkdir -p /etc/systemd/system-generators
ln -s /dev/null /etc/systemd/system-generators/systemd-ssh-generator
