// node record_link.mjs PORT FILE: a TCP proxy to 127.0.0.1:PORT that writes every byte of both
// directions to FILE. Prints its own port.
import fs from 'node:fs';
import net from 'node:net';

const [port, file] = process.argv.slice(2);
const record = fs.openSync(file, 'a');
const server = net.createServer((client) => {
	const broker = net.connect(Number(port), '127.0.0.1');
	for (const [from, to] of [[client, broker], [broker, client]]) {
		from.on('data', (bytes) => {
			fs.writeSync(record, bytes);
			to.write(bytes);
		});
		from.on('end', () => to.end());
		from.on('error', () => to.destroy());
	}
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
