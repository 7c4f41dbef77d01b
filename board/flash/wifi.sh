# shellcheck shell=sh disable=SC2015,SC2034 # refuse() ends all; what is known is shared
# Sourced by flash.sh: the wireless network, asked on the terminal. The passphrase is in this shell's
# memory, goes through a pipe and is never an argument, a variable of the environment or a file of
# this computer.

# ask TEXT: sets `answer`; not without a terminal.
ask()
{
	printf '%s' "$1" >&3
	IFS= read -r answer <&3 || refuse consent "nothing was answered." "Start again."
}

ask_unseen()
{
	hidden=$(stty -g <&3)
	stty -echo <&3
	ask "$1"
	stty "$hidden" <&3
	hidden=""
	echo >&3
}

open_terminal()
{
	[ -z "${terminal:-}" ] || return 0
	# A redirection of exec's that fails would end the shell.
	(: <>/dev/tty) 2>/dev/null || return 1
	exec 3<>/dev/tty
	terminal=yes
}

good_passphrase()
{
	case $1 in
	*[!\ -~]*) return 1 ;;
	esac
	[ ${#1} -ge 8 ] && [ ${#1} -le 63 ] || raw_key "$1"
}

raw_key()
{
	case $1 in
	*[!0-9A-Fa-f]*) return 1 ;;
	esac
	[ ${#1} = 64 ]
}

# Sets wifi_text to a configuration of wpa_supplicant's.
ask_wifi()
{
	open_terminal || refuse consent "there is no terminal to ask for the wireless network on." \
		"Run flash.sh in a terminal, or without --wifi."
	ask "Name of the wireless network: "
	ssid=$(printf '%s' "$answer" | od -An -v -tx1 | tr -d ' \n')
	[ ${#ssid} -ge 2 ] && [ ${#ssid} -le 64 ] ||
		refuse consent "the name of a network has 1 to 32 bytes." "Start again."
	here_code=$(printf '%s' "${LC_ALL:-${LANG:-}}" | sed -n 's/^[a-z]*_\([A-Z][A-Z]\).*/\1/p')
	ask "Country it is in, two letters, for its radio rules${here_code:+ [$here_code]}: "
	country=$(printf '%s' "${answer:-$here_code}" | tr '[:lower:]' '[:upper:]')
	case $country in
	[A-Z][A-Z]) ;;
	*) refuse consent "a country is two letters, such as FR." "Start again." ;;
	esac
	ask_unseen "Its passphrase (not shown; nothing for an open network): "
	passphrase=$answer
	if [ -n "$passphrase" ]; then
		good_passphrase "$passphrase" || refuse consent "a passphrase has 8 to 63 letters, digits or signs." \
			"Start again."
		ask_unseen "Once more: "
		[ "$answer" = "$passphrase" ] || refuse consent "the two passphrases differ." "Start again."
	fi
	wifi_text=$(wifi_conf)
	answer="" passphrase=""
}

# What stands between the first and the last quotation mark is the passphrase: nothing is escaped.
wifi_conf()
{
	echo "# Written by flash.sh."
	echo "country=$country"
	echo "network={"
	echo "	ssid=$ssid"
	echo "	scan_ssid=1"
	if [ -z "$passphrase" ]; then
		echo "	key_mgmt=NONE"
	elif raw_key "$passphrase"; then
		echo "	key_mgmt=WPA-PSK"
		echo "	psk=$passphrase"
	else
		echo "	key_mgmt=WPA-PSK WPA-PSK-SHA256 SAE"
		echo "	ieee80211w=1"
		printf '\tpsk="%s"\n' "$passphrase"
	fi
	echo "}"
}
