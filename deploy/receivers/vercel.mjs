// Receiver of Hokusai's webhooks as a Vercel function: copy this file to
// `api/webhooks/model-registration.mjs` and `hokusai-receiver.mjs` to the same folder.
// Vercel routes every file in `api`; start the name of the second with `_` to keep it out:
// `_hokusai-receiver.mjs`, and change the import.
//
// Environment variables:
//   WEBHOOK_SECRET      the secret of the target; two, separated by a space, for a rotation
//   KV_REST_API_URL     URL of a Redis with a REST API (Upstash), which remembers ids
//   KV_REST_API_TOKEN   its token
//
// A function ends with its answer, so the work comes before it and must be short: less than
// the `timeout` of the target. Put longer work into a queue.

import {
  InvalidSignatureError,
  answer,
  rawBody,
  secretsOf,
  verify,
} from "./hokusai-receiver.mjs";

// The signature is that of the raw bytes.
export const config = { api: { bodyParser: false } };

// A function that is killed leaves its claim behind for this time.
const CLAIM_SECONDS = 60;
// Longer than the controller repeats an event.
const REMEMBERED_SECONDS = 30 * 24 * 3600;
const REDIS_MILLISECONDS = 3000;

/** Work on one event. Replace this function; an Error makes the controller retry. */
async function work(id, event) {
  console.log(JSON.stringify({ id, event }));
}

async function redis(...command) {
  const response = await fetch(process.env.KV_REST_API_URL, {
    method: "POST",
    headers: { authorization: `Bearer ${process.env.KV_REST_API_TOKEN}` },
    body: JSON.stringify(command.map(String)),
    signal: AbortSignal.timeout(REDIS_MILLISECONDS),
  });
  if (!response.ok) throw new Error(`Redis answered ${response.status}`);
  return (await response.json()).result;
}

export default async function handler(request, response) {
  if (request.method !== "POST") return answer(response, 405, "send POST");
  const body = await rawBody(request);
  if (body === undefined) return answer(response, 413, "the body is too large");
  let id;
  try {
    const secrets = secretsOf(process.env.WEBHOOK_SECRET);
    if (!secrets.length) return answer(response, 503, "WEBHOOK_SECRET is not set");
    id = verify(secrets, request.headers, body, Date.now() / 1000);
  } catch (error) {
    if (error instanceof InvalidSignatureError) return answer(response, 401, error.message);
    console.error(error.message);
    return answer(response, 503, "WEBHOOK_SECRET is not valid");
  }
  const key = `hokusai-webhook:${id}`;
  try {
    if (!(await redis("SET", key, "claimed", "NX", "EX", CLAIM_SECONDS))) {
      if ((await redis("GET", key)) === "done") return answer(response, 200, "repeat");
      // Another function works on the event, or was killed: a later attempt will know.
      return answer(response, 503, "in progress", { "retry-after": String(CLAIM_SECONDS) });
    }
    try {
      await work(id, JSON.parse(body));
    } catch (error) {
      await redis("DEL", key);
      throw error;
    }
    await redis("SET", key, "done", "EX", REMEMBERED_SECONDS);
    return answer(response, 200, "accepted");
  } catch (error) {
    console.error(error.message);
    return answer(response, 500, "not done; send it again");
  }
}
