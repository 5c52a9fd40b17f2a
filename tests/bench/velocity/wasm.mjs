// The engine as it runs inside Envoy: wasm on V8. node wasm.mjs speed.wasm writes {"name", "template", "body", "micros",
// "output"} for each case of the example `speed`; "micros" is the processor time of one rendering, of the best round.

import { readFileSync, mkdtempSync, openSync, closeSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WASI } from "node:wasi";

const ROUNDS = 12;
const ROUND_MICROS = 150_000;

const module = await WebAssembly.compile(readFileSync(process.argv[2]));
const folder = mkdtempSync(join(tmpdir(), "bench-"));

async function run(...args) {
  const path = join(folder, "out");
  const stdout = openSync(path, "w");
  const wasi = new WASI({ version: "preview1", args: ["speed", ...args], env: {}, stdout, returnOnExit: true });
  const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
  const before = process.cpuUsage();
  const status = wasi.start(instance);
  const used = process.cpuUsage(before);
  closeSync(stdout);
  if (status !== 0) throw new Error(`speed ${args} ended with ${status}`);
  return { micros: used.user + used.system, output: readFileSync(path, "utf8") };
}

try {
  for (const line of (await run("cases")).output.trim().split("\n")) {
    const { name, template, body } = JSON.parse(line);
    let renderings = 100;
    let best = Infinity;
    for (let round = 0; round < ROUNDS; round++) {
      const { micros } = await run("render", name, String(renderings));
      // The first rounds are for V8's optimising compiler.
      if (round > 2) best = Math.min(best, micros / renderings);
      renderings = Math.max(100, Math.round((renderings * ROUND_MICROS) / Math.max(micros, 1000)));
    }
    const { output } = await run("print", name);
    console.log(JSON.stringify({ name, template, body, micros: best, output }));
  }
} finally {
  rmSync(folder, { recursive: true });
}
