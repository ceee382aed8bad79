// The processes of the Node tests: scripted upstreams and a gateway in front of them.
// `cargo xtask e2e` names the programs in the environment.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

// Long for a machine under load; a healthy one needs a hundredth.
const PATIENCE_MS = 20_000;

function program(variable) {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} is not set; run \`cargo xtask e2e\``);
  return path;
}

/** A child process whose lines are kept. */
class Child {
  constructor(path, args, options = {}) {
    this.lines = [];
    this.child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => this.lines.push(line));
    }
  }

  async stop() {
    if (this.child.exitCode === null) {
      this.child.kill("SIGTERM");
      await once(this.child, "exit");
    }
  }
}

/** The first true thing that `probe` gives, with a deadline. */
export async function poll(what, probe) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await pause(5);
  }
}

/** One scripted vendor. */
export class Upstream extends Child {
  static async start(dialect, name) {
    const upstream = new Upstream(program("FAULT_UPSTREAM_BIN"), ["--dialect", dialect, "--name", name]);
    upstream.dialect = dialect;
    const line = await poll("the upstream's port", () => upstream.lines.find((it) => it.startsWith("listening on ")));
    upstream.origin = `http://${line.split(" ").at(-1)}`;
    upstream.base = dialect === "openai" ? `${upstream.origin}/v1` : upstream.origin;
    return upstream;
  }

  async control(path, body) {
    const answer = await fetch(`${this.origin}${path}`, body && { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  }

  /** Behaves so for every request from now on, with a fresh journal. */
  async script(behaviour = {}) {
    await this.control("/__reset", {});
    await this.control("/__script", { default: behaviour });
  }

  async journal() {
    return (await this.control("/__journal")).requests;
  }
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** The gateway, with one model at each upstream, named by its dialect. */
export class Gateway extends Child {
  static async start(upstreams) {
    const folder = mkdtempSync(join(tmpdir(), "tollgate-node-"));
    const [port, ops] = [await freePort(), await freePort()];
    const upstreamModels = { openai: "gpt-4o", anthropic: "claude-sonnet-4-5" };
    const models = {};
    for (const { dialect, base } of upstreams) {
      const deployment = { provider: dialect, model: upstreamModels[dialect], api_base: base, api_keys: ["sk-secret"] };
      models[dialect] = { deployments: [deployment], retries: { max_attempts: 1 } };
    }
    const server = { listen: `127.0.0.1:${port}`, ops_listen: `127.0.0.1:${ops}` };
    const config = join(folder, "tollgate.yaml");
    writeFileSync(config, JSON.stringify({ server, models }));
    const env = { PATH: process.env.PATH };
    const gateway = new Gateway(program("TOLLGATE_BIN"), ["--config", config], { cwd: folder, env });
    gateway.folder = folder;
    gateway.url = `http://127.0.0.1:${port}`;
    await poll(`the gateway:\n${gateway.lines.join("\n")}`, async () => {
      try {
        return (await fetch(`${gateway.url}/health`)).ok;
      } catch {
        return false;
      }
    });
    return gateway;
  }

  async stop() {
    await super.stop();
    rmSync(this.folder, { recursive: true });
  }
}

/** Everything that an asynchronous iterable gives. */
export async function collect(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}
