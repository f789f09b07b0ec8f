#!/bin/bash
# Node: workers, child processes, a cluster, files and streams, http on loopback, a watched
# directory and WebAssembly.
# packages: nodejs
# needs: node
set -euo pipefail

cat >worker.js <<'END'
const { parentPort, workerData } = require('worker_threads');
const memory = new Int32Array(workerData.shared);
for (let i = 0; i < 1000; i++) Atomics.add(memory, 0, 1);
Atomics.notify(memory, 0);
parentPort.postMessage(require('crypto').pbkdf2Sync('a', String(workerData.n), 1000, 16, 'sha256').toString('hex'));
END
cat >child.js <<'END'
process.on('message', (text) => { process.send(text.toUpperCase(), () => process.exit(4)); });
END
cat >trial.js <<'END'
const { Worker } = require('worker_threads');
const { fork, spawnSync, execFileSync } = require('child_process');
const fs = require('fs'), http = require('http'), zlib = require('zlib'), dns = require('dns'), net = require('net');
const once = require('events').once, stream = require('stream/promises');

async function workers() {
	const shared = new SharedArrayBuffer(4), got = [];
	for (let n = 0; n < 8; n++) got.push(once(new Worker('./worker.js', { workerData: { shared, n } }), 'message'));
	console.log('workers', (await Promise.all(got)).flat().join(' '), new Int32Array(shared)[0]);
}
async function children() {
	console.log('spawn', String(execFileSync('sh', ['-c', 'cat; echo done'], { input: 'in ' })).trim());
	console.log('signal', spawnSync('sh', ['-c', 'kill -TERM $$']).signal);
	const child = fork('./child.js');
	child.send('by a channel');
	console.log('fork', (await once(child, 'message'))[0], (await once(child, 'exit'))[0]);
}
async function web() {
	const server = http.createServer((request, response) => request.pipe(zlib.createGzip()).pipe(response));
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const request = http.request({ port: server.address().port, host: '127.0.0.1', method: 'POST' });
	request.end('x'.repeat(100000));
	const [response] = await once(request, 'response');
	let size = 0;
	for await (const chunk of response.pipe(zlib.createGunzip())) size += chunk.length;
	console.log('http', response.statusCode, size);
	server.close();
	const local = net.createServer((socket) => socket.end('by unix')).listen('socket');
	await once(local, 'listening');
	console.log(String((await once(net.connect('socket'), 'data'))[0]));
	local.close();
	console.log('dns', (await dns.promises.lookup('localhost', { family: 4 })).address);
}
async function files() {
	await fs.promises.mkdir('deep/er', { recursive: true });
	await fs.promises.writeFile('deep/er/file', 'y'.repeat(1 << 20));
	await stream.pipeline(fs.createReadStream('deep/er/file'), zlib.createGzip(), fs.createWriteStream('file.gz'));
	await fs.promises.cp('deep', 'copy', { recursive: true });
	console.log('files', (await fs.promises.stat('copy/er/file')).size, (await fs.promises.readdir('copy')).join());
	const watcher = fs.watch('deep');
	const event = once(watcher, 'change');
	fs.writeFileSync('deep/new', '');
	console.log('watched', (await event)[1]);
	watcher.close();
}
function wasm() {
	const code = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3,
		97, 100, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11]);
	console.log('wasm', new WebAssembly.Instance(new WebAssembly.Module(code)).exports.add(40, 2));
}
(async () => { await workers(); await children(); await web(); await files(); wasm(); })();
END
cat >cluster.js <<'END'
const cluster = require('cluster'), http = require('http');
if (cluster.isPrimary) {
	let left = 2;
	for (let i = 0; i < 2; i++) cluster.fork();
	cluster.on('listening', (worker, address) => {
		http.get({ port: address.port, host: '127.0.0.1' }, (response) => {
			console.log('cluster', response.statusCode);
			response.resume();
			if (--left === 0) for (const each of Object.values(cluster.workers)) each.kill();
		});
	});
} else {
	http.createServer((request, response) => response.end('there')).listen(0, '127.0.0.1');
}
END
node trial.js
node cluster.js
# libuv would use io_uring where it is let.
UV_USE_IO_URING=1 node trial.js | cksum
