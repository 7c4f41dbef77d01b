# Sourced by system tests after chroot.sh: the builder, a Debian 13 with what building this tree needs,
# the kernel's headers and sources, and a QEMU that knows every device of a box. Made once, in
# $PARVIS_GUEST (build/guest13), and again when what it is made of changes.
# shellcheck shell=sh

builder=${PARVIS_GUEST:-build/guest13}

# builder_missing: why there can be none; nothing where there can.
builder_missing() {
	[ "$(id -u)" = 0 ] || { echo "not root"; return; }
	[ "$(dpkg --print-architecture)" = amd64 ] || { echo "the guest is amd64, this is not"; return; }
	command -v mmdebstrap >/dev/null || { echo "there is no mmdebstrap"; return; }
	[ -n "$(chroot_mirror)" ] || echo "this host's apt has no Debian mirror; apt-get update first?"
}

builder_make() {
	packages=$(sed 's/#.*//' board/packages/build.txt board/packages/run.txt | xargs | tr ' ' ,)
	packages=make,$packages,libcmocka-dev,busybox-static,cpio,kmod,v4l-utils,xz-utils
	packages=$packages,linux-image-amd64,linux-headers-amd64,linux-source
	packages=$packages,qemu-system-x86,qemu-system-modules-opengl
	[ "$(cat "$builder/parvis-made" 2>/dev/null)" = "$packages" ] && return
	# The image has the kernel of the security updates, where there is one.
	security=$(chroot_security)
	chroot_make "$builder" trixie "$packages" \
		"${security:+deb $security trixie-security main}" && echo "$packages" >"$builder/parvis-made"
}

# builder_drivers: those that Debian's kernel has not, for it.
builder_drivers() {
	drivers=$(cksum <tests/system/guest/modules.sh)
	[ "$(cat "$builder/parvis-drivers" 2>/dev/null)" = "$drivers" ] && return
	chroot_copy_tree "$builder" &&
		chroot_run "$builder" "sh tests/system/guest/modules.sh /src/modules >&2" &&
		echo "$drivers" >"$builder/parvis-drivers"
}

# builder_build COMMAND: this tree as it is, and that command in it.
builder_build() {
	chroot_copy_tree "$builder" && chroot_run "$builder" "$1"
}

# builder_tools: what tests in the image need beyond it, made again when its sources have changed.
builder_tools() {
	sources=$(git ls-files -co --exclude-standard -z firmware tests/system/guest tests/system/vm/tools.sh \
		tests/system/vm/setup.sh Makefile | xargs -0 cat "$builder/parvis-drivers" | cksum)
	[ "$(cat "$builder/parvis-tools" 2>/dev/null)" = "$sources" ] && return
	rm -f "$builder/parvis-tools"
	builder_build "make --no-print-directory -s -j$(nproc) build/release/libparvis.a &&
		sh tests/system/vm/tools.sh /src/tools" && echo "$sources" >"$builder/parvis-tools"
}
