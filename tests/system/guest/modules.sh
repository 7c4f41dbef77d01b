#!/bin/sh
# modules.sh OUT: run in the builder, this puts the kernel's drivers that the guest loads into OUT,
# with OUT/order naming them in the order of loading. Debian's kernel has no gpio-sim, so it is built
# from the sources that Debian gives with the kernel; v4l2loopback is Debian's too, without its dkms.
set -eu

out=$1
version=$(basename "$(find /usr/lib/modules -mindepth 1 -maxdepth 1 | sort -V | tail -n 1)")
headers=/usr/src/linux-headers-$version
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/gpio" "$work/loopback"
# The sources first: what a compressed archive of the whole kernel costs is the reading.
tar -xf /usr/src/linux-source-*.tar.xz -C "$work" --wildcards --strip-components=1 \
	'linux-source-*/drivers/gpio/gpio-sim.c' 'linux-source-*/kernel/irq/irq_sim.c'
cp "$work/drivers/gpio/gpio-sim.c" "$work/gpio/gpio-sim-main.c"
# The simulated interrupts are part of the same configuration choice. Modules may not look into an
# interrupt's descriptor, but there is a call for them that does the same.
sed 's/handle_simple_irq(irq_to_desc(\(.*\)));/generic_handle_irq(\1);/' \
	"$work/kernel/irq/irq_sim.c" >"$work/gpio/irq_sim.c"
cat >"$work/gpio/Kbuild" <<EOF
obj-m := gpio-sim.o
gpio-sim-y := gpio-sim-main.o irq_sim.o
EOF
apt-get -q update
(cd "$work/loopback" && apt-get -q -o APT::Sandbox::User=root download v4l2loopback-dkms &&
	dpkg -x v4l2loopback-dkms_*.deb .)
make -s -C "$headers" M="$work/gpio" modules
make -s -C "$headers" M="$(echo "$work"/loopback/usr/src/v4l2loopback-*)" modules

mkdir -p "/usr/lib/modules/$version/extra"
cp "$work/gpio/gpio-sim.ko" "$work"/loopback/usr/src/v4l2loopback-*/v4l2loopback.ko \
	"/usr/lib/modules/$version/extra"
depmod "$version"

rm -rf "$out"
mkdir -p "$out"
for module in evdev uinput gpio-sim vivid v4l2loopback; do
	modprobe -S "$version" --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
	name=$(basename "${path%%.ko*}").ko
	case $path in
	*.xz) xzcat "$path" >"$out/$name" ;;
	*) cp "$path" "$out/$name" ;;
	esac
	echo "$name" >>"$out/order"
done
