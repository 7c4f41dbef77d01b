#!/bin/sh
# Cameras with the kernel's own drivers: vivid's HDMI input, wired to its output, and v4l2loopback
# for the formats. What they see is painted here and shown by film.
. tests/system/guest/kiosk.sh

film=

# show DEVICE FOURCC SEED: a guest holds this ticket to the camera
show() {
	paint "$DIR/$3.png" "$(ticket "$3" 1 0)" size=0.5
	"$B/film" "$1" "$2" "$DIR/$3.png" >>"$DIR/film.err" 2>&1 7>&- &
	film=$!
}

hide() {
	kill "$film" 2>/dev/null
	wait "$film" 2>/dev/null
}

# --- vivid ---------------------------------------------------------------------------------------

# Both ends are 1280x720 from the start; what vivid writes over its pictures would hide the code.
wire_hdmi() {
	v4l2-ctl -d /dev/video0 -c hdmi_000_0_is_connected_to=2,osd_text_mode=2
}

insmod /modules/vivid.ko n_devs=1 node_types=0x101 num_inputs=1 input_types=0x3 num_outputs=1 \
	output_types=0x1
wire_hdmi
driver=/sys/bus/platform/drivers/vivid

begin vivid --camera v4l2:/dev/video0
say "expect fault none"
show /dev/video1 GREY vivid1
say "wait ADMIT 60s" "expect present 1"
reached first
hide
echo vivid.0 >$driver/unbind
say "expect fault camera" "expect screen scan" "code $(ticket vivid2 1 0)" "wait ADMIT"
reached gone
echo vivid.0 >$driver/bind
wire_hdmi
show /dev/video1 GREY vivid3
say "expect fault none" "wait ADMIT 60s" "expect present 3"
end "vivid: a camera is read, its driver taken away, and read again when it is back"
is "vivid: and it is known that two of three guests came by camera" 2 \
	"$(grep -c '"ADMIT","source":"camera"' "$DIR/vivid.out")"
hide

# --- v4l2loopback --------------------------------------------------------------------------------

insmod /modules/v4l2loopback.ko video_nr=42 card_label=camera
begin loopback --camera v4l2:/dev/video42
guests=0
for format in YUYV NV12 GREY MJPG; do
	guests=$((guests + 1))
	show /dev/video42 $format "loopback$format"
	say "wait ADMIT 60s" "expect present $guests" "expect fault none"
	reached $format
	hide
	say "expect fault camera"
	reached "no$format"
	is "v4l2loopback: read as $format" 1 "$(grep -c "/dev/video42, $format" "$DIR/loopback.err")"
done
end "v4l2loopback: every format admits a guest"

done_testing
