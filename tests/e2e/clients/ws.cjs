// The WebSocket client `ws` from npm talks to the chat. Usage: ws.cjs URL; prints what it has seen as JSON.

const WebSocket = require("ws");

// The chat lets 50 through at once.
const MESSAGES = 40;

async function main(url) {
  // It offers permessage-deflate, which the gateway does not take.
  const socket = new WebSocket(url, { perMessageDeflate: true });
  const waiting = [];
  const received = [];
  socket.on("message", (data, binary) => {
    const message = binary ? "binary" : data.toString();
    const resolve = waiting.shift();
    if (resolve) resolve(message);
    else received.push(message);
  });
  const next = () => (received.length > 0 ? received.shift() : new Promise((resolve) => waiting.push(resolve)));
  const once = (event) => new Promise((resolve) => socket.once(event, (...values) => resolve(values)));
  socket.on("error", (error) => {
    console.error(error);
    process.exit(1);
  });

  await once("open");
  const seen = { extensions: socket.extensions, protocol: socket.protocol };
  socket.ping("are you there");
  seen.pong = (await once("pong")).toString();
  for (let message = 0; message < MESSAGES; message += 1) socket.send('{"action": "ping"}');
  const answers = new Set();
  for (let message = 0; message < MESSAGES; message += 1) answers.add(await next());
  seen.answers = [...answers];
  socket.send('{"action": ', { fin: false });
  socket.send('"ping"}', { fin: true });
  seen.fragments = await next();
  socket.send('{"action": "send", "text": "é 😀"}');
  seen.heard = await next();
  socket.close(4321, "enough");
  const [code, reason] = await once("close");
  seen.closed = [code, reason.toString()];

  const binary = new WebSocket(url);
  binary.on("open", () => binary.send(Buffer.from([1, 2, 3])));
  seen.binary = await new Promise((resolve) => binary.on("close", (status) => resolve(status)));
  const refused = new WebSocket(`${url}/other`);
  seen.refused = await new Promise((resolve) => refused.on("error", (error) => resolve(error.message)));
  console.log(JSON.stringify(seen));
}

main(process.argv[2]);
