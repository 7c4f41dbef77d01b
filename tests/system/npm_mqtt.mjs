// node npm_mqtt.mjs URL EVENT ENTRIES: validates all that is said until the fleet tells of ENTRIES.
import fs from 'node:fs';
import mqtt from 'mqtt';
import Ajv from 'ajv/dist/2020.js';

const [url, event, entries] = process.argv.slice(2);
const kinds = [
	['state', /\/d\/[0-9a-f]{32}\/state$/], ['count', /\/d\/[0-9a-f]{32}\/count$/],
	['ev', /\/[da]\/[0-9a-f]{32}\/ev$/], ['have', /\/v\/[^/]+\/[0-9a-f]{32}$/],
	['ack', /\/a\/[0-9a-f]{32}$/], ['fleet', /\/fleet(\/[1-9][0-9]*)?$/],
];
const ajv = new Ajv({ strict: false });
const valid = Object.fromEntries(kinds.map(([kind]) => [kind,
	ajv.compile(JSON.parse(fs.readFileSync(`${process.env.SCHEMAS}/${kind}.schema.json`)))]));
const heard = new Set();

const client = mqtt.connect(url, { protocolVersion: 4 });
client.on('connect', async () => {
	await client.subscribeAsync(`parvis/1/${event}/#`, { qos: 1 });
	console.log('subscribed');
});
client.on('message', (topic, payload) => {
	const kind = kinds.find(([, form]) => form.test(topic))?.[0];
	const message = JSON.parse(payload);
	if (!kind || !valid[kind](message)) {
		console.log(topic, JSON.stringify(kind && valid[kind].errors));
		process.exit(1);
	}
	heard.add(kind);
	if (kind === 'fleet' && message.entries >= Number(entries)) {
		console.log([...heard].sort().join(' '));
		client.end(true, () => process.exit(0));
	}
});
setTimeout(() => process.exit(2), 120000);
