#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The npm package `solc` behind the part of solc's command line that py-solc-x uses: `--version`, and
// `--standard-json` from stdin. (`solcjs` prints a line of its own before the JSON, which breaks the reader.)
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import solc from "solc";

function readImport(name) {
  // Names are relative to the project; nothing outside it is read.
  const file = path.resolve(name);
  if (!file.startsWith(process.cwd() + path.sep)) return { error: `${name} is outside the project` };
  return existsSync(file) ? { contents: readFileSync(file, "utf8") } : { error: `${name} not found` };
}

if (process.argv.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (process.argv.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8"), { import: readImport }));
} else {
  console.error("only --version and --standard-json are understood");
  process.exitCode = 1;
}
