# Sourced by board/image/make.sh: package lists, Debian roots kept by what they are made of, and
# commands run inside one.
# shellcheck shell=sh

# words FILE...: what lists hold, one a line
words() {
	sed 's/#.*//' "$@" | xargs -n 1
}

say() {
	printf '\n== %s\n' "$1"
}

# The package mirrors that this host's own apt uses, so that no host name is written here: Debian's,
# then that of its security updates, where there is one.
mirror() {
	# shellcheck disable=SC2016 # apt's own variable
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Label: $1" |
		sort -u | head -n 1
}
sources() {
	debian=$(mirror Debian)
	security=$(mirror Debian-Security)
	[ -n "$debian" ] || {
		echo "board/image: this host's apt knows no Debian mirror; apt-get update first?" >&2
		return 1
	}
	echo "deb $debian trixie main non-free-firmware"
	echo "deb $debian trixie-updates main non-free-firmware"
	[ -z "$security" ] ||
		echo "deb ${security%/} trixie-security main non-free-firmware"
}

# debian OUT VARIANT ARCHITECTURES PACKAGES [OPTION...]: a Debian 13 at OUT, a directory or a tar
debian() {
	debian_out=$1 debian_variant=$2 debian_architectures=$3 debian_include=$4
	shift 4
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	sources >"$debian_out.list" || return 1
	DEBIAN_FRONTEND=noninteractive mmdebstrap --mode=root --variant="$debian_variant" \
		--architectures="$debian_architectures" \
		--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt='Acquire::Languages "none"' \
		${proxy:+--aptopt="Acquire::http::Proxy \"$proxy\""} \
		--dpkgopt=force-unsafe-io --dpkgopt=force-confold \
		--include="$(echo "$debian_include" | xargs | tr ' ' ,)" \
		"$@" trixie "$debian_out" "$debian_out.list" || return 1
	rm -f "$debian_out.list"
}

# sum WORD...: a name for what all these words say
sum() {
	printf '%s\n' "$@" | sha256sum | cut -c 1-16
}

# inside ROOT COMMAND...: runs in ROOT, with this tree at /tree, build/image at /out and the signer's keys
# at /keys, without a network, in mounts and processes of its own, which end with it.
# shellcheck disable=SC2154 # keys is make.sh's
inside() {
	inside_root=$1
	shift
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --pid --fork --kill-child --ipc --uts --net sh -euc '
		root=$1 tree=$2 keys=$3
		shift 3
		mount --make-rprivate /
		mount -t proc proc "$root/proc"
		# A package that sets the kernel up must not set up the kernel of who builds.
		mount --bind "$root/proc/sys" "$root/proc/sys"
		mount -o remount,bind,ro "$root/proc/sys"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs tmpfs "$root/tmp"
		mkdir -p "$root/tree" "$root/out" "$root/keys"
		mount --bind "$tree" "$root/tree"
		mount --bind "$tree/build/image" "$root/out"
		mount --bind "$keys" "$root/keys"
		exec chroot "$root" env -i PATH=/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			LC_ALL=C.UTF-8 CCACHE_DIR=/out/ccache SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" "$@"
	' sh "$inside_root" "$PWD" "$keys" "$@"
}

# foreign ARCH: programs of ARCH run here, by the kernel or by qemu-user. Where the kernel has not been
# told of it (that is systemd's work, and a container has none) we do, in the same words.
foreign() {
	[ "$1" != "$(dpkg --print-architecture)" ] || return 0
	misc=/proc/sys/fs/binfmt_misc
	case $1 in arm64) name=qemu-aarch64 ;; amd64) name=qemu-x86_64 ;; esac
	[ -e "$misc/register" ] || mount -t binfmt_misc binfmt_misc "$misc"
	[ -e "$misc/$name" ] || cat "/usr/lib/binfmt.d/$name.conf" >"$misc/register"
}
