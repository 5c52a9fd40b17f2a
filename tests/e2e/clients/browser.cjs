// A headless Chromium with one page, driven over its DevTools protocol.

const { spawn } = require("child_process");
const { mkdtempSync } = require("fs");
const { rm } = require("fs/promises");
const { tmpdir } = require("os");
const { join } = require("path");
const WebSocket = require("ws");

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
  // The certificates of the tests are their own.
  "--ignore-certificate-errors",
];
// How long anything may take on a busy machine, and how often a page is looked at, in milliseconds.
const PATIENCE = 60_000;
const LOOK_AGAIN = 50;

class Browser {
  // Starts one with a new profile and opens a page.
  static async open(executable, url) {
    const browser = new Browser();
    browser.profile = mkdtempSync(join(tmpdir(), "apigw-chromium-"));
    browser.process = spawn(executable, [...FLAGS, `--user-data-dir=${browser.profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    try {
      browser.socket = new WebSocket(await browser.endpoint());
      await new Promise((resolve, reject) => browser.socket.on("open", resolve).on("error", reject));
      browser.calls = new Map();
      browser.socket.on("message", (data) => browser.answered(JSON.parse(data)));
      const { targetId } = await browser.call("Target.createTarget", { url });
      const attached = await browser.call("Target.attachToTarget", { targetId, flatten: true });
      browser.session = attached.sessionId;
      return browser;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  // The address that Chromium prints.
  endpoint() {
    let log = "";
    return new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`chromium ${why}: ${log.slice(-2000)}`));
      this.process.on("error", (error) => fail(error.message));
      this.process.on("exit", (status) => fail(`has ended with ${status}`));
      setTimeout(() => fail("does not start"), PATIENCE).unref();
      this.process.stderr.on("data", (data) => {
        log += data;
        const found = log.match(/^DevTools listening on (ws:\S+)$/m);
        if (found) resolve(found[1]);
      });
    });
  }

  call(method, params = {}) {
    const id = this.calls.size + 1;
    this.socket.send(JSON.stringify({ id, method, params, sessionId: this.session }));
    return new Promise((resolve, reject) => this.calls.set(id, { method, resolve, reject }));
  }

  answered({ id, result, error }) {
    const call = this.calls.get(id);
    if (error) call?.reject(new Error(`${call.method}: ${error.message}`));
    else call?.resolve(result);
  }

  // What an expression is in the page; of a promise, what it comes to.
  async evaluate(expression) {
    const { result } = await this.call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    return result.value;
  }

  // Waits until the page of this origin is there.
  async loads(origin) {
    const deadline = Date.now() + PATIENCE;
    while ((await this.evaluate("document.readyState === 'complete' && location.origin")) !== origin) {
      if (Date.now() > deadline) throw new Error(`${origin} does not load`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
    }
  }

  // The items of the page's list.
  shown() {
    return this.evaluate('[...document.querySelectorAll("li")].map((item) => item.textContent)');
  }

  // Waits until the page's list has a text.
  async shows(text) {
    const deadline = Date.now() + PATIENCE;
    while (!(await this.shown())?.includes(text)) {
      if (Date.now() > deadline) throw new Error(`the page does not show "${text}", but ${await this.shown()}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
    }
  }

  // Writes into the page's field as a keyboard does.
  async types(text) {
    await this.evaluate('document.querySelector("input").focus()');
    await this.call("Input.insertText", { text });
    for (const type of ["keyDown", "keyUp"]) {
      const key = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13, text: "\r" };
      await this.call("Input.dispatchKeyEvent", { type, ...key });
    }
  }

  async close() {
    this.process.removeAllListeners("exit");
    if (this.process.exitCode === null && this.process.pid) {
      const over = new Promise((resolve) => this.process.on("exit", resolve));
      // Asked so, it ends its own processes first.
      if (this.session) this.socket.send(JSON.stringify({ id: this.calls.size + 1, method: "Browser.close" }));
      else this.process.kill();
      setTimeout(() => this.process.kill("SIGKILL"), PATIENCE).unref();
      await over;
    }
    this.socket?.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
  }
}

module.exports = { Browser };
