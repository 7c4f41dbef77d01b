#!/bin/sh
# The README's chapter of the same name, from an empty folder: 2,000 registrations from four ticket
# sellers and a list of speakers become ten bundles and a PDF of tickets; a box that adopted its
# bundle admits by a ticket read back from the printed page, and greets by a registration.
# shellcheck source=tests/fake/tap.sh
. tests/fake/tap.sh

NIGHT=$DIR/nuit
echo 2016 >"$DIR/pin.txt"

# registrations DIALECT: 500 people of one seller, made up, on standard output
registrations()
{
	awk -v dialect="$1" 'BEGIN {
		split("Amina Jean Zoé Łukasz Ngọc Çağla Δημήτρης Олена مريم 张伟", first, " ")
		split("Diallo Martin Müller Nowak Trần Öztürk Παπαδάκης Шевченко حداد 李", last, " ")
		if (dialect == "pretix")
			print "\"Order code\",\"Attendee name\",\"Product\",\"Checked in\",\"Paid\",\"Secret\",\"E-mail\""
		if (dialect == "eventbrite")
			print "Order #,Order Date,First Name,Last Name,Email,Quantity,Ticket Type,Event Name,Attendee Status,Barcode #"
		if (dialect == "helloasso")
			print "Référence commande;Date de la commande;Statut de la commande;Nom participant;Prénom participant;Billet;Numéro de billet;Tarif;Montant tarif"
		if (dialect == "billetweb")
			print "Billet;Tarif;Catégorie;Nom;Prénom;Email;Commande;Payé;Valide;Séance"
		for (i = 0; i < 500; i++) {
			f = first[1 + i % 10]
			l = last[1 + int(i / 10) % 10]
			if (dialect == "pretix")
				printf "\"P%04d\",\"%s %s\",\"Entrée libre\",\"Non\",\"Oui\",\"ptx%05dkqhzmwtavy4nfsre8bdg2\",\"p%d@example.org\"\r\n", i, f, l, i, i
			if (dialect == "eventbrite")
				printf "10000%05d,11/29/16 22:28,%s,%s,e%d@example.org,1,Entrée libre,Nuit,Attending,20000000%05d7719\n", i, f, l, i, i
			if (dialect == "helloasso")
				printf "H%07d;01/12/2016 19:%02d;Validé;%s;%s;;4411%05d2209;Entrée libre;0,00\n", i, i % 60, l, f, i
			if (dialect == "billetweb")
				printf "BW%05dQ7;Libre;Public;%s;%s;b%d@example.org;C%04d;Oui;Oui;%s\n", i, l, f, i, i, i % 2 ? "Numa" : "La Ruche"
		}
	}'
}

"$PARVIS" event new "$NIGHT" --from assets/demo --pin-stdin <"$DIR/pin.txt" >"$DIR/out" 2>&1
is "an event after the demo's model" 0 $?
"$PARVIS" event check "$NIGHT" >"$DIR/out" 2>&1
is "which passes its check" 0 $?
is "with ten venues" 10 "$(grep -c '^\[venue ' "$NIGHT/event.ini")"

for dialect in pretix eventbrite helloasso billetweb; do
	registrations $dialect >"$DIR/$dialect.csv"
done
if "$PARVIS" roster import --event "$NIGHT" "$DIR/pretix.csv" "$DIR/eventbrite.csv" \
	"$DIR/helloasso.csv" "$DIR/billetweb.csv" >"$DIR/out" 2>"$DIR/err"; then
	ok "the exports of four sellers are imported"
else
	not_ok "the exports of four sellers are imported" "$DIR/out" "$DIR/err"
fi
for dialect in pretix eventbrite helloasso billetweb; do
	cat "$DIR/out" "$DIR/err" | grep -i "$dialect.csv.*$dialect" >/dev/null
	is "$dialect is found out, and said" 0 $?
done
is "2,000 people are registered" 2000 "$("$PARVIS" roster list --event "$NIGHT" --csv | sed 1d | wc -l |
	tr -d ' ')"

{
	echo name,type,venue
	i=0
	while [ $i -lt 20 ]; do
		i=$((i + 1))
		echo "Oratrice $i,Intervenant·e,numa"
	done
} >"$DIR/speakers.csv"
if "$PARVIS" ticket issue --event "$NIGHT" --names "$DIR/speakers.csv" --layout sheet \
	--out "$DIR/tickets.pdf" --codes "$DIR/codes.csv" >"$DIR/out" 2>&1 &&
	"$PARVIS" roster import --event "$NIGHT" "$DIR/codes.csv" >>"$DIR/out" 2>&1; then
	ok "tickets for twenty speakers are drawn and on the roster"
else
	not_ok "tickets for twenty speakers are drawn and on the roster" "$DIR/out"
fi

made=0
for venue in $(sed -n 's/^\[venue \(.*\)\]$/\1/p' "$NIGHT/event.ini"); do
	"$PARVIS" kiosk provision --event "$NIGHT" --venue "$venue" --door nord >"$DIR/out" 2>&1 &&
		made=$((made + 1))
done
is "ten bundles" 10 $made
"$PARVIS" kiosk show "$NIGHT"/bundles/*.parvis >"$DIR/out" 2>&1
is "all of them good" "0 10" "$? $(ls "$NIGHT"/bundles/*.parvis | wc -l | tr -d ' ')"

if command -v pdftoppm >/dev/null; then
	pdftoppm -r 150 -gray -png "$DIR/tickets.pdf" "$DIR/sheet"
	page=$(ls "$DIR"/sheet*.png | head -1)
	# The first ticket of eight, as somebody cuts it out.
	pdftoppm -r 150 -gray -png -f 1 -l 1 -x 0 -y 0 -W 620 -H 440 "$DIR/tickets.pdf" "$DIR/cut"
	cut=$(ls "$DIR"/cut*.png | head -1)
	[ -n "$page" ] || not_ok "the PDF has pages" "$DIR/out"
	cat >"$DIR/rehearsal" <<-EOF
		expect adopt ask
		tap Devenir cette porte
		at 19:04:10
		show $cut
		wait ADMIT
		expect lamp green
		shot welcome.png
		at 19:05:00
		show $cut
		wait ALREADY_IN
		at 19:06:00
		code ptx00041kqhzmwtavy4nfsre8bdg2
		wait ADMIT
		code 4411999992209
		wait UNKNOWN
		code 4411000422209
		wait ADMIT
		code BW00004Q7
		wait WRONG_VENUE
		code BW00005Q7
		wait ADMIT
		expect present 4
	EOF
	"$KIOSK" --data "$DIR/box" --bundle "$NIGHT/bundles/numa-nord.parvis" --offscreen \
		--shots "$DIR/shots" --script "$DIR/rehearsal" >"$DIR/out" 2>"$DIR/err"
	status=$?
	if [ $status = 0 ]; then
		ok "the box admits by a printed ticket and by the sellers' codes"
	else
		not_ok "the box admits by a printed ticket and by the sellers' codes" \
			"exit $status" "$DIR/err" "$DIR/out"
	fi
	is "and is at its door" "numa/nord" "$("$PARVIS" log --data "$DIR/box" --csv |
		sed -n 2p | grep -o '"numa","nord"' | tr -d '"' | tr , /)"
else
	skip "the box admits by a printed ticket" "pdftoppm (poppler-utils) is not here"
fi

# Nobody's name leaves the organiser's machine.
cut -d, -f1 "$DIR/speakers.csv" | sed 1d >"$DIR/names"
is "no speaker's name is in a bundle or on the box" "" \
	"$(grep -rlaF -f "$DIR/names" "$NIGHT/bundles" "$DIR/box" 2>/dev/null)"

done_testing
