#!/bin/sh
# Updates from the network: parvis-fetch with the real curl, against a web server that is cut off, changes what
# it has, and says nothing of it.
. tests/fake/tap.sh

mkdir "$DIR/updates"
cat >"$DIR/server.mjs" <<'END'
// Serves one file, in parts where asked; tells its port, then each request. Of a file beside it named
// cut, that many bytes come, and then nothing.
import { createServer } from "node:http";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
const dir = process.argv[2];
const server = createServer((request, response) => {
	if (!existsSync(`${dir}/file`)) return response.writeHead(404).end();
	const whole = readFileSync(`${dir}/file`);
	const range = existsSync(`${dir}/no-ranges`) ? "" : request.headers.range ?? "";
	const from = Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0);
	const some = whole.subarray(from);
	appendFileSync(`${dir}/asked`, request.method === "HEAD" ? "look " : `from ${from} `);
	const head = existsSync(`${dir}/tells-nothing`) ? {} : {
		etag: `"${createHash("sha256").update(whole).digest("hex")}"`, "content-length": some.length };
	if (from) head["content-range"] = `bytes ${from}-${whole.length - 1}/${whole.length}`;
	response.writeHead(from ? 206 : 200, head);
	if (request.method === "HEAD") return response.end();
	if (!existsSync(`${dir}/cut`)) return response.end(some);
	response.write(some.subarray(0, Number(readFileSync(`${dir}/cut`))), () => response.destroy());
	rmSync(`${dir}/cut`);
});
server.listen(0, "127.0.0.1", () => writeFileSync(`${dir}/port`, `${server.address().port}\n`));
END
node "$DIR/server.mjs" "$DIR" >"$DIR/server.out" 2>&1 &
server=$!
at_end "kill $server"
tries=0
until [ -s "$DIR/port" ] || [ $tries = 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
url=http://127.0.0.1:$(cat "$DIR/port")/box.raucb

# fetch: the status, what was asked of the server, and how much has come
fetch()
{
	rm -f "$DIR/asked"
	UPDATES=${1-$url} PARVIS_UPDATES=$DIR/updates PARVIS_UPDATES_LIMIT=2000000 \
		sh board/update/parvis-fetch >"$DIR/out" 2>&1
	echo "$?: $(cat "$DIR/asked" 2>/dev/null)"
}
came()
{
	cmp "$DIR/file" "$DIR/updates/network.raucb" 2>&1
}

is "without an address nothing is asked" "0: " "$(fetch '')"
is "an address that is none is refused" "2: " "$(fetch ftp://example/box.raucb)"
is "nothing there yet is told" "1: " "$(fetch)"
head -c 1500000 /dev/urandom >"$DIR/file"
echo 700000 >"$DIR/cut"
is "a line that is cut off" "1: look from 0 " "$(fetch)"
is "leaves nothing that could be installed" "" "$(cat "$DIR/updates/network.raucb" 2>/dev/null)"
from=$(stat -c %s "$DIR/updates/network.part")
is "is gone on with where it was" "0: look from $from " "$(fetch)"
is "which was not the beginning" 1 $((from > 100000))
is "and the bundle is the one that lies there" "" "$(came)"
is "what was brought is not brought again" "0: look " "$(fetch)"
rm "$DIR/updates/network.raucb"
is "nor after it was installed" "0: look " "$(fetch)"
head -c 1400000 /dev/urandom >"$DIR/file"
echo 300000 >"$DIR/cut"
is "another is brought" "1: look from 0 " "$(fetch)"
head -c 1300000 /dev/urandom >"$DIR/file"
is "and begun anew where it changed in between" "0: look from 0 " "$(fetch)"
is "so that no half of the old is in it" "" "$(came)"
head -c 1100000 /dev/urandom >"$DIR/file"
touch "$DIR/no-ranges"
echo 500000 >"$DIR/cut"
is "a line that is cut off, to a server that cannot go on" "1: look from 0 " "$(fetch)"
is "which is found out" "1: look from 0 " "$(fetch)"
is "is begun anew" "0: look from 0 " "$(fetch)"
is "and comes whole" "" "$(came)"
rm "$DIR/no-ranges"
head -c 2100000 /dev/urandom >"$DIR/file"
is "what is no bundle by its size is left" "2: look " "$(fetch)"
touch "$DIR/tells-nothing"
touch "$DIR/tells-nothing"
head -c 1200000 /dev/urandom >"$DIR/file"
is "what tells nothing of itself could not be gone on with, and is not begun" "2: look " "$(fetch)"
is "which is said" 1 "$(grep -c 'has to tell the length' "$DIR/out")"
done_testing
