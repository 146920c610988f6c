#!/usr/bin/env node
import { readFileSync } from 'node:fs'

const [first] = process.argv.slice(2)
if (first === '--version' || first === '-v') {
  // Nothing but Node is loaded for it.
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  console.log((JSON.parse(manifest) as { version: string }).version)
} else {
  const { runCli } = await import('./cli/process.ts')
  await runCli()
}
