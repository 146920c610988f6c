import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

// Each test file has a memory of its own, and none touches the one of whoever runs the tests.
const dir = realpathSync(mkdtempSync(join(tmpdir(), 'ports-state-')))
process.env.PORTS_STATE_DIR = dir
// Whether ports are remembered must not depend on where the tests run.
delete process.env.CI
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }))
