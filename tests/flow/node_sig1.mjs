// A second implementation of signed tickets (pretix_sig1), with nothing of Parvis's in it: Node's
// own Ed25519 and base64, and protocol buffers by hand. Lines are those of tests/tools/sig1.c:
// the ticket's text, seed, item, variation, subevent, valid from, valid until, with tabs between.
//
//   node node_sig1.mjs make N KEYFILE [tame]   N tickets; the new key's public half goes to KEYFILE
//   node node_sig1.mjs verify KEY              every line of stdin is good and says what it says
//   node node_sig1.mjs again SEEDFILE          the same key makes the same text of each line
//   node node_sig1.mjs refused KEY             how many texts of stdin are not good
//   node node_sig1.mjs spoil                   each text of stdin with one bit changed
//   node node_sig1.mjs checked TICKETS VENUES  `parvis check --json` on stdin agrees with TICKETS
import crypto from "node:crypto";
import fs from "node:fs";

const SPKI = Buffer.from("302a300506032b6570032100", "hex");
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

const lines = (file) => fs.readFileSync(file, "utf8").split("\n").filter((line) => line);
const publicKey = (raw) =>
	crypto.createPublicKey({ key: Buffer.concat([SPKI, raw]), format: "der", type: "spki" });
const privateKey = (seed) =>
	crypto.createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });

// --- protocol buffers

function varint(value) {
	const out = [];
	for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
		if (rest < 128n) return Buffer.from([...out, Number(rest)]);
		out.push(Number(rest & 127n) | 128);
	}
}

class Reader {
	constructor(bytes) {
		this.bytes = bytes;
		this.at = 0;
	}
	varint() {
		let value = 0n;
		for (let shift = 0n; ; shift += 7n) {
			if (this.at >= this.bytes.length || shift > 63n) throw new Error("varint");
			const byte = this.bytes[this.at++];
			value |= BigInt(byte & 127) << shift;
			if (byte < 128) return value;
		}
	}
	take(length) {
		if (this.at + length > this.bytes.length) throw new Error("cut short");
		this.at += length;
		return this.bytes.subarray(this.at - length, this.at);
	}
}

const NUMBERS = ["item", "variation", "subevent", "from", "until"]; // fields 2 to 6

function encode(ticket, options = {}) {
	const parts = [];
	const seed = Buffer.from(ticket.seed, "utf8");
	if (seed.length) parts.push(varint(10n), varint(BigInt(seed.length)), seed);
	NUMBERS.forEach((name, i) => {
		// A limit may be there and be 0, which is no limit.
		const explicit = options.zeros && i >= 3;
		if (ticket[name] !== 0n || explicit)
			parts.push(varint(BigInt((i + 2) << 3)), varint(ticket[name]));
	});
	if (options.more) parts.push(varint(122n), varint(BigInt(options.more.length)), options.more);
	return Buffer.concat(parts);
}

function decode(bytes) {
	const ticket = { seed: "", item: 0n, variation: 0n, subevent: 0n, from: 0n, until: 0n };
	const reader = new Reader(bytes);
	while (reader.at < bytes.length) {
		const tag = Number(reader.varint());
		const field = tag >> 3;
		if ((tag & 7) === 2) {
			const value = reader.take(Number(reader.varint()));
			if (field === 1) ticket.seed = value.toString("utf8");
		} else if ((tag & 7) === 0) {
			const value = BigInt.asIntN(64, reader.varint());
			if (field >= 2 && field <= 6) ticket[NUMBERS[field - 2]] = value;
		} else throw new Error("wire type");
	}
	return ticket;
}

// --- the envelope

const reverse = (text) => [...text].reverse().join("");

function sealed(payload, key) {
	const head = Buffer.alloc(5);
	head.writeUInt8(1, 0);
	head.writeUInt16BE(payload.length, 1);
	head.writeUInt16BE(64, 3);
	return reverse(Buffer.concat([head, payload, crypto.sign(null, payload, key)]).toString("base64"));
}

function opened(text, key) {
	const bytes = Buffer.from(reverse(text), "base64");
	if (reverse(bytes.toString("base64")) !== text) throw new Error("not canonical");
	const length = bytes.readUInt16BE(1);
	const signatureLength = bytes.readUInt16BE(3);
	if (bytes[0] !== 1 || bytes.length !== 5 + length + signatureLength) throw new Error("lengths");
	const payload = bytes.subarray(5, 5 + length);
	if (!crypto.verify(null, payload, key, bytes.subarray(5 + length))) throw new Error("forged");
	return payload;
}

// --- tickets and lines

const columns = (t) => [t.seed, ...NUMBERS.map((name) => t[name])].join("\t");

function ticketOf(line) {
	const [, seed, ...numbers] = line.split("\t");
	const ticket = { seed };
	NUMBERS.forEach((name, i) => (ticket[name] = BigInt(numbers[i])));
	return ticket;
}

const below = (n) => crypto.randomInt(n);

function anyNumber() {
	const value = crypto.randomBytes(8).readBigUInt64BE() >> BigInt(below(64));
	return BigInt.asIntN(64, below(4) ? value >> 1n : value);
}

function anySeed() {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	return Array.from({ length: 9 }, () => alphabet[below(62)]).join("");
}

const wild = () => ({
	seed: below(8) ? anySeed() : ["", "é", "ひみつ", "x".repeat(63)][below(4)],
	item: anyNumber(),
	variation: below(3) ? 0n : anyNumber(),
	subevent: anyNumber(),
	from: below(2) ? anyNumber() : 0n,
	until: below(2) ? anyNumber() : 0n,
});

// Of an event with items 1 and 2 and venues 1 to 3.
const tame = () => ({
	seed: anySeed(),
	item: BigInt(1 + below(2)),
	variation: BigInt(below(3)),
	subevent: BigInt(below(4)),
	from: below(2) ? BigInt(1000000000 + below(1000000000)) : 0n,
	until: below(2) ? BigInt(2000000000 + below(1000000000)) : 0n,
});

function make(count, keyFile, kind) {
	const key = crypto.generateKeyPairSync("ed25519");
	const spki = key.publicKey.export({ format: "der", type: "spki" });
	fs.writeFileSync(keyFile, spki.subarray(12).toString("hex"));
	const out = [];
	for (let i = 0; i < count; i++) {
		const ticket = kind === "tame" ? tame() : wild();
		const more = i % 10 === 9 ? crypto.randomBytes(128 + below(1372)) : null;
		const payload = encode(ticket, { zeros: i % 4 === 0, more });
		out.push(`${sealed(payload, key.privateKey)}\t${columns(ticket)}`);
	}
	process.stdout.write(out.join("\n") + "\n");
}

function verify(hex) {
	const key = publicKey(Buffer.from(hex, "hex"));
	let good = 0;
	for (const line of lines(0)) {
		const text = line.split("\t")[0];
		const said = columns(decode(opened(text, key)));
		if (said !== line.slice(text.length + 1)) throw new Error(`${line} reads as ${said}`);
		good++;
	}
	console.log(good);
}

// Of sig1_write(): five numbers of ten bytes and a seed of 63. With a field more it is longer.
const LONGEST_PLAIN = 252;

// Ed25519 gives one signature to one message: the texts must be the same, byte for byte. What has
// more fields than its line tells is left out.
function again(seedFile) {
	const key = privateKey(Buffer.from(fs.readFileSync(seedFile, "utf8").trim(), "hex"));
	let same = 0;
	for (const line of lines(0)) {
		const text = line.split("\t")[0];
		if (text.length > LONGEST_PLAIN) continue;
		if (sealed(encode(ticketOf(line)), key) !== text) throw new Error(line);
		same++;
	}
	console.log(same);
}

function refused(hex) {
	const key = publicKey(Buffer.from(hex, "hex"));
	let count = 0;
	for (const text of lines(0)) {
		try {
			opened(text, key);
		} catch {
			count++;
		}
	}
	console.log(count);
}

function spoil() {
	const out = [];
	for (const line of lines(0)) {
		const bytes = Buffer.from(reverse(line.split("\t")[0]), "base64");
		const bit = below(8 * bytes.length);
		bytes[bit >> 3] ^= 1 << (bit & 7);
		out.push(reverse(bytes.toString("base64")));
	}
	process.stdout.write(out.join("\n") + "\n");
}

function checked(ticketFile, venues) {
	const answers = lines(0);
	const seconds = (iso) => (iso === null ? 0n : BigInt(Date.parse(iso) / 1000));
	let good = 0;
	lines(ticketFile).forEach((line, i) => {
		const ticket = ticketOf(line);
		const answer = JSON.parse(answers[i]);
		const venue = ticket.subevent ? venues[Number(ticket.subevent) - 1] : null;
		if (answer.code !== line.split("\t")[0] || answer.kind !== "signed" ||
			answer.venue !== venue || seconds(answer.valid_from) !== ticket.from ||
			seconds(answer.valid_until) !== ticket.until)
			throw new Error(`${line} is answered ${answers[i]}`);
		good++;
	});
	console.log(good);
}

const [command, ...rest] = process.argv.slice(2);
if (command === "make") make(Number(rest[0]), rest[1], rest[2]);
else if (command === "verify") verify(rest[0]);
else if (command === "again") again(rest[0]);
else if (command === "refused") refused(rest[0]);
else if (command === "spoil") spoil();
else if (command === "checked") checked(rest[0], rest[1].split(","));
else process.exit(2);
