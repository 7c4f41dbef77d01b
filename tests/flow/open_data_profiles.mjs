// Validates a data package with ajv against the JSON Schemas that Frictionless publishes, as the npm
// packages `datapackage` and `tableschema` carry them.
//
//   node open_data_profiles.mjs NODE-MODULES DIR    exit status: 0 valid, 1 not, 3 no schemas
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [modules, dir] = process.argv.slice(2);
const require = createRequire(`${modules}/none.js`);
const Ajv = require("ajv");
const home = { "table-schema": "tableschema" };
const profile = (name) =>
	JSON.parse(readFileSync(`${modules}/${home[name] ?? "datapackage"}/lib/profiles/${name}.json`));
const p = JSON.parse(readFileSync(`${dir}/datapackage.json`));
const own = JSON.parse(readFileSync(`${dir}/attendance.schema.json`));
let wrong = 0;
function validate(name, value, what) {
	const Class = Ajv.default ?? Ajv;
	const schema = profile(name);
	delete schema.$schema;
	const ajv = new Class({ allErrors: true, schemaId: "auto", strict: false, validateFormats: false,
		unknownFormats: "ignore", logger: false });
	const good = ajv.validate(schema, value);
	console.log(`${what}: ${good ? "valid" : ajv.errorsText()} (${name})`);
	wrong += good ? 0 : 1;
}
validate("data-package", p, "datapackage.json");
validate("tabular-data-package", p, "datapackage.json");
p.resources.forEach((r) => validate("tabular-data-resource", r, r.name));
p.resources.forEach((r) => validate("table-schema", r.schema, `${r.name}, schema`));
validate("table-schema", own, "attendance.schema.json");
const broken = structuredClone(p);
delete broken.resources;
const before = wrong;
validate("tabular-data-package", broken, "a package without resources, which has to be refused");
process.exit(wrong - before !== 1 || before ? 1 : 0);
