// Starts services of emulate on free ports of this machine, as the seeds in the
// first argument say, prints their addresses as one line of JSON, and stops when
// standard input ends. Needs Node 22 or later.
import { createEmulator } from "emulate";

const running = {};
for (const [service, seed] of Object.entries(JSON.parse(process.argv[2]))) {
  running[service] = await createEmulator({ service, port: 0, seed });
}
const port = (url) => new URL(url).port;
console.log(JSON.stringify(Object.fromEntries(Object.entries(running).map(([name, s]) => [name, `http://127.0.0.1:${port(s.url)}`]))));
process.stdin.resume();
process.stdin.on("end", () => Promise.all(Object.values(running).map((s) => s.close())).then(() => process.exit(0)));
