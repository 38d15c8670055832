// SPDX-License-Identifier: Apache-2.0
// The pinned packages, which `run` has installed below the build folder.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.NUMAPLEX_MODULES}/package.json`);

export const { chromium } = require("playwright-core");
export const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
