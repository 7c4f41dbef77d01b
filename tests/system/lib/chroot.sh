# Sourced by system tests: fresh Debians to build and run this tree in. Needs root and mmdebstrap.
# shellcheck shell=sh

# The package mirror that this host's own apt uses; nothing where there is none.
chroot_mirror() {
	# shellcheck disable=SC2016 # apt's own variable
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' |
		sort -u | head -n 1
}

# The same of its security updates; nothing where there is none.
chroot_security() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian-Security' |
		sort -u | head -n 1
}

# chroot_make ROOT CODENAME PACKAGE,... [SOURCE]: a new system, with what this host needs for the
# network, and with another line of apt's sources.
chroot_make() {
	rm -rf "$1"
	mkdir -p "$(dirname "$1")"
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	mmdebstrap --quiet --mode=root --variant=minbase --include="$3" \
		--aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' \
		${proxy:+--aptopt="Acquire::http::Proxy \"$proxy\""} "$2" "$1" "$(chroot_mirror)" \
		${4:+"$4"} &&
		cp /etc/resolv.conf "$1/etc/resolv.conf"
}

# chroot_copy_tree ROOT: the tree as git knows it, with what is not committed yet, and no object of
# an earlier run: those can be newer than a file that has changed since.
chroot_copy_tree() {
	rm -rf "$1/src/parvis"
	mkdir -p "$1/src/parvis"
	git ls-files -co --exclude-standard -z | tar --null --ignore-failed-read -T - -cf - |
		tar -C "$1/src/parvis" -xf -
}

# chroot_run ROOT COMMAND: in the tree, in mounts and processes of its own, which end with it. Settings
# of the kernel are to be read alone: it is this host's, and packages may bring some.
chroot_run() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --pid --fork --kill-child --ipc --uts sh -c '
		mount --make-rprivate / &&
		mount -t proc proc "$1/proc" &&
		mount --bind "$1/proc/sys" "$1/proc/sys" &&
		mount -o remount,bind,ro "$1/proc/sys" &&
		mount --rbind /dev "$1/dev" &&
		mount -t tmpfs tmpfs "$1/tmp" &&
		exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			sh -c "cd /src/parvis && $2"' sh "$1" "$2" </dev/null
}
