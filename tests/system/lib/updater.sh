# Sourced by system tests after chroot.sh: a Debian 13 with RAUC and what makes bundles, made once, in
# $PARVIS_UPDATER (build/updater).
# shellcheck shell=sh

updater=${PARVIS_UPDATER:-build/updater}

# updater_make: it may be asked for by several at once.
updater_make() {
	mkdir -p "$(dirname "$updater")"
	(
		flock 9
		if [ ! -x "$updater/usr/bin/rauc" ] || [ ! -x "$updater/usr/sbin/veritysetup" ]; then
			chroot_make "$updater" trixie rauc,squashfs-tools,cryptsetup-bin,dbus,openssl,e2fsprogs
		fi
	) 9>"$updater.lock"
}
