// Checks a data package against the Frictionless standards (Data Package, Tabular Data Resource, Table
// Schema 1): the descriptor's form, and every cell of every table against its schema. Without network.
//
//   node open_data_check.mjs DIR     exit status: 0 good, 1 not
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const dir = process.argv[2], wrong = [];
const check = (good, what) => { if (!good) wrong.push(what); };
const file = (name) => readFileSync(`${dir}/${name}`);
const cells = (line) => [...(line + ",").matchAll(/("(?:[^"]|"")*"|[^",]*),/g)]
	.map((m) => m[1].replace(/^"|"$/g, "").replaceAll('""', '"'));

const types = {
	string: (v) => typeof v === "string",
	integer: (v) => /^-?\d+$/.test(v),
	number: (v) => /^-?\d+(\.\d+)?$/.test(v),
	datetime: (v) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(v) && !Number.isNaN(Date.parse(v)),
};

function checkTable(r, keys) {
	const bytes = file(r.path), lines = bytes.toString("utf8").split("\r\n");
	check(bytes.length === r.bytes, `${r.path}: bytes`);
	check(`sha256:${createHash("sha256").update(bytes).digest("hex")}` === r.hash, `${r.path}: hash`);
	check(lines.pop() === "", `${r.path}: does not end with a line's end`);
	const head = cells(lines.shift()), fields = r.schema.fields;
	check(JSON.stringify(head) === JSON.stringify(fields.map((f) => f.name)), `${r.path}: header`);
	const seen = new Set(), primary = [r.schema.primaryKey].flat();
	for (const line of lines) {
		const row = cells(line);
		check(row.length === fields.length, `${r.path}: ${line}: cells`);
		fields.forEach((f, i) => {
			const v = row[i], c = f.constraints ?? {};
			if (r.schema.missingValues.includes(v)) { check(!c.required, `${r.path}: ${line}: ${f.name} is missing`); return; }
			check(types[f.type]?.(v), `${r.path}: ${v} is no ${f.type}`);
			check(!c.enum || c.enum.includes(v), `${r.path}: ${v} is none of ${c.enum}`);
			check(!c.pattern || new RegExp(`^(?:${c.pattern})$`).test(v), `${r.path}: ${v}: pattern`);
			check(c.minimum === undefined || Number(v) >= c.minimum, `${r.path}: ${v}: minimum`);
			check(!/^[=+@\t-]/.test(v) || f.type !== "string", `${r.path}: ${v}: a formula`);
		});
		const key = primary.map((k) => row[head.indexOf(k)]).join("|");
		check(!seen.has(key), `${r.path}: ${key} is there twice`);
		seen.add(key);
		for (const k of r.schema.foreignKeys ?? [])
			check(keys.get(k.reference.resource)?.has(row[head.indexOf([k.fields].flat()[0])]),
				`${r.path}: ${line}: refers to nothing in ${k.reference.resource}`);
	}
	keys.set(r.name, seen);
}

const p = JSON.parse(file("datapackage.json"));
check(p.profile === "tabular-data-package", "profile");
check(/^[a-z0-9._-]+$/.test(p.name), "name");
check(types.datetime(p.created), "created");
check(p.licenses?.[0]?.name === "etalab-2.0" && /^https:/.test(p.licenses[0].path), "licence");
check(Array.isArray(p.resources) && p.resources.length === 4, "resources");
const keys = new Map();
for (const r of [...p.resources].reverse()) { // what is referred to comes first
	check(/^[a-z0-9._-]+$/.test(r.name) && !/^\/|\.\./.test(r.path), `${r.name}: name or path`);
	check(r.profile === "tabular-data-resource" && r.encoding === "utf-8", `${r.name}: profile`);
	check(r.schema.fields.every((f) => f.name && types[f.type]), `${r.name}: fields`);
	checkTable(r, keys);
}
const published = JSON.parse(file("attendance.schema.json"));
const { foreignKeys, ...inline } = p.resources[0].schema;
check(JSON.stringify(published) === JSON.stringify(inline), "the schema's own file differs");
const dcat = JSON.parse(file("dcat.jsonld"));
check(dcat["@type"] === "dcat:Dataset", "dcat: type");
for (const key of ["dct:title", "dct:description", "dcat:keyword"])
	check(["fr", "en"].every((l) => dcat[key].some((t) => t["@language"] === l && t["@value"])), `dcat: ${key}`);
check(dcat["dct:license"]["@id"].endsWith("etalab-2.0"), "dcat: licence");
wrong.slice(0, 20).forEach((what) => console.log(what));
process.exit(wrong.length ? 1 : 0);
