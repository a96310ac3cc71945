// Posts webhooks as GitHub does, signed by @octokit/webhooks-methods: an implementation that is not ours.
//
//   CHANGEGATE_WEBHOOK_SECRET=... node sender.mjs URL < lines
//   CHANGEGATE_WEBHOOK_SECRET=... node sender.mjs --sign < body
//
// A line in:  {"name":"issues/0","event":"issues","payload":{...}}
// A line out: {"name":"issues/0","event":"issues","delivery":"<guid>","sent":"{...}","status":202,"body":"..."}
// With --sign it prints the signature of its input, and posts nothing.

import { randomUUID } from "node:crypto";
import { sign } from "@octokit/webhooks-methods";

const secret = process.env.CHANGEGATE_WEBHOOK_SECRET;
const target = process.argv[2];
if (!secret || !target) {
  console.error("usage: CHANGEGATE_WEBHOOK_SECRET=... node sender.mjs URL|--sign");
  process.exit(2);
}

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function post({ name, event, payload }) {
  const body = JSON.stringify(payload);
  const delivery = randomUUID();
  const response = await fetch(target, {
    method: "POST",
    body,
    headers: {
      "Accept": "*/*",
      "Content-Type": "application/json",
      "User-Agent": "GitHub-Hookshot/0000000",
      "X-GitHub-Delivery": delivery,
      "X-GitHub-Event": event,
      "X-GitHub-Hook-ID": "1",
      "X-GitHub-Hook-Installation-Target-ID": "1",
      "X-GitHub-Hook-Installation-Target-Type": "integration",
      "X-Hub-Signature-256": await sign(secret, body),
    },
  });
  return { name, event, delivery, sent: body, status: response.status, body: await response.text() };
}

const input = await read(process.stdin);
if (target === "--sign") {
  process.stdout.write(await sign(secret, input));
} else {
  for (const line of input.split("\n").filter(Boolean)) {
    console.log(JSON.stringify(await post(JSON.parse(line))));
  }
}
