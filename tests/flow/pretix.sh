#!/bin/sh
# parvis roster import --pretix against a stand-in that gives the documented answers, and the ways in
# which a server, a network and a neighbour can let one down.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

V2='==QCiFO1apLFypH1BXorPlbn4efNA0aCAsO1Z2hsmY/hKTI3/UVSlON/Vw8WSYof/1tz5tepBltUAg4GnzpOBSSlqARYhFWYhFWYhFWCKAEANAQA'
K1=60c26c3a72e9e40586a49f9d149136afd0ce5de40866056b0adf772c097904df
TOKEN=e1l6gq2ye72thbwkacj7jbri7a7tvxe614ojv8

# Bytes of hex; printf of sh knows octal alone.
unhex()
{
	printf '%s' "$1" | sed 's/../&\n/g' | while read -r byte; do
		[ -n "$byte" ] && printf "\\$(printf '%03o' "0x$byte")"
	done
}

# A key as pretix gives it: base64 of PEM of DER.
spki()
{
	der=$(unhex "302a300506032b6570032100$1" | base64 -w0)
	printf -- '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' "$der" | base64 -w0
}

# --- the server ----------------------------------------------------------------------------------

S=$DIR/server
mkdir "$S"
"$TOOLS/pretix_standin" "$S" "$TOKEN" &
server=$!
at_end "kill $server 2>/dev/null"
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ -f "$S/port" ] || sleep 0.2
done
URL=http://127.0.0.1:$(cat "$S/port")

# list FILE [NEXT-QUERY] <records: an answer of one page
list()
{
	next=null
	[ $# -lt 2 ] || next="\"https://pretix.example.org/elsewhere/?$2\""
	printf '{"count": 3, "next": %s, "previous": null, "results": [' "$next" >"$S/$1"
	cat >>"$S/$1"
	printf ']}' >>"$S/$1"
}

# position ID SECRET NAME SUBEVENT [MORE]
position()
{
	printf '{"id": %s, "order": "ABC12", "positionid": 1, "item": 1345, "variation": null,
	"price": "23.00", "attendee_name": %s, "attendee_name_parts": {"full_name": "x"},
	"attendee_email": "guest@example.org", "secret": "%s", "subevent": %s,
	"pseudonymization_id": "MQLJvANO3B", "seat": null, "checkins": [], "answers": [],
	"downloads": []%s}' "$1" "$3" "$2" "$4" "${5:-}"
}

# order STATUS POSITION…
order()
{
	printf '{"code": "ABC12", "status": "%s", "invoice_address": {"name": "Paula Payer"},
	"last_modified": "2016-12-01T10:00:00Z", "positions": [%s]}' "$1" "$2"
}

event()
{
	printf '{"name": {"en": "Sample"}, "slug": "nuit", "live": true, "valid_keys": {"pretix_sig1": [%s]}}' \
		"$1" >"$S/event"
}

A=z3fsn8jyufm5kpk768q69gkbyr5f4h6w
B2=aaaan8jyufm5kpk768q69gkbyr5f4h6w
C=ccccn8jyufm5kpk768q69gkbyr5f4h6w
D=ddddn8jyufm5kpk768q69gkbyr5f4h6w
E=eeeen8jyufm5kpk768q69gkbyr5f4h6w

stock()
{
	rm -f "$S"/*
	printf '%s' "${URL##*:}" >"$S/port"
	event "\"$(spki $K1)\""
	list checkinlists_ <<-END
		{"id": 1, "name": "Door", "all_products": true, "limit_products": [], "subevent": null,
		"position_count": 3, "checkin_count": 0, "include_pending": false, "unheard": {"of": 1}},
		{"id": 2, "name": "Speakers", "all_products": false, "limit_products": [7],
		"subevent": 12, "include_pending": true}
	END
	list items_ <<-END
		{"id": 1345, "name": {"en": "Visitor", "fr": "Visiteuse"}}, {"id": 7, "name": {"en": "Speaker"}}
	END
	# Two pages of the first list.
	list checkinlists_1_positions_ 'ordering=order__code,positionid&page=2' <<-END
		$(position 1 $A '"Zoé O’Hara"' 11), $(position 2 $B2 '"Борис"' 12)
	END
	list 'checkinlists_1_positions_?ordering=order__code,positionid&page=2' <<-END
		$(position 3 $C null null ', "blocked": ["admin"]')
	END
	list checkinlists_2_positions_ <<-END
		$(position 2 $B2 '"Борис"' 12)
	END
	list revokedsecrets_ <<-END
		{"id": 1, "secret": "$E", "created": "2016-12-01T10:00:00Z"}
	END
	list blockedsecrets_ </dev/null
	list orders_ </dev/null
	for list in orders_ revokedsecrets_ blockedsecrets_; do
		echo 'header X-Page-Generated: 2016-12-02T10:00:00.5+01:00' >"$S/$list.how"
	done
}

# --- the event -----------------------------------------------------------------------------------

printf '%s\n' "$TOKEN" >"$DIR/token"
chmod 600 "$DIR/token"

fresh()
{
	rm -rf "$DIR/event"
	mkdir "$DIR/event"
	sed '/^ticket *=/d' assets/demo/event.ini >"$DIR/event/event.ini"
}

import()
{
	"$PARVIS" roster import --event "$DIR/event" --pretix "$URL" --organizer bigevents \
		--pretix-event nuit --token-file "$DIR/token" --retries 0 "$@" \
		>"$DIR/out" 2>"$DIR/err" </dev/null
	status=$?
	cat "$DIR/out" "$DIR/err" >>"$DIR/said"
}

# verdict CODE [VENUE]
verdict()
{
	"$PARVIS" check --event "$DIR/event" --venue "${2:-numa}" --at 2016-12-08T20:00:00+01:00 \
		-- "$1" 2>&1 | sed 's/ .*//'
}
# greets CODE [VENUE]: and with what name
greets()
{
	"$PARVIS" check --event "$DIR/event" --venue "${2:-numa}" --at 2016-12-08T20:00:00+01:00 --json \
		-- "$1" 2>&1
}

# refused NAME STATUS PATTERN: an import into a fresh folder that must leave nothing.
refused()
{
	fresh
	import
	says "$1" "$2" err "$3"
	is "and nothing was taken" "event.ini" \
		"$(cd "$DIR/event" && find . -type f ! -name '*.lock' | sed 's|./||' | sort | xargs)"
}

# --- the first time ------------------------------------------------------------------------------

stock
fresh
is "before, a signed ticket has no key" "FORGED" "$(verdict "$V2" | tr -d :)"
import
says "everything is taken" 0 out 'everything: 3 registrations: 3 new, 0 updated, 0 unchanged; 2 revoked'
says "and the keys" 0 out '1 keys of signed tickets, written to pretix.keys'
is "a ticket is admitted at its venue" ADMIT "$(verdict $A)"
case $(greets $A) in
*"Zoé O’Hara"*) ok "and greeted by name" ;;
*) not_ok "and greeted by name" "$(greets $A)" ;;
esac
is "and shown the way elsewhere" WRONG_VENUE "$(verdict $A liberte)"
is "one for another venue is admitted there" ADMIT "$(verdict $B2 liberte)"
is "a blocked one is not" REVOKED "$(verdict $C)"
is "nor one whose code was revoked" REVOKED "$(verdict $E)"
is "a signed ticket has its key now" ADMIT "$(verdict "$V2")"
is "the second page was asked for here, not elsewhere" 1 "$(grep -c 'page=2' "$S/log")"
is "codes stay on this computer" 600 "$(stat -c %a "$DIR/event/keys/"*.json)"
is "in a folder of its own" 700 "$(stat -c %a "$DIR/event/keys")"
if grep -q "$A" "$DIR/event/roster.db" "$DIR/event/pretix.keys"; then
	not_ok "and are in nothing that goes to a box"
else
	ok "and are in nothing that goes to a box"
fi

# --- again ---------------------------------------------------------------------------------------

: >"$S/log"
import
says "the second time changes alone are asked for" 0 out 'changes: 0 registrations: 0 new'
if grep -q 'orders/?modified_since=2016-12-02T10:00:00.5%2B01:00&include_canceled' "$S/log" &&
	grep -q 'created_since=2016-12-02T10' "$S/log" && ! grep -q positions/ "$S/log"; then
	ok "since the moment that the server gave"
else
	not_ok "since the moment that the server gave" "$S/log"
fi
is "nothing is changed by it" ADMIT "$(verdict $A)"

list orders_ <<-END
	$(order c "$(position 1 $A '"Zoé"' 11)"),
	$(order p "$(position 2 $D '"Boris"' 12), $(position 4 ffff1234567890 null 11 ', "addon_to": 2')"),
	$(order n "$(position 5 gggg1234567890 '"Nadja"' 11)"),
	$(order p "$(position 3 $C '"Cleo"' null)")
END
import
says "changes are taken" 0 out 'changes: 3 registrations: 2 new, 1 updated, 0 unchanged; 2 revoked, 1 restored'
is "a cancelled ticket is refused" REVOKED "$(verdict $A)"
is "so is a code that was exchanged" REVOKED "$(verdict $B2 liberte)"
is "its new one is admitted" ADMIT "$(verdict $D liberte)"
is "what is blocked no longer is admitted" ADMIT "$(verdict $C)"
is "what is not paid is not known" UNKNOWN "$(verdict gggg1234567890)"
case $(greets ffff1234567890) in
*Boris*) ok "an add-on greets whom it was added to" ;;
*) not_ok "an add-on greets whom it was added to" "$(greets ffff1234567890)" ;;
esac

list orders_ </dev/null
list blockedsecrets_ <<-END
	{"id": 1, "secret": "$D", "blocked": true, "updated": "2016-12-03T10:00:00Z"}
END
import
is "a code that is blocked is refused" REVOKED "$(verdict $D liberte)"
sed -i 's/"blocked": true/"blocked": false/' "$S/blockedsecrets_"
import
is "and good again when it no longer is" ADMIT "$(verdict $D liberte)"

for list in 1 2; do
	list checkinlists_${list}_positions_ <<-END
		$(position 2 $D '"Boris"' 12)
	END
done
import --full
says "--full reads everything" 0 out 'everything: 1 registrations'
is "what is on no list any more is refused" REVOKED "$(verdict $C)"
import --list 2
says "one list alone can be taken" 0 out 'everything: 1 registrations'
import --list 77
says "one that is not there is told" 1 err 'the event has no check-in list 77'
sed -i 's/^subevent = 13/subevent = 113/' "$DIR/event/event.ini"
import
says "other venues ask for everything anew" 0 out 'everything: '
echo broken >"$DIR/event/keys/pretix+bigevents+nuit+all.json"
import
says "so does a broken memory" 0 out 'everything: '
says "which is told" 0 err 'note: what the last import left cannot be read'

# --- the organiser's own ------------------------------------------------------------------------

event ""
import
says "keys that pretix no longer has are forgotten" 0 out '0 keys of signed tickets, written'
is "and their tickets refused" FORGED "$(verdict "$V2")"
stock
list 'checkinlists_1_positions_' <<-END
	$(position 9 hhhh1234567890 '"Date"' 4711)
END
refused "a date of no venue is refused with the remedy" 1 'subevent = 4711 under the \[venue\]'
stock
fresh
sed -i '/^\[staff\]/a item = 1345' "$DIR/event/event.ini"
import
says "a product must not be the staff's" 1 err 'product 1345, which event.ini has as \[staff\] item'

# --- what a server may say -----------------------------------------------------------------------

for how in '401 1 does.not.know.the.token' '403 1 the.right.to.view.orders' '404 1 --pretix-event' \
	'400 1 does.not.understand' '429 3 try.again.later' '500 3 try.again.later' '503 3 later'; do
	stock
	set -- $how
	echo "status $1" >"$S/checkinlists_1_positions_.how"
	refused "status $1 is told" "$2" "checkinlists/1/positions/: .*$3"
done
stock
echo wrong-token >"$DIR/token"
refused "another token is refused" 1 'status 401: .*Invalid token'
printf 'two words\n' >"$DIR/token"
refused "one that is none, too" 2 'the token is not 1 to'
printf '%s\n' "$TOKEN" >"$DIR/token"

stock
printf 'times 2\nstatus 429\nheader Retry-After: 1\n' >"$S/items_.how"
printf 'times 1\ncut 5\n' >"$S/checkinlists_1_positions_.how"
fresh
import --retries 3
says "too many requests, and a cut: it tries again and goes on" 0 out '3 registrations: 3 new'
is "from that page on" 3 "$(grep -c items/ "$S/log")"
stock
printf 'status 429\nheader Retry-After: 86400\n' >"$S/items_.how"
fresh
import --retries 3
says "nobody waits a day" 3 err 'items/: .*try again later'

stock
echo '{"count": 1, "results": [{"id": 1' >"$S/items_"
refused "broken JSON is told" 1 'items/: .*not what pretix documents: no JSON, from line'
stock
echo '[]' >"$S/checkinlists_"
refused "another kind of answer, too" 1 'checkinlists/: .*not an object'
for field in id secret item; do
	stock
	sed -i "s/\"$field\": /\"${field}_\": /g" "$S/checkinlists_1_positions_"
	refused "a missing $field is named" 1 "record 1 of the page: $field: missing"
done
stock
sed -i 's/"subevent": 11/"subevent": "11"/' "$S/checkinlists_1_positions_"
refused "a text for a number is named" 1 'subevent: no number'
stock
list 'checkinlists_1_positions_?ordering=order__code,positionid&page=2' \
	'ordering=order__code,positionid&page=2' </dev/null
refused "pages without end are noticed" 1 'the pages have no end'
stock
echo 'huge 17825792' >"$S/items_.how"
refused "a huge answer is refused" 3 'items/: the answer is larger than 16 MiB'
stock
echo 'slow 4000' >"$S/items_.how"
fresh
import --timeout 1
says "a slow one is not waited for" 3 err 'items/: .*timed out'
stock
echo 'cut 20' >"$S/items_.how"
refused "a cut one is none" 3 'items/: '
stock
printf 'status 302\nheader Location: http://127.0.0.2:1/other\n' >"$S/items_.how"
refused "the token goes nowhere else" 1 'items/: the server sends us elsewhere'
stock
printf 'times 1\nstatus 302\nheader Location: %s/api/v1/organizers/bigevents/events/nuit/items/\n' \
	"$URL" >"$S/items_.how"
fresh
import
says "a redirection at the same server is followed" 0 out '3 registrations'
stock
printf 'status 302\nheader Location: %s/api/v1/organizers/bigevents/events/nuit/items/\n' \
	"$URL" >"$S/items_.how"
refused "but not in circles" 1 'in circles'
stock
rm "$S/revokedsecrets_" "$S/blockedsecrets_" "$S/orders_" "$S/items_"
fresh
import
says "an old server without the newer lists is enough" 0 out '3 registrations'
import
says "and is read in full each time" 0 out 'everything: 3 registrations: 0 new, 0 updated, 3 unch'

stock
fresh
: >"$DIR/event/keys"
import
says "what cannot be remembered is told" 3 err 'cannot be remembered'
is "and the tickets are there" ADMIT "$(verdict $A)"
fresh
import
"$PARVIS" roster revoke --event "$DIR/event" $A >"$DIR/out" 2>&1
import --full
is "what the organiser took back stays so" REVOKED "$(verdict $A)"

# A kill leaves the last import in force.
printf 'slow 300\n' >"$S/revokedsecrets_.how"
list checkinlists_1_positions_ <<-END
	$(position 1 $A '"Zoé"' 11)
END
before=$(md5sum <"$DIR/event/people.db")
"$PARVIS" roster import --event "$DIR/event" --pretix "$URL" --organizer bigevents --full \
	--pretix-event nuit --token-file "$DIR/token" >/dev/null 2>&1 &
job=$!
: >"$S/log"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	grep -q revokedsecrets "$S/log" || sleep 0.1
done
kill -9 $job
wait $job 2>/dev/null
is "killed half-way it has changed nothing" "$before" "$(md5sum <"$DIR/event/people.db")"
import
says "and the next import goes on from before" 0 out 'changes: 0 registrations'

stock
event '"bm8ga2V5"'
refused "a key that is none is refused" 1 'number 1 is no Ed25519 public key'
event "\"$(spki 0000000000000000000000000000000000000000000000000000000000000000)\""
refused "so is one that everybody can sign for" 1 'number 1 is no Ed25519 public key'

# --- where the token may go ----------------------------------------------------------------------

stock
good=$URL
for URL in http://pretix.example.org http://localhost:1 http://127.0.0.1.example.org ftp://127.0.0.1 \
	https://user:secret@pretix.example.org 'https://pretix.example.org/?a' pretix.example.org; do
	refused "$URL is refused" 2 "the server's address"
done
URL=http://127.0.0.1:1
refused "nobody there" 3 'Failed to connect|Connection refused|connect to'
URL=$good
fresh
"$PARVIS" roster import --event "$DIR/event" --pretix "$URL" --organizer bigevents \
	--pretix-event nuit --token - <"$DIR/token" >"$DIR/out" 2>"$DIR/err"
status=$?
says "the token can come from standard input" 0 out '3 registrations'
chmod 644 "$DIR/token"
import
says "a token file that others can read is noted" 0 err 'note: others can read the token file'
chmod 600 "$DIR/token"
echo 'slow 1500' >"$S/event.how"
"$PARVIS" roster import --event "$DIR/event" --pretix "$URL" --organizer bigevents \
	--pretix-event nuit --token "$TOKEN" >"$DIR/out" 2>"$DIR/err" &
job=$!
: >"$S/log"
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ -s "$S/log" ] || sleep 0.1
done
if [ -r "/proc/$job/cmdline" ] && tr '\0' ' ' <"/proc/$job/cmdline" | grep -q -- '--token \**' &&
	! tr '\0' ' ' <"/proc/$job/cmdline" | grep -q "$TOKEN"; then
	ok "one on the command line is gone from the list of processes"
else
	not_ok "one on the command line is gone from the list of processes"
fi
wait $job
rm "$S/event.how"

for wrong in '--organizer a/b' '--organizer ../x' '--pretix-event .' '--list 0' '--list x' \
	'--timeout 0' '--retries 21' '--nonsense' 'more.csv' '--token x'; do
	# shellcheck disable=SC2086 # words on purpose
	import $wrong
	says "$wrong is wrong use" 2 err 'parvis roster import --event DIR --pretix'
done

# --- TLS -----------------------------------------------------------------------------------------

if command -v openssl >/dev/null; then
	openssl req -x509 -newkey ed25519 -nodes -keyout "$DIR/ca.key" -out "$DIR/ca.pem" -days 2 \
		-subj '/CN=a certificate authority of our own' 2>/dev/null
	# certificate NAME: for that address, signed by our own authority
	certificate()
	{
		openssl req -newkey ed25519 -nodes -keyout "$DIR/tls.key" -out "$DIR/tls.csr" \
			-subj "/CN=stand-in" 2>/dev/null
		printf 'subjectAltName=%s\n' "$1" >"$DIR/tls.ext"
		openssl x509 -req -in "$DIR/tls.csr" -CA "$DIR/ca.pem" -CAkey "$DIR/ca.key" \
			-CAcreateserial -days 2 -extfile "$DIR/tls.ext" -out "$DIR/tls.pem" 2>/dev/null
	}
	# with_tls: answers every question with a page that is no JSON
	with_tls()
	{
		: >"$DIR/tls.out"
		openssl s_server -accept 127.0.0.1:0 -cert "$DIR/tls.pem" -key "$DIR/tls.key" -www \
			>"$DIR/tls.out" 2>&1 </dev/null &
		tls=$!
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			grep -q '^ACCEPT' "$DIR/tls.out" || sleep 0.2
		done
		URL=https://127.0.0.1:$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$DIR/tls.out")
	}
	certificate IP:127.0.0.1
	with_tls
	refused "a certificate that nobody vouches for is refused" 1 'certificate is not trusted'
	fresh
	import --ca-file "$DIR/ca.pem"
	says "one of the authority given is taken" 1 err 'the event: no JSON'
	kill $tls
	wait $tls 2>/dev/null
	certificate DNS:pretix.example.org
	with_tls
	fresh
	import --ca-file "$DIR/ca.pem"
	says "but not for another name" 1 err 'certificate is not trusted'
	kill $tls
	wait $tls 2>/dev/null
	URL=$good
else
	skip "TLS" "no openssl here"
fi

if grep -qE "$TOKEN|$A|$B2|Zoé|Борис|wrong-token" "$DIR/said"; then
	not_ok "no token, code or name was ever said" "$DIR/said"
else
	ok "no token, code or name was ever said"
fi
done_testing
