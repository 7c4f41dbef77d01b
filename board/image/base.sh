# shellcheck shell=sh
# Run in the root of a box once Debian's packages are in it: what takes long and is the same for every
# version of ours.
unset INITRD
depmod "$(basename /usr/lib/modules/*)"
update-initramfs -c -k all
rm -f /vmlinuz.old /initrd.img.old

# Fontconfig believes its cache as long as the folders' dates have not changed: those that the image
# will have.
find /usr/share/fonts -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
FONTCONFIG_FILE=/run/fonts.conf fc-cache -s -f
