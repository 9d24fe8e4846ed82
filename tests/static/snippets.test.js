import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import { asPython } from '../../static/js/tasks/snippets.js';

const BODY = '{"task_type":"greet","payload":{"name":"Ada \\u00e9","big":9007199254740993,"on":true,"off":null}}';

/** Run the program with no package installed against a server that answers so. */
async function run(status, answer, withKey) {
  const seen = {};
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    Object.assign(seen, { method: request.method, url: request.url, headers: request.headers, text });
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(answer);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const program = asPython(BODY, `http://127.0.0.1:${/** @type {any} */ (server.address()).port}`, withKey);
  const python = spawn('python3', ['-S', '-c', program], { env: { ...process.env, DUCKLINE_KEY: 'the-key' } });
  let out = '';
  for (const stream of [python.stdout, python.stderr]) stream.on('data', (piece) => { out += piece; });
  const [code] = await once(python, 'close');
  server.close();
  return { ...seen, out, code };
}

for (const withKey of [false, true]) {
  test(`the Python program runs without packages, ${withKey ? 'with' : 'without'} a key`, async () => {
    const { method, url, headers, text, out, code } = await run(202, '{"task_id":"an-id"}', withKey);
    assert.deepEqual([method, url, headers['content-type'], out, code], ['POST', '/api/tasks/submit', 'application/json', 'an-id\n', 0]);
    assert.equal(headers.authorization, withKey ? 'Bearer the-key' : undefined);
    assert.deepEqual(JSON.parse(text), JSON.parse(BODY));
    assert.match(text, /9007199254740993/);
  });
}

test('the Python program shows what the server has refused', async () => {
  const { out, code } = await run(422, '{"detail":"There is no field"}', false);
  assert.deepEqual([out, code], ['{"detail":"There is no field"}\n', 1]);
});
