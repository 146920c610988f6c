#!/usr/bin/env node
import { readFileSync } from 'node:fs'

const [first] = process.argv.slice(2)
if (first === '--version' || first === '-v') {
  // Nothing but Node is loaded for it.
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  console.log((JSON.parse(manifest) as { version: string }).version)
} else {
  try {
    const { runCli } = await import('./cli/process.ts')
    await runCli()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EMFILE' && code !== 'ENFILE') throw error
    // Nothing more can be loaded to say it.
    console.error('ports: too many files are open. Raise the limit (`ulimit -n`), or close some.')
    process.exitCode = 1
  }
}
