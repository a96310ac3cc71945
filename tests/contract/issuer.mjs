// Two issuers of tokens, by oauth2-mock-server: an implementation that is not ours. One stands for GitHub Actions, one for
// another CI system.
//
//   node issuer.mjs
//
// First line out: {"actions":"http://localhost:1","other":"http://localhost:2"}
// A line in, and what the line out has:
//   {"do":"write","by":"actions","claims":{...},"head":{...}}                the token, as the issuer writes it
//   {"do":"sign","by":"actions","claims":{...},"head":{...},"with":"own"}    the token, signed by hand: "own" key, "other" issuer's key,
//                                                                 "stranger"'s key, the public key as a "secret", or "nothing"
//   {"do":"rotate","by":"actions"}                                a new key takes the place of all others; its name
//   {"do":"stop"|"start","by":"actions"}
//   {"do":"count"}                                                how often keys were asked for, of both
// A claim or a part of the head that is null is left out.

import { subscribe } from "node:diagnostics_channel";
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { createInterface } from "node:readline";
import { OAuth2Server } from "oauth2-mock-server";

let asked = 0;
subscribe("http.server.request.start", ({ request }) => {
  if (request.url.startsWith("/jwks")) asked += 1;
});

const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const issuers = {};
for (const name of ["actions", "other"]) {
  const server = new OAuth2Server();
  const key = await server.issuer.keys.generate("RS256", { kid: `${name}-1` });
  await server.start(0, "127.0.0.1");
  issuers[name] = { server, key, url: server.issuer.url, port: server.address().port, count: 1 };
}

const without = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

async function write({ server, key, url }, { claims, head }) {
  return server.issuer.buildToken({
    kid: key.kid,
    scopesOrTransform: (header, payload) => {
      Object.assign(header, head);
      for (const claim of Object.keys(payload)) delete payload[claim];
      Object.assign(payload, without({ iss: url, ...claims }));
    },
  });
}

function signed({ key, url }, { claims, head, with: by }) {
  const header = without({ alg: "RS256", typ: "JWT", kid: key.kid, ...head });
  const text = `${part(header)}.${part(without({ iss: url, ...claims }))}`;
  const own = createPrivateKey({ key, format: "jwk" });
  const others = createPrivateKey({ key: issuers.other.key, format: "jwk" });
  const pem = createPublicKey(own).export({ type: "spki", format: "pem" });
  const rsa = (key) => sign("RSA-SHA256", Buffer.from(text), key).toString("base64url");
  switch (by) {
    case "own": return `${text}.${rsa(own)}`;
    case "other": return `${text}.${rsa(others)}`;
    case "stranger": return `${text}.${rsa(stranger)}`;
    case "secret": return `${text}.${createHmac("sha256", pem).update(text).digest("base64url")}`;
    case "nothing": return `${text}.`;
    default: throw new Error(by);
  }
}

async function answer(line) {
  const issuer = issuers[line.by];
  switch (line.do) {
    case "write": return write(issuer, line);
    case "sign": return signed(issuer, line);
    case "count": return asked;
    case "stop": return void (await issuer.server.stop()) ?? "stopped";
    case "start": return void (await issuer.server.start(issuer.port, "127.0.0.1")) ?? "started";
    case "rotate": {
      // The store of keys forgets none: a fresh server on the same port has only the new one.
      await issuer.server.stop();
      issuer.count += 1;
      issuer.server = new OAuth2Server();
      issuer.key = await issuer.server.issuer.keys.generate("RS256", { kid: `${line.by}-${issuer.count}` });
      await issuer.server.start(issuer.port, "127.0.0.1");
      return issuer.key.kid;
    }
    default: throw new Error(line.do);
  }
}

console.log(JSON.stringify({ actions: issuers.actions.url, other: issuers.other.url }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
process.exit(0);
