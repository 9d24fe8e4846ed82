// BullMQ: `node bullmq_app.mjs worker` is one worker process, `driver` answers benchmarks/driver.py.
import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

// The packages lie in an environment of their own, not beside this file.
const { Queue, Worker, Job } = createRequire(process.env.BULLMQ_HOME)('bullmq');

const connection = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT), maxRetriesPerRequest: null };
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const now = () => (performance.timeOrigin + performance.now()) / 1000;
const BODY = 'Your order has left our house and will be with you in two or three days. '.repeat(2).slice(0, 140);
const payload = (n, seconds = 0) => ({ n, seconds, to: `customer-${String(n).padStart(6, '0')}@example.org`, body: BODY });

const note = (what, n) =>
  appendFileSync(process.env.BENCH_LEDGER, `${what} ${n} ${process.pid} ${now().toFixed(6)}\n`);

const TASKS = {
  noop: async (job) => ({ n: job.data.n }),
  rest: async (job) => {
    await sleep(job.data.seconds * 1000);
    return { n: job.data.n };
  },
  stamp: async (job) => {
    const began = now();
    if (job.data.seconds) await sleep(job.data.seconds * 1000);
    return began;
  },
  nap: async (job) => {
    note('begin', job.data.n);
    await sleep(150);
    note('end', job.data.n);
    return { n: job.data.n };
  },
};

function work() {
  // Everything else is as by default: locks of 30 s, a look for stalled jobs every 30 s, one
  // stall allowed, completed jobs kept.
  const concurrency = Number(process.env.BULLMQ_CONCURRENCY);
  const worker = new Worker('bench', (job) => TASKS[job.name](job), { connection, concurrency });
  worker.on('error', (error) => console.error(error));
  process.on('SIGTERM', async () => {
    await worker.close();
    process.exit(0);
  });
}

async function drive() {
  const queue = new Queue('bench', { connection });
  await queue.waitUntilReady();
  const answers = {
    hello: async () => ({}),
    fill: async ({ task, count, seconds }) => {
      const ids = [];
      for (let start = 0; start < count; start += 500) {
        const rows = [];
        for (let n = start; n < Math.min(start + 500, count); n++) rows.push({ name: task, data: payload(n, seconds) });
        for (const job of await queue.addBulk(rows)) ids.push(job.id);
      }
      return { ids };
    },
    submit: async ({ task, waits, seconds }) => {
      const rows = [];
      for (let n = 0; n < waits.length; n++) {
        if (waits[n]) await sleep(waits[n] * 1000);
        const sent = now();
        const job = await queue.add(task, payload(n, seconds[n]));
        rows.push([job.id, sent, now()]);
      }
      return { rows };
    },
    results: async ({ ids }) => {
      const results = [];
      for (const id of ids) results.push((await Job.fromId(queue, id))?.returnvalue ?? null);
      return { results };
    },
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line);
    process.stdout.write(JSON.stringify(await answers[question.do](question)) + '\n');
  }
  process.exit(0);
}

await (process.argv[2] === 'worker' ? work() : drive());
