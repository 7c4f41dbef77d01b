// Attacks a published data package: from the counts that it shows, how they are rounded and what they
// add up to, is there a suppressed count of which it can be proven that it is below 11?
//
// Its own solver, told apart from the program's: the inequalities are a network with lower and upper
// bounds; a first feasible flow is found with a super source and sink, then each suppressed count is
// made as large as it can be. Before that, bounds are propagated through all sums, which finds the
// plain cases and says them in words.
//
//   node open_data_attack.mjs DIR      exit status: 0 nothing found, 1 something, 3 not a package
import { readFileSync } from "node:fs";

const LEAST = 11, STEP = 5, FAR = 1e9;
const dir = process.argv[2];

function table(name) {
	const lines = readFileSync(`${dir}/${name}.csv`, "utf8").trimEnd().split("\r\n");
	const cells = (line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
		.map((m) => m[1].replace(/^"|"$/g, "").replaceAll('""', '"'));
	const head = cells(lines[0]).slice(0, lines[0].split(",").length);
	return lines.slice(1).map((line) => {
		const at = cells(line);
		return Object.fromEntries(head.map((h, i) => [h, at[i]]));
	});
}

// What the world knows of a count.
function bounds(row) {
	if (row.status === "suppressed") return { low: 0, high: FAR, hidden: true };
	const shown = Number(row.entries), half = exact ? 0 : Math.floor(STEP / 2);
	return { low: shown - half, high: shown + half, hidden: false };
}

const venues = table("venues"), slots = table("slots"), night = table("night");
// A figure that is no multiple of five was not rounded, and so none was.
const tables = [table("attendance"), venues, slots, night];
const exact = tables.flat().some((row) => row.status === "published" && Number(row.entries) % STEP);
const rowOf = new Map(venues.map((v, i) => [v.venue, i]));
const columnOf = new Map(slots.map((s, i) => [s.start, i]));
const R = venues.length, C = slots.length, WHOLE = R + C, END = R + C + 1;
const edges = [];
const edge = (from, to, known, name) => edges.push({ from, to, ...known, name });
for (const cell of tables[0])
	edge(rowOf.get(cell.venue), R + columnOf.get(cell.start), bounds(cell),
		`${cell.venue} ${cell.start}`);
venues.forEach((v, i) => edge(WHOLE, i, bounds(v), `${v.venue}, all night`));
slots.forEach((s, i) => edge(R + i, END, bounds(s), `all venues ${s.start}`));
edge(END, WHOLE, bounds(night[0]), "all of it");
if (edges.length !== (R + 1) * (C + 1)) throw new Error("counts are missing");

// --- bounds, propagated through every sum ---------------------------------------------------------

const around = Array.from({ length: R + C + 2 }, () => ({ out: [], into: [] }));
for (const e of edges) {
	e.min = e.low;
	e.max = e.high;
	around[e.from].out.push(e);
	around[e.to].into.push(e);
}
function propagate() {
	let changed = true;
	for (let round = 0; changed && round < 1000; round++) {
		changed = false;
		for (const node of around)
			for (const [side, other] of [[node.out, node.into], [node.into, node.out]]) {
				const min = side.reduce((n, e) => n + e.min, 0);
				const max = side.reduce((n, e) => n + e.max, 0);
				const otherMin = other.reduce((n, e) => n + e.min, 0);
				const otherMax = other.reduce((n, e) => n + e.max, 0);
				for (const e of side) {
					const high = otherMax - (min - e.min), low = otherMin - (max - e.max);
					if (high < e.max) { e.max = high; changed = true; }
					if (low > e.min) { e.min = low; changed = true; }
				}
			}
	}
}

// --- the flow ---------------------------------------------------------------------------------------

class Network {
	constructor(nodes) { this.to = []; this.room = []; this.at = Array.from({ length: nodes }, () => []); }
	add(from, to, room) {
		this.at[from].push(this.to.length); this.to.push(to); this.room.push(room);
		this.at[to].push(this.to.length); this.to.push(from); this.room.push(0);
		return this.to.length - 2;
	}
	// Pushes up to `most` from source to sink; gives how much went.
	push(source, sink, most) {
		let gone = 0;
		while (gone < most) {
			const by = new Map([[source, -1]]), queue = [source];
			for (let i = 0; i < queue.length && !by.has(sink); i++)
				for (const arc of this.at[queue[i]])
					if (this.room[arc] > 0 && !by.has(this.to[arc])) {
						by.set(this.to[arc], arc);
						queue.push(this.to[arc]);
					}
			if (!by.has(sink)) break;
			let amount = most - gone;
			for (let v = sink; v !== source; v = this.to[by.get(v) ^ 1])
				amount = Math.min(amount, this.room[by.get(v)]);
			for (let v = sink; v !== source; v = this.to[by.get(v) ^ 1]) {
				this.room[by.get(v)] -= amount;
				this.room[by.get(v) ^ 1] += amount;
			}
			gone += amount;
		}
		return gone;
	}
}

propagate();
const source = R + C + 2, sink = R + C + 3, net = new Network(R + C + 4);
let needed = 0;
const excess = new Array(R + C + 2).fill(0);
for (const e of edges) {
	e.arc = net.add(e.from, e.to, e.high - e.low);
	excess[e.to] += e.low;
	excess[e.from] -= e.low;
}
excess.forEach((n, v) => {
	if (n > 0) { net.add(source, v, n); needed += n; }
	if (n < 0) net.add(v, sink, -n);
});
if (net.push(source, sink, needed) !== needed) throw new Error("the sums contradict each other");

let found = 0, hidden = 0, narrowest = FAR;
for (const e of edges) {
	if (!e.hidden) {
		if (e.high < LEAST && e.from < R) { found++; console.log(`${e.name}: a small count is published`); }
		continue;
	}
	hidden++;
	const now = e.low + net.room[e.arc ^ 1];
	const forward = net.room[e.arc], back = net.room[e.arc ^ 1];
	net.room[e.arc] = net.room[e.arc ^ 1] = 0; // round trips that do not use it
	const more = now >= LEAST + 50 ? 0 : net.push(e.to, e.from, LEAST + 50 - now);
	net.room[e.arc] = forward - more;
	net.room[e.arc ^ 1] = back + more;
	const most = now + more;
	narrowest = Math.min(narrowest, most);
	if (most < LEAST) {
		found++;
		if (found <= 10) console.log(`${e.name}: at most ${most}`);
	} else if (e.max < LEAST) {
		throw new Error(`${e.name}: the two ways of looking disagree`);
	}
}
console.log(`${found} of ${hidden} suppressed counts are proven to be below ${LEAST}; ` +
	`the least upper bound is ${narrowest === FAR ? "-" : narrowest}`);
process.exit(found ? 1 : 0);
