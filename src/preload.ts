import { readNote } from './child/protocol.ts'
import { interceptEsbuild } from './preload/esbuild-service.ts'
import { interceptListen } from './preload/intercept.ts'

/*
 * Loaded into every Node process of a program that runs with held ports, by `NODE_OPTIONS`. One file
 * without dependencies: package managers and tools pay for it too.
 */
const note = readNote(process.env)
if (note) {
  interceptListen(note)
  interceptEsbuild(note)
}
