#!/bin/sh
# Signed tickets against a second implementation (node_sig1.mjs: Node's Ed25519, its own protocol
# buffers): 10,000 of each, in both directions, compared field by field.
. tests/fake/tap.sh

if ! command -v node >/dev/null || ! node -e 'require("crypto").generateKeyPairSync("ed25519")' 2>/dev/null; then
	skip "signed tickets and Node agree" "there is no node with Ed25519 (Debian: nodejs)"
	done_testing
fi

N=10000

second()
{
	node tests/flow/node_sig1.mjs "$@" 2>"$DIR/err"
}

# same NAME EXPECTED ACTUAL: as `is`, with what Node said
same()
{
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "expected $2, got $3" "$DIR/err"; fi
}

"$PARVIS" event new "$DIR/event" --id e --title E --opens 2026-01-01 --closes 2036-01-01 --timezone UTC \
	--venue 'a;' --venue 'b;' --venue 'c;' --item '1;' --item '2;' </dev/null >/dev/null 2>"$DIR/err"
ours=$(sed -n 's/^ticket = //p' "$DIR/event/event.ini")
same "an event with a key is made" 64 ${#ours}

"$TOOLS/sig1" write "$DIR/event" $N >"$DIR/ours"
same "$N tickets of ours are good for Node, and say what we said" $N "$(second verify "$ours" <"$DIR/ours")"
same "no two are alike" $N "$(cut -f 1 "$DIR/ours" | sort -u | wc -l)"
same "with our key Node writes the very same texts" $((N - N / 10)) \
	"$(second again "$DIR/event/keys/issuing.key" <"$DIR/ours")"
second spoil <"$DIR/ours" >"$DIR/spoilt"
same "of ours with a bit changed, Node takes none" $N "$(second refused "$ours" <"$DIR/spoilt")"
same "nor do we" $N "$("$TOOLS/sig1" read "$ours" <"$DIR/spoilt" | grep -cx -- -)"

second make $N "$DIR/key" >"$DIR/theirs"
"$TOOLS/sig1" read "$(cat "$DIR/key")" <"$DIR/theirs" >"$DIR/read"
same "Node makes $N tickets" $N "$(sort -u "$DIR/theirs" | wc -l)"
if cmp "$DIR/theirs" "$DIR/read" >"$DIR/err" 2>&1; then
	ok "$N tickets of Node's are good for us, and say what Node said"
else
	diff "$DIR/theirs" "$DIR/read" >>"$DIR/err"
	not_ok "$N tickets of Node's are good for us, and say what Node said" "$DIR/err"
fi
second spoil <"$DIR/theirs" >"$DIR/spoilt"
same "with a bit changed, none is" $N "$("$TOOLS/sig1" read "$(cat "$DIR/key")" <"$DIR/spoilt" | grep -cx -- -)"
same "nor with another key" $N "$("$TOOLS/sig1" read "$ours" <"$DIR/theirs" | grep -cx -- -)"

# The whole way, as a ticket seller's key is added behind ours.
second make $N "$DIR/key" tame >"$DIR/theirs"
sed -i "s/^ticket = .*/& $(cat "$DIR/key")/" "$DIR/event/event.ini"
cut -f 1 "$DIR/theirs" | "$PARVIS" check --event "$DIR/event" --venue a --json - >"$DIR/answers"
same "the door knows $N of Node's tickets, their venues and their limits" $N \
	"$(second checked "$DIR/theirs" a,b,c <"$DIR/answers")"

done_testing
