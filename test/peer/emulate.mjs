// Starts emulate's GitHub with one user and one repository, prints its address,
// and stops when standard input ends. Needs Node 22 or later.
import { createEmulator } from "emulate";

const github = await createEmulator({
  service: "github",
  port: 0,
  seed: {
    tokens: { peer: { login: "acme", scopes: ["repo"] } },
    github: {
      users: [{ login: "acme", name: "acme", email: "acme@example.com" }],
      repos: [{ owner: "acme", name: "definitions", auto_init: true }],
    },
  },
});
console.log(github.url);
process.stdin.resume();
process.stdin.on("end", () => github.close().then(() => process.exit(0)));
