#!/bin/sh
# Run in the guest by an injected unit, before the kiosk starts: the drivers of the disk that this
# lies on become a door's lamps and buttons (gpio-sim) and its camera (v4l2loopback), where the disk has
# pictures for one. What the camera sees is the picture whose name is written to /run/parvis-film; what
# the lamps do is told on a serial port.
cd "$(dirname "$0")" || exit 1

while read -r module; do
	case $module in
	vivid.ko | v4l2-tpg.ko | cec.ko | rc-core.ko) ;; # tests/system/guest.sh has these
	v4l2loopback.ko) [ ! -e pictures/first.png ] || insmod "modules/$module" video_nr=0 card_label=camera ;;
	*) insmod "modules/$module" 2>/dev/null ;; # most are there already
	esac
done <modules/order

mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
sim=/sys/kernel/config/gpio-sim/board
mkdir -p $sim/bank
echo 28 >$sim/bank/num_lines
echo 1 >$sim/live
chip=$(cat $sim/bank/chip_name)
lines=/sys/devices/platform/$(cat $sim/dev_name)/$chip
ln -sfn "$lines" /run/parvis-lines
for button in 16 23 24; do echo pull-up >"$lines/sim_gpio$button/pull"; done
[ "$chip" = gpiochip0 ] || echo "the pin map means gpiochip0, this is $chip" >&2

if [ -e pictures/first.png ]; then
	mkfifo /run/parvis-film
	./film /dev/video0 YUYV pictures/first.png <>/run/parvis-film &
fi
port=/dev/virtio-ports/parvis.lamps
until [ -e $port ]; do sleep 0.2; done
./lamps "$lines" 17 27 22 18 25 >$port &
