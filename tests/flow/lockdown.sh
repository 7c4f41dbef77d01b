#!/bin/sh
# What a box decides by script: which USB devices are used, and what its firewall lets out.
. tests/fake/tap.sh

# bytes HEX...: as they are
bytes()
{
	for hex in $(echo "$*" | tr -d ' ' | sed 's/../& /g'); do
		# shellcheck disable=SC2059 # an octal number, as printf has them
		printf "\\$(printf %o "0x$hex")"
	done
}

# may EXPECTED WHAT ARGUMENT...: of a device the third is the classes of its interfaces, each between colons, or
# descriptors of its own after one of a device and one of a configuration.
may()
{
	expected=$1 what=$2
	shift 2
	if [ "$1" = device ]; then
		{
			bytes 12 01 00 02 00 00 00 40 81 07 67 55 00 01 00 00 00 01
			bytes 09 02 20 00 01 01 00 80 32
			case $3 in
			*:*) for class in $(echo "$3" | tr ':' ' '); do bytes "09 04 00 00 00 $class 00"; done ;;
			*) bytes "$3" ;;
			esac
		} >"$DIR/descriptors"
		set -- device "$2" "$DIR/descriptors"
	fi
	PARVIS_USB_LISTS="$DIR/none board/system/usb.allow" sh board/system/parvis-usb "$@"
	is "$what" "$expected" $?
}

may 0 "a stick is used" device 0781:5567 :080650:
may 0 "a hub is" device 05e3:0610 :090000:
may 0 "a camera with sound is" device 046d:082d :0e0100:0e0200:010100:010200:
may 0 "a touch screen is" device 222a:0001 :030000:
may 0 "a scanner on the list is, as a keyboard" device 05E0:1200 :030101:
may 0 "a serial converter on the list is" device 0403:6001 :ffffff:
may 1 "a keyboard is not" device 046d:c31c :030101:030000:
may 1 "nor a mouse" device 046d:c077 :030102:
may 1 "nor a stick that also types" device 0781:5567 :080650:030101:
may 1 "nor a network that says it is a modem" device 0525:a4a2 :020600:0a0000:
may 1 "nor Bluetooth" device 0a12:0001 :e00101:
may 1 "nor a printer" device 04b8:0202 :070102:
may 1 "nor what is of no class and on no list" device dead:beef :ff0000:
may 1 "nor what has no interface" device dead:beef ""
may 1 "nor what has an interface cut short" device 0781:5567 "09 04 00 00 00 08 06 50 00 09 04 00"
may 1 "nor what hides one behind a descriptor without contents" device 0781:5567 \
	"09 04 00 00 00 08 06 50 00  02 30  09 04 01 00 00 02 06 00 00"
may 0 "a descriptor without contents alone hides nothing" device 0781:5567 "09 04 00 00 00 08 06 50 00  02 30"
may 1 "nor what has one of no length" device 0781:5567 "09 04 00 00 00 08 06 50 00  00 30  02 30"
may 1 "nor what has an interface that is too short for one" device 0781:5567 "09 04 00 00 00 08 06 50 00  05 04 01 00 00"
may 2 "what has no descriptors is no device" nothing 0781:5567 "$DIR/none"
may 2 "a question that is none is refused" device "0781" :080650:
may 1 "a pattern in its place is on no list" listed "????:****"
may 1 "and no maker's number stands for all" listed "0c2*:0001"
may 0 "what is listed by its maker is" listed 0c2e:0b6a
may 1 "what is not listed is not" listed 046d:c31c

# rules DATA OPTIONS: what the firewall lets out
rules()
{
	printf 'OPTIONS="%s"\n' "$2" >"$DIR/options"
	PARVIS_DATA=$1 PARVIS_OPTIONS=$DIR/options PARVIS_FIREWALL_D=$DIR/more PARVIS_KIOSK_USER=root \
		PARVIS_FIREWALL_AWK=board/system/firewall.awk \
		sh board/system/parvis-firewall --print
}
# lets WHAT LINE OPTIONS: there is that line
lets()
{
	rules "$DIR/nothing" "$3" >"$DIR/rules"
	if grep -qF -e "$2" "$DIR/rules"; then ok "$1"; else not_ok "$1" "$DIR/rules"; fi
}
lets "a broker by its address and port" 'ip daddr 192.0.2.7 tcp dport 1884 accept' \
	'--broker mqtt://192.0.2.7:1884'
lets "one by its name, at TLS's port" 'skuid 0 tcp dport 8883 accept' '--broker mqtts://mqtt.example'
lets "one with the new kind of address" 'ip6 daddr 2001:db8::7 tcp dport 1883' '--broker=mqtt://[2001:db8::7]'
printf 'UPDATES="https://updates.example/box.raucb"\n' >"$DIR/options"
is "an update's address, to whoever fetches it and nobody else" "1 1" "$(
	PARVIS_DATA=$DIR/nothing PARVIS_OPTIONS=$DIR/options PARVIS_FIREWALL_D=$DIR/more PARVIS_KIOSK_USER=root \
		PARVIS_FETCH_USER=daemon PARVIS_FIREWALL_AWK=board/system/firewall.awk \
		sh board/system/parvis-firewall --print | awk '/dport 443/ { n++; mine += /skuid 1 / } END { print n, mine }')"
lets "a printer" 'ip daddr 192.0.2.9 tcp dport 631 accept' '--printer ipp://192.0.2.9/ipp/print'
lets "other boxes in, to the house's broker" 'tcp dport 1883 accept' '--host-broker 1883'
# shellcheck disable=SC2016 # an attack, to be left as it is
is "what is no address lets nothing out" "" \
	"$(rules "$DIR/nothing" '--broker mqtt://x;accept --printer ipp://$(id)/ --host-broker 1;accept' |
		grep -E ';accept|id\)|dport 1 ')"
is "without an event private addresses may be asked for one" 2 \
	"$(rules "$DIR/nothing" '' | grep -c 'dport 1024-65535')"
mkdir -p "$DIR/data/box/3"
echo 3 >"$DIR/data/box/current"
printf '[sync]\nbrokers = mqtts://a.example:8884 mqtt://192.0.2.1\n[venue x]\nbroker = mqtt://192.0.2.2\n' \
	>"$DIR/data/box/3/event.ini"
printf 'venue=x\nprinter=ipps://192.0.2.3:8631/ipp\n' >"$DIR/data/box/3/kiosk.ini"
rules "$DIR/data" '' >"$DIR/rules"
is "with one, its brokers and printer alone" "1883 1883 8631 8884" \
	"$(sed -n 's/.*skuid 0.*tcp dport \([0-9]*\) accept/\1/p' "$DIR/rules" | sort | xargs)"
mkdir "$DIR/more"
echo 'tcp dport 2222 accept' >"$DIR/more/mine.in"
lets "and what is added by hand" 'tcp dport 2222 accept' ''
echo 'tcp dport 22 accept' >"$DIR/more/ssh.in"
export PARVIS_SSH_KEYS="$DIR/authorized_keys"
rm -f "$PARVIS_SSH_KEYS"
is "SSH is not heard without keys" 0 "$(rules "$DIR/nothing" '' | grep -c 'dport 22 accept')"
echo key >"$PARVIS_SSH_KEYS"
lets "and is with them" 'tcp dport 22 accept' ''

# The kernel's own judgement, in a network of our own.
if ! command -v nft >/dev/null || ! unshare -n true 2>/dev/null; then
	skip "the rules are taken by the kernel" "there is no nft, or no network of our own"
else
	rules "$DIR/nothing" '--broker mqtt://192.0.2.7:1884 --host-broker 1883' >"$DIR/rules"
	unshare -n nft -f "$DIR/rules" >"$DIR/said" 2>&1
	result=$?
	if [ $result = 0 ]; then ok "the rules are taken by the kernel"; else
		not_ok "the rules are taken by the kernel" "$DIR/said"
	fi
fi
done_testing
