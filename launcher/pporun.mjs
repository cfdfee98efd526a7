#!/usr/bin/env node
// The bin: plain JavaScript, so that a checkout that is not built can say so.
import { existsSync } from 'node:fs'

const main = new URL('../dist/bundle/main.js', import.meta.url)
if (!existsSync(main)) {
  console.error('pporun: not built yet; run: npm ci && npm run build')
  process.exit(1)
}
const { main: run } = await import(main.href)
process.exitCode = await run(process.argv.slice(2))
