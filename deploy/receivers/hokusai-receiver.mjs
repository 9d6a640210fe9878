// Receiver of Hokusai's webhooks: one file, without dependencies, Node 20 or later.
//
// Use it as a program:
//
//     WEBHOOK_SECRET=… node hokusai-receiver.mjs --port 8088 --inbox inbox
//
// or import `verify` and `Inbox` into a web application. It does three things:
//
// 1. Verify: the signature of the raw body, and its time. Parse the body only after that.
//    A framework that parses JSON first must be told to keep the raw bytes.
// 2. Recognise repeats: deliveries are repeated after failures, with the same id. An event
//    is stored as one file with its id as the name.
// 3. Answer at once: the work is done after the answer, from the stored events. An event
//    whose work fails is worked on again.
//
// The secret may be one of Standard Webhooks (`whsec_…`) or any other text. While it is
// rotated, set both, separated by a space: `WEBHOOK_SECRET="current next"`.

import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import * as fs from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// Seconds between the time of a request and the clock of this machine, at most.
export const TOLERANCE = 300;
export const MAX_BYTES = 1 << 20;
// Milliseconds until a request that does not arrive is given up.
const READ_MILLISECONDS = 10_000;
const RETRY_MILLISECONDS = 5_000;

/** The request was not signed with a secret, was changed, or is too old. */
export class InvalidSignatureError extends Error {}

/** Return the key of a secret; throws an Error if it is empty or mangled. */
export function keyOf(secret) {
  const text = secret.trim();
  const isEncoded = text.startsWith("whsec_");
  const encoded = text.slice(6);
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  if (!text || (isEncoded && (!encoded || !isBase64.test(encoded)))) {
    throw new Error("a secret is text, or whsec_ and base64");
  }
  return isEncoded ? Buffer.from(encoded, "base64") : Buffer.from(text, "utf8");
}

/** Return the secrets of an environment variable, separated by white space. */
export function secretsOf(text) {
  const secrets = (text ?? "").split(/\s+/).filter(Boolean);
  secrets.forEach(keyOf);
  return secrets;
}

/**
 * Return the id of the event in a request.
 *
 * @param {string[]} secrets Current secret, and others while it is rotated.
 * @param {Record<string, string>} headers Headers of the request.
 * @param {Buffer} body Body exactly as it was received.
 * @param {number} now Time in seconds since 1970.
 * @throws {InvalidSignatureError} The request must be answered with 401 and not be used.
 */
export function verify(secrets, headers, body, now) {
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  const id = lower["webhook-id"] ?? "";
  const sent = lower["webhook-timestamp"] ?? "";
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id) || !/^[0-9]{1,12}$/.test(sent)) {
    throw new InvalidSignatureError("webhook-id or webhook-timestamp is missing or invalid");
  }
  if (Math.abs(now - Number(sent)) > TOLERANCE) {
    throw new InvalidSignatureError("the request is too old, or a clock is wrong");
  }
  const given = (lower["webhook-signature"] ?? "").split(" ").map((text) => Buffer.from(text));
  for (const secret of secrets) {
    const hmac = createHmac("sha256", keyOf(secret)).update(`${id}.${sent}.`).update(body);
    const wanted = Buffer.from(`v1,${hmac.digest("base64")}`);
    if (given.some((one) => one.length === wanted.length && timingSafeEqual(one, wanted))) {
      return id;
    }
  }
  throw new InvalidSignatureError("no signature matches");
}

/** Return the raw body of a request; undefined if it is larger than MAX_BYTES. */
export async function rawBody(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Answer a request with JSON, and end its connection. */
export function answer(response, status, message, headers = {}) {
  const content = JSON.stringify({ message });
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(content),
    connection: "close",
    ...headers,
  });
  response.end(content);
}

/** Stored events: a folder with one file for each. */
export class Inbox {
  constructor(folder) {
    this.pendingFolder = join(folder, "pending");
    this.doneFolder = join(folder, "done");
    for (const path of [this.pendingFolder, this.doneFolder]) {
      fs.mkdirSync(path, { recursive: true });
    }
  }

  /** Store an event; return false if it was stored before. */
  add(id, body) {
    if (fs.existsSync(join(this.doneFolder, id))) return false;
    // A file gets its name only when it is complete, and only one file gets it.
    const temporary = join(this.doneFolder, `.${randomUUID()}`);
    fs.writeFileSync(temporary, body, { flush: true });
    try {
      fs.linkSync(temporary, join(this.pendingFolder, id));
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      return false;
    } finally {
      fs.unlinkSync(temporary);
    }
    return true;
  }

  /** Return the ids of the events that are not worked on. */
  pending() {
    return fs.readdirSync(this.pendingFolder);
  }

  /** Return the body of an event that is not worked on. */
  body(id) {
    return fs.readFileSync(join(this.pendingFolder, id));
  }

  /** Record that the work on an event is done. */
  finish(id) {
    fs.renameSync(join(this.pendingFolder, id), join(this.doneFolder, id));
  }
}

/** Print one event. Replace this function; it may be called twice after a crash. */
export async function work(id, body) {
  console.log(JSON.stringify({ id, event: JSON.parse(body) }));
}

/** Return a function that works on stored events, one run at a time. */
export function worker(inbox, act = work) {
  let running = false;
  return async function run() {
    if (running) return;
    running = true;
    try {
      let failed = false;
      for (let ids = inbox.pending(); ids.length && !failed; ids = inbox.pending()) {
        for (const id of ids) {
          try {
            await act(id, inbox.body(id));
            inbox.finish(id);
          } catch (error) {
            console.error(`event ${id} failed: ${error.message}`);
            failed = true;
          }
        }
      }
    } finally {
      running = false;
    }
  };
}

/** Return a server that verifies and stores events. */
export function receiver(secrets, inbox, wake) {
  const server = createServer(async (request, response) => {
    try {
      if (request.method !== "POST") return answer(response, 405, "send POST");
      const body = await rawBody(request);
      if (body === undefined) return answer(response, 413, "the body is too large");
      const id = verify(secrets, request.headers, body, Date.now() / 1000);
      const isFirst = inbox.add(id, body);
      answer(response, 200, isFirst ? "accepted" : "repeat");
      wake();
    } catch (error) {
      if (error instanceof InvalidSignatureError) return answer(response, 401, error.message);
      console.error(error.message);
      if (!response.headersSent) answer(response, 500, "not stored");
    }
  });
  server.requestTimeout = READ_MILLISECONDS;
  return server;
}

function main(words) {
  const option = (name, otherwise) =>
    words.includes(name) ? words[words.indexOf(name) + 1] : otherwise;
  const secrets = secretsOf(process.env.WEBHOOK_SECRET);
  if (!secrets.length) {
    console.error("WEBHOOK_SECRET is not set: set it to the secret of the target");
    process.exit(2);
  }
  const inbox = new Inbox(option("--inbox", "inbox"));
  const run = worker(inbox);
  const host = option("--host", "127.0.0.1");
  const server = receiver(secrets, inbox, run);
  server.listen(Number(option("--port", "8088")), host, () => {
    console.log(`http://${host}:${server.address().port}/`);
    // The events of an earlier process are worked on after the address is printed.
    setInterval(run, RETRY_MILLISECONDS);
    run();
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(process.argv.slice(2));
}
