// Each document named is valid CycloneDX 1.6 by the standard's own schema, strictly: what the schema does
// not know is refused. Ends with 1 where one is not.
import fs from 'node:fs';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';

const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
for (const path of process.argv.slice(2)) {
	const wrong = await validator.validate(fs.readFileSync(path, 'utf8'));
	console.log(path, wrong === null ? 'valid' : JSON.stringify(wrong, null, 1));
	if (wrong !== null)
		process.exitCode = 1;
}
